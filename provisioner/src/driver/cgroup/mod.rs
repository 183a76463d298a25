//! Control groups: memory, cpu and process limits of an instance as a whole.
//!
//! Groups are made at the root of the hierarchy, `tenantry-<installation>/<instance>`, and not below the
//! worker's own group: a service manager that stops the worker kills the worker's group, and instances must
//! outlive their worker.

mod v1;
mod v2;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::Signal;

use super::{Limits, tree};

/// One of the kernel's two interfaces.
pub(crate) trait ControlGroups: Send + Sync {
    fn version(&self) -> &'static str;

    /// Makes the instance's group, or sets the limits of the one that is there.
    fn create(&self, id: &str, limits: &Limits) -> io::Result<()>;

    /// The directories of the instance's group: one for each hierarchy.
    fn directories(&self, id: &str) -> Vec<PathBuf>;

    /// No more processes from now on, so that killing comes to an end.
    fn freeze_count(&self, id: &str) -> io::Result<()>;

    /// The kernel's file that counts what the memory limit has killed: see [`memory_kills`].
    fn memory_events(&self, id: &str) -> PathBuf;

    /// Memory and processor time (bytes, microseconds) of the instance's group.
    fn consumed(&self, id: &str) -> io::Result<(u64, u64)>;

    /// The directories of the whole installation.
    fn parents(&self) -> Vec<PathBuf>;
}

/// The interface of this machine, tried for real by making and removing a group.
pub(crate) fn detect(installation: &str) -> Result<Box<dyn ControlGroups>, String> {
    let name = format!("tenantry-{installation}");
    let groups: Box<dyn ControlGroups> = match v2::V2::find(&name)? {
        Some(groups) => Box::new(groups),
        None => Box::new(v1::V1::find(&name)?),
    };
    let limits =
        Limits { cpu_millis: 1000, memory_bytes: 64 << 20, pids: 16, concurrency: 1, storage_bytes: 0 };
    let trial = format!("probe-{}", std::process::id());
    let made = groups.create(&trial, &limits).map_err(|e| format!("a control group cannot be made: {e}"));
    remove(groups.as_ref(), &trial).map_err(|e| format!("a control group cannot be removed: {e}"))?;
    made.map(|()| groups)
}

pub(crate) fn procs_files(groups: &dyn ControlGroups, id: &str) -> Vec<PathBuf> {
    groups.directories(id).iter().map(|directory| directory.join("cgroup.procs")).collect()
}

fn members(groups: &dyn ControlGroups, id: &str) -> Vec<i32> {
    let mut pids: Vec<i32> = procs_files(groups, id)
        .iter()
        .filter_map(|file| fs::read_to_string(file).ok())
        .flat_map(|text| text.lines().filter_map(|line| line.parse().ok()).collect::<Vec<_>>())
        .collect();
    pids.sort_unstable();
    pids.dedup();
    pids
}

/// How many processes the memory limit has killed since the group was made.
pub(crate) fn memory_kills(events: &str) -> u64 {
    events.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok()).unwrap_or(0)
}

/// Kills all members, also those that are being made while it works.
pub(crate) fn kill(groups: &dyn ControlGroups, id: &str) -> io::Result<()> {
    if members(groups, id).is_empty() {
        return Ok(());
    }
    groups.freeze_count(id)?;
    for _ in 0..200 {
        let pids = members(groups, id);
        if pids.is_empty() {
            return Ok(());
        }
        for pid in pids {
            tree::signal(pid, Signal::SIGKILL)?;
        }
        sleep(Duration::from_millis(10));
    }
    Err(io::Error::other("processes of the control group do not end"))
}

/// Removes the instance's group. Its members must be dead; their last traces take the kernel a moment.
pub(crate) fn remove(groups: &dyn ControlGroups, id: &str) -> io::Result<()> {
    groups.directories(id).iter().try_for_each(|directory| remove_directory(directory))
}

/// Removes the installation's groups, and those of stopped instances in them. A group in use stays.
pub(crate) fn remove_parents(groups: &dyn ControlGroups) -> io::Result<()> {
    groups.parents().iter().try_for_each(|parent| {
        let children = match fs::read_dir(parent) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            children => children?,
        };
        for child in children {
            let child = child?;
            if child.file_type()?.is_dir() {
                remove_directory(&child.path())?;
            }
        }
        remove_directory(parent)
    })
}

fn remove_directory(directory: &Path) -> io::Result<()> {
    let mut attempts = 0;
    loop {
        match fs::remove_dir(directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy && attempts < 100 => {
                attempts += 1;
                sleep(Duration::from_millis(20));
            }
            other => return other,
        }
    }
}

/// A number that is one of the kernel's files.
fn number(directory: &Path, file: &str) -> io::Result<u64> {
    let text = fs::read_to_string(directory.join(file))?;
    text.trim().parse().map_err(io::Error::other)
}

/// A number in one of the kernel's files of `name number` lines.
fn line(directory: &Path, file: &str, name: &str) -> io::Result<u64> {
    let text = fs::read_to_string(directory.join(file))?;
    text.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
        .ok_or_else(|| io::Error::other(format!("{file} has no {name}")))
}

/// Writes one of the kernel's files: never makes it.
fn set(directory: &Path, file: &str, value: &str) -> io::Result<()> {
    let path = directory.join(file);
    fs::OpenOptions::new()
        .write(true)
        .open(&path)
        .and_then(|mut f| io::Write::write_all(&mut f, value.as_bytes()))
        .map_err(|e| io::Error::new(e.kind(), format!("{}: {e}", path.display())))
}
