//! What of the protocol's outcomes is kept.

use chrono::{DateTime, Utc};
use tenantry_authz::Ctx;
use tenantry_kernel::{ConnectionId, Result, Secret};
use tenantry_store::{SystemRole, SystemTx};

use crate::Identity;
use crate::sso::{FlowPurpose, Start, TestResult, system_repo};

impl Start {
    /// The page that the browser sets out from, and comes back to: a path of the portal.
    pub fn return_to(&self) -> &str {
        &self.return_to
    }
}

impl Identity {
    /// Keeps why nobody could set out, where it was for a test: the connection's administrators see the reason. It must
    /// hold no secret.
    ///
    /// # Errors
    /// `Unavailable` when the database does not answer.
    pub async fn start_failed(&self, ctx: &Ctx, start: &Start, reason: &str) -> Result<()> {
        let connection = start.settings.connection;
        tracing::info!(
            connection.id = %connection, flow.purpose = start.purpose.as_str(), request.id = %ctx.request(),
            flow.reason = reason, "single sign-on could not begin"
        );
        if start.purpose != FlowPurpose::Test {
            return Ok(());
        }
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let result = TestResult::failed(ctx.now(), reason);
        system_repo::set_test(&tx, connection, (&result, ctx.now())).await?;
        tx.commit().await
    }

    /// Ends the sessions that a provider says are over: those of one of its sessions (`sid`), of one of its people (`sub`),
    /// or of both at once. A message works once: `None` for one that was used before. Otherwise, how many ended.
    ///
    /// # Errors
    /// `Unavailable` when the database does not answer; then the message was not used and can come again.
    pub async fn provider_logged_out(
        &self,
        (connection, whose): (ConnectionId, (Option<&str>, Option<&str>)),
        (jti, until): (&str, DateTime<Utc>),
    ) -> Result<Option<u64>> {
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        if !system_repo::use_logout_token(&tx, (connection, &Secret::new(jti)), until).await? {
            return Ok(None);
        }
        let ended = system_repo::end_sessions(&tx, connection, whose).await?;
        tx.commit().await?;
        tracing::info!(connection.id = %connection, sessions.ended = ended, "logged out by the provider");
        Ok(Some(ended))
    }
}
