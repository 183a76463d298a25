//! What a provider says about itself (OpenID Connect Discovery 1.0, RFC 8414, RFC 9207).

use openidconnect::core::{CoreClientAuthMethod, CoreProviderMetadata};
use serde::Deserialize;
use serde_json::Value;

use super::fetch::{Proving, Way};
use super::provider::Provider;
use super::refusal::{Refusal, What, shown};

/// What of a discovery document is used.
#[derive(Debug, Clone)]
pub(super) struct Metadata {
    pub(super) issuer: Issuer,
    pub(super) authorization: String,
    pub(super) token: String,
    pub(super) userinfo: Option<String>,
    pub(super) keys: String,
    pub(super) end_session: Option<String>,
    /// Answers name the issuer (RFC 9207, section 3).
    pub(super) names_issuer: bool,
    /// The client's secret goes into the form, as the provider does not take it in a header.
    pub(super) secret_in_form: bool,
}

/// Whose word it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Issuer {
    Exactly(String),
    /// Microsoft Entra's shared endpoints (`common`, `organizations`): one issuer for each directory, of this form. Their
    /// discovery document has the placeholder, their tokens say the directory (`tid`).
    OfDirectory(String),
}

const ENTRA: &str = "https://login.microsoftonline.com/";
const DIRECTORY: &str = "{tenantid}";

impl Issuer {
    /// Which issuer a token must be of, by what it says of its directory.
    pub(super) fn of(&self, directory: Option<&str>) -> Option<String> {
        match self {
            Self::Exactly(issuer) => Some(issuer.clone()),
            Self::OfDirectory(form) => {
                let directory = directory.filter(|d| uuid::Uuid::try_parse(d).is_ok())?;
                Some(form.replace(DIRECTORY, directory))
            }
        }
    }

    /// Whether an answer's `iss` can be this one.
    pub(super) fn answers_as(&self, iss: &str) -> bool {
        match self {
            Self::Exactly(issuer) => issuer == iss,
            Self::OfDirectory(form) => {
                let Some((before, after)) = form.split_once(DIRECTORY) else { return false };
                let directory = iss.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
                directory.is_some_and(|directory| uuid::Uuid::try_parse(directory).is_ok())
            }
        }
    }

    fn found(wanted: &str, said: &str) -> Result<Self, Refusal> {
        if said == wanted {
            return Ok(Self::Exactly(said.to_owned()));
        }
        if said.contains(DIRECTORY) && said.starts_with(ENTRA) && wanted.starts_with(ENTRA) {
            return Ok(Self::OfDirectory(said.to_owned()));
        }
        Err(Refusal::IssuerOfMetadata(shown(said)))
    }
}

/// What the library's type does not have.
#[derive(Deserialize)]
struct More {
    end_session_endpoint: Option<String>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl Metadata {
    pub(super) async fn fetch(provider: Provider<'_>, way: &Way) -> Result<Self, Refusal> {
        let issuer = &provider.settings.issuer;
        let place = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let document: Value = way.get((What::Metadata, &place), Proving::Nothing).await?;
        let metadata = Self::read(issuer, document)?;
        way.check(&metadata.authorization)?;
        if let Some(end_session) = &metadata.end_session {
            way.check(end_session)?;
        }
        Ok(metadata)
    }

    fn read(wanted: &str, document: Value) -> Result<Self, Refusal> {
        let unreadable =
            |error: serde_json::Error| Refusal::Unreadable(What::Metadata, shown(&error.to_string()));
        let said = document.get("issuer").and_then(Value::as_str).unwrap_or_default();
        let issuer = Issuer::found(wanted, said)?;
        let more: More = serde_json::from_value(document.clone()).map_err(unreadable)?;
        let standard: CoreProviderMetadata = serde_json::from_value(document).map_err(unreadable)?;
        let methods = standard.token_endpoint_auth_methods_supported();
        let takes = |method| methods.is_none_or(|methods| methods.contains(&method));
        let token = standard
            .token_endpoint()
            .ok_or_else(|| Refusal::Unreadable(What::Metadata, "token_endpoint lacks".to_owned()))?;
        Ok(Self {
            issuer,
            authorization: standard.authorization_endpoint().url().to_string(),
            token: token.url().to_string(),
            userinfo: standard.userinfo_endpoint().map(|place| place.url().to_string()),
            keys: standard.jwks_uri().url().to_string(),
            end_session: more.end_session_endpoint,
            names_issuer: more.authorization_response_iss_parameter_supported,
            secret_in_form: !takes(CoreClientAuthMethod::ClientSecretBasic)
                && takes(CoreClientAuthMethod::ClientSecretPost),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_a_number_and_nothing_else_stands_in_the_issuer() {
        let form = Issuer::OfDirectory("https://login.microsoftonline.com/{tenantid}/v2.0".to_owned());
        let id = "9188040d-6c67-4c5b-b112-36a304b66dad";
        let whole = format!("https://login.microsoftonline.com/{id}/v2.0");
        assert_eq!(form.of(Some(id)), Some(whole.clone()));
        assert_eq!(form.of(None), None);
        assert_eq!(form.of(Some("evil.example/")), None);
        assert!(form.answers_as(&whole));
        assert!(!form.answers_as("https://login.microsoftonline.com/evil/v2.0"));
        assert!(!form.answers_as(&format!("https://evil.example/{id}/v2.0")));
        assert!(!form.answers_as(&format!("{whole}/")));
    }
}
