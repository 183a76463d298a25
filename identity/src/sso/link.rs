//! Tying an account to somebody of a provider's, by whoever proves that it is theirs.

use tenantry_authz::Ctx;
use tenantry_kernel::{ConnectionId, Result, Secret};
use tenantry_store::{SystemRole, SystemTx};

use super::system_repo;
use crate::Identity;

/// What confirming a link did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkOutcome {
    /// The account is tied to the provider. Going there once more logs in by it.
    Linked { connection: ConnectionId, return_to: String },
    /// The link is for another account than the one that is logged in.
    OtherAccount,
    /// The session is older than the link: it proves nothing. Log in again.
    LogInAgain,
    /// Unknown, used, or older than a quarter of an hour.
    InvalidLink,
}

impl Identity {
    /// Ties the acting person's account to the provider that a [`LinkNeeded`](super::Arrival::LinkNeeded) spoke of. The
    /// person must have logged in since, by a way of their own.
    ///
    /// # Errors
    /// `Unauthenticated` without a session; `RateLimited` for too many attempts. A link that does not work is an
    /// outcome, no error.
    pub async fn confirm_link(&self, ctx: &Ctx, token: &Secret) -> Result<LinkOutcome> {
        let user = ctx.user()?;
        self.throttle().address(ctx.origin().address)?;
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let Some(link) = system_repo::link(&tx, (token, ctx.now())).await? else {
            return Ok(LinkOutcome::InvalidLink);
        };
        if link.user != user {
            return Ok(LinkOutcome::OtherAccount);
        }
        let began = match ctx.actor() {
            tenantry_authz::Actor::User { session, .. } => system_repo::session(&tx, *session).await?,
            _ => None,
        };
        let fresh = began.is_some_and(|(at, _)| at >= link.created_at);
        if !fresh || !self.own_session(&tx, ctx).await? {
            return Ok(LinkOutcome::LogInAgain);
        }
        let who = (link.connection, link.subject.as_str());
        let tied = system_repo::insert_identity(&tx, who, (user, ctx.now())).await?
            || system_repo::identity(&tx, who).await? == Some(user);
        system_repo::delete_link(&tx, token).await?;
        tx.commit().await?;
        tracing::info!(
            user.id = %user, connection.id = %link.connection, request.id = %ctx.request(), sso.linked = tied,
            "account tied to a provider"
        );
        Ok(if tied {
            LinkOutcome::Linked { connection: link.connection, return_to: link.return_to }
        } else {
            LinkOutcome::InvalidLink
        })
    }
}
