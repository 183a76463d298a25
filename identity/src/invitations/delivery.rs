use serde::{Deserialize, Serialize};
use tenantry_kernel::{InvitationId, Result, random_token};
use tenantry_store::{SystemRole, SystemTx, TenantTx, jobs};

use super::repo;
use crate::Identity;
use crate::mail::compose;
use crate::roles::Catalog;

/// The queue's name for the job that [`Identity::deliver_invitation`] does.
pub const SEND_INVITATION: &str = "send_invitation";

/// What the queue holds: an id, no token and no address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitationJob {
    pub invitation_id: InvitationId,
}

/// Adds the job. One of the same invitation that still waits is replaced.
pub(crate) async fn enqueue(tx: &TenantTx, invitation_id: InvitationId) -> Result<()> {
    let key = Some(format!("invitation {invitation_id}"));
    let payload = InvitationJob { invitation_id };
    jobs::enqueue(tx, jobs::Job { task: SEND_INVITATION, payload, key, run_at: None }).await
}

impl Identity {
    /// Makes the invitation's link, writes the mail and hands it to the mailer. Repeating it sends another mail,
    /// and only its link works. For an invitation that was accepted, revoked or expired nothing is sent.
    ///
    /// # Errors
    /// `Unavailable` when the database or the mail server does not answer: run the job again later.
    pub async fn deliver_invitation(&self, job: InvitationJob) -> Result<()> {
        let runtime = self.runtime();
        let token = random_token(&*runtime.entropy);
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let found = repo::set_token(&tx, job.invitation_id, (&token, runtime.clock.now())).await?;
        let Some(found) = found else { return Ok(()) };
        let role = Catalog::read(&tx, &runtime.gate, found.tenant).await?.name(found.role);
        // The link is stored before the mail can arrive.
        tx.commit().await?;
        let mail = compose::invitation(
            &found.email,
            (&found.inviter_email, &role),
            &self.link("invitation", &token),
        );
        self.config().mailer.send(mail).await?;
        tracing::info!(invitation.id = %job.invitation_id, "invitation sent");
        Ok(())
    }
}
