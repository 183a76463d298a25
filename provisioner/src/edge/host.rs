//! Reads the host a request is for: `<slug>.<region>.<base domain>[:port]`.

use http::Request;
use http::header::HOST;

/// A host name that has the shape of an instance's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InstanceHost {
    pub(super) slug: String,
    pub(super) region: String,
    /// The name as it goes to the instance: lower-case, no trailing dot, with the port the client used.
    pub(super) authority: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HostError {
    /// None, more than one, or two that differ: two servers could read it in two ways (RFC 9112 §3.2).
    Ambiguous,
    /// Well-formed or not, no instance can have this name.
    NotAnInstance,
}

pub(super) fn of<B>(request: &Request<B>, base_domain: &str) -> Result<InstanceHost, HostError> {
    let mut values = request.headers().get_all(HOST).iter();
    let header =
        values.next().map(|value| value.to_str().map_err(|_| HostError::NotAnInstance)).transpose()?;
    if values.next().is_some() {
        return Err(HostError::Ambiguous);
    }
    // HTTP/2 carries the name in `:authority`, an HTTP/1 client may send an absolute target: both end up here.
    let target = request.uri().authority().map(|authority| authority.as_str());
    match (header, target) {
        (Some(header), Some(target)) if !header.eq_ignore_ascii_case(target) => Err(HostError::Ambiguous),
        (Some(name), _) | (None, Some(name)) => parse(name, base_domain).ok_or(HostError::NotAnInstance),
        (None, None) => Err(HostError::Ambiguous),
    }
}

fn parse(text: &str, base_domain: &str) -> Option<InstanceHost> {
    let (name, port) = match text.split_once(':') {
        Some((name, port)) => (name, Some(parse_port(port)?)),
        None => (text, None),
    };
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let labels = name.strip_suffix(base_domain)?.strip_suffix('.')?;
    let (slug, region) = labels.split_once('.')?;
    if !is_label(slug) || !is_label(region) {
        return None;
    }
    let authority = match port {
        Some(port) => format!("{name}:{port}"),
        None => name.clone(),
    };
    Some(InstanceHost { slug: slug.to_owned(), region: region.to_owned(), authority })
}

/// `u16::from_str` alone would take `+80`.
fn parse_port(text: &str) -> Option<u16> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// A DNS label as RFC 1123 has it.
fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn authority(text: &str) -> Option<String> {
        parse(text, "localhost").map(|host| host.authority)
    }

    #[test]
    fn case_trailing_dot_and_port_are_understood() {
        assert_eq!(authority("acme.eu-central.localhost").as_deref(), Some("acme.eu-central.localhost"));
        assert_eq!(
            authority("ACME.EU-Central.LocalHost.:8080").as_deref(),
            Some("acme.eu-central.localhost:8080")
        );
        let host = parse("a.b.n8n.example.com", "n8n.example.com").unwrap();
        assert_eq!((host.slug.as_str(), host.region.as_str()), ("a", "b"));
    }

    #[test]
    fn anything_else_is_no_instance() {
        for bad in [
            "",
            ".",
            ":80",
            "localhost",
            ".localhost",
            "eu.localhost",
            "..localhost",
            "a..localhost",
            ".eu.localhost",
            "x.a.eu.localhost",
            "a.eu.localhost.evil.com",
            "a.eu.evillocalhost",
            "a.eulocalhost",
            "a.eu.localhost..",
            "a.eu.localhost:",
            "a.eu.localhost:+80",
            "a.eu.localhost:99999",
            "a.eu.localhost:80:80",
            "a_b.eu.localhost",
            "-a.eu.localhost",
            "a-.eu.localhost",
            "user@a.eu.localhost",
            "a.eu.localhost/",
            "127.0.0.1",
            "[::1]:80",
            "a%2eeu.localhost",
            "ä.eu.localhost",
        ] {
            // `:` with nothing behind it is an empty port, which RFC 3986 allows but no client sends.
            assert_eq!(authority(bad), None, "{bad:?}");
        }
    }
}
