//! What we send: requests by both ways and our metadata, checked with other code than that which made them.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use flate2::read::DeflateDecoder;
use openssl::hash::MessageDigest;
use openssl::sign::Verifier;
use openssl::x509::X509;
use roxmltree::Document;
use samael::crypto::{CertificateDer, Crypto, CryptoProvider};
use tenantry_identity::saml::{AuthnRequest, Binding, Certificate, KeyPair, RelayState};
use tenantry_kernel::OsEntropy;
use url::Url;

use super::provider::{ACS, SP, World, now};

const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";

fn state() -> RelayState {
    RelayState::new("flow_1-A").unwrap()
}

fn is_our_request(xml: &str, request: &AuthnRequest, destination: &str) {
    let document = Document::parse(xml).unwrap();
    let root = document.root_element();
    assert!(root.has_tag_name((PROTOCOL, "AuthnRequest")));
    assert_eq!(root.attribute("ID"), Some(request.id.as_str()));
    assert_eq!(root.attribute("Destination"), Some(destination));
    assert_eq!(root.attribute("AssertionConsumerServiceURL"), Some(ACS));
    assert_eq!(root.attribute("IssueInstant"), Some("2026-07-01T12:00:00Z"));
    let issuer = root.children().find(|node| node.has_tag_name((ASSERTION, "Issuer"))).unwrap();
    assert_eq!(issuer.text(), Some(SP));
}

fn is_signed_by(xml: &str, certificate: &Certificate) -> bool {
    Crypto::verify_signed_xml(xml, &CertificateDer::from(certificate.der().to_vec()), Some("ID")).is_ok()
}

#[test]
fn a_redirect_carries_a_signed_request() {
    let world = World::new();
    let request = AuthnRequest::new(&OsEntropy, now());
    let address = request.redirect(&world.sp, &world.idp, &state()).unwrap();
    // The provider's own query is kept.
    let (_, query) = address.split_once("https://idp.example/redirect?tenant=a&b=1&").unwrap();
    let (signed, signature) = query.split_once("&Signature=").unwrap();
    let fields: Vec<_> = signed.split('&').map(|field| field.split_once('=').unwrap().0).collect();
    assert_eq!(fields, ["SAMLRequest", "RelayState", "SigAlg"]);
    let url = Url::parse(&address).unwrap();
    let field = |name: &str| url.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
    assert_eq!(field("RelayState"), "flow_1-A");
    let mut xml = String::new();
    let packed = STANDARD.decode(field("SAMLRequest")).unwrap();
    DeflateDecoder::new(packed.as_slice()).read_to_string(&mut xml).unwrap();
    is_our_request(&xml, &request, "https://idp.example/redirect?tenant=a&b=1");
    assert!(!xml.contains("Signature"), "bindings, 3.4.4.1: the signature is in the query");

    let certificate = X509::from_der(world.sp.keys.current.certificate().der()).unwrap();
    let key = certificate.public_key().unwrap();
    let verify = |text: &str| {
        let mut verifier = Verifier::new(MessageDigest::sha256(), &key).unwrap();
        verifier.verify_oneshot(&STANDARD.decode(field("Signature")).unwrap(), text.as_bytes()).unwrap()
    };
    assert!(verify(signed));
    assert!(!verify(&signed.replace("flow_1", "flow_2")));
    assert!(!signature.contains(['+', '/', '=']));
}

#[test]
fn a_form_carries_a_signature_inside_the_request() {
    let world = World::new();
    let mut request = AuthnRequest::new(&OsEntropy, now());
    request.force = true;
    let form = request.post(&world.sp, &world.idp, state()).unwrap();
    assert_eq!((form.action.as_str(), form.relay_state.as_str()), ("https://idp.example/post", "flow_1-A"));
    let xml = String::from_utf8(STANDARD.decode(&form.saml_request).unwrap()).unwrap();
    is_our_request(&xml, &request, "https://idp.example/post");
    assert!(xml.contains("ForceAuthn=\"true\""));
    let ours = world.sp.keys.current.certificate();
    assert!(is_signed_by(&xml, ours));
    assert!(!is_signed_by(&xml.replace("ForceAuthn=\"true\"", "ForceAuthn=\"false\""), ours));
    assert!(!is_signed_by(&xml, &world.idp.certificates[0]));
}

#[test]
fn each_request_has_an_id_of_its_own() {
    let id = || AuthnRequest::new(&OsEntropy, now()).id;
    let (one, two) = (id(), id());
    assert_ne!(one, two);
    assert!(one.starts_with('_') && one.len() == 33);
}

#[test]
fn a_relay_state_is_a_short_handle() {
    assert!(RelayState::new("a".repeat(80)).is_some());
    for bad in ["", "https://evil.example", "a b", "a&b", &"a".repeat(81)] {
        assert_eq!(RelayState::new(bad), None);
    }
}

#[test]
fn a_binding_that_the_provider_lacks_is_an_error_with_a_remedy() {
    let mut world = World::new();
    world.idp.sign_on.retain(|endpoint| endpoint.binding == Binding::Post);
    let error = AuthnRequest::new(&OsEntropy, now()).redirect(&world.sp, &world.idp, &state()).unwrap_err();
    assert_eq!(error.field(), Some("binding"));
}

#[test]
fn our_metadata_names_us_and_the_next_certificate_before_it_is_used() {
    let mut world = World::new();
    let next = KeyPair::generate("Tenantry", now(), now() + TimeDelta::days(700)).unwrap();
    let published = |xml: &str, use_of_key: &str| -> Vec<String> {
        let document = Document::parse(xml).unwrap();
        let keys = document.descendants().filter(|node| node.attribute("use") == Some(use_of_key));
        let certificates = keys
            .flat_map(|key| key.descendants().filter(|node| node.has_tag_name((DSIG, "X509Certificate"))));
        certificates.map(|node| node.text().unwrap().to_owned()).collect()
    };
    let current = STANDARD.encode(world.sp.keys.current.certificate().der());
    assert_eq!(published(&world.sp.metadata(), "signing"), [current.as_str()]);
    let coming = STANDARD.encode(next.certificate().der());
    world.sp.keys.next = Some(next);
    for use_of_key in ["signing", "encryption"] {
        assert_eq!(published(&world.sp.metadata(), use_of_key), [current.clone(), coming.clone()]);
    }
    // The next step of the rotation: the old one opens what still comes, and is published no more.
    let next = world.sp.keys.next.take().unwrap();
    world.sp.keys.previous = Some(std::mem::replace(&mut world.sp.keys.current, next));
    assert_eq!(published(&world.sp.metadata(), "signing"), [coming]);
    let xml = world.sp.metadata();
    let document = Document::parse(&xml).unwrap();
    assert_eq!(document.root_element().attribute("entityID"), Some(SP));
    let acs =
        document.descendants().find(|node| node.tag_name().name() == "AssertionConsumerService").unwrap();
    assert_eq!(acs.attribute("Location"), Some(ACS));
}

#[test]
fn signed_metadata_is_signed_and_names_are_escaped() {
    let mut world = World::new();
    world.sp.entity_id = "https://tenantry.example/?a=1&b=\"<2>".to_owned();
    let xml = world.sp.signed_metadata("_metadata1").unwrap();
    assert!(is_signed_by(&xml, world.sp.keys.current.certificate()));
    assert!(!is_signed_by(&xml.replace("con_1/acs", "con_2/acs"), world.sp.keys.current.certificate()));
    let document = Document::parse(&xml).unwrap();
    assert_eq!(document.root_element().attribute("entityID"), Some(world.sp.entity_id.as_str()));
    assert!(world.sp.signed_metadata("1 <").is_err());
}
