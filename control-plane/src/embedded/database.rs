use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, Result};
use sqlx::postgres::PgConnectOptions;
use tenantry_kernel::{Entropy, Secret};
use tenantry_migrations::Cluster;
use tenantry_postgres::{Options, Postgres};
use tokio_util::sync::CancellationToken;

use super::State;
use super::secrets;

/// The product's database: its own server, or the operator's.
pub struct Database {
    pub cluster: Cluster,
    /// The server we started and must stop; `None` with `DATABASE_URL`.
    pub embedded: Option<Postgres>,
}

/// Brings the database up: server, roles, schema.
///
/// # Errors
/// When no PostgreSQL can be found, started or reached; the message says what to do.
pub async fn open_database(
    state: &State,
    url: Option<&Secret>,
    bin_dir: Option<PathBuf>,
    entropy: &dyn Entropy,
) -> Result<Database> {
    let passwords = secrets::role_passwords(&state.database_secrets(), entropy)?;
    let (admin, name, embedded) = match url {
        Some(url) => {
            let admin =
                PgConnectOptions::from_str(url.expose()).context("DATABASE_URL is not a PostgreSQL URL")?;
            let name = admin.get_database().unwrap_or("tenantry").to_owned();
            (admin, name, None)
        }
        None => {
            let server = start(state, bin_dir).await?;
            let admin = PgConnectOptions::new()
                .socket(server.socket_dir())
                .port(tenantry_postgres::PORT)
                .username(server.superuser())
                .password(server.superuser_password().expose());
            (admin, "tenantry".to_owned(), Some(server))
        }
    };
    let cluster = tenantry_migrations::bootstrap(&admin, &name, &passwords).await?;
    tenantry_migrations::migrate(&cluster.migrator).await?;
    Ok(Database { cluster, embedded })
}

/// How to reach the database of a product that runs elsewhere, or beside this process. Nothing is started, made or
/// changed: the roles' passwords are those that the product made.
///
/// # Errors
/// When the state directory has no passwords, or `DATABASE_URL` is none.
pub fn reach_database(state: &State, url: Option<&Secret>) -> Result<Cluster> {
    let passwords = secrets::known_passwords(&state.database_secrets())?;
    let (server, name) = match url {
        Some(url) => {
            let server =
                PgConnectOptions::from_str(url.expose()).context("DATABASE_URL is not a PostgreSQL URL")?;
            let name = server.get_database().unwrap_or("tenantry").to_owned();
            (server, name)
        }
        None => {
            let socket = tenantry_postgres::default_socket_dir(&state.installation);
            (PgConnectOptions::new().socket(socket).port(tenantry_postgres::PORT), "tenantry".to_owned())
        }
    };
    Ok(Cluster::at(&server, &name, &passwords))
}

/// Starts the embedded server again whenever it has died, until cancelled.
pub async fn keep_running(server: Postgres, data_dir: PathBuf, stop: CancellationToken) {
    while !stop.is_cancelled() {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
        if server.pid().is_some() {
            continue;
        }
        tracing::error!("the embedded PostgreSQL has ended: starting it again");
        let options = Options {
            bin_dir: server.bin_dir().to_owned(),
            data_dir: data_dir.clone(),
            socket_dir: server.socket_dir().to_owned(),
            durable: true,
        };
        if let Err(error) = tenantry_postgres::start(options).await {
            tracing::error!(error = %error, "the embedded PostgreSQL does not start");
        }
    }
}

async fn start(state: &State, bin_dir: Option<PathBuf>) -> Result<Postgres> {
    let bin_dir = bin_dir.context(
        "no PostgreSQL is known. Run `cargo xtask up`, which installs one; or set TENANTRY_POSTGRES_BIN to the \
         directory of its programs, or DATABASE_URL to a running server",
    )?;
    let options = Options {
        bin_dir,
        data_dir: state.postgres_data(),
        socket_dir: tenantry_postgres::default_socket_dir(&state.installation),
        durable: true,
    };
    Ok(tenantry_postgres::start(options).await?)
}
