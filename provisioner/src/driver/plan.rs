//! The two plans that cross a process boundary: plain data, written by the driver, read by its helpers.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What the launcher does outside the sandbox.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LaunchPlan {
    pub(crate) revision: String,
    pub(crate) bwrap: PathBuf,
    /// Must be free.
    pub(crate) ports: Vec<u16>,
    /// Bubblewrap's options, given through a file descriptor.
    pub(crate) options: Vec<String>,
    /// What begins inside.
    pub(crate) command: Vec<String>,
    /// The launcher writes its own process id here before anything else exists.
    pub(crate) cgroup_procs: Vec<PathBuf>,
    /// Copied before the start, so that only kills of this run are told as its cause of death.
    pub(crate) memory_events: Option<PathBuf>,
}

/// What the last helper does inside the sandbox, under the instance's own user id.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct EnterPlan {
    pub(crate) program: String,
    pub(crate) arguments: Vec<String>,
    pub(crate) directory: String,
    pub(crate) environment: Vec<(String, String)>,
    /// Counted by user, and by user namespace: in relaxed mode too it counts the sandbox's own alone.
    pub(crate) max_processes: u64,
    pub(crate) max_file_bytes: u64,
    pub(crate) confinement: Option<Confinement>,
}

/// Landlock's rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Confinement {
    /// Fail when the kernel cannot do it.
    pub(crate) required: bool,
    pub(crate) read_only: Vec<String>,
    pub(crate) read_write: Vec<String>,
    /// Existing files may be written to; nothing may be made, removed or cut short.
    pub(crate) append: Vec<String>,
    /// The only ports that may be listened on.
    pub(crate) bind_ports: Vec<u16>,
    /// Where there are no packet rules: all ports but these may be connected to.
    pub(crate) closed_ports: Option<ClosedPorts>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClosedPorts {
    pub(crate) first: u16,
    /// Not closed itself.
    pub(crate) end: u16,
    /// Open although inside the range: the instance's own.
    pub(crate) except: Vec<u16>,
}

impl ClosedPorts {
    pub(crate) fn open(&self) -> impl Iterator<Item = u16> + '_ {
        (1..=u16::MAX).filter(|port| !(self.first..self.end).contains(port) || self.except.contains(port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_pool_is_closed_and_not_the_instances_own_ports() {
        let closed = ClosedPorts { first: 20000, end: 20100, except: vec![20004, 20005] };
        let open: Vec<u16> = closed.open().collect();
        assert_eq!(open.len(), 65535 - 100 + 2);
        assert!(open.contains(&443) && open.contains(&20004) && open.contains(&20100));
        assert!(!open.contains(&20000) && !open.contains(&20099));
    }
}
