use std::convert::Infallible;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use anyhow::Context;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::stat::{Mode, umask};

use super::confine;
use super::plan::EnterPlan;

/// The last step inside the sandbox: runs under the instance's own user id, gives up what is left to give up
/// and becomes n8n. `plan` is a file the driver wrote; the instance can read it, as it holds nothing that
/// the instance's own environment does not.
pub fn enter(plan: &Path) -> anyhow::Result<Infallible> {
    let text = fs::read(plan).with_context(|| format!("the plan {} cannot be read", plan.display()))?;
    let plan: EnterPlan = serde_json::from_slice(&text).context("the plan is damaged")?;

    umask(Mode::from_bits_truncate(0o077));
    lower(Resource::RLIMIT_CORE, 0)?;
    lower(Resource::RLIMIT_NOFILE, 65_536)?;
    lower(Resource::RLIMIT_FSIZE, plan.max_file_bytes)?;
    lower(Resource::RLIMIT_NPROC, plan.max_processes)?;
    std::env::set_current_dir(&plan.directory)
        .with_context(|| format!("the directory {} cannot be entered", plan.directory))?;
    if let Some(confinement) = &plan.confinement {
        confine::apply(confinement)?;
    }
    // n8n sleeps ten seconds when it finds the journal of a crash; backing off is the reconciler's work. Removed here,
    // as the instance's own user: what the path really leads to is up to the instance.
    let _ = fs::remove_file(".n8n/crash.journal");
    let error = Command::new(&plan.program)
        .args(&plan.arguments)
        .env_clear()
        .envs(plan.environment.iter().cloned())
        .exec();
    Err(anyhow::Error::new(error).context(format!("{} cannot be executed", plan.program)))
}

/// Sets both limits to `limit`, or to what the machine allows when that is less.
fn lower(resource: Resource, limit: u64) -> anyhow::Result<()> {
    let (_, hard) = getrlimit(resource)?;
    let limit = limit.min(hard);
    setrlimit(resource, limit, limit).with_context(|| format!("{resource:?} cannot be lowered to {limit}"))
}
