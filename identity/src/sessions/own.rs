//! What people see and end of their own sessions.

use tenantry_authz::{Actor, Ctx};
use tenantry_kernel::{Error, Result, SessionId, UserId};
use tenantry_store::{Page, PageRequest, SystemRole, SystemTx};

use super::{UserSession, repo};
use crate::Identity;

impl Identity {
    /// The acting person's sessions that can be used, newest first. The cursor is the last one's id.
    ///
    /// # Errors
    /// `Unauthenticated` without a session, `Forbidden` for programs, `Invalid` for what is no cursor of this list.
    pub async fn own_sessions(&self, ctx: &Ctx, page: &PageRequest) -> Result<Page<UserSession>> {
        let user = ctx.user()?;
        let tx = SystemTx::without_transaction(self.db(), SystemRole::Authentication).await?;
        repo::list(&tx, (user, page), (ctx.now(), self.config().session_idle)).await
    }

    /// Ends one of the acting person's sessions, at its next request on any node. One that has ended, and one that is
    /// somebody else's, are answered alike: there is nothing to end.
    ///
    /// # Errors
    /// `Unauthenticated` without a session, `Forbidden` for programs, and for another session than the request's where that
    /// came by a tenant's connection.
    pub async fn end_own_session(&self, ctx: &Ctx, id: SessionId) -> Result<()> {
        let (user, present) = person(ctx)?;
        if id != present {
            ctx.ensure_own_way()?;
        }
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let ended = repo::delete_own(&tx, user, id).await?;
        tx.commit().await?;
        tracing::info!(user.id = %user, session.id = %id, session.ended = ended, "session ended");
        Ok(())
    }

    /// Ends the acting person's sessions but the one of this request. How many.
    ///
    /// # Errors
    /// As [`Self::end_own_session`].
    pub async fn end_other_sessions(&self, ctx: &Ctx) -> Result<u64> {
        let (user, session) = person(ctx)?;
        ctx.ensure_own_way()?;
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let ended = repo::delete_others(&tx, user, session).await?;
        tx.commit().await?;
        tracing::info!(user.id = %user, session.ended = ended, "other sessions ended");
        Ok(ended)
    }
}

fn person(ctx: &Ctx) -> Result<(UserId, SessionId)> {
    let user = ctx.user()?;
    match ctx.actor() {
        Actor::User { session, .. } => Ok((user, *session)),
        _ => Err(Error::unauthenticated()),
    }
}
