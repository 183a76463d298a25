//! Building the product and handing over to it.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use crate::context::Context;
use crate::{Outcome, postgraphile, prepare, process};

/// The package of the whole-product programs.
const SYSTEM_PACKAGE: &str = "tenantry-system-tests";

/// `up [--release] [-- ARGS]`: replaces this process with the product, so that Ctrl-C goes straight to it.
pub(crate) fn up(context: &Context, rest: &[String]) -> Outcome {
    let (own, passed) = split(rest);
    let release = match own {
        [] => false,
        [flag] if flag == "--release" => true,
        _ => return Err("usage: cargo xtask up [--release] [-- ARGS]".into()),
    };
    let ready = prepare::ensure(context)?;
    let binary = build(context, release)?;
    let mut command = Command::new(&binary);
    command.arg("up").args(passed).env("TENANTRY_STATE_DIR", &context.state_dir);
    ready.apply(&mut command);
    Err(format!("{}: {}", binary.display(), command.exec()))
}

/// The package of the benchmarks beside others' software.
const LOAD_PACKAGE: &str = "tenantry-load";

/// What `bench` measures: a name, and the program that does it.
const BENCHES: [(&str, &str); 4] =
    [("product", "bench"), ("gate", "gate"), ("list", "list"), ("timing", "log_in_timing")];

/// `bench [NAME] [-- ARGS]`: all of it, or what has that name. A benchmark of an unoptimised build says nothing.
pub(crate) fn bench(context: &Context, rest: &[String]) -> Outcome<ExitCode> {
    let (own, passed) = split(rest);
    let names: Vec<&str> = BENCHES.iter().map(|(name, _)| *name).collect();
    let chosen: Vec<_> = match own {
        [] => BENCHES.to_vec(),
        [wanted] => BENCHES.into_iter().filter(|(name, _)| name == wanted).collect(),
        _ => Vec::new(),
    };
    if chosen.is_empty() {
        return Err(format!("usage: cargo xtask bench [{}] [-- ARGS]", names.join("|")));
    }
    let ready = prepare::ensure(context)?;
    let postgraphile = postgraphile::ensure(context)?;
    // As what ships is built: see the profile.
    process::run(cargo(context).args(["build", "--profile", "dist", "--package", "tenantry"]))?;
    // By one build: cargo would build what they share once more for each, with the features that each alone needs.
    let packages = ["--package", SYSTEM_PACKAGE, "--package", LOAD_PACKAGE];
    process::run(cargo(context).args(["build", "--release"]).args(packages))?;
    let (product, built) = (context.target.join("dist/tenantry"), context.target.join("release"));
    let mut code = ExitCode::SUCCESS;
    for (name, program) in chosen {
        println!("── {name}");
        let mut command = Command::new(built.join(program));
        command.current_dir(&context.root).args(passed).env("TENANTRY_BIN", &product);
        command.env("TENANTRY_POSTGRAPHILE", &postgraphile);
        command.env("TENANTRY_POSTGRAPHILE_NODE", postgraphile::node(context)?);
        ready.apply(&mut command);
        let status = command.status().map_err(|error| format!("{program} did not start: {error}"))?;
        if !status.success() {
            code = ExitCode::FAILURE;
        }
    }
    Ok(code)
}

/// `demo`: a program of the system tests that uses the product from outside.
pub(crate) fn system(context: &Context, program: &str, rest: &[String]) -> Outcome<ExitCode> {
    let (own, passed) = split(rest);
    let release = own.iter().any(|flag| flag == "--release");
    if let Some(unknown) = own.iter().find(|flag| *flag != "--release") {
        return Err(format!(
            "unexpected argument `{unknown}`; arguments for {program} itself come after `--`"
        ));
    }
    let ready = prepare::ensure(context)?;
    let binary = build(context, release)?;
    let mut command = cargo(context);
    command.args(["run", "--quiet", "--package", SYSTEM_PACKAGE, "--bin", program]);
    if release {
        command.arg("--release");
    }
    command.arg("--").args(passed).env("TENANTRY_BIN", binary);
    ready.apply(&mut command);
    let status = command.status().map_err(|error| format!("cargo did not start: {error}"))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Builds the product's binary and says where it is.
pub(crate) fn build(context: &Context, release: bool) -> Outcome<PathBuf> {
    let mut command = cargo(context);
    command.args(["build", "--package", "tenantry"]);
    if release {
        command.arg("--release");
    }
    process::run(&mut command)?;
    Ok(context.target.join(if release { "release" } else { "debug" }).join("tenantry"))
}

/// Builds everything there is, tests too, and gives the product: by one build, as what follows would otherwise build the
/// dependencies once more, with the features that it alone needs.
pub(crate) fn build_all(context: &Context) -> Outcome<PathBuf> {
    process::run(cargo(context).args(["build", "--workspace", "--all-targets"]))?;
    Ok(context.target.join("debug/tenantry"))
}

/// Cargo on this clone. The variables that cargo sets for the programs it runs must not reach another cargo's
/// build scripts, or they would be run again each time, and all that depends on them with them.
pub(crate) fn cargo(context: &Context) -> Command {
    let mut command = Command::new(&context.cargo);
    command.current_dir(&context.root).env_remove("LD_LIBRARY_PATH");
    for (name, _) in std::env::vars_os() {
        if name
            .to_str()
            .is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
        {
            command.env_remove(name);
        }
    }
    command
}

/// What is before `--`, and what is after it.
fn split(rest: &[String]) -> (&[String], &[String]) {
    let position = rest.iter().position(|argument| argument == "--").unwrap_or(rest.len());
    let (own, passed) = rest.split_at(position);
    (own, passed.get(1..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn arguments_after_the_dashes_are_the_products() {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(split(&words("--release -- --port 1")), (&words("--release")[..], &words("--port 1")[..]));
        assert_eq!(split(&words("--release")), (&words("--release")[..], &[][..]));
        assert_eq!(split(&words("--")), (&[][..], &[][..]));
    }
}
