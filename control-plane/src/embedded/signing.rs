use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use tenantry_kernel::{Entropy, Secret};

use super::secrets;
use crate::audit::Signer;

/// The key that signs the audit trail's checkpoints: made where there is none, which is how it is changed too.
///
/// # Errors
/// When the file is damaged, or cannot be read or written.
pub(crate) fn signing_key(path: &Path, entropy: &dyn Entropy) -> Result<Signer> {
    let seed = if path.exists() {
        Secret::new(fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?)
    } else {
        let fresh = Signer::fresh(entropy);
        secrets::write(path, fresh.expose())?;
        fresh
    };
    Signer::of_seed(&seed).map_err(|_| {
        anyhow::anyhow!(
            "{} is damaged. Restore it, or delete it: a new key is made at the next start, and what the old one signed \
             is still checked by its public half",
            path.display()
        )
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use tenantry_kernel::OsEntropy;

    use super::*;

    #[test]
    fn the_key_is_made_once_for_its_owner_alone_and_a_damaged_one_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("audit-signing-key");
        let first = signing_key(&path, &OsEntropy).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let again = signing_key(&path, &OsEntropy).unwrap();
        assert_eq!(again.key_id(), first.key_id());
        fs::write(&path, "00").unwrap();
        assert!(signing_key(&path, &OsEntropy).err().unwrap().to_string().contains("damaged"));
        fs::remove_file(&path).unwrap();
        assert_ne!(signing_key(&path, &OsEntropy).unwrap().key_id(), first.key_id());
    }
}
