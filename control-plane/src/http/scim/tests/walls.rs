//! What a token opens, and what it does not.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::json;
use tenantry_authz::Role;

use super::*;

#[tokio::test]
async fn a_token_opens_its_own_tenant_alone() {
    let acme = Directory::new().await;
    let other = acme.test.tenant("other", "enterprise").await;
    let owner = acme.test.member("other-owner", other, Role::Owner).await;
    let foreign = connect(&acme.test, other, &owner).await;
    let ada = acme.user("ada").await;
    let group = json!({ "schemas": [GROUP], "displayName": "G", "members": [{ "value": ada.id() }] });
    let mine = acme.post("/Groups", &group).await;
    let ask = async |method: Method, path: &str, body: Option<&Value>| {
        send(&acme.test, &foreign, (method, path), (body, &[])).await
    };
    let operations = json!({ "schemas": [PATCH], "Operations": [{ "op": "replace", "path": "displayName", "value": "X" }] });
    for (kind, id, body) in [
        ("Users", ada.id(), json!({ "schemas": [USER], "userName": "x@example.com" })),
        ("Groups", mine.id(), json!({ "schemas": [GROUP], "displayName": "X" })),
    ] {
        let nowhere =
            if kind == "Users" { "scu_01h455vb4pex5vsknk084sn02q" } else { "scg_01h455vb4pex5vsknk084sn02q" };
        for (method, body) in [
            (Method::GET, None),
            (Method::PUT, Some(&body)),
            (Method::PATCH, Some(&operations)),
            (Method::DELETE, None),
        ] {
            let theirs = ask(method.clone(), &format!("/{kind}/{id}"), body).await;
            let nothing = ask(method.clone(), &format!("/{kind}/{nowhere}"), body).await;
            theirs.is_error(404, None);
            assert_eq!(theirs.body, nothing.body, "{method} {kind}: as what is not there");
        }
        let list = ask(Method::GET, &format!("/{kind}"), None).await;
        assert_eq!(list.body["totalResults"], 0);
        let found = ask(Method::GET, &format!("/{kind}?filter=id%20eq%20%22{id}%22"), None).await;
        assert_eq!(found.body["totalResults"], 0);
    }
    // Another tenant's user is no member of a group; the same name and address is free there.
    ask(Method::POST, "/Groups", Some(&group)).await.is_error(400, Some("invalidValue"));
    let body = json!({ "schemas": [USER], "userName": "ada", "emails": [{ "value": "ada@example.com" }] });
    assert_eq!(ask(Method::POST, "/Users", Some(&body)).await.status, StatusCode::CREATED);
    assert_eq!(acme.get("/Users").await.body["totalResults"], 1);
}

#[tokio::test]
async fn nothing_else_opens_it_and_it_opens_nothing_else() {
    let directory = Directory::new().await;
    let test = &directory.test;
    let make = format!(
        "mutation {{ createApiKey(input: {{ tenantId: \"{}\", name: \"Robot\", scopes: [\"member:manage\"] }}) {{ secret }} }}",
        directory.tenant
    );
    let key = test.ask(&directory.owner, &make).await["data"]["createApiKey"]["secret"]
        .as_str()
        .unwrap()
        .to_owned();
    let mistyped = format!("{}x", &directory.secret[..directory.secret.len() - 1]);
    for wrong in ["", "nonsense", &mistyped, &key, &directory.secret.to_lowercase()] {
        let refused = send(test, wrong, (Method::GET, "/Users"), (None, &[])).await;
        refused.is_error(401, None);
        assert!(refused.headers["www-authenticate"].to_str().unwrap().starts_with("Bearer"));
    }
    let cookie = Request::get("/scim/v2/Users")
        .header("cookie", directory.owner.cookie())
        .body(Body::empty())
        .unwrap();
    assert_eq!(test.send(cookie).await.status(), StatusCode::UNAUTHORIZED);
    let bearer = format!("Bearer {}", directory.secret);
    for path in ["/graphql?query=%7Bplans%7Bcode%7D%7D", "/v1/events?tenant=x", "/export/usage.csv"] {
        let request = Request::get(path).header("authorization", &bearer).body(Body::empty()).unwrap();
        assert_eq!(test.send(request).await.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
    let form = format!("token={}&client_id=x&client_secret={}", directory.secret, directory.secret);
    let request = Request::post("/oauth/revoke")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(form))
        .unwrap();
    assert_eq!(test.send(request).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(directory.get("/Users").await.status, StatusCode::OK);
}

/// In the browser, in two tenants: deleted in one by its directory, at home in the other.
#[tokio::test]
async fn a_member_of_two_tenants_who_is_deleted_in_one_works_on_in_the_other() {
    let directory = Directory::new().await;
    let test = &directory.test;
    let other = test.tenant("other", "pro").await;
    let ada = test.member("ada", other, Role::Developer).await;
    sqlx::query(
        "INSERT INTO identity.memberships (tenant_id, user_id, role, email, name, created_at)
         VALUES ($1, $2, 'viewer', 'ada@example.com', 'ada', now())",
    )
    .bind(directory.tenant.uuid())
    .bind(ada.id.uuid())
    .execute(&mut test.world.superuser().await)
    .await
    .unwrap();
    let made = directory.user("ada").await;
    let see = |tenant| format!("{{ tenant(id: \"{tenant}\") {{ slug }} }}");
    assert_eq!(test.ask(&ada, &see(directory.tenant)).await["data"]["tenant"]["slug"], "acme");
    let gone = directory.send(Method::DELETE, &format!("/Users/{}", made.id()), None).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    let refused = test.ask(&ada, &see(directory.tenant)).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "NOT_FOUND", "{refused}");
    assert_eq!(test.ask(&ada, &see(other)).await["data"]["tenant"]["slug"], "other", "the same session");

    // Who is in no other tenant is logged out.
    let bob = test.member("bob", directory.tenant, Role::Viewer).await;
    sqlx::query("UPDATE identity.memberships SET email = 'bob@example.com' WHERE user_id = $1")
        .bind(bob.id.uuid())
        .execute(&mut test.world.superuser().await)
        .await
        .unwrap();
    let made = directory.user("bob").await;
    let viewer = "{ viewer { email } }";
    assert_eq!(test.ask(&bob, viewer).await["data"]["viewer"]["email"], "bob@example.com");
    let off = json!([{ "op": "Replace", "path": "active", "value": "False" }]);
    assert_eq!(directory.patch(&format!("/Users/{}", made.id()), off).await.body["active"], false);
    assert_eq!(test.ask(&bob, viewer).await["data"]["viewer"], json!(null));
}
