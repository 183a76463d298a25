//! Logout tokens: the good one, and each way not to be one.

use serde_json::{Value, json};
use tenantry_kernel::Clock;

use super::provider::{Key, hs256, unsigned};
use super::{CLIENT, SECRET, World};
use crate::oidc::{LoggedOut, Refusal};

struct Token {
    header: Value,
    claims: Value,
    whole: Option<String>,
}

impl World {
    async fn hears(&self, lie: impl FnOnce(&Self, &mut Token)) -> Result<LoggedOut, Refusal> {
        let mut header = self.key.header();
        header["typ"] = json!("logout+jwt");
        let claims = json!({
            "iss": self.provider.issuer, "aud": [CLIENT], "iat": self.clock.now().timestamp(), "jti": "once",
            "sub": "ada-1", "sid": "s-1",
            "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
        });
        let mut token = Token { header, claims, whole: None };
        lie(self, &mut token);
        let token = token.whole.unwrap_or_else(|| self.key.sign(&token.header, &token.claims));
        self.oidc.logged_out(&self.connection, &token).await
    }
}

#[tokio::test]
async fn a_good_token_says_whose_sessions_end() {
    let world = World::new().await;
    let heard = world.hears(|_, _| {}).await.unwrap();
    assert_eq!(heard.subject.as_deref(), Some("ada-1"));
    assert_eq!(heard.session.as_deref(), Some("s-1"));
    assert_eq!(heard.jti, "once");
    assert_eq!((heard.until - world.clock.now()).num_seconds(), 360);
    let all = world.hears(|_, token| token.claims["sid"] = Value::Null).await.unwrap();
    assert_eq!((all.subject.as_deref(), all.session), (Some("ada-1"), None));
    // Without the type that is only recommended, or with the older one.
    for typ in [Value::Null, json!("JWT"), json!("application/logout+jwt")] {
        world.hears(|_, token| token.header["typ"] = typ).await.unwrap();
    }
}

macro_rules! lies {
    ($($name:ident: $code:literal, $lie:expr;)*) => {$(
        #[tokio::test]
        async fn $name() {
            let world = World::new().await;
            let refused = world.hears($lie).await.expect_err("the lie was believed");
            assert_eq!(refused.code(), $code, "{refused}");
        }
    )*};
}

lies! {
    an_id_token: "not_a_logout_token", |_, token| {
        token.claims.as_object_mut().unwrap().remove("events");
        token.header["typ"] = json!("JWT");
    };
    with_a_nonce: "not_a_logout_token", |_, token| token.claims["nonce"] = json!("n");
    another_event: "not_a_logout_token", |_, token| token.claims["events"] = json!({ "urn:other": {} });
    an_event_that_is_no_object: "not_a_logout_token", |_, token| {
        token.claims["events"]["http://schemas.openid.net/event/backchannel-logout"] = json!(true);
    };
    another_type: "not_a_logout_token", |_, token| token.header["typ"] = json!("at+jwt");
    a_critical_header: "not_a_logout_token", |_, token| token.header["crit"] = json!(["b64"]);
    of_nobody: "not_a_logout_token", |_, token| {
        token.claims["sub"] = Value::Null;
        token.claims["sid"] = Value::Null;
    };
    that_cannot_be_told_from_its_repetition: "not_a_logout_token", |_, token| token.claims["jti"] = Value::Null;
    for_another_client: "audience", |_, token| token.claims["aud"] = json!("another client");
    of_another_issuer: "issuer_of_token", |_, token| token.claims["iss"] = json!("https://evil.example");
    of_the_future: "not_yet_valid", |world, token| {
        token.claims["iat"] = json!(world.clock.now().timestamp() + 61);
    };
    of_long_ago: "logout_token_old", |world, token| {
        token.claims["iat"] = json!(world.clock.now().timestamp() - 361);
    };
    expired: "expired", |world, token| token.claims["exp"] = json!(world.clock.now().timestamp() - 61);
    unsigned_at_all: "unsigned", |_, token| {
        token.whole = Some(format!("{}.", unsigned(&json!({ "alg": "none" }), &token.claims)));
    };
    hmac_with_the_clients_secret: "algorithm", |_, token| {
        token.whole = Some(hs256(SECRET.as_bytes(), "first", &token.claims));
    };
    signed_by_a_stranger: "unknown_key", |_, token| {
        let other = Key::es256("other");
        token.whole = Some(other.sign(&other.header(), &token.claims));
    };
    signed_by_a_stranger_under_a_known_name: "signature", |_, token| {
        token.whole = Some(Key::es256("first").sign(&token.header, &token.claims));
    };
}

/// What is wrong by itself is told without asking the provider for anything: strangers may send us whatever they like.
#[tokio::test]
async fn nonsense_costs_the_provider_nothing() {
    let world = World::new().await;
    for nonsense in ["", "a.b.c", "e30.e30.", &"x".repeat(1 << 20)] {
        let refused = world.oidc.logged_out(&world.connection, nonsense).await.unwrap_err();
        assert_eq!(refused.code(), "not_a_token", "{refused}");
    }
    world.hears(|_, token| token.claims["aud"] = json!("x")).await.unwrap_err();
    assert_eq!(world.provider.times("metadata") + world.provider.times("keys"), 0);
}
