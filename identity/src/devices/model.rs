use std::net::IpAddr;

use sha2::{Digest, Sha256};
use tenantry_kernel::UserId;
use woothee::parser::Parser;

/// What sort of thing a device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceKind {
    Computer,
    Phone,
    /// Anything else, and what does not say.
    Other,
}

/// What a browser says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    pub browser: Option<String>,
    pub system: Option<String>,
    pub kind: DeviceKind,
}

impl Device {
    /// Reads a `User-Agent` header. Whoever sends it may say what they like.
    pub fn of(user_agent: Option<&str>) -> Self {
        let found = user_agent.and_then(|text| Parser::new().parse(text));
        let Some(found) = found else {
            return Self { browser: None, system: None, kind: DeviceKind::Other };
        };
        let kind = match found.category {
            "pc" => DeviceKind::Computer,
            "smartphone" | "mobilephone" => DeviceKind::Phone,
            _ => DeviceKind::Other,
        };
        Self { browser: known(found.name), system: system(found.os).and_then(known), kind }
    }

    /// For people: `Firefox on Linux`.
    pub fn name(&self) -> String {
        match (&self.browser, &self.system) {
            (Some(browser), Some(system)) => format!("{browser} on {system}"),
            (Some(one), None) | (None, Some(one)) => one.clone(),
            (None, None) => "An unknown browser".to_owned(),
        }
    }

    /// What a person's device is known by, at an address.
    pub(crate) fn fingerprint(&self, user: UserId, address: Option<IpAddr>) -> String {
        let digest = Sha256::new()
            .chain_update(user.uuid().as_bytes())
            .chain_update(self.name().as_bytes())
            .chain_update([0])
            .chain_update(network(address));
        hex::encode(digest.finalize())
    }
}

/// The library writes that it does not know something as a word.
fn known(word: &str) -> Option<String> {
    (!word.is_empty() && word != "UNKNOWN").then(|| word.to_owned())
}

/// Without the version that some names have in them: an update makes no new device.
fn system(word: &str) -> Option<&str> {
    if word.starts_with("Windows") { Some("Windows") } else { Some(word) }
}

/// What stays the same while a provider gives out other addresses.
fn network(address: Option<IpAddr>) -> Vec<u8> {
    match address.map(|a| a.to_canonical()) {
        None => Vec::new(),
        Some(IpAddr::V4(v4)) => v4.octets().into_iter().take(3).collect(),
        Some(IpAddr::V6(v6)) => v6.octets().into_iter().take(6).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:152.0) Gecko/20100101 Firefox/152.0";

    #[test]
    fn todays_browsers_are_named() {
        for (agent, name, kind) in [
            (FIREFOX, "Firefox on Linux", DeviceKind::Computer),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Safari/537.36",
                "Chrome on Windows",
                DeviceKind::Computer,
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Safari/537.36 Edg/149.0.0.0",
                "Edge on Windows",
                DeviceKind::Computer,
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15",
                "Safari on Mac OSX",
                DeviceKind::Computer,
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
                DeviceKind::Phone,
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Mobile Safari/537.36",
                "Chrome on Android",
                DeviceKind::Phone,
            ),
        ] {
            let device = Device::of(Some(agent));
            assert_eq!((device.name().as_str(), device.kind), (name, kind), "{agent}");
        }
        let unknown = "An unknown browser";
        for nothing in [None, Some(""), Some("\u{1F980}"), Some("<script>alert(1)</script>")] {
            assert_eq!(Device::of(nothing).name(), unknown, "{nothing:?}");
        }
    }

    #[test]
    fn a_device_is_a_person_a_browser_a_system_and_a_network() {
        let (ada, bob) =
            (UserId::from_uuid(uuid::Uuid::from_u128(1)), UserId::from_uuid(uuid::Uuid::from_u128(2)));
        let of = |user: UserId, agent: &str, address: &str| {
            Device::of(Some(agent)).fingerprint(user, Some(address.parse().unwrap()))
        };
        let hers = of(ada, FIREFOX, "192.0.2.7");
        for same in [
            of(ada, FIREFOX, "192.0.2.200"),
            of(ada, FIREFOX, "::ffff:192.0.2.7"),
            of(ada, &FIREFOX.replace("152", "153"), "192.0.2.7"),
        ] {
            assert_eq!(hers, same);
        }
        for other in [
            of(bob, FIREFOX, "192.0.2.7"),
            of(ada, FIREFOX, "192.0.3.7"),
            of(ada, &FIREFOX.replace("Firefox", "Other"), "192.0.2.7"),
            Device::of(Some(FIREFOX)).fingerprint(ada, None),
        ] {
            assert_ne!(hers, other);
        }
        assert_eq!(of(ada, FIREFOX, "2001:db8:1:2::3"), of(ada, FIREFOX, "2001:db8:1:9::3"));
        assert_ne!(of(ada, FIREFOX, "2001:db8:1:2::3"), of(ada, FIREFOX, "2001:db8:2:2::3"));
    }
}
