//! What platform staff sees of all tenants' subscriptions: which plan runs.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tenantry_authz::{Action, Ctx, PlatformResource};
use tenantry_kernel::{Result, TenantId};
use tenantry_store::{DbResultExt, SystemTx, Transaction};

use super::entity;
use crate::Billing;

/// The plan that each of these tenants has now, by one statement.
pub(crate) async fn plan_codes(tx: &SystemTx, tenants: &[TenantId]) -> Result<HashMap<TenantId, String>> {
    let rows = entity::Entity::find()
        .filter(entity::Column::TenantId.is_in(tenants.iter().map(|t| t.uuid())))
        .filter(entity::Column::EndedAt.is_null())
        .all(tx.conn())
        .await
        .db()?;
    Ok(rows.into_iter().map(|row| (TenantId::from_uuid(row.tenant_id), row.plan_code)).collect())
}

impl Billing {
    /// The plan that each of these tenants has now. A tenant without one is left out.
    ///
    /// # Errors
    /// `NotFound` or `Forbidden` for whoever is not staff with the right to view tenants.
    pub async fn plan_codes(&self, ctx: &Ctx, tenants: &[TenantId]) -> Result<HashMap<TenantId, String>> {
        let permit = ctx.permit_platform(Action::View, PlatformResource::Tenants)?;
        let tx = SystemTx::begin_platform(&self.db, &permit).await?;
        plan_codes(&tx, tenants).await
    }
}

#[cfg(test)]
mod tests {
    use tenantry_store::{Db, PoolSizes, SystemRole};
    use tenantry_testkit::World;

    use super::*;

    /// An ended subscription is no plan, and the bare application role finds none.
    #[tokio::test]
    async fn running_plans_are_read_for_the_system_alone() {
        let world = World::new().await;
        let (tenant, ended) = (world.tenant("acme").await, world.tenant("gone").await);
        let mut superuser = world.superuser().await;
        for (tenant, end) in [(tenant, None), (ended, Some("1 hour"))] {
            sqlx::query(
                "INSERT INTO billing.subscriptions (id, tenant_id, plan_code, plan_version, started_at, ended_at)
                 VALUES (gen_random_uuid(), $1, 'pro', 1, now(), now() + $2::text::interval)",
            )
            .bind(tenant.uuid())
            .bind(end)
            .execute(&mut superuser)
            .await
            .unwrap();
        }
        let cluster = &world.test_db.cluster;
        let pro = HashMap::from([(tenant, "pro".to_owned())]);
        for (role, wanted) in [(&cluster.system, pro), (&cluster.app, HashMap::new())] {
            let db = Db::connect(&cluster.app, role, PoolSizes { app: 1, system: 1 });
            let tx = SystemTx::begin(&db, SystemRole::Metering).await.unwrap();
            assert_eq!(plan_codes(&tx, &[tenant, ended]).await.unwrap(), wanted);
        }
    }
}
