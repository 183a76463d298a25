//! A store on a fresh database, and the shortest ways to its transactions.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, Value};
use tenantry_authz::{Action, Permit, Resource, ResourceKind, Role};
use tenantry_kernel::TenantId;
use tenantry_store::outbox::{self, Fact};
use tenantry_store::{Db, PoolSizes, SystemRole, SystemTx, TenantTx, Transaction, stmt};
use tenantry_testkit::World;

pub(crate) struct Store {
    pub(crate) world: World,
    pub(crate) db: Db,
}

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

impl Store {
    pub(crate) async fn new() -> Self {
        Self::sized(PoolSizes { app: 8, system: 8 }).await
    }

    pub(crate) async fn sized(sizes: PoolSizes) -> Self {
        let world = World::new().await;
        let db = Db::connect(&world.test_db.cluster.app, &world.test_db.cluster.system, sizes);
        Self { world, db }
    }

    pub(crate) fn permit(&self, tenant: TenantId) -> Permit {
        let resource = Resource::new(ResourceKind::Tenant, tenant);
        self.world.member(tenant, Role::Owner).permit(Action::View, &resource).unwrap()
    }

    pub(crate) async fn tx(&self, tenant: TenantId) -> TenantTx {
        TenantTx::begin(&self.db, &self.permit(tenant)).await.unwrap()
    }

    pub(crate) async fn system(&self) -> SystemTx {
        SystemTx::begin(&self.db, SystemRole::Jobs).await.unwrap()
    }

    /// Facts as this transaction sees them.
    pub(crate) async fn facts(&self, tx: &impl Transaction) -> i64 {
        count(tx, "SELECT count(*) AS n FROM platform.outbox", []).await
    }
}

pub(crate) async fn count(
    tx: &impl Transaction,
    sql: &str,
    values: impl IntoIterator<Item = Value> + Send,
) -> i64 {
    let row = tx.conn().query_one_raw(stmt(sql, values)).await.unwrap().unwrap();
    row.try_get("", "n").unwrap()
}

pub(crate) async fn publish(tx: &impl Transaction, tenant: TenantId, subject: &str) {
    let fact = Fact { tenant, topic: "test.happened", subject: subject.to_owned(), payload: () };
    outbox::publish(tx, at("2026-11-10T12:00:00Z"), &fact).await.unwrap();
}
