//! Starting, adopting and stopping the server.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tenantry_kernel::Secret;
use tokio::time::{Instant, sleep};

use crate::account::Account;
use crate::binaries::Binaries;
use crate::cluster::{Cluster, SUPERUSER};
use crate::running::{self, POLL, Postmaster};
use crate::{Error, Options, config, files, programs, socket};

/// Recovery after a crash replays the log before the server is ready, which can take a while.
const START_SECONDS: u64 = 300;
const STOP_SECONDS: u64 = 30;
const ORPHANS: Duration = Duration::from_secs(10);

/// A running server. Dropping this leaves it running; see [`Postgres::stop`].
#[derive(Clone)]
pub struct Postgres {
    cluster: Cluster,
    account: Account,
    bin_dir: PathBuf,
    socket_dir: PathBuf,
    password: Secret,
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres")
            .field("data_dir", &self.cluster.data_dir)
            .field("socket_dir", &self.socket_dir)
            .finish_non_exhaustive()
    }
}

/// Makes the cluster when it is missing, and starts its server or adopts the one that runs.
///
/// An adopted server keeps the socket directory and the configuration it was started with.
pub async fn start(options: Options) -> Result<Postgres, Error> {
    let data_dir = std::path::absolute(&options.data_dir).map_err(Error::io("resolve", &options.data_dir))?;
    let wanted_dir =
        std::path::absolute(&options.socket_dir).map_err(Error::io("resolve", &options.socket_dir))?;
    socket::check_length(&wanted_dir)?;
    let account = Account::resolve(&data_dir)?;
    account.check_reachable(&data_dir)?;
    let binaries = Binaries::inspect(&options.bin_dir, &account).await?;
    if let Some(parent) = data_dir.parent() {
        files::make_parents(parent)?;
    }

    let cluster = Cluster { data_dir, durable: options.durable };
    let _lock = cluster.lock().await?;
    let password = cluster.ensure(&binaries, &account).await?;
    let mut postgres = Postgres { cluster, account, bin_dir: binaries.dir, socket_dir: wanted_dir, password };
    match postgres.adopt().await? {
        Some(running) => {
            postgres.socket_dir = running.socket_dir;
            tracing::info!(postgres.pid = running.pid, "adopted the running PostgreSQL");
        }
        None => postgres.launch().await?,
    }
    Ok(postgres)
}

impl Postgres {
    /// The directory of the Unix socket: the `host` of a connection.
    #[must_use]
    pub fn socket_dir(&self) -> &Path {
        &self.socket_dir
    }

    /// The directory of the programs, where `pg_dump` and `psql` are too.
    #[must_use]
    pub fn bin_dir(&self) -> &Path {
        &self.bin_dir
    }

    /// The superuser's name.
    #[must_use]
    pub fn superuser(&self) -> &'static str {
        SUPERUSER
    }

    /// The superuser's password.
    #[must_use]
    pub fn superuser_password(&self) -> &Secret {
        &self.password
    }

    /// A connection URL of the superuser to a database, with the password in it.
    #[must_use]
    pub fn superuser_url(&self, database: &str) -> Secret {
        Secret::new(format!(
            "postgres://{SUPERUSER}:{}@localhost:{}/{}?host={}",
            self.password.expose(),
            crate::PORT,
            percent(database),
            percent(&self.socket_dir.to_string_lossy())
        ))
    }

    /// The process id of the server, or nothing when it does not run (any more).
    #[must_use]
    pub fn pid(&self) -> Option<i32> {
        running::find(&self.cluster.data_dir).map(|found| found.pid)
    }

    /// Ends every session and stops the server, and returns when it is gone.
    pub async fn stop(self) -> Result<(), Error> {
        let _lock = self.cluster.lock().await?;
        for mode in ["fast", "immediate"] {
            if self.pid().is_none() {
                break;
            }
            let stopped = self.control("stop", &["--mode", mode], STOP_SECONDS).await;
            if let (Err(error), true) = (stopped, self.pid().is_some()) {
                tracing::warn!(%error, mode, "PostgreSQL did not stop");
                if mode == "immediate" {
                    return Err(error);
                }
            }
        }
        running::wait_for_orphans(&self.cluster.data_dir, ORPHANS).await;
        // Only where nothing else is in them: the socket's directory, and the installation's in /run.
        for directory in self.socket_dir.ancestors().take(2) {
            let _ = std::fs::remove_dir(directory);
        }
        tracing::info!("stopped PostgreSQL");
        Ok(())
    }

    /// The running server once it is ready; nothing when there is none, or when it ends while being looked at.
    async fn adopt(&self) -> Result<Option<Postmaster>, Error> {
        let deadline = Instant::now() + Duration::from_secs(START_SECONDS);
        while let Some(found) = running::find(&self.cluster.data_dir) {
            if found.ready {
                return Ok(Some(found));
            }
            if Instant::now() >= deadline {
                return Err(Error::Busy(self.cluster.data_dir.clone()));
            }
            sleep(POLL).await;
        }
        Ok(None)
    }

    async fn launch(&self) -> Result<(), Error> {
        let data_dir = &self.cluster.data_dir;
        if running::wait_for_orphans(data_dir, ORPHANS).await {
            running::remove_stale_locks(data_dir, &self.socket_dir)?;
        }
        socket::prepare(&self.socket_dir, &self.account)?;
        let settings = config::Settings { socket_dir: &self.socket_dir, durable: self.cluster.durable };
        self.write("postgresql.conf", &config::server(&settings))?;
        self.write("pg_hba.conf", &config::access())?;

        // pg_ctl gives the server a session of its own and waits until it accepts connections.
        let log = data_dir.join("startup.log");
        let log_argument = log.to_string_lossy().into_owned();
        self.write("startup.log", "")?;
        let started = self.control("start", &["--log", &log_argument], START_SECONDS).await;
        started.map_err(|error| self.explain(error, &log))?;
        tracing::info!(postgres.pid = self.pid(), socket.dir = %self.socket_dir.display(), "started PostgreSQL");
        Ok(())
    }

    fn write(&self, name: &str, content: &str) -> Result<(), Error> {
        let path = self.cluster.data_dir.join(name);
        files::write_for_server(&path, &self.cluster.staging(), content, &self.account)
    }

    async fn control(&self, verb: &str, arguments: &[&str], seconds: u64) -> Result<String, Error> {
        let mut command = programs::program(&self.bin_dir, "pg_ctl", &self.account);
        command.arg(verb).arg("--pgdata").arg(&self.cluster.data_dir).args(["--wait", "--silent"]);
        command.args(["--timeout", &seconds.to_string()]).args(arguments);
        programs::run(command, "pg_ctl").await
    }

    /// Adds the end of the logs: what went wrong is there, and not in what `pg_ctl` prints.
    fn explain(&self, error: Error, startup: &Path) -> Error {
        let newest = std::fs::read_dir(self.cluster.data_dir.join("log")).ok().and_then(|entries| {
            let dated =
                entries.flatten().filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry)));
            dated.max_by_key(|(modified, _)| *modified).map(|(_, entry)| entry.path())
        });
        let later = newest.map(|path| files::tail(&path, 10)).unwrap_or_default();
        let detail = format!("{error}\n{}\n{later}", files::tail(startup, 10));
        Error::ProgramFailed { program: "pg_ctl", detail: detail.trim().to_owned() }
    }
}

/// Percent-encodes for a URL all but what needs none in a query or path segment.
fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut url, byte| {
        if byte.is_ascii_alphanumeric() || b"-_./~".contains(&byte) {
            url.push(char::from(byte));
        } else {
            url.push_str(&format!("%{byte:02X}"));
        }
        url
    })
}
