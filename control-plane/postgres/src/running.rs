//! Finding a server that already runs on a data directory.
//!
//! `postmaster.pid` alone proves nothing: after a crash it stays, and its process id may belong to anybody by then.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::{Error, PORT};

/// How often a waiting loop looks again.
pub(crate) const POLL: Duration = Duration::from_millis(50);

/// A live server, as its `postmaster.pid` describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Postmaster {
    pub(crate) pid: i32,
    pub(crate) socket_dir: PathBuf,
    pub(crate) ready: bool,
}

fn pid_file(data_dir: &Path) -> PathBuf {
    data_dir.join("postmaster.pid")
}

/// The server on this data directory, if its process lives and really is one.
pub(crate) fn find(data_dir: &Path) -> Option<Postmaster> {
    let found = parse(&fs::read_to_string(pid_file(data_dir)).ok()?)?;
    is_postgres_on(found.pid, data_dir).then_some(found)
}

/// Removes what a killed server left behind and a new one would take for a live one: PostgreSQL only asks whether
/// a process of that id exists, and it may be anybody's by now, or a zombie. To be called when no process works
/// in the data directory any more. A lock on the socket that a live server of other data holds stays.
pub(crate) fn remove_stale_locks(data_dir: &Path, socket_dir: &Path) -> Result<(), Error> {
    let socket_lock = socket_dir.join(format!(".s.PGSQL.{PORT}.lock"));
    for path in [pid_file(data_dir), socket_lock] {
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        let held = parse(&text).is_some_and(|found| {
            text.lines().nth(1).is_some_and(|other| is_postgres_on(found.pid, Path::new(other.trim())))
        });
        if !held {
            fs::remove_file(&path).map_err(Error::io("remove", &path))?;
        }
    }
    Ok(())
}

/// Lines of `postmaster.pid` (PostgreSQL's `miscadmin.h`): 1 process id, 2 data directory, 3 start time, 4 port,
/// 5 socket directory, 6 listen address, 7 shared memory, 8 status.
fn parse(text: &str) -> Option<Postmaster> {
    let mut lines = text.lines().map(str::trim);
    let pid = lines.next()?.parse().ok().filter(|pid| *pid > 1)?;
    let socket_dir = lines.nth(3).unwrap_or_default().into();
    let ready = lines.nth(2) == Some("ready");
    Some(Postmaster { pid, socket_dir, ready })
}

/// A live (not zombie) process, called `postgres`, whose working directory or argument is the data directory.
/// A postmaster changes into its data directory and stays there.
fn is_postgres_on(pid: i32, data_dir: &Path) -> bool {
    let process = PathBuf::from(format!("/proc/{pid}"));
    let status = fs::read_to_string(process.join("status")).unwrap_or_default();
    let command = fs::read(process.join("cmdline")).unwrap_or_default();
    let state = status.lines().find_map(|line| line.strip_prefix("State:")).map_or("", str::trim);
    if state.is_empty() || state.starts_with(['Z', 'X']) {
        return false;
    }
    let mut arguments = command.split(|byte| *byte == 0);
    let is_postgres = arguments.next().is_some_and(|program| program.ends_with(b"postgres"));
    let named = arguments.any(|argument| argument == data_dir.as_os_str().as_bytes());
    is_postgres && (named || works_in(&process, data_dir))
}

fn works_in(process: &Path, data_dir: &Path) -> bool {
    let cwd = fs::read_link(process.join("cwd")).ok();
    cwd.is_some() && cwd == fs::canonicalize(data_dir).ok()
}

/// Waits until no process works in the data directory any more: the backends of a killed server end by
/// themselves, but hold its shared memory for a moment. False when some remain.
pub(crate) async fn wait_for_orphans(data_dir: &Path, limit: Duration) -> bool {
    let deadline = Instant::now() + limit;
    loop {
        let busy = fs::read_dir("/proc")
            .is_ok_and(|entries| entries.flatten().any(|entry| works_in(&entry.path(), data_dir)));
        if !busy || Instant::now() >= deadline {
            return !busy;
        }
        sleep(POLL).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_reads_process_socket_and_status() {
        let text = "4711\n/data\n1700000000\n5432\n/run/x/pg\n\n  5432001    131072\nready   \n";
        let expected = Postmaster { pid: 4711, socket_dir: "/run/x/pg".into(), ready: true };
        assert_eq!(parse(text), Some(expected));
    }

    #[test]
    fn parse_of_a_half_written_file_is_not_ready() {
        assert_eq!(parse("4711\n/data\n").map(|found| found.ready), Some(false));
        assert_eq!(parse(""), None);
        assert_eq!(parse("-4711\n/data\n"), None, "a negative id means single-user mode");
    }

    #[test]
    fn another_process_is_no_server() {
        let own = i32::try_from(std::process::id()).unwrap();
        assert!(!is_postgres_on(own, Path::new("/")));
    }
}
