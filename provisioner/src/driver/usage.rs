//! The metering hook's files, and how they are rotated without losing a line.
//!
//! n8n's hook appends one JSON line for each finished execution to [`ACTIVE`] and syncs it. It opens the
//! file anew for each line, and cannot create files in the directory. So the worker makes the next segment
//! first and *exchanges* the two names in one step: at every moment there is an active file. A line whose
//! file was opened just before the exchange lands in the old segment: readers keep reading the newest
//! rotated segment until the next rotation, and only then delete it.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};

use super::layout::{Access, apply};

/// The file the hook appends to.
pub const ACTIVE: &str = "executions.jsonl";
const NEXT: &str = "executions.next";

/// Makes the active file if it is not there. Its content is never touched.
pub(crate) fn prepare(directory: &Path, tenant: Option<u32>) -> io::Result<()> {
    let active = directory.join(ACTIVE);
    fs::OpenOptions::new().append(true).create(true).open(&active)?;
    apply(&active, access(tenant))
}

/// Root owns the file and the instance's group may write it, no more: not rename it, not delete it.
fn access(tenant: Option<u32>) -> Access {
    Access { owner: tenant.map(|gid| (0, gid)), mode: if tenant.is_some() { 0o620 } else { 0o600 } }
}

/// Closes the active segment under a new name and puts an empty one in its place. Returns the closed
/// segment, or `None` when the active one is empty.
pub fn rotate(directory: &Path) -> io::Result<Option<PathBuf>> {
    let active = directory.join(ACTIVE);
    let next = directory.join(NEXT);
    let metadata = fs::metadata(&active)?;
    // A worker that was killed between the exchange and the rename left the full segment under `NEXT`.
    if fs::metadata(&next).is_ok_and(|m| m.len() > 0) {
        return close(directory, &next).map(Some);
    }
    if metadata.len() == 0 {
        return Ok(None);
    }
    fs::OpenOptions::new().append(true).create(true).open(&next)?;
    let ours = nix::unistd::geteuid().is_root();
    apply(
        &next,
        Access { owner: ours.then_some((metadata.uid(), metadata.gid())), mode: metadata.mode() & 0o777 },
    )?;
    renameat2(AT_FDCWD, &active, AT_FDCWD, &next, RenameFlags::RENAME_EXCHANGE)?;
    close(directory, &next).map(Some)
}

fn close(directory: &Path, full: &Path) -> io::Result<PathBuf> {
    let last = segments(directory)?.into_iter().map(|(number, _)| number).max().unwrap_or(0);
    let segment = directory.join(format!("executions-{:08}.jsonl", last + 1));
    fs::rename(full, &segment)?;
    Ok(segment)
}

/// The closed segments with their numbers, oldest first.
pub fn segments(directory: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        let number = name
            .to_str()
            .and_then(|n| n.strip_prefix("executions-")?.strip_suffix(".jsonl"))
            .and_then(|n| n.parse().ok());
        if let Some(number) = number {
            found.push((number, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rotation_keeps_every_line_and_always_leaves_an_active_file() {
        let dir = tempfile::tempdir().unwrap();
        prepare(dir.path(), None).unwrap();
        assert_eq!(rotate(dir.path()).unwrap(), None, "an empty segment is not closed");
        for n in 1..=3u64 {
            fs::write(dir.path().join(ACTIVE), format!("{n}\n")).unwrap();
            let closed = rotate(dir.path()).unwrap().unwrap();
            assert_eq!(fs::read_to_string(closed).unwrap(), format!("{n}\n"));
            assert_eq!(fs::metadata(dir.path().join(ACTIVE)).unwrap().len(), 0);
        }
        assert_eq!(segments(dir.path()).unwrap().len(), 3);
    }

    #[test]
    fn a_rotation_that_was_cut_off_is_finished_by_the_next() {
        let dir = tempfile::tempdir().unwrap();
        prepare(dir.path(), None).unwrap();
        fs::write(dir.path().join(NEXT), "left behind\n").unwrap();
        let closed = rotate(dir.path()).unwrap().unwrap();
        assert_eq!(fs::read_to_string(closed).unwrap(), "left behind\n");
    }
}
