//! Lists inside the rows of a list: one statement for all rows that show theirs.
//!
//! What becomes of a list is its value: in an answer about several tenants somebody may look into one and not into
//! another.

use std::collections::HashMap;
use std::hash::Hash;

use async_graphql::dataloader::{DataLoader, Loader};
use async_graphql::{Context, Error, Result};
use tenantry_authz::Ctx;
use tenantry_billing::Execution;
use tenantry_kernel::{InstanceId, TenantId, WebhookEndpointId};
use tenantry_provisioner::instances::InstanceEvent;
use tenantry_store::{Page, PageRequest};

use super::condition::{ConditionLoader, Fresh};
use super::error::to_graphql;
use crate::webhooks::{Delivery, DeliveryState};

/// The same part of the same list of a tenant's row.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct PageKey<Id, Filter> {
    tenant: TenantId,
    row: Id,
    filter: Filter,
    first: u32,
    after: Option<String>,
}

impl<Id, Filter> PageKey<Id, Filter> {
    pub(super) fn new((tenant, row): (TenantId, Id), filter: Filter, page: &PageRequest) -> Self {
        Self { tenant, row, filter, first: page.first, after: page.after.clone() }
    }
}

/// An instance's newest steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct EventsKey(pub(super) TenantId, pub(super) InstanceId);

pub(super) type ExecutionsKey = PageKey<InstanceId, ()>;
pub(super) type DeliveriesKey = PageKey<WebhookEndpointId, Option<DeliveryState>>;

/// What is found of each row of one tenant.
type OfEach<Id, Found> = HashMap<Id, Found>;

/// One row's list, by the request's loader, or by that of whoever asks instead. `None`: the row has none.
pub(super) async fn of<K, V>(ctx: &Context<'_>, fresh: Option<&Fresh>, key: K) -> Result<Option<V>>
where
    K: Send + Sync + Hash + Eq + Clone + 'static,
    V: Send + Sync + Clone + 'static,
    ConditionLoader: Loader<K, Value = Result<V>, Error = Error>,
{
    let loader = match fresh {
        Some(fresh) => fresh.loader(),
        None => ctx.data::<DataLoader<ConditionLoader>>()?,
    };
    loader.load_one(key).await?.transpose()
}

/// Puts what was found of one tenant's rows, or why nothing was, to the keys that asked for it.
fn settle<K: Hash + Eq, Id: Hash + Eq, V: Clone>(
    values: &mut HashMap<K, Result<V>>,
    (keys, ctx): (Vec<(K, Id)>, &Ctx),
    found: tenantry_kernel::Result<OfEach<Id, V>>,
) {
    match found {
        Ok(mut found) => {
            let hits = keys.into_iter().filter_map(|(key, id)| Some((key, Ok(found.remove(&id)?))));
            values.extend(hits);
        }
        Err(error) => {
            let error = to_graphql(error, ctx.request());
            values.extend(keys.into_iter().map(|(key, _)| (key, Err(error.clone()))));
        }
    }
}

/// The keys by what can be asked for at once.
fn grouped<K: Clone, G: Hash + Eq, Id>(keys: &[K], part: impl Fn(&K) -> (G, Id)) -> HashMap<G, Vec<(K, Id)>> {
    let mut groups: HashMap<G, Vec<(K, Id)>> = HashMap::new();
    for key in keys {
        let (group, id) = part(key);
        groups.entry(group).or_default().push((key.clone(), id));
    }
    groups
}

fn ids<K, Id: Copy>(keys: &[(K, Id)]) -> Vec<Id> {
    keys.iter().map(|(_, id)| *id).collect()
}

#[async_trait::async_trait]
impl Loader<EventsKey> for ConditionLoader {
    type Value = Result<Vec<InstanceEvent>>;
    type Error = Error;

    async fn load(&self, keys: &[EventsKey]) -> Result<HashMap<EventsKey, Self::Value>> {
        self.counted();
        let mut values = HashMap::with_capacity(keys.len());
        for (tenant, keys) in grouped(keys, |key| (key.0, key.1)) {
            let found = self.instances.events_of(&self.ctx, tenant, &ids(&keys)).await;
            settle(&mut values, (keys, &self.ctx), found);
        }
        Ok(values)
    }
}

#[async_trait::async_trait]
impl Loader<ExecutionsKey> for ConditionLoader {
    type Value = Result<Page<Execution>>;
    type Error = Error;

    async fn load(&self, keys: &[ExecutionsKey]) -> Result<HashMap<ExecutionsKey, Self::Value>> {
        self.counted();
        let mut values = HashMap::with_capacity(keys.len());
        let groups = grouped(keys, |key| ((key.tenant, key.first, key.after.clone()), key.row));
        for ((tenant, first, after), keys) in groups {
            let page = PageRequest::new(Some(first), after);
            let found = self.billing.executions_of(&self.ctx, (tenant, &ids(&keys)), &page).await;
            settle(&mut values, (keys, &self.ctx), found);
        }
        Ok(values)
    }
}

#[async_trait::async_trait]
impl Loader<DeliveriesKey> for ConditionLoader {
    type Value = Result<Page<Delivery>>;
    type Error = Error;

    async fn load(&self, keys: &[DeliveriesKey]) -> Result<HashMap<DeliveriesKey, Self::Value>> {
        self.counted();
        let mut values = HashMap::with_capacity(keys.len());
        let groups = grouped(keys, |key| ((key.tenant, key.filter, key.first, key.after.clone()), key.row));
        for ((tenant, state, first, after), keys) in groups {
            let page = PageRequest::new(Some(first), after);
            let rows = ids(&keys);
            let found = self.webhooks.deliveries(&self.ctx, (tenant, &rows), (state, &page)).await;
            settle(&mut values, (keys, &self.ctx), found);
        }
        Ok(values)
    }
}
