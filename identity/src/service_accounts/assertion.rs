//! Whether an assertion says what it must, beside being signed (RFC 7523, section 3; RFC 7521, section 5.2).

use chrono::{DateTime, TimeDelta, Utc};

use super::jws::Claims;

/// An assertion is used at once: it need not be good for longer.
const MOST_AHEAD: TimeDelta = TimeDelta::minutes(5);
/// Clocks differ.
const SKEW: TimeDelta = TimeDelta::seconds(30);
const MOST_JTI: usize = 256;

/// What of the claims is used on.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Judged<'a> {
    pub(super) jti: &'a str,
    /// Until when its `jti` must be remembered.
    pub(super) until: DateTime<Utc>,
}

/// Judges the claims of a client's assertion for one of `audiences`.
///
/// # Errors
/// What is wrong, in words for the client's developer.
pub(super) fn judge<'a>(
    claims: &'a Claims,
    audiences: &[String],
    now: DateTime<Utc>,
) -> Result<Judged<'a>, &'static str> {
    if claims.iss != claims.sub {
        return Err("iss and sub must both be the client id");
    }
    let meant = claims.aud.all();
    // Of several audiences each could show the assertion to the others: all of them must be us.
    if meant.is_empty() || !meant.iter().all(|one| audiences.contains(one)) {
        return Err("aud must be the address of the token endpoint and nothing else");
    }
    let moment = |seconds: f64| DateTime::from_timestamp_millis((seconds * 1000.0) as i64);
    let exp = moment(claims.exp).ok_or("exp is no moment")?;
    if exp <= now {
        return Err("the assertion has expired");
    }
    if exp > now + MOST_AHEAD + SKEW {
        return Err("exp must be at most 5 minutes ahead");
    }
    for early in [claims.nbf, claims.iat].into_iter().flatten() {
        if moment(early).is_none_or(|at| at > now + SKEW) {
            return Err("nbf and iat must not be in the future");
        }
    }
    let jti = claims.jti.as_deref().filter(|jti| !jti.is_empty() && jti.len() <= MOST_JTI);
    Ok(Judged { jti: jti.ok_or("jti must be there, with at most 256 bytes")?, until: exp })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const US: &str = "https://portal.example/oauth/token";

    fn judged(change: impl FnOnce(&mut Value)) -> Result<String, &'static str> {
        let mut claims = json!({ "iss": "sva_1", "sub": "sva_1", "aud": US, "exp": 1_300, "jti": "one" });
        change(&mut claims);
        let now = DateTime::from_timestamp(1_000, 0).unwrap();
        let claims: Claims = serde_json::from_value(claims).map_err(|_| "unreadable")?;
        judge(&claims, &[US.to_owned(), "https://portal.example".to_owned()], now).map(|j| j.jti.to_owned())
    }

    #[test]
    fn an_assertion_is_for_us_of_the_client_itself_and_short_lived() {
        assert_eq!(judged(|_| {}), Ok("one".to_owned()));
        assert!(judged(|c| c["aud"] = json!([US])).is_ok());
        assert!(judged(|c| c["aud"] = json!("https://portal.example")).is_ok());
        assert!(judged(|c| c["exp"] = json!(1_000.5)).is_ok());
        assert!(judged(|c| c["iat"] = json!(1_029)).is_ok());
        for (field, wrong) in [
            ("iss", json!("sva_2")),
            ("sub", json!("sva_2")),
            ("aud", json!("https://elsewhere.example/oauth/token")),
            ("aud", json!([US, "https://elsewhere.example"])),
            ("aud", json!([])),
            ("aud", json!(null)),
            ("exp", json!(1_000)),
            ("exp", json!(999)),
            ("exp", json!(1_331)),
            ("exp", json!(1e300)),
            ("exp", json!("1300")),
            ("exp", json!(null)),
            ("nbf", json!(1_031)),
            ("iat", json!(1_031)),
            ("jti", json!("")),
            ("jti", json!(null)),
            ("jti", json!("x".repeat(257))),
        ] {
            assert!(judged(|c| c[field] = wrong.clone()).is_err(), "{field}: {wrong}");
        }
    }
}
