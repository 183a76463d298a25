//! The process driver's operations, in blocking code: each reads the machine anew and remembers nothing.

use std::fs;
use std::io;
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::error::Doing;
use super::layout::{Access, Layout};
use super::probe::Tools;
use super::process::ProcessConfig;
use super::tree::{self, Tree};
use super::{
    Consumed, DriverError, InstanceRef, InstanceSpec, Observed, cgroup, command, ending, launch, lock,
    measure, preflight, prepare,
};

const PAUSE: Duration = Duration::from_millis(20);
/// From the launcher's call until the sandbox's first process is there: normally 100 ms.
const LAUNCH_TIMEOUT: Duration = Duration::from_secs(15);
/// From the kill until the kernel has cleared up.
const KILL_TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_millis(200);
const LOG_BOUND_BYTES: u64 = 16 * 1024 * 1024;
pub(super) const STOPPED: &str = "stopped on request";

pub(super) struct Host {
    pub(super) config: ProcessConfig,
    pub(super) tools: Tools,
}

impl Host {
    fn layout(&self, id: &str) -> Result<Layout, DriverError> {
        preflight::id(id)?;
        Ok(Layout::new(&self.config.state_dir, id))
    }

    pub(super) fn strict(&self) -> bool {
        self.tools.report.strict
    }

    pub(super) fn observe(&self, instance: &InstanceRef) -> Result<Observed, DriverError> {
        let layout = self.layout(&instance.id)?;
        bound_log(&layout.log());
        let held =
            lock::is_held(&layout.lock()).doing(|| format!("the lock of {} cannot be read", instance.id))?;
        if !held {
            // No lock, no revision: nothing was ever launched here.
            return Ok(match layout.revision().exists() {
                true => Observed::Exited { detail: self.why_exited(&layout, &instance.id) },
                false => Observed::Absent,
            });
        }
        let Some(tree) = self.wait_for_tree(&layout, Duration::from_millis(500))? else {
            return Ok(match lock::is_held(&layout.lock()) {
                Ok(false) => Observed::Exited { detail: self.why_exited(&layout, &instance.id) },
                _ => Observed::Unknown {
                    reason: "the instance is just being launched or is just ending".to_owned(),
                },
            });
        };
        let revision = fs::read_to_string(layout.revision()).unwrap_or_default();
        let (pid, started_at) = (tree.main, tree.started_at);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, instance.port));
        Ok(match TcpStream::connect_timeout(&address, CONNECT_TIMEOUT) {
            Ok(_closed_on_drop) => Observed::Running { pid, started_at, revision },
            Err(_) => Observed::Starting { pid, started_at, revision },
        })
    }

    pub(super) fn start(&self, spec: &InstanceSpec) -> Result<(), DriverError> {
        let layout = self.layout(&spec.id)?;
        if self.is_alive(&layout)? {
            return Ok(());
        }
        if spec.port == spec.broker_port {
            return Err(DriverError::InvalidSpec("the port and the broker's port are the same".to_owned()));
        }
        preflight::runtime(&self.config.runtimes, &spec.n8n_version)?;
        preflight::disk(&self.config.state_dir)?;
        let plan = prepare::plan(self, spec, &layout)?;
        self.enclose(spec)?;
        prepare::write_json(&layout, &layout.launch_plan(), &plan, Access { owner: None, mode: 0o600 })?;
        self.launch(&layout)
    }

    /// Limits and packet rules are in place before the first process is.
    fn enclose(&self, spec: &InstanceSpec) -> Result<(), DriverError> {
        if let Some(groups) = &self.tools.groups {
            groups
                .create(&spec.id, &spec.limits)
                .map_err(|e| DriverError::Sandbox(format!("the limits cannot be set: {e}")))?;
        }
        if let Some(packets) = &self.tools.packets {
            let databases = prepare::database_addresses(spec)?;
            packets
                .add(spec.host_uid, [spec.port, spec.broker_port], &databases)
                .map_err(DriverError::Sandbox)?;
        }
        Ok(())
    }

    fn launch(&self, layout: &Layout) -> Result<(), DriverError> {
        let failed = || "the launcher cannot be executed".to_owned();
        let mut child = Command::new(&self.config.launcher)
            .arg(command::LAUNCH)
            .arg(layout.root())
            .current_dir("/")
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .doing(failed)?;
        // The pipe ends when the holder has become the sandbox, or has failed and said why.
        let mut message = String::new();
        if let Some(mut pipe) = child.stderr.take() {
            pipe.read_to_string(&mut message).doing(failed)?;
        }
        child.wait().doing(failed)?;
        if message.contains(launch::ALREADY_RUNNING) {
            return Ok(());
        }
        if let Some(port) = message.strip_prefix(launch::PORT_TAKEN).and_then(|port| port.trim().parse().ok())
        {
            return Err(DriverError::PortTaken(port));
        }
        if !message.is_empty() {
            return Err(DriverError::Sandbox(message));
        }
        match self.wait_for_tree(layout, LAUNCH_TIMEOUT)? {
            Some(_) => Ok(()),
            None => Err(DriverError::Sandbox(ending::log_tail(&layout.log()))),
        }
    }

    /// The instance's processes, as soon as they can be seen; `None` when the lock comes free first or it
    /// takes too long.
    fn wait_for_tree(&self, layout: &Layout, patience: Duration) -> Result<Option<Tree>, DriverError> {
        let begun = Instant::now();
        loop {
            if let Some(tree) = tree::find(layout) {
                return Ok(Some(tree));
            }
            let held = lock::is_held(&layout.lock()).doing(|| "the lock cannot be read".to_owned())?;
            if !held || begun.elapsed() > patience {
                return Ok(None);
            }
            sleep(PAUSE);
        }
    }

    fn is_alive(&self, layout: &Layout) -> Result<bool, DriverError> {
        lock::is_held(&layout.lock()).doing(|| "the lock cannot be read".to_owned())
    }

    pub(super) fn stop(&self, instance: &InstanceRef, grace: Duration) -> Result<(), DriverError> {
        let layout = self.layout(&instance.id)?;
        if !layout.root().exists() {
            return Ok(());
        }
        if !grace.is_zero() && self.is_alive(&layout)? {
            if let Some(tree) = self.wait_for_tree(&layout, Duration::from_secs(2))? {
                tree::signal(tree.main, Signal::SIGTERM)
                    .doing(|| "the instance cannot be asked to end".to_owned())?;
            }
            self.wait_until_free(&layout, grace)?;
        }
        let killed = self.kill(&layout, &instance.id);
        if layout.run().is_dir() && killed.is_ok() {
            fs::write(layout.stopped(), "").doing(|| "the stop cannot be recorded".to_owned())?;
        }
        killed
    }

    /// Ends whatever is left, and makes sure that nothing is.
    fn kill(&self, layout: &Layout, id: &str) -> Result<(), DriverError> {
        if let Some(init) = tree::init(layout).filter(|_| lock::is_held(&layout.lock()).unwrap_or(true)) {
            tree::signal(init, Signal::SIGKILL).doing(|| "the instance cannot be killed".to_owned())?;
        }
        if let Some(groups) = &self.tools.groups {
            cgroup::kill(groups.as_ref(), id)
                .doing(|| "the instance's processes cannot be killed".to_owned())?;
        }
        if self.wait_until_free(layout, KILL_TIMEOUT)? {
            return Ok(());
        }
        Err(DriverError::Sandbox(format!(
            "processes of {id} do not end although they were killed: look for a hung disk"
        )))
    }

    fn wait_until_free(&self, layout: &Layout, patience: Duration) -> Result<bool, DriverError> {
        let begun = Instant::now();
        while self.is_alive(layout)? {
            if begun.elapsed() > patience {
                return Ok(false);
            }
            sleep(PAUSE);
        }
        Ok(true)
    }

    pub(super) fn destroy(&self, instance: &InstanceRef) -> Result<(), DriverError> {
        let layout = self.layout(&instance.id)?;
        if layout.root().exists() {
            // Under the lock, so that no launcher begins in a directory that is being deleted.
            let begun = Instant::now();
            let _lock = loop {
                self.stop(instance, Duration::ZERO)?;
                match lock::take(&layout.lock()).doing(|| "the lock cannot be taken".to_owned())? {
                    Some(lock) => break lock,
                    None if begun.elapsed() > KILL_TIMEOUT => {
                        return Err(DriverError::Sandbox(format!(
                            "{} is started again and again",
                            instance.id
                        )));
                    }
                    None => sleep(PAUSE),
                }
            };
            delete_tree(layout.root()).doing(|| format!("{} cannot be deleted", layout.root().display()))?;
        }
        if let Some(groups) = &self.tools.groups {
            cgroup::kill(groups.as_ref(), &instance.id)
                .and_then(|()| cgroup::remove(groups.as_ref(), &instance.id))
                .doing(|| "the control group cannot be removed".to_owned())?;
        }
        if let Some(packets) = &self.tools.packets {
            packets.remove(instance.host_uid).map_err(DriverError::Sandbox)?;
        }
        Ok(())
    }

    pub(super) fn sandbox_command(
        &self,
        spec: &InstanceSpec,
        program: &[&str],
    ) -> Result<Command, DriverError> {
        let layout = self.layout(&spec.id)?;
        preflight::runtime(&self.config.runtimes, &spec.n8n_version)?;
        let file = prepare::foreground_plan(self, spec, &layout, program)?;
        self.enclose(spec)?;
        let mut command = Command::new(&self.config.launcher);
        command.arg(command::FOREGROUND).arg(file).current_dir("/").env_clear();
        Ok(command)
    }

    /// What the instance's processes use, by its control group or else by the processes themselves.
    pub(super) fn consumed(&self, instance: &InstanceRef) -> Result<Option<Consumed>, DriverError> {
        let layout = self.layout(&instance.id)?;
        let Some(tree) = tree::find(&layout) else { return Ok(None) };
        let group = self.tools.groups.as_ref().and_then(|groups| groups.consumed(&instance.id).ok());
        Ok(match group {
            Some((memory_bytes, cpu_micros)) => {
                Some(Consumed { memory_bytes, cpu_micros, life: measure::GROUP })
            }
            None => measure::processes(&tree),
        })
    }

    fn why_exited(&self, layout: &Layout, id: &str) -> String {
        if layout.stopped().exists() {
            return STOPPED.to_owned();
        }
        let count = |path: &Path| cgroup::memory_kills(&fs::read_to_string(path).unwrap_or_default());
        let now = self.tools.groups.as_ref().map_or(0, |groups| count(&groups.memory_events(id)));
        ending::describe(layout, now.saturating_sub(count(&layout.memory_events_before())))
    }
}

/// In a process of its own: how deep directories nest is up to the instance, and must cost the worker neither its
/// stack nor its file descriptors.
fn delete_tree(root: &Path) -> io::Result<()> {
    let done = Command::new("/bin/rm").args(["-rf", "--one-file-system", "--"]).arg(root).status()?;
    if done.success() { Ok(()) } else { Err(io::Error::other(format!("rm ended with {done}"))) }
}

/// A talkative instance must not fill the disk. The instance appends, so cutting the file short is safe.
fn bound_log(path: &Path) {
    let too_long = fs::metadata(path).is_ok_and(|m| m.len() > LOG_BOUND_BYTES);
    if !too_long {
        return;
    }
    let cut = fs::OpenOptions::new().write(true).open(path).and_then(|file| file.set_len(0));
    if let Err(error) = cut {
        tracing::warn!(log.path = %path.display(), %error, "the log of an instance cannot be bounded");
    }
}
