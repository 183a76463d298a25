//! The key that signs checkpoints: Ed25519 (RFC 8032), its public half as JWK (RFC 8037) and PEM (RFC 8410).

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{DateTime, SubsecRound, Utc};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use sha2::{Digest, Sha256};
use tenantry_kernel::{Entropy, Error, Result, Secret, TenantId};
use tenantry_store::audit::checkpoints::{Checkpoint, PublicKey};

/// What stands before the 32 bytes of an Ed25519 key in a `SubjectPublicKeyInfo` (RFC 8410, 4).
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// A signing key.
pub(crate) struct Signer {
    pair: Ed25519KeyPair,
    public: String,
    key_id: String,
}

impl Signer {
    /// A new key's seed, to be kept in a file that only its owner may read.
    pub(crate) fn fresh(entropy: &dyn Entropy) -> Secret {
        Secret::random(entropy, 32)
    }

    /// Reads a seed: 64 hexadecimal digits.
    ///
    /// # Errors
    /// `Internal` for anything else.
    pub(crate) fn of_seed(seed: &Secret) -> Result<Self> {
        let seed = zeroize::Zeroizing::new(hex::decode(seed.expose().trim()).map_err(Error::internal)?);
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed)
            .map_err(|_| Error::internal("a signing key's seed has 32 bytes"))?;
        let public = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        Ok(Self { key_id: thumbprint(&public), public, pair })
    }

    pub(crate) fn key_id(&self) -> &str {
        &self.key_id
    }

    pub(super) fn public_key(&self, at: DateTime<Utc>) -> PublicKey {
        PublicKey { key_id: self.key_id.clone(), public_key: self.public.clone(), created_at: at }
    }

    /// Signs that this is the chain's newest record.
    pub(super) fn checkpoint(
        &self,
        tenant: TenantId,
        (seq, hash): (i64, String),
        at: DateTime<Utc>,
    ) -> Checkpoint {
        let mut checkpoint = Checkpoint {
            tenant,
            seq,
            hash,
            at: at.trunc_subsecs(6),
            key_id: self.key_id.clone(),
            signature: String::new(),
        };
        checkpoint.signature = self.sign(&checkpoint.message());
        checkpoint
    }

    pub(super) fn sign(&self, message: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.pair.sign(message.as_bytes()))
    }
}

/// Whether a public key (base64url) made this signature (base64url) of this message.
pub(super) fn is_signed(public_key: &str, message: &str, signature: &str) -> bool {
    let (Ok(key), Ok(signature)) = (URL_SAFE_NO_PAD.decode(public_key), URL_SAFE_NO_PAD.decode(signature))
    else {
        return false;
    };
    UnparsedPublicKey::new(&ED25519, key).verify(message.as_bytes(), &signature).is_ok()
}

/// A key's name: the SHA-256 of its required members in order (RFC 7638).
pub(super) fn thumbprint(public_key: &str) -> String {
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{public_key}"}}"#);
    URL_SAFE_NO_PAD.encode(Sha256::digest(members))
}

/// Whether a text has the form of a key's name: 32 bytes in base64url.
pub(crate) fn is_fingerprint(text: &str) -> bool {
    URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32)
}

/// Whether a key on record is the one that its name says.
pub(super) fn is_named(key: &PublicKey) -> bool {
    thumbprint(&key.public_key) == key.key_id
}

/// A set of keys as JSON Web Keys.
pub(crate) fn jwks(keys: &[PublicKey]) -> serde_json::Value {
    let key = |key: &PublicKey| {
        serde_json::json!({
            "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": key.key_id, "x": key.public_key,
        })
    };
    serde_json::json!({ "keys": keys.iter().map(key).collect::<Vec<_>>() })
}

/// A key as OpenSSL reads it.
pub(crate) fn pem(public_key: &str) -> Result<String> {
    let key = URL_SAFE_NO_PAD.decode(public_key).map_err(Error::internal)?;
    let body = STANDARD.encode([SPKI.as_slice(), &key].concat());
    Ok(format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n"))
}

/// The key in a PEM text. `None` for another kind of key, or no key.
pub(super) fn of_pem(text: &str) -> Option<String> {
    let body = text.split("-----BEGIN PUBLIC KEY-----").nth(1)?.split("-----END PUBLIC KEY-----").next()?;
    let body: String = body.chars().filter(|c| !c.is_whitespace()).collect();
    let bytes = STANDARD.decode(body).ok()?;
    let key = bytes.strip_prefix(&SPKI).filter(|key| key.len() == 32)?;
    Some(URL_SAFE_NO_PAD.encode(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8037, A.1 to A.3: the key, its thumbprint; RFC 8032, 7.1, test 1 is the same key and signs nothing so.
    #[test]
    fn the_vectors_of_the_rfcs() {
        let seed = Secret::new("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
        let signer = Signer::of_seed(&seed).unwrap();
        assert_eq!(signer.public, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(signer.key_id(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        let signature = signer.sign("");
        assert_eq!(
            hex::encode(URL_SAFE_NO_PAD.decode(&signature).unwrap()),
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        );
        assert!(is_signed(&signer.public, "", &signature) && !is_signed(&signer.public, "x", &signature));
        let pem = pem(&signer.public).unwrap();
        assert_eq!(of_pem(&pem), Some(signer.public.clone()));
        assert_eq!(of_pem(&pem.replace("MCow", "MCox")), None);
        assert!(Signer::of_seed(&Secret::new("00")).is_err());
    }
}
