//! Keys of the installation itself, for what belongs to no tenant.

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sea_orm::ConnectionTrait;
use sha2::Sha256;
use tenantry_kernel::{Entropy, Error, Result};
use tenantry_store::{DbResultExt, Transaction, stmt};
use zeroize::Zeroize;

use crate::cipher::DataKey;
use crate::keys::Keys;

/// A key that all nodes of an installation share. The database holds it wrapped by the key provider, so the database
/// alone reveals nothing that is made with it.
#[derive(Clone)]
pub struct InstallationKey(DataKey);

impl InstallationKey {
    /// A MAC (HMAC-SHA-256, RFC 2104) of these parts, in hexadecimal. Parts are kept apart: `["ab", "c"]` is not
    /// `["a", "bc"]`.
    ///
    /// # Errors
    /// Never in practice: HMAC takes a key of any length.
    pub fn mac(&self, parts: &[&[u8]]) -> Result<String> {
        let mut bytes = self.digest(parts)?;
        let text = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        bytes.zeroize();
        Ok(text)
    }

    /// The key that belongs to these parts. Who has one of them learns nothing of another, nor of this key.
    ///
    /// # Errors
    /// As [`mac`](Self::mac).
    pub fn derive(&self, parts: &[&[u8]]) -> Result<Self> {
        let mut bytes = self.digest(parts)?;
        let key = DataKey::from_bytes(&bytes)?;
        bytes.zeroize();
        Ok(Self(key))
    }

    /// Seals a value (AES-256-GCM), bound to `context`.
    ///
    /// # Errors
    /// `Internal` when the cipher refuses, which is for values of many gigabytes.
    pub fn seal(&self, entropy: &dyn Entropy, plain: &[u8], context: &str) -> Result<String> {
        self.0.seal(entropy, plain, context)
    }

    /// Opens a sealed value.
    ///
    /// # Errors
    /// `Internal` when it was sealed with another key or in another context, or is damaged.
    pub fn open(&self, sealed: &str, context: &str) -> Result<Vec<u8>> {
        self.0.open(sealed, context)
    }

    fn digest(&self, parts: &[&[u8]]) -> Result<[u8; 32]> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.bytes()).map_err(Error::internal)?;
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        Ok(mac.finalize().into_bytes().into())
    }
}

impl Keys {
    /// The installation's key of this name; made at first use. Of nodes that make it at once, one's is kept.
    ///
    /// # Errors
    /// `Internal` when the provider's key is not the one that wrapped it.
    pub async fn installation(
        &self,
        tx: &impl Transaction,
        name: &'static str,
        now: DateTime<Utc>,
    ) -> Result<InstallationKey> {
        if let Some(key) = self.installation.lock().unwrap_or_else(|e| e.into_inner()).get(name) {
            return Ok(InstallationKey(key.clone()));
        }
        let select =
            || stmt("SELECT wrapped_key FROM platform.installation_keys WHERE name = $1", [name.into()]);
        let context = format!("tenantry/installation-key/{name}");
        let mut row = tx.conn().query_one_raw(select()).await.db()?;
        if row.is_none() {
            let made = DataKey::generate(&*self.entropy);
            let wrapped = self.provider.wrap(&*self.entropy, &context, made.bytes()).await?;
            tx.conn()
                .execute_raw(stmt(
                    "INSERT INTO platform.installation_keys (name, provider, wrapped_key, created_at)
                     VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO NOTHING",
                    [name.into(), self.provider.name().into(), wrapped.into(), now.into()],
                ))
                .await
                .db()?;
            row = tx.conn().query_one_raw(select()).await.db()?;
        }
        let row = row.ok_or_else(|| Error::internal("an installation's key that was just made is gone"))?;
        let wrapped: String = row.try_get("", "wrapped_key").db()?;
        Ok(InstallationKey(DataKey::from_bytes(&self.provider.unwrap(&context, &wrapped).await?)?))
    }

    /// Keeps a key that was read in a transaction that has committed: one that was made in a transaction which failed
    /// must not outlive it.
    pub fn remember_installation(&self, name: &'static str, key: &InstallationKey) {
        self.installation.lock().unwrap_or_else(|e| e.into_inner()).insert(name, key.0.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenantry_kernel::OsEntropy;

    #[test]
    fn parts_are_kept_apart_and_keys_from_one_another() {
        let key = InstallationKey(DataKey::generate(&OsEntropy));
        assert_eq!(key.mac(&[b"ab", b"c"]).unwrap(), key.mac(&[b"ab", b"c"]).unwrap());
        assert_eq!(key.mac(&[b"ab", b"c"]).unwrap().len(), 64);
        assert_ne!(key.mac(&[b"ab", b"c"]).unwrap(), key.mac(&[b"a", b"bc"]).unwrap());
        assert_ne!(key.mac(&[b"abc"]).unwrap(), key.mac(&[b"abc", b""]).unwrap());
        let (a, b) = (key.derive(&[b"a"]).unwrap(), key.derive(&[b"b"]).unwrap());
        let sealed = a.seal(&OsEntropy, b"secret", "here").unwrap();
        assert_eq!(a.open(&sealed, "here").unwrap(), b"secret");
        assert!(
            a.open(&sealed, "there").is_err()
                && b.open(&sealed, "here").is_err()
                && key.open(&sealed, "here").is_err()
        );
    }
}
