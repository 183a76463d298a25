//! The cache that the clones on a machine share.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Outcome, context::Context, process};

/// One thing to be installed.
pub(crate) struct Item<'a> {
    /// For messages: "n8n 2.40.7".
    pub(crate) title: &'a str,
    /// The directory in the cache, with the hash of the lock file in its name.
    pub(crate) directory: &'a str,
}

/// The item's directory; `install` fills it when it is not there. A present directory is complete, because it was
/// renamed into place.
pub(crate) fn ensure(
    context: &Context,
    item: &Item<'_>,
    install: impl FnOnce(&Path) -> Outcome,
) -> Outcome<PathBuf> {
    let place = context.cache.join(item.directory);
    if place.is_dir() {
        return Ok(place);
    }
    let parent = place.parent().ok_or("the cache has no parent directory")?;
    make_open(&context.cache)?;
    make_open(parent)?;
    let prefix = format!(".installing-{}-", file_name(&place));
    let work = parent.join(format!("{prefix}{}", std::process::id()));
    let _lock = lock(&parent.join(format!(".lock-{}", file_name(&place))), item.title)?;
    if place.is_dir() {
        return Ok(place);
    }
    sweep(parent, &prefix)?;
    make_open(&work)?;
    if let Err(error) = install(&work) {
        remove(&work)?;
        return Err(format!("could not install {}: {error}", item.title));
    }
    // Other users run what is in here, whatever the umask of the one who installs.
    process::run(Command::new("chmod").args(["-R", "a+rX,go-w"]).arg(&work))?;
    fs::rename(&work, &place).map_err(|error| format!("{}: {error}", place.display()))?;
    Ok(place)
}

/// Makes `link` point to `target` (relative), replacing what it was in one step.
pub(crate) fn link(link: &Path, target: &Path) -> Outcome {
    if fs::read_link(link).is_ok_and(|present| present == target) {
        return Ok(());
    }
    make_open(link.parent().ok_or("a link needs a parent directory")?)?;
    let fresh = link.with_file_name(format!(".{}-{}", file_name(link), std::process::id()));
    let made = std::os::unix::fs::symlink(target, &fresh).and_then(|()| fs::rename(&fresh, link));
    made.map_err(|error| format!("{}: {error}", link.display()))
}

/// Makes a directory that everybody may read and pass through.
fn make_open(dir: &Path) -> Outcome {
    let made = DirBuilder::new().recursive(true).mode(0o755).create(dir);
    made.and_then(|()| fs::set_permissions(dir, fs::Permissions::from_mode(0o755)))
        .map_err(|error| format!("{}: {error}. Set TENANTRY_CACHE to a directory of yours.", dir.display()))
}

fn lock(path: &Path, title: &str) -> Outcome<File> {
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let file = File::create(path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            println!("waiting for another process that installs {title}");
            file.lock().map_err(failed)?;
        }
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    Ok(file)
}

/// Removes what killed installs left. Their names differ, as a program that one of them started may still write.
fn sweep(parent: &Path, prefix: &str) -> Outcome {
    let entries = fs::read_dir(parent).map_err(|error| format!("{}: {error}", parent.display()))?;
    let left = entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix));
    left.into_iter().try_for_each(|entry| remove(&entry.path()))
}

fn remove(dir: &Path) -> Outcome {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("{}: {error}", dir.display()))
        }
        _ => Ok(()),
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(name: &str) -> Context {
        let mut context = Context::read().unwrap();
        context.cache = std::env::temp_dir().join(format!("xtask-{name}-{}", std::process::id()));
        context
    }

    #[test]
    fn a_failed_install_leaves_nothing_and_the_next_one_is_whole() {
        let context = context("cache");
        let item = Item { title: "a thing", directory: "things/1" };
        let failed = ensure(&context, &item, |work| {
            fs::write(work.join("half"), "").unwrap();
            Err("no network".into())
        });
        assert!(failed.unwrap_err().contains("a thing: no network"));
        fs::create_dir(context.cache.join("things/.installing-1-99")).unwrap();

        let place = ensure(&context, &item, |work| {
            fs::write(work.join("whole"), "").unwrap();
            Ok(())
        });
        assert!(place.unwrap().join("whole").is_file());
        let again = ensure(&context, &item, |_| Err("installed twice".into()));
        assert!(again.is_ok());
        let left = fs::read_dir(context.cache.join("things")).unwrap().flatten();
        assert_eq!(left.filter(|entry| entry.file_name().to_string_lossy().starts_with(".inst")).count(), 0);
        fs::remove_dir_all(&context.cache).unwrap();
    }

    #[test]
    fn a_link_is_replaced() {
        let context = context("link");
        let path = context.cache.join("n8n/1.0.0");
        for target in ["../store/old", "../store/new", "../store/new"] {
            link(&path, Path::new(target)).unwrap();
            assert_eq!(fs::read_link(&path).unwrap(), Path::new(target));
        }
        fs::remove_dir_all(&context.cache).unwrap();
    }
}
