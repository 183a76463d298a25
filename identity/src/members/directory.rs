//! What platform staff sees of all tenants' members: how many there are.

use std::collections::HashMap;

use sea_orm::{ConnectionTrait, DbErr};
use tenantry_authz::{Action, Ctx, PlatformResource};
use tenantry_kernel::{Result, TenantId};
use tenantry_store::{DbResultExt, SystemTx, Transaction, stmt};

use crate::Identity;

/// How many members each of these tenants has, by one statement.
pub(crate) async fn counts(tx: &SystemTx, tenants: &[TenantId]) -> Result<HashMap<TenantId, i64>> {
    if tenants.is_empty() {
        return Ok(HashMap::new());
    }
    let ids = tenants.iter().map(|t| t.uuid().to_string()).collect::<Vec<_>>().join(",");
    let sql = "SELECT tenant_id, count(*) AS n FROM identity.memberships
               WHERE tenant_id = ANY (string_to_array($1, ',')::uuid[]) GROUP BY tenant_id";
    let rows = tx.conn().query_all_raw(stmt(sql, [ids.into()])).await.db()?;
    let counts: std::result::Result<HashMap<_, _>, DbErr> = rows
        .iter()
        .map(|row| Ok((TenantId::from_uuid(row.try_get("", "tenant_id")?), row.try_get("", "n")?)))
        .collect();
    counts.db()
}

impl Identity {
    /// How many members each of these tenants has. A tenant without any is left out.
    ///
    /// # Errors
    /// `NotFound` or `Forbidden` for whoever is not staff with the right to view tenants.
    pub async fn member_counts(&self, ctx: &Ctx, tenants: &[TenantId]) -> Result<HashMap<TenantId, i64>> {
        let permit = ctx.permit_platform(Action::View, PlatformResource::Tenants)?;
        let tx = SystemTx::begin_platform(self.db(), &permit).await?;
        counts(&tx, tenants).await
    }
}

#[cfg(test)]
mod tests {
    use tenantry_authz::{PlatformRole, Role};
    use tenantry_kernel::Kind;
    use tenantry_store::{Db, PoolSizes, SystemRole};
    use tenantry_testkit::World;

    use super::*;

    /// Run by the bare application role it finds nothing; the gate keeps everybody but staff from it.
    #[tokio::test]
    async fn members_are_counted_for_the_system_alone() {
        let world = World::new().await;
        let tenant = world.tenant("acme").await;
        let mut superuser = world.superuser().await;
        sqlx::query(
            "WITH u AS (INSERT INTO identity.users (id, email, name, created_at)
                        SELECT gen_random_uuid(), n || '@example.com', 'U', now() FROM generate_series(1, 3) AS n
                        RETURNING *)
             INSERT INTO identity.memberships (tenant_id, user_id, role, email, name, created_at)
             SELECT $1, id, 'viewer', email, name, now() FROM u",
        )
        .bind(tenant.uuid())
        .execute(&mut superuser)
        .await
        .unwrap();
        let cluster = &world.test_db.cluster;
        for (role, wanted) in
            [(&cluster.system, HashMap::from([(tenant, 3)])), (&cluster.app, HashMap::new())]
        {
            let db = Db::connect(&cluster.app, role, PoolSizes { app: 1, system: 1 });
            let tx = SystemTx::begin(&db, SystemRole::Authentication).await.unwrap();
            assert_eq!(counts(&tx, &[tenant, world.tenant_id()]).await.unwrap(), wanted);
        }
        let view =
            |ctx: &Ctx| ctx.permit_platform(Action::View, PlatformResource::Tenants).err().map(|e| e.kind());
        assert_eq!(view(&world.staff(PlatformRole::Finance)), None);
        assert_eq!(view(&world.member(tenant, Role::Owner)), Some(Kind::NotFound));
    }
}
