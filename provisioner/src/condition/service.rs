use std::collections::HashMap;

use tenantry_authz::{Action, Ctx, Resource, ResourceKind};
use tenantry_kernel::{InstanceId, Result, TenantId};
use tenantry_store::{Db, TenantTx};

use super::{Condition, repo};

/// How instances do, for the people of their tenant. Cheap to clone.
#[derive(Clone)]
pub struct Conditions {
    db: Db,
}

impl Conditions {
    pub fn new(db: Db) -> Self {
        Self { db }
    }

    /// How these instances do. What is not the tenant's is not in the answer.
    ///
    /// # Errors
    /// `NotFound` for who may not view the tenant's instances.
    pub async fn of(
        &self,
        ctx: &Ctx,
        tenant: TenantId,
        ids: &[InstanceId],
    ) -> Result<HashMap<InstanceId, Condition>> {
        let permit = ctx.permit(Action::View, &Resource::new(ResourceKind::Instance, tenant))?;
        let tx = TenantTx::begin(&self.db, &permit).await?;
        let now = ctx.now();
        let seen = repo::of(&tx, ids).await?;
        Ok(seen.into_iter().map(|(id, seen)| (id, seen.condition(now))).collect())
    }

    /// How many instances the tenant has, as its plan counts them.
    ///
    /// # Errors
    /// `NotFound` for who may not view the tenant.
    pub async fn count(&self, ctx: &Ctx, tenant: TenantId) -> Result<i64> {
        let permit = ctx.permit(Action::View, &Resource::new(ResourceKind::Tenant, tenant))?;
        let tx = TenantTx::begin(&self.db, &permit).await?;
        repo::count(&tx).await
    }
}
