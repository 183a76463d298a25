use chrono::TimeDelta;
use sea_orm::ConnectionTrait;
use serde_json::json;
use tenantry_authz::{Action, Ctx, PlatformResource};
use tenantry_kernel::{Error, Result, SupportAccessId, TenantId};
use tenantry_store::audit::{self, By, Entry};
use tenantry_store::outbox::{self, Fact};
use tenantry_store::{DbResultExt, Page, PageRequest, SystemTx, Transaction, stmt};

use super::model::{self, AccessKind, Level, SupportAccess};
use super::{alarm, repo};
use crate::{Identity, users};

/// The shortest reason for breaking the glass, in characters.
const LEAST_REASON: usize = 20;

/// Into a tenant without its consent.
#[derive(Debug, Clone)]
pub struct BreakGlass {
    pub tenant: TenantId,
    /// The tenant's own slug.
    pub slug: String,
    /// The slug as the administrator typed it.
    pub confirm_slug: String,
    /// 20 to 500 characters.
    pub reason: String,
    /// 1 to 60.
    pub minutes: i32,
}

/// An access, as the platform's staff sees it.
pub type PlatformAccess = SupportAccess;

impl Identity {
    /// Whether the actor may break glass at all.
    ///
    /// # Errors
    /// `NotFound` and `Forbidden` for everybody but platform administrators.
    pub fn may_break_glass(&self, ctx: &Ctx) -> Result<()> {
        ctx.permit_platform(Action::Manage, PlatformResource::Support).map(|_| ())
    }

    /// Lets the acting platform administrator alone read in a tenant for at most an hour. The tenant's owners are
    /// told by mail at once, and it stands in both audit trails.
    ///
    /// # Errors
    /// `NotFound` and `Forbidden` for everybody but platform administrators; `Invalid` for the confirmation, the
    /// reason or the minutes; `Conflict` while the same person's broken glass is open.
    pub async fn break_glass(&self, ctx: &Ctx, input: BreakGlass) -> Result<SupportAccess> {
        let permit = ctx.permit_platform(Action::Manage, PlatformResource::Support)?;
        let user = ctx.user()?;
        if input.confirm_slug != input.slug {
            return Err(Error::invalid("confirmSlug", "That is not the organisation's address.")
                .with_remedy("Type the address (slug) of the organisation exactly as it is shown."));
        }
        let reason = model::reason(&input.reason, LEAST_REASON)?;
        if !(1..=60).contains(&input.minutes) {
            return Err(Error::invalid("minutes", "The glass is broken for 1 to 60 minutes."));
        }
        let now = ctx.now();
        let tx = SystemTx::begin_platform(self.db(), &permit).await?;
        one_at_a_time(&tx, input.tenant).await?;
        if repo::is_broken_by(&tx, (input.tenant, user), now).await? {
            return Err(Error::conflict("You have broken the glass of this organisation already.")
                .with_remedy("Use that access, or end it before you break the glass again."));
        }
        let me = users::repo::by_id(&tx, user).await?.ok_or_else(Error::unauthenticated)?;
        let access = SupportAccess {
            id: SupportAccessId::generate(ctx.clock(), ctx.entropy()),
            tenant: input.tenant,
            kind: AccessKind::BreakGlass,
            level: Level::Read,
            reason,
            granted_by: me.email,
            created_at: now,
            starts_at: now,
            expires_at: now + TimeDelta::minutes(i64::from(input.minutes)),
            revoked_at: None,
            last_used_at: None,
        };
        repo::insert_broken(&tx, repo::NewAccess { access: &access, by: user }, &input.slug).await?;
        for owner in repo::owners(&tx, input.tenant).await? {
            alarm::enqueue(&tx, access.id, owner).await?;
        }
        tell_both(&tx, ctx, ("support.glass_broken", &access)).await?;
        tx.commit().await?;
        tracing::warn!(
            tenant.id = %access.tenant, user.id = %user, support_access.id = %access.id, request.id = %ctx.request(),
            expires_at = %access.expires_at, "the glass was broken: platform staff reads without the tenant's consent"
        );
        Ok(access)
    }

    /// Ends broken glass before its time. One that has ended stays as it is.
    ///
    /// # Errors
    /// `NotFound` and `Forbidden` for everybody but platform administrators, `NotFound` for what is no broken glass.
    pub async fn end_break_glass(
        &self,
        ctx: &Ctx,
        tenant: TenantId,
        id: SupportAccessId,
    ) -> Result<SupportAccess> {
        let permit = ctx.permit_platform(Action::Manage, PlatformResource::Support)?;
        let tx = SystemTx::begin_platform(self.db(), &permit).await?;
        let found = repo::find_broken(&tx, tenant, id).await?;
        let access = found.ok_or_else(|| Error::not_found("broken glass"))?;
        if !access.is_open(ctx.now()) {
            return Ok(access);
        }
        repo::end_broken(&tx, (tenant, id), ctx.now()).await?;
        tell_both(&tx, ctx, ("support.glass_ended", &access)).await?;
        tx.commit().await?;
        Ok(SupportAccess { revoked_at: Some(ctx.now()), ..access })
    }

    /// The accesses to all tenants, newest first; with `active_only`, those that let somebody in now.
    ///
    /// # Errors
    /// `NotFound` or `Forbidden` for whoever is not staff with the right to see them.
    pub async fn all_support_access(
        &self,
        ctx: &Ctx,
        page: &PageRequest,
        active_only: bool,
    ) -> Result<Page<PlatformAccess>> {
        let permit = ctx.permit_platform(Action::View, PlatformResource::Support)?;
        let tx = SystemTx::begin_platform(self.db(), &permit).await?;
        let rows = repo::list_all(&tx, page, active_only.then(|| ctx.now())).await?;
        tx.commit().await?;
        Ok(rows)
    }
}

/// Of two at once, the second sees the first.
async fn one_at_a_time(tx: &SystemTx, tenant: TenantId) -> Result<()> {
    let lock = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
    tx.conn().execute_raw(stmt(lock, [format!("identity glass {tenant}").into()])).await.db()?;
    Ok(())
}

/// Writes it into the tenant's audit trail and the platform's, and the fact.
async fn tell_both(tx: &SystemTx, ctx: &Ctx, (action, access): (&'static str, &SupportAccess)) -> Result<()> {
    let details = json!({
        "kind": access.kind.as_str(), "level": access.level.as_str(), "reason": access.reason,
        "expiresAt": access.expires_at, "tenant": access.tenant,
    });
    // One order for all, so that two of these never wait for each other.
    for tenant in [access.tenant, audit::PLATFORM] {
        let entry =
            Entry { tenant, action, resource: access.id.to_string(), result: "ok", details: details.clone() };
        let actor = format!("staff:{}", ctx.actor().label());
        audit::append(tx, By { actor, support: Vec::new(), ..By::ctx(ctx) }, entry).await?;
    }
    let fact =
        Fact { tenant: access.tenant, topic: action, subject: access.id.to_string(), payload: details };
    outbox::publish(tx, ctx.now(), &fact).await
}
