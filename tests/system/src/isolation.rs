//! Tries to get at one tenant's things with another tenant's means.
//!
//! The strongest means a tenant can have are those of code that has escaped n8n and its sandbox altogether: any
//! program, run as the user of that tenant's n8n on the bare machine. As root that is tried for real, by
//! `setpriv`. Without root there are no other users to become; the caller says what is not covered.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::processes;

/// An attempt, and whether it was refused as it must be.
#[derive(Debug, Clone)]
pub struct Check {
    pub name: String,
    pub held: bool,
    /// What happened.
    pub detail: String,
}

impl Check {
    pub fn new(name: impl Into<String>, held: bool, detail: impl Into<String>) -> Self {
        Self { name: name.into(), held, detail: detail.into() }
    }
}

/// An instance as the machine sees it.
#[derive(Debug, Clone)]
pub struct Place {
    pub uid: u32,
    pub pid: i32,
    /// n8n's own, then its task broker's.
    pub ports: Vec<u16>,
    pub directory: PathBuf,
    /// Its role and its database have this name.
    pub database: String,
}

impl Place {
    /// Finds a running instance below a state directory.
    ///
    /// # Errors
    /// When it does not run.
    pub fn find(state: &Path, instance: &str) -> Result<Self> {
        let found = processes::n8n(state, instance);
        let process = found.first().with_context(|| format!("no process of {instance}"))?;
        let ports = processes::ports(state, instance);
        let directory = state.join("instances").join(instance);
        Ok(Self { uid: process.uid, pid: process.pid, ports, directory, database: instance.to_owned() })
    }
}

/// The machine that both instances live on.
pub struct Machine<'a> {
    pub state: &'a Path,
    pub api_port: u16,
    pub edge_port: u16,
    /// The directory of PostgreSQL's socket.
    pub socket: &'a Path,
    pub psql: &'a Path,
}

impl Machine<'_> {
    /// Everything that `from` may try against `to`. First of all that the means work: each kind of attempt is
    /// also made on something that `from` may reach, or a broken probe would pass for a wall.
    pub fn probe(&self, from: &Place, to: &Place) -> Vec<Check> {
        let mut checks = vec![
            self.allowed("the probe runs as A's user", from, &["id", "-u"]),
            self.allowed(
                "A's user reads its own n8n's environment",
                from,
                &["head", "-c0", &format!("/proc/{}/environ", from.pid)],
            ),
        ];
        checks.extend(self.allowed_port("A's user reaches its own n8n", from, from.ports.first().copied()));
        checks.push(Check::new(
            "A and B have users of their own",
            from.uid != to.uid && from.uid != 0,
            format!("{} and {}", from.uid, to.uid),
        ));
        self.files(from, to, &mut checks);
        self.ports(from, to, &mut checks);
        self.database(from, to, &mut checks);
        checks.push(self.refused("signal: B's n8n process", from, &["kill", "-0", &to.pid.to_string()]));
        checks
    }

    fn files(&self, from: &Place, to: &Place, checks: &mut Vec<Check>) {
        for (name, file) in [
            ("file: B's data directory", to.directory.join("data")),
            ("file: B's secrets", to.directory.join("secrets")),
            ("file: the list of instances", self.state.join("instances")),
        ] {
            checks.push(self.refused(name, from, &["ls", &path(&file)]));
        }
        for (name, file) in [
            ("file: the keyring", self.state.join("keyring")),
            ("file: the database's passwords", self.state.join("database.json")),
            ("file: the superuser's password", self.state.join("postgres/data.password")),
        ] {
            checks.push(self.refused(name, from, &["cat", &path(&file)]));
        }
        checks.push(self.refused(
            "file: B's environment",
            from,
            &["cat", &format!("/proc/{}/environ", to.pid)],
        ));
    }

    fn ports(&self, from: &Place, to: &Place, checks: &mut Vec<Check>) {
        let mut targets: Vec<(&str, u16)> =
            vec![("port: the control plane", self.api_port), ("port: the edge", self.edge_port)];
        for (name, port) in ["port: B's n8n", "port: B's task broker"].into_iter().zip(&to.ports) {
            targets.push((name, *port));
        }
        for (name, port) in targets {
            // As root it must be there, or a refusal says nothing about a wall.
            let there = std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
            let mut check = self.refused(name, from, &connect(port).each_ref().map(String::as_str));
            check.held &= there;
            if !there {
                check.detail = format!("nothing listens on {port}");
            }
            checks.push(check);
        }
    }

    /// What `from`'s database role may try: as an ordinary user this is all that can be tried.
    pub fn probe_database(&self, from: &Place, to: &Place) -> Vec<Check> {
        let mut checks = Vec::new();
        self.database(from, to, &mut checks);
        checks
    }

    fn database(&self, from: &Place, to: &Place, checks: &mut Vec<Check>) {
        let password = std::fs::read_to_string(from.directory.join("secrets/database-password"))
            .unwrap_or_default()
            .trim()
            .to_owned();
        let ask = |database: &str, sql: &str| self.psql(from, (&password, database), sql);
        let own = ask(&from.database, "select current_user");
        checks.push(Check::new("A's role opens its own database", own.0, own.1));
        for (name, database, sql) in [
            ("database: B's, as A's role", to.database.as_str(), "select 1"),
            ("database: the control plane's, as A's role", "tenantry", "select 1"),
            (
                "database: the server's passwords, as A's role",
                from.database.as_str(),
                "select rolpassword from pg_authid",
            ),
            ("database: a new role, as A's role", from.database.as_str(), "create role intruder login"),
            (
                "database: a server's program, as A's role",
                from.database.as_str(),
                "copy (select 1) to program 'id'",
            ),
        ] {
            let (went_well, detail) = ask(database, sql);
            // Refused by the server, and not because nobody could be asked.
            let refused = !went_well && ["FATAL", "ERROR"].iter().any(|word| detail.contains(word));
            checks.push(Check::new(name, refused, detail));
        }
    }

    fn psql(&self, from: &Place, (password, database): (&str, &str), sql: &str) -> (bool, String) {
        let mut command = as_user(from.uid);
        command
            .arg(self.psql)
            .args([
                "-X",
                "-w",
                "-At",
                "-h",
                &path(self.socket),
                "-U",
                &from.database,
                "-d",
                database,
                "-c",
                sql,
            ])
            .env("PGPASSWORD", password)
            .env("PGCONNECT_TIMEOUT", "5");
        let (went_well, detail) = run(command);
        // "psql: error: connection to server on socket … failed: FATAL: …"
        let detail = detail.split_once("failed: ").map_or(detail.clone(), |(_, cause)| cause.to_owned());
        (went_well, detail)
    }

    fn refused(&self, name: &str, from: &Place, words: &[&str]) -> Check {
        let (went_well, detail) = run(with_arguments(as_user(from.uid), words));
        Check::new(name, !went_well, detail)
    }

    fn allowed(&self, name: &str, from: &Place, words: &[&str]) -> Check {
        let (went_well, detail) = run(with_arguments(as_user(from.uid), words));
        Check::new(name, went_well, detail)
    }

    fn allowed_port(&self, name: &str, from: &Place, port: Option<u16>) -> Option<Check> {
        let words = connect(port?);
        Some(self.allowed(name, from, &words.each_ref().map(String::as_str)))
    }
}

/// A connection by bash alone: no other program is needed.
fn connect(port: u16) -> [String; 5] {
    let attempt = format!("exec 3<>/dev/tcp/127.0.0.1/{port}");
    ["timeout".to_owned(), "3".to_owned(), "bash".to_owned(), "-c".to_owned(), attempt]
}

fn as_user(uid: u32) -> Command {
    let id = uid.to_string();
    let words = [
        "setpriv",
        "--reuid",
        &id,
        "--regid",
        &id,
        "--clear-groups",
        "--bounding-set",
        "-all",
        "--no-new-privs",
    ];
    // Without root there is nobody else to become; an environment of its own it gets either way.
    let skipped = if nix::unistd::Uid::effective().is_root() { 0 } else { words.len() };
    let mut command = Command::new("env");
    command.args(words.iter().skip(skipped)).current_dir("/").stdin(Stdio::null());
    command
}

fn with_arguments(mut command: Command, words: &[&str]) -> Command {
    command.args(words);
    command
}

fn run(mut command: Command) -> (bool, String) {
    match command.output() {
        Ok(output) => {
            let text = [output.stderr, output.stdout].concat();
            let text = String::from_utf8_lossy(&text);
            let first = text.lines().map(str::trim).find(|l| !l.is_empty()).unwrap_or("done");
            (output.status.success(), first.chars().take(150).collect())
        }
        // The attempt itself was not possible: no wall is proven.
        Err(error) => (true, format!("the attempt could not be made: {error}")),
    }
}

fn path(path: &Path) -> String {
    path.display().to_string()
}
