//! What an installation has on this machine, found in `/proc` and by the names that it uses.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use procfs::process::{Process, all_processes};

/// A process that belongs to an installation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    pub pid: i32,
    pub uid: u32,
    pub command: String,
}

/// Processes that live in a directory: it is mounted in their sandbox, or named on their command line.
pub fn in_directory(directory: &Path) -> Vec<Found> {
    let me = std::process::id();
    let wanted = directory.display().to_string();
    let Ok(all) = all_processes() else { return Vec::new() };
    all.flatten()
        .filter(|process| u32::try_from(process.pid) != Ok(me))
        .filter_map(|process| look(&process, &wanted))
        .collect()
}

fn look(process: &Process, wanted: &str) -> Option<Found> {
    let words = process.cmdline().ok()?;
    let command = words.join(" ");
    let named = words.iter().any(|word| is_below(word, wanted));
    // The source of a bind mount: it tells the instance of a sandboxed process, whatever it calls itself. It is
    // relative to its file system, which may be mounted on the first component (/tmp).
    let relative = wanted.get(1..).and_then(|path| path.find('/')).and_then(|first| wanted.get(first + 1..));
    let mounted = || {
        let mounts = fs::read_to_string(format!("/proc/{}/mountinfo", process.pid)).unwrap_or_default();
        let mut sources = mounts.lines().filter_map(|line| line.split(' ').nth(3));
        sources.any(|source| is_below(source, wanted) || relative.is_some_and(|path| is_below(source, path)))
    };
    (named || mounted()).then_some(())?;
    // A process that has ended and waits for its parent to notice is none.
    if matches!(process.stat().ok()?.state, 'Z' | 'X') {
        return None;
    }
    Some(Found { pid: process.pid, uid: process.uid().ok()?, command })
}

fn is_below(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The n8n main processes of an instance: there should be one.
pub fn n8n(state: &Path, instance: &str) -> Vec<Found> {
    in_directory(&state.join("instances").join(instance))
        .into_iter()
        .filter(|p| p.command.contains("n8n/bin/n8n") && p.command.contains("bin/node "))
        .filter(|p| !p.command.starts_with("bwrap") && !p.command.contains("/bwrap "))
        .collect()
}

/// The ports of an instance, from the launch plan that the driver wrote: n8n's own, then its task broker's.
pub fn ports(state: &Path, instance: &str) -> Vec<u16> {
    let plan = fs::read(state.join("instances").join(instance).join("launch.json")).unwrap_or_default();
    let plan: serde_json::Value = serde_json::from_slice(&plan).unwrap_or_default();
    let ports = plan["ports"].as_array().cloned().unwrap_or_default();
    ports.iter().filter_map(|p| p.as_u64().and_then(|p| u16::try_from(p).ok())).collect()
}

/// The directories of instances.
pub fn instance_directories(state: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(state.join("instances")).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// Removes control groups, packet rules and the socket directory of an installation that does not run any more.
pub fn sweep(installation: &str) {
    if installation.len() != 8 {
        return;
    }
    for group in control_groups(installation) {
        remove_tree_of_groups(&group);
    }
    if nix::unistd::Uid::effective().is_root() {
        let table = format!("tenantry_{installation}");
        let _ = Command::new("nft").args(["delete", "table", "inet", &table]).output();
        let _ = fs::remove_dir_all(format!("/run/tenantry-{installation}"));
    }
}

/// The control groups of an installation, in every hierarchy.
pub fn control_groups(installation: &str) -> Vec<PathBuf> {
    let name = format!("tenantry-{installation}");
    let root = Path::new("/sys/fs/cgroup");
    let hierarchies = fs::read_dir(root).into_iter().flatten().flatten().map(|e| e.path());
    hierarchies.chain([root.to_owned()]).map(|h| h.join(&name)).filter(|g| g.is_dir()).collect()
}

fn remove_tree_of_groups(group: &Path) {
    for child in fs::read_dir(group).into_iter().flatten().flatten() {
        if child.path().is_dir() {
            remove_tree_of_groups(&child.path());
        }
    }
    let _ = fs::remove_dir(group);
}
