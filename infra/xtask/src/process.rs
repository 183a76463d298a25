//! Running other programs.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::Outcome;

/// Runs a command in the foreground; a failure names the command.
pub(crate) fn run(command: &mut Command) -> Outcome {
    let status = command.status().map_err(|error| not_started(command, &error))?;
    if status.success() { Ok(()) } else { Err(format!("{status}: {}", line(command))) }
}

/// Runs a command for what it prints; a failure carries what it said.
pub(crate) fn read(command: &mut Command) -> Outcome<String> {
    let output = capture(command)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{}: {}\n{}", output.status, line(command), said.trim()))
}

/// Runs a command to its end whatever its exit code.
pub(crate) fn capture(command: &mut Command) -> Outcome<Output> {
    command.stdin(Stdio::null()).output().map_err(|error| not_started(command, &error))
}

/// Whether a command runs and succeeds; its output is thrown away.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    capture(command).is_ok_and(|output| output.status.success())
}

/// The command as one would type it.
pub(crate) fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// The SHA-256 of a file, by the system's own program.
pub(crate) fn sha256(path: &Path) -> Outcome<String> {
    let line = read(Command::new("sha256sum").arg("--").arg(path))?;
    // The program puts a backslash before the hash when the path holds unusual characters.
    let hash: String = line.trim_start_matches('\\').chars().take(64).collect();
    if hash.len() == 64 { Ok(hash) } else { Err(format!("sha256sum printed `{}`", line.trim())) }
}

fn not_started(command: &Command, error: &std::io::Error) -> String {
    format!("`{}` did not start: {error}", command.get_program().to_string_lossy())
}
