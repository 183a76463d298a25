//! An instance's role and database: whatever a kill left of them, making and dropping carry on.

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tenantry_kernel::{InstanceId, OsEntropy, Secret, SystemClock};
use tenantry_provisioner::worker::InstanceDatabases;
use tenantry_testkit::OwnServer;

use crate::shop::Shop;

struct Trial {
    shop: Shop,
    databases: InstanceDatabases,
    id: InstanceId,
}

impl Trial {
    async fn new() -> Self {
        let shop = Shop::new().await;
        let databases = InstanceDatabases::new(shop.world.test_db.cluster.provisioner.clone());
        let id = InstanceId::generate(&*shop.world.runtime.clock, &*shop.world.runtime.entropy);
        Self { shop, databases, id }
    }

    /// Runs as the role that makes databases, with `{id}` for the instance's name.
    async fn left_by_a_kill(&self, statements: &[&str]) {
        let mut connection =
            PgConnection::connect_with(&self.shop.world.test_db.cluster.provisioner).await.unwrap();
        for statement in statements {
            let sql = statement.replace("{id}", &format!("\"{}\"", self.id));
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        }
    }

    /// Makes it, uses it as the instance does, makes it again, and drops it twice.
    async fn works(&self, case: &str) {
        for password in ["first", "second"] {
            let password = Secret::new(password.to_owned());
            self.databases.create(self.id, &password).await.unwrap_or_else(|e| panic!("{case}: {e:?}"));
            let mut own = self.databases.connect_as(self.id, &password).await.unwrap();
            sqlx::raw_sql("CREATE TABLE IF NOT EXISTS public.t (n int)").execute(&mut own).await.unwrap();
            own.close().await.unwrap();
        }
        for _ in 0..2 {
            self.databases.drop(self.id).await.unwrap_or_else(|e| panic!("{case}: {e:?}"));
        }
        assert!(self.shop.databases(&[self.id]).await.is_empty(), "{case}: something is left");
    }
}

#[tokio::test]
async fn making_a_database_carries_on_after_a_kill_at_any_step() {
    let role = "CREATE ROLE {id} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE CONNECTION LIMIT 10 PASSWORD 'x'";
    let grant = "SET createrole_self_grant = 'set, inherit'";
    let database = "CREATE DATABASE {id} OWNER {id} TEMPLATE template0";
    let trial = Trial::new().await;
    for (case, left) in [
        ("nothing", vec![]),
        ("the role", vec![grant, role]),
        ("role and database", vec![grant, role, database]),
        ("half dropped: the role without log-in", vec![grant, role, "ALTER ROLE {id} NOLOGIN PASSWORD NULL"]),
    ] {
        trial.left_by_a_kill(&left).await;
        trial.works(case).await;
    }
}

/// The server's autovacuum works as the superuser, whom nobody else may end: meeting it must not stop a deletion.
#[tokio::test]
async fn a_database_is_dropped_while_the_server_vacuums_it() {
    // Its own server: a shared one has hundreds of databases, and vacuums them in turns.
    let server = OwnServer::start().await;
    let databases = InstanceDatabases::new(server.db.cluster.provisioner.clone());
    let id = InstanceId::generate(&SystemClock, &OsEntropy);
    let password = Secret::new("first".to_owned());
    databases.create(id, &password).await.unwrap();
    let mut own = databases.connect_as(id, &password).await.unwrap();
    // Vacuumed at the first chance, and so slowly that the worker is met for certain.
    sqlx::raw_sql(
        "CREATE TABLE public.slow (n int) WITH (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0,
            autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1);
         INSERT INTO public.slow SELECT generate_series(1, 50000); DELETE FROM public.slow",
    )
    .execute(&mut own)
    .await
    .unwrap();
    own.close().await.unwrap();
    let mut superuser = PgConnection::connect_with(&server.db.superuser).await.unwrap();
    for setting in ["ALTER SYSTEM SET autovacuum_naptime = 1", "SELECT pg_reload_conf()"] {
        sqlx::raw_sql(setting).execute(&mut superuser).await.unwrap();
    }
    let mut vacuumed = false;
    for _ in 0..900 {
        vacuumed = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM pg_stat_activity
             WHERE datname = $1 AND backend_type = 'autovacuum worker' AND query LIKE '%slow%')",
        )
        .bind(id.to_string())
        .fetch_one(&mut superuser)
        .await
        .unwrap();
        if vacuumed {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let dropped = databases.drop(id).await;
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_database WHERE datname = $1")
        .bind(id.to_string())
        .fetch_one(&mut superuser)
        .await
        .unwrap();
    superuser.close().await.unwrap();
    server.end().await;
    assert!(vacuumed, "the server did not come to vacuum it");
    dropped.unwrap();
    assert_eq!(left, 0);
}
