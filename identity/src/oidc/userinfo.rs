//! Claims that the ID token lacks (OpenID Connect Core 1.0, section 5.3). Providers may keep them out of it, and the
//! certified ones do (section 5.4).

use tenantry_kernel::Secret;

use super::Oidc;
use super::fetch::{Proving, Way};
use super::id_token::{Claims, text};
use super::metadata::Metadata;
use super::provider::Provider;
use super::refusal::{Refusal, What};

impl Oidc {
    /// Adds what the ID token does not say. What it says stands.
    pub(super) async fn fill_up(
        &self,
        claims: &mut Claims,
        (provider, metadata): (Provider<'_>, &Metadata),
        (way, access_token): (&Way, &Secret),
    ) -> Result<(), Refusal> {
        let names = &provider.settings.claims;
        let wanted = [&names.email, "email_verified", &names.name, &names.groups];
        let Some(place) = &metadata.userinfo else { return Ok(()) };
        if wanted.iter().all(|name| claims.contains_key(*name)) {
            return Ok(());
        }
        let more: Claims = way.get((What::UserInfo, place), Proving::Bearer(access_token)).await?;
        // Another person's claims beside this one's subject would be a way into their account (section 5.3.2).
        if text(&more, "sub").is_none() || text(&more, "sub") != text(claims, "sub") {
            return Err(Refusal::SubjectOfUserInfo);
        }
        merge(claims, &more, &wanted);
        Ok(())
    }
}

/// Whether an address is verified is said of the address beside it: it is not taken over for another one.
fn merge(claims: &mut Claims, more: &Claims, wanted: &[&str]) {
    let other_address = text(claims, "email").is_some_and(|email| text(more, "email") != Some(email));
    for name in wanted {
        if let Some(value) = more.get(*name).filter(|_| !(other_address && *name == "email_verified")) {
            claims.entry(*name).or_insert_with(|| value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn merged(of_token: Value, of_userinfo: Value) -> Value {
        let (Value::Object(mut claims), Value::Object(more)) = (of_token, of_userinfo) else {
            panic!("claims are objects")
        };
        merge(&mut claims, &more, &["email", "email_verified", "name", "groups"]);
        Value::Object(claims)
    }

    #[test]
    fn what_the_token_says_stands_and_a_verification_stays_with_its_address() {
        let more = json!({ "email": "b@x.example", "email_verified": true, "name": "B", "role": "root" });
        assert_eq!(
            merged(json!({ "email": "a@x.example" }), more.clone()),
            json!({ "email": "a@x.example", "name": "B" }),
            "the other address's verification is not taken over"
        );
        assert_eq!(
            merged(json!({}), more.clone()),
            json!({ "email": "b@x.example", "email_verified": true, "name": "B" })
        );
        assert_eq!(
            merged(json!({ "email": "b@x.example", "name": "A" }), more),
            json!({ "email": "b@x.example", "email_verified": true, "name": "A" })
        );
    }

    #[test]
    fn an_unverified_word_of_the_token_is_not_overruled_by_another_source() {
        let more = json!({ "email": "a@x.example", "email_verified": true });
        let token = json!({ "email": "a@x.example", "email_verified": false });
        assert_eq!(merged(token.clone(), more), token);
    }
}
