//! The operating system's user who runs the server.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

use nix::unistd::{Uid, User};

use crate::Error;

/// The user of the distribution's own PostgreSQL packages, and the one made when those are not installed.
const PREFERRED: &str = "postgres";
const FALLBACK: &str = "tenantry";

/// As whom PostgreSQL runs.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// Whether this process is root and gives its rights up for the server.
    pub(crate) drops: bool,
}

impl Account {
    /// The present user, or a service user when that is root: the one who owns the data already, else the first.
    pub(crate) fn resolve(data_dir: &Path) -> Result<Self, Error> {
        let uid = Uid::effective();
        if !uid.is_root() {
            let name = User::from_uid(uid).ok().flatten().map_or_else(|| uid.to_string(), |user| user.name);
            let gid = nix::unistd::Gid::effective().as_raw();
            return Ok(Self { name, uid: uid.as_raw(), gid, drops: false });
        }
        let owner = fs::metadata(data_dir).map(|meta| meta.uid()).ok();
        let known: Vec<User> = [find(PREFERRED)?, find(FALLBACK)?].into_iter().flatten().collect();
        let owning = known.iter().find(|user| Some(user.uid.as_raw()) == owner);
        let user = match owning.or(known.first()) {
            Some(user) => user.clone(),
            None => create()?,
        };
        Ok(Self { name: user.name, uid: user.uid.as_raw(), gid: user.gid.as_raw(), drops: true })
    }

    /// Fails on the first parent of `path` that this user may not pass through. Missing parents are fine: the
    /// product makes them, open enough.
    pub(crate) fn check_reachable(&self, path: &Path) -> Result<(), Error> {
        if !self.drops {
            return Ok(());
        }
        for dir in path.ancestors().skip(1) {
            let Ok(meta) = fs::metadata(dir) else { continue };
            if !self.may_enter(&meta) {
                return Err(Error::NotTraversable {
                    user: self.name.clone(),
                    dir: dir.into(),
                    path: path.into(),
                });
            }
        }
        Ok(())
    }

    fn may_enter(&self, meta: &fs::Metadata) -> bool {
        let execute = if meta.uid() == self.uid {
            0o100
        } else if meta.gid() == self.gid {
            0o010
        } else {
            0o001
        };
        meta.mode() & execute != 0
    }
}

/// Whether the embedded server could keep its data at `path`: asks nothing of the disk but the modes of the
/// parents, so that a caller can choose its state directory before it makes anything.
pub fn reachable(path: &Path) -> Result<(), Error> {
    let path = std::path::absolute(path).map_err(Error::io("resolve", path))?;
    Account::resolve(&path)?.check_reachable(&path)
}

fn find(name: &str) -> Result<Option<User>, Error> {
    User::from_name(name).map_err(|errno| Error::NoServiceUser(format!("looking up `{name}`: {errno}")))
}

fn create() -> Result<User, Error> {
    let made = Command::new("useradd")
        .args(["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"])
        .args(["--shell", "/usr/sbin/nologin", FALLBACK])
        .env("PATH", "/usr/sbin:/sbin:/usr/bin:/bin")
        .output()
        .map_err(|error| Error::NoServiceUser(format!("`useradd` did not start: {error}")))?;
    // Looked up whatever `useradd` said: another start may have made the user at the same moment.
    find(FALLBACK)?.ok_or_else(|| {
        Error::NoServiceUser(format!("`useradd` said: {}", String::from_utf8_lossy(&made.stderr).trim()))
    })
}
