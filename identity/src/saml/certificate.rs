//! Certificates of either side, as carriers of a key with an end.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Public};
use openssl::x509::X509;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};
use tenantry_kernel::{Error, Result};

/// A certificate whose key is good enough.
///
/// Only its key is believed, because it stood in the metadata: who issued it and when it ends is not checked at a log-in
/// (SAML V2.0 Metadata Interoperability Profile, section 2.6.1). The end is watched instead, see [`super::alarms()`].
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    fingerprint: String,
    starts: DateTime<Utc>,
    ends: DateTime<Utc>,
}

impl Certificate {
    /// # Errors
    /// `Invalid` for what is no X.509 certificate, and for keys other than RSA of 2,048 to 8,192 bits and ECDSA on
    /// P-256, P-384 or P-521.
    pub fn from_der(der: &[u8]) -> Result<Self> {
        let x509 = X509::from_der(der).map_err(|e| wrong("This is no X.509 certificate.").with_source(e))?;
        let key =
            x509.public_key().map_err(|e| wrong("The certificate's key cannot be read.").with_source(e))?;
        check_strength(&key)?;
        // Written anew: what followed the certificate is not part of it.
        let der = x509.to_der().map_err(Error::internal)?;
        Ok(Self {
            fingerprint: hex::encode(Sha256::digest(&der)),
            starts: time(x509.not_before())?,
            ends: time(x509.not_after())?,
            der,
        })
    }

    /// Reads `-----BEGIN CERTIFICATE-----` (RFC 7468, section 5).
    ///
    /// # Errors
    /// As [`Self::from_der`].
    pub fn from_pem(pem: &str) -> Result<Self> {
        let x509 = X509::from_pem(pem.as_bytes())
            .map_err(|e| wrong("This is not one certificate in PEM.").with_source(e))?;
        Self::from_der(&x509.to_der().map_err(Error::internal)?)
    }

    /// Reads DER in base64, as [`Self::base64`] writes it.
    ///
    /// # Errors
    /// As [`Self::from_der`].
    pub fn from_base64(text: &str) -> Result<Self> {
        let der = STANDARD.decode(text).map_err(|e| wrong("This is no base64.").with_source(e))?;
        Self::from_der(&der)
    }

    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// DER in base64: how it is kept.
    pub fn base64(&self) -> String {
        STANDARD.encode(&self.der)
    }

    /// `-----BEGIN CERTIFICATE-----`, in lines of 64 characters (RFC 7468, section 2).
    pub fn pem(&self) -> String {
        let text: Vec<char> = self.base64().chars().collect();
        let lines: Vec<String> = text.chunks(64).map(|line| line.iter().collect()).collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    }

    /// SHA-256 of the certificate, in hexadecimal: what administrators compare.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    pub fn starts(&self) -> DateTime<Utc> {
        self.starts
    }

    pub fn ends(&self) -> DateTime<Utc> {
        self.ends
    }

    pub(super) fn public_key(&self) -> Result<PKey<Public>> {
        X509::from_der(&self.der).and_then(|x509| x509.public_key()).map_err(Error::internal)
    }
}

impl Serialize for Certificate {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        to.serialize_str(&self.base64())
    }
}

impl<'de> Deserialize<'de> for Certificate {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        Self::from_base64(&String::deserialize(from)?).map_err(de::Error::custom)
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({}, ends {})", self.fingerprint, self.ends)
    }
}

fn check_strength(key: &PKey<Public>) -> Result<()> {
    let good = match key.id() {
        Id::RSA => (2048..=8192).contains(&key.bits()),
        Id::EC => {
            let curve = key.ec_key().map_err(Error::internal)?.group().curve_name();
            [Nid::X9_62_PRIME256V1, Nid::SECP384R1, Nid::SECP521R1].map(Some).contains(&curve)
        }
        _ => false,
    };
    if good {
        Ok(())
    } else {
        Err(wrong("The certificate's key is too weak, or of a kind that is not taken."))
    }
}

fn time(at: &Asn1TimeRef) -> Result<DateTime<Utc>> {
    let since = Asn1Time::from_unix(0).and_then(|epoch| epoch.diff(at)).map_err(Error::internal)?;
    let seconds = i64::from(since.days) * 86_400 + i64::from(since.secs);
    DateTime::from_timestamp(seconds, 0).ok_or_else(|| wrong("The certificate's dates cannot be read."))
}

fn wrong(message: &str) -> Error {
    Error::invalid("certificate", message).with_remedy(
        "Take a certificate with an RSA key of 2,048 bits or more, or an ECDSA key on P-256, P-384 or P-521.",
    )
}
