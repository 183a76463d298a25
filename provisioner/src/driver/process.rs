use std::fs;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::error::Doing;
use super::host::Host;
use super::layout::Layout;
use super::probe::{self, Isolation, IsolationReport};
use super::{Consumed, Driver, DriverError, InstanceRef, InstanceSpec, Observed, cgroup, measure};

/// Where the driver works.
#[derive(Debug, Clone)]
pub struct ProcessConfig {
    /// A short id of this installation, letters and digits: names control groups and packet rules, so that
    /// two installations on one machine never touch each other's.
    pub installation: String,
    /// Instances live in `instances` below it.
    pub state_dir: PathBuf,
    /// `<runtimes>/<version>/node_modules` holds n8n and its Node.js.
    pub runtimes: PathBuf,
    pub isolation: Isolation,
    /// A program that calls [`super::hidden_command`] first of all: usually the running one.
    pub launcher: PathBuf,
    /// All ports that instances of this installation may have.
    pub port_pool: Range<u16>,
}

/// Runs instances as sandboxed processes of this machine.
#[derive(Clone)]
pub struct ProcessDriver {
    host: Arc<Host>,
}

impl ProcessDriver {
    /// Tries every layer of isolation and makes what all instances share. Takes about 100 ms.
    pub fn new(config: ProcessConfig) -> Result<Self, DriverError> {
        let harmless = config.installation.chars().all(|c| c.is_ascii_alphanumeric());
        if config.installation.is_empty() || config.installation.len() > 32 || !harmless {
            return Err(DriverError::InvalidSpec(
                "an installation's id has up to 32 letters and digits".to_owned(),
            ));
        }
        let tools = probe::probe(config.isolation, &config.installation)?;
        fs::create_dir_all(&config.state_dir)
            .doing(|| format!("the state directory {} cannot be made", config.state_dir.display()))?;
        let absolute =
            |path: &PathBuf| path.canonicalize().doing(|| format!("{} is not there", path.display()));
        let config = ProcessConfig {
            state_dir: absolute(&config.state_dir)?,
            launcher: absolute(&config.launcher)?,
            ..config
        };
        Ok(Self { host: Arc::new(Host { config, tools }) })
    }

    /// A command that runs `program` inside the sandbox an instance of this specification would have, in the
    /// foreground: for diagnosis, and for the tests that try to break out. Makes the instance's directories.
    pub fn sandbox_command(&self, spec: &InstanceSpec, program: &[&str]) -> Result<Command, DriverError> {
        self.host.sandbox_command(spec, program)
    }

    /// Removes what instances share: packet rules and control groups. Only when no instance runs.
    pub fn uninstall(&self) -> Result<(), DriverError> {
        if let Some(packets) = &self.host.tools.packets {
            packets.uninstall().map_err(DriverError::Sandbox)?;
        }
        if let Some(groups) = &self.host.tools.groups {
            cgroup::remove_parents(groups.as_ref())
                .doing(|| "the control groups cannot be removed".to_owned())?;
        }
        Ok(())
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Host) -> Result<T, DriverError> + Send + 'static,
    ) -> Result<T, DriverError> {
        let host = Arc::clone(&self.host);
        tokio::task::spawn_blocking(move || work(&host))
            .await
            .map_err(io::Error::other)
            .doing(|| "a task of the driver ended early".to_owned())?
    }
}

#[async_trait]
impl Driver for ProcessDriver {
    async fn observe(&self, instance: &InstanceRef) -> Observed {
        let instance = instance.clone();
        let observed = self.blocking(move |host| host.observe(&instance)).await;
        observed.unwrap_or_else(|error| Observed::Unknown { reason: error.to_string() })
    }

    async fn start(&self, spec: &InstanceSpec) -> Result<(), DriverError> {
        let spec = spec.clone();
        self.blocking(move |host| host.start(&spec)).await
    }

    async fn stop(&self, instance: &InstanceRef, grace: Duration) -> Result<(), DriverError> {
        let instance = instance.clone();
        self.blocking(move |host| host.stop(&instance, grace)).await
    }

    async fn destroy(&self, instance: &InstanceRef) -> Result<(), DriverError> {
        let instance = instance.clone();
        self.blocking(move |host| host.destroy(&instance)).await
    }

    fn report(&self) -> &IsolationReport {
        &self.host.tools.report
    }

    async fn consumed(&self, instance: &InstanceRef) -> Option<Consumed> {
        let instance = instance.clone();
        self.blocking(move |host| host.consumed(&instance)).await.ok().flatten()
    }

    async fn stored(&self, instance: &InstanceRef) -> Option<u64> {
        measure::stored(Layout::new(&self.host.config.state_dir, &instance.id).root()).await
    }

    fn usage_files(&self, instance: &InstanceRef) -> PathBuf {
        Layout::new(&self.host.config.state_dir, &instance.id).usage()
    }
}
