use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::unistd::{Gid, Uid, chown};

/// The files of one instance on this machine.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    root: PathBuf,
}

/// Who a file belongs to and what may be done with it. `owner` is `None` in relaxed mode: all files are ours.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Access {
    pub(crate) owner: Option<(u32, u32)>,
    pub(crate) mode: u32,
}

impl Layout {
    pub(crate) fn new(state_dir: &Path, id: &str) -> Self {
        Self { root: state_dir.join("instances").join(id) }
    }

    pub(crate) fn at(root: &Path) -> Self {
        Self { root: root.to_path_buf() }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// n8n's own files; the only directory the instance may fill.
    pub(crate) fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    pub(crate) fn usage(&self) -> PathBuf {
        self.root.join("usage")
    }

    pub(crate) fn run(&self) -> PathBuf {
        self.root.join("run")
    }

    pub(crate) fn secrets(&self) -> PathBuf {
        self.root.join("secrets")
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    pub(crate) fn launch_plan(&self) -> PathBuf {
        self.root.join("launch.json")
    }

    pub(crate) fn enter_plan(&self) -> PathBuf {
        self.run().join("enter.json")
    }

    pub(crate) fn hook(&self) -> PathBuf {
        self.run().join("metering-hook.cjs")
    }

    /// Where bubblewrap says which process is the sandbox's first.
    pub(crate) fn sandbox_info(&self) -> PathBuf {
        self.run().join("sandbox.json")
    }

    /// Where bubblewrap says how n8n ended.
    pub(crate) fn sandbox_status(&self) -> PathBuf {
        self.run().join("status.json")
    }

    /// The group's memory events as they were when the instance was launched.
    pub(crate) fn memory_events_before(&self) -> PathBuf {
        self.run().join("memory-events")
    }

    /// The revision of the launch plan that was last executed.
    pub(crate) fn revision(&self) -> PathBuf {
        self.run().join("revision")
    }

    /// There when the instance was stopped on request.
    pub(crate) fn stopped(&self) -> PathBuf {
        self.run().join("stopped")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.root.join("log").join("n8n.log")
    }

    /// Makes the directories. Repeating it mends modes and owners.
    pub(crate) fn prepare(&self, tenant: Option<u32>) -> io::Result<()> {
        let root = tenant.map(|_| (0, 0));
        let group = tenant.map(|gid| (0, gid));
        let own = tenant.map(|uid| (uid, uid));
        if let Some(instances) = self.root.parent() {
            directory(instances, Access { owner: root, mode: 0o700 })?;
        }
        directory(&self.root, Access { owner: root, mode: 0o711 })?;
        directory(&self.run(), Access { owner: root, mode: 0o711 })?;
        directory(&self.root.join("log"), Access { owner: root, mode: 0o700 })?;
        directory(&self.secrets(), Access { owner: group, mode: 0o750 })?;
        directory(&self.usage(), Access { owner: root, mode: 0o711 })?;
        let data = self.data();
        let before = fs::symlink_metadata(&data).ok().map(|m| m.uid());
        directory(&data, Access { owner: own, mode: 0o700 })?;
        // A restored directory, or one whose user id was given anew, still belongs to another.
        if let (Some(uid), Some(before)) = (tenant, before)
            && uid != before
        {
            give_all(&data, uid)?;
        }
        Ok(())
    }

    /// Writes a file whole or not at all: readers see the old one or the new one.
    pub(crate) fn write(&self, path: &Path, content: &[u8], access: Access) -> io::Result<()> {
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(format!(".{}.{:?}.new", std::process::id(), std::thread::current().id()));
        let temporary = path.with_file_name(name);
        // A left-over of a killed writer may have another mode.
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        {
            use std::io::Write;
            use std::os::unix::fs::OpenOptionsExt;
            let mut file =
                fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
            file.write_all(content)?;
            file.sync_all()?;
        }
        apply(&temporary, access)?;
        fs::rename(&temporary, path)
    }
}

fn directory(path: &Path, access: Access) -> io::Result<()> {
    if !path.is_dir() {
        fs::create_dir_all(path)?;
    }
    apply(path, access)
}

pub(crate) fn apply(path: &Path, access: Access) -> io::Result<()> {
    if let Some((uid, gid)) = access.owner {
        chown(path, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)))?;
    }
    fs::set_permissions(path, fs::Permissions::from_mode(access.mode))
}

/// In a process of its own, as directories nest as deep as the instance likes. A link is given away itself, never its
/// target (`-h`), and none is followed (`-P`).
fn give_all(directory: &Path, uid: u32) -> io::Result<()> {
    let owner = format!("{uid}:{uid}");
    let done =
        std::process::Command::new("/bin/chown").args(["-hRP", "--", &owner]).arg(directory).status()?;
    if done.success() { Ok(()) } else { Err(io::Error::other(format!("chown ended with {done}"))) }
}
