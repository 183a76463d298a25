//! Keys and certificates of both sides, and what a provider's metadata must say.

use chrono::{DateTime, TimeDelta, Utc};
use tenantry_identity::saml::{
    Alarm, Binding, Certificate, Holder, IdentityProvider, KeyPair, Urgency, alarms,
};
use tenantry_kernel::Secret;

use super::provider::{ENTITY, Signer, World, metadata, now};

#[test]
fn metadata_of_a_provider_is_read() {
    let (one, two) = (Signer::rsa(), Signer::ecdsa());
    let text = metadata(&[&one, &two, &one]);
    let idp = IdentityProvider::from_metadata(&text).unwrap();
    assert_eq!(idp.entity_id, ENTITY);
    assert_eq!(idp.certificates.len(), 2, "the same certificate twice is one");
    assert_eq!(idp.endpoint(Binding::Post).unwrap().location, "https://idp.example/post");
    assert_eq!(
        idp.endpoint(Binding::Redirect).unwrap().location,
        "https://idp.example/redirect?tenant=a&b=1"
    );
    assert_eq!(idp.valid_until, Some("2027-01-01T00:00:00Z".parse::<chrono::DateTime<Utc>>().unwrap()));
    let body = text.split_once("-->").unwrap().1;
    let wrap = |inside: &str| {
        format!(
            "<m:EntitiesDescriptor xmlns:m=\"urn:oasis:names:tc:SAML:2.0:metadata\">{inside}</m:EntitiesDescriptor>"
        )
    };
    assert_eq!(IdentityProvider::from_metadata(&wrap(body)).unwrap(), idp);
    assert!(IdentityProvider::from_metadata(&wrap(&body.repeat(2))).is_err());
}

#[test]
fn metadata_that_could_not_be_used_is_refused_with_a_remedy() {
    let good = metadata(&[&Signer::rsa()]);
    let weak = metadata(&[&Signer::of_bits(1024)]);
    let encryption = good.replace("use=\"signing\"", "use=\"encryption\"");
    let cases = [
        weak,
        encryption,
        good.replace(ENTITY, ""),
        good.replace("IDPSSODescriptor", "SPSSODescriptor"),
        good.replace("SAML:2.0:protocol", "SAML:1.1:protocol"),
        good.replace("SingleSignOnService", "ManageNameIDService"),
        good.replace("https://idp.example/post", "http://idp.example/post"),
        good.replace("https://idp.example/post", "javascript:alert(1)"),
        good.replace("https://idp.example/post", "https://a:b@idp.example/post"),
        good.replace("<ds:X509Certificate>\n", "<ds:X509Certificate>AAAA"),
        "not xml".to_owned(),
        " ".repeat(1024 * 1024 + 1),
    ];
    for (number, case) in cases.iter().enumerate() {
        assert_ne!(*case, good, "{number}");
        let error = IdentityProvider::from_metadata(case).unwrap_err();
        assert!(error.field().is_some() && !error.remedy().is_empty(), "{number}");
    }
    let local = good.replace("https://idp.example/post", "http://localhost:8080/post");
    assert!(IdentityProvider::from_metadata(&local).is_ok());
}

#[test]
fn a_pair_is_kept_and_read_again_and_belongs_together() {
    let pair = KeyPair::generate("Tenantry", now(), now() + TimeDelta::days(10)).unwrap();
    let pem = pair.private_key_pem().unwrap();
    let again = KeyPair::new(&pem, pair.certificate().clone()).unwrap();
    assert_eq!(again.certificate(), pair.certificate());
    assert_eq!(pair.certificate().ends(), now() + TimeDelta::days(10));
    assert_eq!(pair.certificate().starts(), now());
    let other = KeyPair::generate("Tenantry", now(), now() + TimeDelta::days(10)).unwrap();
    assert!(KeyPair::new(&pem, other.certificate().clone()).is_err());
    assert!(KeyPair::new(&Secret::new("x"), pair.certificate().clone()).is_err());
    let shown = format!("{pair:?}");
    assert!(shown.contains(pair.certificate().fingerprint()) && !shown.contains("PRIVATE"));
    assert!(Certificate::from_der(b"x").is_err() && Certificate::from_pem("x").is_err());
}

fn alarms_of(world: &World, now: DateTime<Utc>) -> Vec<Alarm> {
    let keys = &world.sp.keys;
    let ours = (keys.current.certificate(), keys.next.as_ref().map(KeyPair::certificate));
    alarms(ours, &world.idp.certificates, now)
}

#[test]
fn certificates_that_end_raise_alarms_at_60_30_and_7_days() {
    let mut world = World::new();
    let ends = |days| Signer::lasting(days);
    let signers = [ends(61), ends(60), ends(30), ends(7), ends(0)];
    world.idp = IdentityProvider::from_metadata(&metadata(&signers.each_ref())).unwrap();
    let found = alarms_of(&world, now());
    let urgencies: Vec<_> = found.iter().map(|alarm| alarm.urgency).collect();
    assert_eq!(urgencies, [Urgency::Ended, Urgency::SevenDays, Urgency::ThirtyDays, Urgency::SixtyDays]);
    assert!(found.iter().all(|alarm| alarm.holder == Holder::Provider && alarm.covered));
    let later = alarms_of(&world, now() + TimeDelta::days(1));
    assert_eq!(later.len(), 5);
    assert!(later.iter().all(|alarm| !alarm.covered), "now the last one ends within 60 days too");
}

#[test]
fn our_own_certificate_raises_alarms_until_the_next_one_is_there() {
    let mut world = World::new();
    let until = |days| KeyPair::generate("Tenantry", now(), now() + TimeDelta::days(days)).unwrap();
    world.sp.keys.current = until(20);
    let [alarm] = alarms_of(&world, now()).try_into().unwrap();
    assert_eq!((alarm.holder, alarm.urgency, alarm.covered), (Holder::Us, Urgency::ThirtyDays, false));
    world.sp.keys.next = Some(until(700));
    let [alarm] = alarms_of(&world, now()).try_into().unwrap();
    assert!(alarm.covered);
}
