//! A tenant's list of 20: authenticated, authorized, bounded by row-level security, through GraphQL over HTTP; beside
//! PostGraphile 5 on the same rows of the same database, which authenticates nobody and finds the tenant in its
//! settings. Exits with 1 when a goal is missed.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use serde_json::{Value, json};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use tenantry_load::client::{self, Post, Run};
use tenantry_system_tests::{Launch, Person, Product, free_port, random_tag};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use uuid::Uuid;

const CONNECTIONS: usize = 16;
const RATE: f64 = 3_000.0;
const P99: Duration = Duration::from_millis(15);
const RATIO: f64 = 3.0;
const WARM_UP: Duration = Duration::from_secs(2);

/// Measures the list of instances beside PostGraphile.
#[derive(Parser)]
struct Options {
    /// How many seconds each of the runs lasts: two of ours, two of PostGraphile's, in turns.
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// Where PostGraphile is installed: the directory that has its node_modules.
    #[arg(long, env = "TENANTRY_POSTGRAPHILE")]
    postgraphile: PathBuf,
    /// The Node that runs it, 22 or newer.
    #[arg(long, env = "TENANTRY_POSTGRAPHILE_NODE")]
    node: PathBuf,
    /// Only prints; says nothing about the goals.
    #[arg(long)]
    no_goals: bool,
}

fn main() -> Result<ExitCode> {
    // One thread: the processors are for what is measured.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match runtime.block_on(bench(Options::parse())) {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => {
            println!("\n✗ {error:#}");
            Ok(ExitCode::FAILURE)
        }
    }
}

async fn bench(options: Options) -> Result<()> {
    let most = ["--rate-limit-credential", "1000000000"];
    let launch = Launch { arguments: most.map(str::to_owned).to_vec(), ..Launch::default() };
    let mut product = tokio::task::spawn_blocking(|| Product::start(launch)).await??;
    let operator = product.operator().await?;
    let person = Person::join(&operator, "Ada").await?;
    let slug = format!("load-{}", random_tag());
    let tenant = person.create_tenant("Load", &slug, "enterprise").await?;
    let (socket, password) = product.superuser()?;
    let options_of = PgConnectOptions::new().socket(&socket).username("postgres").password(&password);
    let mut database = PgConnection::connect_with(&options_of.database("tenantry")).await?;
    let key = seed(&mut database, &slug).await?;
    database.close().await?;

    let ours = Post::new(
        SocketAddr::from(([127, 0, 0, 1], product.addresses().api_port)),
        "/graphql",
        person.api.cookie().as_deref(),
        &json!({ "query": "query List($tenant: ID!) { tenant(id: $tenant) { instances(first: 20) {
            nodes { id name slug region phase desired createdAt } pageInfo { hasNextPage endCursor } } } }",
            "variables": { "tenant": tenant.id } }),
    )?;
    check(&client::once(&ours).await?, "/data/tenant/instances")?;
    let url = format!("postgres://postgres:{password}@/tenantry?host={}", socket.display());
    let graphile = PostGraphile::start(&options, &url, key).await?;
    let theirs = Post::new(
        graphile.address,
        "/graphql",
        None,
        &json!({ "query": "query List { allInstances(first: 20, orderBy: PRIMARY_KEY_ASC) {
            nodes { rowId name slug region phase desired createdAt } pageInfo { hasNextPage endCursor } } }" }),
    )?;
    check(&client::once(&theirs).await?, "/data/allInstances")?;

    println!(
        "{:<28} {:>10} {:>10} {:>9} {:>9} {:>9}",
        "list of 20, 16 connections", "requests", "a second", "p50", "p99", "slowest"
    );
    let duration = Duration::from_secs(options.seconds);
    let mut runs: Vec<(Run, Run)> = Vec::new();
    for _ in 0..2 {
        let mine = measure("Tenantry", &ours, duration).await?;
        runs.push((mine, measure("PostGraphile", &theirs, duration).await?));
    }
    drop(graphile);
    tokio::task::spawn_blocking(move || product.stop()).await??;
    // The worse of ours beside the better of theirs.
    let rate = runs.iter().map(|(mine, _)| mine.rate).fold(f64::INFINITY, f64::min);
    let other = runs.iter().map(|(_, theirs)| theirs.rate).fold(0.0, f64::max);
    let p99 = runs.iter().map(|(mine, _)| mine.p99).max().context("no run")?;
    println!("Tenantry : PostGraphile      {:.1} : 1", rate / other);
    if options.no_goals {
        return Ok(());
    }
    ensure!(rate >= RATE, "{rate:.0} requests a second; the goal is {RATE:.0}");
    ensure!(p99 < P99, "p99 is {:.1} ms; the goal is under {} ms", millis(p99), P99.as_millis());
    ensure!(rate >= RATIO * other, "{:.1} times PostGraphile's rate; the goal is {RATIO}", rate / other);
    println!(
        "✓ At least {RATE:.0} requests a second, p99 under {} ms, {RATIO} times PostGraphile.",
        P99.as_millis()
    );
    Ok(())
}

async fn measure(whose: &str, post: &Post, duration: Duration) -> Result<Run> {
    client::run(post, CONNECTIONS, WARM_UP).await.with_context(|| whose.to_owned())?;
    let run = client::run(post, CONNECTIONS, duration).await.with_context(|| whose.to_owned())?;
    println!(
        "{whose:<28} {:>10} {:>10.0} {:>6.1} ms {:>6.1} ms {:>6.1} ms",
        run.requests,
        run.rate,
        millis(run.p50),
        millis(run.p99),
        millis(run.slowest)
    );
    Ok(run)
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// Twenty of the tenant's own 25, and more to come.
fn check(answer: &Value, at: &str) -> Result<()> {
    let list = answer.pointer(at).with_context(|| format!("the list: {answer}"))?;
    let nodes = list.get("nodes").and_then(Value::as_array).context("its nodes")?;
    let own =
        |node: &&Value| node.get("name").and_then(Value::as_str).is_some_and(|name| name.starts_with("Own "));
    ensure!(nodes.len() == 20 && nodes.iter().filter(own).count() == 20, "other rows: {answer}");
    ensure!(list.pointer("/pageInfo/hasNextPage") == Some(&json!(true)), "there are more: {answer}");
    Ok(())
}

/// 25 instances of the tenant among ten thousand of 500 others, in a region without a worker. Gives the tenant's key.
async fn seed(database: &mut PgConnection, slug: &str) -> Result<Uuid> {
    let key: Uuid = sqlx::query_scalar("SELECT id FROM tenancy.tenants WHERE slug = $1")
        .bind(slug)
        .fetch_one(&mut *database)
        .await?;
    sqlx::raw_sql(
        "INSERT INTO provisioner.regions (code, name, residency, driver, capacity, enabled)
           VALUES ('simulated', 'Simulated', 'EU', 'kubernetes', 0, false);
         INSERT INTO tenancy.tenants (id, slug, name, created_at)
           SELECT gen_random_uuid(), format('simulated-%s', n), format('Simulated %s', n), now()
           FROM generate_series(1, 500) AS n",
    )
    .execute(&mut *database)
    .await?;
    sqlx::query(
        "INSERT INTO provisioner.instances (id, tenant_id, region, slug, name, n8n_version, owner_email, owner_name,
             cpu_millis, memory_mib, storage_mib, concurrency, desired, phase, next_attempt_at, created_at)
           SELECT gen_random_uuid(), t.id, 'simulated', format('%s-%s', t.slug, i),
                  format(CASE WHEN t.id = $1 THEN 'Own %s' ELSE 'Other %s' END, i), '1', 'a@b', 'A', 1, 1, 1, 1,
                  'stopped', 'stopped', now() + interval '1 year', now()
           FROM tenancy.tenants t, generate_series(1, CASE WHEN t.id = $1 THEN 25 ELSE 20 END) AS i
           WHERE t.id = $1 OR t.slug LIKE 'simulated-%'",
    )
    .bind(key)
    .execute(&mut *database)
    .await?;
    sqlx::raw_sql("VACUUM ANALYZE").execute(&mut *database).await?;
    Ok(key)
}

/// PostGraphile in a process of its own, ended with this.
struct PostGraphile {
    address: SocketAddr,
    _process: Child,
    _directory: tempfile::TempDir,
}

impl PostGraphile {
    async fn start(options: &Options, url: &str, tenant: Uuid) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let program = directory.path().join("serve.mjs");
        std::fs::write(&program, include_str!("../../postgraphile/serve.mjs"))?;
        let modules = std::fs::canonicalize(&options.postgraphile)?.join("node_modules");
        std::os::unix::fs::symlink(modules, directory.path().join("node_modules"))?;
        let port = free_port()?;
        let mut process = Command::new(&options.node)
            .arg(&program)
            .args([url, &tenant.to_string(), &port.to_string()])
            .env("NODE_ENV", "production")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("Node cannot be started")?;
        let output = process.stdout.take().context("its output")?;
        let mut lines = BufReader::new(output).lines();
        let up = tokio::time::timeout(Duration::from_secs(60), lines.next_line()).await;
        let up = up.context("PostGraphile is not up after a minute")??;
        ensure!(up.as_deref() == Some("listening"), "PostGraphile did not start: {up:?}");
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        Ok(Self { address, _process: process, _directory: directory })
    }
}
