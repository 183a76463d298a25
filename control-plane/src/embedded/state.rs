use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use nix::unistd::Uid;
use sha2::{Digest, Sha256};
use tenantry_kernel::{Entropy, Secret};

use super::lock::Lock;
use super::secrets;

/// The state directory: the database, instances, the keyring and the passwords that the product made for itself.
///
/// ```text
/// .tenantry/
///   installation      names everything that this product has on the machine
///   lock              held while the product runs
///   keyring           mode 0600: back it up; without it no tenant's secret opens
///   audit-signing-key mode 0600: signs the audit trail's checkpoints
///   database.json     mode 0600: passwords of the product's database roles
///   postgres/data     the embedded PostgreSQL
///   instances/        one directory an instance
/// ```
pub struct State {
    pub dir: PathBuf,
    /// Eight letters and digits.
    pub installation: String,
    /// Set where the wanted directory could not be used.
    pub moved_from: Option<PathBuf>,
    _lock: Option<Lock>,
}

impl State {
    /// Opens or makes the state directory and takes its lock.
    ///
    /// # Errors
    /// When another product runs on it, or it cannot be written.
    pub fn open(wanted: &Path, entropy: &dyn Entropy) -> Result<Self> {
        let wanted = std::path::absolute(wanted)?;
        let (dir, moved_from) = place(&wanted);
        fs::create_dir_all(&dir)
            .with_context(|| format!("the state directory {} cannot be made", dir.display()))?;
        // Others must pass through it: PostgreSQL and each instance have users of their own.
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o711))?;
        let lock = Lock::take(&dir.join("lock"))?;
        let file = dir.join("installation");
        let installation = match fs::read_to_string(&file) {
            Ok(text) => text.trim().to_owned(),
            Err(_) => {
                let fresh = Secret::random(entropy, 4).expose().to_owned();
                secrets::write(&file, &fresh)?;
                fresh
            }
        };
        anyhow::ensure!(
            installation.len() == 8 && installation.bytes().all(|b| b.is_ascii_hexdigit()),
            "{} is damaged: restore it, it names what this product has on this machine",
            file.display()
        );
        Ok(Self { dir, installation, moved_from, _lock: Some(lock) })
    }

    /// The state directory of a product that runs, or a copy of its `installation`, `keyring`, `database.json` and
    /// `audit-signing-key`: for a process that serves beside it. No lock is taken and nothing is made.
    ///
    /// # Errors
    /// When one of these files is missing.
    pub fn beside(wanted: &Path) -> Result<Self> {
        let (dir, moved_from) = place(&std::path::absolute(wanted)?);
        let state = Self { installation: String::new(), dir, moved_from, _lock: None };
        let file = state.dir.join("installation");
        for needed in [&file, &state.keyring(), &state.database_secrets(), &state.audit_signing_key()] {
            anyhow::ensure!(
                needed.is_file(),
                "{} is missing: `tenantry up` makes it. Start that first, or copy the file from where it runs",
                needed.display()
            );
        }
        let text = fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
        Ok(Self { installation: text.trim().to_owned(), ..state })
    }

    /// A number that sets this installation apart from others on the machine: 0..=65535.
    pub fn slot(&self) -> u16 {
        self.installation.get(..4).and_then(|text| u16::from_str_radix(text, 16).ok()).unwrap_or(0)
    }

    pub fn keyring(&self) -> PathBuf {
        self.dir.join("keyring")
    }

    pub fn audit_signing_key(&self) -> PathBuf {
        self.dir.join("audit-signing-key")
    }

    pub fn postgres_data(&self) -> PathBuf {
        self.dir.join("postgres/data")
    }

    pub fn database_secrets(&self) -> PathBuf {
        self.dir.join("database.json")
    }
}

/// As root, PostgreSQL and the instances run as other users, who must be able to reach the directory. Below a
/// closed home they cannot: then the state lives under /var/lib, under a name made of the wanted path.
fn place(wanted: &Path) -> (PathBuf, Option<PathBuf>) {
    if !Uid::effective().is_root() || tenantry_postgres::reachable(wanted).is_ok() {
        return (wanted.to_owned(), None);
    }
    let digest = hex::encode(Sha256::digest(wanted.as_os_str().as_encoded_bytes()));
    let name: String = digest.chars().take(12).collect();
    (Path::new("/var/lib/tenantry").join(name), Some(wanted.to_owned()))
}
