//! Who runs this, where, and with which settings: read once.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::Outcome;

/// The machine and the clone as this run sees them.
pub(crate) struct Context {
    /// The clone.
    pub(crate) root: PathBuf,
    /// Cargo's output directory, wherever the configuration puts it.
    pub(crate) target: PathBuf,
    /// The cargo that runs this.
    pub(crate) cargo: PathBuf,
    /// The shared cache.
    pub(crate) cache: PathBuf,
    pub(crate) is_root: bool,
    /// TENANTRY_POSTGRES_BIN.
    pub(crate) postgres_bin: Option<PathBuf>,
    /// TENANTRY_STATE_DIR, or its default.
    pub(crate) state_dir: PathBuf,
    search: Vec<PathBuf>,
}

impl Context {
    #[expect(clippy::disallowed_methods, reason = "this is the one place where xtask reads its environment")]
    pub(crate) fn read() -> Outcome<Self> {
        let variable =
            |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let manifest = variable("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let root = manifest.ancestors().nth(2).ok_or("xtask is not inside a clone")?.to_owned();
        // Cargo put this program into <target>/<profile>/.
        let program =
            std::env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
        let target = program.ancestors().nth(2).ok_or("xtask is not in a target directory")?.to_owned();
        // The owner of /proc/self is the effective user.
        let is_root =
            fs::metadata("/proc/self").map_err(|error| format!("/proc is needed: {error}"))?.uid() == 0;
        let cache = match (variable("TENANTRY_CACHE"), is_root, variable("HOME")) {
            (Some(dir), _, _) => dir,
            (None, true, _) => "/var/cache/tenantry".into(),
            (None, false, Some(home)) => home.join(".cache/tenantry"),
            (None, false, None) => return Err("HOME is not set; set TENANTRY_CACHE to a directory".into()),
        };
        let search = std::env::var_os("PATH").unwrap_or_default();
        Ok(Self {
            cargo: variable("CARGO").unwrap_or_else(|| "cargo".into()),
            cache: absolute(&cache)?,
            is_root,
            postgres_bin: variable("TENANTRY_POSTGRES_BIN").map(|dir| absolute(&dir)).transpose()?,
            state_dir: variable("TENANTRY_STATE_DIR")
                .map_or_else(|| Ok(root.join(".tenantry")), |dir| absolute(&dir))?,
            // Some programs of the system's are only on root's PATH.
            search: std::env::split_paths(&search).chain(["/usr/sbin", "/sbin"].map(PathBuf::from)).collect(),
            root,
            target,
        })
    }

    /// The full path of a program on PATH.
    pub(crate) fn find(&self, program: &str) -> Option<PathBuf> {
        self.search.iter().map(|dir| dir.join(program)).find(|path| path.is_file())
    }

    /// The directories in which programs are found.
    pub(crate) fn path(&self) -> impl Iterator<Item = PathBuf> {
        self.search.iter().cloned()
    }

    pub(crate) fn has(&self, program: &str) -> bool {
        self.find(program).is_some()
    }
}

fn absolute(path: &Path) -> Outcome<PathBuf> {
    std::path::absolute(path).map_err(|error| format!("{}: {error}", path.display()))
}
