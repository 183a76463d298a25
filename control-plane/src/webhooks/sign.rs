//! Signatures as Standard Webhooks 1.0 has them (https://github.com/standard-webhooks/standard-webhooks).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use sha2::Sha256;
use tenantry_kernel::{Entropy, Error, Result, Secret};
use zeroize::Zeroize;

const PREFIX: &str = "whsec_";
/// Bytes of a secret: the standard wants 24 to 64.
const BYTES: usize = 32;

/// A new secret, as its receiver keeps it: `whsec_` and base64.
pub(crate) fn new_secret(entropy: &dyn Entropy) -> Secret {
    let mut key = [0u8; BYTES];
    entropy.fill(&mut key);
    let secret = Secret::new(format!("{PREFIX}{}", STANDARD.encode(key)));
    key.zeroize();
    secret
}

/// What is signed: a message's id, when it is sent, and its text.
pub(crate) struct Signed<'a> {
    pub(crate) id: &'a str,
    pub(crate) at: DateTime<Utc>,
    pub(crate) body: &'a str,
}

impl Signed<'_> {
    /// The headers of a request, with one signature for each secret.
    pub(crate) fn headers(&self, secrets: &[Secret]) -> Result<HeaderMap> {
        let timestamp = self.at.timestamp().to_string();
        let signatures: Result<Vec<String>> = secrets.iter().map(|s| self.signature(&timestamp, s)).collect();
        let mut headers = HeaderMap::new();
        let values = [
            ("webhook-id", self.id),
            ("webhook-timestamp", &timestamp),
            ("webhook-signature", &signatures?.join(" ")),
        ];
        for (name, value) in values {
            let value = HeaderValue::from_str(value).map_err(Error::internal)?;
            headers.insert(HeaderName::from_static(name), value);
        }
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(headers)
    }

    fn signature(&self, timestamp: &str, secret: &Secret) -> Result<String> {
        let text = secret.expose();
        let key = STANDARD.decode(text.strip_prefix(PREFIX).unwrap_or(text)).map_err(Error::internal)?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(Error::internal)?;
        mac.update(format!("{}.{timestamp}.", self.id).as_bytes());
        mac.update(self.body.as_bytes());
        Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use tenantry_kernel::OsEntropy;

    use super::*;

    /// The example of the standard's own text.
    #[test]
    fn the_standards_example() {
        let signed = Signed {
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            at: DateTime::UNIX_EPOCH + TimeDelta::seconds(1_614_265_330),
            body: "{\"test\": 2432232314}",
        };
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let headers = signed.headers(&[secret]).unwrap();
        assert_eq!(headers["webhook-signature"], "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(headers["webhook-timestamp"], "1614265330");
        assert_eq!(headers["webhook-id"], "msg_p5jXN8AQM9LWM0D4loKWxJek");
    }

    #[test]
    fn secrets_are_as_long_as_the_standard_wants_and_differ() {
        let secret = new_secret(&OsEntropy);
        let key = STANDARD.decode(secret.expose().strip_prefix("whsec_").unwrap()).unwrap();
        assert!((24..=64).contains(&key.len()));
        assert!(secret != new_secret(&OsEntropy));
    }
}
