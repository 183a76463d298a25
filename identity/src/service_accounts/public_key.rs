//! Public keys of service accounts: which are taken, and which signatures each checks.

use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use sha2::{Digest, Sha256};
use spki::der::asn1::UintRef;
use spki::der::pem::PemLabel as _;
use spki::der::{Decode, DecodePem, Encode, Reader, SliceReader};
use spki::{ObjectIdentifier, SubjectPublicKeyInfoOwned};
use tenantry_kernel::{Error, Result};

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
/// A key of 8,192 bits in PEM is about 1,500 bytes.
const MOST_BYTES: usize = 4096;

/// How assertions are signed (RFC 7518, RFC 8037). The key decides, never the assertion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Es256,
    EdDsa,
    Rs256,
}

impl Algorithm {
    /// The name in a JWT's header.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
            Self::Rs256 => "RS256",
        }
    }

    fn verification(self) -> &'static dyn VerificationAlgorithm {
        match self {
            Self::Es256 => &signature::ECDSA_P256_SHA256_FIXED,
            Self::EdDsa => &signature::ED25519,
            Self::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        }
    }
}

/// A key that was found good.
#[derive(Debug, Clone)]
pub(crate) struct PublicKey {
    pub(crate) algorithm: Algorithm,
    /// As the algorithm's specification writes it, without the wrapping.
    bits: Vec<u8>,
    fingerprint: String,
}

impl PublicKey {
    /// Reads `-----BEGIN PUBLIC KEY-----` (RFC 7468, section 13).
    ///
    /// # Errors
    /// `Invalid` for what is none, for other kinds of keys, and for RSA below 2,048 bits.
    pub(crate) fn from_pem(pem: &str) -> Result<Self> {
        if pem.len() > MOST_BYTES {
            return Err(wrong("This is too long for a public key."));
        }
        if pem.contains("PRIVATE KEY") {
            return Err(wrong("This is a private key. Nobody but your program may have it.").with_remedy(
                "Treat it as lost: make a new pair, keep the private half, and send the public one.",
            ));
        }
        let info = SubjectPublicKeyInfoOwned::from_pem(pem.trim()).map_err(|_| {
            let label = SubjectPublicKeyInfoOwned::PEM_LABEL;
            wrong(&format!("This is not one key in PEM, -----BEGIN {label}-----."))
        })?;
        let bits = info.subject_public_key.as_bytes().ok_or_else(|| wrong("The key is damaged."))?.to_vec();
        let parameters = || info.algorithm.parameters.as_ref().and_then(|p| p.decode_as().ok());
        let algorithm = match info.algorithm.oid {
            RSA => check_rsa(&bits)?,
            EC if parameters() == Some(P256) && bits.len() == 65 && bits.first() == Some(&4) => {
                Algorithm::Es256
            }
            ED25519 if bits.len() == 32 => Algorithm::EdDsa,
            _ => return Err(wrong("Keys of this kind are not taken.")),
        };
        let der = info.to_der().map_err(Error::internal)?;
        let fingerprint = hex::encode(Sha256::digest(der)).chars().take(16).collect();
        Ok(Self { algorithm, bits, fingerprint })
    }

    /// The key's name among others: its algorithm and the beginning of its SHA-256.
    pub(crate) fn hint(&self) -> String {
        format!("{} {}", self.algorithm.name(), self.fingerprint)
    }

    /// Whether this key's private half has signed the message.
    pub(crate) fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(self.algorithm.verification(), &self.bits).verify(message, signature).is_ok()
    }
}

/// `RSAPublicKey` of RFC 8017, appendix A.1.1.
fn check_rsa(bits: &[u8]) -> Result<Algorithm> {
    let damaged = |_| wrong("The key is damaged.");
    let mut reader = SliceReader::new(bits).map_err(damaged)?;
    let (modulus, exponent) = reader
        .sequence(|inner| -> spki::der::Result<_> { Ok((UintRef::decode(inner)?, UintRef::decode(inner)?)) })
        .map_err(damaged)?;
    let leading = modulus.as_bytes().first().map_or(8, |b| b.leading_zeros() as usize);
    let length = modulus.as_bytes().len() * 8 - leading;
    if !(2048..=8192).contains(&length) {
        return Err(wrong(&format!("An RSA key has 2048 to 8192 bits, and this one has {length}.")));
    }
    if exponent.as_bytes().len() == 1 && exponent.as_bytes().first() < Some(&3) {
        return Err(wrong("The key's exponent is too small."));
    }
    Ok(Algorithm::Rs256)
}

fn wrong(message: &str) -> Error {
    Error::invalid("publicKeyPem", message).with_remedy(
        "Send the public half of a P-256, Ed25519 or RSA (2048 bits and more) pair: openssl pkey -in key.pem -pubout",
    )
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    fn key(head: &str, bits: &[u8]) -> PublicKey {
        let der = [hex::decode(head).unwrap(), bits.to_vec()].concat();
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----", STANDARD.encode(der));
        let lines: Vec<String> = pem
            .lines()
            .flat_map(|l| l.as_bytes().chunks(64))
            .map(|c| String::from_utf8(c.to_vec()).unwrap())
            .collect();
        PublicKey::from_pem(&lines.join("\n")).unwrap()
    }

    fn checks(key: &PublicKey, jws: &str) {
        let (signed, signature) = jws.rsplit_once('.').unwrap();
        assert!(key.has_signed(signed.as_bytes(), &bytes(signature)), "{}", key.hint());
        assert!(!key.has_signed(format!("{signed}A").as_bytes(), &bytes(signature)));
        assert!(!key.has_signed(signed.as_bytes(), &[]));
    }

    /// The examples of the standards themselves.
    #[test]
    fn signatures_of_rfc_7515_and_rfc_8037_are_good() {
        // RFC 7515, appendix A.2.
        let n = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
        let rsa = [bytes(n), vec![2, 3, 1, 0, 1]].concat();
        let head = "30820122300d06092a864886f70d01010105000382010f003082010a0282010100";
        checks(
            &key(head, &rsa),
            "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
        );
        // RFC 7515, appendix A.3.
        let x = bytes("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
        let y = bytes("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
        checks(
            &key("3059301306072a8648ce3d020106082a8648ce3d030107034200", &[vec![4], x, y].concat()),
            "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        );
        // RFC 8037, appendix A.4.
        checks(
            &key("302a300506032b6570032100", &bytes("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")),
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
        );
    }
}
