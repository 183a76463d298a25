//! The Unix socket's directory.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::Uid;

use crate::{Error, PORT, account::Account, files};

/// `sun_path` holds 108 bytes, one of them the terminating zero.
pub(crate) const SUN_PATH_MAX: usize = 107;

/// Where an installation's socket goes unless configured: short, and with every parent open for passing through,
/// because n8n instances of other users connect through it. `installation` keeps two products on one machine apart.
///
/// An ordinary user's instances run as that same user, so the private runtime directory of a login serves.
#[must_use]
pub fn default_socket_dir(installation: &str) -> PathBuf {
    let uid = Uid::effective();
    if uid.is_root() {
        return format!("/run/tenantry-{installation}/pg").into();
    }
    let runtime = PathBuf::from(format!("/run/user/{uid}"));
    if runtime.is_dir() {
        return runtime.join(format!("tenantry-{installation}/pg"));
    }
    format!("/tmp/tenantry-{installation}-{uid}/pg").into()
}

/// Fails when the operating system would refuse the socket's path.
pub(crate) fn check_length(dir: &Path) -> Result<(), Error> {
    let path = dir.join(format!(".s.PGSQL.{PORT}"));
    let length = path.as_os_str().len();
    if length > SUN_PATH_MAX { Err(Error::SocketPathTooLong { path, length }) } else { Ok(()) }
}

/// Makes the directory: the server's user owns it, everybody may pass through to the socket, whose door is SCRAM.
pub(crate) fn prepare(dir: &Path, account: &Account) -> Result<(), Error> {
    if let Some(parent) = dir.parent() {
        files::make_parents(parent)?;
        check_parent(parent, account)?;
    }
    account.check_reachable(dir)?;
    files::make_owned(dir, 0o755, account)
}

/// Whoever owns the parent can put another directory in place of ours. In /tmp, where the name can be guessed, a
/// stranger could have made it first.
fn check_parent(parent: &Path, account: &Account) -> Result<(), Error> {
    let meta = fs::metadata(parent).map_err(Error::io("look at", parent))?;
    let wanted = Uid::effective().as_raw();
    if [0, wanted, account.uid].contains(&meta.uid()) {
        return Ok(());
    }
    Err(Error::WrongOwner { path: parent.into(), found: meta.uid(), wanted })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_counts_the_whole_path_of_the_socket() {
        assert!(check_length(Path::new(&format!("/{}", "d".repeat(92)))).is_ok());
        assert!(matches!(
            check_length(Path::new(&format!("/{}", "d".repeat(93)))),
            Err(Error::SocketPathTooLong { length: 108, .. })
        ));
    }
}
