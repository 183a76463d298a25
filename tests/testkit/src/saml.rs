//! A SAML identity provider for tests: it signs by xmlsec whatever it is given, and reads requests with other code than
//! that which made them.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use flate2::read::DeflateDecoder;
use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::sign::Verifier;
use openssl::x509::X509;
use samael::crypto::{Crypto, CryptoProvider};
use url::Url;

pub const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
pub const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
pub const ECDSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
pub const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
pub const EXC: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
pub const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

/// A key of a provider, with a certificate that ends when asked.
pub struct Signer {
    key: PKey<Private>,
    certificate: Vec<u8>,
    algorithm: &'static str,
}

impl Signer {
    pub fn rsa(bits: u32, ends: DateTime<Utc>) -> Self {
        Self::new(PKey::from_rsa(Rsa::generate(bits).unwrap()).unwrap(), RSA_SHA256, ends)
    }

    pub fn ecdsa(ends: DateTime<Utc>) -> Self {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        Self::new(PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap(), ECDSA_SHA256, ends)
    }

    fn new(key: PKey<Private>, algorithm: &'static str, ends: DateTime<Utc>) -> Self {
        let at = |time: DateTime<Utc>| Asn1Time::from_unix(time.timestamp()).unwrap();
        let mut serial = BigNum::new().unwrap();
        serial.rand(64, MsbOption::MAYBE_ZERO, false).unwrap();
        let mut builder = X509::builder().unwrap();
        builder.set_version(2).unwrap();
        builder.set_serial_number(&serial.to_asn1_integer().unwrap()).unwrap();
        builder.set_not_before(&at(ends - TimeDelta::days(366))).unwrap();
        builder.set_not_after(&at(ends)).unwrap();
        builder.set_pubkey(&key).unwrap();
        builder.sign(&key, MessageDigest::sha256()).unwrap();
        Self { certificate: builder.build().to_der().unwrap(), key, algorithm }
    }

    /// DER in base64.
    pub fn certificate(&self) -> String {
        STANDARD.encode(&self.certificate)
    }

    /// The element with a signature after its issuer, as providers sign.
    pub fn sign(&self, xml: &str) -> String {
        self.sign_with(xml, &self.template(id_of(xml)))
    }

    pub fn template(&self, id: &str) -> String {
        let algorithm = self.algorithm;
        format!(
            r##"<ds:Signature xmlns:ds="{DSIG}"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{EXC}"/><ds:SignatureMethod Algorithm="{algorithm}"/><ds:Reference URI="#{id}"><ds:Transforms><ds:Transform Algorithm="{ENVELOPED}"/><ds:Transform Algorithm="{EXC}"/></ds:Transforms><ds:DigestMethod Algorithm="{SHA256}"/><ds:DigestValue/></ds:Reference></ds:SignedInfo><ds:SignatureValue/></ds:Signature>"##
        )
    }

    pub fn sign_with(&self, xml: &str, template: &str) -> String {
        let xml = xml.replacen("</saml:Issuer>", &format!("</saml:Issuer>{template}"), 1);
        let signed = Crypto::sign_xml(&xml, &self.key.private_key_to_der().unwrap()).unwrap();
        signed.split_once("?>").unwrap().1.trim().to_owned()
    }
}

fn id_of(xml: &str) -> &str {
    xml.split_once(" ID=\"").unwrap().1.split_once('"').unwrap().0
}

/// Where a provider takes requests.
pub struct Places<'a> {
    pub entity_id: &'a str,
    pub post: Option<&'a str>,
    pub redirect: Option<&'a str>,
}

/// The metadata of a provider with these keys.
pub fn metadata(places: &Places<'_>, signers: &[&Signer]) -> String {
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
    let entity = places.entity_id;
    let service = |binding: &str, location: Option<&str>| {
        location.map_or_else(String::new, |location| {
            let location = location.replace('&', "&amp;");
            format!(
                r#"<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-{binding}" Location="{location}"/>"#
            )
        })
    };
    let (post, redirect) = (service("POST", places.post), service("Redirect", places.redirect));
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!-- made by the provider -->
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{entity}" validUntil="2027-01-01T00:00:00Z"><md:IDPSSODescriptor WantAuthnRequestsSigned="true" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">{keys}<md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example/slo"/>{post}{redirect}</md:IDPSSODescriptor></md:EntityDescriptor>"#
    )
}

/// What a provider says of somebody, to whom and when.
#[derive(Clone)]
pub struct Said {
    pub issuer: String,
    /// The NameID, and the attribute `email`.
    pub email: String,
    pub groups: Vec<String>,
    /// Our entity id.
    pub audience: String,
    pub acs: String,
    /// What is answered, if anything.
    pub request: Option<String>,
    pub now: DateTime<Utc>,
    /// Of response and assertion.
    pub id: String,
}

impl Said {
    /// Without a signature.
    pub fn assertion(&self) -> String {
        let Self { issuer, email, audience, acs, id, .. } = self;
        let at =
            |minutes| (self.now + TimeDelta::minutes(minutes)).to_rfc3339_opts(SecondsFormat::Secs, true);
        let (now, soon, early, end) = (at(0), at(5), at(-1), at(480));
        let answering = self.answering();
        let groups: String =
            self.groups.iter().map(|g| format!("<saml:AttributeValue>{g}</saml:AttributeValue>")).collect();
        format!(
            r#"<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_a{id}" Version="2.0" IssueInstant="{now}"><saml:Issuer>{issuer}</saml:Issuer><saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">{email}</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData{answering} NotOnOrAfter="{soon}" Recipient="{acs}"/></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="{early}" NotOnOrAfter="{soon}"><saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="{early}" SessionIndex="_s{id}" SessionNotOnOrAfter="{end}"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement><saml:Attribute Name="email"><saml:AttributeValue>{email}</saml:AttributeValue></saml:Attribute><saml:Attribute Name="groups">{groups}</saml:Attribute></saml:AttributeStatement></saml:Assertion>"#
        )
    }

    pub fn response(&self, inside: &str) -> String {
        let Self { issuer, acs, id, .. } = self;
        let now = self.now.to_rfc3339_opts(SecondsFormat::Secs, true);
        let answering = self.answering();
        format!(
            r#"<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_r{id}" Version="2.0" IssueInstant="{now}" Destination="{acs}"{answering}><saml:Issuer>{issuer}</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>{inside}</samlp:Response>"#
        )
    }

    /// As most providers answer: the assertion is signed.
    pub fn signed_by(&self, signer: &Signer) -> String {
        self.response(&signer.sign(&self.assertion()))
    }

    fn answering(&self) -> String {
        self.request.as_ref().map_or_else(String::new, |request| format!(r#" InResponseTo="{request}""#))
    }
}

/// A request that came by redirect.
#[derive(Debug, Clone)]
pub struct Asked {
    pub request: String,
    pub relay_state: String,
    signed: String,
    signature: Vec<u8>,
}

impl Asked {
    /// Reads the address that a browser was sent to.
    pub fn of(address: &str) -> Self {
        let (signed, _) = address.split_once("&Signature=").expect("a signed request");
        let signed = signed.get(signed.find("SAMLRequest=").expect("a request")..).unwrap().to_owned();
        let url = Url::parse(address).unwrap();
        let field = |name: &str| url.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
        let packed = STANDARD.decode(field("SAMLRequest")).unwrap();
        let mut xml = String::new();
        DeflateDecoder::new(packed.as_slice()).read_to_string(&mut xml).unwrap();
        Self {
            request: id_of(&xml).to_owned(),
            relay_state: field("RelayState"),
            signed,
            signature: STANDARD.decode(field("Signature")).unwrap(),
        }
    }

    /// Whether one of the certificates in our metadata has signed it.
    pub fn is_signed_by_one_of(&self, our_metadata: &str) -> bool {
        published(our_metadata).iter().any(|der| {
            let key = X509::from_der(der).unwrap().public_key().unwrap();
            let mut verifier = Verifier::new(MessageDigest::sha256(), &key).unwrap();
            verifier.verify_oneshot(&self.signature, self.signed.as_bytes()).unwrap_or(false)
        })
    }
}

/// The certificates for signing in a document of ours.
pub fn published(our_metadata: &str) -> Vec<Vec<u8>> {
    our_metadata
        .split(r#"<md:KeyDescriptor use="signing">"#)
        .skip(1)
        .map(|part| {
            let (_, rest) = part.split_once("<ds:X509Certificate>").unwrap();
            STANDARD.decode(rest.split_once('<').unwrap().0).unwrap()
        })
        .collect()
}

/// A message as it stands in a form.
pub fn packed(xml: &str) -> String {
    STANDARD.encode(xml)
}
