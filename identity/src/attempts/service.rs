use tenantry_authz::Ctx;
use tenantry_kernel::Result;
use tenantry_store::{SystemRole, SystemTx};

use super::model::{Tried, account_hash, paused};
use super::repo;
use crate::Identity;
use crate::users::Email;

impl Identity {
    /// Counts a try of an account's password, before it is made.
    ///
    /// # Errors
    /// `RateLimited` while the account pauses, whether it exists or not.
    pub(crate) async fn count_attempt(&self, ctx: &Ctx, email: &Email) -> Result<()> {
        let tx = SystemTx::without_transaction(self.db(), SystemRole::Authentication).await?;
        match repo::count(&tx, &account_hash(email), ctx.now()).await? {
            Tried::Counted => Ok(()),
            Tried::PausedUntil(until) => Err(paused(until, ctx.now())),
        }
    }

    /// The password was right: the tries before are forgotten.
    pub(crate) async fn clear_attempts(&self, email: &Email) -> Result<()> {
        let tx = SystemTx::without_transaction(self.db(), SystemRole::Authentication).await?;
        repo::clear(&tx, &account_hash(email)).await
    }
}
