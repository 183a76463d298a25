//! Sessions over HTTP: what a browser sees of its own, and of a tenant that wants a newer log-in.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use tenantry_authz::Role;

use crate::test_world::{Person, TestApp};

/// The answer to a person's mutation, with the cookie that it sets.
async fn send(test: &TestApp, person: &Person, query: &str) -> (Value, Option<String>) {
    let request = Request::post("/graphql")
        .header("content-type", "application/json")
        .header("cookie", person.cookie())
        .body(Body::from(json!({ "query": query }).to_string()))
        .unwrap();
    let response = test.send(request).await;
    let cookie = response.headers().get("set-cookie").map(|v| v.to_str().unwrap().to_owned());
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (serde_json::from_slice(&bytes).unwrap(), cookie)
}

const OWN: &str = "{ viewer { sessions { nodes { id current device deviceKind address } } } }";

#[tokio::test]
async fn a_person_ends_one_session_and_the_cookie_goes_with_ones_own() {
    let test = TestApp::new().await;
    let ada = test.person("ada").await;
    let other = test.logged_in(ada.id, "another-token".to_owned()).await;
    let sessions = async |person: &Person| {
        let answer = test.ask(person, OWN).await;
        answer["data"]["viewer"]["sessions"]["nodes"].as_array().cloned().unwrap_or_default()
    };
    let listed = sessions(&ada).await;
    assert_eq!(listed.len(), 2);
    let of =
        |current: bool| listed.iter().find(|s| s["current"] == json!(current)).unwrap()["id"].to_string();
    assert_eq!(listed[0]["device"], "An unknown browser");
    let revoke =
        |id: &str| format!("mutation {{ revokeSession(input: {{ id: {id} }}) {{ ok problem {{ code }} }} }}");
    let (answer, cookie) = send(&test, &ada, &revoke(&of(false))).await;
    assert_eq!((&answer["data"]["revokeSession"]["ok"], cookie), (&json!(true), None), "{answer}");
    assert!(sessions(&other).await.is_empty());
    let (answer, cookie) = send(&test, &ada, &revoke(&of(true))).await;
    assert_eq!(answer["data"]["revokeSession"]["ok"], true);
    assert!(cookie.unwrap().contains("Max-Age=0"));
    assert!(sessions(&ada).await.is_empty());
}

#[tokio::test]
async fn a_tenant_that_wants_a_newer_log_in_says_so_and_the_others_go_on() {
    let test = TestApp::new().await;
    let (strict, other) = (test.tenant("strict", "pro").await, test.tenant("other", "pro").await);
    let ada = test.member("ada", strict, Role::Owner).await;
    sqlx::query(
        "INSERT INTO identity.memberships (tenant_id, user_id, role, email, name, created_at)
         VALUES ($1, $2, 'viewer', 'ada', 'ada', now())",
    )
    .bind(other.uuid())
    .bind(ada.id.uuid())
    .execute(&mut test.world.superuser().await)
    .await
    .unwrap();
    let set = format!(
        "mutation {{ updateSessionPolicy(input: {{ tenantId: \"{strict}\", absoluteMinutes: 60 }}) {{
           policy {{ idleMinutes absoluteMinutes }} problem {{ code field }} }} }}"
    );
    let (answer, _) = send(&test, &ada, &set).await;
    let wanted = json!({ "policy": { "idleMinutes": null, "absoluteMinutes": 60 }, "problem": null });
    assert_eq!(answer["data"]["updateSessionPolicy"], wanted, "{answer}");
    sqlx::query("UPDATE identity.sessions SET created_at = now() - interval '61 minutes'")
        .execute(&mut test.world.superuser().await)
        .await
        .unwrap();

    let viewer = "{ viewer { memberships { tenant { slug } } outdatedTenants { id slug name } } }";
    let answer = test.ask(&ada, viewer).await;
    assert_eq!(
        answer["data"]["viewer"],
        json!({
            "memberships": [{ "tenant": { "slug": "other" } }],
            "outdatedTenants": [{ "id": strict.to_string(), "slug": "strict", "name": "strict" }]
        }),
        "{answer}"
    );
    for (tenant, code) in [(strict, json!("SESSION_TOO_OLD")), (other, Value::Null)] {
        let query = format!("{{ tenant(id: \"{tenant}\") {{ name members {{ nodes {{ email }} }} }} }}");
        let answer = test.ask(&ada, &query).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{answer}");
        assert_eq!(answer["data"].is_null(), tenant == strict);
    }
    let (answer, _) = send(&test, &ada, &set).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "SESSION_TOO_OLD", "{answer}");
}

#[tokio::test]
async fn a_request_that_nobody_sits_before_is_no_use_of_the_session() {
    let test = TestApp::new().await;
    let ada = test.person("ada").await;
    let ask = async |unattended: bool| {
        sqlx::query(
            "UPDATE identity.sessions SET last_seen_at = now() - interval '1 hour', longest_idle = '0'",
        )
        .execute(&mut test.world.superuser().await)
        .await
        .unwrap();
        let mut request = Request::post("/graphql")
            .header("content-type", "application/json")
            .header("cookie", ada.cookie());
        if unattended {
            request = request.header("tenantry-unattended", "1");
        }
        let body = json!({ "query": "{ viewer { email } }" }).to_string();
        assert!(test.send(request.body(Body::from(body)).unwrap()).await.status().is_success());
        sqlx::query_as::<_, (bool, bool)>(
            "SELECT last_seen_at > now() - interval '1 minute', longest_idle >= interval '1 hour' FROM identity.sessions",
        )
        .fetch_one(&mut test.world.superuser().await)
        .await
        .unwrap()
    };
    assert_eq!(ask(true).await, (false, false));
    assert_eq!(ask(false).await, (true, true), "seen, and the break is remembered");
}

#[tokio::test]
async fn an_owner_types_the_address_before_handing_over() {
    let test = TestApp::new().await;
    let tenant = test.tenant("acme", "pro").await;
    let (ada, bob) =
        (test.member("ada", tenant, Role::Owner).await, test.member("bob", tenant, Role::Viewer).await);
    let transfer = |slug: &str| {
        format!(
            "mutation {{ transferOwnership(input: {{ tenantId: \"{tenant}\", userId: \"{}\", confirmSlug: \"{slug}\" }}) {{
               member {{ role }} problem {{ code field }} }} }}",
            bob.id
        )
    };
    let (answer, _) = send(&test, &ada, &transfer("acne")).await;
    assert_eq!(
        answer["data"]["transferOwnership"]["problem"],
        json!({ "code": "INVALID", "field": "confirmSlug" })
    );
    let (answer, _) = send(&test, &ada, &transfer("acme")).await;
    assert_eq!(answer["data"]["transferOwnership"]["member"], json!({ "role": "OWNER" }), "{answer}");
    let (answer, _) = send(&test, &ada, &transfer("acme")).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "an administrator now");
}
