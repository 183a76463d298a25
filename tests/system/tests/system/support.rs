//! What several tests need.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rand::SeedableRng;
use rand::rngs::StdRng;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use tenantry_kernel::{Entropy, OsEntropy};
use tenantry_system_tests::{Instance, Person, Product, Tenant, processes, until};

/// n8n takes 5 s on an idle machine, and much longer on one that compiles meanwhile.
pub(crate) const BOOT: Duration = Duration::from_secs(180);

/// Names the step that runs and how long it took, so that a failure says where it was.
pub(crate) async fn step<T>(name: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
    let start = Instant::now();
    let outcome = work.await.with_context(|| format!("step: {name}"))?;
    println!("{:>7.1} s  {name}", start.elapsed().as_secs_f64());
    Ok(outcome)
}

/// Random moments that can be had again: set TENANTRY_TEST_SEED to the number that a failed run printed.
#[expect(clippy::disallowed_methods, reason = "a test has no command line of its own")]
pub(crate) fn random_moments() -> Result<StdRng> {
    let seed = match std::env::var("TENANTRY_TEST_SEED") {
        Ok(text) => text.parse().context("TENANTRY_TEST_SEED is a number")?,
        Err(_) => {
            let mut bytes = [0; 8];
            OsEntropy.fill(&mut bytes);
            u64::from_le_bytes(bytes)
        }
    };
    println!("TENANTRY_TEST_SEED={seed}");
    Ok(StdRng::seed_from_u64(seed))
}

/// A connection to one of the embedded server's databases as its superuser.
pub(crate) async fn superuser(product: &Product, database: &str) -> Result<PgConnection> {
    let (socket, password) = product.superuser()?;
    let options =
        PgConnectOptions::new().socket(socket).username("postgres").password(&password).database(database);
    Ok(PgConnection::connect_with(&options).await?)
}

/// The names of roles and databases of instances.
pub(crate) async fn roles_and_databases(product: &Product) -> Result<(BTreeSet<String>, BTreeSet<String>)> {
    let mut connection = superuser(product, "postgres").await?;
    let roles: Vec<String> =
        sqlx::query_scalar("SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'ins\\_%'")
            .fetch_all(&mut connection)
            .await?;
    let databases: Vec<String> =
        sqlx::query_scalar("SELECT datname::text FROM pg_database WHERE datname LIKE 'ins\\_%'")
            .fetch_all(&mut connection)
            .await?;
    connection.close().await?;
    Ok((roles.into_iter().collect(), databases.into_iter().collect()))
}

/// Exactly these instances are there: a process, a role, a database and a directory each, and nothing else.
pub(crate) async fn exactly(product: &Product, wanted: &[&str]) -> Result<()> {
    let wanted: BTreeSet<String> = wanted.iter().map(|id| (*id).to_owned()).collect();
    let state = product.state();
    for id in &wanted {
        let found = processes::n8n(&state, id);
        ensure!(found.len() == 1, "{id} has {} n8n processes: {found:?}", found.len());
        let ports = processes::ports(&state, id);
        ensure!(ports.len() == 2, "{id} has the ports {ports:?}");
        for port in ports {
            ensure!(
                std::net::TcpStream::connect(("127.0.0.1", port)).is_ok(),
                "{id} does not listen on {port}"
            );
        }
    }
    let strangers: Vec<_> = processes::in_directory(&state.join("instances"))
        .into_iter()
        .filter(|p| !wanted.iter().any(|id| belongs(p.pid, &state, id)))
        .collect();
    ensure!(strangers.is_empty(), "processes of no instance: {strangers:?}");
    let (roles, databases) = roles_and_databases(product).await?;
    ensure!(roles == wanted, "roles: {roles:?}, wanted: {wanted:?}");
    ensure!(databases == wanted, "databases: {databases:?}, wanted: {wanted:?}");
    let directories = processes::instance_directories(&state);
    ensure!(directories == wanted, "directories: {directories:?}, wanted: {wanted:?}");
    Ok(())
}

fn belongs(pid: i32, state: &Path, id: &str) -> bool {
    processes::in_directory(&state.join("instances").join(id)).iter().any(|p| p.pid == pid)
}

/// It is ready, and really serves: its own API with its key, through the edge.
pub(crate) async fn serves(
    product: &Product,
    person: &Person,
    tenant: &Tenant,
    id: &str,
) -> Result<Instance> {
    let (instance, _) = person.ready(tenant, id, BOOT).await?;
    let n8n = person.open(tenant, &instance, product.edge_port()).await?;
    // As long as a start may take: just after n8n was killed, the record may still say that it is ready.
    until("the edge to lead to it", BOOT, async || {
        let (status, _) = n8n.request(reqwest::Method::GET, "/api/v1/workflows", None).await?;
        Ok(status.is_success().then_some(()))
    })
    .await?;
    Ok(instance)
}

/// Waits until an instance that is being deleted is gone for the customer too.
pub(crate) async fn gone(person: &Person, tenant: &Tenant, id: &str) -> Result<()> {
    until(&format!("{id} to be deleted"), BOOT, async || {
        Ok(match person.instance(tenant, id).await {
            Ok(now) => (now.phase == "DELETED").then_some(()),
            Err(error) if format!("{error:#}").contains("NOT_FOUND") => Some(()),
            Err(error) => return Err(error),
        })
    })
    .await
}
