//! What a visitor sees when the edge answers by itself.

use axum::body::Body;
use axum::response::Response;
use http::StatusCode;
use http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER,
    X_CONTENT_TYPE_OPTIONS,
};

/// A short page: HTML for browsers, text for everyone else.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) status: StatusCode,
    pub(super) title: &'static str,
    pub(super) text: String,
    /// After how many seconds it is worth to come back; the page reloads by itself.
    pub(super) retry_secs: Option<u16>,
    /// Where to go from here, and its name.
    pub(super) links: Vec<(String, &'static str)>,
}

impl Page {
    pub(super) fn new(status: StatusCode, title: &'static str, text: impl Into<String>) -> Self {
        Self { status, title, text: text.into(), retry_secs: None, links: Vec::new() }
    }

    pub(super) fn retry(mut self, secs: u16) -> Self {
        self.retry_secs = Some(secs);
        self
    }

    pub(super) fn link(mut self, address: impl Into<String>, name: &'static str) -> Self {
        self.links.push((address.into(), name));
        self
    }

    pub(super) fn answer(self, html: bool) -> Response {
        let (kind, body) = if html {
            ("text/html; charset=utf-8", self.html())
        } else {
            ("text/plain; charset=utf-8", format!("{}\n{}\n", self.title, self.text))
        };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(
            CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
        );
        if let Some(secs) = self.retry_secs {
            headers.insert(RETRY_AFTER, HeaderValue::from(secs));
        }
        response
    }

    fn html(&self) -> String {
        let refresh = self
            .retry_secs
            .map(|secs| format!("<meta http-equiv=\"refresh\" content=\"{secs}\">"))
            .unwrap_or_default();
        let links: String = self
            .links
            .iter()
            .map(|(address, name)| format!("<p><a href=\"{}\">{}</a></p>", escape(address), escape(name)))
            .collect();
        format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\">{refresh}<title>{title}</title>\
             <style>body{{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:20vh auto;padding:0 1rem;\
             color-scheme:light dark}}</style></head><body><h1>{title}</h1><p>{text}</p>{links}</body></html>",
            title = escape(self.title),
            text = escape(&self.text),
        )
    }
}

/// Browsers ask for HTML by name; tools say `*/*` or nothing.
pub(super) fn wants_html(request: &HeaderMap) -> bool {
    request
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.to_ascii_lowercase().contains("text/html"))
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
