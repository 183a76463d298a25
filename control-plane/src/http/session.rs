//! What a request shows to say who it is: a session's cookie, or a program's bearer token (RFC 6750, section 2.1).
//! A request with both is the program's, and its cookies count for nothing.
//!
//! The session cookie: `HttpOnly`, `SameSite=Lax`, and beyond loopback `Secure` with the `__Host-` prefix
//! (RFC 6265bis, section 4.1.3), so that no neighbouring host can set it.

use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, COOKIE};
use chrono::TimeDelta;
use tenantry_authz::{Ctx, Origin};
use tenantry_kernel::{RequestId, Result, Secret};
use tokio::sync::Semaphore;

use crate::app::{App, Credential};

/// Who is behind a long-lived connection: looked up anew each time something is done for them.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) token: Credential,
    pub(crate) origin: Origin,
    /// What the connection may have open at once.
    pub(crate) streams: Arc<Semaphore>,
}

impl Session {
    /// The context of whoever the session is now. To be connected is no use of the session: nobody may sit before it.
    pub(crate) async fn context(&self, app: &App) -> Result<Ctx> {
        let id = RequestId::generate(&*app.runtime.clock, &*app.runtime.entropy);
        app.unattended_context(&self.token, self.origin.clone(), id).await
    }
}

const NAME: &str = "tenantry_session";
const SECURE_NAME: &str = "__Host-tenantry_session";

fn name(tls: bool) -> &'static str {
    if tls { SECURE_NAME } else { NAME }
}

/// A `Set-Cookie` value that carries the session.
pub(crate) fn cookie(token: &Secret, lifetime: TimeDelta, tls: bool) -> String {
    let secure = if tls { "; Secure" } else { "" };
    let seconds = lifetime.num_seconds().max(0);
    format!("{}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}", name(tls), token.expose())
}

/// A `Set-Cookie` value that ends it.
pub(crate) fn removal(tls: bool) -> String {
    cookie(&Secret::new(""), TimeDelta::zero(), tls)
}

/// What a request shows. A bearer token that cannot be read is still one: it must not pass for no token.
pub(crate) fn token(headers: &HeaderMap, tls: bool) -> Credential {
    bearer(headers)
        .map(Credential::Bearer)
        .or_else(|| cookie_token(headers, tls).map(Credential::Session))
        .unwrap_or(Credential::None)
}

/// The token of the header Authorization, if there is one: one that cannot be read is an empty one.
pub(super) fn bearer(headers: &HeaderMap) -> Option<Secret> {
    let mut found: Option<Secret> = None;
    for value in headers.get_all(AUTHORIZATION) {
        let bytes = value.as_bytes();
        let Some((scheme, rest)) = bytes.split_at_checked(6) else { continue };
        if !scheme.eq_ignore_ascii_case(b"bearer") || rest.first().is_some_and(|b| *b != b' ') {
            continue;
        }
        // Of two nobody knows which is meant: neither.
        let text = std::str::from_utf8(rest).map(str::trim).unwrap_or_default();
        found = Some(Secret::new(if found.is_some() { "" } else { text }));
    }
    found
}

fn cookie_token(headers: &HeaderMap, tls: bool) -> Option<Secret> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, value)| *key == name(tls) && !value.is_empty())
        .map(|(_, value)| Secret::new(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_found_again_and_only_under_its_own_name() {
        let token_text = Secret::new("abc");
        let mut headers = HeaderMap::new();
        for tls in [false, true] {
            let set = cookie(&token_text, TimeDelta::hours(1), tls);
            assert!(set.contains("HttpOnly") && set.contains("SameSite=Lax") && set.contains("Max-Age=3600"));
            assert_eq!(set.contains("Secure"), tls);
            headers.insert(COOKIE, format!("a=b; {}", set.split(';').next().unwrap()).parse().unwrap());
            assert_eq!(cookie_token(&headers, tls), Some(token_text.clone()));
            assert_eq!(cookie_token(&headers, !tls), None);
        }
        assert!(removal(true).contains("Max-Age=0"));
    }

    #[test]
    fn a_bearer_token_counts_before_a_cookie_and_never_turns_into_none() {
        let shown = |lines: &[&str]| {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, "tenantry_session=abc".parse().unwrap());
            for line in lines {
                headers.append(AUTHORIZATION, line.parse().unwrap());
            }
            match token(&headers, false) {
                Credential::None => "none".to_owned(),
                Credential::Session(token) => format!("session {}", token.expose()),
                Credential::Bearer(token) => format!("bearer {}", token.expose()),
            }
        };
        for (lines, wanted) in [
            (vec![], "session abc"),
            (vec!["Bearer xyz"], "bearer xyz"),
            (vec!["bearer  xyz "], "bearer xyz"),
            (vec!["Bearer"], "bearer "),
            (vec!["Bearer "], "bearer "),
            (vec!["Bearer xyz", "Bearer uvw"], "bearer "),
            (vec!["Basic eDp5", "Bearer xyz"], "bearer xyz"),
            (vec!["Bearerxyz"], "session abc"),
            (vec!["Basic eDp5"], "session abc"),
        ] {
            assert_eq!(shown(&lines), wanted, "{lines:?}");
        }
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, axum::http::HeaderValue::from_bytes(b"Bearer \xff").unwrap());
        assert!(matches!(token(&headers, false), Credential::Bearer(_)));
    }
}
