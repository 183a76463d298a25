//! A log-in while another person's cookie is sent: all of the answer is of the person who logged in.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use tenantry_authz::{Actor, Ctx, Origin, Role};
use tenantry_identity::SignUp;
use tenantry_kernel::{Secret, TenantId};

use crate::test_world::{Person, TestApp};

const PASSWORD: &str = "glacier umbrella 94 tin";

/// Somebody with a password and a proven address, who owns the tenant.
async fn bob(test: &TestApp, tenant: TenantId) {
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
}

/// Bob logs in, in a browser where it is somebody else who is logged in.
async fn log_in(test: &TestApp, with_cookie_of: &Person) -> Value {
    let query = format!(
        "mutation {{ logIn(input: {{ email: \"bob@example.com\", password: \"{PASSWORD}\" }}) {{ viewer {{ email
           memberships {{ role tenant {{ name viewerRole
             allowances {{ instances {{ used limit }} members {{ used }} executions {{ used }} }}
             instances {{ nodes {{ slug health resources {{ memoryLimitMib }} events {{ message }}
                                   executions {{ nodes {{ workflowId }} }} }} }} }} }} }} }} }}"
    );
    let request = Request::post("/graphql")
        .header("content-type", "application/json")
        .header("cookie", with_cookie_of.cookie())
        .body(Body::from(json!({ "query": query }).to_string()))
        .unwrap();
    let body = test.send(request).await.into_body();
    serde_json::from_slice(&axum::body::to_bytes(body, usize::MAX).await.unwrap()).unwrap()
}

#[tokio::test]
async fn whoever_logs_in_sees_their_own_and_not_what_the_cookies_person_may() {
    let test = TestApp::new().await;
    let (acme, bolt) = (test.tenant("acme", "pro").await, test.tenant("bolt", "pro").await);
    let ada = test.member("ada", acme, Role::Owner).await;
    bob(&test, bolt).await;
    for slug in ["ours-1", "ours-2"] {
        test.instance(acme, slug).await;
    }
    let theirs = test.instance(bolt, "theirs").await;
    test.executed((bolt, theirs), "wf", (1..4, test.now())).await;

    let answer = log_in(&test, &ada).await;
    assert_eq!(answer.get("errors"), None, "{answer}");
    let viewer = &answer["data"]["logIn"]["viewer"];
    assert_eq!(viewer["email"], "bob@example.com");
    let memberships = viewer["memberships"].as_array().unwrap();
    assert_eq!(memberships.len(), 1, "{viewer}");
    let tenant = &memberships[0]["tenant"];
    assert_eq!((&memberships[0]["role"], &tenant["viewerRole"]), (&json!("OWNER"), &json!("OWNER")));
    let wanted = json!({ "instances": { "used": 1, "limit": 5 }, "members": { "used": 1 }, "executions": { "used": 3 } });
    assert_eq!(tenant["allowances"], wanted);
    let nodes = tenant["instances"]["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 1);
    assert_eq!((&nodes[0]["slug"], nodes[0]["health"].is_string()), (&json!("theirs"), true), "{nodes:?}");
    assert_eq!(nodes[0]["resources"]["memoryLimitMib"], 1280);
    assert_eq!(nodes[0]["executions"]["nodes"].as_array().unwrap().len(), 3);
}
