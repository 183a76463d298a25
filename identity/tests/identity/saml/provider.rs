//! The tests' identity provider, and the connection to it.

use std::ops::Deref;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use tenantry_identity::saml::{
    Assertion, Expected, IdentityProvider, KeyPair, Keys, Refusal, ServiceProvider, check_response,
};
use tenantry_testkit::saml;
pub(super) use tenantry_testkit::saml::{ECDSA_SHA256, ENVELOPED, EXC, RSA_SHA256, SHA256};

pub(super) const ENTITY: &str = "https://idp.example/metadata";
pub(super) const ACS: &str = "https://tenantry.example/saml/con_1/acs";
pub(super) const SP: &str = "https://tenantry.example/saml/con_1";
pub(super) const REQUEST: &str = "_request1";
pub(super) const ALICE: &str = "alice@example.com";
pub(super) const MALLORY: &str = "mallory@example.com";

pub(super) fn now() -> DateTime<Utc> {
    "2026-07-01T12:00:00Z".parse().unwrap()
}

/// A key of a provider, with a certificate that ends as asked.
pub(super) struct Signer(saml::Signer);

impl Deref for Signer {
    type Target = saml::Signer;

    fn deref(&self) -> &saml::Signer {
        &self.0
    }
}

impl Signer {
    pub(super) fn rsa() -> Self {
        Self::of_bits(2048)
    }

    pub(super) fn of_bits(bits: u32) -> Self {
        Self(saml::Signer::rsa(bits, now() + TimeDelta::days(365)))
    }

    pub(super) fn lasting(days: i64) -> Self {
        Self(saml::Signer::rsa(2048, now() + TimeDelta::days(days)))
    }

    pub(super) fn ecdsa() -> Self {
        Self(saml::Signer::ecdsa(now() + TimeDelta::days(365)))
    }
}

/// A connection: the provider that is trusted, and us.
pub(super) struct World {
    pub(super) signer: Signer,
    pub(super) sp: ServiceProvider,
    pub(super) idp: IdentityProvider,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(Signer::rsa())
    }

    pub(super) fn with(signer: Signer) -> Self {
        let idp = IdentityProvider::from_metadata(&metadata(&[&signer])).unwrap();
        Self { signer, sp: service_provider(), idp }
    }

    /// An assertion about Alice as it should be, without a signature.
    pub(super) fn assertion(&self) -> String {
        format!(
            r#"<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_assertion1" Version="2.0" IssueInstant="2026-07-01T12:00:00Z"><saml:Issuer>{ENTITY}</saml:Issuer><saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">{ALICE}</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData InResponseTo="{REQUEST}" NotOnOrAfter="2026-07-01T12:05:00Z" Recipient="{ACS}"/></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="2026-07-01T11:59:00Z" NotOnOrAfter="2026-07-01T12:05:00Z"><saml:AudienceRestriction><saml:Audience>{SP}</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="2026-07-01T11:58:00Z" SessionIndex="_session1" SessionNotOnOrAfter="2026-07-01T20:00:00Z"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement><saml:Attribute Name="email"><saml:AttributeValue>{ALICE}</saml:AttributeValue></saml:Attribute><saml:Attribute Name="groups"><saml:AttributeValue>staff</saml:AttributeValue><saml:AttributeValue>admins</saml:AttributeValue></saml:Attribute></saml:AttributeStatement></saml:Assertion>"#
        )
    }

    pub(super) fn response(&self, inside: &str) -> String {
        format!(
            r#"<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_response1" Version="2.0" IssueInstant="2026-07-01T12:00:00Z" Destination="{ACS}" InResponseTo="{REQUEST}"><saml:Issuer>{ENTITY}</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>{inside}</samlp:Response>"#
        )
    }

    /// As most providers answer: the assertion is signed.
    pub(super) fn signed_assertion(&self) -> String {
        self.response(&self.signer.sign(&self.assertion()))
    }

    /// The other way: the response is signed.
    pub(super) fn signed_response(&self) -> String {
        self.signer.sign(&self.response(&self.assertion()))
    }

    pub(super) fn check(&self, xml: &str) -> Result<Assertion, Refusal> {
        self.check_at(xml, now())
    }

    pub(super) fn check_at(&self, xml: &str, now: DateTime<Utc>) -> Result<Assertion, Refusal> {
        self.expect(xml, &Expected { request: Some(REQUEST), provider_may_start: false, now })
    }

    pub(super) fn expect(&self, xml: &str, expected: &Expected<'_>) -> Result<Assertion, Refusal> {
        check_response(&self.sp, &self.idp, &STANDARD.encode(xml), expected)?.first_use(true)
    }

    /// Signs a changed assertion, and says why it is refused.
    pub(super) fn refusal_of(&self, change: impl Fn(String) -> String) -> Refusal {
        let changed = change(self.assertion());
        assert_ne!(changed, self.assertion(), "the test has changed nothing");
        self.check(&self.response(&self.signer.sign(&changed))).unwrap_err()
    }
}

pub(super) fn service_provider() -> ServiceProvider {
    let pair = KeyPair::generate("Tenantry", now(), now() + TimeDelta::days(700)).unwrap();
    ServiceProvider {
        entity_id: SP.to_owned(),
        acs_url: ACS.to_owned(),
        keys: Keys { current: pair, next: None, previous: None },
    }
}

pub(super) fn metadata(signers: &[&Signer]) -> String {
    let places = saml::Places {
        entity_id: ENTITY,
        post: Some("https://idp.example/post"),
        redirect: Some("https://idp.example/redirect?tenant=a&b=1"),
    };
    let signers: Vec<&saml::Signer> = signers.iter().map(|signer| &signer.0).collect();
    saml::metadata(&places, &signers)
}
