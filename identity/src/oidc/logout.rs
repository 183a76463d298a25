//! A provider's message that somebody has logged out there (OpenID Connect Back-Channel Logout 1.0, section 2.6).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::core::{CoreJsonWebKey, CoreJsonWebKeySet, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKey, SignatureVerificationError};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::id_token::{ALGORITHMS, MOST_BYTES};
use super::metadata::Issuer;
use super::provider::{self, Speaks};
use super::refusal::{Refusal, shown};
use super::{Oidc, SKEW};
use crate::sso::ConnectionSettings;

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// A message of now, not a kept one. For so long its `jti` must be remembered.
const MOST_AGE: TimeDelta = TimeDelta::minutes(5);

/// Whose sessions have ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedOut {
    pub subject: Option<String>,
    /// Only this session of theirs; `None`: all.
    pub session: Option<String>,
    /// Each message works once.
    pub jti: String,
    /// When the message is good for nothing, so that its `jti` can be forgotten.
    pub until: DateTime<Utc>,
}

#[derive(Deserialize)]
struct Header {
    alg: CoreJwsSigningAlgorithm,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<Value>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Value,
    iat: f64,
    exp: Option<f64>,
    jti: Option<String>,
    events: Option<Value>,
    nonce: Option<Value>,
    sub: Option<String>,
    sid: Option<String>,
    /// Microsoft's directory.
    tid: Option<String>,
}

impl Oidc {
    /// What a logout token says, once it was checked. That its `jti` is new is for the caller to see to.
    ///
    /// # Errors
    /// Why it is not believed.
    pub async fn logged_out(
        &self,
        connection: &ConnectionSettings,
        token: &str,
    ) -> Result<LoggedOut, Refusal> {
        let Speaks::OpenIdConnect(provider) = provider::of(connection)? else {
            return Err(Refusal::NotALogoutToken("this provider sends none"));
        };
        let read = Read::new(token)?;
        // What is wrong in itself costs the provider no question.
        let now = self.0.clock.now();
        let judged = read.judge(&provider.settings.client_id, now)?;
        let way = self.way(provider.owner);
        let known = self.known(provider, &way).await?;
        read.check_issuer(&known.metadata.issuer)?;
        self.with_keys(&known, &way, |keys| read.check_signature(keys)).await?;
        Ok(judged)
    }
}

/// A token that was read and is not yet believed.
struct Read<'a> {
    header: Header,
    claims: Claims,
    signed: &'a [u8],
    signature: Vec<u8>,
}

impl<'a> Read<'a> {
    fn new(token: &'a str) -> Result<Self, Refusal> {
        let malformed = || Refusal::NotAToken("it is not in three parts of base64url".to_owned());
        if token.len() > MOST_BYTES {
            return Err(Refusal::NotAToken("it is too long".to_owned()));
        }
        let (signed, signature) = token.rsplit_once('.').ok_or_else(malformed)?;
        let (header, claims) = signed.split_once('.').ok_or_else(malformed)?;
        if serde_json::from_slice::<Value>(&decoded(header)?)
            .is_ok_and(|head| head.get("alg") == Some(&"none".into()))
        {
            return Err(Refusal::Unsigned);
        }
        Ok(Self {
            header: part(header)?,
            claims: part(claims)?,
            signed: signed.as_bytes(),
            signature: decoded(signature)?,
        })
    }

    /// All that can be judged without the provider.
    fn judge(&self, client_id: &str, now: DateTime<Utc>) -> Result<LoggedOut, Refusal> {
        let claims = &self.claims;
        let kind = self.header.typ.as_deref().map(str::to_ascii_lowercase);
        let kind = kind.as_deref().map(|kind| kind.trim_start_matches("application/"));
        // An explicit type is recommended only; what it must not be is an ID token, which `events` and `nonce` tell.
        if self.header.crit.is_some() || kind.is_some_and(|kind| !["logout+jwt", "jwt"].contains(&kind)) {
            return Err(Refusal::NotALogoutToken("its header is of another kind of token"));
        }
        if !ALGORITHMS.contains(&self.header.alg) {
            return Err(Refusal::Algorithm);
        }
        if claims.events.as_ref().and_then(|events| events.get(EVENT)).is_none_or(|event| !event.is_object())
        {
            return Err(Refusal::NotALogoutToken("the event of logging out lacks"));
        }
        if claims.nonce.is_some() {
            return Err(Refusal::NotALogoutToken("it has a nonce, as ID tokens have"));
        }
        let short = |it: &Option<String>| it.clone().filter(|it| !it.is_empty() && it.len() <= 255);
        let (subject, session) = (short(&claims.sub), short(&claims.sid));
        if subject.is_none() && session.is_none() {
            return Err(Refusal::NotALogoutToken("it says neither sub nor sid"));
        }
        let jti = short(&claims.jti).ok_or(Refusal::NotALogoutToken("it has no jti"))?;
        let for_us = match &claims.aud {
            Value::String(one) => one == client_id,
            Value::Array(all) => all.iter().any(|one| one == client_id),
            _ => false,
        };
        if !for_us {
            return Err(Refusal::Audience);
        }
        let moment = |seconds: f64| DateTime::from_timestamp_millis((seconds * 1000.0) as i64);
        let issued = moment(claims.iat).ok_or(Refusal::NotYetValid)?;
        if issued > now + SKEW {
            return Err(Refusal::NotYetValid);
        }
        if issued + MOST_AGE + SKEW <= now {
            return Err(Refusal::LogoutTokenOld);
        }
        if claims.exp.is_some_and(|at| moment(at).is_none_or(|at| at + SKEW <= now)) {
            return Err(Refusal::Expired);
        }
        Ok(LoggedOut { subject, session, jti, until: issued + MOST_AGE + SKEW })
    }

    fn check_issuer(&self, issuer: &Issuer) -> Result<(), Refusal> {
        match issuer.of(self.claims.tid.as_deref()) {
            Some(issuer) if issuer == self.claims.iss => Ok(()),
            // Without a directory in it, the form is all that can be asked for; the key is the same for all of them.
            None if issuer.answers_as(&self.claims.iss) => Ok(()),
            _ => Err(Refusal::IssuerOfToken),
        }
    }

    /// A key of this name, and no other, has signed it. Each key knows which algorithms are its.
    fn check_signature(&self, keys: &CoreJsonWebKeySet) -> Result<(), Refusal> {
        let named = |key: &&CoreJsonWebKey| {
            let id = key.key_id().map(|id| id.as_str());
            self.header.kid.is_none() || self.header.kid.as_deref() == id
        };
        let mut refusal = Refusal::UnknownKey;
        for key in keys.keys().iter().filter(named) {
            match key.verify_signature(&self.header.alg, self.signed, &self.signature) {
                Ok(()) => return Ok(()),
                // A key for another algorithm.
                Err(SignatureVerificationError::InvalidKey(_)) => {}
                Err(_) => refusal = Refusal::Signature,
            }
        }
        Err(refusal)
    }
}

fn decoded(text: &str) -> Result<Vec<u8>, Refusal> {
    let bytes = URL_SAFE_NO_PAD.decode(text);
    bytes.map_err(|_| Refusal::NotAToken("it is not base64url".to_owned()))
}

fn part<T: DeserializeOwned>(text: &str) -> Result<T, Refusal> {
    serde_json::from_slice(&decoded(text)?).map_err(|error| Refusal::NotAToken(shown(&error.to_string())))
}
