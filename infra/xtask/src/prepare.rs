//! Everything that must be on the machine before the product or its tests start.

use std::path::PathBuf;
use std::process::Command;

use crate::apt::{self, Installer};
use crate::context::Context;
use crate::system::{self, Installs, Tool};
use crate::{Outcome, n8n, postgres, web};

/// What was made ready; the product and the tests find it through their environment.
pub(crate) struct Ready {
    postgres_bin: PathBuf,
    runtimes: PathBuf,
    version: String,
    portal: PathBuf,
}

impl Ready {
    /// Adds the settings to a command, and takes away what cargo set for this program alone. The state directory
    /// is not among them: a test or a demonstration must never touch the data of `up`.
    pub(crate) fn apply(&self, command: &mut Command) {
        command
            .env("TENANTRY_POSTGRES_BIN", &self.postgres_bin)
            .env("TENANTRY_N8N_RUNTIMES", &self.runtimes)
            .env("TENANTRY_N8N_VERSION", &self.version)
            .env("TENANTRY_WEB_DIR", &self.portal)
            .env_remove("LD_LIBRARY_PATH");
    }
}

/// Installs what is missing, and builds the portal. Quick when nothing is to do.
pub(crate) fn ensure(context: &Context) -> Outcome<Ready> {
    let version = n8n::default_version(context)?;
    let installs = Installs { postgres: postgres::find(context)?.is_none() };
    ensure_tools(context, &system::tools(context, installs))?;
    let postgres_bin = postgres::ensure(context)?;
    n8n::ensure(context, &version)?;
    let portal = web::build(context)?;
    Ok(Ready { postgres_bin, runtimes: n8n::runtimes(context), version, portal })
}

/// `install [--n8n VERSION]`
pub(crate) fn command(context: &Context, rest: &[String]) -> Outcome {
    let ready = ensure(context)?;
    match rest {
        [] => {}
        [flag, version] if flag == "--n8n" => n8n::ensure(context, version)?,
        _ => return Err("usage: cargo xtask install [--n8n VERSION]".into()),
    }
    println!("PostgreSQL: {}", ready.postgres_bin.display());
    println!("n8n:        {}", ready.runtimes.display());
    Ok(())
}

/// Installs the browser that the browser tests drive.
pub(crate) fn ensure_browser(context: &Context) -> Outcome<PathBuf> {
    ensure_tools(context, &[system::browser(context)])?;
    context.find("chromium").ok_or_else(|| "chromium is installed but not on PATH".to_owned())
}

/// Installs the programs that the tests measure the product against.
pub(crate) fn ensure_peers(context: &Context) -> Outcome {
    ensure_tools(context, &system::peers(context))
}

fn ensure_tools(context: &Context, tools: &[Tool]) -> Outcome {
    let missing: Vec<_> = tools.iter().filter(|tool| !tool.present).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().flat_map(|tool| tool.packages).copied().collect();
    if let Some(installer) = Installer::find(context) {
        return installer.install(&packages);
    }
    for tool in &missing {
        println!("missing: {} ({})", tool.name, tool.why);
    }
    Err(format!("install the missing packages first: {}", apt::advice(&packages)))
}
