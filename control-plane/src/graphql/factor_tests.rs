//! Second factors and fresh proofs over HTTP: cookies, codes of errors, and keyed requests.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, header};
use chrono::TimeDelta;
use serde_json::{Value, json};
use tenantry_authz::{Actor, Ctx, Origin};
use tenantry_identity::SignUp;
use tenantry_kernel::{Clock, ManualClock, Secret, SystemClock};

use crate::test_world::TestApp;

const PASSWORD: &str = "glacier umbrella 94 tin";

struct Browser {
    test: TestApp,
    clock: Arc<ManualClock>,
    cookie: String,
}

/// Bob, who owns a tenant, in a browser of his.
async fn bob() -> (Browser, String) {
    let clock = Arc::new(ManualClock::new(SystemClock.now()));
    let test = TestApp::at(clock.clone()).await;
    let tenant = test.tenant("bolt", "pro").await;
    let nobody = Ctx::new(test.app.runtime.clone(), Actor::Anonymous, vec![], Origin::default());
    let sign_up =
        SignUp { email: "bob@example.com".into(), password: Secret::new(PASSWORD), name: "Bob".into() };
    test.app.identity.sign_up(&nobody, sign_up).await.unwrap();
    sqlx::query(
        "WITH u AS (UPDATE identity.users SET email_verified_at = now() WHERE email = 'bob@example.com' RETURNING *)
         INSERT INTO identity.memberships (tenant_id, user_id, role, email, name, created_at)
         SELECT $1, id, 'owner', email, name, now() FROM u",
    )
    .bind(tenant.uuid())
    .execute(&mut test.world.superuser().await)
    .await
    .unwrap();
    let mut browser = Browser { test, clock, cookie: String::new() };
    let answer = browser.log_in().await;
    assert!(answer["viewer"].is_object(), "{answer}");
    (browser, tenant.to_string())
}

impl Browser {
    async fn ask(&mut self, query: &str, variables: Value) -> Value {
        self.keyed(query, variables, None).await
    }

    async fn keyed(&mut self, query: &str, variables: Value, key: Option<&str>) -> Value {
        let mut request = Request::post("/graphql")
            .header("content-type", "application/json")
            .header("cookie", &self.cookie);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let body = json!({ "query": query, "variables": variables }).to_string();
        let response = self.test.send(request.body(Body::from(body)).unwrap()).await;
        if let Some(set) = response.headers().get(header::SET_COOKIE) {
            self.cookie = set.to_str().unwrap().split(';').next().unwrap().to_owned();
        }
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    async fn log_in(&mut self) -> Value {
        let query = "mutation($p: String!) { logIn(input: { email: \"bob@example.com\", password: $p }) {
            viewer { email security { hasPassword provenUntil } } secondFactor { token factors } problem { code } } }";
        self.ask(query, json!({ "p": PASSWORD })).await["data"]["logIn"].take()
    }

    async fn viewer(&mut self) -> Value {
        self.ask("{ viewer { email } }", json!({})).await["data"]["viewer"].take()
    }
}

fn code(answer: &Value) -> &Value {
    &answer["errors"][0]["extensions"]["code"]
}

const MAKE_KEY: &str =
    "mutation($t: ID!) { createApiKey(input: { tenantId: $t, name: \"CI\", scopes: [\"tenant:view\"] }) {
    secret problem { code } } }";
const PROVE: &str = "mutation($p: String!) { prove(input: { password: $p }) { ok problem { code } } }";

#[tokio::test]
async fn what_needs_a_fresh_proof_is_refused_until_there_is_one_and_the_same_key_works_then() {
    let (mut browser, tenant) = bob().await;
    let of = || json!({ "t": tenant });
    browser.clock.advance(TimeDelta::minutes(6));
    let refused = browser.keyed(MAKE_KEY, of(), Some("one-key")).await;
    assert_eq!(code(&refused), "STEP_UP_REQUIRED", "{refused}");
    assert!(refused["errors"][0]["extensions"]["remedy"].as_str().unwrap().contains("prove"));
    let wrong = browser.ask(PROVE, json!({ "p": "another password entirely" })).await;
    assert_eq!(wrong["data"]["prove"]["problem"]["code"], "WRONG_PROOF", "{wrong}");

    let before = browser.cookie.clone();
    let proved = browser.ask(PROVE, json!({ "p": PASSWORD })).await;
    assert_eq!(proved["data"]["prove"], json!({ "ok": true, "problem": null }), "{proved}");
    let now = std::mem::replace(&mut browser.cookie, before.clone());
    assert_ne!(now, before);
    assert_eq!(browser.viewer().await, Value::Null, "the cookie from before is nobody's");
    browser.cookie = now;
    let made = browser.keyed(MAKE_KEY, of(), Some("one-key")).await;
    assert!(made["data"]["createApiKey"]["secret"].is_string(), "{made}");

    let keyed = browser.keyed(PROVE, json!({ "p": PASSWORD }), Some("another-key")).await;
    assert_eq!(code(&keyed), "IDEMPOTENCY_NOT_SUPPORTED", "{keyed}");
    let two = "mutation { prove(input: { password: \"a\", totp: \"b\" }) { problem { code field } } }";
    let two = browser.ask(two, json!({})).await;
    assert_eq!(two["data"]["prove"]["problem"]["code"], "INVALID", "{two}");
}

#[tokio::test]
async fn a_log_in_with_a_second_factor_sets_the_cookie_at_its_second_step() {
    let (mut browser, _) = bob().await;
    let security = browser
        .ask("{ viewer { security { hasPassword totpSince recoveryCodesLeft passkeys { id } } } }", json!({}))
        .await;
    let none = json!({ "hasPassword": true, "totpSince": null, "recoveryCodesLeft": 0, "passkeys": [] });
    assert_eq!(security["data"]["viewer"]["security"], none, "{security}");
    let setup = browser
        .ask("mutation { startTotp { setup { secret url qrPath qrSize } problem { code } } }", json!({}))
        .await;
    let setup = &setup["data"]["startTotp"]["setup"];
    assert!(setup["url"].as_str().unwrap().starts_with("otpauth://totp/Tenantry"), "{setup}");
    // The codes themselves are identity's own tests': here a recovery code does.
    let passkey =
        browser.ask("mutation { startPasskey { token options problem { code } } }", json!({})).await;
    assert_eq!(passkey["data"]["startPasskey"]["options"]["rp"]["id"], "localhost", "{passkey}");
    sqlx::query(
        "INSERT INTO identity.passkeys (id, user_id, credential_id, name, credential, created_at)
         SELECT id, id, 'some', 'Laptop', '{}', created_at FROM identity.users",
    )
    .execute(&mut browser.test.world.superuser().await)
    .await
    .unwrap();
    let made =
        browser.ask("mutation { makeRecoveryCodes { recoveryCodes problem { code } } }", json!({})).await;
    let codes = made["data"]["makeRecoveryCodes"]["recoveryCodes"].as_array().unwrap().clone();
    browser.cookie.clear();

    let waits = browser.log_in().await;
    assert_eq!((&waits["viewer"], &waits["problem"]), (&Value::Null, &Value::Null), "{waits}");
    assert_eq!(waits["secondFactor"]["factors"], json!(["PASSKEY", "RECOVERY_CODE"]));
    assert_eq!(browser.cookie, "", "there is no session yet");
    let complete =
        "mutation($t: String!, $c: String!) { completeLogIn(input: { token: $t, recoveryCode: $c }) {
        viewer { email } problem { code } } }";
    let token = waits["secondFactor"]["token"].clone();
    let wrong = browser.ask(complete, json!({ "t": token, "c": "0000-0000-0000" })).await;
    assert_eq!(wrong["data"]["completeLogIn"]["problem"]["code"], "WRONG_PROOF", "{wrong}");
    let done = browser.ask(complete, json!({ "t": token, "c": codes[0] })).await;
    assert_eq!(done["data"]["completeLogIn"]["viewer"]["email"], "bob@example.com", "{done}");
    assert_eq!(browser.viewer().await["email"], "bob@example.com");
    let again = browser.ask(complete, json!({ "t": token, "c": codes[1] })).await;
    assert_eq!(again["data"]["completeLogIn"]["problem"]["code"], "LOG_IN_EXPIRED", "{again}");
}

#[tokio::test]
async fn a_member_without_the_second_factor_that_a_tenant_demands_is_told_where_to_go() {
    let (mut browser, tenant) = bob().await;
    sqlx::query("INSERT INTO identity.log_in_policies SELECT id, true, now() FROM tenancy.tenants")
        .execute(&mut browser.test.world.superuser().await)
        .await
        .unwrap();
    let mine = "{ viewer { memberships { needsSecondFactor tenant { slug viewerRights } } } }";
    let answer = browser.ask(mine, json!({})).await;
    let wanted = json!([{ "needsSecondFactor": true, "tenant": { "slug": "bolt", "viewerRights": [] } }]);
    assert_eq!(answer["data"]["viewer"]["memberships"], wanted, "{answer}");
    let refused = browser.ask("query($t: ID!) { tenant(id: $t) { name } }", json!({ "t": tenant })).await;
    assert_eq!(code(&refused), "MFA_REQUIRED", "{refused}");
    let at = browser.clock.now();
    sqlx::query(
        "INSERT INTO identity.totp (user_id, seed, created_at, confirmed_at) SELECT id, 's', $1, $1 FROM identity.users",
    )
    .bind(at)
    .execute(&mut browser.test.world.superuser().await)
    .await
    .unwrap();
    let seen = browser.ask("query($t: ID!) { tenant(id: $t) { mfaRequired } }", json!({ "t": tenant })).await;
    assert_eq!(seen["data"]["tenant"]["mfaRequired"], true, "{seen}");
}
