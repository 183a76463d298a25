//! Codes of an authenticator (RFC 6238), by `totp-rs`.

use chrono::{DateTime, Utc};
use tenantry_kernel::{Entropy, Error, Result, Secret};
use totp_rs::{Algorithm, Builder, Totp};
use zeroize::Zeroizing;

/// RFC 4226, section 4: 160 bits are recommended.
const SEED_BYTES: usize = 20;
/// Seconds; RFC 6238, section 5.2.
const STEP: u64 = 30;
/// Steps before and after, for clocks that differ.
const SKEW: u16 = 1;
const ISSUER: &str = "Tenantry";

/// What codes are made by. Authenticator apps agree on one alone.
#[derive(Clone, Copy)]
pub(super) struct Scheme {
    algorithm: Algorithm,
    digits: u8,
}

/// SHA-1 and six digits: several apps take other parameters and ignore them.
pub(super) const SCHEME: Scheme = Scheme { algorithm: Algorithm::SHA1, digits: 6 };

/// A seed with its scheme.
pub(super) struct Authenticator {
    totp: Totp,
    base32: Secret,
}

pub(super) fn new_seed(entropy: &dyn Entropy) -> Zeroizing<Vec<u8>> {
    let mut seed = Zeroizing::new(vec![0; SEED_BYTES]);
    entropy.fill(&mut seed);
    seed
}

impl Authenticator {
    /// `account` is what the app shows beside the code.
    ///
    /// # Errors
    /// `Internal` for a seed that is too short.
    pub(super) fn new(scheme: Scheme, seed: &[u8], account: &str) -> Result<Self> {
        let seed = totp_rs::Secret::from(seed.to_vec());
        let base32 = Secret::new(seed.to_base32());
        let built = Builder::new()
            .with_algorithm(scheme.algorithm)
            .with_digits(scheme.digits)
            .with_skew(SKEW)
            .with_step_duration(STEP)
            .with_secret(seed)
            .with_issuer(Some(ISSUER))
            .with_account_name(account)
            .build();
        let totp = built.map_err(Error::internal)?;
        Ok(Self { totp, base32 })
    }

    /// The step of which the code is, if it is of now or a step beside.
    pub(super) fn step_of(&self, code: &str, now: DateTime<Utc>) -> Option<i64> {
        let seconds = u64::try_from(now.timestamp()).ok()?;
        self.totp.check(code, seconds).and_then(|step| i64::try_from(step).ok())
    }

    /// For typing into an app.
    pub(super) fn secret(&self) -> Secret {
        self.base32.clone()
    }

    /// For an app that reads it as a QR code (`otpauth://totp/…`).
    ///
    /// # Errors
    /// `Internal` for an account's name that is no part of a URL.
    pub(super) fn url(&self) -> Result<Secret> {
        self.totp.to_url().map(Secret::new).map_err(Error::internal)
    }
}

/// A code as it was typed: apps show it in groups.
pub(super) fn tidy(code: &Secret) -> Option<String> {
    let digits: String = code.expose().chars().filter(|c| !c.is_whitespace()).collect();
    (digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    /// RFC 6238, appendix B: time, and the codes by SHA-1, SHA-256 and SHA-512. The seeds are those of its reference
    /// implementation (appendix A): the same digits, as long as the hash.
    const VALUES: [(i64, [&str; 3]); 6] = [
        (59, ["94287082", "46119246", "90693936"]),
        (1_111_111_109, ["07081804", "68084774", "25091201"]),
        (1_111_111_111, ["14050471", "67062674", "99943326"]),
        (1_234_567_890, ["89005924", "91819424", "93441116"]),
        (2_000_000_000, ["69279037", "90698825", "38618901"]),
        (20_000_000_000, ["65353130", "77737706", "47863826"]),
    ];

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn all_eighteen_values_of_rfc_6238_are_taken_at_their_step() {
        let digits = "1234567890".repeat(7);
        let hashes = [(Algorithm::SHA1, 20), (Algorithm::SHA256, 32), (Algorithm::SHA512, 64)];
        for (time, codes) in VALUES {
            for ((algorithm, length), code) in hashes.into_iter().zip(codes) {
                let seed = &digits.as_bytes()[..length];
                let scheme = Scheme { algorithm, digits: 8 };
                let authenticator = Authenticator::new(scheme, seed, "ada@example.com").unwrap();
                assert_eq!(authenticator.step_of(code, at(time)), Some(time / 30), "{time} {code}");
            }
        }
    }

    #[test]
    fn a_code_is_good_one_step_early_and_late_and_no_more() {
        let authenticator = Authenticator::new(SCHEME, b"12345678901234567890", "ada@example.com").unwrap();
        // The last six digits of the first value.
        let (code, step, middle) = ("287082", 1, at(45));
        for (steps, wanted) in [(-1, Some(step)), (0, Some(step)), (1, Some(step)), (2, None), (3, None)] {
            let now = middle + TimeDelta::seconds(30 * steps);
            assert_eq!(authenticator.step_of(code, now), wanted, "{steps}");
        }
        assert_eq!(authenticator.step_of("287083", middle), None);
        assert_eq!(authenticator.step_of("", middle), None);
    }

    #[test]
    fn the_url_says_what_apps_need() {
        let authenticator = Authenticator::new(SCHEME, b"12345678901234567890", "ada@example.com").unwrap();
        let url = authenticator.url().unwrap();
        let url = url::Url::parse(url.expose()).unwrap();
        let secret = authenticator.secret();
        assert_eq!(secret.expose(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!((url.scheme(), url.host_str()), ("otpauth", Some("totp")));
        let pairs: std::collections::HashMap<_, _> = url.query_pairs().into_owned().collect();
        assert_eq!(pairs["secret"], secret.expose());
        assert_eq!(pairs["issuer"], ISSUER);
    }

    #[test]
    fn codes_are_read_as_apps_show_them() {
        let tidy = |text: &str| tidy(&Secret::new(text));
        assert_eq!(tidy(" 123 456\n").as_deref(), Some("123456"));
        for bad in ["", "12345", "1234567", "12345a", "１２３４５６"] {
            assert_eq!(tidy(bad), None, "{bad:?}");
        }
    }
}
