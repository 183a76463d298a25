//! The transport over a real router and database.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tenantry_authz::Role;

use super::persisted::AllowList;
use crate::http::settings::ApiSettings;
use crate::test_world::{Person, TestApp};

pub(super) const NEW: &str = "application/graphql-response+json";
pub(super) const OLD: &str = "application/json";

pub(super) struct Got {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
}

impl Got {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(super) fn code(&self) -> &str {
        self.body["errors"][0]["extensions"]["code"].as_str().unwrap_or("")
    }
}

pub(super) async fn send(
    test: &TestApp,
    person: Option<&Person>,
    (method, path): (Method, &str),
    (headers, body): (&[(&str, &str)], String),
) -> Got {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(person) = person {
        request = request.header("cookie", person.cookie());
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = test.send(request.body(Body::from(body)).unwrap()).await;
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| json!(String::from_utf8_lossy(&bytes)));
    Got { status: parts.status, headers: parts.headers, body }
}

pub(super) async fn post(test: &TestApp, person: Option<&Person>, accept: &str, body: &Value) -> Got {
    let headers = [("content-type", "application/json"), ("accept", accept)];
    send(test, person, (Method::POST, "/graphql"), (&headers, body.to_string())).await
}

async fn get(test: &TestApp, person: Option<&Person>, query: &[(&str, &str)]) -> Got {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    let path = format!("/graphql?{query}");
    send(test, person, (Method::GET, &path), (&[("accept", NEW)], String::new())).await
}

async fn with(settings: ApiSettings) -> TestApp {
    let mut test = TestApp::new().await;
    test.app.change(|services| services.api = Arc::new(settings));
    test
}

#[tokio::test]
async fn the_status_says_what_became_of_a_request_with_the_newer_type_and_not_with_the_older() {
    let test = TestApp::new().await;
    let ada = test.person("ada").await;
    let tenant = r#"{ a: plans { code } tenant(id: "ten_nothing") { id } }"#;
    for (query, new, has_data, code) in [
        ("{ __typename }", 200, true, ""),
        ("{", 400, false, "BAD_REQUEST"),
        ("{ nothing }", 400, false, "BAD_REQUEST"),
        ("query($id: ID!) { tenant(id: $id) { id } }", 400, false, "BAD_REQUEST"),
        ("subscription { tenantActivity(tenantId: \"a\") { at } }", 400, false, "BAD_REQUEST"),
        // It ran, and a field that may not be null failed: the null reaches the top.
        (tenant, 200, true, "NOT_FOUND"),
    ] {
        for (accept, status) in [(NEW, new), (OLD, 200), ("*/*", 200)] {
            let got = post(&test, Some(&ada), accept, &json!({ "query": query })).await;
            assert_eq!(got.status.as_u16(), status, "{query} {accept}: {}", got.body);
            assert!(got.header("content-type").starts_with(if accept == NEW { NEW } else { OLD }));
            assert_eq!(got.body.get("data").is_some(), has_data, "{query} {accept}: {}", got.body);
            assert_eq!(got.code(), code, "{query}: {}", got.body);
            assert_eq!(got.header("vary"), "accept");
        }
    }
    let got = post(&test, Some(&ada), NEW, &json!({ "query": tenant })).await;
    assert_eq!(got.body["data"], Value::Null, "tenant is non-null at the root: all of data is null");
    assert_eq!(got.body["errors"][0]["path"], json!(["tenant"]));
}

#[tokio::test]
async fn what_is_no_request_is_refused_in_the_form_that_was_asked_for() {
    let test = TestApp::new().await;
    let json = ("content-type", "application/json");
    for (method, headers, body, status, code) in [
        (Method::POST, vec![json], "{", 400, "BAD_REQUEST"),
        (Method::POST, vec![json], "", 400, "BAD_REQUEST"),
        (Method::POST, vec![json, ("accept", "image/png")], "{}", 406, "NOT_ACCEPTABLE"),
        (Method::POST, vec![], r#"{"query":"{__typename}"}"#, 415, "UNSUPPORTED_MEDIA_TYPE"),
        (
            Method::POST,
            vec![("content-type", "text/plain")],
            r#"{"query":"{__typename}"}"#,
            415,
            "UNSUPPORTED_MEDIA_TYPE",
        ),
        (
            Method::POST,
            vec![("content-type", "application/json; charset=iso-8859-1")],
            r#"{"query":"{__typename}"}"#,
            415,
            "UNSUPPORTED_MEDIA_TYPE",
        ),
        (Method::GET, vec![], "", 400, "BAD_REQUEST"),
        (Method::PUT, vec![json], "{}", 405, ""),
    ] {
        let got = send(&test, None, (method.clone(), "/graphql"), (&headers, body.to_owned())).await;
        assert_eq!(
            (got.status.as_u16(), got.code()),
            (status, code),
            "{method} {headers:?} {body}: {}",
            got.body
        );
    }
}

#[tokio::test]
async fn a_get_asks_and_never_changes() {
    let test = TestApp::new().await;
    let ada = test.person("ada").await;
    let got = get(
        &test,
        None,
        &[
            ("query", "query A($c: Boolean!) { plans { code @include(if: $c) name } }"),
            ("variables", r#"{"c":true}"#),
        ],
    )
    .await;
    assert_eq!(got.status, 200, "{}", got.body);
    assert!(!got.body["data"]["plans"].as_array().unwrap().is_empty());
    let mutation =
        r#"mutation { createTenant(input: {name: "Acme", slug: "acme", plan: "free"}) { tenant { id } } }"#;
    for query in [
        mutation.to_owned(),
        format!("query A {{ __typename }} {}", mutation.replace("mutation", "mutation B")),
    ] {
        let got = get(
            &test,
            Some(&ada),
            &[("query", &query), ("operationName", if query.starts_with('q') { "B" } else { "" })],
        )
        .await;
        assert_eq!((got.status.as_u16(), got.header("allow")), (405, "POST"), "{}", got.body);
    }
    let tenants: i64 = sqlx::query_scalar("SELECT count(*) FROM tenancy.tenants")
        .fetch_one(&mut test.world.superuser().await)
        .await
        .unwrap();
    assert_eq!(tenants, 0);
}

#[tokio::test]
async fn a_batch_is_answered_in_order_and_is_no_way_around_a_limit() {
    let test = TestApp::new().await;
    let one = |query: &str| json!({ "query": query });
    let got =
        post(&test, None, NEW, &json!([one("{ a: __typename }"), one("{ b"), one("{ c: __typename }")]))
            .await;
    assert_eq!(got.status, 200);
    assert_eq!(got.body[0]["data"]["a"], "Query");
    assert!(got.body[1].get("data").is_none() && got.body[1]["errors"].is_array());
    assert_eq!(got.body[2]["data"]["c"], "Query");

    let many = vec![one("{ __typename }"); 11];
    assert_eq!(post(&test, None, NEW, &json!(many)).await.status, 400);
    assert_eq!(post(&test, None, NEW, &json!([])).await.status, 400);

    // Each would do by itself; the third is too much.
    let wide = |n: usize| (0..n).map(|n| format!("a{n}: regions {{ code }} ")).collect::<String>();
    let third = one(&format!("{{ {} }}", wide(900)));
    let got = post(&test, None, NEW, &json!([third, third, third])).await;
    let refused: Vec<bool> = got.body.as_array().unwrap().iter().map(|it| it["data"].is_null()).collect();
    assert_eq!(refused, [false, false, true], "{}", got.body[2]);

    let log_in = r#"mutation { logIn(input: {email: "a@example.com", password: "x"}) { problem { code } } }"#;
    let got = post(&test, None, NEW, &json!([one(log_in), one("{ __typename }")])).await;
    assert!(got.body[0].get("data").is_none() && got.body[1]["data"].is_object(), "{}", got.body);
    assert_eq!(
        post(&test, None, NEW, &one(log_in)).await.body["data"]["logIn"]["problem"]["code"],
        "WRONG_CREDENTIALS"
    );
}

fn name(text: &str) -> Value {
    json!({ "persistedQuery": { "version": 1, "sha256Hash": hex::encode(Sha256::digest(text.as_bytes())) } })
}

#[tokio::test]
async fn a_document_that_was_sent_once_runs_by_its_hash() {
    let test = TestApp::new().await;
    let router = test.router();
    let send = async |body: Value| {
        use tower::ServiceExt;
        let request = Request::post("/graphql")
            .header("content-type", "application/json")
            .header("accept", NEW)
            .body(Body::from(body.to_string()))
            .unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice::<Value>(&bytes).unwrap())
    };
    let text = "{ regions { code } }";
    let (status, body) = send(json!({ "extensions": name(text) })).await;
    assert_eq!(
        (status, &body["errors"][0]["extensions"]["code"]),
        (400, &json!("PERSISTED_QUERY_NOT_FOUND"))
    );
    assert_eq!(body["errors"][0]["message"], "PersistedQueryNotFound", "what clients look for");
    assert_eq!(
        send(json!({ "query": "{ plans { code } }", "extensions": name(text) })).await.0,
        400,
        "a hash of another"
    );
    assert_eq!(send(json!({ "extensions": name(text) })).await.0, 400, "and nothing was put under it");
    assert_eq!(send(json!({ "query": text, "extensions": name(text) })).await.0, 200);
    let (status, body) = send(json!({ "extensions": name(text) })).await;
    assert_eq!(status, 200);
    assert!(body["data"]["regions"].is_array());
    // What does not validate is not remembered.
    let wrong = "{ nothing }";
    assert_eq!(send(json!({ "query": wrong, "extensions": name(wrong) })).await.0, 400);
    let (_, body) = send(json!({ "extensions": name(wrong) })).await;
    assert_eq!(body["errors"][0]["extensions"]["code"], "PERSISTED_QUERY_NOT_FOUND");
}

#[tokio::test]
async fn with_a_list_of_operations_nothing_else_runs_but_for_staff() {
    let dir = tempfile::tempdir().unwrap();
    let listed = "query Regions { regions { code } }";
    let hash = hex::encode(Sha256::digest(listed.as_bytes()));
    std::fs::write(dir.path().join("list.json"), json!({ hash: listed }).to_string()).unwrap();
    let list = Some(Arc::new(AllowList::read(dir.path()).unwrap()));
    let test = with(ApiSettings { allow_list: list, ..ApiSettings::default() }).await;
    for body in
        [json!({ "query": "query Regions{regions{code __typename}}" }), json!({ "extensions": name(listed) })]
    {
        assert_eq!(post(&test, None, NEW, &body).await.status, 200, "{body}");
    }
    for query in [
        "{ __typename }",
        "{ regions { code name } }",
        "query Regions { regions { code } } query B { plans { code } }",
    ] {
        let got = post(&test, None, NEW, &json!({ "query": query })).await;
        assert_eq!((got.status.as_u16(), got.code()), (403, "OPERATION_NOT_ALLOWED"), "{query}");
    }
    let headers = [("content-type", "application/json"), ("accept", NEW)];
    let body = json!({ "query": "{ __typename }" }).to_string();
    let got = send(&test, None, (Method::POST, "/admin/graphql"), (&headers, body)).await;
    assert_eq!(got.status, 200, "{}", got.body);
}

#[tokio::test]
async fn in_production_strangers_are_told_nothing_of_the_schema() {
    let test = with(ApiSettings { anonymous_introspection: false, ..ApiSettings::default() }).await;
    let ada = test.person("ada").await;
    for query in [
        "{ __schema { types { name } } }",
        "{ __type(name: \"Query\") { name } }",
        "{ _service { sdl } }",
        "{ ...F } fragment F on Query { x: __schema { types { name } } }",
    ] {
        let got = post(&test, None, NEW, &json!({ "query": query })).await;
        assert_eq!((got.status.as_u16(), got.code()), (403, "INTROSPECTION_OFF"), "{query}: {}", got.body);
        assert_eq!(post(&test, Some(&ada), NEW, &json!({ "query": query })).await.status, 200, "{query}");
    }
    let typo = json!({ "query": "{ region { code } }" });
    let of = async |person| post(&test, person, NEW, &typo).await.body["errors"][0]["message"].to_string();
    assert!(!of(None).await.contains("regions"), "{}", of(None).await);
    assert!(of(Some(&ada)).await.contains("Did you mean"));
    assert_eq!(post(&test, None, NEW, &json!({ "query": "{ __typename }" })).await.status, 200);
    // On one's own machine it is open.
    let open = TestApp::new().await;
    assert_eq!(
        post(&open, None, NEW, &json!({ "query": "{ __schema { types { name } } }" })).await.status,
        200
    );
}

#[tokio::test]
async fn what_takes_too_long_is_ended_and_leaves_nothing_behind() {
    let test = with(ApiSettings { max_time: Duration::from_millis(300), ..ApiSettings::default() }).await;
    let ada = test.person("ada").await;
    let mut superuser = test.world.superuser().await;
    sqlx::raw_sql("BEGIN; LOCK TABLE tenancy.tenants").execute(&mut superuser).await.unwrap();
    let mutation =
        r#"mutation { createTenant(input: {name: "Acme", slug: "acme", plan: "free"}) { tenant { id } } }"#;
    let got = post(&test, Some(&ada), NEW, &json!({ "query": mutation })).await;
    assert_eq!((got.status.as_u16(), got.code()), (504, "TIMEOUT"), "{}", got.body);
    assert!(got.body["errors"][0]["extensions"]["remedy"].as_str().unwrap().contains("Look whether"));
    sqlx::raw_sql("ROLLBACK").execute(&mut superuser).await.unwrap();
    // Its transaction is rolled back, and the connections serve others.
    let plans = post(
        &test,
        Some(&ada),
        NEW,
        &json!({ "query": "{ plans { code } viewer { memberships { role } } }" }),
    )
    .await;
    assert_eq!(plans.body["data"]["viewer"]["memberships"], json!([]), "{}", plans.body);
    let tenants: i64 =
        sqlx::query_scalar("SELECT count(*) FROM tenancy.tenants").fetch_one(&mut superuser).await.unwrap();
    assert_eq!(tenants, 0);
}

#[tokio::test]
async fn small_texts_that_mean_much_cost_nothing() {
    let test = TestApp::new().await;
    let doubling: String =
        (0..40).map(|n| format!("fragment F{n} on Query {{ ...F{} ...F{} }} ", n + 1, n + 1)).collect();
    let doubling = format!("{{ ...F0 }} {doubling} fragment F40 on Query {{ __typename }}");
    let lists = format!("{{ plans(x: {}{}) {{ code }} }}", "[".repeat(60_000), "]".repeat(60_000));
    for query in [doubling, lists, "{".repeat(100_000), "fragment A on Query { ...A }".repeat(2)] {
        let body = json!({ "query": query });
        let asked = tokio::time::timeout(Duration::from_secs(5), post(&test, None, NEW, &body));
        let got = asked.await.unwrap();
        assert_eq!(got.status, 400, "{}", got.body);
    }
}

#[tokio::test]
async fn pages_of_listed_sites_may_call_with_a_token_and_never_with_a_cookie() {
    let site = "https://app.example.com";
    let test =
        with(ApiSettings { cors_origins: vec![site.parse().unwrap()], ..ApiSettings::default() }).await;
    let ada = test.person("ada").await;
    let preflight = [
        ("origin", site),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,content-type,idempotency-key"),
    ];
    let got = send(&test, None, (Method::OPTIONS, "/graphql"), (&preflight, String::new())).await;
    assert_eq!((got.status.as_u16(), got.header("access-control-allow-origin")), (200, site));
    let allowed = got.header("access-control-allow-headers").to_ascii_lowercase();
    assert!(
        ["authorization", "content-type", "idempotency-key"].iter().all(|name| allowed.contains(name)),
        "{allowed}"
    );
    assert_eq!(got.header("access-control-allow-credentials"), "", "cookies stay here");

    let ask = async |origin: &str, path: &str| {
        let headers = [
            ("origin", origin),
            ("sec-fetch-site", "cross-site"),
            ("content-type", "application/json"),
            ("accept", NEW),
        ];
        let body = json!({ "query": "{ viewer { email } }" }).to_string();
        send(&test, Some(&ada), (Method::POST, path), (&headers, body)).await
    };
    let got = ask(site, "/graphql").await;
    assert_eq!((got.status.as_u16(), got.header("access-control-allow-origin")), (200, site));
    assert!(got.header("access-control-expose-headers").contains("x-request-id"));
    assert_eq!(got.body["data"]["viewer"], Value::Null, "the cookie that came along is nobody's");
    assert_eq!(ask(site, "/admin/graphql").await.status, 403, "the operators' API is not for other sites");
    let got = ask("https://evil.example.com", "/graphql").await;
    assert_eq!((got.status.as_u16(), got.header("access-control-allow-origin")), (403, ""));
    let got = send(
        &test,
        None,
        (Method::OPTIONS, "/graphql"),
        (&[("origin", "https://evil.example.com"), ("access-control-request-method", "POST")], String::new()),
    )
    .await;
    assert_eq!(got.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn subscriptions_come_as_events_to_those_who_may() {
    let test = TestApp::new().await;
    let tenant = test.tenant("acme", "pro").await;
    let (ada, eve) = (test.member("ada", tenant, Role::Owner).await, test.person("eve").await);
    let query = format!("subscription {{ tenantActivity(tenantId: \"{tenant}\") {{ __typename }} }}");
    let open = async |person: Option<&Person>, query: &str| {
        let mut request = Request::post("/graphql")
            .header("content-type", "application/json")
            .header("accept", "text/event-stream");
        if let Some(person) = person {
            request = request.header("cookie", person.cookie());
        }
        test.send(request.body(Body::from(json!({ "query": query }).to_string())).unwrap()).await
    };
    assert_eq!(open(None, &query).await.status(), 401);
    assert_eq!(open(Some(&ada), "subscription { nothing }").await.status(), 400);
    assert_eq!(open(Some(&ada), "mutation { logOut { ok } }").await.status(), 400);

    let refused = open(Some(&eve), &query).await;
    let text = to_bytes(refused.into_body(), usize::MAX).await.unwrap();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(text.contains("NOT_FOUND") && text.ends_with("event: complete\ndata:\n\n"), "{text}");

    let events = open(Some(&ada), &query).await;
    assert_eq!(events.headers().get("content-type").unwrap(), "text/event-stream");
    let mut body = events.into_body();
    let first = http_body_util::BodyExt::frame(&mut body).await.unwrap().unwrap().into_data().unwrap();
    let first = String::from_utf8_lossy(&first).into_owned();
    assert!(first.starts_with("event: next\ndata: {\"data\":{\"tenantActivity\":"), "{first}");
    // The session ends: so does the stream.
    sqlx::query("DELETE FROM identity.sessions WHERE user_id = $1")
        .bind(ada.id.uuid())
        .execute(&mut test.world.superuser().await)
        .await
        .unwrap();
    let rest =
        tokio::time::timeout(Duration::from_secs(20), to_bytes(body, usize::MAX)).await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&rest).contains("event: complete"), "{rest:?}");

    // A query is answered by events as well.
    let once = open(Some(&eve), "{ viewer { email } }").await;
    let text = to_bytes(once.into_body(), usize::MAX).await.unwrap();
    assert!(String::from_utf8_lossy(&text).contains("eve@example.com"));
}
