//! Our own keys: one pair to work with, the next one announced, the last one still good for reading.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{Id, PKey, Private};
use openssl::rsa::Rsa;
use openssl::sign::Signer;
use openssl::x509::{X509, X509NameBuilder};
use samael::crypto::{Crypto, CryptoProvider};
use tenantry_kernel::{Error, Result, Secret};

use super::certificate::Certificate;
use super::names::{DSIG, ENVELOPED, EXC_C14N, RSA_SHA256, SHA256};

/// Good until 2030 and after (NIST SP 800-57, part 1, table 2), as a certificate may be in use for years.
const BITS: u32 = 3072;

/// A private RSA key and the certificate that carries its public half.
#[derive(Clone)]
pub struct KeyPair {
    key: PKey<Private>,
    certificate: Certificate,
}

impl KeyPair {
    /// A new pair with a certificate that it signs itself, good from `now` to `ends`. `name` is the common name, at most
    /// 64 characters. The key is made by OpenSSL from its own random source, which cannot be injected.
    ///
    /// # Errors
    /// `Internal` when OpenSSL does not make it.
    pub fn generate(name: &str, now: DateTime<Utc>, ends: DateTime<Utc>) -> Result<Self> {
        let (key, der) = generate(name, now, ends).map_err(Error::internal)?;
        Ok(Self { key, certificate: Certificate::from_der(&der)? })
    }

    /// A pair that was kept: the key in PEM, as [`Self::private_key_pem`] gives it.
    ///
    /// # Errors
    /// `Invalid` when the key is none, is not RSA, or is not the certificate's.
    pub fn new(private_key_pem: &Secret, certificate: Certificate) -> Result<Self> {
        let key = PKey::private_key_from_pem(private_key_pem.expose().as_bytes())
            .map_err(|e| Error::invalid("privateKey", "This is no private key in PEM.").with_source(e))?;
        let public = certificate.public_key()?;
        if key.id() != Id::RSA || !key.public_eq(&public) {
            return Err(Error::invalid("privateKey", "The key is not RSA, or not the certificate's."));
        }
        Ok(Self { key, certificate })
    }

    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// For sealing: PKCS #8 in PEM.
    ///
    /// # Errors
    /// `Internal` when OpenSSL does not write it.
    pub fn private_key_pem(&self) -> Result<Secret> {
        let pem = self.key.private_key_to_pem_pkcs8().map_err(Error::internal)?;
        Ok(Secret::new(String::from_utf8(pem).map_err(Error::internal)?))
    }

    pub(super) fn private(&self) -> &PKey<Private> {
        &self.key
    }

    /// RSA-SHA256 over a text, in base64.
    pub(super) fn sign_text(&self, text: &str) -> Result<String> {
        let sign = || -> Result<Vec<u8>, ErrorStack> {
            Signer::new(MessageDigest::sha256(), &self.key)?.sign_oneshot_to_vec(text.as_bytes())
        };
        Ok(STANDARD.encode(sign().map_err(Error::internal)?))
    }

    /// A document of ours, with the signature filled into the one [`template`] in it.
    pub(super) fn sign_document(&self, xml: &str) -> Result<String> {
        let key = self.key.private_key_to_der().map_err(Error::internal)?;
        let signed = Crypto::sign_xml(xml, &key).map_err(Error::internal)?;
        let (_declaration, document) = signed.split_once("?>").unwrap_or(("", signed.as_str()));
        Ok(document.trim().to_owned())
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyPair({:?}, …)", self.certificate)
    }
}

/// The place of a signature over the element with this ID, for xmlsec to fill.
pub(super) fn template(id: &str) -> String {
    format!(
        r##"<ds:Signature xmlns:ds="{DSIG}"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{EXC_C14N}"/><ds:SignatureMethod Algorithm="{RSA_SHA256}"/><ds:Reference URI="#{id}"><ds:Transforms><ds:Transform Algorithm="{ENVELOPED}"/><ds:Transform Algorithm="{EXC_C14N}"/></ds:Transforms><ds:DigestMethod Algorithm="{SHA256}"/><ds:DigestValue/></ds:Reference></ds:SignedInfo><ds:SignatureValue/></ds:Signature>"##
    )
}

fn generate(
    name: &str,
    now: DateTime<Utc>,
    ends: DateTime<Utc>,
) -> Result<(PKey<Private>, Vec<u8>), ErrorStack> {
    let key = PKey::from_rsa(Rsa::generate(BITS)?)?;
    let mut subject = X509NameBuilder::new()?;
    subject.append_entry_by_text("CN", name)?;
    let subject = subject.build();
    let mut serial = BigNum::new()?;
    serial.rand(159, MsbOption::MAYBE_ZERO, false)?;
    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    let serial = serial.to_asn1_integer()?;
    let (from, to) = (Asn1Time::from_unix(now.timestamp())?, Asn1Time::from_unix(ends.timestamp())?);
    builder.set_serial_number(&serial)?;
    builder.set_subject_name(&subject)?;
    builder.set_issuer_name(&subject)?;
    builder.set_not_before(&from)?;
    builder.set_not_after(&to)?;
    builder.set_pubkey(&key)?;
    builder.sign(&key, MessageDigest::sha256())?;
    let der = builder.build().to_der()?;
    Ok((key, der))
}
