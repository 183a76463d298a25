use std::fmt;

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::Entropy;

/// A secret text: redacted in `Debug`, compared in constant time, wiped on drop.
///
/// It serialises as its plain text, because sealed columns and files need it: never put one into a log
/// field, an event or an API type.
#[derive(Clone, Zeroize, ZeroizeOnDrop, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The plain text. Each call is a place where the secret may leak: keep them few.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// `bytes` random bytes, as lower-case hexadecimal.
    pub fn random(entropy: &dyn Entropy, bytes: usize) -> Self {
        let mut buffer = vec![0u8; bytes];
        entropy.fill(&mut buffer);
        let text = hex::encode(&buffer);
        buffer.zeroize();
        Self(text)
    }
}

/// A 256-bit random token as hexadecimal, for links and cookies.
pub fn random_token(entropy: &dyn Entropy) -> Secret {
    Secret::random(entropy, 32)
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Secret {}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}
