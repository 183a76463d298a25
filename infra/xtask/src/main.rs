//! `cargo xtask`: everything a developer or a stranger does with this repository, in one word each.
//!
//! It finds or installs what the product and its tests stand on (system packages, PostgreSQL, the n8n runtime,
//! the portal's npm packages), builds, and hands over. It has no dependencies, so that it builds on a machine that has nothing but Rust.
//!
//! What holds:
//! - **It asks the system before it changes it.** Packages are installed with apt-get as root or through
//!   password-less sudo; otherwise they are named, with what works without them.
//! - **Heavy things are installed once.** PostgreSQL's programs and n8n's runtime (2.3 GB) go to a cache that the
//!   clones on a machine share, under the hash of their lock files. An install happens aside, under a lock, and is
//!   renamed into place: a kill leaves nothing half made, and two clones do not do the same work at once.
//! - **The cache is for everybody to read.** The server and the instances run as users other than the one who
//!   installs, so root's cache is in /var/cache and every file in it is world-readable.
//! - **The second time is quick.** Each check is a look at a directory or at PATH; nothing is asked of a network.
//! - **It gets out of the way.** `up` replaces itself with the product, so signals reach that directly.
//!
//! Every command prints what it runs when that fails, and exits with a code other than 0.

mod apt;
mod cache;
mod context;
mod disk;
mod doctor;
mod generate;
mod n8n;
mod peers;
mod postgraphile;
mod postgres;
mod prepare;
mod process;
mod product;
mod scim_peer;
mod suite;
mod system;
mod web;

use std::process::ExitCode;

use context::Context;

/// What went wrong, for a person to read.
type Outcome<T = ()> = Result<T, String>;

const HELP: &str = "\
Usage: cargo xtask <command> [options]

  up [--release] [-- ARGS]   install what is missing, build, and start Tenantry; ARGS go to `tenantry up`
  demo [-- ARGS]             prove the whole product on this machine: two companies, two n8n, two invoices
  test [FILTER]              format, lints, generated files and all tests; with FILTER only the matching tests
  bench [NAME] [-- ARGS]     measure the product, or only what has that NAME: product, gate, list,
                             timing
  gen [--check]              write the generated files, or compare them with what is committed
  release-schema [DATE]      make the present GraphQL schema the released one, with an entry in its changelog
  fmt                        format the Rust code
  lint                       clippy, warnings are errors
  doctor                     say what is missing on this machine and how to get it; changes nothing
  install [--n8n VERSION]    only install what is missing; with --n8n a further version from infra/n8n-runtime

Environment:
  TENANTRY_CACHE             the shared cache (root: /var/cache/tenantry, else ~/.cache/tenantry)
  TENANTRY_POSTGRES_BIN      the directory of PostgreSQL's programs to use instead of finding or installing one
  TENANTRY_STATE_DIR         where the product keeps its data (default: .tenantry in this clone)
  DATABASE_URL               a PostgreSQL of your own instead of the embedded one
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(code) => code,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Outcome<ExitCode> {
    let (command, rest) =
        arguments.split_first().map_or(("help", arguments), |(first, rest)| (first.as_str(), rest));
    if rest
        .iter()
        .take_while(|argument| *argument != "--")
        .any(|argument| argument == "--help" || argument == "-h")
    {
        print!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    }
    let context = Context::read()?;
    let done = |()| ExitCode::SUCCESS;
    match command {
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
        "up" => product::up(&context, rest).map(done),
        "demo" => product::system(&context, "demo", rest),
        "bench" => product::bench(&context, rest),
        "test" => suite::run(&context, rest),
        "gen" => generate::command(&context, rest),
        "release-schema" => web::release_schema(&context, rest).map(done),
        "fmt" => nothing_more(rest).and_then(|()| suite::format(&context)).map(done),
        "lint" => nothing_more(rest).and_then(|()| suite::lint(&context)).map(done),
        "doctor" => nothing_more(rest).map(|()| doctor::run(&context)),
        "install" => prepare::command(&context, rest).map(done),
        other => Err(format!("there is no command `{other}`\n\n{HELP}")),
    }
}

fn nothing_more(rest: &[String]) -> Outcome {
    match rest.first() {
        None => Ok(()),
        Some(argument) => Err(format!("unexpected argument `{argument}`\n\n{HELP}")),
    }
}
