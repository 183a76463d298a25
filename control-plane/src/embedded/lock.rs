use std::fs::{File, OpenOptions};
use std::path::Path;

use anyhow::{Context, Result, bail};
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

/// Held for as long as the process lives, and freed by the kernel however it dies.
pub(super) struct Lock(#[expect(dead_code, reason = "held, not read")] Flock<File>);

impl Lock {
    pub(super) fn take(path: &Path) -> Result<Self> {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .with_context(|| format!("{} cannot be written", path.display()))?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => Ok(Self(lock)),
            Err((_, Errno::EWOULDBLOCK)) => {
                bail!(
                    "Tenantry already runs on this state directory ({}). Stop it first, or choose another with --state-dir.",
                    path.parent().unwrap_or(path).display()
                )
            }
            Err((_, error)) => Err(error).with_context(|| format!("{} cannot be locked", path.display())),
        }
    }
}
