//! Free disk space, asked before a large install rather than met in the middle of it.

use std::path::Path;
use std::process::Command;

use crate::{Outcome, process};

/// Free megabytes on the file system of the nearest existing parent.
pub(crate) fn free_megabytes(path: &Path) -> Outcome<u64> {
    let existing = path.ancestors().find(|dir| dir.is_dir()).unwrap_or(Path::new("/"));
    let printed =
        process::read(Command::new("df").args(["--output=avail", "-B1048576", "--"]).arg(existing))?;
    let last = printed.lines().last().unwrap_or_default().trim();
    last.parse().map_err(|_| format!("df printed `{last}`"))
}

/// Fails when there is less than `megabytes`.
pub(crate) fn require(path: &Path, megabytes: u64) -> Outcome {
    let free = free_megabytes(path)?;
    if free >= megabytes {
        return Ok(());
    }
    Err(format!(
        "{} has {free} MB free and {megabytes} MB are needed. Free some, or set TENANTRY_CACHE to another disk.",
        path.display()
    ))
}
