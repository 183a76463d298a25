//! The second wall before the trail: takes out of free JSON what by its name or form is a secret, and brings the rest
//! into a form that PostgreSQL gives back as it was.

use serde_json::{Map, Value};

/// What stands where a secret was.
pub(super) const SECRET: &str = "[secret]";

/// How names of secrets end, in small letters without separators.
const NAMES: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "cookie",
    "authorization",
    "privatekey",
    "apikey",
    "accesskey",
    "encryptionkey",
    "otp",
    "recoverycode",
];

/// How secrets themselves begin.
const FORMS: &[&str] =
    &["whsec_", "Bearer ", "Basic ", "-----BEGIN ", "eyJhbGciOi", "ghp_", "sk_live_", "$argon2"];

/// The value without secrets; keys in order; fractions as text, which PostgreSQL, JSON and computers each round
/// otherwise; and without the character that PostgreSQL cannot keep (U+0000).
pub fn redact(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.into_iter().collect();
            fields.sort_by(|a, b| a.0.cmp(&b.0));
            fields.into_iter().map(field).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.into_iter().map(redact).collect(),
        Value::String(text) if FORMS.iter().any(|form| text.trim_start().starts_with(form)) => SECRET.into(),
        Value::String(text) if text.contains('\0') => text.replace('\0', "\u{FFFD}").into(),
        Value::Number(number) if number.is_f64() => number.to_string().into(),
        other => other,
    }
}

fn field((name, value): (String, Value)) -> (String, Value) {
    let name = name.replace('\0', "\u{FFFD}");
    let value = match value {
        // Whether there is one is no secret, nor how many.
        Value::Null | Value::Bool(_) | Value::Number(_) => redact(value),
        _ if is_secret(&name) => SECRET.into(),
        _ => redact(value),
    };
    (name, value)
}

fn is_secret(name: &str) -> bool {
    let plain: String = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let stem = ["hash", "s"].iter().fold(plain.as_str(), |stem, end| stem.strip_suffix(end).unwrap_or(stem));
    NAMES.iter().any(|end| stem.ends_with(end))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_named_like_a_secret_or_looks_like_one_does_not_get_in() {
        let dirty = json!({
            "password": "x", "newPassword": "x", "password_hash": "x", "api-key": "x", "X-N8N-API-KEY": "x",
            "Authorization": "x", "clientSecret": {"inner": "x"}, "tokens": ["x", "x"], "recovery_codes": ["x"],
            "note": "Bearer x", "list": ["whsec_x", {"deep": {"accessToken": "x"}}],
        });
        let clean = redact(dirty).to_string();
        for leak in ["\"x\"", "Bearer", "whsec_"] {
            assert!(!clean.contains(leak), "{clean}");
        }
    }

    #[test]
    fn what_only_sounds_like_one_stays() {
        let plain = json!({
            "secretRotatedUntil": "2026-11-21", "tokenCount": 3, "hasPassword": true, "keyId": "key_1",
            "apiKeyName": "ci", "prefix": "tny_ab", "secret": null, "slug": "password",
        });
        assert_eq!(redact(plain.clone()), plain);
    }

    #[test]
    fn what_postgresql_would_give_back_otherwise_is_brought_into_one_form() {
        let value = json!({ "f": 0.1, "big": 1e300, "minus": -0.0, "text": "a\0b", "n": -7 });
        assert_eq!(
            redact(value),
            json!({ "f": "0.1", "big": "1e+300", "minus": "-0.0", "text": "a\u{FFFD}b", "n": -7 })
        );
    }
}
