//! Generated files that are committed: the product prints them, and `--check` compares.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use crate::context::Context;
use crate::prepare::{self, Ready};
use crate::{Outcome, process, product, web};

/// The product's command, and the file that holds what it prints.
const FILES: [(&str, &str); 6] = [
    ("print-schema", "control-plane/schema.graphql"),
    ("print-federation-schema", "control-plane/schema.federation.graphql"),
    ("print-admin-schema", "control-plane/admin.graphql"),
    ("print-openapi", "control-plane/openapi.json"),
    ("print-policy-matrix", "identity/authz/policy-matrix.txt"),
    ("print-database-schema", "migrations/schema.sql"),
];
/// How much of a difference is shown.
const DIFF_LINES: usize = 30;

/// `gen [--check]`
pub(crate) fn command(context: &Context, rest: &[String]) -> Outcome<ExitCode> {
    let check = match rest {
        [] => false,
        [flag] if flag == "--check" => true,
        _ => return Err("usage: cargo xtask gen [--check]".into()),
    };
    let ready = prepare::ensure(context)?;
    let binary = product::build(context, false)?;
    run(context, &ready, &binary, check)?;
    // The portal's client is made of the schemas above.
    if !check {
        web::generate(context)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes or compares every file; one that fails does not hide the others.
pub(crate) fn run(context: &Context, ready: &Ready, binary: &Path, check: bool) -> Outcome {
    let failures: Vec<String> = FILES
        .iter()
        .filter_map(|(print, file)| {
            let mut command = Command::new(binary);
            command.arg(print).current_dir(&context.root);
            ready.apply(&mut command);
            let result = process::read(&mut command).and_then(|text| {
                if check { compare(context, file, &text) } else { write(context, file, &text) }
            });
            result.err().map(|error| format!("{file}: {error}"))
        })
        .collect();
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n")) }
}

fn write(context: &Context, file: &str, text: &str) -> Outcome {
    let path = context.root.join(file);
    if fs::read_to_string(&path).is_ok_and(|present| present == text) {
        return Ok(());
    }
    println!("wrote {file}");
    fs::write(&path, text).map_err(|error| error.to_string())
}

fn compare(context: &Context, file: &str, text: &str) -> Outcome {
    let committed = context.root.join(file);
    let present = fs::read_to_string(&committed).unwrap_or_default();
    if present == text {
        return Ok(());
    }
    let printed = context.target.join("generated").join(file.replace('/', "-"));
    if let Some(parent) = printed.parent() {
        fs::create_dir_all(parent).map_err(|error| error.to_string())?;
    }
    fs::write(&printed, text).map_err(|error| error.to_string())?;
    let mut diff = Command::new("diff");
    diff.args(["--new-file", "--unified=2", "--label", "committed", "--label", "generated"]);
    let difference = process::capture(diff.arg(&committed).arg(&printed))?;
    let shown = String::from_utf8_lossy(&difference.stdout);
    let shown: Vec<&str> = shown.lines().take(DIFF_LINES).collect();
    Err(format!("is not what the code generates; run `cargo xtask gen` and commit it\n{}", shown.join("\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_shown_and_writing_ends_it() {
        let mut context = Context::read().unwrap();
        context.root = std::env::temp_dir().join(format!("xtask-gen-{}", std::process::id()));
        context.target = context.root.join("target");
        fs::create_dir_all(&context.root).unwrap();
        fs::write(context.root.join("schema"), "old\n").unwrap();

        let error = compare(&context, "schema", "new\n").unwrap_err();
        assert!(error.contains("-old\n+new") && error.contains("cargo xtask gen"), "{error}");
        write(&context, "schema", "new\n").unwrap();
        assert_eq!(compare(&context, "schema", "new\n"), Ok(()));
        assert!(compare(&context, "missing", "new\n").unwrap_err().contains("+new"));
        fs::remove_dir_all(&context.root).unwrap();
    }
}
