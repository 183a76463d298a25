//! `cargo xtask bench`: what the product costs and adds, measured from outside in one run.
//!
//! Figures of a shared machine say little by themselves. So each stands beside another of the same run: requests
//! beside the cheapest answer that the same process gives, create-to-ready beside n8n's own boot. Only the memory
//! has a limit of its own. All of it is bounded in time and count, and ends with exit 1 when a limit is passed.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use procfs::process::Process;
use serde_json::json;
use sqlx::Connection;
use tenantry_system_tests::{Launch, Person, Product, random_tag};

/// Resident memory of the product's process without instances, PostgreSQL apart.
const MEMORY_LIMIT: u64 = 150 << 20;
/// What the product may add to n8n's own boot.
const OWN_SHARE: Duration = Duration::from_secs(2);
const BOOT_LIMIT: Duration = Duration::from_secs(180);
const CONNECTIONS: usize = 16;
/// A run of requests ends at this number, however fast it is.
const MOST: u64 = 200_000;

/// Measures memory, requests and provisioning of a product of its own.
#[derive(Parser)]
struct Options {
    /// How many seconds each run of requests lasts.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// How many instances are made, one after the other.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(0..=5))]
    instances: u8,
}

#[tokio::main]
async fn main() -> ExitCode {
    match bench(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("\n✗ {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn bench(options: Options) -> Result<()> {
    let unlimited = ["--rate-limit-credential", "1000000000"];
    let launch = Launch { arguments: unlimited.map(str::to_owned).to_vec(), ..Launch::default() };
    let mut product = tokio::task::spawn_blocking(|| Product::start(launch)).await??;
    let operator = product.operator().await?;
    let person = Person::join(&operator, "Ada").await?;
    println!("{:<58} {:>16}", "what", "figure");

    let idle = memory(&product)?;
    row("resident memory, no instances", &mebibytes(idle));
    let base = product.addresses().api.clone();
    let duration = Duration::from_secs(options.seconds);
    let plain = Arc::new(Request { url: format!("{base}/healthz"), cookie: None, query: None });
    let viewer = Arc::new(Request {
        url: format!("{base}/graphql"),
        cookie: person.api.cookie(),
        query: Some("{ viewer { id email } }".to_owned()),
    });
    // Warm connections, caches and the session's first look-up.
    load(&viewer, Duration::from_millis(500)).await?;
    let health = load(&plain, duration).await?;
    let asked = load(&viewer, duration).await?;
    row(&format!("/healthz, {CONNECTIONS} connections"), &per_second(&health));
    row(&format!("viewer by GraphQL, {CONNECTIONS} connections"), &per_second(&asked));
    row("viewer, p50 and p99", &format!("{:.1} / {:.1} ms", asked.p50, asked.p99));
    row("viewer : /healthz", &format!("1 : {:.1}", health.rate / asked.rate));
    let busy = memory(&product)?;
    row("resident memory after these requests", &mebibytes(busy));

    let slowest = provisioning(&product, &person, options.instances).await?;
    row("resident memory with these instances", &mebibytes(memory(&product)?));
    // The last, because its rows are nobody's: they would be in the way of what is measured above.
    seed_fleet(&product).await?;
    let page = Arc::new(Request {
        url: format!("{base}/admin/graphql"),
        cookie: operator.api.cookie(),
        query: Some(FLEET_PAGE.to_owned()),
    });
    load(&page, Duration::from_millis(500)).await?;
    let fleet = load(&page, duration).await?;
    row("fleet, 50 of 10,000: p50 and p99", &format!("{:.1} / {:.1} ms", fleet.p50, fleet.p99));
    row("fleet, 50 of 10,000", &per_second(&fleet));
    product.stop()?;
    ensure!(idle < MEMORY_LIMIT, "{} of memory; {} are allowed", mebibytes(idle), mebibytes(MEMORY_LIMIT));
    ensure!(slowest <= OWN_SHARE, "the product adds {:.2} s to n8n's boot", slowest.as_secs_f64());
    println!(
        "✓ Within the limits: {} of memory, {} s added to a boot.",
        mebibytes(MEMORY_LIMIT),
        OWN_SHARE.as_secs()
    );
    Ok(())
}

/// Makes instances one after the other; gives the largest share that is not n8n's own boot.
async fn provisioning(product: &Product, person: &Person, count: u8) -> Result<Duration> {
    let slug = format!("bench-{}", random_tag());
    let tenant = person.create_tenant("Bench", &slug, "pro").await?;
    let mut slowest = Duration::ZERO;
    for number in 0..count {
        let asked = Instant::now();
        let made = person.create_instance(&tenant, &format!("{slug}-{number}"), "eu-central").await?;
        let mut progress = person.watch(&tenant, &made.id).await?;
        let watching = async {
            while let Some(update) = progress.next().await? {
                if update.phase == "READY" {
                    return Ok(update);
                }
            }
            anyhow::bail!("the instance went away")
        };
        let ready = tokio::time::timeout(BOOT_LIMIT, watching)
            .await
            .with_context(|| format!("not ready in {} s; {}", BOOT_LIMIT.as_secs(), product.log_end()))??;
        let took = asked.elapsed();
        let boot = Duration::from_millis(ready.boot_millis.context("n8n's own boot was not measured")?);
        let own = took.saturating_sub(boot);
        slowest = slowest.max(own);
        row(
            &format!("instance {}: create to ready / n8n's boot / ours", number + 1),
            &format!("{:.2} / {:.2} / {:.2} s", took.as_secs_f64(), boot.as_secs_f64(), own.as_secs_f64()),
        );
    }
    Ok(slowest)
}

/// The first page of the operators' table, with all that it shows.
const FLEET_PAGE: &str = "{ instances(first: 50) { totalCount pageInfo { hasNextPage endCursor } nodes {
    tenantId tenantName tenantSlug id name slug region url phase desired generation observedGeneration attempts
    failureCode failureMessage failureRemedy nextAttemptAt createdAt readyAt deleteAt bootMillis } } }";

/// Ten thousand rows of instances in five hundred tenants, in a region without a worker.
async fn seed_fleet(product: &Product) -> Result<()> {
    let (socket, password) = product.superuser()?;
    let options = sqlx::postgres::PgConnectOptions::new();
    let options = options.socket(socket).username("postgres").password(&password).database("tenantry");
    let mut database = sqlx::PgConnection::connect_with(&options).await?;
    let sql = "INSERT INTO provisioner.regions (code, name, residency, driver, capacity, enabled)
                 VALUES ('simulated', 'Simulated', 'EU', 'kubernetes', 0, false);
               INSERT INTO tenancy.tenants (id, slug, name, created_at)
                 SELECT gen_random_uuid(), format('simulated-%s', n), format('Simulated %s', n), now()
                 FROM generate_series(1, 500) AS n;
               INSERT INTO provisioner.instances (id, tenant_id, region, slug, name, n8n_version, owner_email,
                   owner_name, cpu_millis, memory_mib, storage_mib, concurrency, desired, phase, next_attempt_at,
                   created_at)
                 SELECT gen_random_uuid(), t.id, 'simulated', format('%s-%s', t.slug, i), format('Instance %s', i), '1',
                        'a@b', 'A', 1, 1, 1, 1, 'stopped', 'stopped', now() + interval '1 year', now()
                 FROM tenancy.tenants t, generate_series(1, 20) AS i WHERE t.slug LIKE 'simulated-%';
               ANALYZE";
    sqlx::raw_sql(sql).execute(&mut database).await?;
    Ok(database.close().await?)
}

fn row(what: &str, figure: &str) {
    println!("{what:<58} {figure:>16}");
}

fn memory(product: &Product) -> Result<u64> {
    let status = Process::new(product.pid().context("it runs")?)?.status()?;
    Ok(status.vmrss.context("VmRSS")? * 1024)
}

fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}

fn per_second(run: &Run) -> String {
    format!("{:.0} /s", run.rate)
}

/// One kind of request.
struct Request {
    url: String,
    cookie: Option<String>,
    query: Option<String>,
}

/// How a run went. Latencies are in milliseconds.
struct Run {
    rate: f64,
    p50: f64,
    p99: f64,
}

/// Sends one request after the other on each connection until the time is over.
async fn load(request: &Arc<Request>, duration: Duration) -> Result<Run> {
    let sent = Arc::new(AtomicU64::new(0));
    let start = Instant::now();
    let connections: Vec<_> = (0..CONNECTIONS)
        .map(|_| tokio::spawn(connection(request.clone(), sent.clone(), start + duration)))
        .collect();
    let mut latencies = Vec::new();
    for connection in connections {
        latencies.extend(connection.await??);
    }
    let elapsed = start.elapsed().as_secs_f64();
    latencies.sort_unstable();
    let at = |part: usize| {
        let index = (latencies.len() * part / 100).min(latencies.len().saturating_sub(1));
        latencies.get(index).map_or(0.0, |d: &Duration| d.as_secs_f64() * 1000.0)
    };
    let count = u32::try_from(latencies.len()).unwrap_or(u32::MAX);
    Ok(Run { rate: f64::from(count) / elapsed, p50: at(50), p99: at(99) })
}

async fn connection(request: Arc<Request>, sent: Arc<AtomicU64>, end: Instant) -> Result<Vec<Duration>> {
    let http = reqwest::Client::builder()
        .no_proxy()
        .pool_max_idle_per_host(1)
        .timeout(Duration::from_secs(10))
        .build()?;
    let mut latencies = Vec::new();
    while Instant::now() < end && sent.fetch_add(1, Ordering::Relaxed) < MOST {
        let mut call = match &request.query {
            Some(query) => http.post(&request.url).json(&json!({ "query": query })),
            None => http.get(&request.url),
        };
        if let Some(cookie) = &request.cookie {
            call = call.header("cookie", cookie);
        }
        let begun = Instant::now();
        let response = call.send().await?;
        let status = response.status();
        let text = response.text().await?;
        latencies.push(begun.elapsed());
        // An error can be answered faster than the truth.
        let good = status.is_success() && !text.contains("\"errors\"") && !text.contains("\"viewer\":null");
        ensure!(good, "{status}: {text}");
    }
    Ok(latencies)
}
