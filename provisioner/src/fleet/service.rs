use std::collections::HashMap;

use tenantry_authz::{Action, Ctx, PlatformResource};
use tenantry_kernel::{Error, InstanceId, Result, TenantId};
use tenantry_store::audit::{self, By, Entry};
use tenantry_store::{Db, Page, PageRequest, SystemTx};

use super::model::{FleetFilter, FleetInstance, FleetOrder, PhaseCount, Retried};
use super::repo;
use crate::instances::InstanceEvent;

/// The newest steps of an instance that are shown.
const EVENTS: i64 = 100;

/// The instances of all tenants, for platform staff. Cheap to make and to clone.
#[derive(Clone)]
pub struct Fleet {
    db: Db,
}

impl Fleet {
    pub fn new(db: Db) -> Self {
        Self { db }
    }

    async fn begin(&self, ctx: &Ctx, action: Action, resource: PlatformResource) -> Result<SystemTx> {
        SystemTx::begin_platform(&self.db, &ctx.permit_platform(action, resource)?).await
    }

    /// A page of the fleet; instances that are gone are not in it.
    ///
    /// # Errors
    /// `Invalid` for a cursor that is none of this order.
    pub async fn list(
        &self,
        ctx: &Ctx,
        filter: &FleetFilter,
        (order, page): (FleetOrder, &PageRequest),
    ) -> Result<Page<FleetInstance>> {
        let tx = self.begin(ctx, Action::View, PlatformResource::Fleet).await?;
        check_region(filter)?;
        repo::page(&tx, filter, order, page).await
    }

    /// How many instances the filter lets through.
    pub async fn count(&self, ctx: &Ctx, filter: &FleetFilter) -> Result<i64> {
        let tx = self.begin(ctx, Action::View, PlatformResource::Fleet).await?;
        check_region(filter)?;
        repo::count(&tx, filter).await
    }

    pub async fn get(&self, ctx: &Ctx, id: InstanceId) -> Result<Option<FleetInstance>> {
        let tx = self.begin(ctx, Action::View, PlatformResource::Fleet).await?;
        repo::get(&tx, id, false).await
    }

    /// The newest 100 steps of each, oldest of them first, by one statement.
    pub async fn events(
        &self,
        ctx: &Ctx,
        instances: &[InstanceId],
    ) -> Result<HashMap<InstanceId, Vec<InstanceEvent>>> {
        let tx = self.begin(ctx, Action::View, PlatformResource::Fleet).await?;
        repo::events(&tx, instances, EVENTS).await
    }

    pub async fn by_phase(&self, ctx: &Ctx) -> Result<Vec<PhaseCount>> {
        let tx = self.begin(ctx, Action::View, PlatformResource::Fleet).await?;
        repo::by_phase(&tx).await
    }

    /// How many instances each tenant has: a fact about tenants, so it needs the right to view those.
    pub async fn count_by_tenant(&self, ctx: &Ctx, tenants: &[TenantId]) -> Result<HashMap<TenantId, i64>> {
        let tx = self.begin(ctx, Action::View, PlatformResource::Tenants).await?;
        repo::count_by_tenant(&tx, tenants).await
    }

    /// Tries a failed instance again at once. Repeating it before the worker comes changes nothing.
    ///
    /// # Errors
    /// `NotFound` for one that is gone or never was; `Conflict` for one whose last attempt did not fail.
    pub async fn retry(&self, ctx: &Ctx, id: InstanceId) -> Result<Retried> {
        let tx = self.begin(ctx, Action::Operate, PlatformResource::Fleet).await?;
        let instance = repo::get(&tx, id, true).await?.ok_or_else(|| {
            Error::not_found("instance")
                .with_remedy("It may be deleted with its data: look for it in the fleet's list.")
        })?;
        instance.ensure_failed()?;
        if !repo::make_due(&tx, id, ctx.now()).await? {
            return Ok(Retried::WasDue);
        }
        let code = instance.failure.map(|f| f.code);
        let entry = Entry {
            tenant: instance.tenant,
            action: "instance.retry",
            resource: id.to_string(),
            result: "ok",
            details: serde_json::json!({ "by": "platform", "failure": code, "attempts": instance.attempts }),
        };
        audit::append(&tx, By::ctx(ctx), entry).await?;
        tx.commit().await?;
        Ok(Retried::MadeDue)
    }
}

fn check_region(filter: &FleetFilter) -> Result<()> {
    let code = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    match &filter.region {
        Some(region) if !region.chars().all(code) => {
            Err(Error::invalid("region", format!("There is no region {region:?}."))
                .with_remedy("Pass a region's code, such as eu-central, as `regions` gives it."))
        }
        _ => Ok(()),
    }
}
