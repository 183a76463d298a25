//! The interface as a directory sees it, over HTTP.

mod peer;
mod protocol;
mod walls;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use serde_json::{Value, json};
use tenantry_authz::{Actor, Assurance, Ctx, Grant, Origin, Role};
use tenantry_identity::{CreateScimToken, SetProvisioning};
use tenantry_kernel::{OsEntropy, SessionId, SystemClock, TenantId};

use crate::test_world::{Person, TestApp};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    fn id(&self) -> &str {
        self.body["id"].as_str().unwrap_or_else(|| panic!("{}", self.body))
    }

    /// That it is an error in SCIM's form.
    fn is_error(&self, status: u16, kind: Option<&str>) {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        assert_eq!(self.headers["content-type"], "application/scim+json");
        assert_eq!(self.body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
        assert_eq!(
            (self.body["status"].as_str(), self.body["scimType"].as_str()),
            (Some(&*status.to_string()), kind)
        );
        assert!(!self.body["detail"].as_str().unwrap().is_empty());
    }
}

/// A tenant whose directory is connected.
struct Directory {
    test: TestApp,
    tenant: TenantId,
    owner: Person,
    secret: String,
}

impl Directory {
    async fn new() -> Self {
        let test = TestApp::new().await;
        let tenant = test.tenant("acme", "enterprise").await;
        let owner = test.member("owner", tenant, Role::Owner).await;
        let secret = connect(&test, tenant, &owner).await;
        Self { test, tenant, owner, secret }
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        self.send_with(method, path, (body, &[])).await
    }

    async fn send_with(
        &self,
        method: Method,
        path: &str,
        (body, headers): (Option<&Value>, &[(&str, &str)]),
    ) -> Answer {
        send(&self.test, &self.secret, (method, path), (body, headers)).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    async fn patch(&self, path: &str, operations: Value) -> Answer {
        self.send(Method::PATCH, path, Some(&json!({ "schemas": [PATCH], "Operations": operations }))).await
    }

    async fn user(&self, name: &str) -> Answer {
        let body = json!({ "schemas": [USER], "userName": name, "emails": [{ "value": format!("{name}@example.com") }] });
        let made = self.post("/Users", &body).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
        made
    }
}

/// Connects a tenant's directory; its token.
async fn connect(test: &TestApp, tenant: TenantId, owner: &Person) -> String {
    let session = SessionId::generate(&SystemClock, &OsEntropy);
    let actor = Actor::User { id: owner.id, session, platform_role: None };
    let grants = vec![Grant::new(tenant, Role::Owner)];
    let ctx = Ctx::new(test.app.runtime.clone(), actor, grants, Origin::default())
        .with_assurance(Assurance::proved(test.now()));
    let identity = &test.app.identity;
    let set = SetProvisioning { tenant, enabled: Some(true), role: None };
    identity.set_provisioning(&ctx, set).await.unwrap();
    let create = CreateScimToken { tenant, name: "Directory".to_owned(), expires_at: None };
    identity.create_scim_token(&ctx, create).await.unwrap().secret.expose().to_owned()
}

async fn send(
    test: &TestApp,
    secret: &str,
    (method, path): (Method, &str),
    (body, headers): (Option<&Value>, &[(&str, &str)]),
) -> Answer {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("/scim/v2{path}"))
        .header("authorization", format!("Bearer {secret}"));
    if body.is_some() && !headers.iter().any(|(name, _)| *name == "content-type") {
        request = request.header("content-type", "application/scim+json");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let response = test.send(request.body(body).unwrap()).await;
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    Answer {
        status: parts.status,
        headers: parts.headers,
        body: serde_json::from_slice(&bytes).unwrap_or_default(),
    }
}
