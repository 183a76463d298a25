//! What is looked at before an instance starts, so that the reason is told instead of guessed from a log.
//! Whether its ports are free is looked at by the holder, under the instance's lock: two starts at once would
//! find each other's trial there.

use std::path::Path;

use nix::sys::statvfs::statvfs;

use super::DriverError;
use super::error::Doing;

const NEEDED_MIB: u64 = 256;

/// An id names directories and control groups: only what can do no harm there.
pub(crate) fn id(id: &str) -> Result<(), DriverError> {
    let harmless = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if id.is_empty() || id.len() > 64 || !id.chars().all(harmless) {
        return Err(DriverError::InvalidSpec(format!("{id:?} is not an instance id")));
    }
    Ok(())
}

pub(crate) fn disk(path: &Path) -> Result<(), DriverError> {
    let disk = statvfs(path).doing(|| format!("the free disk space of {} cannot be read", path.display()))?;
    let free_mib = disk.blocks_available().saturating_mul(disk.fragment_size()) >> 20;
    if free_mib < NEEDED_MIB {
        return Err(DriverError::NoDiskSpace { path: path.to_path_buf(), free_mib, needed_mib: NEEDED_MIB });
    }
    Ok(())
}

/// The installed packages of the instance's n8n version.
pub(crate) fn runtime(runtimes: &Path, version: &str) -> Result<std::path::PathBuf, DriverError> {
    id(&version.replace('.', "_"))?;
    let modules = runtimes.join(version).join("node_modules");
    let missing = || DriverError::RuntimeMissing { version: version.to_owned(), path: modules.clone() };
    let complete = modules.join("n8n/bin/n8n").is_file()
        && modules.join(crate::n8n::NODE_PACKAGE).join("bin/node").is_file();
    if complete { modules.canonicalize().map_err(|_| missing()) } else { Err(missing()) }
}
