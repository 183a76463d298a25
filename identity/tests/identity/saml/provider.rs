//! An identity provider of the tests: it signs by xmlsec whatever it is given.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::X509;
use samael::crypto::{Crypto, CryptoProvider};
use tenantry_identity::saml::{
    Assertion, Expected, IdentityProvider, KeyPair, Keys, Refusal, ServiceProvider, check_response,
};

pub(super) const ENTITY: &str = "https://idp.example/metadata";
pub(super) const ACS: &str = "https://tenantry.example/saml/con_1/acs";
pub(super) const SP: &str = "https://tenantry.example/saml/con_1";
pub(super) const REQUEST: &str = "_request1";
pub(super) const ALICE: &str = "alice@example.com";
pub(super) const MALLORY: &str = "mallory@example.com";

const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
pub(super) const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
pub(super) const ECDSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
pub(super) const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
pub(super) const EXC: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
pub(super) const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

pub(super) fn now() -> DateTime<Utc> {
    "2026-07-01T12:00:00Z".parse().unwrap()
}

/// A key of a provider, with a certificate that ends as asked.
pub(super) struct Signer {
    key: PKey<Private>,
    certificate: Vec<u8>,
    algorithm: &'static str,
}

impl Signer {
    pub(super) fn rsa() -> Self {
        Self::of_bits(2048)
    }

    pub(super) fn of_bits(bits: u32) -> Self {
        Self::new(PKey::from_rsa(Rsa::generate(bits).unwrap()).unwrap(), RSA_SHA256, 365)
    }

    pub(super) fn lasting(days: i64) -> Self {
        Self::new(PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap(), RSA_SHA256, days)
    }

    pub(super) fn ecdsa() -> Self {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
        Self::new(key, ECDSA_SHA256, 365)
    }

    fn new(key: PKey<Private>, algorithm: &'static str, days: i64) -> Self {
        let at = |days| Asn1Time::from_unix((now() + TimeDelta::days(days)).timestamp()).unwrap();
        let mut builder = X509::builder().unwrap();
        builder.set_version(2).unwrap();
        builder.set_serial_number(&BigNum::from_u32(1).unwrap().to_asn1_integer().unwrap()).unwrap();
        builder.set_not_before(&at(-1)).unwrap();
        builder.set_not_after(&at(days)).unwrap();
        builder.set_pubkey(&key).unwrap();
        builder.sign(&key, MessageDigest::sha256()).unwrap();
        Self { certificate: builder.build().to_der().unwrap(), key, algorithm }
    }

    pub(super) fn certificate(&self) -> String {
        STANDARD.encode(&self.certificate)
    }

    /// The element with a signature after its issuer, as providers sign.
    pub(super) fn sign(&self, xml: &str) -> String {
        self.sign_with(xml, &self.template(id_of(xml)))
    }

    pub(super) fn template(&self, id: &str) -> String {
        let algorithm = self.algorithm;
        format!(
            r##"<ds:Signature xmlns:ds="{DSIG}"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{EXC}"/><ds:SignatureMethod Algorithm="{algorithm}"/><ds:Reference URI="#{id}"><ds:Transforms><ds:Transform Algorithm="{ENVELOPED}"/><ds:Transform Algorithm="{EXC}"/></ds:Transforms><ds:DigestMethod Algorithm="{SHA256}"/><ds:DigestValue/></ds:Reference></ds:SignedInfo><ds:SignatureValue/></ds:Signature>"##
        )
    }

    pub(super) fn sign_with(&self, xml: &str, template: &str) -> String {
        let xml = xml.replacen("</saml:Issuer>", &format!("</saml:Issuer>{template}"), 1);
        let signed = Crypto::sign_xml(&xml, &self.key.private_key_to_der().unwrap()).unwrap();
        signed.split_once("?>").unwrap().1.trim().to_owned()
    }
}

fn id_of(xml: &str) -> &str {
    xml.split_once(" ID=\"").unwrap().1.split_once('"').unwrap().0
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
    let keys: String = signers
        .iter()
        .map(|signer| {
            let certificate = signer.certificate();
            format!(
                r#"<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="{DSIG}"><ds:X509Data><ds:X509Certificate>
{certificate}
</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"#
            )
        })
        .collect();
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!-- made by the provider -->
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{ENTITY}" validUntil="2027-01-01T00:00:00Z"><md:IDPSSODescriptor WantAuthnRequestsSigned="true" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">{keys}<md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example/slo"/><md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://idp.example/post"/><md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example/redirect?tenant=a&amp;b=1"/></md:IDPSSODescriptor></md:EntityDescriptor>"#
    )
}
