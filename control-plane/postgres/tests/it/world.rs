//! A place for one cluster, short enough for a socket and open enough for the server's user.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};

use tempfile::TempDir;
use tenantry_postgres::{Options, Postgres};

pub(crate) struct World {
    dir: TempDir,
    bin_dir: PathBuf,
}

impl World {
    #[expect(clippy::disallowed_methods, reason = "a test has no command line to be configured by")]
    pub(crate) fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("tpg").tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let bin_dir = std::env::var_os("TENANTRY_POSTGRES_BIN").expect(
            "TENANTRY_POSTGRES_BIN is not set: run `cargo xtask test`, or name a directory with `postgres`",
        );
        Self { dir, bin_dir: bin_dir.into() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn options(&self) -> Options {
        Options {
            bin_dir: self.bin_dir.clone(),
            data_dir: self.path("data"),
            socket_dir: self.path("pg"),
            durable: false,
        }
    }

    pub(crate) async fn start(&self) -> Postgres {
        tenantry_postgres::start(self.options()).await.unwrap()
    }
}

/// Who connects, and where to.
pub(crate) struct Login<'a> {
    pub(crate) user: &'a str,
    pub(crate) password: &'a str,
    pub(crate) database: &'a str,
}

pub(crate) fn psql(postgres: &Postgres, login: &Login<'_>, sql: &str) -> Output {
    Command::new(postgres.bin_dir().join("psql"))
        .args(["--no-psqlrc", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"])
        .args(["--username", login.user, "--dbname", login.database, "--command", sql])
        .arg("--host")
        .arg(postgres.socket_dir())
        .env("PGPASSWORD", login.password)
        .output()
        .unwrap()
}

/// As the superuser; fails the test when the SQL does.
pub(crate) fn sql(postgres: &Postgres, text: &str) -> String {
    let login = Login {
        user: postgres.superuser(),
        password: postgres.superuser_password().expose(),
        database: "postgres",
    };
    let output = psql(postgres, &login, text);
    assert!(output.status.success(), "{text}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
