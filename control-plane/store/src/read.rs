//! Reading in a tenant by one message to the database.
//!
//! A transaction around one statement costs two crossings more than the statement: `BEGIN` with the tenant's setting before
//! it, `ROLLBACK` after it. [`TenantRead`] sets the tenant in the statement itself. The setting is local, so it ends with
//! the statement, and the connection forgets it.
//!
//! The statement is `SELECT … FROM (the setting) AS tenant CROSS JOIN LATERAL (what is read)`. What is read finds its rows by
//! `tenant.id`, which is what setting it gives: PostgreSQL cannot read before it has set. Were that ever otherwise, the
//! policies would find no tenant, and no rows: a mistake here shows nothing.

use async_trait::async_trait;
use sea_orm::{ConnectionTrait, QueryResult, Value};
use tenantry_authz::Permit;
use tenantry_kernel::{Result, TenantId};

use crate::conn::{failed, query};
use crate::{Db, DbResultExt, TenantTx, Transaction, stmt};

/// Where a tenant's rows can be read: in its transaction, or by one statement of its own.
#[async_trait]
pub trait TenantRows: Send + Sync {
    fn tenant(&self) -> TenantId;

    /// The rows of `body`, a query that finds them by `tenant.id`. Its own values begin with `$2`.
    ///
    /// # Errors
    /// `Unavailable` when the database does not answer.
    async fn rows(&self, body: &str, values: Vec<Value>) -> Result<Vec<QueryResult>>;
}

fn statement(tenant: TenantId, (setting, body): (&str, &str), values: Vec<Value>) -> sea_orm::Statement {
    let sql = format!(
        "SELECT r.* FROM (SELECT {setting} AS id OFFSET 0) AS tenant CROSS JOIN LATERAL ({body}) AS r"
    );
    stmt(&sql, std::iter::once(tenant.uuid().into()).chain(values))
}

/// Reads in one tenant, each by a statement of its own, bounded by row-level security like [`TenantTx`].
pub struct TenantRead {
    db: Db,
    tenant: TenantId,
}

impl TenantRead {
    /// For reading in the permit's tenant. That platform staff does so is told to the tenant first.
    ///
    /// # Errors
    /// `Unavailable` when the database does not answer.
    pub async fn begin(db: &Db, permit: &Permit) -> Result<Self> {
        if permit.support().is_some() {
            // Its beginning tells the tenant.
            drop(TenantTx::begin(db, permit).await?);
        }
        Ok(Self { db: db.clone(), tenant: permit.tenant() })
    }
}

#[async_trait]
impl TenantRows for TenantRead {
    fn tenant(&self) -> TenantId {
        self.tenant
    }

    async fn rows(&self, body: &str, values: Vec<Value>) -> Result<Vec<QueryResult>> {
        let setting = "set_config('app.tenant_id', $1::uuid::text, true)::uuid";
        let mut reader = self.db.readers.get().await?;
        reader.is_sound = false;
        let rows =
            query(statement(self.tenant, (setting, body), values)).fetch_all(&mut reader.connection).await;
        reader.is_sound = rows.is_ok();
        rows.map(|rows| rows.into_iter().map(QueryResult::from).collect()).map_err(failed).db()
    }
}

#[async_trait]
impl TenantRows for TenantTx {
    fn tenant(&self) -> TenantId {
        TenantTx::tenant(self)
    }

    async fn rows(&self, body: &str, values: Vec<Value>) -> Result<Vec<QueryResult>> {
        let known = statement(TenantTx::tenant(self), ("$1::uuid", body), values);
        self.conn().query_all_raw(known).await.db()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use tenantry_authz::{Action, Resource, ResourceKind, Role};
    use tenantry_testkit::World;

    use super::*;
    use crate::PoolSizes;

    struct Two {
        world: World,
        db: Db,
        tenants: [TenantId; 2],
    }

    impl Two {
        async fn new() -> Self {
            let world = World::new().await;
            let cluster = &world.test_db.cluster;
            let db = Db::connect(&cluster.app, &cluster.system, PoolSizes { app: 1, system: 1 });
            let tenants = [world.tenant("acme").await, world.tenant("other").await];
            Self { world, db, tenants }
        }

        async fn read(&self, tenant: TenantId) -> TenantRead {
            let resource = Resource::new(ResourceKind::Tenant, tenant);
            let permit = self.world.member(tenant, Role::Owner).permit(Action::View, &resource).unwrap();
            TenantRead::begin(&self.db, &permit).await.unwrap()
        }

        /// What the only connection for reading sees without being told a tenant.
        async fn left(&self) -> usize {
            let mut reader = self.db.readers.get().await.unwrap();
            let rows =
                sqlx::query("SELECT slug FROM tenancy.tenants").fetch_all(&mut reader.connection).await;
            rows.unwrap().len()
        }
    }

    fn slugs(rows: &[QueryResult]) -> Vec<String> {
        rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
    }

    const OWN: &str = "SELECT slug FROM tenancy.tenants WHERE id = tenant.id";
    /// A query that forgets its tenant: the policy does not.
    const ALL: &str = "SELECT slug FROM tenancy.tenants WHERE tenant.id IS NOT NULL ORDER BY slug";

    #[tokio::test]
    async fn each_reads_its_own_and_the_connection_forgets_whose_it_was() {
        let two = Two::new().await;
        // More often than it takes until PostgreSQL keeps a plan.
        for _ in 0..8 {
            for (tenant, slug) in two.tenants.into_iter().zip(["acme", "other"]) {
                let read = two.read(tenant).await;
                assert_eq!(slugs(&read.rows(OWN, Vec::new()).await.unwrap()), [slug]);
                assert_eq!(
                    slugs(&read.rows(ALL, Vec::new()).await.unwrap()),
                    [slug],
                    "all that there is for it"
                );
            }
        }
        assert_eq!(two.left().await, 0, "the only connection still knows a tenant");
    }

    #[tokio::test]
    async fn in_a_transaction_the_transactions_tenant_counts() {
        let two = Two::new().await;
        let resource = Resource::new(ResourceKind::Tenant, two.tenants[0]);
        let permit = two.world.member(two.tenants[0], Role::Owner).permit(Action::View, &resource).unwrap();
        let tx = TenantTx::begin(&two.db, &permit).await.unwrap();
        assert_eq!(slugs(&tx.rows(ALL, Vec::new()).await.unwrap()), ["acme"]);
        let other = two.tenants[1].uuid().to_string();
        tx.conn()
            .execute_raw(stmt("SELECT set_config('app.tenant_id', $1, true)", [other.into()]))
            .await
            .unwrap();
        assert!(tx.rows(OWN, Vec::new()).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_failure_leaves_nothing_behind_either() {
        let two = Two::new().await;
        let read = two.read(two.tenants[0]).await;
        let broken = "SELECT (1 / (CASE WHEN tenant.id IS NULL THEN 1 ELSE 0 END))::text";
        assert!(read.rows(broken, Vec::new()).await.is_err());
        assert_eq!(two.left().await, 0);
    }

    #[tokio::test]
    async fn a_connection_is_used_again_unless_its_statement_was_broken_off_or_failed() {
        let two = Two::new().await;
        let read = two.read(two.tenants[0]).await;
        let process = async || {
            let rows = read.rows("SELECT pg_backend_pid() WHERE tenant.id IS NOT NULL", Vec::new()).await;
            rows.unwrap()[0].try_get_by_index::<i32>(0).unwrap()
        };
        let first = process().await;
        assert_eq!(process().await, first);
        let slow = "SELECT pg_sleep(30) WHERE tenant.id IS NOT NULL";
        let begun = Instant::now();
        assert!(tokio::time::timeout(Duration::from_millis(300), read.rows(slow, Vec::new())).await.is_err());
        let second = process().await;
        assert_ne!(second, first);
        let there = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1)";
        let mut look = two.world.superuser().await;
        while sqlx::query_scalar::<_, bool>(there).bind(first).fetch_one(&mut look).await.unwrap() {
            assert!(begun.elapsed() < Duration::from_secs(20), "it goes on though nobody waits for it");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "it waited for the one that was broken off");
        assert!(read.rows("SELECT 1 / 0 WHERE tenant.id IS NOT NULL", Vec::new()).await.is_err());
        assert_ne!(process().await, second);
    }
}
