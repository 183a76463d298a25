//! The command line.

mod api;
mod audit;
mod grace;
mod node;
mod sso;
mod up;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use tenantry_kernel::Secret;
use tenantry_provisioner::driver::Isolation;
use tracing_subscriber::EnvFilter;

/// Sells and runs isolated n8n instances, one tenant and one region at a time.
#[derive(Parser)]
#[command(name = "tenantry", version)]
struct Cli {
    /// What to log, as tracing directives.
    #[arg(long, env = "TENANTRY_LOG", default_value = "warn,tenantry=info", global = true)]
    log: String,
    /// How to log.
    #[arg(long, env = "TENANTRY_LOG_FORMAT", default_value = "text", global = true)]
    log_format: LogFormat,
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the whole product on this machine.
    Up(Box<UpArgs>),
    /// Serves the APIs and the portal, beside an `up` with the same state and database: no instances, no edge, no jobs.
    /// Settings are those of `up`; what it does not do, it ignores.
    Api(Box<UpArgs>),
    /// Prints the customers' GraphQL schema.
    PrintSchema,
    /// Prints the customers' GraphQL schema as a subgraph of Apollo Federation 2.
    PrintFederationSchema,
    /// Prints the operators' GraphQL schema.
    PrintAdminSchema,
    /// Prints the description of what is not GraphQL, as OpenAPI 3.1.
    PrintOpenapi,
    /// Prints who may do what: role × resource × action.
    PrintPolicyMatrix,
    /// Works with exported audit trails, without the product.
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Prints the database schema that the migrations make.
    PrintDatabaseSchema(DatabaseSchemaArgs),
}

#[derive(Args)]
struct DatabaseSchemaArgs {
    /// The directory of PostgreSQL's programs, pg_dump among them.
    #[arg(long, env = "TENANTRY_POSTGRES_BIN")]
    postgres_bin: PathBuf,
}

/// Every setting of `up`. Each can be given as an environment variable.
#[derive(Args, Clone)]
pub(crate) struct UpArgs {
    /// Where the product keeps all its state.
    #[arg(long, env = "TENANTRY_STATE_DIR", default_value = ".tenantry")]
    state_dir: PathBuf,
    /// Where the API and the portal listen.
    #[arg(long, env = "TENANTRY_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where the edge in front of instances listens.
    #[arg(long, env = "TENANTRY_EDGE_LISTEN", default_value = "127.0.0.1:8081")]
    edge_listen: SocketAddr,
    /// The directory of the built portal, web/dist in a clone. Without it only the APIs are served.
    #[arg(long, env = "TENANTRY_WEB_DIR")]
    web_dir: Option<PathBuf>,
    /// How people reach the portal, if not where it listens: https://portal.example.com
    #[arg(long, env = "TENANTRY_PUBLIC_URL")]
    public_url: Option<String>,
    /// A PostgreSQL with the right to create databases and roles. Without it the product starts its own.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<Secret>,
    /// The directory of PostgreSQL's programs, for the embedded database.
    #[arg(long, env = "TENANTRY_POSTGRES_BIN")]
    postgres_bin: Option<PathBuf>,
    /// The directory of n8n runtimes: <dir>/<version>/node_modules
    #[arg(long, env = "TENANTRY_N8N_RUNTIMES")]
    n8n_runtimes: Option<PathBuf>,
    /// The n8n version that new instances get.
    #[arg(long, env = "TENANTRY_N8N_VERSION", default_value = "2.40.7")]
    n8n_version: String,
    /// Which layers of isolation instances must have: strict refuses to run without all of them.
    #[arg(long, env = "TENANTRY_ISOLATION", default_value = "auto")]
    isolation: IsolationArg,
    /// The first of the ports for instances; chosen by the installation unless given.
    #[arg(long, env = "TENANTRY_INSTANCE_PORTS")]
    instance_ports: Option<u16>,
    /// How many seconds n8n may take to become ready.
    #[arg(long, env = "TENANTRY_BOOT_DEADLINE", default_value_t = 120)]
    boot_deadline: u32,
    /// How long a deleted instance's data is kept and can be restored: 7d, 12h, 30m, 90s; with 0 it goes at once.
    #[arg(long, env = "TENANTRY_DELETION_GRACE", default_value = "7d", value_parser = grace::parse)]
    deletion_grace: chrono::TimeDelta,
    /// Requests a minute from one address (IPv6: one /64), over all nodes. This machine itself has no such limit.
    #[arg(long, env = "TENANTRY_RATE_LIMIT_ADDRESS", default_value_t = 12_000,
          value_parser = clap::value_parser!(u32).range(1..=1_000_000_000))]
    rate_limit_address: u32,
    /// Requests a minute of one person, API key or service account, over all nodes.
    #[arg(long, env = "TENANTRY_RATE_LIMIT_CREDENTIAL", default_value_t = 6_000,
          value_parser = clap::value_parser!(u32).range(1..=1_000_000_000))]
    rate_limit_credential: u32,
    /// Networks of proxies before the API, whose X-Forwarded-For says where a request comes from: 10.0.0.0/8,::1/128
    #[arg(long, env = "TENANTRY_TRUSTED_PROXIES", value_delimiter = ',')]
    trusted_proxies: Vec<ipnet::IpNet>,
    #[command(flatten)]
    api: api::ApiArgs,
    #[command(flatten)]
    sso: sso::SsoArgs,
    /// For development: webhooks, streams and identity providers may be on this machine, by plain HTTP too.
    #[arg(long, env = "TENANTRY_ALLOW_OUTBOUND_LOOPBACK")]
    allow_outbound_loopback: bool,
    /// Networks with public addresses that webhooks and streams must not reach: 192.88.98.0/24,2a00:db8::/32
    #[arg(long, env = "TENANTRY_OUTBOUND_DENY", value_delimiter = ',')]
    outbound_deny: Vec<ipnet::IpNet>,
    /// A directory for streams of the audit trail to files, one file a tenant. Without it there are none.
    #[arg(long, env = "TENANTRY_AUDIT_DIR")]
    audit_dir: Option<PathBuf>,
    /// The first operator's e-mail address.
    #[arg(long, env = "TENANTRY_OPERATOR_EMAIL", default_value = "operator@example.com")]
    operator_email: String,
    /// smtps://user:password@host. Without it mail is kept for the development mailbox.
    #[arg(long, env = "TENANTRY_SMTP_URL", hide_env_values = true)]
    smtp_url: Option<Secret>,
    /// The sender of mails.
    #[arg(long, env = "TENANTRY_MAIL_FROM", default_value = "Tenantry <no-reply@localhost.localdomain>")]
    mail_from: String,
}

#[derive(Clone, Copy, ValueEnum)]
enum IsolationArg {
    /// Strict as root, relaxed as an ordinary user.
    Auto,
    Strict,
    Relaxed,
}

impl From<IsolationArg> for Isolation {
    fn from(arg: IsolationArg) -> Self {
        match arg {
            IsolationArg::Auto => Isolation::Auto,
            IsolationArg::Strict => Isolation::Strict,
            IsolationArg::Relaxed => Isolation::Relaxed,
        }
    }
}

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    log_to_stderr(&cli);
    let done = match cli.command {
        Command::PrintSchema => show(&crate::graphql::customer_sdl()),
        Command::PrintFederationSchema => show(&crate::graphql::federation_sdl()),
        Command::PrintAdminSchema => show(&crate::graphql::admin_sdl()),
        Command::PrintOpenapi => {
            crate::http::openapi_document().map_err(Into::into).and_then(|text| show(&text))
        }
        Command::PrintPolicyMatrix => run(async { show(&tenantry_authz::matrix::render().await?) }),
        Command::PrintDatabaseSchema(args) => run(up::print_database_schema(args.postgres_bin)),
        Command::Audit(command) => audit::run(command),
        Command::Up(args) => run(up::up(*args)),
        Command::Api(args) => run(node::api(*args)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}

fn log_to_stderr(cli: &Cli) {
    let filter = EnvFilter::try_new(&cli.log).unwrap_or_else(|_| EnvFilter::new("warn"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match cli.log_format {
        LogFormat::Text => builder.with_target(false).init(),
        LogFormat::Json => builder.json().init(),
    }
}

#[expect(
    clippy::print_stdout,
    clippy::unnecessary_wraps,
    reason = "a command's answer is its standard output"
)]
pub(crate) fn show(text: &str) -> anyhow::Result<()> {
    println!("{}", text.trim_end());
    Ok(())
}

#[expect(clippy::print_stderr, reason = "the one place that tells a person why the program ends")]
fn complain(error: &anyhow::Error) {
    eprintln!("tenantry: {error:#}");
}
