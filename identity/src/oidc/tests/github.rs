use serde_json::json;
use tenantry_kernel::Secret;

use super::provider::Says;
use super::{World, query};
use crate::sso::{GitHubSettings, Protocol};

async fn world() -> World {
    let mut world = World::new().await;
    world.connection.tenant = None;
    world.connection.protocol = Protocol::GitHub {
        settings: GitHubSettings {
            client_id: "Iv1.1".to_owned(),
            site: world.provider.issuer.clone(),
            api: format!("{}/api", world.provider.issuer),
        },
        secret: Secret::new("secret"),
    };
    world.provider.says("token", Says::Json(200, json!({ "access_token": "gho_1", "token_type": "bearer" })));
    world.provider.says("userinfo", Says::Json(200, json!({ "id": 42, "login": "ada", "name": null })));
    let emails = json!([
        { "email": "old@acme.example", "primary": false, "verified": true, "visibility": null },
        { "email": "ada@acme.example", "primary": true, "verified": true, "visibility": "private" },
    ]);
    world.provider.says("emails", Says::Json(200, emails));
    world
}

#[tokio::test]
async fn somebody_of_github_is_their_number_and_their_primary_address() {
    let world = world().await;
    let begun = world.begin().await.unwrap();
    assert!(begun.address.starts_with(&format!("{}/login/oauth/authorize?", world.provider.issuer)));
    let asked = query(&begun.address);
    assert_eq!(asked["scope"], "read:user user:email");
    assert_eq!(asked["code_challenge"], super::super::address::challenge(&begun.secrets.verifier));
    let answer = world.honest(&begun.secrets.nonce).answer;
    let asserted = world.oidc.complete(&world.connection, &world.flow(&begun), &answer).await.unwrap();
    assert_eq!((asserted.subject.as_str(), asserted.name.as_deref()), ("42", Some("ada")));
    assert_eq!(asserted.email.as_deref(), Some("ada@acme.example"));
    assert!(asserted.email_verified && asserted.tenant.is_none());
    let script = world.provider.script.lock().unwrap();
    assert_eq!(script.form["code_verifier"], begun.secrets.verifier.expose());
}

#[tokio::test]
async fn an_address_that_github_has_not_verified_is_unverified() {
    let world = world().await;
    let emails = json!([
        { "email": "old@acme.example", "primary": false, "verified": true },
        { "email": "ada@acme.example", "primary": true, "verified": false },
    ]);
    world.provider.says("emails", Says::Json(200, emails));
    let begun = world.begin().await.unwrap();
    let answer = world.honest(&begun.secrets.nonce).answer;
    let asserted = world.oidc.complete(&world.connection, &world.flow(&begun), &answer).await.unwrap();
    assert!(!asserted.email_verified);
}

/// It says so with the status 200.
#[tokio::test]
async fn a_code_that_github_refuses_is_refused() {
    let world = world().await;
    world.provider.says("token", Says::Json(200, json!({ "error": "bad_verification_code" })));
    let begun = world.begin().await.unwrap();
    let answer = world.honest(&begun.secrets.nonce).answer;
    let refused = world.oidc.complete(&world.connection, &world.flow(&begun), &answer).await;
    assert_eq!(refused.unwrap_err().code(), "tokens_refused");
    assert_eq!(world.provider.times("userinfo"), 0);
}
