//! The paths of n8n that the public never reaches.
//!
//! The comparison errs on the side of hiding. n8n's router takes no notice of case and of a final slash, and
//! does not decode before it matches; but other layers, and later versions, may. So every reading of the path
//! is compared: raw and decoded up to a fixed point, with and without dot segments resolved, without empty
//! segments, without `;parameters`, with `\` as a slash. A path is hidden if one reading is.

use http::Uri;

/// Hidden with everything below them.
const TREES: &[&[&str]] = &[
    // Unauthenticated figures of the instance; the region's worker reads them past the edge.
    &["metrics"],
    &["healthz"],
    // Whoever sets up the owner owns the instance. The control plane manages the owner.
    &["rest", "owner"],
    &["setup"],
];

/// Decoding further than this is an attempt to hide something.
const MAX_ENCODINGS: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Open,
    Hidden,
    /// Not what RFC 3986 allows: no two parsers agree on it.
    Malformed,
}

pub(super) fn judge(uri: &Uri) -> Verdict {
    let path = uri.path();
    // n8n's URL parser trims and rewrites a target that holds raw non-ASCII spaces.
    let target = uri.path_and_query().map_or(path, |target| target.as_str());
    if !path.starts_with('/') || !target.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Verdict::Malformed;
    }
    if reaches(path, TREES) { Verdict::Hidden } else { Verdict::Open }
}

/// Whether one reading of the path lies in one of these trees.
pub(super) fn reaches(path: &str, trees: &[&[&str]]) -> bool {
    let mut reading = path.as_bytes().to_ascii_lowercase();
    for _ in 0..=MAX_ENCODINGS {
        if is_in(&reading, trees) {
            return true;
        }
        match decode(&reading) {
            Some(decoded) => reading = decoded.to_ascii_lowercase(),
            None => return false,
        }
    }
    true
}

fn is_in(path: &[u8], trees: &[&[&str]]) -> bool {
    let plain: Vec<&[u8]> = path
        .split(|byte| matches!(byte, b'/' | b'\\'))
        .map(|segment| segment.split(|byte| *byte == b';').next().unwrap_or(segment))
        .map(<[u8]>::trim_ascii)
        .filter(|segment| !segment.is_empty())
        .collect();
    let mut resolved: Vec<&[u8]> = Vec::with_capacity(plain.len());
    for segment in &plain {
        match *segment {
            b"." => {}
            b".." => {
                resolved.pop();
            }
            other => resolved.push(other),
        }
    }
    [&plain, &resolved].into_iter().any(|segments| trees.iter().any(|tree| is_below(segments, tree)))
}

fn is_below(segments: &[&[u8]], tree: &[&str]) -> bool {
    segments.len() >= tree.len() && segments.iter().zip(tree).all(|(have, want)| *have == want.as_bytes())
}

/// One round of percent-decoding, or `None` where there is nothing to decode. Stray `%` stay.
fn decode(path: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((first, tail)) = rest.split_first() {
        match tail {
            [high, low, after @ ..]
                if *first == b'%' && high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                decoded.push(nibble(*high) << 4 | nibble(*low));
                rest = after;
            }
            _ => {
                decoded.push(*first);
                rest = tail;
            }
        }
    }
    (decoded.len() < path.len()).then_some(decoded)
}

fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit.wrapping_sub(b'A').wrapping_add(10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn verdict(target: &str) -> Verdict {
        judge(&target.parse().unwrap())
    }

    #[test]
    fn every_spelling_of_a_hidden_path_is_hidden() {
        for path in [
            "/metrics",
            "/metrics/",
            "/METRICS",
            "//metrics",
            "/./metrics",
            "/x/../metrics",
            "/metrics?x=1",
            "/%6detrics",
            "/%6Detrics",
            "/%256detrics",
            "/metrics%2f",
            "/%2fmetrics",
            "/%2e/metrics",
            "/x/%2e%2e/metrics",
            "/metrics;a=b",
            "/;/metrics",
            "/\\metrics",
            "/metrics%00/../metrics",
            "/%5cmetrics",
            "/metrics%20",
            "/metrics/..",
            "/healthz",
            "/healthz/readiness",
            "/rest/owner/setup",
            "/rest//owner/setup",
            "/REST/Owner/Setup/",
            "/rest/%6fwner/setup",
            "/rest%2fowner%2fsetup",
            "/rest/x/../owner/setup",
            "/rest/owner",
            "/rest/owner/dismiss-banner",
            "/setup",
            "/Setup/",
            "/%25252525252525256detrics",
        ] {
            assert_eq!(verdict(path), Verdict::Hidden, "{path}");
        }
    }

    #[test]
    fn the_rest_of_n8n_is_open() {
        for path in [
            "/",
            "/rest/login",
            "/rest/settings",
            "/webhook/metrics",
            "/webhook/setup",
            "/metricsx",
            "/healthzx",
            "/rest/owners",
            "/rest/ownership/owner",
            "/webhook/a%20b",
            "/webhook/100%",
            "/form/%C3%A4",
            "/webhook/x?next=/metrics",
            "/workflow/new",
            "/rest/push?pushRef=x",
            "/setup-guide",
            "/webhook/a;b/c",
        ] {
            assert_eq!(verdict(path), Verdict::Open, "{path}");
        }
        assert_eq!(verdict("*"), Verdict::Malformed);
        assert_eq!(verdict("/metrics\u{a0}"), Verdict::Malformed);
    }

    proptest! {
        /// Encode any letters, change their case, add slashes: it stays hidden.
        #[test]
        fn no_spelling_escapes(spelling in proptest::collection::vec(0u8..4, 17), slashes in 1usize..4) {
            let path: String = "/rest/owner/setup".chars().zip(spelling).map(|(c, how)| match (c, how) {
                ('/', _) => "/".repeat(slashes),
                (c, 0) => format!("%{:02x}", c as u32),
                (c, 1) => format!("%25{:02X}", c as u32),
                (c, 2) => c.to_ascii_uppercase().to_string(),
                (c, _) => c.to_string(),
            }).collect();
            prop_assert_eq!(verdict(&path), Verdict::Hidden);
        }
    }
}
