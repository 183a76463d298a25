//! Bubblewrap's arguments: what an instance sees of the machine. Pure, so that a test can read them.

use std::path::{Path, PathBuf};

/// Where things are inside.
pub(crate) const DATA: &str = "/data";
pub(crate) const USAGE: &str = "/usage";
pub(crate) const SECRETS: &str = "/run/tenantry/secrets";
pub(crate) const DATABASE_SOCKET: &str = "/run/tenantry/postgresql";
pub(crate) const RUNTIME: &str = "/opt/n8n/node_modules";
pub(crate) const LAUNCHER: &str = "/opt/tenantry/launcher";
pub(crate) const ENTER_PLAN: &str = "/opt/tenantry/enter.json";
pub(crate) const HOOK: &str = "/opt/tenantry/metering-hook.cjs";

/// Directories of the instance's own making, and the system's configuration that programs expect.
const ETC: [&str; 7] = [
    "/etc/ssl",
    "/etc/ca-certificates",
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/localtime",
    "/etc/host.conf",
];

#[derive(Debug)]
pub(crate) struct View {
    pub(crate) data: PathBuf,
    pub(crate) usage: PathBuf,
    pub(crate) secrets: PathBuf,
    pub(crate) runtime: PathBuf,
    pub(crate) launcher: PathBuf,
    pub(crate) enter_plan: PathBuf,
    pub(crate) hook: PathBuf,
    pub(crate) database_socket: Option<PathBuf>,
    pub(crate) host_name: String,
    /// `None`: the caller's own user, by way of a user namespace.
    pub(crate) uid: Option<u32>,
    pub(crate) setpriv: String,
}

/// The namespaces and the system, without anything of an instance: what the driver tries at its start too.
pub(crate) fn base(strict: bool) -> Vec<String> {
    let mut a = Arguments::default();
    a.add(["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]);
    if !strict {
        a.add(["--unshare-user"]);
    }
    a.add(["--die-with-parent", "--new-session", "--clearenv"]);
    a.add(["--ro-bind", "/usr", "/usr"]);
    for path in ["/bin", "/sbin", "/lib", "/lib32", "/lib64"] {
        match std::fs::read_link(path) {
            Ok(target) => a.add(["--symlink", &target.to_string_lossy(), path]),
            Err(_) => a.add(["--ro-bind-try", path, path]),
        }
    }
    a.add(["--proc", "/proc", "--dev", "/dev"]);
    a.add(["--perms", "1777", "--tmpfs", "/tmp"]);
    if strict {
        // What `setpriv` needs to become the instance's user; it then drops these too.
        a.add(["--cap-drop", "ALL"]);
        for capability in ["CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"] {
            a.add(["--cap-add", capability]);
        }
    }
    a.0
}

/// Becomes the instance's user for good.
pub(crate) fn change_user(setpriv: &str, uid: u32) -> Vec<String> {
    let id = uid.to_string();
    [
        setpriv,
        "--reuid",
        &id,
        "--regid",
        &id,
        "--clear-groups",
        "--bounding-set",
        "-all",
        "--inh-caps",
        "-all",
        "--no-new-privs",
        "--",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// The options, and the command that begins inside. The options may name places; neither holds a secret.
pub(crate) fn arguments(view: &View) -> (Vec<String>, Vec<String>) {
    let mut a = Arguments(base(view.uid.is_some()));
    a.add(["--hostname", &view.host_name]);
    // Implied parents would be closed to other users: make each one.
    for directory in [
        "/etc",
        "/opt",
        "/opt/n8n",
        "/opt/tenantry",
        "/run",
        "/run/tenantry",
        DATA,
        USAGE,
        SECRETS,
        DATABASE_SOCKET,
    ] {
        a.add(["--perms", "0755", "--dir", directory]);
    }
    for path in ETC {
        a.add(["--ro-bind-try", path, path]);
    }
    a.bind("--ro-bind", &view.runtime, RUNTIME);
    a.bind("--ro-bind", &view.launcher, LAUNCHER);
    a.bind("--ro-bind", &view.enter_plan, ENTER_PLAN);
    a.bind("--ro-bind", &view.hook, HOOK);
    a.bind("--ro-bind", &view.secrets, SECRETS);
    a.bind("--bind", &view.usage, USAGE);
    a.bind("--bind", &view.data, DATA);
    if let Some(socket) = &view.database_socket {
        a.bind("--ro-bind", socket, DATABASE_SOCKET);
    }
    a.add(["--remount-ro", "/"]);
    let mut command = view.uid.map(|uid| change_user(&view.setpriv, uid)).unwrap_or_default();
    command.extend([LAUNCHER, super::command::ENTER, ENTER_PLAN].map(str::to_owned));
    (a.0, command)
}

#[derive(Default)]
struct Arguments(Vec<String>);

impl Arguments {
    fn add<const N: usize>(&mut self, arguments: [&str; N]) {
        self.0.extend(arguments.map(str::to_owned));
    }

    fn bind(&mut self, how: &str, from: &Path, to: &str) {
        self.add([how, &from.to_string_lossy(), to]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(uid: Option<u32>) -> View {
        View {
            data: "/s/data".into(),
            usage: "/s/usage".into(),
            secrets: "/s/secrets".into(),
            runtime: "/r".into(),
            launcher: "/l".into(),
            enter_plan: "/s/run/enter.json".into(),
            hook: "/s/run/hook".into(),
            database_socket: Some("/pg".into()),
            host_name: "ins".into(),
            uid,
            setpriv: "/usr/bin/setpriv".into(),
        }
    }

    #[test]
    fn an_instance_may_write_only_its_data_and_its_usage_file() {
        let text = arguments(&view(Some(5001))).0.join(" ");
        let writable: Vec<&str> = text.match_indices(" --bind ").map(|(at, _)| &text[at..at + 20]).collect();
        assert_eq!(writable.len(), 2, "{text}");
        assert!(text.contains("--bind /s/data /data") && text.contains("--bind /s/usage /usage"));
        assert!(text.contains("--ro-bind /pg /run/tenantry/postgresql"));
    }

    #[test]
    fn as_root_the_user_changes_before_anything_of_ours_runs() {
        let (strict, command) = arguments(&view(Some(5001)));
        let strict = strict.join(" ");
        assert!(
            command.join(" ").ends_with(
                "--no-new-privs -- /opt/tenantry/launcher instance-enter /opt/tenantry/enter.json"
            )
        );
        assert!(strict.contains("--cap-drop ALL") && !strict.contains("--unshare-user"));
        let (relaxed, command) = arguments(&view(None));
        assert!(relaxed.join(" ").contains("--unshare-user"));
        assert_eq!(command.first().map(String::as_str), Some(LAUNCHER));
    }
}
