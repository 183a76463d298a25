use axum::http::Method;
use serde_json::{Value, json};
use tenantry_authz::{Origin, Role};

use super::super::params;
use super::super::transport_tests::{Got, NEW, send};
use super::*;
use crate::test_world::{Person, TestApp};

async fn ask(test: &TestApp, person: Option<&Person>, key: &str, body: &Value) -> Got {
    let headers = [("content-type", "application/json"), ("accept", NEW), ("idempotency-key", key)];
    send(test, person, (Method::POST, "/graphql"), (&headers, body.to_string())).await
}

fn create(slug: &str) -> Value {
    json!({
        "query": "mutation($s: String!) { createTenant(input: {name: \"Acme\", slug: $s, plan: \"free\"}) { tenant { id slug } problem { code } } }",
        "variables": { "s": slug },
    })
}

async fn count(test: &TestApp, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&mut test.world.superuser().await).await.unwrap()
}

async fn run(test: &TestApp, sql: &'static str) {
    sqlx::query(sql).execute(&mut test.world.superuser().await).await.unwrap();
}

const TENANTS: &str = "SELECT count(*) FROM tenancy.tenants";

#[tokio::test]
async fn a_repetition_gets_the_first_answer_and_does_nothing() {
    let test = TestApp::new().await;
    let (ada, bob) = (test.person("ada").await, test.person("bob").await);
    let first = ask(&test, Some(&ada), "key-1", &create("acme")).await;
    assert_eq!((first.status.as_u16(), first.header("idempotency-replayed")), (200, ""), "{}", first.body);
    for key in ["key-1", "\"key-1\""] {
        let again = ask(&test, Some(&ada), key, &create("acme")).await;
        assert_eq!((again.status.as_u16(), again.header("idempotency-replayed")), (200, "true"));
        assert_eq!(again.body, first.body);
    }
    assert_eq!(count(&test, TENANTS).await, 1);

    let other = ask(&test, Some(&ada), "key-1", &create("other")).await;
    assert_eq!((other.status.as_u16(), other.code()), (422, "IDEMPOTENCY_KEY_REUSED"));
    // Another person's key of the same name is another key.
    let bobs = ask(&test, Some(&bob), "key-1", &create("acme")).await;
    assert_eq!(bobs.body["data"]["createTenant"]["problem"]["code"], "CONFLICT", "{}", bobs.body);
    // A refusal is an answer too; the next key asks anew.
    assert_eq!(ask(&test, Some(&bob), "key-1", &create("acme")).await.header("idempotency-replayed"), "true");
    assert_eq!(ask(&test, Some(&bob), "key-2", &create("acme")).await.header("idempotency-replayed"), "");

    run(&test, "UPDATE platform.request_keys SET created_at = created_at - interval '25 hours'").await;
    let later = ask(&test, Some(&ada), "key-1", &create("second")).await;
    assert_eq!(later.body["data"]["createTenant"]["tenant"]["slug"], "second", "a day later the key is free");
    assert_eq!(count(&test, TENANTS).await, 2);
}

#[tokio::test]
async fn an_answer_is_given_again_only_while_the_gate_allows_what_it_stands_on() {
    let test = TestApp::new().await;
    let (acme, other) = (test.tenant("acme", "pro").await, test.tenant("other", "pro").await);
    let ada = test.member("ada", acme, Role::Developer).await;
    sqlx::query(
        "INSERT INTO identity.memberships (tenant_id, user_id, role, email, name, created_at)
         VALUES ($1, $2, 'owner', 'ada', 'ada', now())",
    )
    .bind(other.uuid())
    .bind(ada.id.uuid())
    .execute(&mut test.world.superuser().await)
    .await
    .unwrap();
    let key = json!({ "query": format!(
        "mutation {{ createApiKey(input: {{tenantId: \"{acme}\", name: \"CI\", scopes: [\"instance:view\"]}}) {{
           secret problem {{ code }} }} }}"
    ) });
    let first = ask(&test, Some(&ada), "key", &key).await;
    let secret =
        first.body["data"]["createApiKey"]["secret"].as_str().unwrap_or_else(|| panic!("{}", first.body));
    let again = async || ask(&test, Some(&ada), "key", &key).await;
    assert_eq!(again().await.body, first.body);
    // Another right, or one elsewhere, is not what it stands on.
    run(&test, "UPDATE identity.memberships SET role = 'admin' WHERE role = 'developer'").await;
    run(&test, "DELETE FROM identity.memberships WHERE role = 'owner'").await;
    assert_eq!(again().await.header("idempotency-replayed"), "true");
    // Viewers have no keys.
    run(&test, "UPDATE identity.memberships SET role = 'viewer' WHERE role = 'admin'").await;
    let lost = again().await;
    assert_eq!((lost.status.as_u16(), lost.code()), (403, "IDEMPOTENCY_ACCESS_LOST"), "{}", lost.body);
    assert_eq!((lost.header("idempotency-replayed"), lost.header("retry-after")), ("", ""));
    assert!(!lost.body.to_string().contains(secret));
    run(&test, "UPDATE identity.memberships SET role = 'developer' WHERE role = 'viewer'").await;
    assert_eq!(again().await.body, first.body, "given back");
    run(&test, "DELETE FROM identity.memberships").await;
    assert_eq!(again().await.code(), "IDEMPOTENCY_ACCESS_LOST", "nor is it made again");
    assert_eq!(count(&test, "SELECT count(*) FROM identity.api_keys").await, 1);
}

#[tokio::test]
async fn what_is_shown_of_an_organisation_that_one_made_is_not_shown_again_after_one_has_left() {
    let test = TestApp::new().await;
    let ada = test.person("ada").await;
    let first = ask(&test, Some(&ada), "make", &create("acme")).await;
    assert_eq!(first.status, 200, "{}", first.body);
    assert_eq!(ask(&test, Some(&ada), "make", &create("acme")).await.body, first.body, "an owner since then");
    run(&test, "DELETE FROM identity.memberships").await;
    let lost = ask(&test, Some(&ada), "make", &create("acme")).await;
    assert_eq!((lost.status.as_u16(), lost.code()), (403, "IDEMPOTENCY_ACCESS_LOST"));
}

#[tokio::test]
async fn of_many_at_once_one_runs() {
    let test = TestApp::new().await;
    let ada = test.person("ada").await;
    let body = create("acme");
    let all = futures::future::join_all((0..16).map(|_| ask(&test, Some(&ada), "same", &body))).await;
    assert_eq!(count(&test, TENANTS).await, 1);
    let mut made = 0;
    for got in all {
        match got.status.as_u16() {
            200 if got.header("idempotency-replayed").is_empty() => made += 1,
            200 => {}
            409 => assert_eq!((got.code(), got.header("retry-after")), ("IDEMPOTENCY_IN_PROGRESS", "1")),
            _ => panic!("{} {}", got.status, got.body),
        }
    }
    assert_eq!(made, 1);
    assert_eq!(ask(&test, Some(&ada), "same", &body).await.header("idempotency-replayed"), "true");
}

/// What a process leaves behind that is killed between its mutation's commit and keeping the answer.
#[tokio::test]
async fn whoever_was_cut_off_is_told_that_nobody_knows_and_never_runs_twice() {
    let test = TestApp::new().await;
    let ada = test.person("ada").await;
    let body = create("acme");
    let ctx = ada.session().context(&test.app).await.unwrap();
    let asked = params::of_body(body.to_string().as_bytes()).unwrap();
    let Ok(Begun::Run(claimed)) = begin(&test.app, &ctx, ("cut", "/graphql", &asked)).await else {
        panic!("the first one wins")
    };
    drop(claimed);
    let soon = ask(&test, Some(&ada), "cut", &body).await;
    assert_eq!((soon.status.as_u16(), soon.code()), (409, "IDEMPOTENCY_IN_PROGRESS"));
    run(&test, "UPDATE platform.request_keys SET created_at = created_at - interval '31 seconds'").await;
    let later = ask(&test, Some(&ada), "cut", &body).await;
    assert_eq!((later.status.as_u16(), later.code()), (409, "OUTCOME_UNKNOWN"));
    assert!(later.body["errors"][0]["extensions"]["remedy"].as_str().unwrap().contains("new key"));
    assert_eq!(count(&test, TENANTS).await, 0, "it did not run");
    assert_eq!(ask(&test, Some(&ada), "new", &body).await.status, 200);
}

#[tokio::test]
async fn a_fault_is_not_kept_as_an_answer() {
    let test = TestApp::new().await;
    let ada = test.person("ada").await;
    run(&test, "REVOKE INSERT ON tenancy.tenants FROM tenantry_system, tenantry_app").await;
    let broken = ask(&test, Some(&ada), "fault", &create("acme")).await;
    assert_eq!(broken.code(), "INTERNAL", "{}", broken.body);
    assert_eq!(ask(&test, Some(&ada), "fault", &create("acme")).await.code(), "OUTCOME_UNKNOWN");
    // What never ran leaves the key free.
    let wrong = json!({ "query": "mutation { nothing }" });
    for _ in 0..2 {
        assert_eq!(ask(&test, Some(&ada), "free", &wrong).await.code(), "BAD_REQUEST");
    }
    let queries = json!({ "query": "{ viewer { email } }" });
    assert_eq!(ask(&test, Some(&ada), "free", &queries).await.header("idempotency-replayed"), "");
    assert_eq!(count(&test, "SELECT count(*) FROM platform.request_keys").await, 1, "only the fault's");
}

#[tokio::test]
async fn the_database_alone_reveals_nothing() {
    let test = TestApp::new().await;
    let ada = test.person("ada").await;
    let got = ask(&test, Some(&ada), "a-key-of-mine", &create("acme")).await;
    let id = got.body["data"]["createTenant"]["tenant"]["id"].as_str().unwrap().to_owned();
    let rows: Vec<String> = sqlx::query_scalar("SELECT to_jsonb(k)::text FROM platform.request_keys k")
        .fetch_all(&mut test.world.superuser().await)
        .await
        .unwrap();
    let row = rows.concat();
    assert_eq!(rows.len(), 1);
    for secret in ["a-key-of-mine", "acme", &id, &ada.id.to_string(), "createTenant"] {
        assert!(!row.contains(secret), "{secret} in {row}");
    }
    // Nor may the application's role look.
    let app = sqlx::PgPool::connect_lazy_with(test.world.test_db.cluster.app.clone());
    assert!(sqlx::query("SELECT 1 FROM platform.request_keys").execute(&app).await.is_err());
    assert!(sqlx::query("SELECT 1 FROM platform.installation_keys").execute(&app).await.is_err());
    // Another node has the key only by the key provider.
    let other = tenantry_keys::LocalKeyring::open(
        &tempfile::tempdir().unwrap().path().join("keyring"),
        true,
        &tenantry_kernel::OsEntropy,
    )
    .unwrap();
    let other =
        tenantry_keys::Keys::new(std::sync::Arc::new(other), std::sync::Arc::new(tenantry_kernel::OsEntropy));
    let tx = SystemTx::begin(&test.app.db, SystemRole::Requests).await.unwrap();
    assert!(other.installation(&tx, NAME, test.now()).await.is_err());
}

#[tokio::test]
async fn strangers_do_not_meet_under_one_key() {
    let test = TestApp::new().await;
    let sign_up = |email: &str| {
        json!({
            "query": "mutation($e: String!) { signUp(input: {email: $e, password: \"glacier umbrella 94 tin\", name: \"A\"}) { ok } }",
            "variables": { "e": email },
        })
    };
    let first = ask(&test, None, "1", &sign_up("a@example.com")).await;
    assert_eq!(
        (first.status.as_u16(), &first.body["data"]["signUp"]["ok"]),
        (200, &json!(true)),
        "{}",
        first.body
    );
    assert_eq!(ask(&test, None, "1", &sign_up("a@example.com")).await.header("idempotency-replayed"), "true");
    let other = ask(&test, None, "1", &sign_up("b@example.com")).await;
    assert_eq!(
        (other.status.as_u16(), other.header("idempotency-replayed")),
        (200, ""),
        "not 422: it is another's"
    );
    let key = |address: &str| {
        let origin = Origin { address: Some(address.parse().unwrap()), user_agent: None };
        let ctx = Ctx::new(test.app.runtime.clone(), Actor::Anonymous, vec![], origin);
        let asked = params::of_body(sign_up("a@example.com").to_string().as_bytes()).unwrap();
        let app = test.app.clone();
        async move { begin(&app, &ctx, ("1", "/graphql", &asked)).await.unwrap() }
    };
    assert!(matches!(key("192.0.2.1").await, Begun::Run(_)));
    assert!(matches!(key("192.0.2.1").await, Begun::Refused(..)));
    assert!(matches!(key("192.0.2.2").await, Begun::Run(_)));
}

#[tokio::test]
async fn cookies_are_not_given_twice_and_keys_have_a_form() {
    let test = TestApp::new().await;
    let ada = test.person("ada").await;
    let log_out = json!({ "query": "mutation { logOut { ok } }" });
    let got = ask(&test, Some(&ada), "out", &log_out).await;
    assert_eq!((got.status.as_u16(), got.code()), (400, "IDEMPOTENCY_NOT_SUPPORTED"));
    for key in ["", "\"\"", &"x".repeat(256)] {
        let got = ask(&test, Some(&ada), key, &create("acme")).await;
        assert_eq!((got.status.as_u16(), got.code()), (400, "INVALID_IDEMPOTENCY_KEY"), "{key:?}");
    }
    assert_eq!(ask(&test, Some(&ada), &"x".repeat(255), &create("acme")).await.status, 200);
    let headers = [("content-type", "application/json"), ("idempotency-key", "a"), ("idempotency-key", "b")];
    let got = send(&test, Some(&ada), (Method::POST, "/graphql"), (&headers, create("b").to_string())).await;
    assert_eq!(got.code(), "INVALID_IDEMPOTENCY_KEY");
}

#[tokio::test]
async fn one_key_is_for_all_of_a_batch() {
    let test = TestApp::new().await;
    let ada = test.person("ada").await;
    let batch = json!([create("one"), { "query": "{ viewer { email } }" }, create("two")]);
    let first = ask(&test, Some(&ada), "batch", &batch).await;
    let again = ask(&test, Some(&ada), "batch", &batch).await;
    assert_eq!((again.header("idempotency-replayed"), &again.body), ("true", &first.body));
    assert_eq!(first.body[2]["data"]["createTenant"]["tenant"]["slug"], "two");
    assert_eq!(count(&test, TENANTS).await, 2);
    assert_eq!(ask(&test, Some(&ada), "batch", &json!([create("one")])).await.status, 422);
}

#[test]
fn an_answer_is_kept_unless_nothing_or_nobody_knows_what_was_done() {
    use async_graphql::{PathSegment, Response, value};
    let failed = |code: &'static str| {
        let mut response = Refusal { code, message: "", remedy: "" }.response();
        response.errors[0].path = vec![PathSegment::Field("a".to_owned())];
        response
    };
    let of = |response: Response| fate(&Answers::Single(response));
    assert_eq!(of(Response::new(value!({ "a": { "ok": true } }))), Fate::Keep);
    assert_eq!(of(Response::new(value!({ "a": { "problem": { "code": "CONFLICT" } } }))), Fate::Keep);
    assert_eq!(of(failed("FORBIDDEN")), Fate::Keep);
    assert_eq!(of(Response::new(value!({ "a": { "problem": { "code": "RATE_LIMITED" } } }))), Fate::Forget);
    assert_eq!(of(failed("RATE_LIMITED")), Fate::Forget);
    assert_eq!(of(failed("STEP_UP_REQUIRED")), Fate::Forget);
    let half = value!({ "a": { "problem": { "code": "RATE_LIMITED" } }, "b": { "ok": true } });
    assert_eq!(of(Response::new(half)), Fate::Keep);
    assert_eq!(of(Refusal { code: "BAD_REQUEST", message: "", remedy: "" }.response()), Fate::Forget);
    for code in ["INTERNAL", "UNAVAILABLE", "TIMEOUT"] {
        assert_eq!(of(failed(code)), Fate::Unknown);
    }
    let mut cookie = Response::new(value!({ "a": 1 }));
    cookie.http_headers.insert("set-cookie", "a=b".parse().unwrap());
    assert_eq!(of(cookie), Fate::Forget);
}
