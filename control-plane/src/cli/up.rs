//! `tenantry up`: the whole product on this machine.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use chrono::TimeDelta;
use tenantry_billing::Billing;
use tenantry_identity::{CapturingMailer, Identity, IdentityConfig, Mailer, SmtpMailer, SmtpSettings};
use tenantry_kernel::Entropy;
use tenantry_keys::{Keys, LocalKeyring};
use tenantry_outbound::Outbound;
use tenantry_provisioner::driver::{Driver, ProcessConfig, ProcessDriver};
use tenantry_provisioner::edge::{Door, Edge, EdgeConfig, RouteTable};
use tenantry_provisioner::instances::{Instances, InstancesConfig};
use tenantry_provisioner::open::{Opening, OpeningConfig};
use tenantry_provisioner::routes;
use tenantry_provisioner::worker::{InstanceDatabases, Worker, WorkerConfig};
use tenantry_store::notify::Signals;
use tenantry_store::{Db, PoolSizes};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{UpArgs, show};
use crate::app::{App, PublicUrls, Services, runtime};
use crate::audit::{self, Audit, AuditConfig, DenialLog};
use crate::embedded::{Database, State, keep_running, open_database, signing_key};
use crate::http::client_address::Proxies;
use crate::http::drain;
use crate::rates::{Allowed, Rates};
use crate::recent::{KEPT, Recent};
use crate::tenants::Tenants;
use crate::webhooks::{Webhooks, WebhooksConfig, send_webhooks};
use crate::wiring::{BillingPort, SessionPort};
use crate::{http, jobs};

/// Ports for this many instances, two each.
const INSTANCES: u16 = 100;
/// The edge passes bodies up to this size: what n8n itself accepts for files.
const EDGE_MAX_BODY: u64 = 200 << 20;

pub(super) async fn up(args: UpArgs) -> Result<()> {
    let runtime = runtime().await?;
    let entropy = runtime.entropy.clone();
    // Everything that another program may hold is asked for before anything is started.
    let api = listen(args.listen, "the API", "--listen").await?;
    let edge = listen(args.edge_listen, "the edge", "--edge-listen").await?;
    let state = State::open(&args.state_dir, &*entropy)?;
    if let Some(wanted) = &state.moved_from {
        show(&format!(
            "State is kept in {}: other users, as which PostgreSQL and instances run, cannot reach {}.",
            state.dir.display(),
            wanted.display()
        ))?;
    }
    let database =
        open_database(&state, args.database_url.as_ref(), args.postgres_bin.clone(), &*entropy).await?;
    let outcome = serve(&args, &state, &database, (runtime, api, edge)).await;
    if let Some(server) = database.embedded {
        server.stop().await?;
    }
    outcome
}

pub(super) async fn listen(address: SocketAddr, what: &str, flag: &str) -> Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("{what} cannot listen on {address}: another program has it? Choose another with {flag}")
    })
}

async fn serve(
    args: &UpArgs,
    state: &State,
    database: &Database,
    (runtime, api, edge): (tenantry_authz::Runtime, TcpListener, TcpListener),
) -> Result<()> {
    let db = Db::connect(&database.cluster.app, &database.cluster.system, PoolSizes::default());
    let signals = Signals::listen(db.system_pool().clone());
    let app = assemble(args, state, db.clone(), (runtime, signals.clone())).await?;
    let driver = driver(args, state)?;
    for layer in driver.report().layers.iter().filter(|l| !l.active) {
        tracing::warn!(isolation.layer = %layer.name, reason = %layer.why, "a layer of isolation is missing");
    }
    let worker = Arc::new(worker(args, state, database, (&app, driver.clone(), signals.clone())).await?);

    let stop = CancellationToken::new();
    let mut tasks = JoinSet::new();
    if let Some(server) = &database.embedded {
        tasks.spawn(keep_running(server.clone(), state.postgres_data(), stop.clone()));
    }
    tasks.spawn(jobs::run_jobs(app.clone(), stop.clone()));
    // Whoever has the state directory's lock is the only one of this name: killed and started again, it goes on at once.
    let holder = format!("control-plane-{}", state.installation);
    tasks.spawn(audit::run(app.audit.clone(), holder, stop.clone()));
    tasks.spawn(jobs::keep_house(app.clone(), stop.clone()));
    tasks.spawn(jobs::look_after_connections(app.clone(), stop.clone()));
    tasks.spawn(jobs::dispatch_outbox(app.clone(), signals.clone(), stop.clone()));
    tasks.spawn(send_webhooks(app.webhooks.clone(), signals.clone(), stop.clone()));
    let table = Arc::new(RouteTable::new());
    tasks.spawn(routes::follow(db, table.clone(), signals, stop.clone()));
    let edge_config = EdgeConfig {
        base_domain: "localhost".to_owned(),
        public_scheme: "http".to_owned(),
        public_port: args.edge_listen.port(),
        max_body: EDGE_MAX_BODY,
    };
    let door =
        Door { portal: app.public.portal.clone(), opening: app.opening.clone(), http: instance_client()? };
    let edge_router = Edge::with_door(edge_config, table, stop.clone(), door).router();
    tasks.spawn(drain::serve(edge, edge_router, stop.clone()));
    tasks.spawn(drain::serve(api, http::router(app.clone(), args.web_dir.clone()), stop.clone()));
    let working = tokio::spawn(worker.clone().run(stop.clone()));

    announce(args, state, &app).await?;
    wait_for_the_end().await?;
    let lead = args.api.drain_lead.to_std().unwrap_or_default();
    show("Stopping. Instances end their running executions first; press Ctrl-C again to end at once.")?;
    tokio::select! {
        outcome = end(&app, lead, (stop, tasks), (working, &worker)) => {
            // Packet rules and control groups are made anew at the next start.
            if let Err(error) = driver.uninstall() {
                tracing::warn!(error = %error, "something of the instances' isolation is left on this machine");
            }
            outcome
        }
        again = wait_for_the_end() => again,
    }
}

async fn end(
    app: &App,
    lead: Duration,
    (stop, mut tasks): (CancellationToken, JoinSet<()>),
    (working, worker): (tokio::task::JoinHandle<()>, &Worker),
) -> Result<()> {
    drain::drain(app, lead).await;
    stop.cancel();
    let _ = working.await;
    worker.stop_instances().await?;
    let finish = async { while tasks.join_next().await.is_some() {} };
    // A request that runs has its own time limit.
    if tokio::time::timeout(app.api.max_time + Duration::from_secs(5), finish).await.is_err() {
        tasks.shutdown().await;
    }
    // Only now is nobody left who could be refused.
    if let Err(error) = app.audit.write_denials(true).await {
        tracing::warn!(error = ?error, "the last refusals are not in the audit trail");
    }
    Ok(())
}

pub(super) async fn assemble(
    args: &UpArgs,
    state: &State,
    db: Db,
    (mut runtime, signals): (tenantry_authz::Runtime, Signals),
) -> Result<App> {
    if let Some(directory) = &args.audit_dir {
        anyhow::ensure!(directory.is_dir(), "--audit-dir: {} is no directory", directory.display());
    }
    let denials = DenialLog::new();
    runtime.denials = Some(denials.clone());
    let may_create = !Tenants::keys_in_use(&db).await?;
    let keyring = LocalKeyring::open(&state.keyring(), may_create, &*runtime.entropy)
        .map_err(|e| anyhow::anyhow!("{} {}", e.message(), e.remedy()))?;
    let keys = Keys::new(Arc::new(keyring), runtime.entropy.clone());
    let portal =
        args.public_url.clone().unwrap_or_else(|| format!("http://localhost:{}", args.listen.port()));
    let portal = portal.trim_end_matches('/').to_owned();
    anyhow::ensure!(
        args.listen.ip().is_loopback() || portal.starts_with("https://"),
        "beyond loopback the portal needs TLS: set --public-url to the https:// address of the proxy that terminates it"
    );
    anyhow::ensure!(
        args.edge_listen.ip().is_loopback(),
        "the edge speaks plain HTTP: let it listen on loopback, behind a proxy that terminates TLS"
    );
    let mailer: Arc<dyn Mailer> = match &args.smtp_url {
        Some(url) => Arc::new(SmtpMailer::new(SmtpSettings {
            url: url.clone(),
            from: args.mail_from.clone(),
            clock: runtime.clock.clone(),
            entropy: runtime.entropy.clone(),
        })?),
        None => Arc::new(CapturingMailer::new(db.clone(), runtime.clock.clone())),
    };
    let billing = Billing::new(db.clone(), runtime.clock.clone(), runtime.entropy.clone());
    let mut identity = IdentityConfig::new(db.clone(), runtime.clone(), mailer, portal.clone());
    identity.seats = Arc::new(BillingPort(billing.clone()));
    identity.keys = Some(keys.clone());
    let outbound = Outbound::new(tenantry_outbound::Config {
        allow_loopback: args.allow_outbound_loopback,
        denied: args.outbound_deny.clone(),
        ..tenantry_outbound::Config::public()?
    });
    identity.outbound = Some(outbound.clone());
    args.sso.wire(&mut identity)?;
    let identity = Identity::new(identity)?;
    let instances = Instances::new(InstancesConfig {
        db: db.clone(),
        keys: keys.clone(),
        entitlements: Arc::new(BillingPort(billing.clone())),
        n8n_version: args.n8n_version.clone(),
        deletion_grace: args.deletion_grace,
    });
    let opening = Opening::new(OpeningConfig {
        db: db.clone(),
        keys: keys.clone(),
        clock: runtime.clock.clone(),
        entropy: runtime.entropy.clone(),
        sessions: Arc::new(SessionPort { identity: identity.clone(), runtime: runtime.clone() }),
    });
    let tenants = Tenants::new(db.clone(), keys.clone(), identity.clone(), billing.clone());
    let instance = format!("http://{{slug}}.{{region}}.localhost:{}", args.edge_listen.port());
    let public = PublicUrls { portal, instance };
    let allowed = Allowed {
        address: args.rate_limit_address,
        credential: args.rate_limit_credential,
        ..Allowed::default()
    };
    let rates = Rates::new(db.clone(), billing.clone(), allowed);
    let proxies = Proxies::new(args.trusted_proxies.clone());
    let webhooks = Webhooks::new(WebhooksConfig {
        db: db.clone(),
        keys: keys.clone(),
        runtime: runtime.clone(),
        outbound: outbound.clone(),
    });
    let host = Url::parse(&public.portal).ok().and_then(|url| url.host_str().map(str::to_owned));
    let audit = Audit::open(AuditConfig {
        db: db.clone(),
        keys: keys.clone(),
        identity: identity.clone(),
        clock: runtime.clock.clone(),
        signer: signing_key(&state.audit_signing_key(), &*runtime.entropy)?,
        outbound: outbound.clone(),
        directory: args.audit_dir.clone(),
        host: host.unwrap_or_else(|| "-".to_owned()),
        denials,
    });
    let oidc = public.oidc(outbound.clone(), &runtime);
    let services = Services {
        recent: Recent::new(KEPT),
        runtime,
        audit: audit.await?,
        webhooks,
        outbound,
        oidc,
        db,
        keys,
        identity,
        billing,
        instances,
        opening,
        tenants,
        signals,
        rates,
        proxies,
        api: Arc::new(args.api.settings(public.is_tls(), args.web_dir.as_deref())?),
        public,
    };
    Ok(services.into())
}

fn port_pool(args: &UpArgs, state: &State) -> std::ops::Range<u16> {
    // Below Linux's ephemeral ports (from 32768), sixty installations side by side.
    let first = args.instance_ports.unwrap_or(20_000 + (state.slot() % 60) * INSTANCES * 2);
    first..first.saturating_add(INSTANCES * 2)
}

fn driver(args: &UpArgs, state: &State) -> Result<Arc<ProcessDriver>> {
    let runtimes = args.n8n_runtimes.clone().context(
        "no n8n runtime is known. Run `cargo xtask up`, which installs it; or set TENANTRY_N8N_RUNTIMES",
    )?;
    let driver = ProcessDriver::new(ProcessConfig {
        installation: state.installation.clone(),
        state_dir: state.dir.clone(),
        runtimes,
        isolation: args.isolation.into(),
        launcher: std::env::current_exe().context("the program's own path")?,
        port_pool: port_pool(args, state),
    })?;
    Ok(Arc::new(driver))
}

async fn worker(
    args: &UpArgs,
    state: &State,
    database: &Database,
    (app, driver, signals): (&App, Arc<ProcessDriver>, Signals),
) -> Result<Worker> {
    let regions = app.instances.regions().await?;
    let regions = regions.into_iter().filter(|r| r.driver == "process").map(|r| r.code).collect();
    Ok(Worker::new(WorkerConfig {
        db: app.db.clone(),
        keys: app.keys.clone(),
        driver,
        databases: InstanceDatabases::new(database.cluster.provisioner.clone()),
        usage: Arc::new(BillingPort(app.billing.clone())),
        signals,
        clock: app.runtime.clock.clone(),
        entropy: app.runtime.entropy.clone(),
        http: reqwest::Client::builder()
            .no_proxy()
            // An instance is hostile: it must not send the worker elsewhere.
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(10))
            .build()?,
        regions,
        holder: format!("worker-{}", state.installation),
        first_uid: 0x1000_0000 + u32::from(state.slot()) * 4096,
        port_pool: port_pool(args, state),
        public_url: app.public.instance.clone(),
        boot_deadline: TimeDelta::seconds(i64::from(args.boot_deadline)),
    }))
}

/// For what the product asks of instances.
fn instance_client() -> Result<reqwest::Client> {
    let client = reqwest::Client::builder()
        .no_proxy()
        // An instance is hostile: it must not send us elsewhere.
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(10))
        .build()?;
    Ok(client)
}

async fn announce(args: &UpArgs, state: &State, app: &App) -> Result<()> {
    show(&format!("Tenantry runs.\n  portal     {}", app.public.portal))?;
    show(&format!("  console    {}/admin", app.public.portal))?;
    show(&format!("  APIs       {0}/graphql, {0}/admin/graphql", app.public.portal))?;
    show(&format!("  instances  http://<slug>.<region>.localhost:{}", args.edge_listen.port()))?;
    show(&format!("  state      {}", state.dir.display()))?;
    if args.smtp_url.is_none() {
        show(&format!("  mail       kept, not sent: {}/admin/mail", app.public.portal))?;
    }
    if let Some(setup) = app.identity.ensure_operator(&args.operator_email).await? {
        show(&format!(
            "  set-up     {} (once, within 24 hours: gives the first operator a password)",
            setup.link.expose()
        ))?;
    }
    show("Press Ctrl-C to stop. All data is kept.")
}

pub(super) async fn wait_for_the_end() -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    tokio::select! {
        interrupt = tokio::signal::ctrl_c() => interrupt?,
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
    }
    Ok(())
}

/// Migrates an empty database and prints what is there, without what differs between PostgreSQL versions.
pub(super) async fn print_database_schema(bin_dir: PathBuf) -> Result<()> {
    let entropy: Arc<dyn Entropy> = Arc::new(tenantry_kernel::OsEntropy);
    // Made by us and nobody else, under a name that cannot be foreseen.
    let name = tenantry_kernel::Secret::random(&*entropy, 8);
    let dir = std::env::temp_dir().join(format!("tenantry-schema-{}", name.expose()));
    std::fs::create_dir(&dir)?;
    let state = State::open(&dir, &*entropy)?;
    let dumped = async {
        let database = open_database(&state, None, Some(bin_dir.clone()), &*entropy).await?;
        let server = database.embedded.context("the embedded server")?;
        let dump = tokio::process::Command::new(bin_dir.join("pg_dump"))
            .args(["--schema-only", "--exclude-schema=graphile_worker"])
            .arg(server.superuser_url("tenantry").expose())
            .stderr(Stdio::inherit())
            .output()
            .await
            .context("pg_dump")?;
        server.stop().await?;
        anyhow::ensure!(dump.status.success(), "pg_dump failed");
        Ok(String::from_utf8(dump.stdout)?)
    };
    let dumped = dumped.await;
    std::fs::remove_dir_all(&dir)?;
    let kept: Vec<&str> = dumped
        .as_deref()
        .map_err(|e: &anyhow::Error| anyhow::anyhow!("{e:#}"))?
        .lines()
        .filter(|l| {
            !l.starts_with("SET ")
                && !l.starts_with("--")
                && !l.starts_with('\\')
                && !l.contains("set_config")
        })
        .collect();
    let mut text = String::from("-- The schema that the migrations make. Generated; do not edit.\n");
    let mut blank = true;
    for line in kept {
        if !(line.is_empty() && blank) {
            text.push_str(line);
            text.push('\n');
        }
        blank = line.is_empty();
    }
    show(&text)
}
