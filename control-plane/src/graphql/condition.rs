//! `Instance.health` and `Instance.resources`: one query for all instances of an answer.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use async_graphql::dataloader::{DataLoader, Loader};
use async_graphql::{Context, Enum, Result, SimpleObject};
use chrono::{DateTime, Utc};
use tenantry_authz::Ctx;
use tenantry_billing::Billing;
use tenantry_identity::Identity;
use tenantry_kernel::{Error, InstanceId, TenantId};
use tenantry_provisioner::condition::{self, Conditions};
use tenantry_provisioner::instances::Instances;
use tenantry_store::PageRequest;

use super::error::{Answer, to_graphql};
use crate::app::App;
use crate::webhooks::Webhooks;

/// Whether an instance serves.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "condition::Health")]
pub(crate) enum InstanceHealth {
    /// n8n said recently that it is ready.
    Healthy,
    /// n8n answers and is not ready: its database is away, or it is overloaded.
    Degraded,
    /// It should run, and nothing answers.
    Unreachable,
    /// Stopped, deleted or not ready yet.
    Off,
}

/// What an instance uses of what its plan gives it. Null: not measured, or the instance is off.
#[derive(SimpleObject)]
pub(crate) struct InstanceResources {
    memory_mib: Option<i32>,
    memory_limit_mib: i32,
    /// Thousandths of a processor, on average since the measurement before.
    cpu_millis: Option<i32>,
    cpu_limit_millis: i32,
    /// Its directory and its database.
    storage_mib: Option<i32>,
    storage_limit_mib: i32,
    measured_at: Option<DateTime<Utc>>,
}

impl From<condition::Resources> for InstanceResources {
    fn from(r: condition::Resources) -> Self {
        Self {
            memory_mib: r.memory_mib,
            memory_limit_mib: r.memory_limit_mib,
            cpu_millis: r.cpu_millis,
            cpu_limit_millis: r.cpu_limit_millis,
            storage_mib: r.storage_mib,
            storage_limit_mib: r.storage_limit_mib,
            measured_at: r.measured_at,
        }
    }
}

/// Reads what belongs to the rows of a list for all of them at once, as whoever asks.
pub(crate) struct ConditionLoader {
    conditions: Conditions,
    pub(super) identity: Identity,
    pub(super) instances: Instances,
    pub(super) billing: Billing,
    pub(super) webhooks: Webhooks,
    pub(super) ctx: Ctx,
    #[cfg(test)]
    pub(super) loads: std::sync::Arc<std::sync::atomic::AtomicUsize>,
}

/// One request's loader: it holds nothing back for another.
pub(crate) fn loader(app: &App, ctx: &Ctx) -> DataLoader<ConditionLoader> {
    let loader = ConditionLoader {
        conditions: Conditions::new(app.db.clone()),
        identity: app.identity.clone(),
        instances: app.instances.clone(),
        billing: app.billing.clone(),
        webhooks: app.webhooks.clone(),
        ctx: ctx.clone(),
        #[cfg(test)]
        loads: Default::default(),
    };
    DataLoader::new(loader, |load| tokio::spawn(after_all_rows(load)))
}

/// A long list does not poll all its rows in one go, but gives way in between. The loader's millisecond begins when every row
/// of the longest page has had its turn, so that all of them are in one query, and not those that came in time.
async fn after_all_rows(load: impl Future<Output = ()>) {
    for _ in 0..PageRequest::MOST {
        tokio::task::yield_now().await;
    }
    load.await;
}

impl ConditionLoader {
    pub(super) fn counted(&self) {
        #[cfg(test)]
        self.loads.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    }
}

#[async_trait::async_trait]
impl Loader<(TenantId, InstanceId)> for ConditionLoader {
    type Value = condition::Condition;
    type Error = async_graphql::Error;

    async fn load(
        &self,
        keys: &[(TenantId, InstanceId)],
    ) -> std::result::Result<HashMap<(TenantId, InstanceId), Self::Value>, Self::Error> {
        self.counted();
        let mut tenants: BTreeMap<TenantId, Vec<InstanceId>> = BTreeMap::new();
        for (tenant, instance) in keys {
            tenants.entry(*tenant).or_default().push(*instance);
        }
        let mut found = HashMap::with_capacity(keys.len());
        for (tenant, instances) in tenants {
            let conditions = self.conditions.of(&self.ctx, tenant, &instances).await;
            let conditions = conditions.map_err(|e| to_graphql(e, self.ctx.request()))?;
            found.extend(conditions.into_iter().map(|(id, condition)| ((tenant, id), condition)));
        }
        Ok(found)
    }
}

/// Who asks about an instance, where the request itself came from somebody else, or with other roles.
#[derive(Clone)]
pub(crate) struct Fresh {
    /// The request's own loader asks as whoever sent it.
    loader: Arc<DataLoader<ConditionLoader>>,
}

impl Fresh {
    pub(super) fn new(app: &App, request: Ctx) -> Self {
        Self { loader: Arc::new(loader(app, &request)) }
    }

    pub(super) fn loader(&self) -> &DataLoader<ConditionLoader> {
        &self.loader
    }
}

pub(super) async fn of(
    ctx: &Context<'_>,
    (fresh, key): (Option<&Fresh>, (TenantId, InstanceId)),
) -> Result<condition::Condition> {
    let loader = match fresh {
        Some(fresh) => &fresh.loader,
        None => ctx.data::<DataLoader<ConditionLoader>>()?,
    };
    let loaded = loader.load_one(key).await?;
    loaded.ok_or_else(|| Error::not_found("instance")).answer(ctx)
}
