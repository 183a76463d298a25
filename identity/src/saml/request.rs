//! Sending somebody to the provider: a signed request, by redirect or by a form.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat, Utc};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use tenantry_kernel::{Entropy, Error, Result};
use url::form_urlencoded::byte_serialize;

use super::keys::template;
use super::metadata::{Binding, IdentityProvider};
use super::names::{ASSERTION, POST, PROTOCOL, RSA_SHA256};
use super::service_provider::ServiceProvider;
use super::tree::escape;

/// A request to log somebody in (SAML core, section 3.4). Keep the `id` with the browser's flow: the response must
/// answer it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthnRequest {
    pub id: String,
    pub issued_at: DateTime<Utc>,
    /// Whether the provider must ask for a proof anew, although it knows the browser.
    pub force: bool,
}

/// What comes back with the response, unchanged and unproven: letters, digits, `-` and `_`, at most 80 (SAML bindings,
/// section 3.4.3). Put a random handle in, and never an address to go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayState(String);

impl RelayState {
    /// None for what is not of this form.
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        (plain && (1..=80).contains(&text.len())).then_some(Self(text))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A form that the browser sends by itself: `action`, and the two fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostForm {
    pub action: String,
    /// The field `SAMLRequest`.
    pub saml_request: String,
    /// The field `RelayState`.
    pub relay_state: RelayState,
}

impl AuthnRequest {
    /// A request with an ID of 128 random bits.
    pub fn new(entropy: &dyn Entropy, now: DateTime<Utc>) -> Self {
        let mut random = [0; 16];
        entropy.fill(&mut random);
        Self { id: format!("_{}", hex::encode(random)), issued_at: now, force: false }
    }

    /// The address to redirect the browser to, with a signed query (SAML bindings, section 3.4.4.1).
    ///
    /// # Errors
    /// `Invalid` when the provider takes no redirects, `Internal` when the query cannot be signed.
    pub fn redirect(
        &self,
        sp: &ServiceProvider,
        idp: &IdentityProvider,
        state: &RelayState,
    ) -> Result<String> {
        let location = location(idp, Binding::Redirect)?;
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
        deflate.write_all(self.document(sp, location, "").as_bytes()).map_err(Error::internal)?;
        let packed = STANDARD.encode(deflate.finish().map_err(Error::internal)?);
        let query =
            format!("SAMLRequest={}&RelayState={}&SigAlg={}", coded(&packed), state.0, coded(RSA_SHA256));
        let signature = sp.keys.current.sign_text(&query)?;
        let joint = if location.contains('?') { '&' } else { '?' };
        Ok(format!("{location}{joint}{query}&Signature={}", coded(&signature)))
    }

    /// The form that the browser is to send (SAML bindings, section 3.5.4), with a signature in the request.
    ///
    /// # Errors
    /// `Invalid` when the provider takes no forms, `Internal` when the request cannot be signed.
    pub fn post(&self, sp: &ServiceProvider, idp: &IdentityProvider, state: RelayState) -> Result<PostForm> {
        let location = location(idp, Binding::Post)?;
        let signed = sp.keys.current.sign_document(&self.document(sp, location, &template(&self.id)))?;
        Ok(PostForm {
            action: location.to_owned(),
            saml_request: STANDARD.encode(signed),
            relay_state: state,
        })
    }

    fn document(&self, sp: &ServiceProvider, location: &str, signature: &str) -> String {
        let (id, location, acs, issuer) =
            (escape(&self.id), escape(location), escape(&sp.acs_url), escape(&sp.entity_id));
        let at = self.issued_at.to_rfc3339_opts(SecondsFormat::Secs, true);
        let force = if self.force { r#" ForceAuthn="true""# } else { "" };
        format!(
            r#"<samlp:AuthnRequest xmlns:samlp="{PROTOCOL}" ID="{id}" Version="2.0" IssueInstant="{at}" Destination="{location}" AssertionConsumerServiceURL="{acs}" ProtocolBinding="{POST}"{force}><saml:Issuer xmlns:saml="{ASSERTION}">{issuer}</saml:Issuer>{signature}<samlp:NameIDPolicy AllowCreate="true"/></samlp:AuthnRequest>"#
        )
    }
}

fn location(idp: &IdentityProvider, binding: Binding) -> Result<&str> {
    let endpoint = idp.endpoint(binding);
    endpoint.map(|endpoint| endpoint.location.as_str()).ok_or_else(|| {
        Error::invalid("binding", "The provider takes no requests by this binding.")
            .with_remedy("Use the other binding, which its metadata names.")
    })
}

fn coded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}
