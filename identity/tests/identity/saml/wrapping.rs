//! Signature wrapping (Somorovsky and others, *On breaking SAML: be whoever you want to be*, 2012): a signed element is
//! kept where the signature finds it, and another one put where the reader looks. Each of the eight known forms is made
//! from a freshly signed response.

use tenantry_identity::saml::Refusal;

use super::provider::{ALICE, MALLORY, World};

/// A response of which signature, signed part and forged part are at hand.
struct Parts {
    world: World,
    /// The assertion with its signature, and without.
    signed: String,
    original: String,
    signature: String,
    /// About Mallory, with another ID, not signed.
    evil: String,
}

fn parts() -> Parts {
    let world = World::new();
    let signed = world.signer.sign(&world.assertion());
    let signature = signature_of(&signed);
    let original = signed.replacen(&signature, "", 1);
    let evil = world.assertion().replace("_assertion1", "_evil").replace(ALICE, MALLORY);
    Parts { signed, original, signature, evil, world }
}

fn signature_of(xml: &str) -> String {
    let from = xml.find("<ds:Signature ").unwrap();
    let to = xml.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
    xml[from..to].to_owned()
}

fn before(xml: &str, end: &str, added: &str) -> String {
    let at = xml.rfind(end).unwrap();
    format!("{}{added}{}", &xml[..at], &xml[at..])
}

fn after_issuer(xml: &str, added: &str) -> String {
    xml.replacen("</saml:Issuer>", &format!("</saml:Issuer>{added}"), 1)
}

/// Signed response, as original without its signature and as forgery.
fn responses(world: &World) -> (String, String, String) {
    let signed = world.signed_response();
    let signature = signature_of(&signed);
    let original = signed.replacen(&signature, "", 1);
    let evil =
        original.replace("_response1", "_evil").replace("_assertion1", "_evil2").replace(ALICE, MALLORY);
    (signature, original, evil)
}

#[test]
fn xsw1_the_signed_response_inside_the_signature_of_a_forged_one() {
    let world = World::new();
    let (signature, original, evil) = responses(&world);
    let holding = before(&signature, "</ds:Signature>", &original);
    assert_eq!(world.check(&after_issuer(&evil, &holding)), Err(Refusal::MoreThanOneAssertion));
}

#[test]
fn xsw2_the_signed_response_beside_the_signature_in_a_forged_one() {
    let world = World::new();
    let (signature, original, evil) = responses(&world);
    let xml = after_issuer(&evil, &format!("{original}{signature}"));
    assert_eq!(world.check(&xml), Err(Refusal::MoreThanOneAssertion));
}

#[test]
fn xsw3_a_forged_assertion_before_the_signed_one() {
    let p = parts();
    let xml = p.world.response(&format!("{}{}", p.evil, p.signed));
    assert_eq!(p.world.check(&xml), Err(Refusal::MoreThanOneAssertion));
}

#[test]
fn xsw4_the_signed_assertion_inside_a_forged_one() {
    let p = parts();
    let xml = p.world.response(&before(&p.evil, "</saml:Assertion>", &p.signed));
    assert_eq!(p.world.check(&xml), Err(Refusal::MoreThanOneAssertion));
}

#[test]
fn xsw5_the_signature_in_a_forged_assertion_and_the_original_behind() {
    let p = parts();
    let xml = p.world.response(&format!("{}{}", after_issuer(&p.evil, &p.signature), p.original));
    assert_eq!(p.world.check(&xml), Err(Refusal::MoreThanOneAssertion));
}

#[test]
fn xsw6_the_original_inside_the_signature_of_a_forged_assertion() {
    let p = parts();
    let holding = before(&p.signature, "</ds:Signature>", &p.original);
    let xml = p.world.response(&after_issuer(&p.evil, &holding));
    assert_eq!(p.world.check(&xml), Err(Refusal::MoreThanOneAssertion));
}

#[test]
fn xsw7_a_forged_assertion_inside_extensions() {
    let p = parts();
    let extensions = format!("<samlp:Extensions>{}</samlp:Extensions>", p.evil);
    let xml = after_issuer(&p.world.response(&p.signed), &extensions);
    assert_eq!(p.world.check(&xml), Err(Refusal::MoreThanOneAssertion));
}

#[test]
fn xsw8_the_original_in_an_object_of_the_signature_of_a_forged_assertion() {
    let p = parts();
    let object = format!("<ds:Object>{}</ds:Object>", p.original);
    let xml = p.world.response(&after_issuer(&p.evil, &before(&p.signature, "</ds:Signature>", &object)));
    assert_eq!(p.world.check(&xml), Err(Refusal::MoreThanOneAssertion));
}

/// The second wall, where there is one assertion only: what carries the signature must be what it refers to.
#[test]
fn a_signature_moved_to_a_forged_assertion_covers_nothing_of_it() {
    let p = parts();
    let xml = p.world.response(&after_issuer(&p.evil, &p.signature));
    assert_eq!(p.world.check(&xml), Err(Refusal::ForeignReference));
    let same_id = p.evil.replace("_evil", "_assertion1");
    let xml = p.world.response(&after_issuer(&same_id, &p.signature));
    assert_eq!(p.world.check(&xml), Err(Refusal::SignatureInvalid));
}

/// Hidden under another name or in another namespace, the signed original is found all the same.
#[test]
fn the_original_hides_in_no_other_namespace_and_under_no_other_element() {
    let p = parts();
    let foreign = p.original.replacen("<saml:Assertion ", "<x:Assertion xmlns:x=\"urn:x\" ", 1);
    let foreign = foreign.replace("</saml:Assertion>", "</x:Assertion>");
    let xml = p.world.response(&format!("{}{foreign}", after_issuer(&p.evil, &p.signature)));
    assert_eq!(p.world.check(&xml), Err(Refusal::MoreThanOneAssertion));
}

#[test]
fn two_elements_with_one_id_are_refused_however_the_attribute_is_written() {
    let world = World::new();
    let signed = world.signed_assertion();
    for attribute in
        ["ID=\"_assertion1\"", "Id=\"_assertion1\"", "id='_assertion1'", "xml:id=\"_assertion1\""]
    {
        let xml = after_issuer(&signed, &format!("<samlp:Extensions><x {attribute}/></samlp:Extensions>"));
        assert_eq!(world.check(&xml), Err(Refusal::DuplicateId), "{attribute}");
    }
}

#[test]
fn two_assertions_are_refused_although_both_are_signed() {
    let world = World::new();
    let other = world.assertion().replace("_assertion1", "_assertion2");
    let both = format!("{}{}", world.signer.sign(&world.assertion()), world.signer.sign(&other));
    assert_eq!(world.check(&world.response(&both)), Err(Refusal::MoreThanOneAssertion));
}
