//! A good signature under words that are not for us, not now, or not about a log-in.

use chrono::TimeDelta;
use tenantry_identity::saml::{AttributeNames, Expected, Refusal, check_response};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::provider::{ACS, ALICE, ENTITY, REQUEST, SP, World, now};

const OTHER: &str = "https://other.example/acs";

#[test]
fn what_is_meant_for_another_is_refused() {
    let world = World::new();
    let swap = |from: &'static str, to: &'static str| move |xml: String| xml.replace(from, to);
    let audience = "<saml:Audience>https://tenantry.example/saml/con_1</saml:Audience>";
    assert!(world.assertion().contains(audience) && audience.contains(SP));
    for to in ["<saml:Audience>https://tenantry.example/saml/con_2</saml:Audience>", "<saml:Audience/>", ""] {
        assert_eq!(world.refusal_of(swap(audience, to)), Refusal::Audience, "{to}");
    }
    // Two restrictions must both name us (SAML core, section 2.5.1.4).
    let second = "</saml:AudienceRestriction><saml:AudienceRestriction><saml:Audience>urn:other</saml:Audience></saml:AudienceRestriction>";
    assert_eq!(world.refusal_of(swap("</saml:AudienceRestriction>", second)), Refusal::Audience);
    assert_eq!(world.refusal_of(|xml| xml.replace(ACS, OTHER)), Refusal::Recipient);
    assert_eq!(world.refusal_of(|xml| xml.replace(&format!(" Recipient=\"{ACS}\""), "")), Refusal::Recipient);
    assert_eq!(world.refusal_of(|xml| xml.replace(REQUEST, "_request2")), Refusal::InResponseTo);
    let none = format!("InResponseTo=\"{REQUEST}\" ");
    assert_eq!(world.refusal_of(|xml| xml.replace(&none, "")), Refusal::InResponseTo);
    assert_eq!(world.refusal_of(|xml| xml.replace(ENTITY, "https://evil.example")), Refusal::Issuer);
}

#[test]
fn one_of_several_audiences_and_confirmations_is_enough() {
    let world = World::new();
    let audience = "<saml:Audience>urn:other</saml:Audience><saml:Audience>https";
    let other = "<saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:sender-vouches\"/><saml:SubjectConfirmation ";
    let xml = world.assertion().replace("<saml:Audience>https", audience);
    let xml = xml.replace("<saml:SubjectConfirmation ", other);
    assert!(world.check(&world.response(&world.signer.sign(&xml))).is_ok());
}

/// The response's own words count whether it is signed or not.
#[test]
fn the_responses_words_must_fit_as_well() {
    let world = World::new();
    let cases = [
        (format!("Destination=\"{ACS}\""), format!("Destination=\"{OTHER}\""), Refusal::Destination),
        (
            format!("InResponseTo=\"{REQUEST}\"><saml"),
            "InResponseTo=\"_r2\"><saml".to_owned(),
            Refusal::InResponseTo,
        ),
        (format!(" InResponseTo=\"{REQUEST}\"><saml"), "><saml".to_owned(), Refusal::InResponseTo),
        ("status:Success".to_owned(), "status:Responder".to_owned(), Refusal::Status),
        (
            "ID=\"_response1\" Version=\"2.0\"".to_owned(),
            "ID=\"_response1\" Version=\"1.1\"".to_owned(),
            Refusal::Version,
        ),
        ("samlp:Response".to_owned(), "samlp:ArtifactResponse".to_owned(), Refusal::NotAResponse),
    ];
    for (from, to, refusal) in cases {
        let change = |xml: String| {
            let changed = xml.replace(&from, &to);
            assert_ne!(changed, xml, "{from}");
            changed
        };
        let assertion_signed = change(world.response(&world.signer.sign(&world.assertion())));
        assert_eq!(world.check(&assertion_signed), Err(refusal));
        let response_signed = world.signer.sign(&change(world.response(&world.assertion())));
        assert_eq!(world.check(&response_signed), Err(refusal));
    }
    for id in ["", " ID=\"1\"", " ID=\"a b\"", " ID=\"\""] {
        let xml = world.signed_assertion().replace(" ID=\"_response1\"", id);
        assert_eq!(world.check(&xml), Err(Refusal::Id));
    }
    let issuer =
        world.response(&world.signer.sign(&world.assertion())).replacen(ENTITY, "https://evil.example", 1);
    assert_eq!(world.check(&issuer), Err(Refusal::Issuer));
}

#[test]
fn a_signed_response_says_where_it_goes_and_another_may_be_silent() {
    let world = World::new();
    let silent = |xml: String| xml.replace(&format!(" Destination=\"{ACS}\""), "");
    assert!(world.check(&silent(world.signed_assertion())).is_ok());
    let signed = world.signer.sign(&silent(world.response(&world.assertion())));
    assert_eq!(world.check(&signed), Err(Refusal::Destination));
}

#[test]
fn times_are_kept_to_the_second_with_a_minute_for_clocks() {
    let world = World::new();
    let xml = world.signed_assertion();
    let at = |seconds| world.check_at(&xml, now() + TimeDelta::seconds(seconds)).map(|_| ());
    // Issued at 12:00:00, not before 11:59:00, to 12:05:00.
    assert_eq!(at(-61), Err(Refusal::NotYetValid));
    assert_eq!(at(-60), Ok(()));
    assert_eq!(at(300 + 59), Ok(()));
    assert_eq!(at(300 + 60), Err(Refusal::Expired));
    // Each bound by itself.
    let confirmation = "NotOnOrAfter=\"2026-07-01T12:05:00Z\" Recipient";
    let early = |xml: String| xml.replace(confirmation, "NotOnOrAfter=\"2026-07-01T11:59:00Z\" Recipient");
    assert_eq!(world.refusal_of(early), Refusal::Expired);
    let late = |xml: String| {
        xml.replace(confirmation, &format!("NotBefore=\"2026-07-01T12:01:01Z\" {confirmation}"))
    };
    assert_eq!(world.refusal_of(late), Refusal::NotYetValid);
    let conditions = "<saml:Conditions NotBefore=\"2026-07-01T11:59:00Z\"";
    let late = |xml: String| xml.replace(conditions, "<saml:Conditions NotBefore=\"2026-07-01T12:01:01Z\"");
    assert_eq!(world.refusal_of(late), Refusal::NotYetValid);
    let past = |xml: String| {
        xml.replace(
            "NotOnOrAfter=\"2026-07-01T12:05:00Z\"><saml:Aud",
            "NotOnOrAfter=\"2026-07-01T11:59:00Z\"><saml:Aud",
        )
    };
    assert_eq!(world.refusal_of(past), Refusal::Expired);
    let ended = |xml: String| xml.replace("2026-07-01T20:00:00Z", "2026-07-01T11:59:00Z");
    assert_eq!(world.refusal_of(ended), Refusal::SessionEnded);
    let issued = |xml: String| {
        xml.replace("IssueInstant=\"2026-07-01T12:00:00Z\"", "IssueInstant=\"2026-07-01T12:01:01Z\"")
    };
    assert_eq!(world.refusal_of(issued), Refusal::NotYetValid);
}

#[test]
fn a_time_is_in_utc_or_it_is_none() {
    let world = World::new();
    for time in ["2026-07-01T12:05:00", "2026-07-01T14:05:00+02:00", "tomorrow", ""] {
        let refusal = world.refusal_of(|xml| xml.replace("2026-07-01T12:05:00Z", time));
        assert_eq!(refusal, Refusal::Time, "{time}");
    }
    let fraction = world.assertion().replace("2026-07-01T12:05:00Z", "2026-07-01T12:05:00.123456Z");
    assert!(world.check(&world.response(&world.signer.sign(&fraction))).is_ok());
}

#[test]
fn an_assertion_is_about_somebody_who_has_logged_in() {
    let world = World::new();
    let name = format!(">{ALICE}</saml:NameID>");
    for to in ["></saml:NameID>", ">  </saml:NameID>"] {
        assert_eq!(world.refusal_of(|xml| xml.replace(&name, to)), Refusal::NameId);
    }
    assert_eq!(world.refusal_of(|xml| xml.replace("saml:NameID", "saml:EncryptedID")), Refusal::NameId);
    assert_eq!(world.refusal_of(|xml| xml.replace(ALICE, &"a".repeat(1025))), Refusal::NameId);
    assert_eq!(world.refusal_of(|xml| xml.replace("cm:bearer", "cm:holder-of-key")), Refusal::NoBearer);
    let endless = |xml: String| xml.replace("NotOnOrAfter=\"2026-07-01T12:05:00Z\" Recipient", "Recipient");
    assert_eq!(world.refusal_of(endless), Refusal::NoBearer);
    let statement = |xml: String| xml.replace("saml:AuthnStatement", "saml:AuthzDecisionStatement");
    assert_eq!(world.refusal_of(statement), Refusal::NoAuthnStatement);
    let unknown = |xml: String| {
        xml.replace("<saml:AudienceRestriction>", "<x:If xmlns:x=\"urn:x\"/><saml:AudienceRestriction>")
    };
    assert_eq!(world.refusal_of(unknown), Refusal::UnknownCondition);
    let twice = |xml: String| xml.replace("</saml:Subject>", "</saml:Subject><saml:Subject/>");
    assert_eq!(world.refusal_of(twice), Refusal::Malformed);
    let empty = world.signer.sign(&world.response(""));
    assert_eq!(world.check(&empty), Err(Refusal::NoAssertion));
}

/// Without a request of ours, by permission only; and then no answer to a request may be slipped in.
#[test]
fn a_log_in_that_starts_at_the_provider_needs_permission() {
    let world = World::new();
    let answer = format!(" InResponseTo=\"{REQUEST}\"");
    let bare = world.assertion().replace(&answer[1..], "");
    let xml = world.response(&world.signer.sign(&bare)).replace(&answer, "");
    let open = Expected { request: None, provider_may_start: true, now: now() };
    assert_eq!(world.expect(&xml, &open).unwrap().subject.value, ALICE);
    let closed = Expected { provider_may_start: false, ..open };
    assert_eq!(world.expect(&xml, &closed), Err(Refusal::Unsolicited));
    assert_eq!(world.expect(&world.signed_assertion(), &open), Err(Refusal::InResponseTo));
    assert_eq!(world.check(&xml), Err(Refusal::InResponseTo));
}

#[test]
fn an_assertion_is_used_once() {
    let world = World::new();
    let field = STANDARD.encode(world.signed_assertion());
    let expected = Expected { request: Some(REQUEST), provider_may_start: false, now: now() };
    let check = || check_response(&world.sp, &world.idp, &field, &expected).unwrap();
    assert_eq!(check().key(), check().key());
    assert_eq!(check().key().len(), 64);
    assert_eq!(check().keep_until(), now() + TimeDelta::seconds(360));
    assert!(world.check_at(&world.signed_assertion(), check().keep_until()).is_err());
    assert!(check().first_use(true).is_ok());
    // Of two confirmations the later one says how long a second use could pass.
    let second = format!(
        "<saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\"><saml:SubjectConfirmationData InResponseTo=\"{REQUEST}\" NotOnOrAfter=\"2026-07-01T12:30:00Z\" Recipient=\"{ACS}\"/></saml:SubjectConfirmation></saml:Subject>"
    );
    let two = world.assertion().replace("</saml:Subject>", &second);
    let two = STANDARD.encode(world.response(&world.signer.sign(&two)));
    let two = check_response(&world.sp, &world.idp, &two, &expected).unwrap();
    assert_eq!(two.keep_until(), now() + TimeDelta::minutes(31));
    assert_eq!(check().first_use(false), Err(Refusal::Replayed));
}

#[test]
fn codes_are_unique_and_hints_say_something() {
    let mut codes: Vec<_> = Refusal::ALL.iter().map(|refusal| refusal.code()).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), Refusal::ALL.len());
    assert!(Refusal::ALL.iter().all(|refusal| refusal.hint().ends_with('.')));
}

fn with_attributes(world: &World, attributes: &str) -> tenantry_identity::saml::Assertion {
    let xml = world.assertion();
    let from = xml.find("<saml:AttributeStatement>").unwrap();
    let statement =
        format!("<saml:AttributeStatement>{attributes}</saml:AttributeStatement></saml:Assertion>");
    world.check(&world.response(&world.signer.sign(&format!("{}{statement}", &xml[..from])))).unwrap()
}

fn attribute(name: &str, values: &[&str]) -> String {
    let values: String =
        values.iter().map(|v| format!("<saml:AttributeValue>{v}</saml:AttributeValue>")).collect();
    format!("<saml:Attribute Name=\"{name}\">{values}</saml:Attribute>")
}

#[test]
fn attributes_are_found_by_the_names_of_the_usual_providers() {
    let world = World::new();
    let adfs = [
        attribute("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress", &["a@example.com"]),
        attribute("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname", &["Alice"]),
        attribute("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname", &["Åberg"]),
        attribute("http://schemas.microsoft.com/ws/2008/06/identity/claims/groups", &["g1", "g2", "g1", ""]),
        attribute("http://schemas.microsoft.com/claims/groups.link", &["https://graph.example"]),
    ];
    let profile = AttributeNames::default().read(&with_attributes(&world, &adfs.concat()));
    assert_eq!(profile.email.as_deref(), Some("a@example.com"));
    assert_eq!(profile.name.as_deref(), Some("Alice Åberg"));
    assert_eq!(profile.groups, ["g1", "g2"]);
    assert!(profile.groups_incomplete);
    let ldap = [
        attribute("urn:oid:0.9.2342.19200300.100.1.3", &["b@example.com"]),
        attribute("urn:oid:2.16.840.1.113730.3.1.241", &["Bob"]),
        attribute("urn:oid:1.3.6.1.4.1.5923.1.5.1.1", &["cn=staff"]),
    ];
    let profile = AttributeNames::default().read(&with_attributes(&world, &ldap.concat()));
    assert_eq!((profile.email.as_deref(), profile.name.as_deref()), (Some("b@example.com"), Some("Bob")));
    assert_eq!(profile.groups, ["cn=staff"]);
    assert!(!profile.groups_incomplete);
}

#[test]
fn an_address_that_is_not_one_is_none() {
    let world = World::new();
    let names = AttributeNames::default();
    let two = with_attributes(&world, &attribute("email", &["a@example.com", "b@example.com"]));
    assert_eq!(names.read(&two).email, None);
    let structured = "<saml:Attribute Name=\"email\"><saml:AttributeValue><saml:NameID>x</saml:NameID></saml:AttributeValue></saml:Attribute>";
    assert_eq!(names.read(&with_attributes(&world, structured)).email, None);
    let own = AttributeNames { email: vec!["work".to_owned()], ..names.clone() };
    let both = [attribute("email", &["a@example.com"]), attribute("work", &["w@example.com"])].concat();
    assert_eq!(own.read(&with_attributes(&world, &both)).email.as_deref(), Some("w@example.com"));
    // The subject's name is an address when the provider says that it is one.
    let xml = world.assertion().replace("2.0:nameid-format:persistent", "1.1:nameid-format:emailAddress");
    let xml = xml.replace("Name=\"email\"", "Name=\"unused\"");
    let assertion = world.check(&world.response(&world.signer.sign(&xml))).unwrap();
    assert_eq!(names.read(&assertion).email.as_deref(), Some(ALICE));
    assert!(!assertion.subject.is_transient());
}
