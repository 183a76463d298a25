use std::fmt;
use std::str::FromStr;

use chrono::TimeDelta;
use sha2::{Digest, Sha256};
use tenantry_authz::Origin;
use tenantry_kernel::{Error, InstanceId, Result, Secret, TenantId};

/// A code is redeemed by a redirect: a minute is long.
pub(crate) const CODE_LIFETIME: TimeDelta = TimeDelta::seconds(60);
/// As long as n8n's own sessions. It ends sooner with the portal's.
pub(crate) const SESSION_LIFETIME: TimeDelta = TimeDelta::days(7);
/// How many sessions live on one of the portal's, for one instance: browsers and their windows need one.
pub(crate) const MOST_SESSIONS: i64 = 20;
const LONGEST_TARGET: usize = 2048;

/// Where on the instance's host a browser goes once it is in: a path, with a query perhaps, and nothing that any
/// parser could take for another host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target(String);

impl Target {
    pub fn home() -> Self {
        Self("/".to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Target {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        // `//host` and `/\host` name another host. Browsers drop tabs and line breaks before they look.
        let plain = text.len() <= LONGEST_TARGET
            && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
            && text.starts_with('/')
            && !text.starts_with("//");
        if plain {
            return Ok(Self(text.to_owned()));
        }
        Err(Error::invalid("to", "That is not a path on the instance's own host.")
            .with_remedy("Open the instance from the portal."))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a browser brings to the portal.
#[derive(Debug, Clone)]
pub struct AskToOpen {
    pub instance: InstanceId,
    /// The [hash](browser_hash) of the cookie that the edge set.
    pub browser: String,
    pub target: Target,
}

/// The portal's answer.
#[derive(Debug)]
pub enum Issued {
    /// For this instance's host.
    Code { code: Secret, slug: String, region: String },
    /// It takes no visitors now.
    NotReady { tenant: TenantId },
}

/// What a browser brings back to the edge.
#[derive(Debug)]
pub struct Redeem<'a> {
    pub code: &'a Secret,
    /// Whose host it came to.
    pub instance: InstanceId,
    /// The cookies it has: one for each opening that is under way in this browser.
    pub browsers: &'a [Secret],
    /// Where it came from, for the audit trail.
    pub origin: Origin,
}

/// A browser that is in.
#[derive(Debug)]
pub struct Visit {
    /// For its cookie.
    pub token: Secret,
    pub target: Target,
    /// The hash of the cookie that this opening began with.
    pub browser: String,
}

/// SHA-256 as hexadecimal: what is told and kept of a random value instead of the value.
pub fn browser_hash(value: &Secret) -> String {
    hex::encode(Sha256::digest(value.expose().as_bytes()))
}

/// Whether one of the values has this hash, compared in constant time.
pub(crate) fn one_has_hash(values: &[Secret], hash: &str) -> bool {
    let wanted = Secret::new(hash);
    values.iter().fold(false, |found, value| found | (Secret::new(browser_hash(value)) == wanted))
}

pub(crate) fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    #[test]
    fn targets_are_paths_of_the_same_host() {
        for good in ["/", "/workflow/1?a=b&c=%2F%2Fevil", "/a//b", "/%2F%2Fevil.example"] {
            assert!(good.parse::<Target>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "workflow",
            "//evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "https://evil.example/",
            "/\t/evil.example",
            "/\r\nSet-Cookie: a=b",
            "/ä",
            "/a b",
            "javascript:alert(1)",
            &format!("/{}", "a".repeat(LONGEST_TARGET)),
        ] {
            assert!(bad.parse::<Target>().is_err(), "{bad:?}");
        }
    }

    proptest! {
        /// Whatever passes, a browser that follows it stays on the host.
        #[test]
        fn no_target_leaves_the_host(text in "[/\\\\.:@a-c\t%5F2]{0,12}") {
            if let Ok(target) = text.parse::<Target>() {
                let base = Url::parse("http://acme.eu.localhost:8081/.tenantry/open").unwrap();
                let reached = base.join(target.as_str()).unwrap();
                prop_assert_eq!(reached.origin(), base.origin());
            }
        }
    }

    #[test]
    fn a_hash_is_found_among_several_values() {
        let values = [Secret::new("a"), Secret::new("b")];
        let hash = browser_hash(&Secret::new("b"));
        assert!(is_hash(&hash) && one_has_hash(&values, &hash));
        assert!(!one_has_hash(&values, &browser_hash(&Secret::new("c"))) && !one_has_hash(&[], &hash));
        assert!(!is_hash(&hash.to_uppercase()) && !is_hash("") && !is_hash(&hash[1..]));
    }
}
