//! `cargo xtask demo`: from sign-up to invoice for two companies, and the proof that they are apart.
//!
//! It starts a product of its own in a temporary state directory, or uses a running one (`--url`, `--edge`,
//! `--setup-token`). Everything goes through the public API and the edge; only the last part, which tries to get
//! at one company's things with the other's user id, looks at the machine. Exit 0 means that all of it held.

#![expect(
    clippy::indexing_slicing,
    reason = "indexing JSON answers null for what is not there; nothing else is indexed"
)]
#![expect(clippy::print_stdout, reason = "a program that shows something prints it")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use futures::future::try_join_all;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tenantry_system_tests::isolation::{Check, Machine, Place};
use tenantry_system_tests::outsider::{self, Names};
use tenantry_system_tests::{
    Instance, Launch, N8n, Operator, Person, Product, Screen, Tenant, random_tag, until, webhook_workflow,
};

/// What the product may add to n8n's own boot.
const OWN_SHARE: Duration = Duration::from_secs(2);
const BOOT_LIMIT: Duration = Duration::from_secs(180);
const CALLS: u64 = 10;
/// How long the counts must stay as they are.
const SETTLED: Duration = Duration::from_secs(4);

/// Two companies, two regions, real n8n: from sign-up to invoice.
#[derive(Parser, Clone)]
struct Options {
    /// A running product: its portal's address. Without it, the demo starts its own.
    #[arg(long, requires = "edge")]
    url: Option<String>,
    /// The running product's edge: its port on this machine.
    #[arg(long)]
    edge: Option<u16>,
    /// The token of its set-up link, if the operator has not used it yet.
    #[arg(long)]
    setup_token: Option<String>,
    /// The operator's e-mail address.
    #[arg(long, default_value = "operator@example.com")]
    operator_email: String,
    /// The operator's password; chosen by the demo with a set-up token.
    #[arg(long, env = "TENANTRY_OPERATOR_PASSWORD", hide_env_values = true)]
    operator_password: Option<String>,
    /// Its state directory: with it, and as root, the walls of the machine are tried too.
    #[arg(long)]
    state_dir: Option<PathBuf>,
}

/// Where the product is.
struct Site {
    edge: u16,
    /// The API's port on this machine, where it is on this machine.
    api_port: Option<u16>,
    state: Option<PathBuf>,
    /// PostgreSQL's socket, where it is the product's own.
    socket: Option<PathBuf>,
}

struct Company {
    person: Person,
    tenant: Tenant,
    instance: Instance,
    n8n: N8n,
    /// From asking for the instance to hearing that it is ready.
    created_in: Duration,
}

#[tokio::main]
async fn main() -> ExitCode {
    match demo(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("\n✗ {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn demo(options: Options) -> Result<()> {
    let start = Instant::now();
    let (mut product, site, operator) = open(&options).await?;
    let companies = found(&operator, &site).await?;
    boots(&companies)?;
    run(&companies).await?;
    usage(&companies).await?;
    invoices(&companies).await?;
    let held = walls(&companies, &site).await?;
    if let Some(product) = &mut product {
        let took = product.stop()?;
        println!("\nStopped in {:.1} s; nothing is left running.", took.as_secs_f64());
    }
    ensure!(held, "a wall between the companies did not hold: see ✗ above");
    println!("✓ All held, in {:.0} s.", start.elapsed().as_secs_f64());
    Ok(())
}

/// Starts a product, or finds the running one.
async fn open(options: &Options) -> Result<(Option<Product>, Site, Operator)> {
    if let (Some(url), Some(edge)) = (options.url.clone(), options.edge) {
        let api_port = url::Url::parse(&url)?.port_or_known_default();
        let password =
            options.operator_password.clone().unwrap_or_else(|| format!("correct-horse-{}", random_tag()));
        let operator = match &options.setup_token {
            Some(token) => Operator::set_up(&url, token, &options.operator_email, &password).await?,
            None => Operator::log_in(&url, &options.operator_email, &password).await?,
        };
        let socket = options.state_dir.as_deref().and_then(socket_below);
        let site = Site { edge, api_port, state: options.state_dir.clone(), socket };
        return Ok((None, site, operator));
    }
    println!("Starting Tenantry in a state directory of its own …");
    let begun = Instant::now();
    let mut product = tokio::task::spawn_blocking(|| Product::start(Launch::default())).await??;
    let operator = product.operator().await?;
    let addresses = product.addresses().clone();
    println!("  up in {:.1} s: {}", begun.elapsed().as_secs_f64(), addresses.api);
    let site = Site {
        edge: addresses.edge_port,
        api_port: Some(addresses.api_port),
        state: Some(product.state()),
        socket: socket_below(&product.state()),
    };
    Ok((Some(product), site, operator))
}

fn socket_below(state: &std::path::Path) -> Option<PathBuf> {
    let text = std::fs::read_to_string(state.join("postgres/data/postmaster.pid")).ok()?;
    text.lines().nth(4).map(PathBuf::from)
}

/// Two companies sign up and get their n8n, both at the same time.
async fn found(operator: &Operator, site: &Site) -> Result<Vec<Company>> {
    println!("\nTwo companies sign up, and each gets its own n8n:");
    let screen = Screen::new();
    let wanted = [("Ada", "Acme", "eu-central"), ("Bob", "Bolt", "us-east")];
    let companies =
        try_join_all(wanted.map(|(who, name, region)| company(operator, site, (who, name, region), &screen)))
            .await?;
    screen.end();
    Ok(companies)
}

async fn company(
    operator: &Operator,
    site: &Site,
    (who, name, region): (&str, &str, &str),
    screen: &Screen,
) -> Result<Company> {
    let person = Person::join(operator, who).await?;
    let slug = format!("{}-{}", name.to_lowercase(), random_tag());
    let tenant = person.create_tenant(name, &slug, "starter").await?;
    let line = screen.line(&format!("{name} in {region}"));
    let asked = Instant::now();
    let made = person.create_instance(&tenant, &slug, region).await?;
    let mut progress = person.watch(&tenant, &made.id).await?;
    let watching = async {
        while let Some(update) = progress.next().await? {
            let failure = update.failure.as_ref().map_or(String::new(), |f| format!(": {f}"));
            line.show(asked.elapsed(), &format!("{}{failure}", update.phase.to_lowercase()));
            if update.phase == "READY" {
                return Ok(asked.elapsed());
            }
        }
        anyhow::bail!("{name}'s instance went away")
    };
    let created_in = tokio::time::timeout(BOOT_LIMIT, watching)
        .await
        .with_context(|| format!("{name}'s n8n was not ready in {} s", BOOT_LIMIT.as_secs()))??;
    let instance = person.instance(&tenant, &made.id).await?;
    let n8n = person.open(&tenant, &instance, site.edge).await?;
    Ok(Company { person, tenant, instance, n8n, created_in })
}

fn boots(companies: &[Company]) -> Result<()> {
    println!(
        "\n  {:<44} {:>15} {:>15} {:>11}",
        "instance", "create to ready", "n8n's own boot", "difference"
    );
    let mut slowest = Duration::ZERO;
    for c in companies {
        let boot = Duration::from_millis(c.instance.boot_millis.context("n8n's own boot was not measured")?);
        let own = c.created_in.saturating_sub(boot);
        slowest = slowest.max(own);
        println!(
            "  {:<44} {:>13.2} s {:>13.2} s {:>9.2} s",
            c.n8n.host(),
            c.created_in.as_secs_f64(),
            boot.as_secs_f64(),
            own.as_secs_f64()
        );
    }
    ensure!(
        slowest <= OWN_SHARE,
        "the product's own share is {:.2} s; {} s are allowed",
        slowest.as_secs_f64(),
        OWN_SHARE.as_secs()
    );
    Ok(())
}

async fn run(companies: &[Company]) -> Result<()> {
    println!("\nA webhook workflow in each, called {CALLS} times through the edge:");
    try_join_all(companies.iter().map(async |c| {
        c.n8n.activate(webhook_workflow("hello", None)).await?;
        let mut answer = c.n8n.call_when_published("hello").await?;
        for _ in 1..CALLS {
            let (status, text) = c.n8n.call("hello").await?;
            ensure!(status == StatusCode::OK, "the webhook answered {status}: {text}");
            answer = text;
        }
        println!("  {:<44} {CALLS} answers, the last: {}", c.n8n.host(), answer.trim());
        Ok(())
    }))
    .await?;
    Ok(())
}

/// Exactly as many as were called, and not one more a while later.
async fn usage(companies: &[Company]) -> Result<()> {
    println!("\nUsage:");
    let begun = Instant::now();
    for c in companies {
        until("usage to count every call", Duration::from_secs(30), async || {
            let now = c.person.usage(&c.tenant).await?;
            ensure!(now.billable <= CALLS, "usage says {} of {CALLS}", now.billable);
            Ok((now.billable == CALLS).then_some(()))
        })
        .await?;
    }
    let counted = begun.elapsed();
    tokio::time::sleep(SETTLED).await;
    for c in companies {
        let now = c.person.usage(&c.tenant).await?;
        ensure!(now.billable == CALLS && now.executions == CALLS, "usage went on to {now:?}");
        println!("  {:<44} {} billable executions", c.n8n.host(), now.billable);
    }
    println!(
        "  counted {:.1} s after the last call, and still so {} s later",
        counted.as_secs_f64(),
        SETTLED.as_secs()
    );
    Ok(())
}

async fn invoices(companies: &[Company]) -> Result<()> {
    for c in companies {
        let invoice = c.person.invoice(&c.tenant).await?;
        let currency = invoice["currency"].as_str().unwrap_or_default().to_owned();
        println!(
            "\nInvoice preview of {} ({} to {}):",
            c.tenant.slug,
            day(&invoice["periodStart"]),
            day(&invoice["periodEnd"])
        );
        for line in invoice["lines"].as_array().context("the invoice's lines")? {
            println!("  {:<52} {:>14}", text(&line["description"]), money(&line["amountMinor"], &currency));
            println!("      {}", text(&line["explanation"]));
        }
        println!("  {:<52} {:>14}", "Total", money(&invoice["totalMinor"], &currency));
    }
    Ok(())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn day(value: &Value) -> &str {
    text(value).split('T').next().unwrap_or_default()
}

fn money(minor: &Value, currency: &str) -> String {
    let minor = minor.as_i64().unwrap_or_default();
    format!("{}.{:02} {currency}", minor / 100, minor.abs() % 100)
}

/// A tries everything on B.
async fn walls(companies: &[Company], site: &Site) -> Result<bool> {
    let [a, b] = companies else { anyhow::bail!("two companies") };
    println!("\nWhat {} can see or reach of {}:", a.tenant.slug, b.tenant.slug);
    let names = Names {
        tenant: &b.tenant.id,
        instance: &b.instance.id,
        slug: &b.instance.slug,
        own_tenant: &a.tenant.id,
    };
    let mut checks = Vec::new();
    for attempt in outsider::attempts(&names) {
        checks.push(attempt.make(&a.person.api, "NOT_FOUND").await?);
    }
    edge(a, b, &mut checks).await?;
    let places = match &site.state {
        Some(state) => Some((Place::find(state, &a.instance.id)?, Place::find(state, &b.instance.id)?)),
        None => None,
    };
    let b_port = places.as_ref().and_then(|(_, b)| b.ports.first().copied());
    from_inside(a, (site, b_port), &mut checks).await?;
    let mut not_covered =
        Some("database role, file system, port and signal: --state-dir on the product's machine is needed");
    if let (Some((from, to)), Some(state), Some(socket)) = (&places, &site.state, &site.socket) {
        let bin = postgres_programs().context("TENANTRY_POSTGRES_BIN is not set: use `cargo xtask demo`")?;
        let api_port = site.api_port.context("the API's port")?;
        let psql = &bin.join("psql");
        let machine = Machine { state, api_port, edge_port: site.edge, socket, psql };
        if nix::unistd::Uid::effective().is_root() {
            checks.extend(machine.probe(from, to));
            not_covered = None;
        } else {
            checks.extend(machine.probe_database(from, to));
            not_covered = Some(
                "file system, port and signal: without root all instances run as one user, kept apart by their sandboxes",
            );
        }
    }
    for check in &checks {
        println!("  {} {:<54} {}", if check.held { "✓" } else { "✗" }, check.name, check.detail);
    }
    if let Some(what) = not_covered {
        println!("  – not covered: {what}");
    }
    let still = b.person.instance(&b.tenant, &b.instance.id).await?;
    ensure!(still.phase == "READY", "B's instance was disturbed: {}", still.phase);
    Ok(checks.iter().all(|c| c.held))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the place of PostgreSQL's programs, as xtask says it to the product"
)]
fn postgres_programs() -> Option<PathBuf> {
    std::env::var_os("TENANTRY_POSTGRES_BIN").map(PathBuf::from)
}

async fn edge(a: &Company, b: &Company, checks: &mut Vec<Check>) -> Result<()> {
    let with_a_key = a.n8n.pointed_at(&b.n8n);
    for (name, path, wanted) in [
        ("edge: B's workflows with A's key", "/api/v1/workflows", StatusCode::UNAUTHORIZED),
        ("edge: B's executions with A's key", "/api/v1/executions", StatusCode::UNAUTHORIZED),
        ("edge: B's figures", "/metrics", StatusCode::NOT_FOUND),
        ("edge: B's set-up", "/rest/owner/setup", StatusCode::NOT_FOUND),
        ("edge: B's set-up, spelt otherwise", "/rest/%6fwner//setup", StatusCode::NOT_FOUND),
    ] {
        let (status, _) = with_a_key.request(Method::GET, path, None).await?;
        checks.push(Check::new(name, status == wanted, status.to_string()));
    }
    Ok(())
}

/// From inside A's n8n, by a node that makes HTTP requests.
async fn from_inside(
    a: &Company,
    (site, b_port): (&Site, Option<u16>),
    checks: &mut Vec<Check>,
) -> Result<()> {
    let targets = [
        ("workflow: B's n8n, by its port", b_port),
        ("workflow: the control plane", site.api_port),
        ("workflow: the edge", Some(site.edge)),
    ];
    for (number, (name, port)) in targets.into_iter().enumerate() {
        let Some(port) = port else { continue };
        let node = json!({
            "id": "b", "name": "Ask", "type": "n8n-nodes-base.httpRequest", "typeVersion": 4.2, "position": [200, 0],
            "onError": "continueRegularOutput",
            "parameters": { "url": format!("http://127.0.0.1:{port}/healthz"), "options": { "timeout": 5000 } }
        });
        let path = format!("intruder-{number}");
        a.n8n.activate(webhook_workflow(&path, Some(node))).await?;
        let answer = a.n8n.call_when_published(&path).await?;
        // n8n's own protection against requests to inner addresses says so in these words.
        let refused = answer.contains("is not allowed") || answer.contains("restricted IP address");
        let why = answer.split("\"description\":\"").nth(1).unwrap_or(&answer);
        checks.push(Check::new(name, refused, why.split(". ").next().unwrap_or_default()));
    }
    Ok(())
}
