//! The headers that may not pass as they came.

use http::header::{CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue, SERVER, SET_COOKIE, UPGRADE};

use super::cookies;
use super::host::InstanceHost;

/// Names that only a proxy may say. `X-Forwarded-*` is matched by its prefix.
const CLAIMS: &[&str] = &["forwarded", "via", "x-real-ip"];

/// Makes the request's headers safe for the proxy library, which then adds `X-Forwarded-*` and `Forwarded`.
pub(super) fn sanitise_request(headers: &mut HeaderMap, host: &InstanceHost) {
    let websocket = tokens(headers, &UPGRADE).any(|token| token.eq_ignore_ascii_case("websocket"))
        && tokens(headers, &CONNECTION).any(|token| token.eq_ignore_ascii_case("upgrade"));
    // `Connection: host` would make the library drop the very name it shall preserve, so what the client
    // nominates goes here, before ours is written.
    let nominated: Vec<HeaderName> = tokens(headers, &CONNECTION)
        .filter_map(|token| token.parse().ok())
        .filter(|name| name != UPGRADE)
        .collect();
    for name in nominated {
        headers.remove(name);
    }
    headers.remove(CONNECTION);
    headers.remove(UPGRADE);
    if websocket {
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    }

    let claims: Vec<HeaderName> = headers
        .keys()
        .filter(|name| CLAIMS.contains(&name.as_str()) || name.as_str().starts_with("x-forwarded"))
        .cloned()
        .collect();
    for name in claims {
        headers.remove(name);
    }

    // A parsed host is ASCII letters, digits, dots, hyphens and a port: it is always a valid value.
    if let Ok(value) = HeaderValue::from_str(&host.authority) {
        headers.insert(HOST, value);
    }
}

/// Takes away what tells of the software behind, and what reaches beyond the instance's own host.
pub(super) fn sanitise_response(headers: &mut HeaderMap) {
    headers.remove(SERVER);
    headers.remove("x-powered-by");
    let cookies: Vec<HeaderValue> = headers
        .get_all(SET_COOKIE)
        .iter()
        .filter(|cookie| cookies::may_be_set(cookie))
        .filter_map(host_only)
        .collect();
    headers.remove(SET_COOKIE);
    for cookie in cookies {
        headers.append(SET_COOKIE, cookie);
    }
}

/// A workflow can answer with any header. `Domain=eu.example.com` would plant a cookie, a log-in even, in every
/// other tenant's n8n of the region.
fn host_only(cookie: &HeaderValue) -> Option<HeaderValue> {
    let kept: Vec<&[u8]> = cookie
        .as_bytes()
        .split(|byte| *byte == b';')
        .enumerate()
        .filter(|(position, part)| *position == 0 || !is_domain(part))
        .map(|(_, part)| part)
        .collect();
    HeaderValue::from_bytes(&kept.join(&b';')).ok()
}

fn is_domain(attribute: &[u8]) -> bool {
    let name = attribute.split(|byte| *byte == b'=').next().unwrap_or(attribute);
    name.trim_ascii().eq_ignore_ascii_case(b"domain")
}

fn tokens<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_lose_their_domain_and_nothing_else() {
        for (given, kept) in [
            ("a=b; Path=/; HttpOnly", "a=b; Path=/; HttpOnly"),
            ("a=b; Domain=eu.localhost; Path=/", "a=b; Path=/"),
            ("a=b;domain = .localhost;Secure", "a=b;Secure"),
            ("a=b; DOMAIN; domain=x", "a=b"),
            ("domain=value; Path=/", "domain=value; Path=/"),
        ] {
            let cookie = host_only(&HeaderValue::from_static(given)).unwrap();
            assert_eq!(cookie.to_str().unwrap(), kept);
        }
    }
}
