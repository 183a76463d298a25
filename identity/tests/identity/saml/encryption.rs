//! Encrypted assertions: which, with whose key, and under which signature.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use openssl::encrypt::Encrypter;
use openssl::hash::MessageDigest;
use openssl::rand::rand_bytes;
use openssl::rsa::Padding;
use openssl::symm::{Cipher, encrypt, encrypt_aead};
use openssl::x509::X509;
use tenantry_identity::saml::{Certificate, KeyPair, Refusal};

use super::provider::{ALICE, MALLORY, Signer, World, now};

const XMLENC: &str = "http://www.w3.org/2001/04/xmlenc#";
const XMLENC11: &str = "http://www.w3.org/2009/xmlenc11#";
const OAEP: &str = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";

fn gcm(text: &str, certificate: &Certificate) -> String {
    seal(text, certificate, &format!("{XMLENC11}aes256-gcm"), OAEP)
}

fn cbc(text: &str, certificate: &Certificate) -> String {
    seal(text, certificate, &format!("{XMLENC}aes256-cbc"), OAEP)
}

fn seal(text: &str, certificate: &Certificate, cipher: &str, transport: &str) -> String {
    let (mut key, mut iv, mut tag) = ([0; 32], [0; 16], [0; 16]);
    rand_bytes(&mut key).unwrap();
    rand_bytes(&mut iv).unwrap();
    let sealed = if cipher.ends_with("gcm") {
        let cipher = Cipher::aes_256_gcm();
        let text = encrypt_aead(cipher, &key, Some(&iv[..12]), &[], text.as_bytes(), &mut tag).unwrap();
        [&iv[..12], text.as_slice(), tag.as_slice()].concat()
    } else {
        let text = encrypt(Cipher::aes_256_cbc(), &key, Some(&iv), text.as_bytes()).unwrap();
        [iv.as_slice(), text.as_slice()].concat()
    };
    let public = X509::from_der(certificate.der()).unwrap().public_key().unwrap();
    let mut encrypter = Encrypter::new(&public).unwrap();
    let mut parameters = String::new();
    if transport.ends_with("rsa-1_5") {
        encrypter.set_rsa_padding(Padding::PKCS1).unwrap();
    } else {
        encrypter.set_rsa_padding(Padding::PKCS1_OAEP).unwrap();
        if transport.starts_with(XMLENC11) {
            encrypter.set_rsa_oaep_md(MessageDigest::sha256()).unwrap();
            encrypter.set_rsa_mgf1_md(MessageDigest::sha256()).unwrap();
            parameters = format!(
                r#"<ds:DigestMethod Algorithm="{XMLENC}sha256"/><e11:MGF xmlns:e11="{XMLENC11}" Algorithm="{XMLENC11}mgf1sha256"/>"#
            );
        }
    }
    let mut wrapped = vec![0; encrypter.encrypt_len(&key).unwrap()];
    let length = encrypter.encrypt(&key, &mut wrapped).unwrap();
    wrapped.truncate(length);
    let (sealed, wrapped) = (STANDARD.encode(sealed), STANDARD.encode(wrapped));
    format!(
        r#"<saml:EncryptedAssertion><e:EncryptedData xmlns:e="{XMLENC}" Type="{XMLENC}Element"><e:EncryptionMethod Algorithm="{cipher}"/><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><e:EncryptedKey><e:EncryptionMethod Algorithm="{transport}">{parameters}</e:EncryptionMethod><e:CipherData><e:CipherValue>{wrapped}</e:CipherValue></e:CipherData></e:EncryptedKey></ds:KeyInfo><e:CipherData><e:CipherValue>{sealed}</e:CipherValue></e:CipherData></e:EncryptedData></saml:EncryptedAssertion>"#
    )
}

fn ours(world: &World) -> &Certificate {
    world.sp.keys.current.certificate()
}

#[test]
fn a_signed_assertion_inside_passes_and_an_unsigned_one_does_not() {
    let world = World::new();
    let signed = world.signer.sign(&world.assertion());
    let assertion = world.check(&world.response(&gcm(&signed, ours(&world)))).unwrap();
    assert_eq!(assertion.subject.value, ALICE);
    let unsigned = world.response(&gcm(&world.assertion(), ours(&world)));
    assert_eq!(world.check(&unsigned), Err(Refusal::Unsigned));
    let changed = world.response(&gcm(&signed.replace(ALICE, MALLORY), ours(&world)));
    assert_eq!(world.check(&changed), Err(Refusal::SignatureInvalid));
}

#[test]
fn a_signed_response_covers_what_is_encrypted_in_it() {
    let world = World::new();
    for inside in [gcm(&world.assertion(), ours(&world)), cbc(&world.assertion(), ours(&world))] {
        let xml = world.signer.sign(&world.response(&inside));
        assert_eq!(world.check(&xml).unwrap().subject.value, ALICE);
        let forged = gcm(&world.assertion().replace(ALICE, MALLORY), ours(&world));
        let (before, rest) = xml.split_once("<saml:EncryptedAssertion>").unwrap();
        let (_, after) = rest.split_once("</saml:EncryptedAssertion>").unwrap();
        assert_eq!(world.check(&format!("{before}{forged}{after}")), Err(Refusal::SignatureInvalid));
    }
    // A bad signature inside is not made good by the one outside.
    let inner = gcm(&Signer::rsa().sign(&world.assertion()), ours(&world));
    assert_eq!(world.check(&world.signer.sign(&world.response(&inner))), Err(Refusal::SignatureInvalid));
}

/// Who can send changed texts and see how they fail reads AES-CBC without a key.
#[test]
fn cbc_is_not_opened_before_its_signature_is_checked() {
    let world = World::new();
    let signed = world.signer.sign(&world.assertion());
    let open = world.response(&cbc(&signed, ours(&world)));
    assert_eq!(world.check(&open), Err(Refusal::UnauthenticatedEncryption));
}

#[test]
fn weak_and_unknown_algorithms_are_refused() {
    let world = World::new();
    let signed = world.signer.sign(&world.assertion());
    let aes = format!("{XMLENC11}aes256-gcm");
    let old = seal(&signed, ours(&world), &aes, &format!("{XMLENC}rsa-1_5"));
    assert_eq!(world.check(&world.response(&old)), Err(Refusal::EncryptionAlgorithm));
    let good = gcm(&signed, ours(&world));
    for (from, to) in [
        (aes.as_str(), "http://www.w3.org/2001/04/xmlenc#tripledes-cbc"),
        (aes.as_str(), ""),
        (OAEP, "urn:unknown"),
        (
            "</e:EncryptionMethod><e:CipherData>",
            "<e:OAEPparams>AAAA</e:OAEPparams></e:EncryptionMethod><e:CipherData>",
        ),
    ] {
        let changed = good.replace(from, to);
        assert_ne!(changed, good);
        assert_eq!(world.check(&world.response(&changed)), Err(Refusal::EncryptionAlgorithm), "{to}");
    }
    let newer = seal(&signed, ours(&world), &aes, &format!("{XMLENC11}rsa-oaep"));
    assert!(world.check(&world.response(&newer)).is_ok());
}

/// A wrong key, a damaged text and a damaged tag are one refusal.
#[test]
fn what_cannot_be_opened_says_no_more_than_that() {
    let world = World::new();
    let signed = world.signer.sign(&world.assertion());
    let stranger = KeyPair::generate("stranger", now(), now() + TimeDelta::days(1)).unwrap();
    let foreign = gcm(&signed, stranger.certificate());
    assert_eq!(world.check(&world.response(&foreign)), Err(Refusal::NotDecryptable));
    let good = gcm(&signed, ours(&world));
    let last = good.rfind("<e:CipherValue>").unwrap() + "<e:CipherValue>".len();
    let end = good.rfind("</e:CipherValue>").unwrap();
    for value in ["", "AAAA", &STANDARD.encode([0; 64]), &format!("AAAA{}", &good[last + 4..end]), "%"] {
        let changed = format!("{}{value}{}", &good[..last], &good[end..]);
        assert_eq!(world.check(&world.response(&changed)), Err(Refusal::NotDecryptable), "{value:.8}");
    }
    let keyless = good.replace("e:EncryptedKey>", "e:Other>");
    assert_eq!(world.check(&world.response(&keyless)), Err(Refusal::NotDecryptable));
    let first = &good[good.find("<e:EncryptedKey>").unwrap()..good.find("</ds:KeyInfo>").unwrap()];
    let many = good.replace(first, &first.repeat(5));
    assert_eq!(world.check(&world.response(&many)), Err(Refusal::NotDecryptable));
}

/// While our key changes, providers encrypt for the one they know.
#[test]
fn next_and_previous_keys_open_too() {
    let mut world = World::new();
    let signed = world.signer.sign(&world.assertion());
    let pair = || KeyPair::generate("Tenantry", now(), now() + TimeDelta::days(700)).unwrap();
    let (next, previous) = (pair(), pair());
    let sealed = [&next, &previous].map(|pair| world.response(&gcm(&signed, pair.certificate())));
    for xml in &sealed {
        assert_eq!(world.check(xml), Err(Refusal::NotDecryptable));
    }
    world.sp.keys.next = Some(next);
    world.sp.keys.previous = Some(previous);
    for xml in &sealed {
        assert!(world.check(xml).is_ok());
    }
}

#[test]
fn what_is_inside_is_screened_like_what_is_outside() {
    let world = World::new();
    let signed = world.signer.sign(&world.assertion());
    let inside = |text: &str| world.check(&world.response(&gcm(text, ours(&world))));
    assert_eq!(inside(&signed.replace(ALICE, "alice<!-- -->@example.com")), Err(Refusal::Comment));
    assert_eq!(inside(&format!("<!DOCTYPE x>{signed}")), Err(Refusal::Doctype));
    assert_eq!(inside(&format!("{signed}{signed}")), Err(Refusal::Malformed));
    let wrapped = world.assertion().replace("_assertion1", "_evil");
    let wrapped = wrapped.replace("</saml:Assertion>", &format!("{signed}</saml:Assertion>"));
    assert_eq!(inside(&wrapped), Err(Refusal::MoreThanOneAssertion));
    assert_eq!(inside(&signed.replace("saml:Assertion", "saml:Advice")), Err(Refusal::NoAssertion));
    let both = format!("{}{signed}", gcm(&signed, ours(&world)));
    assert_eq!(world.check(&world.response(&both)), Err(Refusal::MoreThanOneAssertion));
}
