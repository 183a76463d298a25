//! What a request is about, as its path and its browser say.

use http::Method;
use http::header::{ACCEPT, HeaderMap, HeaderValue, ORIGIN};
use http::request::Parts;
use url::form_urlencoded;

/// What n8n's editor calls as its user (`restEndpoint` and the type files of n8n's `server.ts`). Everything else of
/// n8n is public or has its own keys: webhooks, forms, chats and MCP run workflows, which see their request's cookies.
const AS_USER: [&str; 2] = ["/rest/", "/types/"];
/// Pages of the editor, by their first segment. They are all the same file, which anyone may read; whoever wants to
/// see one is let in first.
const PAGES: [&str; 11] = [
    "",
    "signin",
    "home",
    "workflow",
    "workflows",
    "projects",
    "credentials",
    "executions",
    "settings",
    "insights",
    "personal",
];

/// n8n's health, which the public never sees. Its editor asks for it, and shows itself as offline without an answer.
pub(super) fn is_pulse(method: &Method, path: &str) -> bool {
    method == Method::GET && path == "/healthz"
}

/// Whether n8n's editor calls it as its user. The editor spells these paths in one way; what is spelled in another is
/// anybody's.
pub(super) fn is_as_user(path: &str) -> bool {
    AS_USER.iter().any(|tree| path.starts_with(tree)) && !path.contains("..")
}

/// What n8n's sign-in page is asked to show afterwards. n8n encodes it twice.
pub(super) fn after_sign_in(query: Option<&str>) -> Option<String> {
    let query = query?;
    let once = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "redirect")?.1.into_owned();
    if once.starts_with('/') {
        return Some(once);
    }
    let decoded =
        form_urlencoded::parse(format!("x={}", once.replace('+', "%2B")).as_bytes()).next()?.1.into_owned();
    Some(decoded)
}

pub(super) fn first_segment(path: &str) -> &str {
    path.trim_start_matches('/').split('/').next().unwrap_or_default()
}

/// Somebody looks at the editor in a browser's window.
pub(super) fn is_page(head: &Parts) -> bool {
    let headers = &head.headers;
    let named = |value: &HeaderValue| value.to_str().is_ok_and(|text| text.contains("text/html"));
    head.method == Method::GET
        && PAGES.contains(&first_segment(head.uri.path()))
        && headers.get_all(ACCEPT).iter().any(named)
        && is_navigation(headers)
}

/// A browser that says what it fetches for (Fetch Metadata) fetches for its window; others do not say.
pub(super) fn is_navigation(headers: &HeaderMap) -> bool {
    let is = |name: &str, wanted: &str| headers.get(name).is_none_or(|value| value == wanted);
    is("sec-fetch-mode", "navigate") && is("sec-fetch-dest", "document")
}

/// Whether the request was made by a page of the instance itself, or is a plain look at one. Instances of other
/// tenants are siblings under one domain, for which `SameSite` is no wall, and n8n's own (a session bound to a header)
/// does not stand here, as its session is not the browser's.
pub(super) fn is_own(method: &Method, headers: &HeaderMap, authority: &str) -> bool {
    let origins: Vec<&HeaderValue> = headers.get_all(ORIGIN).iter().collect();
    let from_here = |origin: &HeaderValue| {
        let text = origin.to_str().unwrap_or_default();
        text.strip_prefix("http://").or_else(|| text.strip_prefix("https://")) == Some(authority)
    };
    if !origins.iter().all(|origin| from_here(origin)) {
        return false;
    }
    match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
        None | Some(b"same-origin" | b"none") => true,
        // Back from elsewhere, as with OAuth of n8n's credentials.
        Some(_) => method == Method::GET && headers.contains_key("sec-fetch-mode") && is_navigation(headers),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::open::Target;

    fn own(method: Method, given: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            headers.append(*name, HeaderValue::from_static(value));
        }
        is_own(&method, &headers, "acme.eu.localhost:8081")
    }

    #[test]
    fn only_pages_of_the_instance_itself_act_as_its_user() {
        let here = ("origin", "http://acme.eu.localhost:8081");
        let sibling = ("origin", "http://evil.eu.localhost:8081");
        assert!(own(Method::POST, &[here, ("sec-fetch-site", "same-origin")]));
        assert!(own(Method::POST, &[here]) && own(Method::GET, &[]));
        assert!(own(Method::GET, &[("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate")]));
        assert!(!own(Method::POST, &[sibling]) && !own(Method::GET, &[sibling]));
        assert!(!own(Method::GET, &[here, sibling]));
        assert!(
            !own(Method::GET, &[("origin", "null")])
                && !own(Method::GET, &[("origin", "http://acme.eu.localhost")])
        );
        assert!(!own(Method::POST, &[("sec-fetch-site", "same-site")]));
        assert!(!own(Method::GET, &[("sec-fetch-site", "same-site"), ("sec-fetch-mode", "no-cors")]));
        assert!(!own(Method::GET, &[("sec-fetch-site", "cross-site")]));
        let back = [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
        ];
        assert!(own(Method::GET, &back) && !own(Method::POST, &back));
        let framed =
            [("sec-fetch-site", "same-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")];
        assert!(!own(Method::GET, &framed));
    }

    #[test]
    fn n8ns_sign_in_says_where_to_go() {
        let to = |query| {
            after_sign_in(Some(query)).and_then(|text| text.parse::<Target>().ok()).map(|t| t.to_string())
        };
        assert_eq!(to("redirect=%252Fworkflow%252F1").as_deref(), Some("/workflow/1"));
        assert_eq!(to("a=b&redirect=%2Fhome").as_deref(), Some("/home"));
        assert_eq!(to("redirect=https%3A%2F%2Fevil.example"), None);
        assert_eq!(to("redirect=%252F%252Fevil.example"), None);
        assert_eq!(to("a=b"), None);
    }
}
