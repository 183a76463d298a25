//! Starting an instance so that it survives the worker and can never run twice.
//!
//! The worker may be killed at any moment, and another may start the same instance at the same time. Both
//! are answered by where things live, not by who remembers what:
//!
//! 1. The worker writes the plan and starts the *launcher* (this program, hidden sub-command). The launcher
//!    starts the *holder* and ends, so that the holder belongs to the machine's first process. From here on
//!    nothing depends on the worker.
//! 2. The holder takes the instance's lock. If it is held, the instance lives, and the holder ends without
//!    having touched anything.
//! 3. Under the lock it clears the traces of the last run, joins the control groups and becomes bubblewrap,
//!    which gives the lock to the sandbox's first process. That one lives until all others in the sandbox
//!    are gone: so the lock is free exactly when nothing of the instance runs.
//!
//! `--die-with-parent` is used for a purpose it was not made for. The holder's parent never ends, so the
//! flag never harms; but it also ties the sandbox's first process to bubblewrap's outer one, which ends when
//! n8n ends. So when n8n dies, whatever else it started dies with it, and the lock comes free at once.

use std::convert::Infallible;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, bail};
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::unistd::{getpid, getppid, setsid};

use super::command::HOLD;
use super::layout::Layout;
use super::lock;
use super::plan::LaunchPlan;
use super::seccomp;

/// The holder's only message that is not a failure: somebody else runs the instance already.
pub(crate) const ALREADY_RUNNING: &str = "already running";
/// The port follows.
pub(crate) const PORT_TAKEN: &str = "port taken ";

const PAUSE: Duration = Duration::from_millis(10);
/// Observers hold the lock for an instant only.
const LOCK_ATTEMPTS: u32 = 20;
const ORPHAN_ATTEMPTS: u32 = 500;
const LOG_KEPT_BYTES: u64 = 4 * 1024 * 1024;

/// The launcher: starts the holder and ends. Standard error is the worker's pipe, and the holder inherits it.
pub fn launch(directory: &Path) -> anyhow::Result<Infallible> {
    Command::new("/proc/self/exe")
        .arg(HOLD)
        .arg(directory)
        .arg(getpid().to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .context("the holder cannot be started")?;
    std::process::exit(0)
}

/// The holder: becomes the sandbox, or says on standard error why not.
pub(super) fn hold(directory: &Path, launcher: i32) -> anyhow::Result<Infallible> {
    let mut attempts = 0;
    while getppid().as_raw() == launcher {
        attempts += 1;
        if attempts > ORPHAN_ATTEMPTS {
            bail!("the launcher did not end");
        }
        sleep(PAUSE);
    }
    setsid().context("a session of its own")?;

    let layout = Layout::at(directory);
    let lock = take_lock(&layout)?;
    let plan = read_plan(&layout.launch_plan())?;
    for port in &plan.ports {
        match TcpListener::bind((Ipv4Addr::LOCALHOST, *port)) {
            Ok(_closed_on_drop) => {}
            Err(error) if error.kind() == ErrorKind::AddrInUse => bail!("{PORT_TAKEN}{port}"),
            Err(error) => return Err(error).with_context(|| format!("port {port} cannot be listened on")),
        }
    }
    for trace in [layout.sandbox_info(), layout.sandbox_status(), layout.stopped()] {
        remove(&trace)?;
    }
    fs::write(layout.revision(), &plan.revision).context("the revision cannot be recorded")?;
    join(&plan)?;
    if let Some(events) = &plan.memory_events {
        let before = fs::read_to_string(events).unwrap_or_default();
        fs::write(layout.memory_events_before(), before).context("the memory events cannot be recorded")?;
    }

    let log = open_log(&layout.log())?;
    let info = File::create(layout.sandbox_info()).context("the sandbox's record cannot be made")?;
    keep_open(&info)?;
    let status = File::create(layout.sandbox_status()).context("the sandbox's status cannot be made")?;
    keep_open(&status)?;
    keep_open(&*lock)?;
    let (mut command, _files) = sandbox(&plan, &layout.run())?;
    let error = command
        .arg("--sync-fd")
        .arg(lock.as_raw_fd().to_string())
        .arg("--info-fd")
        .arg(info.as_raw_fd().to_string())
        .arg("--json-status-fd")
        .arg(status.as_raw_fd().to_string())
        .arg("--")
        .args(&plan.command)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .exec();
    Err(anyhow::Error::new(error).context(format!("{} cannot be executed", plan.bwrap.display())))
}

/// Runs a command in an instance's sandbox in the foreground: no lock, no log, the caller's standard streams.
pub(super) fn foreground(plan: &Path) -> anyhow::Result<Infallible> {
    let directory = plan.parent().context("a plan has a directory")?;
    let plan = read_plan(plan)?;
    join(&plan)?;
    let (mut command, _files) = sandbox(&plan, directory)?;
    let error = command.arg("--").args(&plan.command).exec();
    Err(anyhow::Error::new(error).context(format!("{} cannot be executed", plan.bwrap.display())))
}

fn take_lock(layout: &Layout) -> anyhow::Result<nix::fcntl::Flock<File>> {
    for _ in 0..LOCK_ATTEMPTS {
        if let Some(lock) = lock::take(&layout.lock()).context("the lock cannot be opened")? {
            return Ok(lock);
        }
        sleep(PAUSE);
    }
    bail!(ALREADY_RUNNING)
}

fn read_plan(path: &Path) -> anyhow::Result<LaunchPlan> {
    let text = fs::read(path).with_context(|| format!("the plan {} cannot be read", path.display()))?;
    serde_json::from_slice(&text).context("the plan is damaged")
}

fn join(plan: &LaunchPlan) -> anyhow::Result<()> {
    for procs in &plan.cgroup_procs {
        fs::write(procs, getpid().to_string())
            .with_context(|| format!("the control group {} cannot be joined", procs.display()))?;
    }
    Ok(())
}

/// A file without a name, for bubblewrap to read: a command line is readable by every user of the machine.
fn nameless(content: &[u8], path: &Path) -> anyhow::Result<File> {
    remove(path)?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(content)?;
    let file = File::open(path)?;
    fs::remove_file(path)?;
    keep_open(&file)?;
    Ok(file)
}

/// Bubblewrap with what every sandbox has: the options, the filter of system calls, the command. The files
/// must stay open until it is executed.
fn sandbox(plan: &LaunchPlan, directory: &Path) -> anyhow::Result<(Command, Vec<File>)> {
    let mut options = Vec::new();
    for option in &plan.options {
        options.extend_from_slice(option.as_bytes());
        options.push(0);
    }
    let options = nameless(&options, &directory.join(format!("options.{}", getpid())))?;
    let mut command = Command::new(&plan.bwrap);
    command.arg("--args").arg(options.as_raw_fd().to_string());
    let mut files = vec![options];
    if let Some(filter) = seccomp::filter() {
        let filter = nameless(&filter, &directory.join(format!("filter.{}", getpid())))?;
        command.arg("--seccomp").arg(filter.as_raw_fd().to_string());
        files.push(filter);
    }
    Ok((command, files))
}

fn open_log(path: &Path) -> anyhow::Result<File> {
    if fs::metadata(path).is_ok_and(|m| m.len() > LOG_KEPT_BYTES) {
        fs::rename(path, path.with_extension("log.1")).context("the log cannot be rotated")?;
    }
    OpenOptions::new().append(true).create(true).mode(0o600).open(path).context("the log cannot be opened")
}

fn keep_open(file: impl AsFd) -> anyhow::Result<()> {
    fcntl(file, FcntlArg::F_SETFD(FdFlag::empty())).context("a file cannot be handed on")?;
    Ok(())
}

fn remove(path: &Path) -> anyhow::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{} cannot be removed", path.display()))
        }
        _ => Ok(()),
    }
}
