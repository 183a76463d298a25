//! One lie a test. Each name says the lie, each code the reason that it is refused for.

use std::time::Duration;

use serde_json::{Value, json};

use super::provider::{Key, Says, at_hash, hs256, unsigned};
use super::{CLIENT, SECRET, World};

/// A log-in with one lie in what is said there.
macro_rules! lies {
    ($($name:ident: $code:literal, $lie:expr;)*) => {$(
        #[tokio::test]
        async fn $name() {
            let world = World::new().await;
            let refused = world.log_in($lie).await.expect_err("the lie was believed");
            assert_eq!(refused.code(), $code, "{refused}");
        }
    )*};
}

/// A log-in at a provider with one lie in its documents.
macro_rules! wrong_providers {
    ($($name:ident: $code:literal, $lie:expr;)*) => {$(
        #[tokio::test]
        async fn $name() {
            let world = World::new().await;
            let lie: fn(&World) = $lie;
            lie(&world);
            let refused = world.log_in(|_, _| {}).await.expect_err("the lie was believed");
            assert_eq!(refused.code(), $code, "{refused}");
        }
    )*};
}

lies! {
    issuer_of_another: "issuer_of_token", |_, said| said.claims["iss"] = json!("https://evil.example");
    issuer_with_a_slash_more: "issuer_of_token", |world, said| {
        said.claims["iss"] = json!(format!("{}/", world.provider.issuer));
    };
    audience_of_another_client: "audience", |_, said| said.claims["aud"] = json!("another client");
    audience_of_us_and_another_client: "audience", |_, said| said.claims["aud"] = json!([CLIENT, "another client"]);
    no_audience: "audience", |_, said| said.claims["aud"] = json!([]);
    authorized_party_of_another_client: "authorized_party", |_, said| said.claims["azp"] = json!("another client");
    nonce_of_another_log_in: "nonce", |_, said| said.claims["nonce"] = json!("of another log-in");
    no_nonce: "nonce", |_, said| {
        said.claims.as_object_mut().unwrap().remove("nonce");
    };
    expired_more_than_a_minute_ago: "expired", |world, said| {
        said.claims["exp"] = json!(tenantry_kernel::Clock::now(&*world.clock).timestamp() - 60);
    };
    issued_in_the_future: "not_yet_valid", |world, said| {
        said.claims["iat"] = json!(tenantry_kernel::Clock::now(&*world.clock).timestamp() + 61);
    };
    not_valid_before_a_later_time: "not_yet_valid", |world, said| {
        said.claims["nbf"] = json!(tenantry_kernel::Clock::now(&*world.clock).timestamp() + 61);
    };
    algorithm_none: "unsigned", |_, said| {
        said.id_token = Some(format!("{}.", unsigned(&json!({ "alg": "none" }), &said.claims)));
    };
    algorithm_none_with_a_signature: "unsigned", |world, said| {
        said.header["alg"] = json!("none");
        said.id_token = Some(world.key.sign(&said.header, &said.claims));
    };
    hmac_with_the_clients_secret: "algorithm", |_, said| {
        said.id_token = Some(hs256(SECRET.as_bytes(), "first", &said.claims));
    };
    hmac_with_the_public_key: "algorithm", |world, said| {
        said.id_token = Some(hs256(&world.key.known_to_all(), "first", &said.claims));
    };
    algorithm_of_another_kind_of_key: "unknown_key", |_, said| said.header["alg"] = json!("RS256");
    algorithm_that_is_not_accepted: "algorithm", |_, said| said.header["alg"] = json!("ES384");
    signature_of_another_text: "signature", |world, said| {
        let good = world.key.sign(&said.header, &said.claims);
        let signature = good.rsplit_once('.').unwrap().1;
        said.claims["sub"] = json!("somebody else");
        said.id_token = Some(format!("{}.{signature}", unsigned(&said.header, &said.claims)));
    };
    signature_that_is_empty: "signature", |_, said| {
        said.id_token = Some(format!("{}.", unsigned(&said.header, &said.claims)));
    };
    key_swapped_under_a_known_name: "signature", |_, said| {
        said.id_token = Some(Key::es256("first").sign(&said.header, &said.claims));
    };
    key_that_is_not_published: "unknown_key", |_, said| {
        let other = Key::es256("other");
        said.id_token = Some(other.sign(&other.header(), &said.claims));
    };
    key_in_the_tokens_own_header: "unknown_key", |_, said| {
        let other = Key::es256("other");
        let mut header = other.header();
        header["jwk"] = json!({ "kty": "EC", "crv": "P-256" });
        header["jku"] = json!("https://evil.example/keys");
        said.id_token = Some(other.sign(&header, &said.claims));
    };
    critical_header_that_nobody_knows: "not_a_token", |_, said| said.header["crit"] = json!(["exp2"]);
    access_token_of_another: "access_token_hash", |_, said| said.claims["at_hash"] = json!(at_hash("another"));
    access_token_swapped: "access_token_hash", |_, said| said.tokens["access_token"] = json!("another");
    no_subject: "no_subject", |_, said| {
        said.claims.as_object_mut().unwrap().remove("sub");
    };
    subject_that_is_empty: "no_subject", |_, said| said.claims["sub"] = json!("");
    subject_that_is_endless: "no_subject", |_, said| said.claims["sub"] = json!("x".repeat(256));
    no_id_token: "no_id_token", |_, said| said.tokens["id_token"] = Value::Null;
    id_token_that_is_no_jwt: "not_a_token", |_, said| said.id_token = Some("not.a.token".to_owned());
    id_token_that_is_endless: "not_a_token", |_, said| said.claims["more"] = json!("x".repeat(64 << 10));
    access_token_of_another_type: "token_type", |_, said| said.tokens["token_type"] = json!("mac");
    answer_of_another_issuer: "issuer_of_answer", |_, said| said.answer.iss = Some("https://evil.example".to_owned());
    error_in_the_name_of_another_issuer: "issuer_of_answer", |_, said| {
        said.answer.iss = Some("https://evil.example".to_owned());
        said.answer.error = Some("access_denied".to_owned());
    };
    error_beside_a_code: "provider_said", |_, said| said.answer.error = Some("access_denied".to_owned());
    answer_without_a_code: "no_code", |_, said| said.answer.code = None;
}

wrong_providers! {
    metadata_of_another_issuer: "issuer_of_metadata", |world| {
        world.metadata(|it| it["issuer"] = json!("https://evil.example"));
    };
    issuer_that_is_a_form_of_nobodys: "issuer_of_metadata", |world| {
        world.metadata(|it| it["issuer"] = json!("https://login.microsoftonline.com/{tenantid}/v2.0"));
    };
    metadata_that_are_no_json: "unreadable", |world| {
        world.provider.says("metadata", Says::Text("<html>".to_owned()));
    };
    metadata_without_keys: "unreadable", |world| world.metadata(|it| it["jwks_uri"] = Value::Null);
    metadata_elsewhere: "redirected", |world| {
        world.provider.says("metadata", Says::Redirect("https://evil.example/".to_owned()));
    };
    keys_at_a_private_address: "address_refused", |world| {
        world.metadata(|it| it["jwks_uri"] = json!("https://10.0.0.7/keys"));
    };
    keys_at_the_clouds_metadata_service: "address_refused", |world| {
        world.metadata(|it| it["jwks_uri"] = json!("http://169.254.169.254/latest/meta-data/"));
    };
    tokens_at_a_private_address: "address_refused", |world| {
        world.metadata(|it| it["token_endpoint"] = json!("https://192.168.1.1/token"));
    };
    log_in_page_at_a_private_address: "endpoint", |world| {
        world.metadata(|it| it["authorization_endpoint"] = json!("https://172.16.0.1/authorize"));
    };
    log_in_page_that_is_a_script: "endpoint", |world| {
        world.metadata(|it| it["authorization_endpoint"] = json!("javascript:alert(1)"));
    };
    log_out_page_that_is_a_script: "endpoint", |world| {
        world.metadata(|it| it["end_session_endpoint"] = json!("data:text/html,x"));
    };
    keys_elsewhere: "redirected", |world| {
        world.provider.says("keys", Says::Redirect("https://evil.example/keys".to_owned()));
    };
    keys_without_end: "too_large", |world| {
        world.provider.says("keys", Says::Text(format!("{{\"keys\":[\"{}\"]}}", "x".repeat(128 << 10))));
    };
    keys_by_the_hundred: "unreadable", |world| {
        world.provider.says("keys", Says::Json(200, json!({ "keys": vec![json!({}); 101] })));
    };
    keys_that_lack: "status", |world| world.provider.says("keys", Says::Json(404, json!({})));
    keys_for_encryption_only: "unknown_key", |world| {
        let key = json!({ "kty": "EC", "crv": "P-256", "use": "enc", "kid": "first", "x": "AA", "y": "AA" });
        world.provider.says("keys", Says::Json(200, json!({ "keys": [key] })));
    };
    keys_that_come_too_late: "slow", |world| {
        world.provider.says("keys", Says::Late(Duration::from_secs(60)));
    };
    answer_without_the_issuer_that_was_announced: "no_issuer_in_answer", |world| {
        world.metadata(|it| it["authorization_response_iss_parameter_supported"] = json!(true));
    };
}

/// The others lie about tokens; this one gives none, as for a code that was used before.
#[tokio::test]
async fn code_that_the_provider_refuses() {
    let world = World::new().await;
    let begun = world.begin().await.unwrap();
    let said = world.honest(&begun.secrets.nonce);
    world.provider.says("token", Says::Json(400, json!({ "error": "invalid_grant\u{1b}[31m" })));
    let refused =
        world.oidc.complete(&world.connection, &world.flow(&begun), &said.answer).await.unwrap_err();
    assert_eq!(refused.code(), "tokens_refused");
    assert!(refused.to_string().contains("`invalid_grant[31m`"), "without what a terminal obeys: {refused}");
}

#[tokio::test]
async fn tokens_elsewhere() {
    let world = World::new().await;
    let begun = world.begin().await.unwrap();
    let said = world.honest(&begun.secrets.nonce);
    world.provider.says("token", Says::Redirect("https://evil.example/token".to_owned()));
    let refused =
        world.oidc.complete(&world.connection, &world.flow(&begun), &said.answer).await.unwrap_err();
    assert_eq!(refused.code(), "redirected");
}

#[tokio::test]
async fn userinfo_of_another_person() {
    for other in
        [json!({ "sub": "eve-2", "email": "ada@acme.example" }), json!({ "email": "ada@acme.example" })]
    {
        let world = World::new().await;
        world.provider.says("userinfo", Says::Json(200, other));
        let refused = world.log_in(|_, said| {
            said.claims.as_object_mut().unwrap().remove("email");
        });
        assert_eq!(refused.await.unwrap_err().code(), "subject_of_userinfo");
    }
}

#[tokio::test]
async fn production_reaches_no_loopback() {
    let world = World::reaching(false).await;
    let refused = world.begin().await.unwrap_err();
    assert_eq!(refused.code(), "address_refused");
    assert_eq!(world.provider.times("metadata"), 0);
}

/// Within a minute, clocks may differ in both directions.
#[tokio::test]
async fn clocks_may_differ_by_a_minute() {
    let world = World::new().await;
    let now = tenantry_kernel::Clock::now(&*world.clock).timestamp();
    world.log_in(|_, said| said.claims["exp"] = json!(now - 59)).await.unwrap();
    world.log_in(|_, said| said.claims["iat"] = json!(now + 60)).await.unwrap();
    world.log_in(|_, said| said.claims["nbf"] = json!(now + 60)).await.unwrap();
}
