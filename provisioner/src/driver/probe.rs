//! Which layers of isolation this machine has, found out by using each one.

use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::cgroup::{self, ControlGroups};
use super::packets::PacketRules;
use super::{DriverError, confine, sandbox, seccomp};

/// How strictly instances are kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// Every required layer, or the driver refuses to work. Needs root.
    Strict,
    /// What an ordinary user can do: namespaces and Landlock, no own user ids, limits or packet rules.
    Relaxed,
    /// Strict as root, relaxed otherwise.
    Auto,
}

/// One layer and whether it is at work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    pub name: &'static str,
    pub active: bool,
    /// What it is made of, or why it is missing.
    pub why: String,
    /// Strict mode does not work without it.
    pub required: bool,
}

/// All layers, outermost first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IsolationReport {
    pub strict: bool,
    pub layers: Vec<Layer>,
}

impl fmt::Display for IsolationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "isolation: {}", if self.strict { "strict" } else { "relaxed" })?;
        for layer in &self.layers {
            writeln!(
                f,
                "  {} {}: {}",
                if layer.active { "active " } else { "missing" },
                layer.name,
                layer.why
            )?;
        }
        Ok(())
    }
}

/// The tools that were found to work.
pub(crate) struct Tools {
    pub(crate) bwrap: PathBuf,
    pub(crate) setpriv: PathBuf,
    pub(crate) groups: Option<Box<dyn ControlGroups>>,
    pub(crate) packets: Option<PacketRules>,
    pub(crate) landlock: bool,
    pub(crate) report: IsolationReport,
}

/// Tries every layer.
pub(crate) fn probe(isolation: Isolation, installation: &str) -> Result<Tools, DriverError> {
    let root = nix::unistd::geteuid().is_root();
    let strict = match isolation {
        Isolation::Strict => true,
        Isolation::Relaxed => false,
        Isolation::Auto => root,
    };
    if isolation == Isolation::Strict && !root {
        return Err(DriverError::Sandbox(
            "strict isolation needs root: start as root, or choose relaxed".to_owned(),
        ));
    }
    let mut layers = Vec::new();
    let mut note = |name, required, result: &Result<String, String>| {
        let (active, why) = match result {
            Ok(why) => (true, why.clone()),
            Err(why) => (false, why.clone()),
        };
        layers.push(Layer { name, active, why, required });
    };
    let only_strict = || "needs root".to_owned();

    let setpriv = find("setpriv");
    let users = if strict {
        setpriv.clone().map(|_| "own user and group id, data directory 0700".to_owned())
    } else {
        Err("all instances run as this user: needs root".to_owned())
    };
    note("users", strict, &users);

    let groups = if strict { cgroup::detect(installation) } else { Err(only_strict()) };
    note(
        "limits",
        strict,
        &as_text(&groups, |g| format!("control groups {}: memory, cpu, processes", g.version())),
    );

    let packets = if strict {
        find("nft").and_then(|nft| PacketRules::install(nft, installation))
    } else {
        Err(only_strict())
    };
    note("packet rules", strict, &as_text(&packets, |_| "nftables, by user id".to_owned()));

    let setpriv_path = setpriv.as_deref().ok();
    let bwrap =
        find("bwrap").and_then(|bwrap| try_sandbox(&bwrap, strict, setpriv_path, None).map(|()| bwrap));
    note(
        "namespaces",
        true,
        &as_text(&bwrap, |_| {
            "mount, pid, ipc, uts; system and runtime read-only; no capabilities".to_owned()
        }),
    );

    let calls = match (&bwrap, seccomp::filter()) {
        (Err(_), _) => Err("needs bubblewrap".to_owned()),
        (_, None) => Err("not known for this processor".to_owned()),
        (Ok(bwrap), Some(filter)) => try_sandbox(bwrap, strict, setpriv_path, Some(&filter))
            .map(|()| "namespaces, ptrace, bpf, io_uring, keyrings, mounts are refused".to_owned()),
    };
    note("system calls", strict, &calls);

    let landlock = confine::supported();
    note("landlock", strict, &landlock);

    let report = IsolationReport { strict, layers };
    let missing: Vec<String> = report
        .layers
        .iter()
        .filter(|layer| layer.required && !layer.active)
        .map(|layer| format!("{} ({})", layer.name, layer.why))
        .collect();
    let (Ok(bwrap), true) = (bwrap, missing.is_empty()) else {
        let remedy = if strict {
            "Install it, or choose relaxed isolation where all tenants trust each other"
        } else {
            "Install it, allow ordinary users to make user namespaces (some systems forbid it by kernel.apparmor_restrict_unprivileged_userns or kernel.unprivileged_userns_clone), or start as root"
        };
        return Err(DriverError::Sandbox(format!(
            "this machine lacks what isolates instances: {}. {remedy}",
            missing.join("; ")
        )));
    };
    Ok(Tools {
        bwrap,
        setpriv: setpriv.unwrap_or_default(),
        groups: groups.ok(),
        packets: packets.ok(),
        landlock: landlock.is_ok(),
        report,
    })
}

fn as_text<T>(result: &Result<T, String>, text: impl FnOnce(&T) -> String) -> Result<String, String> {
    result.as_ref().map(text).map_err(Clone::clone)
}

/// The program in the system's own directories: never in `PATH`, which the caller's user may have filled.
fn find(program: &str) -> Result<PathBuf, String> {
    ["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin", "/usr/local/sbin"]
        .iter()
        .map(|directory| Path::new(directory).join(program))
        .find(|path| path.is_file())
        .ok_or_else(|| format!("the program {program} is not installed ({})", package(program)))
}

fn package(program: &str) -> &'static str {
    match program {
        "bwrap" => "Debian and Ubuntu: bubblewrap",
        "nft" => "Debian and Ubuntu: nftables",
        _ => "Debian and Ubuntu: util-linux",
    }
}

fn try_sandbox(
    bwrap: &Path,
    strict: bool,
    setpriv: Option<&Path>,
    filter: Option<&[u8]>,
) -> Result<(), String> {
    let failed = |e: io::Error| format!("{} cannot be executed: {e}", bwrap.display());
    let mut command = Command::new(bwrap);
    if filter.is_some() {
        // Read from standard input.
        command.args(["--seccomp", "0"]);
    }
    command.args(sandbox::base(strict));
    if let (true, Some(setpriv)) = (strict, setpriv) {
        // Any number will do to try it.
        command.args(sandbox::change_user(&setpriv.to_string_lossy(), 65_534));
    }
    let mut child = command
        .arg("/usr/bin/true")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    if let (Some(mut input), Some(filter)) = (child.stdin.take(), filter) {
        input.write_all(filter).map_err(failed)?;
    }
    let output = child.wait_with_output().map_err(failed)?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    Err(format!("bubblewrap failed: {}", text.lines().last().unwrap_or("no reason given")))
}
