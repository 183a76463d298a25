//! Running PostgreSQL's programs as the server's user.

use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use crate::{Error, account::Account};

/// A program of the installation, ready for its arguments: as the server's user, in no directory that user could
/// not enter, and with nothing of this process's environment (a stray `PGDATA` or `PGOPTIONS` changes much).
pub(crate) fn program(bin_dir: &Path, name: &str, account: &Account) -> Command {
    let mut command = Command::new(bin_dir.join(name));
    command
        .current_dir("/")
        .env_clear()
        .envs([("PATH", "/usr/bin:/bin"), ("LC_ALL", "C")])
        .stdin(Stdio::null());
    if account.drops {
        // The standard library drops the supplementary groups of root along with its uid.
        command.uid(account.uid).gid(account.gid);
    }
    command
}

/// Runs to the end; an exit code other than 0 is an error with what the program said.
pub(crate) async fn run(mut command: Command, program: &'static str) -> Result<String, Error> {
    let failed = |detail: String| Error::ProgramFailed { program, detail };
    let output = command.output().await.map_err(|error| failed(format!("it did not start: {error}")))?;
    let stdout = String::from_utf8_lossy(&output.stdout);
    if output.status.success() {
        return Ok(stdout.into_owned());
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    Err(failed(format!("{}\n{}\n{}", output.status, stdout.trim(), stderr.trim()).trim().to_owned()))
}
