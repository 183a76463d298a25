use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use tenantry_kernel::{Entropy, Secret};
use tenantry_migrations::RolePasswords;

/// Writes a file that only its owner may read, whole or not at all.
pub(super) fn write(path: &Path, text: &str) -> Result<()> {
    let fresh = path.with_extension("new");
    // Whatever lies there, a link among others, is not written through.
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&fresh, path).with_context(|| format!("{} cannot be written", path.display()))
}

#[derive(Serialize, Deserialize)]
struct Stored {
    migrator: Secret,
    app: Secret,
    system: Secret,
    provisioner: Secret,
}

/// The passwords of the product's database roles: made at first start, then read.
pub(super) fn role_passwords(path: &Path, entropy: &dyn Entropy) -> Result<RolePasswords> {
    let stored = if path.exists() {
        let text = fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
        serde_json::from_str(&text).with_context(|| {
            format!(
                "{} is damaged. Delete it: new passwords are made and set at the next start",
                path.display()
            )
        })?
    } else {
        let random = || Secret::random(entropy, 32);
        let fresh = Stored { migrator: random(), app: random(), system: random(), provisioner: random() };
        write(path, &serde_json::to_string(&fresh)?)?;
        fresh
    };
    Ok(stored.into())
}

/// The passwords that a product has made before.
pub(super) fn known_passwords(path: &Path) -> Result<RolePasswords> {
    let text = fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let stored: Stored =
        serde_json::from_str(&text).with_context(|| format!("{} is damaged", path.display()))?;
    Ok(stored.into())
}

impl From<Stored> for RolePasswords {
    fn from(stored: Stored) -> Self {
        Self {
            migrator: stored.migrator.expose().to_owned(),
            app: stored.app.expose().to_owned(),
            system: stored.system.expose().to_owned(),
            provisioner: stored.provisioner.expose().to_owned(),
        }
    }
}
