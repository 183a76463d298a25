//! Responses that another implementation has made: pysaml2 7.5.5 with the program xmlsec1. Its key was thrown away.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use tenantry_identity::saml::{
    Assertion, AttributeNames, Binding, Expected, IdentityProvider, Refusal, check_response,
};

use super::provider::{ENTITY, REQUEST, service_provider};

const METADATA: &str = include_str!("recorded/pysaml2-metadata.xml");
const RESPONSES: [&str; 3] = [
    include_str!("recorded/pysaml2-assertion.xml"),
    include_str!("recorded/pysaml2-response.xml"),
    include_str!("recorded/pysaml2-both.xml"),
];

fn check(xml: &str) -> Result<Assertion, Refusal> {
    let now: DateTime<Utc> = "2026-11-29T07:25:00Z".parse().unwrap();
    let idp = IdentityProvider::from_metadata(METADATA).unwrap();
    assert_eq!(idp.entity_id, ENTITY);
    assert_eq!(idp.endpoint(Binding::Post).unwrap().location, "https://idp.example/post");
    let expected = Expected { request: Some(REQUEST), provider_may_start: false, now };
    check_response(&service_provider(), &idp, &STANDARD.encode(xml), &expected)?.first_use(true)
}

#[test]
fn responses_of_pysaml2_pass_with_the_signature_at_either_place_or_both() {
    for xml in RESPONSES {
        let assertion = check(xml).unwrap();
        assert_eq!(assertion.subject.value, "alice-1");
        let profile = AttributeNames::default().read(&assertion);
        assert_eq!(profile.email.as_deref(), Some("alice@example.com"));
        assert_eq!(profile.name.as_deref(), Some("Alice"));
    }
}

#[test]
fn a_changed_response_of_pysaml2_does_not() {
    for xml in RESPONSES {
        assert_eq!(check(&xml.replace("alice-1", "alice-2")), Err(Refusal::SignatureInvalid));
    }
}

/// Nothing is initialised before: the first checks of a process may come from many threads at once.
#[test]
fn the_first_checks_may_come_at_once() {
    let barrier = std::sync::Barrier::new(8);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                barrier.wait();
                assert!(check(RESPONSES[0]).is_ok());
            });
        }
    });
}
