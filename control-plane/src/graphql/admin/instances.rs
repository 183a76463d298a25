use std::collections::HashMap;

use async_graphql::{ComplexObject, Context, Enum, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use tenantry_authz::Ctx;
use tenantry_kernel::{InstanceId, TenantId};
use tenantry_provisioner::fleet::{self, Fleet, FleetFilter, FleetOrder, Search};
use tenantry_provisioner::instances;
use tenantry_store::{PageRequest, SearchText};

use super::Done;
use crate::app::App;
use crate::graphql::connection::{CountedList, counted, wants_of_rows, wants_total};
use crate::graphql::error::{Answer, parse_id, request_of};
use crate::graphql::types::{DesiredState, InstanceEvent, InstancePhase};
use crate::tenants::Tenant;

#[derive(Default)]
pub(super) struct InstancesQuery;

/// By what the fleet is sorted. Ties are in the order of the ids.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "fleet::FleetSort")]
enum FleetSort {
    CreatedAt,
    /// Without regard to case.
    Name,
    Slug,
    Region,
    /// By the phase's word.
    Phase,
    Attempts,
}

/// An instance with whose it is. Nothing from inside it.
#[derive(SimpleObject)]
#[graphql(complex)]
struct FleetInstance {
    tenant_id: ID,
    tenant_name: String,
    tenant_slug: String,
    id: ID,
    name: String,
    slug: String,
    region: String,
    url: String,
    n8n_version: String,
    phase: InstancePhase,
    desired: DesiredState,
    /// Grows with each change of what is wanted.
    generation: i64,
    /// The newest generation that was made real.
    observed_generation: i64,
    attempts: i32,
    failure_code: Option<String>,
    failure_message: Option<String>,
    failure_remedy: Option<String>,
    /// When it is tried again by itself. Null: its last attempt did not fail.
    next_attempt_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    ready_at: Option<DateTime<Utc>>,
    /// When a deleted instance's data goes for good.
    delete_at: Option<DateTime<Utc>>,
    boot_millis: Option<i32>,
    #[graphql(skip)]
    events: Vec<InstanceEvent>,
}

#[ComplexObject]
impl FleetInstance {
    /// Its newest 100 steps, oldest of them first.
    #[graphql(complexity = "10 * child_complexity")]
    async fn events(&self) -> &[InstanceEvent] {
        &self.events
    }
}

/// What a page of instances needs beside its rows, read once for all of them.
struct Beside {
    tenants: HashMap<TenantId, Tenant>,
    events: HashMap<InstanceId, Vec<instances::InstanceEvent>>,
}

impl Beside {
    async fn of(
        app: &App,
        request: &Ctx,
        rows: &[fleet::FleetInstance],
        (names, events): (bool, bool),
    ) -> tenantry_kernel::Result<Self> {
        let mut beside = Self { tenants: HashMap::new(), events: HashMap::new() };
        if names && !rows.is_empty() {
            let mut ids: Vec<_> = rows.iter().map(|i| i.tenant).collect();
            ids.sort_unstable();
            ids.dedup();
            beside.tenants = app.tenants.of_fleet(request, &ids).await?;
        }
        if events && !rows.is_empty() {
            let ids: Vec<_> = rows.iter().map(|i| i.id).collect();
            beside.events = Fleet::new(app.db.clone()).events(request, &ids).await?;
        }
        Ok(beside)
    }

    fn node(&self, app: &App, i: fleet::FleetInstance) -> FleetInstance {
        let tenant = self.tenants.get(&i.tenant);
        let events = self.events.get(&i.id).into_iter().flatten();
        let next_attempt_at = i.failure.is_some().then_some(i.next_attempt_at);
        let (code, message, remedy) = i
            .failure
            .map(|f| (f.code, f.message, f.remedy))
            .map_or((None, None, None), |(c, m, r)| (Some(c), Some(m), Some(r)));
        FleetInstance {
            tenant_id: i.tenant.to_string().into(),
            tenant_name: tenant.map(|t| t.name.clone()).unwrap_or_default(),
            tenant_slug: tenant.map(|t| t.slug.clone()).unwrap_or_default(),
            id: i.id.to_string().into(),
            url: app.public.instance(&i.slug, &i.region),
            name: i.name,
            slug: i.slug,
            region: i.region,
            n8n_version: i.n8n_version,
            phase: i.phase.into(),
            desired: i.desired.into(),
            generation: i.generation,
            observed_generation: i.observed_generation,
            attempts: i.attempts,
            failure_code: code,
            failure_message: message,
            failure_remedy: remedy,
            next_attempt_at,
            created_at: i.created_at,
            ready_at: i.ready_at,
            delete_at: i.delete_at,
            boot_millis: i.boot_millis,
            events: events
                .map(|e| InstanceEvent { at: e.at, phase: e.phase.into(), message: e.message.clone() })
                .collect(),
        }
    }
}

#[Object]
impl InstancesQuery {
    /// The instances of all tenants. `search` is a part of an instance's name or address or of its tenant's, or a
    /// whole id of either. A cursor is good for the order that it was given in.
    #[graphql(complexity = "crate::graphql::connection::page_cost(first, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "arguments of a GraphQL field are named")]
    async fn instances(
        &self,
        ctx: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        region: Option<String>,
        phase: Option<InstancePhase>,
        tenant_id: Option<ID>,
        search: Option<String>,
        #[graphql(default_with = "Some(FleetSort::CreatedAt)")] sort: Option<FleetSort>,
        #[graphql(default_with = "Some(true)")] descending: Option<bool>,
    ) -> Result<CountedList<FleetInstance>> {
        let (app, request) = (ctx.data::<App>()?, request_of(ctx));
        let page = PageRequest::new(first, after);
        let order = FleetOrder {
            sort: sort.unwrap_or(FleetSort::CreatedAt).into(),
            descending: descending.unwrap_or(true),
        };
        let list = async {
            let search = match SearchText::parse(search.as_deref())? {
                Some(text) => {
                    Some(Search { tenants: app.tenants.found_in_fleet(request, &text).await?, text })
                }
                None => None,
            };
            let tenant = tenant_id.map(|id| parse_id(&id, "tenant")).transpose()?;
            let filter = FleetFilter { region, phase: phase.map(Into::into), tenant, search };
            let fleet = Fleet::new(app.db.clone());
            let rows = fleet.list(request, &filter, (order, &page)).await?;
            let total = if wants_total(ctx) { Some(fleet.count(request, &filter).await?) } else { None };
            let names = wants_of_rows(ctx, "tenantName") || wants_of_rows(ctx, "tenantSlug");
            let beside = Beside::of(app, request, &rows.rows, (names, wants_of_rows(ctx, "events"))).await?;
            Ok(counted(rows, (&page, total), |i| (i.cursor.clone(), beside.node(app, i))))
        };
        list.await.answer(ctx)
    }

    /// Null: there is none.
    async fn instance(&self, ctx: &Context<'_>, id: ID) -> Result<Option<FleetInstance>> {
        let (app, request) = (ctx.data::<App>()?, request_of(ctx));
        let find = async {
            // Whoever may not look learns nothing, not even from an id of a wrong form.
            let fleet = Fleet::new(app.db.clone());
            let id = parse_id(&id, "instance").unwrap_or(InstanceId::from_uuid(uuid::Uuid::nil()));
            let Some(instance) = fleet.get(request, id).await? else { return Ok(None) };
            let events = ctx.look_ahead().field("events").exists();
            let rows = [instance];
            let beside = Beside::of(app, request, &rows, (true, events)).await?;
            Ok(rows.into_iter().next().map(|i| beside.node(app, i)))
        };
        find.await.answer(ctx)
    }
}

#[derive(Default)]
pub(super) struct InstancesMutation;

#[Object]
impl InstancesMutation {
    /// Tries an instance whose last attempt failed again at once. Repeating it before the worker comes changes
    /// nothing; for one that did not fail the problem says what it does instead.
    async fn retry_instance(&self, ctx: &Context<'_>, id: ID) -> Result<Done> {
        let app = ctx.data::<App>()?;
        let id = parse_id(&id, "instance").answer(ctx)?;
        Ok(Done::of(Fleet::new(app.db.clone()).retry(request_of(ctx), id).await.outcome(ctx)?))
    }
}
