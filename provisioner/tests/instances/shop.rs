//! The provisioner on its own database, with a plan that the test sets and workers that it starts and stops.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chrono::TimeDelta;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;
use tenantry_authz::{Ctx, Role};
use tenantry_kernel::{InstanceId, OsEntropy, Result, TenantId};
use tenantry_keys::{Keys, LocalKeyring};
use tenantry_provisioner::instances::{CreateInstance, DeleteInstance, Instance, Instances, InstancesConfig};
use tenantry_provisioner::ports::{Entitlements, Execution, InstanceEntitlement, UsageSink};
use tenantry_provisioner::worker::{InstanceDatabases, Worker, WorkerConfig};
use tenantry_store::idempotency::IdempotencyKey;
use tenantry_store::notify::Signals;
use tenantry_store::{Db, PoolSizes, SystemRole, SystemTx, TenantTx};
use tenantry_testkit::World;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::driver::FakeDriver;
use crate::ports::Ports;

const PATIENCE: Duration = Duration::from_secs(30);
pub(crate) const GRACE: TimeDelta = TimeDelta::days(7);

pub(crate) struct Plan {
    pub(crate) max_instances: AtomicI64,
}

#[async_trait]
impl Entitlements for Plan {
    async fn instances(&self, _tx: &TenantTx) -> Result<InstanceEntitlement> {
        Ok(InstanceEntitlement {
            plan: "Test".to_owned(),
            max_instances: self.max_instances.load(Ordering::SeqCst),
            concurrency: 2,
            cpu_millis: 500,
            memory_mib: 512,
            storage_mib: 1024,
        })
    }
}

struct NoUsage;

#[async_trait]
impl UsageSink for NoUsage {
    async fn record(&self, _executions: &[Execution]) -> Result<()> {
        Ok(())
    }
}

pub(crate) struct Shop {
    pub(crate) world: World,
    pub(crate) db: Db,
    pub(crate) keys: Keys,
    pub(crate) plan: Arc<Plan>,
    pub(crate) instances: Instances,
    pub(crate) driver: Arc<FakeDriver>,
    pub(crate) tenant: TenantId,
    pub(crate) owner: Ctx,
    ports: Ports,
    _directory: TempDir,
}

pub(crate) fn new_instance(slug: &str) -> CreateInstance {
    CreateInstance {
        name: format!("Instance {slug}"),
        slug: slug.to_owned(),
        region: "us-east".to_owned(),
        owner_email: "ada@example.com".to_owned(),
        owner_name: "Ada Lovelace".to_owned(),
    }
}

pub(crate) fn key(text: &str) -> IdempotencyKey {
    text.parse().unwrap()
}

impl Shop {
    pub(crate) async fn new() -> Self {
        let world = World::new().await;
        let cluster = &world.test_db.cluster;
        let db = Db::connect(&cluster.app, &cluster.system, PoolSizes { app: 8, system: 12 });
        let directory = tempfile::tempdir().unwrap();
        let keyring = LocalKeyring::open(&directory.path().join("keyring"), true, &OsEntropy).unwrap();
        let keys = Keys::new(Arc::new(keyring), Arc::new(OsEntropy));
        let plan = Arc::new(Plan { max_instances: AtomicI64::new(100) });
        let instances = Instances::new(InstancesConfig {
            db: db.clone(),
            keys: keys.clone(),
            entitlements: plan.clone(),
            n8n_version: "2.0.0".to_owned(),
            deletion_grace: GRACE,
        });
        let tenant = world.tenant_id();
        let owner = world.member(tenant, Role::Owner);
        let shop = Self {
            driver: Arc::new(FakeDriver::new()),
            ports: Ports::take().await,
            _directory: directory,
            world,
            db,
            keys,
            plan,
            instances,
            tenant,
            owner,
        };
        shop.key_for(tenant).await;
        shop
    }

    async fn key_for(&self, tenant: TenantId) {
        let tx = SystemTx::begin(&self.db, SystemRole::Onboarding).await.unwrap();
        self.keys.create(&tx, tenant, self.world.runtime.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Another tenant and its owner.
    pub(crate) async fn neighbour(&self) -> (TenantId, Ctx) {
        let tenant = self.world.tenant_id();
        self.key_for(tenant).await;
        (tenant, self.world.member(tenant, Role::Owner))
    }

    pub(crate) async fn create(&self, slug: &str) -> Instance {
        self.instances.create(&self.owner, self.tenant, new_instance(slug), None).await.unwrap()
    }

    /// Deletes it with its data.
    pub(crate) async fn delete(&self, instance: &Instance) {
        self.delete_as(instance, true).await;
    }

    pub(crate) async fn delete_as(&self, instance: &Instance, immediately: bool) -> Instance {
        let input = DeleteInstance { confirm_slug: instance.slug.clone(), immediately };
        self.instances.delete(&self.owner, self.tenant, instance.id, input).await.unwrap()
    }

    /// A worker of the region, with the real database server.
    pub(crate) fn worker(&self, holder: &str) -> RunningWorker {
        let databases = InstanceDatabases::new(self.world.test_db.cluster.provisioner.clone());
        self.worker_with(holder, databases, TimeDelta::seconds(60))
    }

    /// A worker that finds no database server for instances.
    pub(crate) fn worker_without_databases(&self, holder: &str) -> RunningWorker {
        let nowhere = PgConnectOptions::new().socket("/nonexistent").username("tenantry_provisioner");
        self.worker_with(holder, InstanceDatabases::new(nowhere), TimeDelta::seconds(60))
    }

    pub(crate) fn worker_with(
        &self,
        holder: &str,
        databases: InstanceDatabases,
        boot_deadline: TimeDelta,
    ) -> RunningWorker {
        let worker = Worker::new(WorkerConfig {
            db: self.db.clone(),
            keys: self.keys.clone(),
            driver: self.driver.clone(),
            databases,
            usage: Arc::new(NoUsage),
            signals: Signals::listen(self.db.system_pool().clone()),
            clock: self.world.runtime.clock.clone(),
            entropy: self.world.runtime.entropy.clone(),
            http: reqwest::Client::builder().build().unwrap(),
            regions: vec!["us-east".to_owned(), "us-west".to_owned()],
            holder: holder.to_owned(),
            first_uid: 70_000,
            port_pool: self.ports.pool(),
            public_url: "http://{slug}.{region}.localhost".to_owned(),
            boot_deadline,
        });
        let stop = CancellationToken::new();
        let task = tokio::spawn(Arc::new(worker).run(stop.clone()));
        RunningWorker { stop, task }
    }

    /// Waits until the instance's row is as wanted (an SQL condition).
    pub(crate) async fn until(&self, id: InstanceId, condition: &str) {
        let mut superuser = self.world.superuser().await;
        let sql = format!("SELECT {condition} FROM provisioner.instances WHERE id = $1");
        let begun = Instant::now();
        loop {
            let so: Option<bool> = sqlx::query_scalar(AssertSqlSafe(sql.clone()))
                .bind(id.uuid())
                .fetch_one(&mut superuser)
                .await
                .unwrap();
            if so == Some(true) {
                return;
            }
            if begun.elapsed() > PATIENCE {
                panic!("not within {PATIENCE:?}: {condition}\n{:#?}", self.snapshot(id).await);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Changes the row behind everyone's back.
    pub(crate) async fn set(&self, id: InstanceId, assignments: &str) {
        let sql = format!("UPDATE provisioner.instances SET {assignments} WHERE id = $1");
        let done = sqlx::query(AssertSqlSafe(sql))
            .bind(id.uuid())
            .execute(&mut self.world.superuser().await)
            .await
            .unwrap();
        assert_eq!(done.rows_affected(), 1);
    }

    /// The instance's row, events and secrets, as text.
    pub(crate) async fn snapshot(&self, id: InstanceId) -> Vec<String> {
        self.texts(&format!(
            "SELECT row_to_json(i)::text FROM provisioner.instances i WHERE id = '{0}'
             UNION ALL (SELECT row_to_json(e)::text FROM provisioner.instance_events e WHERE instance_id = '{0}' ORDER BY e.id)
             UNION ALL (SELECT row_to_json(s)::text FROM provisioner.instance_secrets s WHERE instance_id = '{0}' ORDER BY name)",
            id.uuid()
        ))
        .await
    }

    pub(crate) async fn texts(&self, sql: &str) -> Vec<String> {
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned()))
            .fetch_all(&mut self.world.superuser().await)
            .await
            .unwrap()
    }

    pub(crate) async fn number(&self, sql: &str) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned()))
            .fetch_one(&mut self.world.superuser().await)
            .await
            .unwrap()
    }

    /// Which of these instances have a database or role on the server.
    pub(crate) async fn databases(&self, ids: &[InstanceId]) -> HashSet<String> {
        let names: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let mut superuser = PgConnection::connect_with(&self.world.test_db.superuser).await.unwrap();
        sqlx::query_scalar(
            "SELECT datname::text FROM pg_database WHERE datname = ANY($1)
             UNION SELECT rolname::text FROM pg_roles WHERE rolname = ANY($1)",
        )
        .bind(names)
        .fetch_all(&mut superuser)
        .await
        .unwrap()
        .into_iter()
        .collect()
    }
}

pub(crate) struct RunningWorker {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl RunningWorker {
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}
