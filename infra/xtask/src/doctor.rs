//! `doctor`: what is missing, and how to get it. It changes nothing.

use std::process::ExitCode;

use crate::apt::{self, Installer};
use crate::context::Context;
use crate::system::{self, Installs};
use crate::{disk, n8n, postgres};

/// Megabytes for the build, the runtime and some data.
const COMFORTABLE: u64 = 20_000;

#[derive(Default)]
struct Report {
    failed: bool,
}

impl Report {
    fn good(&self, name: &str, text: &str) {
        println!("  ok       {name:<18} {text}");
    }

    fn note(&self, name: &str, text: &str) {
        println!("  note     {name:<18} {text}");
    }

    fn missing(&mut self, name: &str, text: &str) {
        self.failed = true;
        println!("  MISSING  {name:<18} {text}");
    }
}

/// Prints the report; the exit code is 1 when something required is missing and `up` could not install it itself.
pub(crate) fn run(context: &Context) -> ExitCode {
    let mut report = Report::default();
    let installer = Installer::find(context);
    let user = if context.is_root { "root: instances are kept strictly apart" } else { "an ordinary user" };
    report.good("user", user);

    let installs = downloads(context, &mut report);
    for tool in system::tools(context, installs) {
        let how = match &installer {
            Some(_) => format!("{}; `cargo xtask up` installs {}", tool.why, tool.packages.join(" ")),
            None => format!("{}; {}", tool.why, apt::advice(tool.packages)),
        };
        match tool.present {
            true => report.good(tool.name, ""),
            false => report.missing(tool.name, &how),
        }
    }
    sandbox(context, &mut report);
    if context.has("chromium") {
        report.good("chromium", "");
    } else {
        report.note("chromium", "for the browser tests; `cargo xtask test` installs it where it may");
    }
    if context.has("cargo-nextest") {
        report.good("cargo-nextest", "");
    } else {
        report.note("cargo-nextest", "tests run slower without it; cargo install --locked cargo-nextest");
    }
    space(context, &mut report);
    println!("  cache    {:<18} {}", "", context.cache.display());
    if report.failed {
        println!("Something required is missing; see above.");
        return ExitCode::FAILURE;
    }
    println!("All that is required is there.");
    ExitCode::SUCCESS
}

/// PostgreSQL and n8n, which `up` fetches: not there yet is no fault.
fn downloads(context: &Context, report: &mut Report) -> Installs {
    let mut installs = Installs { postgres: false };
    match postgres::find(context) {
        Ok(Some(dir)) => report.good("PostgreSQL", &dir.display().to_string()),
        Ok(None) => {
            installs.postgres = true;
            report.note("PostgreSQL", "`cargo xtask up` fetches it into the cache (42 MB)");
        }
        Err(error) => report.missing("PostgreSQL", &error),
    }
    let version = n8n::default_version(context);
    match version.and_then(|version| Ok((n8n::is_installed(context, &version)?, version))) {
        Ok((true, version)) => {
            report.good("n8n", &format!("{version} in {}", n8n::runtimes(context).display()))
        }
        Ok((false, version)) => {
            report.note("n8n", &format!("`cargo xtask up` fetches {version} into the cache (2.3 GB)"));
        }
        Err(error) => report.missing("n8n", &error),
    }
    installs
}

fn sandbox(context: &Context, report: &mut Report) {
    if !context.has("bwrap") {
        return;
    }
    let remedy =
        "the kernel refuses it a namespace; on Ubuntu: sysctl kernel.apparmor_restrict_unprivileged_userns=0";
    if system::sandbox_works(context) {
        report.good("sandbox", "");
    } else {
        report.missing("sandbox", remedy);
    }
}

fn space(context: &Context, report: &mut Report) {
    for (name, dir) in [("space, cache", &context.cache), ("space, target", &context.target)] {
        match disk::free_megabytes(dir) {
            Ok(free) if free >= COMFORTABLE => report.good(name, &format!("{free} MB free")),
            Ok(free) => report.note(name, &format!("{free} MB free; {COMFORTABLE} MB are comfortable")),
            Err(error) => report.note(name, &error),
        }
    }
}
