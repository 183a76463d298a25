use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use tenantry_kernel::{Entropy, Error, Kind, Result};

use crate::cipher::DataKey;
use crate::keys::KeyProvider;

/// The key-encryption key in a file, mode 0600. For one machine; a cloud deployment uses its KMS.
pub struct LocalKeyring {
    key: DataKey,
}

impl LocalKeyring {
    /// Opens the keyring, or makes one where `may_create` says that no wrapped key exists yet.
    ///
    /// # Errors
    /// When the file is missing though keys are in use, readable by others, or damaged.
    pub fn open(path: &Path, may_create: bool, entropy: &dyn Entropy) -> Result<Self> {
        match fs::read_to_string(path) {
            Ok(text) => Self::parse(path, &text),
            Err(e) if e.kind() == ErrorKind::NotFound && may_create => Self::create(path, entropy),
            Err(e) => Err(Error::new(
                Kind::Unavailable,
                format!(
                    "The keyring {} cannot be read, and tenants' secrets are sealed under it.",
                    path.display()
                ),
            )
            .with_remedy("Restore the keyring file from its backup. A new one could not open what is there.")
            .with_source(e)),
        }
    }

    fn parse(path: &Path, text: &str) -> Result<Self> {
        let mode = fs::metadata(path).map_err(Error::internal)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(Error::new(
                Kind::Unavailable,
                format!("The keyring {} may be read by other users (mode {mode:o}).", path.display()),
            )
            .with_remedy(format!("Run: chmod 600 {}", path.display())));
        }
        let bytes = decode_hex(text.trim()).ok_or_else(|| {
            Error::new(Kind::Unavailable, format!("The keyring {} is damaged.", path.display()))
                .with_remedy("Restore it from its backup.")
        })?;
        Ok(Self { key: DataKey::from_bytes(&bytes)? })
    }

    fn create(path: &Path, entropy: &dyn Entropy) -> Result<Self> {
        let key = DataKey::generate(entropy);
        let text: String = key.bytes().iter().map(|b| format!("{b:02x}")).collect();
        // Written beside and renamed: a crash leaves no half keyring.
        let fresh = path.with_extension("new");
        let write = || -> std::io::Result<()> {
            let mut file =
                OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&fresh, path)
        };
        write().map_err(Error::internal)?;
        Ok(Self { key })
    }
}

fn decode_hex(text: &str) -> Option<Vec<u8>> {
    // `from_str_radix` would also take a sign.
    if !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(text.get(i..i + 2)?, 16).ok()).collect()
}

#[async_trait::async_trait]
impl KeyProvider for LocalKeyring {
    fn name(&self) -> &'static str {
        "local"
    }

    async fn wrap(&self, entropy: &dyn Entropy, context: &str, key: &[u8]) -> Result<String> {
        self.key.seal(entropy, key, context)
    }

    async fn unwrap(&self, context: &str, wrapped: &str) -> Result<Vec<u8>> {
        self.key.open(wrapped, context)
    }
}
