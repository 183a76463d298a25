//! Who has signed what, and how.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tenantry_identity::saml::{IdentityProvider, Refusal};

use super::provider::{
    ALICE, ECDSA_SHA256, ENVELOPED, EXC, MALLORY, RSA_SHA256, SHA256, Signer, World, metadata,
};

const MORE: &str = "http://www.w3.org/2001/04/xmldsig-more#";
const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";

/// Signs with a changed template.
fn refusal_of(world: &World, from: &str, to: &str) -> Refusal {
    let template = world.signer.template("_assertion1");
    let changed = template.replace(from, to);
    assert_ne!(template, changed, "the test has changed nothing");
    let signed = world.signer.sign_with(&world.assertion(), &changed);
    world.check(&world.response(&signed)).unwrap_err()
}

#[test]
fn an_untouched_response_passes_whichever_part_is_signed() {
    let world = World::new();
    let both = world.signer.sign(&world.response(&world.signer.sign(&world.assertion())));
    for xml in [world.signed_assertion(), world.signed_response(), both] {
        let assertion = world.check(&xml).unwrap();
        assert_eq!(assertion.subject.value, ALICE);
        assert_eq!(assertion.session_index.as_deref(), Some("_session1"));
        assert_eq!(assertion.attributes.len(), 2);
    }
}

#[test]
fn an_elliptic_key_and_longer_hashes_pass() {
    let world = World::with(Signer::ecdsa());
    assert!(world.check(&world.signed_assertion()).is_ok());
    let world = World::new();
    for length in [384, 512] {
        let template =
            world.signer.template("_assertion1").replace(RSA_SHA256, &format!("{MORE}rsa-sha{length}"));
        let signed = world.signer.sign_with(&world.assertion(), &template);
        assert!(world.check(&world.response(&signed)).is_ok(), "{length}");
    }
}

#[test]
fn without_a_signature_nothing_is_believed() {
    let world = World::new();
    assert_eq!(world.check(&world.response(&world.assertion())), Err(Refusal::Unsigned));
}

#[test]
fn a_changed_assertion_is_refused() {
    let world = World::new();
    for xml in [world.signed_assertion(), world.signed_response()] {
        assert_eq!(world.check(&xml.replace(ALICE, MALLORY)), Err(Refusal::SignatureInvalid));
        assert_eq!(world.check(&xml.replace("staff", "owner")), Err(Refusal::SignatureInvalid));
    }
}

#[test]
fn a_strangers_signature_is_refused_although_its_key_is_inside() {
    let world = World::new();
    let stranger = Signer::rsa();
    let signed = world.response(&stranger.sign(&world.assertion()));
    assert_eq!(world.check(&signed), Err(Refusal::SignatureInvalid));
    let certificate = stranger.certificate();
    let info = format!(
        "</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
    );
    let with_key = signed.replace("</ds:SignatureValue>", &info);
    assert_ne!(with_key, signed);
    assert_eq!(world.check(&with_key), Err(Refusal::SignatureInvalid));
    // The trusted key's signature holds whatever certificate stands beside it.
    let own = world.signed_assertion().replace("</ds:SignatureValue>", &info);
    assert!(world.check(&own).is_ok());
}

#[test]
fn sha_1_is_refused_for_the_signature_and_for_the_digest() {
    let world = World::new();
    assert_eq!(refusal_of(&world, RSA_SHA256, &format!("{DSIG}rsa-sha1")), Refusal::SignatureAlgorithm);
    assert_eq!(refusal_of(&world, SHA256, &format!("{DSIG}sha1")), Refusal::DigestAlgorithm);
}

/// A keyed hash with the public certificate as its secret: whoever has the metadata could make it.
#[test]
fn a_keyed_hash_is_no_signature() {
    let world = World::new();
    let xml = world.signed_assertion().replace(RSA_SHA256, &format!("{MORE}hmac-sha256"));
    assert_eq!(world.check(&xml), Err(Refusal::SignatureAlgorithm));
    let xml = world.signed_assertion().replace(RSA_SHA256, ECDSA_SHA256);
    assert_eq!(world.check(&xml), Err(Refusal::SignatureInvalid));
}

#[test]
fn only_two_transforms_are_run() {
    let world = World::new();
    let xml = world.signed_assertion();
    let last = format!("<ds:Transform Algorithm=\"{EXC}\"/>");
    let enveloped = format!("<ds:Transform Algorithm=\"{ENVELOPED}\"/>");
    let xslt = "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"><xsl:stylesheet xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\" version=\"1.0\"><xsl:template match=\"/\"><xsl:copy-of select=\"document('file:///etc/passwd')\"/></xsl:template></xsl:stylesheet></ds:Transform>";
    let xpath = "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\"><ds:XPath>not(ancestor-or-self::*[local-name()='Subject'])</ds:XPath></ds:Transform>";
    let inclusive = "<ds:Transform Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315\"/>";
    let comments = format!("<ds:Transform Algorithm=\"{EXC}WithComments\"/>");
    for changed in [
        xml.replace(&last, xslt),
        xml.replace(&last, &format!("{xslt}{last}")),
        xml.replace(&enveloped, &format!("{enveloped}{xpath}")),
        xml.replace(&last, inclusive),
        xml.replace(&last, &comments),
        xml.replace(&last, ""),
        xml.replace(&enveloped, ""),
        xml.replace(&last, &last.replace("ds:Transform", "ds:Other")),
        xml.replace(&format!("{enveloped}{last}"), &format!("{last}{enveloped}")),
    ] {
        assert_ne!(changed, xml);
        assert_eq!(world.check(&changed), Err(Refusal::Transform));
    }
    let method = format!("<ds:CanonicalizationMethod Algorithm=\"{EXC}\"/>");
    let changed =
        xml.replace(&method, &method.replace(EXC, "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"));
    assert_eq!(world.check(&changed), Err(Refusal::Canonicalization));
}

/// A signature that is good, and over another element than the one that is read.
#[test]
fn a_signature_over_another_element_is_refused() {
    let world = World::new();
    // In the assertion, over the response.
    let xml = world.signed_response();
    let (from, to) = (xml.find("<ds:Signature ").unwrap(), xml.find("</ds:Signature>").unwrap() + 15);
    let signature = xml[from..to].to_owned();
    let moved = xml.replace(&signature, "").replace("<saml:Subject>", &format!("{signature}<saml:Subject>"));
    assert_eq!(world.check(&moved), Err(Refusal::ForeignReference));
    // In the response, over the assertion.
    let xml =
        world.signer.sign_with(&world.response(&world.assertion()), &world.signer.template("_assertion1"));
    assert_eq!(world.check(&xml), Err(Refusal::ForeignReference));
    // Over the whole document, over nothing named, and over a part of the assertion.
    assert_eq!(refusal_of(&world, "URI=\"#_assertion1\"", "URI=\"\""), Refusal::ForeignReference);
    let xml = world.signed_assertion();
    for uri in ["#xpointer(/)", "#xpointer(id('_assertion1'))", "http://127.0.0.1:1/x", "_assertion1"] {
        let changed = xml.replace("URI=\"#_assertion1\"", &format!("URI=\"{uri}\""));
        assert_eq!(world.check(&changed), Err(Refusal::ForeignReference), "{uri}");
    }
    let conditions = world.assertion().replace("<saml:Conditions ", "<saml:Conditions ID=\"_conditions1\" ");
    let signed = world.signer.sign_with(&conditions, &world.signer.template("_conditions1"));
    assert_eq!(world.check(&world.response(&signed)), Err(Refusal::ForeignReference));
}

#[test]
fn a_signature_stands_in_the_response_or_the_assertion_and_once() {
    let world = World::new();
    let xml = world.signed_assertion();
    let from = xml.find("<ds:Signature ").unwrap();
    let to = xml.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
    let signature = &xml[from..to];
    let bare = xml.replace(signature, "");
    let place = |before: &str| bare.replace(before, &format!("{signature}{before}"));
    assert_eq!(world.check(&place("<saml:NameID ")), Err(Refusal::MisplacedSignature));
    let extension = format!("<samlp:Extensions>{signature}</samlp:Extensions><samlp:Status>");
    assert_eq!(world.check(&bare.replace("<samlp:Status>", &extension)), Err(Refusal::MisplacedSignature));
    assert_eq!(world.check(&place("<samlp:Status>")), Err(Refusal::ForeignReference));
    assert_eq!(
        world.check(&xml.replace(signature, &signature.repeat(2))),
        Err(Refusal::MoreThanOneSignature)
    );
}

#[test]
fn a_signature_has_its_parts_and_no_others() {
    let world = World::new();
    let xml = world.signed_assertion();
    let reference = &xml[xml.find("<ds:Reference").unwrap()..xml.find("</ds:SignedInfo>").unwrap()];
    for (from, to) in [
        ("</ds:Signature>", "<ds:Object/></ds:Signature>"),
        ("</ds:SignedInfo>", "</ds:SignedInfo><ds:SignedInfo/>"),
        (reference, &reference.repeat(2)),
        (reference, ""),
        ("</ds:Reference>", "<ds:DigestValue/></ds:Reference>"),
    ] {
        let changed = xml.replace(from, to);
        assert_ne!(changed, xml);
        assert_eq!(world.check(&changed), Err(Refusal::SignatureForm), "{to}");
    }
}

/// While a provider changes its key both are in its metadata, in either order, and of different kinds.
#[test]
fn each_certificate_of_the_metadata_may_sign() {
    let (old, new, gone) = (Signer::rsa(), Signer::ecdsa(), Signer::rsa());
    let mut world = World::new();
    for order in [[&old, &new], [&new, &old]] {
        world.idp = IdentityProvider::from_metadata(&metadata(&order)).unwrap();
        assert_eq!(world.idp.certificates.len(), 2);
        for signer in order {
            assert!(world.check(&world.response(&signer.sign(&world.assertion()))).is_ok());
        }
        let refused = world.check(&world.response(&gone.sign(&world.assertion())));
        assert_eq!(refused, Err(Refusal::SignatureInvalid));
    }
}

/// An outer signature that is good does not make a bad inner one good.
#[test]
fn of_two_signatures_both_must_hold() {
    let world = World::new();
    let stranger = Signer::rsa();
    let xml = world.signer.sign(&world.response(&stranger.sign(&world.assertion())));
    assert_eq!(world.check(&xml), Err(Refusal::SignatureInvalid));
    let xml = stranger.sign(&world.response(&world.signer.sign(&world.assertion())));
    assert_eq!(world.check(&xml), Err(Refusal::SignatureInvalid));
}

#[test]
fn a_truncated_or_empty_signature_value_is_refused() {
    let world = World::new();
    let xml = world.signed_assertion();
    let from = xml.find("<ds:SignatureValue>").unwrap() + "<ds:SignatureValue>".len();
    let to = xml.find("</ds:SignatureValue>").unwrap();
    for value in ["", "AAAA", &STANDARD.encode([0; 256]), &xml[from..to - 8]] {
        let changed = format!("{}{value}{}", &xml[..from], &xml[to..]);
        assert_eq!(world.check(&changed), Err(Refusal::SignatureInvalid));
    }
}

/// xmlsec keeps global state: checks from many threads at once must neither fail nor pass for another's sake.
#[test]
fn checks_from_many_threads_do_not_meet() {
    let world = World::new();
    let good = world.signed_assertion();
    let bad = good.replace(ALICE, MALLORY);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..25 {
                    assert_eq!(world.check(&good).unwrap().subject.value, ALICE);
                    assert_eq!(world.check(&bad), Err(Refusal::SignatureInvalid));
                }
            });
        }
    });
}
