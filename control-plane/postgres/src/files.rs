//! Files and directories with their owners and modes, written so that a kill leaves the old or the new one.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::{Error, account::Account};

/// `name` with a prefix and a suffix, in the same directory.
pub(crate) fn beside(path: &Path, prefix: &str, suffix: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{prefix}{name}{suffix}"))
}

/// Makes a directory and its missing parents, open for passing through.
pub(crate) fn make_parents(dir: &Path) -> Result<(), Error> {
    DirBuilder::new().recursive(true).mode(0o755).create(dir).map_err(Error::io("create the directory", dir))
}

/// Makes `dir` itself with exactly this mode and the server's user as owner. One that exists must be a real
/// directory of that user already: anything else in a shared place such as /tmp is somebody's trap.
pub(crate) fn make_owned(dir: &Path, mode: u32, account: &Account) -> Result<(), Error> {
    match fs::create_dir(dir) {
        Ok(()) => give(dir, account)?,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => check_owner(dir, account)?,
        Err(error) => return Err(Error::io("create the directory", dir)(error)),
    }
    fs::set_permissions(dir, fs::Permissions::from_mode(mode)).map_err(Error::io("set the mode of", dir))
}

/// Fails unless `path` is a directory, not a link to one, of the server's user.
pub(crate) fn check_owner(path: &Path, account: &Account) -> Result<(), Error> {
    let meta = fs::symlink_metadata(path).map_err(Error::io("look at", path))?;
    if !meta.is_dir() {
        return Err(Error::NotACluster(path.into()));
    }
    if meta.uid() != account.uid {
        return Err(Error::WrongOwner { path: path.into(), found: meta.uid(), wanted: account.uid });
    }
    Ok(())
}

/// Hands a file to the server's user; nothing to do when this process is that user.
pub(crate) fn give(path: &Path, account: &Account) -> Result<(), Error> {
    if !account.drops {
        return Ok(());
    }
    std::os::unix::fs::lchown(path, Some(account.uid), Some(account.gid))
        .map_err(Error::io("change the owner of", path))
}

/// Writes a file of mode 0600 next to its final place and renames it there.
pub(crate) fn write_private(path: &Path, content: &str) -> Result<(), Error> {
    replace(path, &beside(path, ".", ".new"), content, None)
}

/// Writes a file into the data directory. Root never opens a file inside a directory that the server's user
/// controls, where a link could lead elsewhere: the new file is made at `staging`, outside, and renamed in.
pub(crate) fn write_for_server(
    path: &Path,
    staging: &Path,
    content: &str,
    account: &Account,
) -> Result<(), Error> {
    replace(path, staging, content, Some(account))
}

fn replace(path: &Path, staging: &Path, content: &str, owner: Option<&Account>) -> Result<(), Error> {
    let write = || -> std::io::Result<()> {
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(staging)?;
        file.write_all(content.as_bytes())?;
        file.sync_all()
    };
    write().map_err(Error::io("write", staging))?;
    if let Some(account) = owner {
        give(staging, account)?;
    }
    fs::rename(staging, path).map_err(Error::io("put in place", path))
}

/// The last lines of a log, for an error message; empty when it cannot be read.
pub(crate) fn tail(path: &Path, lines: usize) -> String {
    let text = fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let skip = text.lines().count().saturating_sub(lines);
    text.lines().skip(skip).collect::<Vec<_>>().join("\n")
}
