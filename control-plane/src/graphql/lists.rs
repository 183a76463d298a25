//! An organisation's lists, filtered and sorted; and what other subgraphs refer to by id (Apollo Federation).

use async_graphql::{Context, Enum, ID, InputObject, Result};
use tenantry_authz::Ctx;
use tenantry_kernel::{Kind, TenantId};
use tenantry_provisioner::fleet::{FleetFilter, FleetOrder, FleetSort, Search};
use tenantry_store::{PageRequest, SearchText};

use super::condition::Fresh;
use super::connection::{List, connection};
use super::error::{Answer, parse_id, request_of};
use super::query::TenantNode;
use super::types::{Instance, InstancePhase};
use crate::app::App;

/// Which instances. What is not given restricts nothing.
#[derive(InputObject, Default)]
pub(super) struct InstanceFilter {
    /// A part of the name or address, or a whole id.
    search: Option<String>,
    region: Option<String>,
    phase: Option<InstancePhase>,
}

/// By what instances are sorted. Ties are in the order of the ids.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(super) enum InstanceSort {
    CreatedAt,
    /// Without regard to case.
    Name,
    Slug,
    Region,
    /// By the phase's word.
    Phase,
}

impl From<InstanceSort> for FleetSort {
    fn from(sort: InstanceSort) -> Self {
        match sort {
            InstanceSort::CreatedAt => Self::CreatedAt,
            InstanceSort::Name => Self::Name,
            InstanceSort::Slug => Self::Slug,
            InstanceSort::Region => Self::Region,
            InstanceSort::Phase => Self::Phase,
        }
    }
}

#[derive(InputObject)]
pub(super) struct InstanceOrder {
    by: InstanceSort,
    #[graphql(default)]
    descending: bool,
}

impl TryFrom<InstanceFilter> for FleetFilter {
    type Error = tenantry_kernel::Error;

    fn try_from(filter: InstanceFilter) -> tenantry_kernel::Result<Self> {
        let text = SearchText::parse(filter.search.as_deref())?;
        Ok(Self {
            region: filter.region,
            phase: filter.phase.map(Into::into),
            tenant: None,
            search: text.map(|text| Search { text, tenants: Vec::new() }),
        })
    }
}

/// The instances of a tenant. Without filter and order their cursors are ids, as they always were.
pub(super) async fn instances(
    ctx: &Context<'_>,
    (request, tenant, fresh): (&Ctx, TenantId, Option<&Ctx>),
    (filter, order): (Option<InstanceFilter>, Option<InstanceOrder>),
    page: PageRequest,
) -> Result<List<Instance>> {
    let app = ctx.data::<App>()?;
    // One for all of them: their conditions are one query.
    let fresh = fresh.map(|request| Fresh::new(app, request.clone()));
    let node = |i| Instance { fresh: fresh.clone(), ..Instance::from(i) };
    if filter.is_none() && order.is_none() {
        let rows = app.instances.list(request, tenant, &page).await.answer(ctx)?;
        return Ok(connection(rows, &page, |i| (i.id.to_string(), node(i))));
    }
    let filter = FleetFilter::try_from(filter.unwrap_or_default()).answer(ctx)?;
    let order = order.unwrap_or(InstanceOrder { by: InstanceSort::CreatedAt, descending: false });
    let order = FleetOrder { sort: order.by.into(), descending: order.descending };
    let rows = app.instances.search(request, tenant, (&filter, order), &page).await.answer(ctx)?;
    Ok(connection(rows, &page, |(cursor, i)| (cursor, node(i))))
}

/// A tenant that another subgraph names. Null: there is none, or none for the viewer.
pub(super) async fn tenant_entity(ctx: &Context<'_>, id: &ID) -> Result<Option<TenantNode>> {
    let found = async {
        let id = parse_id(id, "tenant")?;
        ctx.data_unchecked::<App>().tenants.get(request_of(ctx), id).await
    };
    Ok(visible(found.await).answer(ctx)?.map(Into::into))
}

/// An instance that another subgraph names. Null: there is none, or none for the viewer.
pub(super) async fn instance_entity(ctx: &Context<'_>, id: &ID) -> Result<Option<Instance>> {
    let app = ctx.data::<App>()?;
    let found = async {
        let id = parse_id(id, "instance")?;
        app.instances.find(request_of(ctx), id).await
    };
    Ok(visible(found.await).answer(ctx)?.map(Instance::from))
}

/// One entity that is not visible leaves the others.
fn visible<T>(found: tenantry_kernel::Result<T>) -> tenantry_kernel::Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if matches!(error.kind(), Kind::NotFound | Kind::Forbidden) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
#[path = "lists_tests.rs"]
mod tests;
