use serde_json::json;
use tenantry_authz::{Action, Ctx, PlatformResource, ResourceKind};
use tenantry_kernel::{Error, Result, TenantId, UserId};
use tenantry_store::audit::{self, By, Entry};
use tenantry_store::{SystemRole, SystemTx};

use super::model::{Held, Tries};
use super::repo;
use crate::mail::{self, MailKind};
use crate::members::record::{What, record};
use crate::support::reason;
use crate::users::Email;
use crate::{Identity, members, passkeys, sessions, users};

/// By platform staff: the factors of somebody who has lost them.
#[derive(Debug, Clone)]
pub struct ResetFactors {
    pub email: String,
    /// How it is known that it is them: 20 to 500 characters, for the audit trail.
    pub reason: String,
}

/// The shortest reason, in characters.
const LEAST_REASON: usize = 20;

impl Identity {
    /// Takes all factors of a member away and ends their sessions: for somebody who has lost them and their recovery
    /// codes. The member is told by mail. Next they log in with their password alone.
    ///
    /// # Errors
    /// `NotFound` for who is no member; `Forbidden` when their role has a right that one lacks, and without a fresh
    /// proof; `Conflict` when they are in another tenant too, or of the platform's staff: their factors protect more than
    /// this tenant, and the platform's support resets them.
    pub async fn reset_member_factors(&self, ctx: &Ctx, tenant: TenantId, user: UserId) -> Result<()> {
        let (tx, me) = self.manage_members(ctx, tenant).await?;
        let member = members::repo::find(&tx, user).await?.ok_or_else(|| Error::not_found("member"))?;
        let catalog = self.catalog(&tx).await?;
        catalog.ensure_may_give(&catalog.giver(me.role, ResourceKind::Member)?, member.role)?;
        tx.commit().await?;
        ctx.ensure_proof()?;
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let tenants = repo::tenants_of(&tx, user).await?;
        if !tenants.contains(&tenant) {
            return Err(Error::not_found("member"));
        }
        let person = users::repo::by_id(&tx, user).await?.ok_or_else(|| Error::not_found("member"))?;
        if tenants.len() > 1 || person.is_staff() {
            return Err(Error::conflict("This person's factors protect more than your organisation.")
                .with_remedy("They ask the platform's support to reset them."));
        }
        let held = take_all(&tx, user).await?;
        let what = What {
            tenant,
            action: "member.factors_reset",
            subject: user.to_string(),
            details: details(held),
        };
        record(&tx, ctx, what).await?;
        tx.commit().await?;
        tracing::warn!(tenant.id = %tenant, user.id = %user, request.id = %ctx.request(), "factors reset");
        Ok(())
    }

    /// Takes all factors of a person away and ends their sessions, by platform staff. It stands in the platform's audit
    /// trail and in that of each tenant of theirs.
    ///
    /// # Errors
    /// `NotFound` and `Forbidden` for everybody but platform administrators, `Forbidden` without a fresh proof,
    /// `Invalid` for the reason, `NotFound` where nobody has the address.
    pub async fn reset_factors(&self, ctx: &Ctx, input: ResetFactors) -> Result<()> {
        let permit = ctx.permit_platform(Action::Manage, PlatformResource::Support)?;
        ctx.ensure_proof()?;
        let reason = reason(&input.reason, LEAST_REASON)?;
        let email: Email = input.email.parse()?;
        let tx = SystemTx::begin_platform(self.db(), &permit).await?;
        let person = users::repo::by_email(&tx, &email).await?.ok_or_else(|| Error::not_found("account"))?;
        let user = person.user_id();
        let tenants = repo::tenants_of(&tx, user).await?;
        let held = take_all(&tx, user).await?;
        let mut details = details(held);
        if let Some(details) = details.as_object_mut() {
            details.insert("reason".to_owned(), reason.into());
        }
        // In one order for all, so that two of these never wait for each other; the platform's own comes last.
        for tenant in tenants.into_iter().chain([audit::PLATFORM]) {
            let entry = Entry {
                tenant,
                action: "member.factors_reset",
                resource: user.to_string(),
                result: audit::OK,
                details: details.clone(),
            };
            let actor = format!("staff:{}", ctx.actor().label());
            audit::append(&tx, By { actor, support: Vec::new(), ..By::ctx(ctx) }, entry).await?;
        }
        tx.commit().await?;
        tracing::warn!(user.id = %user, request.id = %ctx.request(), "factors reset by platform staff");
        Ok(())
    }
}

/// Deletes the factors and ends the sessions; says what there was.
async fn take_all(tx: &SystemTx, user: UserId) -> Result<Held> {
    let held = repo::held(tx, user).await?;
    repo::delete_totp(tx, user).await?;
    passkeys::repo::delete_all(tx, user).await?;
    repo::delete_codes(tx, user).await?;
    repo::set_tries(tx, user, Tries::default()).await?;
    repo::end_all_pending(tx, user).await?;
    sessions::repo::delete_all(tx, user).await?;
    mail::enqueue(tx, user, MailKind::FactorsReset).await?;
    Ok(held)
}

fn details(held: Held) -> serde_json::Value {
    json!({ "authenticator": held.totp, "passkeys": held.passkeys, "recoveryCodes": held.recovery_codes })
}
