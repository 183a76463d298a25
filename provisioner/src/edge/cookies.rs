//! Which cookies are ours, and who gets to see them.
//!
//! A browser keeps no log-in of n8n, only a session of the edge. An instance is hostile code: it must neither read
//! that session nor set one, and what a browser says of n8n's log-in is never believed.

use http::header::{COOKIE, HeaderMap, HeaderValue};
use tenantry_kernel::Secret;

/// n8n's log-in.
pub(super) const N8N: &str = "n8n-auth";
/// Every cookie of the edge begins so.
const OURS: &str = "tenantry_";
const SESSION: &str = "open";
/// One for each opening that is under way: several tabs may do so at once.
const OPENING: &str = "opening_";
const LEFT: &str = "left";
/// Longer than it takes to log in at the portal.
const OPENING_SECS: u32 = 900;
const LEFT_SECS: u32 = 60;
/// More than anyone opens at once, as a browser does that comes back with all its tabs; a request's cookies are its
/// sender's choice, and each session is asked about.
const MOST_OPENINGS: usize = 64;
const MOST_SESSIONS: usize = 3;

/// The edge's cookies, as its public scheme has them: over TLS with the `__Host-` prefix (RFC 6265bis, 4.1.3), so that
/// a neighbouring host cannot set them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cookies {
    pub(super) tls: bool,
}

impl Cookies {
    fn name(self, rest: &str) -> String {
        format!("{}{OURS}{rest}", if self.tls { "__Host-" } else { "" })
    }

    fn set(self, rest: &str, value: &Secret, max_age: Option<u32>) -> Option<HeaderValue> {
        let secure = if self.tls { "; Secure" } else { "" };
        let age = max_age.map(|secs| format!("; Max-Age={secs}")).unwrap_or_default();
        let text =
            format!("{}={}; Path=/; HttpOnly; SameSite=Lax{age}{secure}", self.name(rest), value.expose());
        HeaderValue::from_str(&text).ok()
    }

    fn remove(self, rest: &str) -> Option<HeaderValue> {
        self.set(rest, &Secret::new(""), Some(0))
    }

    /// The session lasts as long as the browser and the portal's session do.
    pub(super) fn session(self, token: &Secret) -> Option<HeaderValue> {
        self.set(SESSION, token, None)
    }

    pub(super) fn no_session(self) -> Option<HeaderValue> {
        self.remove(SESSION)
    }

    pub(super) fn sessions(self, headers: &HeaderMap) -> Vec<Secret> {
        let name = self.name(SESSION);
        pairs(headers)
            .filter(|(key, _)| *key == name)
            .map(|(_, value)| Secret::new(value))
            .take(MOST_SESSIONS)
            .collect()
    }

    /// Marks the browser at the start of an opening. `tag` tells this one from others.
    pub(super) fn opening(self, tag: &str, value: &Secret) -> Option<HeaderValue> {
        self.set(&format!("{OPENING}{tag}"), value, Some(OPENING_SECS))
    }

    /// The marks of openings that are under way. Browsers send their oldest cookies first: the newest count.
    pub(super) fn openings(self, headers: &HeaderMap) -> Vec<Secret> {
        let prefix = self.name(OPENING);
        let mut all: Vec<Secret> = pairs(headers)
            .filter(|(key, _)| key.starts_with(&prefix))
            .map(|(_, value)| Secret::new(value))
            .collect();
        all.split_off(all.len().saturating_sub(MOST_OPENINGS))
    }

    pub(super) fn opened(self, tag: &str) -> Option<HeaderValue> {
        self.remove(&format!("{OPENING}{tag}"))
    }

    /// That somebody has just left: they are not to be let in again at once.
    pub(super) fn left(self) -> Option<HeaderValue> {
        self.set(LEFT, &Secret::new("1"), Some(LEFT_SECS))
    }

    pub(super) fn has_left(self, headers: &HeaderMap) -> bool {
        let name = self.name(LEFT);
        pairs(headers).any(|(key, _)| key == name)
    }

    pub(super) fn back(self) -> Option<HeaderValue> {
        self.remove(LEFT)
    }
}

fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(_, value)| !value.is_empty() && value.len() <= 256)
}

/// What goes on to the instance: the browser's cookies without ours and without any log-in of n8n, and with the one
/// that is `given`.
pub(super) fn for_instance(headers: &mut HeaderMap, given: Option<&Secret>) {
    let kept: Vec<&[u8]> = headers
        .get_all(COOKIE)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b';'))
        .map(<[u8]>::trim_ascii)
        .filter(|pair| !pair.is_empty() && !is_reserved(pair))
        .collect();
    let log_in = given.map(|value| format!("{N8N}={}", value.expose()).into_bytes());
    // First, as parsers take the first of a name.
    let all: Vec<&[u8]> = log_in.iter().map(Vec::as_slice).chain(kept).collect();
    let joined = (!all.is_empty()).then(|| HeaderValue::from_bytes(&all.join(b"; ".as_slice())));
    headers.remove(COOKIE);
    if let Some(Ok(mut value)) = joined {
        value.set_sensitive(true);
        headers.insert(COOKIE, value);
    }
}

/// Whether an instance may set this cookie.
pub(super) fn may_be_set(cookie: &HeaderValue) -> bool {
    !is_reserved(cookie.as_bytes())
}

/// Whether a cookie is ours or n8n's log-in, however it is written. A browser sends a cookie without a name as its
/// bare value, so `=name=value` is read as what it will be sent as.
pub(super) fn is_reserved(cookie: &[u8]) -> bool {
    let text: Vec<u8> = cookie
        .iter()
        .copied()
        .skip_while(|byte| byte.is_ascii_whitespace() || byte.is_ascii_control() || *byte == b'=')
        .take_while(|byte| !matches!(byte, b'=' | b';'))
        .collect();
    let name = text.trim_ascii().to_ascii_lowercase();
    let bare = [b"__host-".as_slice(), b"__secure-"]
        .iter()
        .find_map(|prefix| name.strip_prefix(*prefix))
        .unwrap_or(&name);
    bare == N8N.as_bytes() || bare.starts_with(OURS.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(cookies: &[&'static str], given: Option<&str>) -> Option<String> {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(COOKIE, HeaderValue::from_static(cookie));
        }
        for_instance(&mut headers, given.map(Secret::new).as_ref());
        assert!(headers.get_all(COOKIE).iter().count() <= 1);
        headers.get(COOKIE).map(|value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn the_instance_sees_neither_our_cookies_nor_a_log_in_that_a_browser_claims() {
        for (cookies, given, expected) in [
            (vec![], None, None),
            (vec!["a=b"], None, Some("a=b")),
            (vec!["a=b; n8n-auth=evil; c=d"], None, Some("a=b; c=d")),
            (vec!["n8n-auth=evil"], Some("jwt"), Some("n8n-auth=jwt")),
            (vec!["n8n-auth = evil;N8N-AUTH=x ;  n8n-auth"], None, None),
            (vec!["=n8n-auth=evil; = tenantry_open=x"], None, None),
            (vec!["tenantry_open=x; __Host-tenantry_open=y; tenantry_opening_1=z"], None, None),
            (vec!["__host-Tenantry_Open=y; __Secure-n8n-auth=1"], None, None),
            (vec!["a=1", "tenantry_session=2", "b=3"], Some("jwt"), Some("n8n-auth=jwt; a=1; b=3")),
            (vec!["a=n8n-auth; b=tenantry_open=x"], None, Some("a=n8n-auth; b=tenantry_open=x")),
        ] {
            assert_eq!(sent(&cookies, given).as_deref(), expected, "{cookies:?}");
        }
    }

    #[test]
    fn a_value_cannot_smuggle_a_second_header() {
        assert_eq!(sent(&["a=b"], Some("jwt\r\nx: y")), None, "rather nothing than something else");
    }

    #[test]
    fn what_is_set_is_found_again_under_its_own_scheme_only() {
        for tls in [false, true] {
            let (cookies, other) = (Cookies { tls }, Cookies { tls: !tls });
            let mut headers = HeaderMap::new();
            for set in [cookies.session(&Secret::new("s")), cookies.opening("ab", &Secret::new("o"))] {
                let set = set.unwrap().to_str().unwrap().to_owned();
                assert!(
                    set.contains("; HttpOnly") && set.contains("; SameSite=Lax") && set.contains("; Path=/;")
                );
                assert_eq!(set.contains("; Secure"), tls);
                assert_eq!(set.starts_with("__Host-"), tls);
                assert!(!set.contains("Domain"));
                headers.append(COOKIE, set.split(';').next().unwrap().parse().unwrap());
            }
            assert_eq!(cookies.sessions(&headers), [Secret::new("s")]);
            assert_eq!(cookies.openings(&headers), [Secret::new("o")]);
            assert!(other.sessions(&headers).is_empty() && other.openings(&headers).is_empty());
        }
    }

    #[test]
    fn of_many_openings_the_newest_count() {
        let sent: Vec<String> = (0..100).map(|n| format!("tenantry_opening_{n}={n}")).collect();
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, sent.join("; ").parse().unwrap());
        let found = Cookies { tls: false }.openings(&headers);
        assert_eq!(
            (found.len(), found.first(), found.last()),
            (64, Some(&Secret::new("36")), Some(&Secret::new("99")))
        );
    }
}
