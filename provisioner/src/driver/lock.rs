//! The lock that says "this instance lives".
//!
//! `flock` belongs to the open file, not to a process: bubblewrap's first process inside the sandbox keeps
//! it open (`--sync-fd`), so the lock is held exactly as long as the instance's pid namespace exists. The
//! instance itself never gets the file, and so cannot let go of it.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

/// Whether an instance (or its launcher) holds the lock. A missing file is a free lock.
pub(super) fn is_held(path: &Path) -> io::Result<bool> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    // Shared, so that observers never take each other for an instance.
    match Flock::lock(file, FlockArg::LockSharedNonblock) {
        Ok(_released_on_drop) => Ok(false),
        Err((_, Errno::EWOULDBLOCK)) => Ok(true),
        Err((_, error)) => Err(error.into()),
    }
}

/// Takes the lock alone, or says that it is held.
pub(super) fn take(path: &Path) -> io::Result<Option<Flock<File>>> {
    match Flock::lock(open(path)?, FlockArg::LockExclusiveNonblock) {
        Ok(lock) => {
            // The directory may have been deleted and made again meanwhile: a lock on a file that no longer
            // has the name protects nothing.
            let (mine, named) = (lock.metadata()?, std::fs::metadata(path)?);
            Ok((mine.ino() == named.ino() && mine.dev() == named.dev()).then_some(lock))
        }
        Err((_, Errno::EWOULDBLOCK)) => Ok(None),
        Err((_, error)) => Err(error.into()),
    }
}
