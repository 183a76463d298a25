use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tenantry_kernel::Secret;

use super::{DriverError, IsolationReport};

/// All a driver needs to make one instance run. `revision` names this very specification.
#[derive(Debug, Clone)]
pub struct InstanceSpec {
    /// The typed id as text (`ins_…`); it names directories and control groups.
    pub id: String,
    pub n8n_version: String,
    /// The user and group id the instance runs as. Ignored in relaxed mode.
    pub host_uid: u32,
    /// Where n8n listens, on loopback.
    pub port: u16,
    /// Where n8n's task broker listens, on loopback.
    pub broker_port: u16,
    /// The address people reach the instance at, without a trailing slash.
    pub public_url: String,
    pub limits: Limits,
    pub database: DatabaseAccess,
    pub encryption_key: Secret,
    pub owner: Owner,
    /// A hash of the specification: [`Observed`] tells which revision runs.
    pub revision: String,
}

impl InstanceSpec {
    pub fn reference(&self) -> InstanceRef {
        InstanceRef { id: self.id.clone(), host_uid: self.host_uid, port: self.port }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Thousandths of one processor.
    pub cpu_millis: u32,
    pub memory_bytes: u64,
    /// Processes and threads together.
    pub pids: u32,
    /// Production executions that may run at once.
    pub concurrency: u32,
    /// The largest single file, and what the meter compares the data directory with.
    pub storage_bytes: u64,
}

/// How the instance reaches its own database.
#[derive(Debug, Clone)]
pub struct DatabaseAccess {
    /// A directory with a Unix socket (when it begins with `/`), or a host name.
    pub host: String,
    pub port: u16,
    pub name: String,
    pub user: String,
    pub password: Secret,
}

/// n8n's owner account, managed by environment: the instance never has an open set-up page.
#[derive(Debug, Clone)]
pub struct Owner {
    pub email: String,
    pub first_name: String,
    pub last_name: String,
    /// bcrypt, see [`crate::n8n::hash_owner_password`].
    pub password_hash: Secret,
}

/// What is enough to find an instance that may exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceRef {
    pub id: String,
    pub host_uid: u32,
    pub port: u16,
}

/// What is really there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observed {
    /// It could not be found out: not a reason to start or delete anything.
    Unknown { reason: String },
    /// Nothing at all: no process, no directory.
    Absent,
    /// The process lives and does not listen yet.
    Starting { pid: i32, started_at: DateTime<Utc>, revision: String },
    /// The process lives and listens. Whether n8n is *ready* is [`crate::n8n::N8nClient::health`]'s to say.
    Running { pid: i32, started_at: DateTime<Utc>, revision: String },
    /// There is a directory and no process.
    Exited {
        /// Why, as far as it is known: "stopped on request", a limit that was hit, or the last log lines.
        detail: String,
    },
}

/// What an instance's processes use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Consumed {
    /// Without what the kernel merely caches of files and gives back when it is needed elsewhere.
    pub memory_bytes: u64,
    /// Processor time since the count of this `life` began.
    pub cpu_micros: u64,
    /// Counts of different lives cannot be compared.
    pub life: i32,
}

#[async_trait]
pub trait Driver: Send + Sync {
    /// What is there now. Never fails: see [`Observed::Unknown`].
    async fn observe(&self, instance: &InstanceRef) -> Observed;

    /// Makes the instance run. On a running instance it changes nothing, whatever its revision: stop it first.
    async fn start(&self, spec: &InstanceSpec) -> Result<(), DriverError>;

    /// Asks the instance to end, and kills it after `grace`. Returns when nothing of it is left running.
    async fn stop(&self, instance: &InstanceRef, grace: Duration) -> Result<(), DriverError>;

    /// Stops at once and deletes all the driver made, the data directory included. The database is not the
    /// driver's.
    async fn destroy(&self, instance: &InstanceRef) -> Result<(), DriverError>;

    /// Which layers of isolation are at work.
    fn report(&self) -> &IsolationReport;

    /// What the instance's processes use now; `None` where there are none, or where it cannot be measured.
    async fn consumed(&self, _instance: &InstanceRef) -> Option<Consumed> {
        None
    }

    /// How much of the disk the instance's directory takes, in bytes; `None` where that cannot be measured in time.
    async fn stored(&self, _instance: &InstanceRef) -> Option<u64> {
        None
    }

    /// The directory of the metering hook's files: see [`super::usage`].
    fn usage_files(&self, instance: &InstanceRef) -> PathBuf;
}
