//! The hidden sub-commands by which the driver runs this program's own code before and inside the sandbox.

use std::convert::Infallible;
use std::ffi::OsString;
use std::path::Path;

use anyhow::Context;

use super::{enter, launch};

pub(crate) const LAUNCH: &str = "instance-launch";
pub(crate) const HOLD: &str = "instance-hold";
pub(crate) const FOREGROUND: &str = "instance-foreground";
pub(crate) const ENTER: &str = "instance-enter";

/// Runs a hidden sub-command, if `arguments` (the program's name first) ask for one. Call it before anything
/// else in `main`: it needs no configuration, no runtime and no threads. It returns only on failure; print
/// the error on standard error, in one line, and end with a status that is not zero.
pub fn hidden_command(arguments: impl IntoIterator<Item = OsString>) -> Option<anyhow::Error> {
    let mut arguments = arguments.into_iter().skip(1);
    let command = arguments.next()?;
    let result: anyhow::Result<Infallible> = match command.to_str()? {
        LAUNCH => one(arguments.next()).and_then(|directory| launch::launch(Path::new(&directory))),
        HOLD => one(arguments.next()).and_then(|directory| {
            let launcher = one(arguments.next())?;
            let launcher =
                launcher.to_str().and_then(|pid| pid.parse().ok()).context("a process id is expected")?;
            launch::hold(Path::new(&directory), launcher)
        }),
        FOREGROUND => one(arguments.next()).and_then(|plan| launch::foreground(Path::new(&plan))),
        ENTER => one(arguments.next()).and_then(|plan| enter::enter(Path::new(&plan))),
        _ => return None,
    };
    result.err()
}

fn one(argument: Option<OsString>) -> anyhow::Result<OsString> {
    argument.context("this command is the driver's own: an argument is missing")
}
