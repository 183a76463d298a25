use chrono::{DateTime, Utc};
use serde_json::json;
use tenantry_authz::{Action, Ctx, Resource, ResourceKind};
use tenantry_kernel::{Error, Kind, Result, SupportAccessId, TenantId};
use tenantry_store::{Page, PageRequest, TenantTx};

use super::model::{self, AccessKind, Level, SupportAccess};
use super::repo;
use crate::Identity;
use crate::members::record::{What, record};
use crate::members::{self, seats};

/// How many consents of a tenant may be open at once.
const MOST_OPEN: i64 = 20;

/// A tenant's consent.
#[derive(Debug, Clone)]
pub struct GrantAccess {
    pub tenant: TenantId,
    pub level: Level,
    /// 1 to 500 characters.
    pub reason: String,
    /// `None`: now. At most 30 days ahead.
    pub starts_at: Option<DateTime<Utc>>,
    /// 1 to 168.
    pub hours: i32,
}

impl Identity {
    /// Lets the platform's support staff into the tenant for a while.
    ///
    /// # Errors
    /// `Forbidden` without the right, and for programs: consent is a person's. `Invalid` for the reason, hours or
    /// start; `QuotaExceeded` beyond 20 open ones.
    pub async fn grant_support_access(&self, ctx: &Ctx, input: GrantAccess) -> Result<SupportAccess> {
        let permit = manage(ctx, input.tenant)?;
        let user = ctx.user()?;
        let reason = model::reason(&input.reason, 1)?;
        let (starts_at, expires_at) = model::span(ctx.now(), input.starts_at, input.hours)?;
        let tx = TenantTx::begin(self.db(), &permit).await?;
        // The request's roles are as old as the request: who was removed while it waited consents to nothing.
        seats::lock(&tx, input.tenant).await?;
        let me = members::repo::find(&tx, user).await?.ok_or_else(|| Error::not_found("tenant"))?;
        if repo::count_open(&tx, ctx.now()).await? >= MOST_OPEN {
            let message = format!("The organisation has given support access {MOST_OPEN} times already.");
            return Err(Error::new(Kind::QuotaExceeded, message)
                .with_remedy("Revoke one that is no longer needed, then give it again."));
        }
        let access = SupportAccess {
            id: SupportAccessId::generate(ctx.clock(), ctx.entropy()),
            tenant: input.tenant,
            kind: AccessKind::Consent,
            level: input.level,
            reason,
            granted_by: me.name,
            created_at: ctx.now(),
            starts_at,
            expires_at,
            revoked_at: None,
            last_used_at: None,
        };
        repo::insert(&tx, repo::NewAccess { access: &access, by: user }).await?;
        record(&tx, ctx, what("support.granted", &access)).await?;
        tx.commit().await?;
        Ok(access)
    }

    /// Ends an access, consent or broken glass: the next request by it is refused, subscriptions end within five
    /// seconds. One that has ended stays as it is.
    ///
    /// # Errors
    /// `Forbidden` without the right, `NotFound` for one that is not the tenant's.
    pub async fn revoke_support_access(
        &self,
        ctx: &Ctx,
        tenant: TenantId,
        id: SupportAccessId,
    ) -> Result<SupportAccess> {
        let permit = manage(ctx, tenant)?;
        let tx = TenantTx::begin(self.db(), &permit).await?;
        let access = repo::find(&tx, id).await?.ok_or_else(|| Error::not_found("support access"))?;
        if !access.is_open(ctx.now()) {
            return Ok(access);
        }
        repo::revoke(&tx, id, ctx.now()).await?;
        record(&tx, ctx, what("support.revoked", &access)).await?;
        tx.commit().await?;
        Ok(SupportAccess { revoked_at: Some(ctx.now()), ..access })
    }

    /// The tenant's accesses, newest first, ended ones among them. The cursor is the text of the last one's id.
    ///
    /// # Errors
    /// `NotFound` or `Forbidden` without the right to see them.
    pub async fn support_access(
        &self,
        ctx: &Ctx,
        tenant: TenantId,
        page: &PageRequest,
    ) -> Result<Page<SupportAccess>> {
        let permit = ctx.permit(Action::View, &Resource::new(ResourceKind::SupportAccess, tenant))?;
        let tx = TenantTx::begin(self.db(), &permit).await?;
        let rows = repo::list(&tx, page).await?;
        tx.commit().await?;
        Ok(rows)
    }
}

fn manage(ctx: &Ctx, tenant: TenantId) -> Result<tenantry_authz::Permit> {
    ctx.permit(Action::Manage, &Resource::new(ResourceKind::SupportAccess, tenant))
}

/// What is written down of a change of an access.
pub(super) fn what(action: &'static str, access: &SupportAccess) -> What {
    What {
        tenant: access.tenant,
        action,
        subject: access.id.to_string(),
        details: json!({
            "kind": access.kind.as_str(), "level": access.level.as_str(), "reason": access.reason,
            "startsAt": access.starts_at, "expiresAt": access.expires_at,
        }),
    }
}
