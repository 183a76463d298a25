//! A small world for the driver: a PostgreSQL server, a driver with an installation id of its own, instances.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use sqlx::{Connection, PgConnection};
use tenantry_kernel::{OsEntropy, Secret};
use tenantry_postgres::{Options, Postgres};
use tenantry_provisioner::driver::{
    DatabaseAccess, Driver, InstanceRef, InstanceSpec, Isolation, Limits, Observed, Owner, ProcessConfig,
    ProcessDriver,
};
use tenantry_provisioner::n8n::{Health, N8nClient, hash_owner_password};

pub(crate) const VERSION: &str = "2.40.7";
pub(crate) const PASSWORD: &str = "Owner-Passw0rd-1";
const FIRST_UID: u32 = 410_000;
/// Each test gets a block of ports and user ids: tests of several processes run at the same time.
const BLOCK: u16 = 20;

pub(crate) struct World {
    pub(crate) config: ProcessConfig,
    pub(crate) driver: ProcessDriver,
    pub(crate) http: reqwest::Client,
    postgres: Option<Postgres>,
    next: AtomicU16,
    made: Mutex<Vec<InstanceRef>>,
    directory: tempfile::TempDir,
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests are told by their environment where the heavy parts are"
)]
pub(crate) fn part(variable: &str) -> PathBuf {
    std::env::var(variable)
        .unwrap_or_else(|_| panic!("{variable} is not set: run the tests by `cargo xtask test`"))
        .into()
}

impl World {
    /// `block` is below 8 and differs among tests.
    pub(crate) fn new(block: u16) -> Self {
        let state = tempfile::Builder::new().prefix("tenantry-driver").tempdir().unwrap();
        std::fs::create_dir(state.path().join("nothing")).unwrap();
        // Test runs of several clones, and the tests of one run, may all be at work at the same time.
        let slot = (std::process::id() * 8 + u32::from(block)) % 600;
        let first = 20_000 + u16::try_from(slot).unwrap() * BLOCK;
        let config = ProcessConfig {
            installation: format!("test{}b{block}", std::process::id()),
            state_dir: state.path().join("state"),
            runtimes: part("TENANTRY_N8N_RUNTIMES"),
            isolation: Isolation::Auto,
            launcher: env!("CARGO_BIN_EXE_tenantry-launcher").into(),
            port_pool: first..first + BLOCK,
        };
        let driver = ProcessDriver::new(config.clone()).unwrap();
        Self {
            config,
            driver,
            http: http(),
            postgres: None,
            next: AtomicU16::new(0),
            made: Mutex::default(),
            directory: state,
        }
    }

    pub(crate) async fn with_postgres(block: u16) -> Self {
        let mut world = Self::new(block);
        let base = world.directory.path().join("pg");
        let options = Options {
            bin_dir: part("TENANTRY_POSTGRES_BIN"),
            data_dir: base.join("data"),
            socket_dir: base.join("socket"),
            durable: false,
        };
        // The server's user must be able to pass through.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(world.directory.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        world.postgres = Some(tenantry_postgres::start(options).await.unwrap());
        world
    }

    /// Another worker on the same machine and directories.
    pub(crate) fn another_driver(&self) -> ProcessDriver {
        ProcessDriver::new(self.config.clone()).unwrap()
    }

    /// A specification without a database.
    pub(crate) fn spec(&self, name: &str) -> InstanceSpec {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        let port = self.config.port_pool.start + 2 * n;
        let spec = InstanceSpec {
            id: format!("ins_{name}"),
            n8n_version: VERSION.to_owned(),
            host_uid: FIRST_UID + u32::from(port),
            port,
            broker_port: port + 1,
            public_url: format!("http://{name}.localhost:{port}"),
            limits: Limits {
                cpu_millis: 2000,
                memory_bytes: 1 << 30,
                pids: 150,
                concurrency: 5,
                storage_bytes: 1 << 30,
            },
            database: DatabaseAccess {
                host: self.directory.path().join("nothing").to_string_lossy().into_owned(),
                port: 5432,
                name: "none".to_owned(),
                user: "none".to_owned(),
                password: Secret::new("none"),
            },
            encryption_key: Secret::random(&OsEntropy, 32),
            owner: Owner {
                email: "owner@example.com".to_owned(),
                first_name: "Olga".to_owned(),
                last_name: "Owner".to_owned(),
                password_hash: hash_owner_password(&Secret::new(PASSWORD), &OsEntropy).unwrap(),
            },
            revision: "first".to_owned(),
        };
        self.made.lock().unwrap().push(spec.reference());
        spec
    }

    /// A specification with a role and a database of its own.
    pub(crate) async fn spec_with_database(&self, name: &str) -> InstanceSpec {
        let mut spec = self.spec(name);
        let postgres = self.postgres.as_ref().unwrap();
        let password = Secret::random(&OsEntropy, 16);
        let mut connection =
            PgConnection::connect(postgres.superuser_url("postgres").expose()).await.unwrap();
        for statement in [
            format!("CREATE ROLE {} LOGIN PASSWORD '{}'", spec.id, password.expose()),
            format!("CREATE DATABASE {0} OWNER {0}", spec.id),
        ] {
            sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
        }
        spec.database = DatabaseAccess {
            host: postgres.socket_dir().to_string_lossy().into_owned(),
            port: 5432,
            name: spec.id.clone(),
            user: spec.id.clone(),
            password,
        };
        spec
    }

    pub(crate) fn client(&self, spec: &InstanceSpec) -> N8nClient {
        N8nClient::new(self.http.clone(), spec.port)
    }

    /// Waits until n8n is ready, or tells what the driver sees.
    pub(crate) async fn ready(&self, spec: &InstanceSpec) -> Duration {
        let begun = Instant::now();
        let client = self.client(spec);
        while client.health().await != Health::Ready {
            let observed = self.driver.observe(&spec.reference()).await;
            assert!(!matches!(observed, Observed::Exited { .. } | Observed::Absent), "{observed:?}");
            assert!(begun.elapsed() < Duration::from_secs(90), "not ready in 90 s: {observed:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        begun.elapsed()
    }
}

/// Also when a test fails: instances and servers would outlive it.
impl Drop for World {
    fn drop(&mut self) {
        let (made, postgres) = (std::mem::take(&mut *self.made.lock().unwrap()), self.postgres.take());
        let driver = self.driver.clone();
        let cleaned = std::thread::spawn(move || {
            tokio::runtime::Runtime::new().unwrap().block_on(async move {
                for instance in &made {
                    driver.destroy(instance).await.unwrap();
                }
                driver.uninstall().unwrap();
                if let Some(postgres) = postgres {
                    postgres.stop().await.unwrap();
                }
            });
        });
        if cleaned.join().is_err() && !std::thread::panicking() {
            panic!("the world could not be cleaned up");
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the test is the one who makes the client")]
fn http() -> reqwest::Client {
    reqwest::Client::new()
}
