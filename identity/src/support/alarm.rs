use serde::{Deserialize, Serialize};
use tenantry_kernel::{Result, SupportAccessId, UserId};
use tenantry_store::{SystemRole, SystemTx, Transaction, jobs};

use super::repo;
use crate::Identity;
use crate::mail::compose;

/// The queue's name for the job that [`Identity::deliver_glass_broken`] does.
pub const SEND_GLASS_BROKEN: &str = "send_glass_broken";

/// What the queue holds: ids. One job an owner, so that one whose mail fails keeps nobody else waiting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GlassBroken {
    pub access_id: SupportAccessId,
    pub user_id: UserId,
}

/// Adds the job: due at once.
pub(super) async fn enqueue(
    tx: &impl Transaction,
    access_id: SupportAccessId,
    user_id: UserId,
) -> Result<()> {
    let key = Some(format!("glass broken {access_id} {user_id}"));
    let payload = GlassBroken { access_id, user_id };
    jobs::enqueue(tx, jobs::Job { task: SEND_GLASS_BROKEN, payload, key, run_at: None }).await
}

impl Identity {
    /// Tells an owner that platform staff broke the glass. It is sent whatever has become of the access since.
    ///
    /// # Errors
    /// `Unavailable` when the database or the mail server does not answer: run the job again later.
    pub async fn deliver_glass_broken(&self, job: GlassBroken) -> Result<()> {
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let found = repo::alarm(&tx, job.access_id, job.user_id).await?;
        tx.commit().await?;
        let Some(alarm) = found else { return Ok(()) };
        let portal = self.config().public_url.trim_end_matches('/');
        self.config().mailer.send(compose::glass_broken(&alarm, portal)).await?;
        tracing::info!(support_access.id = %job.access_id, user.id = %job.user_id, "told that the glass was broken");
        Ok(())
    }
}
