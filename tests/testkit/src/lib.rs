//! What tests stand on: a real PostgreSQL, and a fresh database of it for each test.
//!
//! One server serves a whole test run. The first test starts it (fsync off: a test run needs no durability), the
//! others find it; `tenantry-testkit-clean` ends it and deletes its data. Each [`TestDb`] is made from a template
//! that holds the migrated schema, so it costs some tens of milliseconds. [`World`] adds people: contexts of members,
//! strangers and staff, as authentication would make them.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tenantry_migrations::{Cluster, RolePasswords};
use tenantry_postgres::{Options, Postgres};

pub mod saml;
mod world;

pub use world::World;

/// A database of one test, with the schema in place.
pub struct TestDb {
    /// How to connect as each of the product's roles.
    pub cluster: Cluster,
    /// How to connect as the superuser: for looking behind the product's back.
    pub superuser: PgConnectOptions,
    pub name: String,
}

impl TestDb {
    /// Makes a database. Panics where PostgreSQL cannot be had, with the reason: a test cannot go on then.
    #[expect(clippy::expect_used, reason = "a test without its database has failed")]
    pub async fn new() -> Self {
        Self::create().await.expect("a PostgreSQL for the tests (run them with `cargo xtask test`)")
    }

    async fn create() -> Result<Self> {
        let server = server().await?;
        let superuser = options(&server);
        let passwords = passwords(&server);
        let template = format!("template_{}", fingerprint());
        let mut admin = PgConnection::connect_with(&superuser).await?;
        sqlx::query("SELECT pg_advisory_lock(7358100)").execute(&mut admin).await?;
        let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)")
            .bind(&template)
            .fetch_one(&mut admin)
            .await?;
        if !exists {
            // Built under another name, so that a killed test leaves no half template.
            let draft = format!("{template}_draft");
            run(&mut admin, format!("DROP DATABASE IF EXISTS {draft} WITH (FORCE)")).await?;
            let cluster = tenantry_migrations::bootstrap(&superuser, &draft, &passwords).await?;
            tenantry_migrations::migrate(&cluster.migrator).await?;
            run(&mut admin, format!("ALTER DATABASE {draft} RENAME TO {template}")).await?;
        }
        let name = fresh_name()?;
        run(&mut admin, format!("CREATE DATABASE {name} TEMPLATE {template} OWNER tenantry_migrator"))
            .await?;
        sqlx::query("SELECT pg_advisory_unlock(7358100)").execute(&mut admin).await?;
        admin.close().await?;
        let cluster = tenantry_migrations::bootstrap(&superuser, &name, &passwords).await?;
        Ok(Self { cluster, superuser: superuser.database(&name), name })
    }

    /// Makes a database with the roles and without the schema: for testing migrations. Panics as `new` does.
    #[expect(clippy::expect_used, reason = "a test without its database has failed")]
    pub async fn empty() -> Self {
        Self::create_empty().await.expect("a PostgreSQL for the tests (run them with `cargo xtask test`)")
    }

    async fn create_empty() -> Result<Self> {
        let server = server().await?;
        let superuser = options(&server);
        let name = fresh_name()?;
        let cluster = tenantry_migrations::bootstrap(&superuser, &name, &passwords(&server)).await?;
        Ok(Self { cluster, superuser: superuser.database(&name), name })
    }
}

/// A database on a server that nobody else uses: for what concerns a server as a whole.
pub struct OwnServer {
    pub db: TestDb,
    server: Postgres,
    home: PathBuf,
}

#[expect(clippy::expect_used, reason = "a test without its server has failed")]
impl OwnServer {
    /// Starts it. Panics where PostgreSQL cannot be had, with the reason.
    pub async fn start() -> Self {
        Self::try_start()
            .await
            .expect("a PostgreSQL of the test's own (run the tests with `cargo xtask test`)")
    }

    async fn try_start() -> Result<Self> {
        let home = PathBuf::from(format!("/tmp/tenantry-own-{}", fresh_name()?));
        let server = start_in(&home).await?;
        let superuser = options(&server);
        let name = fresh_name()?;
        let cluster = tenantry_migrations::bootstrap(&superuser, &name, &passwords(&server)).await?;
        let db = TestDb { cluster, superuser: superuser.database(&name), name };
        Ok(Self { db, server, home })
    }

    /// Ends it and deletes its data. Call it before anything is asserted: nothing else does.
    pub async fn end(self) {
        self.server.stop().await.expect("the server stops");
        std::fs::remove_dir_all(self.home).expect("its directory is deleted");
    }
}

fn fresh_name() -> Result<String> {
    let mut random = [0u8; 8];
    fill(&mut random)?;
    Ok(format!("test_{}", hex::encode(random)))
}

/// Where the test server lives: short, because a socket's path is at most 107 bytes.
fn home() -> PathBuf {
    // One for each checkout: a run in another one must not end this one's server.
    let checkout = hex::encode(Sha256::digest(env!("CARGO_MANIFEST_DIR")));
    let checkout: String = checkout.chars().take(8).collect();
    PathBuf::from(format!("/tmp/tenantry-test-{}-{checkout}", nix::unistd::Uid::effective()))
}

/// The test run's server: started by the first test, adopted by the others.
pub async fn server() -> Result<Postgres> {
    start_in(&home()).await
}

async fn start_in(home: &Path) -> Result<Postgres> {
    std::fs::create_dir_all(home)?;
    Ok(tenantry_postgres::start(Options {
        bin_dir: bin_dir()?,
        data_dir: home.join("data"),
        socket_dir: home.join("socket"),
        durable: false,
    })
    .await?)
}

/// Ends the test run's server and deletes its data.
pub async fn clean() -> Result<()> {
    if home().join("data").exists() {
        server().await?.stop().await?;
    }
    if home().exists() {
        std::fs::remove_dir_all(home())?;
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "tests are configured by the environment that xtask sets")]
fn bin_dir() -> Result<PathBuf> {
    std::env::var_os("TENANTRY_POSTGRES_BIN")
        .map(PathBuf::from)
        .context("TENANTRY_POSTGRES_BIN is not set: run the tests with `cargo xtask test`")
}

fn options(server: &Postgres) -> PgConnectOptions {
    PgConnectOptions::new()
        .socket(server.socket_dir())
        .port(tenantry_postgres::PORT)
        .username(server.superuser())
        .password(server.superuser_password().expose())
        .database("postgres")
}

/// The same in every test process: roles are shared by all databases of the server.
fn passwords(server: &Postgres) -> RolePasswords {
    let of =
        |role: &str| hex::encode(Sha256::digest(format!("{role} {}", server.superuser_password().expose())));
    RolePasswords {
        migrator: of("migrator"),
        app: of("app"),
        system: of("system"),
        provisioner: of("provisioner"),
    }
}

fn fingerprint() -> String {
    let mut hash = Sha256::new();
    for source in tenantry_migrations::sources() {
        hash.update(source);
    }
    hex::encode(hash.finalize()).chars().take(16).collect()
}

fn fill(bytes: &mut [u8]) -> Result<()> {
    use rand::TryRng;
    rand::rngs::SysRng.try_fill_bytes(bytes).context("randomness")
}

async fn run(connection: &mut PgConnection, sql: String) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await?;
    Ok(())
}
