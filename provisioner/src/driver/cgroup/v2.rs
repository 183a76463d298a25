use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{ControlGroups, line, number, set};
use crate::driver::Limits;

const ROOT: &str = "/sys/fs/cgroup";
const CONTROLLERS: [&str; 3] = ["memory", "cpu", "pids"];

/// The unified interface.
pub(super) struct V2 {
    parent: PathBuf,
}

impl V2 {
    /// `None` when this machine gives the controllers we need to the older interface, or to neither.
    pub(super) fn find(name: &str) -> Result<Option<Self>, String> {
        let Ok(available) = fs::read_to_string(Path::new(ROOT).join("cgroup.controllers")) else {
            return Ok(None);
        };
        let available: Vec<&str> = available.split_whitespace().collect();
        if let Some(missing) = CONTROLLERS.iter().find(|c| !available.contains(c)) {
            return Err(format!("the {missing} controller of control groups is not available"));
        }
        Ok(Some(Self { parent: Path::new(ROOT).join(name) }))
    }

    fn delegate(&self, directory: &Path) -> io::Result<()> {
        CONTROLLERS.iter().try_for_each(|c| set(directory, "cgroup.subtree_control", &format!("+{c}")))
    }
}

impl ControlGroups for V2 {
    fn version(&self) -> &'static str {
        "version 2"
    }

    fn create(&self, id: &str, limits: &Limits) -> io::Result<()> {
        let directory = self.parent.join(id);
        self.delegate(Path::new(ROOT))?;
        fs::create_dir_all(&self.parent)?;
        self.delegate(&self.parent)?;
        fs::create_dir_all(&directory)?;
        let quota = u64::from(limits.cpu_millis) * 100;
        set(&directory, "cpu.max", &format!("{quota} 100000"))?;
        set(&directory, "pids.max", &limits.pids.to_string())?;
        set(&directory, "memory.max", &limits.memory_bytes.to_string())?;
        // Absent on machines without swap.
        match set(&directory, "memory.swap.max", "0") {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn directories(&self, id: &str) -> Vec<PathBuf> {
        vec![self.parent.join(id)]
    }

    fn freeze_count(&self, id: &str) -> io::Result<()> {
        set(&self.parent.join(id), "pids.max", "0")
    }

    fn memory_events(&self, id: &str) -> PathBuf {
        self.parent.join(id).join("memory.events")
    }

    fn consumed(&self, id: &str) -> io::Result<(u64, u64)> {
        let directory = self.parent.join(id);
        let cached = line(&directory, "memory.stat", "inactive_file")?;
        let memory = number(&directory, "memory.current")?.saturating_sub(cached);
        Ok((memory, line(&directory, "cpu.stat", "usage_usec")?))
    }

    fn parents(&self) -> Vec<PathBuf> {
        vec![self.parent.clone()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_is_only_cached_is_not_counted() {
        let dir = tempfile::tempdir().unwrap();
        let group = dir.path().join("ins_a");
        fs::create_dir(&group).unwrap();
        for (file, text) in [
            ("memory.current", "1000000\n"),
            ("memory.stat", "anon 600000\ninactive_file_extra 7\ninactive_file 300000\nactive_file 1\n"),
            ("cpu.stat", "usage_usec 4200\nuser_usec 4000\n"),
        ] {
            fs::write(group.join(file), text).unwrap();
        }
        let groups = V2 { parent: dir.path().to_owned() };
        assert_eq!(groups.consumed("ins_a").unwrap(), (700_000, 4200));
        assert!(groups.consumed("ins_b").is_err());
    }
}
