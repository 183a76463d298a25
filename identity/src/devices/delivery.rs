use serde::{Deserialize, Serialize};
use tenantry_kernel::{DeviceId, Result};
use tenantry_store::{SystemRole, SystemTx, jobs};

use super::repo;
use crate::Identity;
use crate::mail::compose;

/// The queue's name for the job that [`Identity::deliver_new_sign_in`] does.
pub const SEND_NEW_SIGN_IN: &str = "send_new_sign_in";

/// What the queue holds: an id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewSignIn {
    pub device_id: DeviceId,
}

/// Adds the job.
pub(super) async fn enqueue(tx: &SystemTx, device_id: DeviceId) -> Result<()> {
    let key = Some(format!("new sign-in {device_id}"));
    let payload = NewSignIn { device_id };
    jobs::enqueue(tx, jobs::Job { task: SEND_NEW_SIGN_IN, payload, key, run_at: None }).await
}

impl Identity {
    /// Tells a person that somebody logged in to their account from a device that they never used before. It is sent
    /// whatever has become of that session since.
    ///
    /// # Errors
    /// `Unavailable` when the database or the mail server does not answer: run the job again later.
    pub async fn deliver_new_sign_in(&self, job: NewSignIn) -> Result<()> {
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let found = repo::new_device(&tx, job.device_id).await?;
        tx.commit().await?;
        let Some(found) = found else { return Ok(()) };
        let portal = self.config().public_url.trim_end_matches('/');
        self.config().mailer.send(compose::new_sign_in(&found, portal)).await?;
        tracing::info!(device.id = %job.device_id, "told of a new sign-in");
        Ok(())
    }
}
