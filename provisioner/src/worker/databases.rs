//! An instance's own role and database: one of each, of the instance's id, owned by nobody else.

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use std::time::Duration;
use tenantry_kernel::{Error, InstanceId, Result, Secret};
use tenantry_store::DbResultExt;

use super::plan::Presence;

/// What n8n may open at once; its own pool is smaller.
const CONNECTIONS: u32 = 10;

/// Makes and drops instances' databases, with the provisioner's database role.
#[derive(Clone)]
pub struct InstanceDatabases {
    pool: PgPool,
    options: PgConnectOptions,
}

impl InstanceDatabases {
    /// `options` reach the server as `tenantry_provisioner`.
    pub fn new(options: PgConnectOptions) -> Self {
        let pool = PgPoolOptions::new()
            .max_connections(4)
            .acquire_timeout(Duration::from_secs(5))
            .idle_timeout(Duration::from_secs(60))
            .connect_lazy_with(options.clone());
        Self { pool, options }
    }

    /// Where the server is: a socket's directory or a host, and the port.
    pub fn address(&self) -> (String, u16) {
        let host = match self.options.get_socket() {
            Some(directory) => directory.display().to_string(),
            None => self.options.get_host().to_owned(),
        };
        (host, self.options.get_port())
    }

    /// Whether the role and the database are there: both, or it counts as absent.
    pub async fn observe(&self, id: InstanceId) -> Presence {
        let found: std::result::Result<bool, _> = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $1)
                AND EXISTS (SELECT 1 FROM pg_database WHERE datname = $1 AND datallowconn)",
        )
        .bind(id.to_string())
        .fetch_one(&self.pool)
        .await;
        match found {
            Ok(true) => Presence::Present,
            Ok(false) => Presence::Absent,
            Err(error) => {
                tracing::warn!(error = %error, instance.id = %id, "the database server cannot be asked");
                Presence::Unknown
            }
        }
    }

    /// Whether anything at all is left to drop.
    pub async fn observe_remains(&self, id: InstanceId) -> Presence {
        let found: std::result::Result<bool, _> = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $1 AND rolcanlogin)
                 OR EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)",
        )
        .bind(id.to_string())
        .fetch_one(&self.pool)
        .await;
        match found {
            Ok(true) => Presence::Present,
            Ok(false) => Presence::Absent,
            Err(_) => Presence::Unknown,
        }
    }

    /// What the database takes on the server's disk, in bytes. `None`: it is not there, or its owner has shut us out.
    pub async fn size(&self, id: InstanceId) -> Option<u64> {
        let size: std::result::Result<Option<i64>, _> = sqlx::query_scalar(
            "SELECT CASE WHEN has_database_privilege(oid, 'CONNECT') THEN pg_database_size(oid) END
             FROM pg_database WHERE datname = $1",
        )
        .bind(id.to_string())
        .fetch_optional(&self.pool)
        .await
        .map(Option::flatten);
        size.ok().flatten().and_then(|bytes| u64::try_from(bytes).ok())
    }

    /// Makes what is missing, and sets the password. Idempotent.
    pub async fn create(&self, id: InstanceId, password: &Secret) -> Result<()> {
        let mut connection = self.pool.acquire().await.db()?;
        // The id is ours and has only letters, digits and an underscore; the password is hexadecimal.
        let name = format!("\"{id}\"");
        if !password.expose().bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(Error::internal("a database password has letters and digits only"));
        }
        run(&mut connection, "SET createrole_self_grant = 'set, inherit'".to_owned()).await?;
        let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $1)")
            .bind(id.to_string())
            .fetch_one(&mut *connection)
            .await
            .db()?;
        // Only a superuser may name SUPERUSER in an ALTER, even to deny it: a role we made has kept the
        // attributes of its making, and only what its owner can change is set again.
        let verb = if exists { "ALTER" } else { "CREATE" };
        let fixed = if exists { "" } else { "NOSUPERUSER NOCREATEDB NOCREATEROLE" };
        run(
            &mut connection,
            format!(
                "{verb} ROLE {name} LOGIN {fixed} CONNECTION LIMIT {CONNECTIONS} PASSWORD '{}'",
                password.expose()
            ),
        )
        .await?;
        // Its warnings are its own affair: they must not fill the server's log. Needs a right that not every
        // server's administrator can give.
        let quiet = format!("ALTER ROLE {name} SET log_min_messages = panic");
        if let Err(error) = run(&mut connection, quiet).await {
            tracing::debug!(error = ?error, "the instance's warnings go to the server's log");
        }
        if exists_database(&mut connection, id).await? {
            // The owner may have changed these: it must not keep us, or itself, out.
            run(
                &mut connection,
                format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true IS_TEMPLATE false"),
            )
            .await?;
        } else {
            run(&mut connection, format!("CREATE DATABASE {name} OWNER {name} TEMPLATE template0")).await?;
        }
        run(&mut connection, format!("REVOKE ALL ON DATABASE {name} FROM PUBLIC")).await
    }

    /// Drops the database and the role. Idempotent.
    pub async fn drop(&self, id: InstanceId) -> Result<()> {
        let mut connection = self.pool.acquire().await.db()?;
        if exists_database(&mut connection, id).await? {
            // Nobody new comes in, and who is in goes out. `DROP … WITH (FORCE)` would do it in one, but it refuses
            // when it meets the server's own autovacuum in there; the plain DROP ends that itself and waits for it.
            run(
                &mut connection,
                format!("ALTER DATABASE \"{id}\" WITH ALLOW_CONNECTIONS false IS_TEMPLATE false"),
            )
            .await?;
            sqlx::query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = $1 AND usesysid IN (SELECT oid FROM pg_roles WHERE NOT rolsuper)",
            )
            .bind(id.to_string())
            .execute(&mut *connection)
            .await
            .db()?;
            run(&mut connection, format!("DROP DATABASE IF EXISTS \"{id}\"")).await?;
        }
        let role: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $1)")
            .bind(id.to_string())
            .fetch_one(&mut *connection)
            .await
            .db()?;
        if role {
            // Dropped in one step: killed between a NOLOGIN and the DROP, the role would count as gone and stay for good.
            if let Err(error) = run(&mut connection, format!("DROP ROLE IF EXISTS \"{id}\"")).await {
                // Another tenant may have granted this role a right on its own database, and so hold it in place. It
                // can no longer log in, which is all that matters.
                run(&mut connection, format!("ALTER ROLE \"{id}\" NOLOGIN PASSWORD NULL")).await?;
                tracing::warn!(instance.id = %id, error = ?error, "the role is left, without log-in: others depend on it");
            }
        }
        Ok(())
    }

    /// A connection to the instance's database *as the instance's own role*: whatever hostile code lives in
    /// that database runs with the tenant's rights, never with ours.
    pub async fn connect_as(&self, id: InstanceId, password: &Secret) -> Result<PgConnection> {
        let options = self
            .options
            .clone()
            .username(&id.to_string())
            .database(&id.to_string())
            .password(password.expose())
            // A name in the query must never resolve to a function of the tenant's.
            .options([
                ("statement_timeout", "5000"),
                ("search_path", "pg_catalog"),
                ("client_min_messages", "error"),
            ]);
        PgConnection::connect_with(&options).await.db()
    }
}

async fn exists_database(connection: &mut PgConnection, id: InstanceId) -> Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)")
        .bind(id.to_string())
        .fetch_one(connection)
        .await
        .db()
}

async fn run(connection: &mut PgConnection, sql: String) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.db().map(|_| ())
}
