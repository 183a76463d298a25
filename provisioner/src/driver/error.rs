use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why the driver could not do it. The text says the cause and the remedy, and is fit for the operator.
#[derive(Debug, Error)]
pub enum DriverError {
    #[error(
        "{path} has {free_mib} MiB of free disk space and an instance needs at least {needed_mib} MiB to start: free some space, or move the state directory"
    )]
    NoDiskSpace { path: PathBuf, free_mib: u64, needed_mib: u64 },
    #[error(
        "port {0} is in use by another program on this machine: stop that program, or change the port range of instances"
    )]
    PortTaken(u16),
    #[error(
        "n8n {version} is not installed: {path} is missing. Install that version's runtime, or choose another version"
    )]
    RuntimeMissing { version: String, path: PathBuf },
    #[error("the instance's specification cannot be used: {0}")]
    InvalidSpec(String),
    #[error("the sandbox could not be made: {0}")]
    Sandbox(String),
    #[error("{what}: {source}")]
    Io {
        what: String,
        #[source]
        source: io::Error,
    },
}

impl DriverError {
    /// A stable word for each cause, for progress records and metrics.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoDiskSpace { .. } => "no_disk_space",
            Self::PortTaken(_) => "port_taken",
            Self::RuntimeMissing { .. } => "runtime_missing",
            Self::InvalidSpec(_) => "invalid_spec",
            Self::Sandbox(_) => "sandbox",
            Self::Io { .. } => "io",
        }
    }
}

/// Adds what was being done to an I/O error.
pub(crate) trait Doing<T> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T, DriverError>;
}

impl<T, E: Into<io::Error>> Doing<T> for Result<T, E> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T, DriverError> {
        self.map_err(|error| DriverError::Io { what: what(), source: error.into() })
    }
}
