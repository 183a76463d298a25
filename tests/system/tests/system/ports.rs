//! Ports that somebody else has.

use std::net::TcpListener;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rand::{RngExt, SeedableRng};
use tenantry_kernel::{Entropy, OsEntropy};
use tenantry_system_tests::{Person, Product, Tenant, free_port, processes, until};

use crate::support::{exactly, gone};

/// As many ports as an installation has for instances.
const POOL: u16 = 200;

/// The first of a range of ports that nobody uses now.
pub(crate) fn unused_pool() -> Result<u16> {
    let mut seed = [0; 32];
    OsEntropy.fill(&mut seed);
    let mut random = rand::rngs::StdRng::from_seed(seed);
    (0..50)
        .map(|_| random.random_range(10_000..19_000u16) / 2 * 2)
        .find(|first| take(*first, POOL).is_ok())
        .context("no range of ports is free")
}

/// Takes ports away until the answer is dropped.
pub(crate) fn take(first: u16, count: u16) -> Result<Vec<TcpListener>> {
    (first..first + count).map(|port| Ok(TcpListener::bind(("127.0.0.1", port))?)).collect()
}

pub(crate) fn of(product: &Product, instance: &str) -> Vec<u16> {
    processes::ports(&product.state(), instance)
}

pub(crate) async fn none_free(product: &Product, person: &Person, tenant: &Tenant, first: u16) -> Result<()> {
    let taken = take(first, POOL)?;
    let made = person.create_instance(tenant, "unlucky", "us-west").await?;
    let failed = until("it to fail", Duration::from_secs(30), async || {
        let now = person.instance(tenant, &made.id).await?;
        Ok((now.phase == "FAILED").then_some(now))
    })
    .await?;
    let failure = failed.failure.clone().context("why it failed")?;
    for field in ["code", "message", "remedy"] {
        ensure!(failure[field].as_str().is_some_and(|text| !text.is_empty()), "no {field}: {failure}");
    }
    ensure!(failure["message"].as_str().is_some_and(|m| m.contains("port")), "{failure}");
    person.delete_instance(tenant, &failed).await?;
    gone(person, tenant, &failed.id).await?;
    drop(taken);
    exactly(product, &[]).await
}

/// Another product that wants the same port, or the same state, ends with a message that says so.
pub(crate) async fn second_product(product: &Product) -> Result<()> {
    let elsewhere = product.state().with_file_name("other");
    let addresses = product.addresses();
    for (state, api, edge, words) in [
        (&elsewhere, addresses.api_port, free_port()?, vec!["API cannot listen", "--listen"]),
        (&elsewhere, free_port()?, addresses.edge_port, vec!["edge cannot listen", "--edge-listen"]),
        (&product.state(), free_port()?, free_port()?, vec!["already runs", "--state-dir"]),
    ] {
        let mut command = product.command(state, api, edge);
        let ended = tokio::task::spawn_blocking(move || command.output()).await??;
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        ensure!(!ended.status.success(), "it started: {said}");
        ensure!(words.iter().all(|word| said.contains(word)), "wanted {words:?}: {said}");
    }
    Ok(())
}
