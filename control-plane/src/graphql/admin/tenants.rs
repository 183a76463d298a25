use std::collections::HashMap;

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use tenantry_authz::Ctx;
use tenantry_kernel::TenantId;
use tenantry_provisioner::fleet::Fleet;
use tenantry_store::PageRequest;

use crate::app::App;
use crate::graphql::connection::{CountedList, counted, wants_of_rows, wants_total};
use crate::graphql::error::{Answer, parse_id, request_of};
use crate::tenants::Tenant;

#[derive(Default)]
pub(super) struct TenantsQuery;

/// A tenant as the platform's staff sees it.
#[derive(SimpleObject)]
#[graphql(name = "Tenant")]
struct AdminTenant {
    id: ID,
    slug: String,
    name: String,
    status: String,
    created_at: DateTime<Utc>,
    /// `none` where no subscription runs.
    plan_code: String,
    /// How many people belong to it.
    members: i64,
    /// How many instances it has that are not gone.
    instances: i64,
}

/// What the other contexts know of a page of tenants, read once for all of them.
#[derive(Default)]
struct Counts {
    plans: HashMap<TenantId, String>,
    members: HashMap<TenantId, i64>,
    instances: HashMap<TenantId, i64>,
}

impl Counts {
    async fn of(
        app: &App,
        request: &Ctx,
        ids: &[TenantId],
        wanted: impl Fn(&str) -> bool,
    ) -> tenantry_kernel::Result<Self> {
        let mut counts = Self::default();
        if ids.is_empty() {
            return Ok(counts);
        }
        if wanted("planCode") {
            counts.plans = app.billing.plan_codes(request, ids).await?;
        }
        if wanted("members") {
            counts.members = app.identity.member_counts(request, ids).await?;
        }
        if wanted("instances") {
            counts.instances = Fleet::new(app.db.clone()).count_by_tenant(request, ids).await?;
        }
        Ok(counts)
    }

    fn node(&self, t: Tenant) -> AdminTenant {
        AdminTenant {
            id: t.id.to_string().into(),
            slug: t.slug,
            name: t.name,
            status: t.status,
            created_at: t.created_at,
            plan_code: self.plans.get(&t.id).cloned().unwrap_or_else(|| "none".to_owned()),
            members: self.members.get(&t.id).copied().unwrap_or_default(),
            instances: self.instances.get(&t.id).copied().unwrap_or_default(),
        }
    }
}

#[Object]
impl TenantsQuery {
    /// All tenants, newest first. `search` is a part of a name or address, or a whole id.
    #[graphql(complexity = "crate::graphql::connection::page_cost(first, child_complexity)")]
    async fn tenants(
        &self,
        ctx: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        search: Option<String>,
    ) -> Result<CountedList<AdminTenant>> {
        let (app, request) = (ctx.data::<App>()?, request_of(ctx));
        let (page, search) = (PageRequest::new(first, after), search.as_deref());
        let list = async {
            let rows = app.tenants.list(request, &page, search).await?;
            let total = if wants_total(ctx) { Some(app.tenants.count(request, search).await?) } else { None };
            let ids: Vec<_> = rows.rows.iter().map(|t| t.id).collect();
            let counts = Counts::of(app, request, &ids, |field| wants_of_rows(ctx, field)).await?;
            Ok(counted(rows, (&page, total), |t| (t.id.to_string(), counts.node(t))))
        };
        list.await.answer(ctx)
    }

    /// Null: there is none.
    async fn tenant(&self, ctx: &Context<'_>, id: ID) -> Result<Option<AdminTenant>> {
        let (app, request) = (ctx.data::<App>()?, request_of(ctx));
        let find = async {
            // Whoever may not look learns nothing, not even from an id of a wrong form.
            let id = parse_id(&id, "tenant").unwrap_or(TenantId::from_uuid(uuid::Uuid::nil()));
            let Some(tenant) = app.tenants.find(request, id).await? else { return Ok(None) };
            let wanted = |field: &str| ctx.look_ahead().field(field).exists();
            let counts = Counts::of(app, request, &[tenant.id], wanted).await?;
            Ok(Some(counts.node(tenant)))
        };
        find.await.answer(ctx)
    }
}
