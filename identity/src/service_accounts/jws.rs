//! Signed assertions as text: a JWS in compact form (RFC 7515, section 7.1) with the claims of a JWT (RFC 7519).
//!
//! Reading proves nothing. Only [`Jws::is_signed_by`] does, and it takes the algorithm from the key: the header's is
//! compared with it and decides nothing, so neither `none` nor an HMAC with a public key for its secret gets through.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::public_key::PublicKey;

/// An assertion with a chain of certificates is no assertion of ours.
const MOST_BYTES: usize = 8 * 1024;

#[derive(Deserialize)]
pub(super) struct Header {
    alg: String,
    typ: Option<String>,
    pub(super) kid: Option<String>,
    /// Extensions that must be understood (RFC 7515, section 4.1.11): we know none.
    crit: Option<serde_json::Value>,
}

/// What a client says about itself (RFC 7523, section 3). Times are seconds since 1970, perhaps with fractions.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    pub(super) iss: String,
    pub(super) sub: String,
    pub(super) aud: Audience,
    pub(super) exp: f64,
    pub(super) nbf: Option<f64>,
    pub(super) iat: Option<f64>,
    pub(super) jti: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    pub(super) fn all(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// An assertion that was read and not yet believed.
pub(super) struct Jws<'a> {
    pub(super) header: Header,
    pub(super) claims: Claims,
    signed: &'a [u8],
    signature: Vec<u8>,
}

impl<'a> Jws<'a> {
    /// `None` for what is no JWT that we could take.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        if text.len() > MOST_BYTES {
            return None;
        }
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let header: Header = part(header)?;
        let kind_is_right = header.typ.as_deref().is_none_or(|typ| {
            let typ = typ.to_ascii_lowercase();
            ["jwt", "client-authentication+jwt"].contains(&typ.trim_start_matches("application/"))
        });
        if header.crit.is_some() || !kind_is_right {
            return None;
        }
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        Some(Self { header, claims: part(claims)?, signed: signed.as_bytes(), signature })
    }

    pub(super) fn is_signed_by(&self, key: &PublicKey) -> bool {
        self.header.alg == key.algorithm.name() && key.has_signed(self.signed, &self.signature)
    }
}

/// A part must be a JSON object in base64url without padding. A name that comes twice is refused.
fn part<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}
