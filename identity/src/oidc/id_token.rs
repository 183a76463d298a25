//! Whether an ID token is one: signed by the issuer, for us, now, as the answer to our question (OpenID Connect Core 1.0,
//! section 3.1.3.7).

use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use openidconnect::core::{CoreIdToken, CoreIdTokenVerifier, CoreJsonWebKeySet, CoreJwsSigningAlgorithm};
use openidconnect::{
    AccessToken, AccessTokenHash, ClaimsVerificationError, ClientId, IssuerUrl, Nonce,
    SignatureVerificationError,
};
use serde_json::{Map, Value};
use tenantry_kernel::Secret;

use super::SKEW;
use super::metadata::Issuer;
use super::refusal::{Refusal, shown};

/// The only algorithms: all asymmetric, of strength 128 bits, and with a key type of their own.
pub(super) const ALGORITHMS: [CoreJwsSigningAlgorithm; 4] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EdDsa,
];
/// A token with more is none that anybody sends in earnest.
pub(super) const MOST_BYTES: usize = 64 << 10;

pub(super) type Claims = Map<String, Value>;

/// What a token must be.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a Issuer,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a Secret,
    pub(super) access_token: &'a Secret,
    pub(super) now: DateTime<Utc>,
}

/// All claims of a good token.
///
/// # Errors
/// What is wrong with it. `UnknownKey` may be good after another look at the provider's keys.
pub(super) fn verify(
    token: &str,
    keys: &CoreJsonWebKeySet,
    expected: &Expected<'_>,
) -> Result<Claims, Refusal> {
    let claims = payload(token)?;
    if text(&claims, "sub").is_none_or(|sub| sub.is_empty() || sub.len() > 255) {
        return Err(Refusal::NoSubject);
    }
    let issuer = expected.issuer.of(text(&claims, "tid")).ok_or(Refusal::IssuerOfToken)?;
    let issuer = IssuerUrl::new(issuer).map_err(|_| Refusal::IssuerOfToken)?;
    let parsed = CoreIdToken::from_str(token).map_err(|error| unreadable(&error))?;
    let now = expected.now;
    let client_id = ClientId::new(expected.client_id.to_owned());
    let verifier = CoreIdTokenVerifier::new_public_client(client_id, issuer, keys.clone())
        .set_allowed_algs(ALGORITHMS)
        .set_time_fn(move || now - SKEW)
        .set_issue_time_verifier_fn(
            move |issued| {
                if issued > now + SKEW { Err(String::new()) } else { Ok(()) }
            },
        );
    let nonce = Nonce::new(expected.nonce.expose().to_owned());
    let checked = parsed.claims(&verifier, &nonce).map_err(|error| refusal(&error))?;
    let not_before = claims.get("nbf").and_then(Value::as_f64);
    if not_before.is_some_and(|at| at > (now + SKEW).timestamp() as f64) {
        return Err(Refusal::NotYetValid);
    }
    if checked.authorized_party().is_some_and(|party| party.as_str() != expected.client_id) {
        return Err(Refusal::AuthorizedParty);
    }
    if let Some(said) = checked.access_token_hash() {
        let algorithm = parsed.signing_alg().map_err(|error| of_signature(&error))?;
        let key = parsed.signing_key(&verifier).map_err(|error| of_signature(&error))?;
        let access_token = AccessToken::new(expected.access_token.expose().to_owned());
        let right = AccessTokenHash::from_token(&access_token, algorithm, key);
        if right.map_err(|_| Refusal::AccessTokenHash)? != *said {
            return Err(Refusal::AccessTokenHash);
        }
    }
    Ok(claims)
}

/// The claims as they stand there: nothing of them is believed before the signature was checked.
fn payload(token: &str) -> Result<Claims, Refusal> {
    if token.len() > MOST_BYTES {
        return Err(Refusal::NotAToken("it is too long".to_owned()));
    }
    let part = token.split('.').nth(1).ok_or_else(|| Refusal::NotAToken("it has no parts".to_owned()))?;
    let bytes =
        URL_SAFE_NO_PAD.decode(part).map_err(|_| Refusal::NotAToken("it is not base64url".to_owned()))?;
    serde_json::from_slice(&bytes).map_err(|error| unreadable(&error))
}

pub(super) fn text<'a>(claims: &'a Claims, name: &str) -> Option<&'a str> {
    claims.get(name).and_then(Value::as_str)
}

fn unreadable(error: &serde_json::Error) -> Refusal {
    Refusal::NotAToken(shown(&error.to_string()))
}

fn refusal(error: &ClaimsVerificationError) -> Refusal {
    match error {
        // What our check of `iat` says has no words.
        ClaimsVerificationError::Expired(words) if words.is_empty() => Refusal::NotYetValid,
        ClaimsVerificationError::Expired(_) => Refusal::Expired,
        ClaimsVerificationError::InvalidAudience(_) => Refusal::Audience,
        ClaimsVerificationError::InvalidIssuer(_) => Refusal::IssuerOfToken,
        ClaimsVerificationError::InvalidNonce(_) => Refusal::Nonce,
        ClaimsVerificationError::InvalidSubject(_) => Refusal::NoSubject,
        ClaimsVerificationError::SignatureVerification(error) => of_signature(error),
        other => Refusal::NotAToken(shown(&other.to_string())),
    }
}

fn of_signature(error: &SignatureVerificationError) -> Refusal {
    match error {
        SignatureVerificationError::NoSignature => Refusal::Unsigned,
        SignatureVerificationError::DisallowedAlg(_) | SignatureVerificationError::UnsupportedAlg(_) => {
            Refusal::Algorithm
        }
        SignatureVerificationError::NoMatchingKey => Refusal::UnknownKey,
        SignatureVerificationError::AmbiguousKeyId(_) => Refusal::AmbiguousKey,
        _ => Refusal::Signature,
    }
}
