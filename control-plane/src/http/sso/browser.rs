//! The cookie that holds a browser to the log-ins that it began.

use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use tenantry_kernel::{Entropy, Secret, random_token};

const NAME: &str = "tenantry_sso";
const SECURE_NAME: &str = "__Host-tenantry_sso";
/// As long as a flow: ten minutes.
const SECONDS: u16 = 600;
/// In hexadecimal.
const LENGTH: usize = 64;

fn name(tls: bool) -> &'static str {
    if tls { SECURE_NAME } else { NAME }
}

/// The browser's secret, if it has one.
pub(in crate::http) fn secret(headers: &HeaderMap, tls: bool) -> Option<Secret> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, value)| *key == name(tls) && value.len() == LENGTH)
        .map(|(_, value)| Secret::new(value))
}

/// The browser's secret: the one that it has, so that log-ins in two of its windows go on, or a new one.
pub(in crate::http) fn secret_or_new(headers: &HeaderMap, tls: bool, entropy: &dyn Entropy) -> Secret {
    secret(headers, tls).unwrap_or_else(|| random_token(entropy))
}

/// A `Set-Cookie` value. `Lax`, because the browser comes back from another site.
pub(in crate::http) fn cookie(secret: &Secret, tls: bool) -> String {
    let secure = if tls { "; Secure" } else { "" };
    format!("{}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={SECONDS}{secure}", name(tls), secret.expose())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_of_this_host_alone_and_read_under_its_own_name() {
        let token = random_token(&tenantry_kernel::OsEntropy);
        for tls in [false, true] {
            let set = cookie(&token, tls);
            assert!(set.contains("HttpOnly; SameSite=Lax; Max-Age=600"));
            assert_eq!((set.contains("; Secure"), set.starts_with("__Host-")), (tls, tls));
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, format!("a=b; {}", set.split(';').next().unwrap()).parse().unwrap());
            assert_eq!(secret(&headers, tls), Some(token.clone()));
            assert_eq!(secret(&headers, !tls), None);
        }
    }
}
