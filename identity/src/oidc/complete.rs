//! The browser's answer: from a code to a person.

use openidconnect::core::CoreJsonWebKeySet;
use serde_json::Value;
use tenantry_kernel::Secret;

use super::Oidc;
use super::exchange::Tokens;
use super::fetch::Way;
use super::id_token::{self, Claims, Expected, text};
use super::known::Entry;
use super::provider::{self, Provider, Speaks};
use super::refusal::{Refusal, What, shown};
use crate::sso::{Asserted, ClaimNames, ConnectionSettings, Flow};

/// More groups than a token can hold are none that anybody maps.
const MOST_GROUPS: usize = 1000;
const LONGEST_EMAIL: usize = 254;
const LONGEST: usize = 255;

/// What a browser brings back (RFC 6749, section 4.1.2; RFC 9207).
#[derive(Debug, Clone, Default)]
pub struct Answer {
    pub code: Option<String>,
    /// The issuer's name for itself.
    pub iss: Option<String>,
    pub error: Option<String>,
}

impl Oidc {
    /// Who the provider says it is. The flow was found by the answer's `state` and taken: it is not used again, whatever
    /// comes of it.
    ///
    /// # Errors
    /// Why the provider is not believed.
    pub async fn complete(
        &self,
        connection: &ConnectionSettings,
        flow: &Flow,
        answer: &Answer,
    ) -> Result<Asserted, Refusal> {
        match provider::of(connection)? {
            Speaks::OpenIdConnect(provider) => {
                let (claims, id_token) = self.ask_provider(provider, flow, answer).await?;
                let asserted = asserted(connection, &claims, &provider.settings.claims)?;
                Ok(Asserted { id_token_hint: Some(id_token), ..asserted })
            }
            Speaks::GitHub(settings, secret) => {
                let code = code_of(answer)?;
                self.ask_github(connection, (settings, secret), (code, &flow.verifier)).await
            }
        }
    }

    async fn ask_provider(
        &self,
        provider: Provider<'_>,
        flow: &Flow,
        answer: &Answer,
    ) -> Result<(Claims, Secret), Refusal> {
        let way = self.way(provider.owner);
        let known = self.known(provider, &way).await?;
        // Before anything else of the answer counts, an error too: a code of one provider must not go to another.
        match &answer.iss {
            Some(iss) if !known.metadata.issuer.answers_as(iss) => return Err(Refusal::IssuerOfAnswer),
            None if known.metadata.names_issuer => return Err(Refusal::NoIssuerInAnswer),
            _ => {}
        }
        let code = code_of(answer)?;
        let tokens = self.exchange((provider, &known.metadata), &way, (code, &flow.verifier)).await?;
        let Tokens { access_token, id_token, .. } = tokens;
        let id_token = id_token.ok_or(Refusal::NoIdToken)?;
        let expected = Expected {
            issuer: &known.metadata.issuer,
            client_id: &provider.settings.client_id,
            nonce: &flow.nonce,
            access_token: &access_token,
            now: self.0.clock.now(),
        };
        let mut claims =
            self.with_keys(&known, &way, |keys| id_token::verify(&id_token, keys, &expected)).await?;
        self.fill_up(&mut claims, (provider, &known.metadata), (&way, &access_token)).await?;
        Ok((claims, Secret::new(id_token)))
    }

    /// Checks with the provider's keys, and once more with newer ones where the token's key is not among them.
    pub(super) async fn with_keys<T>(
        &self,
        known: &Entry,
        way: &Way,
        check: impl Fn(&CoreJsonWebKeySet) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let now = self.0.clock.now();
        let keys = self.patiently(What::Keys, known.keys(way, now)).await?;
        match check(&keys) {
            Err(Refusal::UnknownKey) => {
                match self.patiently(What::Keys, known.other_keys(way, &keys, now)).await? {
                    Some(others) => check(&others),
                    None => Err(Refusal::UnknownKey),
                }
            }
            checked => checked,
        }
    }
}

fn code_of(answer: &Answer) -> Result<&str, Refusal> {
    if let Some(error) = &answer.error {
        return Err(Refusal::ProviderSaid(shown(error)));
    }
    answer.code.as_deref().filter(|code| !code.is_empty()).ok_or(Refusal::NoCode)
}

/// The claims in our words. What is longer than anything real is left out, and so is what has another type.
fn asserted(
    connection: &ConnectionSettings,
    claims: &Claims,
    names: &ClaimNames,
) -> Result<Asserted, Refusal> {
    let short = |name: &str, most: usize| {
        text(claims, name).map(str::trim).filter(|it| !it.is_empty() && it.len() <= most).map(str::to_owned)
    };
    let email = short(&names.email, LONGEST_EMAIL);
    Ok(Asserted {
        connection: connection.connection,
        tenant: connection.tenant,
        subject: short("sub", LONGEST).ok_or(Refusal::NoSubject)?,
        // The provider vouches for its claim `email` and for no other one.
        email_verified: email.is_some() && names.email == "email" && is_verified(claims) == Some(true),
        email_denied: names.email == "email" && is_verified(claims) == Some(false),
        email,
        name: short(&names.name, LONGEST),
        groups: list(claims, &names.groups),
        groups_incomplete: false,
        methods: list(claims, "amr"),
        provider_session: short("sid", LONGEST),
        id_token_hint: None,
    })
}

/// Some providers write it as text, and some say nothing.
pub(super) fn is_verified(claims: &Claims) -> Option<bool> {
    match claims.get("email_verified") {
        Some(Value::Bool(verified)) => Some(*verified),
        Some(Value::String(text)) => text.parse().ok(),
        _ => None,
    }
}

fn list(claims: &Claims, name: &str) -> Vec<String> {
    let all = match claims.get(name) {
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(one)) => vec![one.as_str()],
        _ => Vec::new(),
    };
    all.into_iter().filter(|it| it.len() <= LONGEST).take(MOST_GROUPS).map(str::to_owned).collect()
}
