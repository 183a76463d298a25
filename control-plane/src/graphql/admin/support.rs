//! Who of the platform's staff may be in which tenant, and breaking the glass.

use std::collections::HashMap;

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use tenantry_identity as identity;
use tenantry_kernel::{Error, TenantId};
use tenantry_store::PageRequest;

use crate::app::App;
use crate::graphql::connection::{List, connection, wants_of_rows};
use crate::graphql::error::{Answer, request_of};
use crate::graphql::support::{SupportAccessKind, SupportAccessPayload, SupportLevel};
use crate::tenants::{BreakGlass, Tenant};

#[derive(Default)]
pub(super) struct SupportQuery;

/// An access to one tenant.
#[derive(SimpleObject)]
struct PlatformSupportAccess {
    id: ID,
    tenant_id: ID,
    tenant_name: String,
    tenant_slug: String,
    kind: SupportAccessKind,
    level: SupportLevel,
    reason: String,
    /// The name of the member who gave it, or the address of the platform administrator who took it.
    granted_by: String,
    created_at: DateTime<Utc>,
    starts_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
    /// When somebody last used it, to the minute.
    last_used_at: Option<DateTime<Utc>>,
    /// Whether it lets anybody in now.
    active: bool,
}

#[Object]
impl SupportQuery {
    /// What lets staff into tenants, newest first. With `activeOnly`, what does so now.
    #[graphql(complexity = "crate::graphql::connection::page_cost(first, child_complexity)")]
    async fn support_access(
        &self,
        ctx: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        #[graphql(default)] active_only: bool,
    ) -> Result<List<PlatformSupportAccess>> {
        let (app, request) = (ctx.data::<App>()?, request_of(ctx));
        let page = PageRequest::new(first, after);
        let list = async {
            let rows = app.identity.all_support_access(request, &page, active_only).await?;
            let mut tenants = HashMap::new();
            let names = wants_of_rows(ctx, "tenantName") || wants_of_rows(ctx, "tenantSlug");
            if names && !rows.rows.is_empty() {
                let mut ids: Vec<_> = rows.rows.iter().map(|a| a.tenant).collect();
                ids.sort_unstable();
                ids.dedup();
                tenants = app.tenants.of_fleet(request, &ids).await?;
            }
            let now = request.now();
            Ok(connection(rows, &page, |a| (a.id.to_string(), node(now, &tenants, a))))
        };
        list.await.answer(ctx)
    }
}

fn node(
    now: DateTime<Utc>,
    tenants: &HashMap<TenantId, Tenant>,
    a: identity::SupportAccess,
) -> PlatformSupportAccess {
    let tenant = tenants.get(&a.tenant);
    PlatformSupportAccess {
        active: a.is_active(now),
        id: a.id.to_string().into(),
        tenant_id: a.tenant.to_string().into(),
        tenant_name: tenant.map(|t| t.name.clone()).unwrap_or_default(),
        tenant_slug: tenant.map(|t| t.slug.clone()).unwrap_or_default(),
        kind: a.kind.into(),
        level: a.level.into(),
        reason: a.reason,
        granted_by: a.granted_by,
        created_at: a.created_at,
        starts_at: a.starts_at,
        expires_at: a.expires_at,
        revoked_at: a.revoked_at,
        last_used_at: a.last_used_at,
    }
}

#[derive(InputObject)]
struct BreakGlassInput {
    tenant_id: ID,
    /// Why it cannot wait for consent: 20 to 500 characters. The tenant reads it.
    reason: String,
    /// The tenant's address (slug), typed.
    confirm_slug: String,
    /// 1 to 60.
    minutes: i32,
}

#[derive(InputObject)]
struct EndBreakGlassInput {
    tenant_id: ID,
    id: ID,
}

#[derive(Default)]
pub(super) struct SupportMutation;

#[Object]
impl SupportMutation {
    /// Lets the asking administrator alone read in a tenant without its consent. All its owners are told by mail at
    /// once; it stands in the tenant's audit trail and in the platform's, and the tenant can end it.
    async fn break_glass(&self, ctx: &Context<'_>, input: BreakGlassInput) -> Result<SupportAccessPayload> {
        let break_glass = BreakGlass {
            tenant: input.tenant_id.parse().ok(),
            confirm_slug: input.confirm_slug,
            reason: input.reason,
            minutes: input.minutes,
        };
        let broken = ctx.data::<App>()?.tenants.break_glass(request_of(ctx), break_glass).await;
        Ok(SupportAccessPayload::of(ctx, broken.outcome(ctx)?))
    }

    /// Ends broken glass before its time. Repeating it changes nothing.
    async fn end_break_glass(
        &self,
        ctx: &Context<'_>,
        input: EndBreakGlassInput,
    ) -> Result<SupportAccessPayload> {
        let (app, request) = (ctx.data::<App>()?, request_of(ctx));
        let end = async {
            // The gate comes first: whoever may not learns nothing, not even from an id of a wrong form.
            let (Ok(tenant), Ok(id)) = (input.tenant_id.parse(), input.id.parse()) else {
                app.identity.may_break_glass(request)?;
                return Err(Error::not_found("broken glass"));
            };
            app.identity.end_break_glass(request, tenant, id).await
        };
        Ok(SupportAccessPayload::of(ctx, end.await.outcome(ctx)?))
    }
}
