//! What an instance uses, where no control group counts it: its processes one by one, and its directory.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use procfs::WithCurrentSystemInfo;
use procfs::process::Process;

use super::Consumed;
use super::tree::Tree;

/// The life of a control group's count: the group outlives the instance's processes.
pub(super) const GROUP: i32 = 0;
/// An instance has fewer processes; what makes more is not worth our time.
const MOST_PROCESSES: usize = 512;
const MOST_THREADS: usize = 2048;
/// How long looking through a directory may take.
const WALK: Duration = Duration::from_secs(30);

/// Adds up the tree below the sandbox's first process, which adopts every orphan in it. Memory that processes share
/// is counted for each: the figure is rather too high than too low.
pub(super) fn processes(tree: &Tree) -> Option<Consumed> {
    let per_second = procfs::ticks_per_second().max(1);
    let (mut memory_bytes, mut ticks, mut threads) = (0u64, 0u64, 0usize);
    let mut waiting = vec![tree.init];
    let mut seen = 0;
    while let Some(pid) = waiting.pop() {
        seen += 1;
        // Whoever has ended meanwhile is counted by its parent.
        let Ok(process) = Process::new(pid) else { continue };
        let Ok(stat) = process.stat() else { continue };
        memory_bytes = memory_bytes.saturating_add(stat.rss_bytes().get());
        let waited_for = u64::try_from(stat.cutime.saturating_add(stat.cstime)).unwrap_or(0);
        ticks = ticks.saturating_add(stat.utime.saturating_add(stat.stime)).saturating_add(waited_for);
        let Ok(tasks) = process.tasks() else { continue };
        for task in tasks.flatten() {
            threads += 1;
            if seen + waiting.len() > MOST_PROCESSES || threads > MOST_THREADS {
                return None;
            }
            let children = task.children().unwrap_or_default();
            waiting.extend(children.into_iter().filter_map(|child| i32::try_from(child).ok()));
        }
    }
    let cpu_micros = ticks.saturating_mul(1_000_000 / per_second);
    (memory_bytes > 0).then_some(Consumed { memory_bytes, cpu_micros, life: tree.main })
}

/// What a directory takes on the disk, in bytes. In a process of its own, of the lowest priority: how deep and full the
/// directory is, is up to the instance, and must cost the worker neither its stack nor its time. No link is followed.
pub(super) async fn stored(directory: &Path) -> Option<u64> {
    let mut command = tokio::process::Command::new("/usr/bin/nice");
    command
        .args(["-n", "19", "/usr/bin/du", "--summarize", "--one-file-system", "--block-size=1", "--"])
        .arg(directory)
        .env_clear()
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(WALK, command.output()).await.ok()?.ok()?;
    // What vanishes during the walk makes it fail with a sum that is as good as any.
    String::from_utf8_lossy(&output.stdout).split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_directory_is_measured_without_what_its_links_lead_to() {
        let dir = tempfile::tempdir().unwrap();
        assert!(stored(&dir.path().join("absent")).await.is_none());
        let empty = stored(dir.path()).await.unwrap();
        std::fs::write(dir.path().join("file"), vec![1u8; 1 << 20]).unwrap();
        std::os::unix::fs::symlink("/usr", dir.path().join("link")).unwrap();
        let full = stored(dir.path()).await.unwrap();
        assert!((1 << 20..2 << 20).contains(&(full - empty)), "{empty} {full}");
    }

    #[test]
    fn a_tree_of_processes_is_added_up() {
        let mut child = std::process::Command::new("/bin/sh")
            .args(["-c", "sleep 30 & while :; do :; done"])
            .spawn()
            .unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        let tree = Tree { init: pid, main: pid, started_at: chrono::DateTime::UNIX_EPOCH };
        std::thread::sleep(Duration::from_millis(200));
        let first = processes(&tree).unwrap();
        std::thread::sleep(Duration::from_millis(400));
        let second = processes(&tree).unwrap();
        let children = Process::new(pid).unwrap().task_main_thread().unwrap().children().unwrap();
        for pid in children.into_iter().map(|c| i32::try_from(c).unwrap()).chain([pid]) {
            nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL)
                .unwrap();
        }
        child.wait().unwrap();
        assert!(second.cpu_micros > first.cpu_micros, "{first:?} {second:?}");
        assert!((100_000..1 << 30).contains(&first.memory_bytes), "{first:?}");
        assert_eq!(first.life, second.life);
        assert!(processes(&tree).is_none(), "nothing is left to measure");
    }
}
