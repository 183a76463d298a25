//! The data directory: made once, whole, and checked at each start.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tenantry_kernel::{OsEntropy, Secret};
use tokio::time::{Instant, sleep};

use crate::{Error, account::Account, binaries::Binaries, files, programs, running};

/// The superuser's name.
pub(crate) const SUPERUSER: &str = "postgres";
const LOCK_PATIENCE: Duration = Duration::from_secs(60);

/// The paths of one cluster.
#[derive(Clone, Debug)]
pub(crate) struct Cluster {
    pub(crate) data_dir: PathBuf,
    pub(crate) durable: bool,
}

impl Cluster {
    pub(crate) fn password_file(&self) -> PathBuf {
        files::beside(&self.data_dir, "", ".password")
    }

    /// Outside the data directory, for files on their way into it.
    pub(crate) fn staging(&self) -> PathBuf {
        files::beside(&self.data_dir, ".", ".staging")
    }

    /// Held while the cluster is being made, started or stopped; freed with the returned file, or by the kernel.
    pub(crate) async fn lock(&self) -> Result<File, Error> {
        let path = files::beside(&self.data_dir, ".", ".lock");
        let file = File::create(&path).map_err(Error::io("create the lock file", &path))?;
        let deadline = Instant::now() + LOCK_PATIENCE;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => sleep(running::POLL).await,
                Err(TryLockError::WouldBlock) => return Err(Error::Busy(self.data_dir.clone())),
                Err(TryLockError::Error(error)) => return Err(Error::io("lock", &path)(error)),
            }
        }
    }

    /// Makes the cluster unless it is there and of the right version; the superuser's password either way.
    pub(crate) async fn ensure(&self, binaries: &Binaries, account: &Account) -> Result<Secret, Error> {
        let password = read_password(&self.password_file())?;
        match (self.version()?, password) {
            (Some(version), _) if version != binaries.major.to_string() => Err(Error::OtherVersion {
                data_dir: self.data_dir.clone(),
                bin_dir: binaries.dir.clone(),
                data: version,
                program: binaries.major,
            }),
            (Some(_), None) => Err(Error::PasswordLost {
                data_dir: self.data_dir.clone(),
                password_file: self.password_file(),
            }),
            (Some(_), Some(password)) => {
                files::check_owner(&self.data_dir, account)?;
                Ok(password)
            }
            (None, kept) => {
                // A password without a cluster is left by a start that was killed in between.
                let password = kept.map_or_else(|| self.make_password(), Ok)?;
                self.init(binaries, account, &password).await?;
                Ok(password)
            }
        }
    }

    /// The content of `PG_VERSION`, or nothing when the directory is missing or empty.
    fn version(&self) -> Result<Option<String>, Error> {
        if let Ok(version) = fs::read_to_string(self.data_dir.join("PG_VERSION")) {
            return Ok(Some(version.trim().to_owned()));
        }
        match fs::read_dir(&self.data_dir).map(|mut entries| entries.next().is_none()) {
            Ok(true) => Ok(None),
            Ok(false) => Err(Error::NotACluster(self.data_dir.clone())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("read the directory", &self.data_dir)(error)),
        }
    }

    /// From the operating system's randomness, not an injected one: no test may repeat this secret.
    fn make_password(&self) -> Result<Secret, Error> {
        let password = Secret::random(&OsEntropy, 24);
        files::write_private(&self.password_file(), password.expose())?;
        Ok(password)
    }

    /// Runs `initdb` aside and renames the result, so that a kill leaves nothing half made.
    async fn init(&self, binaries: &Binaries, account: &Account, password: &Secret) -> Result<(), Error> {
        let work = files::beside(&self.data_dir, ".", ".initdb");
        remove_dir(&work)?;
        files::make_owned(&work, 0o700, account)?;
        let password_file = work.join("password");
        files::write_for_server(&password_file, &self.staging(), password.expose(), account)?;

        let data = work.join("data");
        let mut command = programs::program(&binaries.dir, "initdb", account);
        command.arg("--pgdata").arg(&data).arg("--pwfile").arg(&password_file);
        command.args(["--username", SUPERUSER, "--auth", "scram-sha-256", "--encoding", "UTF8"]);
        command.args(["--locale", "C.UTF-8", "--data-checksums", "--no-instructions"]);
        if binaries.major >= 17 {
            // Sorting that belongs to PostgreSQL: no upgrade of the system's C library can corrupt an index.
            command.args(["--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"]);
        }
        if !self.durable {
            command.arg("--no-sync");
        }
        programs::run(command, "initdb").await?;

        fs::rename(&data, &self.data_dir).map_err(Error::io("put in place", &self.data_dir))?;
        if let Some(parent) = self.data_dir.parent() {
            File::open(parent).and_then(|dir| dir.sync_all()).map_err(Error::io("sync", parent))?;
        }
        remove_dir(&work)
    }
}

fn read_password(path: &Path) -> Result<Option<Secret>, Error> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text.trim()).filter(|text| !text.is_empty()).map(Secret::new)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("read", path)(error)),
    }
}

fn remove_dir(dir: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io("remove", dir)(error)),
        _ => Ok(()),
    }
}
