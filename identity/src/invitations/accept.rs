use serde_json::json;
use tenantry_authz::Ctx;
use tenantry_kernel::{Error, Result, Secret, UserId};
use tenantry_store::{SystemRole, SystemTx};

use super::model::{Found, State, mask};
use super::{AcceptOutcome, InvitationPreview, repo};
use crate::Identity;
use crate::members::record::{What, record};
use crate::members::{self, seats};
use crate::users::{self, entity::Model as UserRow};

impl Identity {
    /// What an invitation says, for whoever holds its link. `None` when it cannot be accepted.
    ///
    /// # Errors
    /// `RateLimited` for too many attempts.
    pub async fn invitation(&self, ctx: &Ctx, token: &Secret) -> Result<Option<InvitationPreview>> {
        self.throttle().address(ctx.origin().address)?;
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let found = repo::by_token(&tx, (token, ctx.now())).await?;
        tx.commit().await?;
        Ok(found.filter(|f| f.state == State::Open).map(|f| InvitationPreview {
            tenant: f.tenant,
            inviter_name: f.inviter_name,
            email: f.email,
            role: f.role,
            expires_at: f.expires_at,
        }))
    }

    /// Makes the acting person a member by an invitation's link. The link came by mail, so it proves the address
    /// as well. Repeating it gives the same answer.
    ///
    /// # Errors
    /// `Unauthenticated` without a session; `QuotaExceeded` when the plan has no room any more (the link stays
    /// good); `RateLimited` for too many attempts. A link that does not work is an outcome, no error.
    pub async fn accept_invitation(&self, ctx: &Ctx, token: &Secret) -> Result<AcceptOutcome> {
        let user = ctx.user()?;
        self.throttle().address(ctx.origin().address)?;
        let link = (token, ctx.now());
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let Some(found) = repo::by_token(&tx, link).await? else {
            return Ok(AcceptOutcome::InvalidLink);
        };
        seats::lock(&tx, found.tenant).await?;
        // Read again: it may have been revoked or sent anew while this waited for its turn.
        let Some(found) = repo::by_token(&tx, link).await? else {
            return Ok(AcceptOutcome::InvalidLink);
        };
        ctx.ensure_reaches(found.tenant)?;
        let person = users::repo::by_id(&tx, user).await?.ok_or_else(Error::unauthenticated)?;
        let member = members::repo::is_member(&tx, found.tenant, user).await?;
        if let Some(outcome) = without_joining(&found, &person, member) {
            return Ok(outcome);
        }
        if !member {
            self.join(&tx, ctx, (&found, user)).await?;
        }
        users::repo::set_verified(&tx, user, ctx.now()).await?;
        if !repo::accept(&tx, found.id, (user, ctx.now())).await? {
            return Ok(AcceptOutcome::InvalidLink);
        }
        tx.commit().await?;
        tracing::info!(
            user.id = %user, tenant.id = %found.tenant, invitation.id = %found.id, request.id = %ctx.request(),
            "invitation accepted"
        );
        Ok(AcceptOutcome::Accepted(found.tenant))
    }

    async fn join(&self, tx: &SystemTx, ctx: &Ctx, (found, user): (&Found, UserId)) -> Result<()> {
        let most = self.config().seats.most(tx, found.tenant).await?;
        if members::repo::count(tx, found.tenant).await? >= most {
            return Err(seats::full(most).with_remedy(format!(
                "Ask {} to make room, then follow the link again.",
                found.inviter_email
            )));
        }
        if !members::repo::add(tx, found.tenant, (user, found.role), ctx.now()).await? {
            return Err(Error::unauthenticated());
        }
        let what = What {
            tenant: found.tenant,
            action: "member.added",
            subject: user.to_string(),
            details: json!({ "role": found.role.to_string(), "invitation": found.id.to_string() }),
        };
        record(tx, ctx, what).await
    }
}

/// The answer where nobody joins.
fn without_joining(found: &Found, person: &UserRow, member: bool) -> Option<AcceptOutcome> {
    match found.state {
        State::AcceptedBy(by) if by == person.user_id() && member => {
            Some(AcceptOutcome::Accepted(found.tenant))
        }
        State::AcceptedBy(_) | State::Revoked => Some(AcceptOutcome::InvalidLink),
        State::Expired => Some(AcceptOutcome::Expired),
        State::Open if found.email != person.email => {
            Some(AcceptOutcome::OtherAddress { masked: mask(&found.email) })
        }
        State::Open => None,
    }
}
