//! The ceremonies themselves, by `webauthn-rs`: no database, no clock.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tenantry_kernel::{Error, Result, UserId};
use url::Url;
use webauthn_rs::prelude::{
    AuthenticationResult, DiscoverableAuthentication, Passkey, PasskeyAuthentication, PasskeyRegistration,
    PublicKeyCredential, RegisterPublicKeyCredential, Webauthn, WebauthnBuilder,
};

/// The portal, as authenticators know it.
pub(crate) struct RelyingParty(Webauthn);

/// Options for the browser, and what the server has to remember until the answer.
pub(super) struct Begun {
    pub(super) options: Value,
    pub(super) state: Value,
}

/// A credential as it is stored.
pub(super) struct Registered {
    pub(super) credential_id: String,
    pub(super) credential: Value,
}

/// A good answer: the credential as it is to be stored now.
pub(super) struct Asserted {
    pub(super) credential: Value,
    pub(super) counter: u32,
}

fn to_json(value: &impl Serialize) -> Result<Value> {
    serde_json::to_value(value).map_err(Error::internal)
}

fn stored<T: DeserializeOwned>(value: Value) -> Result<T> {
    serde_json::from_value(value).map_err(Error::internal)
}

fn id_text(id: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(id)
}

impl RelyingParty {
    /// `None` where the portal is reached by an address: passkeys are bound to names (section 5.1.2).
    pub(crate) fn of(public_url: &str) -> Option<Self> {
        let origin = Url::parse(public_url).ok()?;
        let name = origin.domain()?.to_owned();
        let builder = WebauthnBuilder::new(&name, &origin).ok()?;
        builder.rp_name("Tenantry").build().ok().map(Self)
    }

    pub(super) fn start_registration(
        &self,
        user: UserId,
        (email, name): (&str, &str),
        existing: Vec<Value>,
    ) -> Result<Begun> {
        let existing = existing.into_iter().map(stored::<Passkey>).collect::<Result<Vec<_>>>()?;
        let exclude = existing.iter().map(|passkey| passkey.cred_id().clone()).collect();
        let (challenge, state) = self
            .0
            .start_passkey_registration(user.uuid(), email, name, Some(exclude))
            .map_err(Error::internal)?;
        let mut options = public_key(to_json(&challenge)?)?;
        // Discoverable, so that it logs somebody in who does not say who they are.
        if let Some(selection) = options.get_mut("authenticatorSelection").and_then(Value::as_object_mut) {
            selection.insert("residentKey".to_owned(), json!("required"));
            selection.insert("requireResidentKey".to_owned(), json!(true));
            selection.insert("userVerification".to_owned(), json!("required"));
        }
        Ok(Begun { options, state: to_json(&state)? })
    }

    /// `None` for an answer that is not good, which is logged with its reason.
    pub(super) fn finish_registration(&self, state: Value, answer: &Value) -> Result<Option<Registered>> {
        let state: PasskeyRegistration = stored(state)?;
        let Some(answer) = parse::<RegisterPublicKeyCredential>(answer) else { return Ok(None) };
        match self.0.finish_passkey_registration(&answer, &state) {
            Ok(passkey) => Ok(Some(Registered {
                credential_id: id_text(passkey.cred_id().as_ref()),
                credential: to_json(&passkey)?,
            })),
            Err(error) => Ok(refused(&error)),
        }
    }

    /// For somebody who is known.
    pub(super) fn start_assertion(&self, existing: Vec<Value>) -> Result<Begun> {
        let existing = existing.into_iter().map(stored::<Passkey>).collect::<Result<Vec<_>>>()?;
        let (challenge, state) = self.0.start_passkey_authentication(&existing).map_err(Error::internal)?;
        Ok(Begun { options: public_key(to_json(&challenge)?)?, state: to_json(&state)? })
    }

    /// `None` as for [`finish_registration`](Self::finish_registration).
    pub(super) fn finish_assertion(
        &self,
        state: Value,
        (answer, credential): (&Value, Value),
    ) -> Result<Option<Asserted>> {
        let state: PasskeyAuthentication = stored(state)?;
        let Some(answer) = parse::<PublicKeyCredential>(answer) else { return Ok(None) };
        match self.0.finish_passkey_authentication(&answer, &state) {
            Ok(result) => asserted(&result, stored(credential)?),
            Err(error) => Ok(refused(&error)),
        }
    }

    /// For somebody who says who they are by their passkey alone.
    pub(super) fn start_log_in(&self) -> Result<Begun> {
        let (challenge, state) = self.0.start_discoverable_authentication().map_err(Error::internal)?;
        Ok(Begun { options: public_key(to_json(&challenge)?)?, state: to_json(&state)? })
    }

    /// Whose an answer claims to be, and by which credential. Nothing is proven by it.
    pub(super) fn claimed(&self, answer: &Value) -> Option<(UserId, String)> {
        let answer = parse::<PublicKeyCredential>(answer)?;
        let (user, id) = self.0.identify_discoverable_authentication(&answer).ok()?;
        Some((UserId::from_uuid(user), id_text(id)))
    }

    /// `None` as for [`finish_registration`](Self::finish_registration).
    pub(super) fn finish_log_in(
        &self,
        state: Value,
        (answer, credential): (&Value, Value),
    ) -> Result<Option<Asserted>> {
        let state: DiscoverableAuthentication = stored(state)?;
        let Some(answer) = parse::<PublicKeyCredential>(answer) else { return Ok(None) };
        let passkey: Passkey = stored(credential)?;
        match self.0.finish_discoverable_authentication_v2(&answer, state, &passkey) {
            Ok(result) => asserted(&result, passkey),
            Err(error) => Ok(refused(&error)),
        }
    }
}

/// The id of the credential that has answered, as it is stored.
pub(super) fn credential_id(answer: &Value) -> Option<String> {
    parse::<PublicKeyCredential>(answer).map(|answer| id_text(answer.raw_id.as_ref()))
}

fn asserted(result: &AuthenticationResult, mut passkey: Passkey) -> Result<Option<Asserted>> {
    // Two factors in one: without it the passkey would be something that somebody has, and no more.
    if !result.user_verified() {
        return Ok(refused(&"the authenticator did not verify the person"));
    }
    if passkey.update_credential(result).is_none() {
        return Ok(refused(&"it is another credential"));
    }
    Ok(Some(Asserted { credential: to_json(&passkey)?, counter: result.counter() }))
}

fn refused<T>(why: &dyn std::fmt::Display) -> Option<T> {
    tracing::info!(passkey.refused = %why, "a passkey's answer is not good");
    None
}

fn parse<T: DeserializeOwned>(answer: &Value) -> Option<T> {
    serde_json::from_value(answer.clone()).ok()
}

/// What a browser takes: the part under `publicKey`.
fn public_key(challenge: Value) -> Result<Value> {
    match challenge {
        Value::Object(mut parts) => parts.remove("publicKey"),
        _ => None,
    }
    .ok_or_else(|| Error::internal("a challenge has options"))
}

#[cfg(test)]
mod tests {
    use super::RelyingParty;

    #[test]
    fn a_portal_without_a_name_has_no_passkeys() {
        for named in ["https://portal.example.com", "http://localhost:8080", "https://portal.example.com/"] {
            assert!(RelyingParty::of(named).is_some(), "{named}");
        }
        for nameless in ["http://127.0.0.1:8080", "http://[::1]:8080", "portal", ""] {
            assert!(RelyingParty::of(nameless).is_none(), "{nameless}");
        }
    }
}
