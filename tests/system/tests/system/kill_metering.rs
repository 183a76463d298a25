//! `SIGKILL` of the product, and of n8n itself, under a stream of executions: each one is counted, and once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rand::RngExt;
use reqwest::StatusCode;
use sqlx::Connection;
use tenantry_system_tests::{Launch, N8n, Person, Product, processes, until, webhook_workflow};

use crate::support::{exactly, random_moments, serves, superuser};

const KILLS: usize = 20;
/// After these kills n8n is killed too.
const KILLS_OF_N8N: [usize; 2] = [7, 14];

#[tokio::test(flavor = "multi_thread")]
async fn twenty_kills_under_load_lose_and_double_nothing() -> Result<()> {
    let mut random = random_moments()?;
    let mut product = tokio::task::spawn_blocking(|| Product::start(Launch::default())).await??;
    println!("state: {}", product.state().display());
    let operator = product.operator().await?;
    let person = Person::join(&operator, "Ada").await?;
    let slug = format!("acme-{}", tenantry_system_tests::random_tag());
    let tenant = person.create_tenant("Acme", &slug, "pro").await?;
    let made = person.create_instance(&tenant, &slug, "eu-central").await?;
    let instance = serves(&product, &person, &tenant, &made.id).await?;
    let n8n = person.open(&tenant, &instance, product.edge_port()).await?;
    n8n.activate(webhook_workflow("hello", None)).await?;
    n8n.call_when_published("hello").await?;
    n8n.activate(webhook_workflow("slow", Some(pause()))).await?;
    n8n.call_when_published("slow").await?;

    let load = Load::start(&n8n);
    let start = Instant::now();
    for round in 1..=KILLS {
        tokio::time::sleep(Duration::from_millis(random.random_range(100..2_500))).await;
        if KILLS_OF_N8N.contains(&round) {
            let found = processes::n8n(&product.state(), &instance.id);
            let process = found.first().context("n8n's process")?;
            kill(Pid::from_raw(process.pid), Signal::SIGKILL)?;
            tokio::time::sleep(Duration::from_millis(random.random_range(0..300))).await;
        }
        product.kill()?;
        let took = product.restart().with_context(|| format!("kill {round}"))?;
        if KILLS_OF_N8N.contains(&round) {
            serves(&product, &person, &tenant, &instance.id).await?;
        }
        println!(
            "kill {round:>2}: restarted in {:.1} s, {} calls answered so far",
            took.as_secs_f64(),
            load.answered()
        );
    }
    serves(&product, &person, &tenant, &instance.id).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let answered = load.end().await;
    println!("{KILLS} kills in {:.0} s", start.elapsed().as_secs_f64());

    exactly(&product, &[&instance.id]).await?;
    let in_n8n = until("n8n to end what runs", Duration::from_secs(30), async || {
        let (finished, unfinished) = executions(&product, &instance.id).await?;
        Ok((unfinished == 0).then_some(finished))
    })
    .await?;
    let counted = until("the ledger to have them all", Duration::from_secs(30), async || {
        let counted = ledger(&product).await?;
        Ok((counted.len() >= in_n8n.len()).then_some(counted))
    })
    .await;
    let counted = match counted {
        Ok(counted) => counted,
        Err(_) => ledger(&product).await?,
    };
    let missing: BTreeSet<_> = in_n8n.keys().filter(|id| !counted.contains_key(id)).collect();
    let extra: BTreeSet<_> = counted.keys().filter(|id| !in_n8n.contains_key(id)).collect();
    ensure!(
        missing.is_empty() && extra.is_empty(),
        "not counted: {missing:?}; counted and not there: {extra:?}"
    );
    ensure!(counted == in_n8n, "other outcomes: {:?}", differences(&counted, &in_n8n));
    let successes = u64::try_from(in_n8n.values().filter(|s| *s == "success").count())?;
    ensure!(successes >= answered, "{answered} calls were answered, n8n knows {successes}");
    let usage = person.usage(&tenant).await?;
    ensure!(
        usage.billable == u64::try_from(counted.len())?,
        "the API says {usage:?}, the ledger {}",
        counted.len()
    );
    // And it stays so when everything is read again.
    product.kill()?;
    product.restart()?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    ensure!(
        person.usage(&tenant).await? == usage,
        "counted again after a restart: {:?}",
        person.usage(&tenant).await?
    );
    let crashed = counted.values().filter(|s| *s == "crashed").count();
    println!(
        "{} executions ({successes} successful, {crashed} cut off by the kills of n8n, {answered} answered), each counted once",
        counted.len()
    );
    product.stop()?;
    Ok(())
}

type Outcomes = BTreeMap<i64, String>;

fn differences(a: &Outcomes, b: &Outcomes) -> Vec<(i64, String, Option<String>)> {
    a.iter()
        .filter(|(id, s)| b.get(id) != Some(s))
        .map(|(id, s)| (*id, s.clone(), b.get(id).cloned()))
        .collect()
}

/// What n8n's own table says: finished production runs, and how many have not finished.
async fn executions(product: &Product, instance: &str) -> Result<(Outcomes, usize)> {
    let mut connection = superuser(product, instance).await?;
    let rows: Vec<(i64, String)> =
        sqlx::query_as("SELECT id::bigint, status::text FROM execution_entity WHERE mode = 'webhook'")
            .fetch_all(&mut connection)
            .await?;
    connection.close().await?;
    let (finished, unfinished): (Vec<_>, Vec<_>) =
        rows.into_iter().partition(|(_, status)| ["success", "error", "crashed"].contains(&status.as_str()));
    Ok((finished.into_iter().collect(), unfinished.len()))
}

/// What is billed. The table's key forbids doubles; the map would hide none.
async fn ledger(product: &Product) -> Result<Outcomes> {
    let mut connection = superuser(product, "tenantry").await?;
    let rows: Vec<(i64, String)> =
        sqlx::query_as("SELECT execution_id, status FROM billing.usage_events WHERE billable")
            .fetch_all(&mut connection)
            .await?;
    connection.close().await?;
    let count = rows.len();
    let outcomes: Outcomes = rows.into_iter().collect();
    ensure!(outcomes.len() == count, "an execution is in the ledger twice");
    Ok(outcomes)
}

/// A node that keeps its execution running for a second: whenever n8n is killed, it is killed in one of these.
fn pause() -> serde_json::Value {
    serde_json::json!({
        "id": "b", "name": "Pause", "type": "n8n-nodes-base.wait", "typeVersion": 1.1, "position": [200, 0],
        "webhookId": "pause", "parameters": { "resume": "timeInterval", "amount": 1, "unit": "seconds" }
    })
}

/// Calls without a pause, whatever happens.
struct Load {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
    callers: Vec<tokio::task::JoinHandle<()>>,
}

impl Load {
    fn start(n8n: &N8n) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let answered = Arc::new(AtomicU64::new(2));
        let callers = ["hello", "hello", "slow"]
            .map(|path| tokio::spawn(call((n8n.clone(), path), stop.clone(), answered.clone())))
            .into();
        Self { stop, answered, callers }
    }

    fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    async fn end(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        for caller in self.callers {
            let _ = caller.await;
        }
        self.answered.load(Ordering::Relaxed)
    }
}

async fn call((n8n, path): (N8n, &'static str), stop: Arc<AtomicBool>, answered: Arc<AtomicU64>) {
    while !stop.load(Ordering::Relaxed) {
        match n8n.call(path).await {
            Ok((StatusCode::OK, text)) if text.starts_with('{') => {
                answered.fetch_add(1, Ordering::Relaxed);
                // A steady stream, not a flood: two processors are shared with what is tested.
                tokio::time::sleep(Duration::from_millis(40)).await;
            }
            _ => tokio::time::sleep(Duration::from_millis(80)).await,
        }
    }
}
