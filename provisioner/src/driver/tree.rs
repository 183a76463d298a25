//! Finding an instance's processes from outside its sandbox.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;

use chrono::{DateTime, Utc};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use procfs::process::Process;
use serde::Deserialize;

use super::layout::Layout;

/// What bubblewrap writes to `--info-fd`.
#[derive(Debug, Deserialize)]
struct SandboxInfo {
    #[serde(rename = "child-pid")]
    child_pid: i32,
    #[serde(rename = "pid-namespace")]
    pid_namespace: Option<u64>,
}

/// The living processes of one instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tree {
    /// The sandbox's first process: killing it ends everything inside.
    pub(crate) init: i32,
    /// n8n itself.
    pub(crate) main: i32,
    pub(crate) started_at: DateTime<Utc>,
}

/// The processes of the instance, or `None` when they cannot be found (not there yet, or not there any more).
pub(crate) fn find(layout: &Layout) -> Option<Tree> {
    let init = init(layout)?;
    let children = Process::new(init).ok()?.task_main_thread().ok()?.children().ok()?;
    children.into_iter().filter_map(|pid| i32::try_from(pid).ok()).find_map(|pid| {
        let process = Process::new(pid).ok()?;
        let second = process.status().ok()?.nspid?.last() == Some(&2);
        let stat = process.stat().ok()?;
        (second && stat.state != 'Z')
            .then(|| Some(Tree { init, main: pid, started_at: started_at(stat.starttime)? }))
            .flatten()
    })
}

/// The sandbox's first process, if it lives. A process that merely got the same number is told apart by its
/// pid namespace, whose number bubblewrap wrote down.
pub(crate) fn init(layout: &Layout) -> Option<i32> {
    let text = fs::read_to_string(layout.sandbox_info()).ok()?;
    let info: SandboxInfo = serde_json::from_str(&text).ok()?;
    let namespace = fs::metadata(format!("/proc/{}/ns/pid", info.child_pid)).ok()?.ino();
    (Some(namespace) == info.pid_namespace).then_some(info.child_pid)
}

pub(crate) fn signal(pid: i32, signal: Signal) -> io::Result<()> {
    match kill(Pid::from_raw(pid), signal) {
        Err(nix::errno::Errno::ESRCH) | Ok(()) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn started_at(ticks_after_boot: u64) -> Option<DateTime<Utc>> {
    let boot = procfs::boot_time_secs().ok()?;
    let per_second = procfs::ticks_per_second().max(1);
    let seconds = boot.checked_add(ticks_after_boot / per_second)?;
    DateTime::from_timestamp(i64::try_from(seconds).ok()?, 0)
}
