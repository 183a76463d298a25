//! What can go wrong, each with its remedy.

use std::path::PathBuf;

/// Why the embedded PostgreSQL could not be started or stopped. The message says what is wrong and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A needed program is not in the directory of the binaries.
    #[error(
        "PostgreSQL's program `{program}` is not in {}. Run `cargo xtask doctor`, or set TENANTRY_POSTGRES_BIN to \
         the directory with the programs of PostgreSQL {oldest} or newer.",
        bin_dir.display(),
        oldest = crate::OLDEST_MAJOR
    )]
    MissingProgram { program: &'static str, bin_dir: PathBuf },

    /// The programs are of a version that this crate's configuration does not suit.
    #[error(
        "{} holds PostgreSQL {found}, and {oldest} or newer is needed. Set TENANTRY_POSTGRES_BIN to a newer one.",
        bin_dir.display(),
        oldest = crate::OLDEST_MAJOR
    )]
    TooOld { bin_dir: PathBuf, found: u32 },

    /// The data directory was written by another major version.
    #[error(
        "The data directory {} was made by PostgreSQL {data}, but the programs in {} are PostgreSQL {program}. Either \
         set TENANTRY_POSTGRES_BIN to the programs of PostgreSQL {data}, or move the data with pg_upgrade (or with \
         pg_dumpall of {data} into a new data directory). Nothing was changed.",
        data_dir.display(),
        bin_dir.display()
    )]
    OtherVersion { data_dir: PathBuf, bin_dir: PathBuf, data: String, program: u32 },

    /// The directory exists but is no cluster, so creating one there could destroy something.
    #[error(
        "{} exists and is not a PostgreSQL data directory. Move it away, or choose another state directory.",
        .0.display()
    )]
    NotACluster(PathBuf),

    /// The cluster is there but its password is not.
    #[error(
        "The data directory {} is there, but the superuser's password in {} is not. Put that file back from a \
         backup; it was made together with the data directory.",
        data_dir.display(),
        password_file.display()
    )]
    PasswordLost { data_dir: PathBuf, password_file: PathBuf },

    /// The server's user may not pass through one of the parents.
    #[error(
        "The user `{user}`, as whom PostgreSQL runs, may not enter {}, a parent of {}. Choose a state directory that \
         other users may pass through, such as /var/lib/tenantry, or run `chmod o+x {}`.",
        dir.display(),
        path.display(),
        dir.display()
    )]
    NotTraversable { user: String, dir: PathBuf, path: PathBuf },

    /// A file or directory is somebody else's.
    #[error(
        "{} belongs to user id {found}, and must belong to {wanted}. Start as the user who made it, or choose another \
         directory.",
        path.display()
    )]
    WrongOwner { path: PathBuf, found: u32, wanted: u32 },

    /// The operating system cuts socket paths at 107 bytes.
    #[error(
        "The socket's path {} is {length} bytes long, and the operating system allows {max}. Choose a shorter socket \
         directory, for example one under /tmp or /run.",
        path.display(),
        max = crate::socket::SUN_PATH_MAX
    )]
    SocketPathTooLong { path: PathBuf, length: usize },

    /// The user who should run the server could not be found or made.
    #[error("There is no user to run PostgreSQL as: {0}. Create one with `useradd --system tenantry`.")]
    NoServiceUser(String),

    /// Somebody else has been starting or stopping the same cluster for too long.
    #[error(
        "Another process has been starting or stopping the PostgreSQL of {} for a minute. Wait for it or end it, \
         then try again.",
        .0.display()
    )]
    Busy(PathBuf),

    /// A program ended with an error; `detail` is what it and the server's log said.
    #[error("PostgreSQL's program `{program}` failed: {detail}")]
    ProgramFailed { program: &'static str, detail: String },

    /// A file operation failed.
    #[error("Could not {action} {}: {source}", path.display())]
    Io { action: &'static str, path: PathBuf, source: std::io::Error },
}

impl Error {
    /// Adds to an I/O error what was being done, and to what.
    pub(crate) fn io(action: &'static str, path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}
