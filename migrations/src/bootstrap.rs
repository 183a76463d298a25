use anyhow::{Context, Result};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// Passwords of the product's roles, made by the product on first start.
pub struct RolePasswords {
    pub migrator: String,
    pub app: String,
    pub system: String,
    pub provisioner: String,
}

/// How to reach the product's database as each role.
#[derive(Clone)]
pub struct Cluster {
    pub migrator: PgConnectOptions,
    pub app: PgConnectOptions,
    pub system: PgConnectOptions,
    pub provisioner: PgConnectOptions,
}

/// Makes the database and the roles where they are missing, and sets the roles' passwords. Idempotent.
///
/// `admin` must be able to create databases and roles; it is used for nothing else.
///
/// # Errors
/// When the server cannot be reached or `admin` lacks a right; the message names which.
pub async fn bootstrap(
    admin: &PgConnectOptions,
    database: &str,
    passwords: &RolePasswords,
) -> Result<Cluster> {
    let mut connection = PgConnection::connect_with(&admin.clone().database("postgres"))
        .await
        .context("PostgreSQL does not answer with the administrative account")?;
    let version: String = sqlx::query_scalar("SHOW server_version_num").fetch_one(&mut connection).await?;
    anyhow::ensure!(
        version.parse::<u32>().is_ok_and(|v| v >= 160_000),
        "PostgreSQL 16 or newer is needed (n8n supports no older one either), and this server is {version}"
    );
    // Kept for the whole of the bootstrap: two products that start at once take turns.
    sqlx::query("SET lock_timeout = '60s'").execute(&mut connection).await?;
    sqlx::query("SELECT pg_advisory_lock(7358001)").execute(&mut connection).await?;
    let roles = [
        ("tenantry_migrator", &passwords.migrator, ""),
        ("tenantry_app", &passwords.app, ""),
        ("tenantry_system", &passwords.system, ""),
        ("tenantry_provisioner", &passwords.provisioner, "CREATEDB CREATEROLE"),
    ];
    for (role, password, rights) in roles {
        let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $1)")
            .bind(role)
            .fetch_one(&mut connection)
            .await?;
        let verb = if exists { "ALTER" } else { "CREATE" };
        let quoted: String =
            sqlx::query_scalar("SELECT quote_literal($1)").bind(password).fetch_one(&mut connection).await?;
        execute(&mut connection, format!("{verb} ROLE {role} LOGIN NOSUPERUSER {rights} PASSWORD {quoted}"))
            .await
            .with_context(|| format!("the administrative account cannot {verb} the role {role}"))?;
    }
    // What only a superuser can give; without these the product works, with less room or more log.
    for grant in [
        "GRANT pg_use_reserved_connections TO tenantry_migrator, tenantry_app, tenantry_system, tenantry_provisioner",
        "GRANT SET ON PARAMETER log_min_messages TO tenantry_provisioner WITH GRANT OPTION",
    ] {
        let _ = execute(&mut connection, grant.to_owned()).await;
    }
    let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)")
        .bind(database)
        .fetch_one(&mut connection)
        .await?;
    let name: String =
        sqlx::query_scalar("SELECT quote_ident($1)").bind(database).fetch_one(&mut connection).await?;
    if !exists {
        // On a server where `admin` is no superuser it must be a member of the role it gives the database to.
        let _ = execute(&mut connection, "GRANT tenantry_migrator TO CURRENT_USER".to_owned()).await;
        execute(
            &mut connection,
            format!("CREATE DATABASE {name} OWNER tenantry_migrator TEMPLATE template0"),
        )
        .await
        .context("the administrative account cannot create the product's database")?;
    }
    execute(&mut connection, format!("REVOKE ALL ON DATABASE {name} FROM PUBLIC")).await?;
    execute(&mut connection, format!("GRANT CONNECT ON DATABASE {name} TO tenantry_app, tenantry_system"))
        .await?;
    connection.close().await?;

    Ok(Cluster::at(admin, database, passwords))
}

impl Cluster {
    /// The roles of a database that is there, on the server that `server` reaches; whose account that names does not
    /// matter. Nothing is connected to.
    pub fn at(server: &PgConnectOptions, database: &str, passwords: &RolePasswords) -> Self {
        let role =
            |user: &str, password: &str| server.clone().username(user).password(password).database(database);
        Self {
            migrator: role("tenantry_migrator", &passwords.migrator),
            app: role("tenantry_app", &passwords.app),
            system: role("tenantry_system", &passwords.system),
            provisioner: role("tenantry_provisioner", &passwords.provisioner).database("postgres"),
        }
    }
}

async fn execute(connection: &mut PgConnection, sql: String) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(|_| ())
}

/// A small pool for schema changes.
pub(crate) async fn pool(options: &PgConnectOptions) -> Result<sqlx::PgPool, sqlx::Error> {
    PgPoolOptions::new().max_connections(2).connect_with(options.clone()).await
}
