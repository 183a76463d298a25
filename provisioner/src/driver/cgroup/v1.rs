use std::fs;
use std::io;
use std::path::PathBuf;

use super::{ControlGroups, line, number, set};
use crate::driver::Limits;

const PERIOD_MICROS: u64 = 100_000;

/// The older interface: one hierarchy for each controller.
pub(super) struct V1 {
    memory: PathBuf,
    cpu: PathBuf,
    pids: PathBuf,
    /// Counts processor time; on some machines in the hierarchy of `cpu`, on some in its own, on some not at all.
    accounts: Option<PathBuf>,
}

impl V1 {
    pub(super) fn find(name: &str) -> Result<Self, String> {
        let mounts =
            fs::read_to_string("/proc/self/mounts").map_err(|e| format!("/proc/self/mounts: {e}"))?;
        let find = |controller: &str| {
            mounts
                .lines()
                .filter_map(|line| {
                    let mut fields = line.split(' ').skip(1);
                    let (place, kind, options) = (fields.next()?, fields.next()?, fields.next()?);
                    (kind == "cgroup" && options.split(',').any(|o| o == controller))
                        .then(|| PathBuf::from(place))
                })
                .next()
                .ok_or_else(|| format!("the {controller} controller of control groups is not mounted"))
        };
        Ok(Self {
            memory: find("memory")?.join(name),
            cpu: find("cpu")?.join(name),
            pids: find("pids")?.join(name),
            accounts: find("cpuacct").ok().map(|place| place.join(name)),
        })
    }
}

impl ControlGroups for V1 {
    fn version(&self) -> &'static str {
        "version 1"
    }

    fn create(&self, id: &str, limits: &Limits) -> io::Result<()> {
        self.directories(id).iter().try_for_each(fs::create_dir_all)?;
        let quota = u64::from(limits.cpu_millis) * PERIOD_MICROS / 1000;
        set(&self.cpu.join(id), "cpu.cfs_period_us", &PERIOD_MICROS.to_string())?;
        set(&self.cpu.join(id), "cpu.cfs_quota_us", &quota.to_string())?;
        set(&self.pids.join(id), "pids.max", &limits.pids.to_string())?;
        set(&self.memory.join(id), "memory.limit_in_bytes", &limits.memory_bytes.to_string())?;
        // Kernels without swap accounting lack the file; without it swapping stays discouraged.
        let both =
            set(&self.memory.join(id), "memory.memsw.limit_in_bytes", &limits.memory_bytes.to_string());
        both.or_else(|_| set(&self.memory.join(id), "memory.swappiness", "0"))
    }

    fn directories(&self, id: &str) -> Vec<PathBuf> {
        self.parents().iter().map(|parent| parent.join(id)).collect()
    }

    fn freeze_count(&self, id: &str) -> io::Result<()> {
        set(&self.pids.join(id), "pids.max", "0")
    }

    fn memory_events(&self, id: &str) -> PathBuf {
        self.memory.join(id).join("memory.oom_control")
    }

    fn consumed(&self, id: &str) -> io::Result<(u64, u64)> {
        let directory = self.memory.join(id);
        let cached = line(&directory, "memory.stat", "total_inactive_file")?;
        let memory = number(&directory, "memory.usage_in_bytes")?.saturating_sub(cached);
        let accounts = self.accounts.as_ref().ok_or_else(|| io::Error::other("cpuacct is not mounted"))?;
        Ok((memory, number(&accounts.join(id), "cpuacct.usage")? / 1000))
    }

    fn parents(&self) -> Vec<PathBuf> {
        let mut all = vec![self.memory.clone(), self.cpu.clone(), self.pids.clone()];
        all.extend(self.accounts.clone());
        // One hierarchy may carry several controllers.
        all.sort();
        all.dedup();
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_may_be_counted_elsewhere_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let place = |controller: &str| dir.path().join(controller);
        for (file, text) in [
            ("memory/ins_a/memory.usage_in_bytes", "1000000\n"),
            ("memory/ins_a/memory.stat", "inactive_file 5\ntotal_inactive_file 300000\n"),
            ("cpuacct/ins_a/cpuacct.usage", "4200999\n"),
        ] {
            fs::create_dir_all(dir.path().join(file).parent().unwrap()).unwrap();
            fs::write(dir.path().join(file), text).unwrap();
        }
        let (memory, cpu, pids) = (place("memory"), place("cpu"), place("pids"));
        let mut groups = V1 { memory, cpu, pids, accounts: Some(place("cpuacct")) };
        assert_eq!(groups.consumed("ins_a").unwrap(), (700_000, 4200));
        assert_eq!(groups.parents().len(), 4, "its members are counted in each hierarchy");
        groups.accounts = None;
        assert!(groups.consumed("ins_a").is_err(), "the processes themselves are asked then");
    }
}
