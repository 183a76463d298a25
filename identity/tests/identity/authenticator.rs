//! Authenticators in software: of codes (RFC 6238), and of passkeys (WebAuthn Level 3), good ones and others.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use ring::{digest, hmac};
use serde_json::{Value, json};
use tenantry_kernel::Secret;

/// The code that an app with this key (base32) shows at a moment.
pub(crate) fn code_at(key: &Secret, at: DateTime<Utc>) -> Secret {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut bits, mut buffer, mut seed) = (0, 0u32, Vec::new());
    for letter in key.expose().bytes() {
        let value = LETTERS.iter().position(|l| *l == letter).unwrap();
        buffer = (buffer << 5) | u32::try_from(value).unwrap();
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            seed.push(u8::try_from((buffer >> bits) & 0xff).unwrap());
        }
    }
    let step = u64::try_from(at.timestamp() / 30).unwrap().to_be_bytes();
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &seed), &step);
    let tag = tag.as_ref();
    let offset = usize::from(tag[19] & 15);
    let number = u32::from_be_bytes(tag[offset..offset + 4].try_into().unwrap()) & 0x7fff_ffff;
    Secret::new(format!("{:06}", number % 1_000_000))
}

/// A device that holds one passkey. What it does wrong, a test says.
pub(crate) struct Device {
    key: EcdsaKeyPair,
    id: Vec<u8>,
    pub(crate) origin: String,
    /// The next signature's counter is one more; `None`: it keeps none.
    pub(crate) counter: Option<u32>,
    pub(crate) verifies: bool,
    /// Whose passkey it says it is.
    pub(crate) user_handle: Option<String>,
}

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const ATTESTED: u8 = 0x40;

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, bytes).as_ref().to_vec()
}

impl Device {
    pub(crate) fn new(origin: &str) -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).unwrap();
        let id = sha256(key.public_key().as_ref());
        Self { key, id, origin: origin.to_owned(), counter: Some(0), verifies: true, user_handle: None }
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let data = json!({
            "type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": false
        });
        data.to_string().into_bytes()
    }

    fn authenticator_data(&mut self, rp_id: &Value, extra: u8) -> Vec<u8> {
        let counter = self.counter.as_mut().map_or(0, |counter| {
            *counter += 1;
            *counter
        });
        let verified = if self.verifies { VERIFIED } else { 0 };
        let mut data = sha256(rp_id.as_str().unwrap().as_bytes());
        data.push(PRESENT | verified | extra);
        data.extend(counter.to_be_bytes());
        data
    }

    /// `navigator.credentials.create`.
    pub(crate) fn create(&mut self, options: &Value) -> Value {
        self.user_handle = options["user"]["id"].as_str().map(str::to_owned);
        let mut data = self.authenticator_data(&options["rp"]["id"], ATTESTED);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
        data.extend(&self.id);
        // The public key as COSE has it (RFC 9053): EC2, ES256, P-256, x, y.
        let point = self.key.public_key().as_ref();
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(&point[1..33]);
        data.extend([0x22, 0x58, 0x20]);
        data.extend(&point[33..65]);
        let mut attestation = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        attestation.push(u8::try_from(data.len()).unwrap());
        attestation.extend(data);
        json!({
            "id": text(&self.id), "rawId": text(&self.id), "type": "public-key", "extensions": {},
            "response": {
                "attestationObject": text(&attestation),
                "clientDataJSON": text(&self.client_data("webauthn.create", options)),
                "transports": ["internal"],
            },
        })
    }

    /// `navigator.credentials.get`.
    pub(crate) fn get(&mut self, options: &Value) -> Value {
        let client_data = self.client_data("webauthn.get", options);
        let data = self.authenticator_data(&options["rpId"], 0);
        let signed = [data.as_slice(), &sha256(&client_data)].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        json!({
            "id": text(&self.id), "rawId": text(&self.id), "type": "public-key", "extensions": {},
            "response": {
                "authenticatorData": text(&data), "clientDataJSON": text(&client_data),
                "signature": text(signature.as_ref()), "userHandle": self.user_handle,
            },
        })
    }
}
