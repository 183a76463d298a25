use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use tenantry_kernel::{Entropy, Error, Result};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A 256-bit key, wiped on drop.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct DataKey([u8; 32]);

impl DataKey {
    pub(crate) fn generate(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0u8; 32];
        entropy.fill(&mut bytes);
        Self(bytes)
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self> {
        bytes.try_into().map(Self).map_err(|_| Error::internal("a data key has 32 bytes"))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new(&Key::<Aes256Gcm>::from(self.0))
    }

    /// Base64 of nonce ‖ ciphertext ‖ tag.
    pub(crate) fn seal(&self, entropy: &dyn Entropy, plain: &[u8], context: &str) -> Result<String> {
        let mut nonce = [0u8; 12];
        entropy.fill(&mut nonce);
        let sealed = self
            .cipher()
            .encrypt(&Nonce::from(nonce), Payload { msg: plain, aad: context.as_bytes() })
            .map_err(|_| Error::internal("sealing failed"))?;
        Ok(STANDARD_NO_PAD.encode([nonce.as_slice(), &sealed].concat()))
    }

    pub(crate) fn open(&self, sealed: &str, context: &str) -> Result<Vec<u8>> {
        let broken = || Error::internal("a sealed value does not open: wrong key, wrong place or damaged");
        let bytes = STANDARD_NO_PAD.decode(sealed).map_err(|_| broken())?;
        let (nonce, body) = bytes.split_at_checked(12).ok_or_else(broken)?;
        let nonce: [u8; 12] = nonce.try_into().map_err(|_| broken())?;
        self.cipher()
            .decrypt(&Nonce::from(nonce), Payload { msg: body, aad: context.as_bytes() })
            .map_err(|_| broken())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenantry_kernel::OsEntropy;

    #[test]
    fn opens_only_with_its_key_and_context() {
        let key = DataKey::generate(&OsEntropy);
        let sealed = key.seal(&OsEntropy, b"secret", "ten_a/api_key").unwrap();
        assert_eq!(key.open(&sealed, "ten_a/api_key").unwrap(), b"secret");
        assert!(key.open(&sealed, "ten_b/api_key").is_err());
        assert!(DataKey::generate(&OsEntropy).open(&sealed, "ten_a/api_key").is_err());
        assert!(key.open(&sealed[..sealed.len() - 2], "ten_a/api_key").is_err());
        assert!(key.open("", "ten_a/api_key").is_err());
        assert_ne!(
            sealed,
            key.seal(&OsEntropy, b"secret", "ten_a/api_key").unwrap(),
            "a fresh nonce each time"
        );
    }
}
