//! `test`: everything that must hold, in order, with the time each part took.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use crate::context::Context;
use crate::prepare::{self, Ready};
use crate::product::{self, cargo};
use crate::{Outcome, generate, peers, process, scim_peer, web};

/// The parts that ran, and how they went.
#[derive(Default)]
struct Summary {
    steps: Vec<(&'static str, Duration, bool)>,
}

impl Summary {
    fn step<T>(&mut self, name: &'static str, part: impl FnOnce() -> Outcome<T>) -> Option<T> {
        println!("\n==> {name}");
        let start = Instant::now();
        let result = part();
        self.steps.push((name, start.elapsed(), result.is_ok()));
        result.map_err(|error| eprintln!("{name} failed: {error}")).ok()
    }

    fn failed(&self) -> Vec<&'static str> {
        self.steps.iter().filter(|step| !step.2).map(|step| step.0).collect()
    }

    fn print(&self) -> ExitCode {
        println!("\n{:<18} {:>9}", "step", "seconds");
        for (name, time, passed) in &self.steps {
            println!("{name:<18} {:>9.1}  {}", time.as_secs_f64(), if *passed { "ok" } else { "FAILED" });
        }
        let failed = self.failed();
        if failed.is_empty() {
            println!("All passed.");
            return ExitCode::SUCCESS;
        }
        println!("FAILED: {}", failed.join(", "));
        ExitCode::FAILURE
    }
}

/// `test [FILTER]`: a quick look at some tests leaves the format, the lints and the generated files alone.
pub(crate) fn run(context: &Context, rest: &[String]) -> Outcome<ExitCode> {
    if let Some(flag) = rest.iter().find(|argument| argument.starts_with('-')) {
        return Err(format!("unexpected argument `{flag}`; usage: cargo xtask test [FILTER]"));
    }
    let mut summary = Summary::default();
    let everything = rest.is_empty();
    if let Some(ready) = summary.step("prepare", || prepare::ensure(context)) {
        if everything {
            let check = &mut cargo(context);
            summary.step("format", || process::run(check.args(["fmt", "--all", "--check"])));
            summary.step("lint", || lint(context));
            summary.step("portal", || web::check(context));
        }
        if let Some(binary) = summary.step("build", || product::build_all(context)) {
            if everything {
                summary.step("generated files", || generate::run(context, &ready, &binary, true));
            }
            // A run that was killed may have left its database server: tests begin with none, and leave none.
            summary.step("clean before", || clean(context, &ready));
            if let Some(peer) = summary.step("peers", || scim_peer::ensure(context)) {
                summary.step("tests", || tests(context, (&ready, peer.as_path()), &binary, rest));
            }
            if everything {
                summary.step("browser tests", || browser(context, &ready, &binary));
            }
            summary.step("clean after", || clean(context, &ready));
            if everything && has_doc_tests(&context.root) {
                summary.step("doc tests", || {
                    let mut command = cargo(context);
                    ready.apply(command.args(["test", "--quiet", "--doc", "--workspace"]));
                    process::run(&mut command)
                });
            }
        }
    }
    Ok(summary.print())
}

/// `fmt`
pub(crate) fn format(context: &Context) -> Outcome {
    process::run(cargo(context).args(["fmt", "--all"]))
}

/// `lint`
pub(crate) fn lint(context: &Context) -> Outcome {
    let mut command = cargo(context);
    command.args(["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"]);
    process::run(&mut command)
}

fn tests(context: &Context, (ready, peer): (&Ready, &Path), binary: &Path, filter: &[String]) -> Outcome {
    prepare::ensure_peers(context)?;
    let mut command = cargo(context);
    if context.has("cargo-nextest") {
        command.args(["nextest", "run", "--workspace"]).args(filter);
    } else {
        println!("cargo-nextest is not installed: running one test program at a time, which is slower");
        command.args(["test", "--workspace", "--lib", "--bins", "--tests"]);
        if let Some(word) = filter.first() {
            command.arg(word);
        }
    }
    peers::ensure(context)?.apply(&mut command);
    ready.apply(command.env("TENANTRY_BIN", binary).env("TENANTRY_SCIM_PEER", peer));
    process::run(&mut command)
}

/// What measures the browser: nothing else may run meanwhile.
const MEASURES: &str = "lighthouse.test.ts";

/// The journeys in a real browser, against the real product: two files at a time, each with a product of its own.
fn browser(context: &Context, ready: &Ready, binary: &Path) -> Outcome {
    let chromium = prepare::ensure_browser(context)?;
    let dir = web::browser_tests(context);
    web::packages(context, &dir)?;
    // The identity providers that people log in at.
    let peers = peers::ensure(context)?;
    let run = |files: &[String]| {
        let mut command = web::node(context)?;
        peers.apply(&mut command);
        command.args(["--test", "--test-concurrency=2", "--test-reporter=spec"]).args(files);
        command.current_dir(&dir).env("TENANTRY_BIN", binary).env("TENANTRY_CHROMIUM", &chromium);
        ready.apply(&mut command);
        process::run(&mut command)
    };
    let (alone, together): (Vec<_>, Vec<_>) =
        test_files(&dir)?.into_iter().partition(|file| file.ends_with(MEASURES));
    let both = (run(&together), run(&alone));
    both.0.and(both.1)
}

fn test_files(dir: &Path) -> Outcome<Vec<String>> {
    let entries = fs::read_dir(dir.join("src")).map_err(|error| format!("{}: {error}", dir.display()))?;
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut files: Vec<_> =
        names.filter(|name| name.ends_with(".test.ts")).map(|name| format!("src/{name}")).collect();
    files.sort();
    Ok(files)
}

/// Ends the tests' database server and deletes its data.
fn clean(context: &Context, ready: &Ready) -> Outcome {
    let mut command = Command::new(context.target.join("debug/tenantry-testkit-clean"));
    ready.apply(&mut command);
    process::run(&mut command)
}

/// Looks for a code block in a doc comment, as running none still takes seconds a crate.
fn has_doc_tests(dir: &Path) -> bool {
    let Ok(entries) = fs::read_dir(dir) else {
        return false;
    };
    entries.flatten().any(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let Ok(kind) = entry.file_type() else { return false };
        if kind.is_dir() {
            return !name.starts_with('.')
                && name != "target"
                && name != "node_modules"
                && has_doc_tests(&entry.path());
        }
        name.ends_with(".rs")
            && fs::read_to_string(entry.path()).is_ok_and(|text| {
                text.lines().map(str::trim_start).any(|line| {
                    line.strip_prefix("///").or_else(|| line.strip_prefix("//!")).is_some_and(|doc| {
                        let doc = doc.trim();
                        doc == "```" || doc.starts_with("```rust") || doc.starts_with("```no_run")
                    })
                })
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_is_named_and_the_next_ones_run() {
        let mut summary = Summary::default();
        assert_eq!(summary.step("good", || Ok(1)), Some(1));
        assert_eq!(summary.step("bad", || Err::<(), _>("broken".into())), None);
        assert_eq!(summary.step("later", || Ok(2)), Some(2));
        assert_eq!(summary.failed(), ["bad"]);
        assert_eq!(format!("{:?}", summary.print()), format!("{:?}", ExitCode::FAILURE));
    }
}
