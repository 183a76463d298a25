//! Texts that are made for a parser and not for a reader.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tenantry_identity::saml::{Expected, IdentityProvider, Refusal, check_response};

use super::provider::{ALICE, REQUEST, World, metadata, now};

/// The signed text with something between the two halves of Alice's name (CVE-2017-11427 and its kin: the comment is
/// not in the canonical form, so the signature holds, and a reader of the first text node sees half a name).
fn between(world: &World, added: &str) -> Result<String, Refusal> {
    let signed = world.signer.sign(&world.assertion().replace(ALICE, "alice@example.com.evil.example"));
    let split = signed.replace("alice@example.com.evil", &format!("alice@example.com{added}.evil"));
    assert_eq!(split == signed, added.is_empty());
    world.check(&world.response(&split)).map(|assertion| assertion.subject.value)
}

#[test]
fn a_comment_in_a_name_cuts_nothing_off() {
    let world = World::new();
    assert_eq!(between(&world, ""), Ok("alice@example.com.evil.example".to_owned()));
    assert_eq!(between(&world, "<!-- -->"), Err(Refusal::Comment));
    assert_eq!(between(&world, "<!---->"), Err(Refusal::Comment));
    assert_eq!(between(&world, "<![CDATA[]]>"), Err(Refusal::Cdata));
    assert_eq!(between(&world, "<?x?>"), Err(Refusal::ProcessingInstruction));
    assert_eq!(between(&world, "<x/>"), Err(Refusal::SignatureInvalid));
}

/// The same letters written otherwise are the same name, and the signature holds.
#[test]
fn a_character_reference_is_the_character() {
    let world = World::new();
    let xml = world.signed_assertion().replace(ALICE, "&#97;lice&#x40;example.com");
    assert_eq!(world.check(&xml).unwrap().subject.value, ALICE);
}

#[test]
fn comments_are_refused_wherever_they_are() {
    let world = World::new();
    let xml = world.signed_assertion();
    for place in ["</samlp:Response>", "<saml:Subject>", "<ds:SignedInfo>"] {
        assert_eq!(world.check(&xml.replace(place, &format!("<!--x-->{place}"))), Err(Refusal::Comment));
    }
    assert_eq!(world.check(&format!("{xml}<!-- -->")), Err(Refusal::Comment));
}

#[test]
fn an_external_entity_is_never_read() {
    let world = World::new();
    let xml = world.signed_assertion().replace(ALICE, "&file;");
    let declared = format!("<!DOCTYPE r [<!ENTITY file SYSTEM \"file:///etc/passwd\">]>{xml}");
    assert_eq!(world.check(&declared), Err(Refusal::Doctype));
    assert_eq!(
        world.check(&format!("<!DOCTYPE r SYSTEM \"http://127.0.0.1:1/x.dtd\">{xml}")),
        Err(Refusal::Doctype)
    );
    assert_eq!(world.check(&xml), Err(Refusal::Malformed));
}

#[test]
fn a_billion_laughs_are_not_heard() {
    let world = World::new();
    let mut entities = "<!ENTITY l0 \"lol\">".to_owned();
    for n in 1..10 {
        entities += &format!("<!ENTITY l{n} \"{}\">", format!("&l{};", n - 1).repeat(10));
    }
    let xml = world.signed_assertion().replace(ALICE, "&l9;");
    assert_eq!(world.check(&format!("<!DOCTYPE r [{entities}]>{xml}")), Err(Refusal::Doctype));
}

#[test]
fn what_recovers_in_libxml2_is_refused_before_it() {
    let world = World::new();
    let xml = world.signed_assertion();
    let broken = [
        xml.replace("</samlp:Response>", ""),
        xml.replace(ALICE, "a & b"),
        xml.replace(ALICE, "&undefined;"),
        xml.replace(ALICE, "&#0;"),
        xml.replace("Version=\"2.0\"", "Version=\"2.0\" Version=\"2.0\""),
        xml.replace("<saml:Subject>", "<saml:Subject><undeclared:x/>"),
        format!("{xml}<x/>"),
        format!("{xml}x"),
        String::new(),
    ];
    for text in broken {
        assert_eq!(world.check(&text), Err(Refusal::Malformed), "{text}");
    }
}

#[test]
fn other_encodings_are_refused() {
    let world = World::new();
    let xml = world.signed_assertion();
    assert!(world.check(&format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{xml}")).is_ok());
    for encoding in ["UTF-16", "UTF-7", "ISO-8859-1"] {
        let named = format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>{xml}");
        assert_eq!(world.check(&named), Err(Refusal::NotUtf8));
    }
    let expected = Expected { request: Some(REQUEST), provider_may_start: false, now: now() };
    let wide: Vec<u8> = xml.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let refused = |bytes: &[u8]| {
        check_response(&world.sp, &world.idp, &STANDARD.encode(bytes), &expected).map(|_| ()).unwrap_err()
    };
    assert_eq!(refused(&[&[0xfe, 0xff], wide.as_slice()].concat()), Refusal::NotUtf8);
    assert_eq!(refused(&wide), Refusal::Malformed);
}

#[test]
fn too_much_and_too_deep_are_refused() {
    let world = World::new();
    let xml = world.signed_assertion();
    let fat = xml.replace("<saml:Subject>", &format!("{}<saml:Subject>", " ".repeat(256 * 1024)));
    assert_eq!(world.check(&fat), Err(Refusal::TooLarge));
    let deep = format!("<samlp:Extensions>{}{}</samlp:Extensions>", "<x>".repeat(40), "</x>".repeat(40));
    assert_eq!(
        world.check(&xml.replacen("</saml:Issuer>", &format!("</saml:Issuer>{deep}"), 1)),
        Err(Refusal::TooDeep)
    );
}

#[test]
fn metadata_with_a_document_type_is_refused() {
    let world = World::new();
    let good = metadata(&[&world.signer]);
    assert!(IdentityProvider::from_metadata(&good).is_ok());
    let bad = good.replace("<md:EntityDescriptor", "<!DOCTYPE r [<!ENTITY x \"y\">]><md:EntityDescriptor");
    assert_eq!(IdentityProvider::from_metadata(&bad).unwrap_err().field(), Some("metadata"));
}
