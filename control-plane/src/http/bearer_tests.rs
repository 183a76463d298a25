//! Programs at the HTTP interface: bearer tokens in every transport, and the token endpoint with a client of others'.

use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use axum::response::Response;
use futures::StreamExt;
use oauth2::basic::BasicClient;
use oauth2::{AuthType, ClientId, ClientSecret, RevocationUrl, Scope, TokenResponse, TokenUrl};
use serde_json::{Value, json};
use tenantry_authz::{Origin, Role};
use tenantry_kernel::{Secret, TenantId};
use tenantry_store::{SystemRole, SystemTx};
use tokio::sync::Semaphore;

use crate::app::Credential;
use crate::graphql::{condition_loader, customer_schema};
use crate::http::session::Session;
use crate::test_world::{Person, TestApp};

struct Answer {
    status: StatusCode,
    challenge: Option<String>,
    content_type: String,
    text: String,
}

impl Answer {
    async fn of(response: Response) -> Self {
        let text = |name| response.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
        let (challenge, kind) = (text(header::WWW_AUTHENTICATE), text(header::CONTENT_TYPE));
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Self { status, challenge, content_type: kind.unwrap_or_default(), text }
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{}", self.text))
    }
}

async fn ask(test: &TestApp, headers: &[(&str, &str)], query: &str) -> Answer {
    let mut request = Request::post("/graphql").header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = json!({ "query": query }).to_string();
    Answer::of(test.send(request.body(Body::from(body)).unwrap()).await).await
}

async fn key(test: &TestApp, person: &Person, (tenant, scopes): (TenantId, &[&str])) -> (String, String) {
    let query = format!(
        "mutation {{ createApiKey(input: {{ tenantId: \"{tenant}\", name: \"Robot\", scopes: {scopes:?} }})
           {{ key {{ id prefix scopes createdBy expiresAt }} secret problem {{ message }} }} }}"
    );
    let made = test.ask(person, &query).await;
    let made = &made["data"]["createApiKey"];
    assert!(made["secret"].as_str().unwrap().starts_with(made["key"]["prefix"].as_str().unwrap()), "{made}");
    (made["key"]["id"].as_str().unwrap().to_owned(), made["secret"].as_str().unwrap().to_owned())
}

async fn account(test: &TestApp, person: &Person, (tenant, role): (TenantId, &str)) -> (String, String) {
    let make = format!(
        "mutation {{ createServiceAccount(input: {{ tenantId: \"{tenant}\", name: \"Robot\", role: {role} }})
           {{ serviceAccount {{ id role credentials {{ id }} }} problem {{ message }} }} }}"
    );
    let made = test.ask(person, &make).await;
    let id = made["data"]["createServiceAccount"]["serviceAccount"]["id"].as_str().unwrap().to_owned();
    let add = format!(
        "mutation {{ addServiceAccountSecret(input: {{ tenantId: \"{tenant}\", id: \"{id}\" }})
           {{ clientId clientSecret serviceAccount {{ credentials {{ kind hint }} }} problem {{ message }} }} }}"
    );
    let added = test.ask(person, &add).await;
    let added = &added["data"]["addServiceAccountSecret"];
    assert_eq!(added["serviceAccount"]["credentials"][0]["kind"], "SECRET", "{added}");
    (id, added["clientSecret"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_bearer_token_counts_and_a_bad_one_is_never_taken_for_none() {
    let test = TestApp::new().await;
    let tenant = test.tenant("acme", "pro").await;
    let ada = test.member("ada", tenant, Role::Owner).await;
    let (id, secret) = key(&test, &ada, (tenant, &["tenant:view", "instance:view", "usage:view"])).await;
    let bearer = format!("Bearer {secret}");
    let cookie = ada.cookie();
    let who = format!("{{ viewer {{ id }} tenant(id: \"{tenant}\") {{ slug viewerRights }} }}");

    let answer = ask(&test, &[("authorization", &bearer)], &who).await.json();
    assert_eq!(answer["data"]["viewer"], Value::Null);
    assert_eq!(answer["data"]["tenant"]["slug"], "acme");
    assert_eq!(
        answer["data"]["tenant"]["viewerRights"],
        json!(["tenant:view", "instance:view", "usage:view"])
    );
    // Beside a cookie the bearer counts.
    let both = ask(&test, &[("cookie", &cookie), ("authorization", &bearer)], &who).await.json();
    assert_eq!(both["data"]["viewer"], Value::Null);
    // Its scopes are the limit, and the answer names the one that lacks.
    let members = format!("{{ tenant(id: \"{tenant}\") {{ serviceAccounts {{ nodes {{ id }} }} }} }}");
    let refused = ask(&test, &[("authorization", &bearer)], &members).await.json();
    assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN", "{refused}");
    assert!(refused["errors"][0]["message"].as_str().unwrap().contains("service-account:view"), "{refused}");
    // A page elsewhere cannot make a browser send it: no protection for cookies is needed.
    let elsewhere = [("authorization", bearer.as_str()), ("origin", "https://elsewhere.example")];
    assert_eq!(ask(&test, &elsewhere, &who).await.status, StatusCode::OK);
    let with_cookie = [("cookie", cookie.as_str()), ("origin", "https://elsewhere.example")];
    assert_eq!(ask(&test, &with_cookie, &who).await.status, StatusCode::FORBIDDEN);

    let wrong =
        [format!("Bearer {secret}x"), "Bearer".to_owned(), "bearer ".to_owned(), "Bearer abc".to_owned()];
    for bad in &wrong {
        // Also where nobody need be logged in.
        for query in [who.as_str(), "{ plans { code } }"] {
            let answer = ask(&test, &[("cookie", &cookie), ("authorization", bad)], query).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{bad}");
            assert!(answer.challenge.unwrap().contains("error=\"invalid_token\""));
            let body: Value = serde_json::from_str(&answer.text).unwrap();
            assert_eq!(body["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
            assert!(body["errors"][0]["extensions"]["requestId"].is_string() && body["data"].is_null());
        }
    }
    let get = async |path: &str, bearer: &str| {
        let request = Request::get(path).header("authorization", bearer).body(Body::empty()).unwrap();
        Answer::of(test.send(request).await).await
    };
    let export = format!("/export/usage.csv?tenant={tenant}&from=2026-11-01&to=2026-12-01&groupBy=DAY");
    let refused = get(&export, "Bearer nonsense").await;
    assert_eq!(
        (refused.status, refused.content_type.as_str()),
        (StatusCode::UNAUTHORIZED, "application/problem+json")
    );
    assert!(refused.challenge.is_some() && refused.json()["code"] == "UNAUTHENTICATED");
    assert_eq!(get(&export, &bearer).await.status, StatusCode::OK, "programs export too");

    let revoke = format!(
        "mutation {{ revokeApiKey(input: {{ tenantId: \"{tenant}\", id: \"{id}\" }}) {{ key {{ revokedAt }} }} }}"
    );
    assert!(test.ask(&ada, &revoke).await["data"]["revokeApiKey"]["key"]["revokedAt"].is_string());
    assert_eq!(ask(&test, &[("authorization", &bearer)], &who).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(get(&export, &bearer).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn what_a_program_makes_carries_the_name_of_whoever_answers_for_it() {
    let test = TestApp::new().await;
    let tenant = test.tenant("acme", "pro").await;
    let tx = SystemTx::begin(&test.app.db, SystemRole::Onboarding).await.unwrap();
    test.app.keys.create(&tx, tenant, test.now()).await.unwrap();
    tx.commit().await.unwrap();
    let first = test.member("first", tenant, Role::Owner).await;
    let ada = test.member("ada", tenant, Role::Admin).await;
    let make = |slug: &str| {
        format!(
            "mutation {{ createInstance(input: {{ tenantId: \"{tenant}\", name: \"One\", slug: \"{slug}\", region: \"us-east\" }})
               {{ instance {{ id }} problem {{ message }} }} }}"
        )
    };
    let (_, secret) = key(&test, &ada, (tenant, &["tenant:view", "instance:view", "instance:create"])).await;
    let by_key = ask(&test, &[("authorization", &format!("Bearer {secret}"))], &make("by-key")).await.json();
    assert!(by_key["data"]["createInstance"]["instance"]["id"].is_string(), "{by_key}");
    let (client, secret) = account(&test, &first, (tenant, "DEVELOPER")).await;
    let address = serve(&test).await;
    let client = client_of(address, &client, &secret);
    let token = client.exchange_client_credentials().request_async(&send).await.unwrap();
    let bearer = format!("Bearer {}", token.access_token().secret());
    let by_account = ask(&test, &[("authorization", &bearer)], &make("by-account")).await.json();
    assert!(by_account["data"]["createInstance"]["instance"]["id"].is_string(), "{by_account}");
    let owners: Vec<String> =
        sqlx::query_scalar("SELECT owner_email FROM provisioner.instances ORDER BY slug")
            .fetch_all(&mut test.world.superuser().await)
            .await
            .unwrap();
    assert_eq!(owners, ["first@example.com", "ada@example.com"]);
}

#[tokio::test]
async fn a_subscription_ends_with_the_credential() {
    let test = TestApp::new().await;
    let tenant = test.tenant("acme", "pro").await;
    let ada = test.member("ada", tenant, Role::Owner).await;
    let (id, secret) = key(&test, &ada, (tenant, &["tenant:view", "instance:view"])).await;
    let session = Session {
        token: Credential::Bearer(Secret::new(secret)),
        origin: Origin::default(),
        streams: std::sync::Arc::new(Semaphore::new(1)),
    };
    let ctx = session.context(&test.app).await.unwrap();
    let query =
        format!("subscription {{ tenantActivity(tenantId: \"{tenant}\") {{ instances usage members }} }}");
    let loader = condition_loader(&test.app, &ctx);
    let request = async_graphql::Request::new(query).data(ctx).data(loader).data(session);
    let mut events = pin!(customer_schema(test.app.clone()).execute_stream(request));
    let first = serde_json::to_value(events.next().await.unwrap()).unwrap();
    // Of what its scopes let it see.
    assert_eq!(
        first["data"]["tenantActivity"],
        json!({ "instances": true, "usage": false, "members": false })
    );
    tokio::time::sleep(Duration::from_millis(300)).await;
    let begun = std::time::Instant::now();
    let revoke = format!(
        "mutation {{ revokeApiKey(input: {{ tenantId: \"{tenant}\", id: \"{id}\" }}) {{ key {{ id }} }} }}"
    );
    test.ask(&ada, &revoke).await;
    let end = tokio::time::timeout(Duration::from_secs(20), events.next()).await.expect("an end");
    assert!(end.is_none(), "{end:?}");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

/// Serves on a port of loopback, for clients that speak real HTTP.
async fn serve(test: &TestApp) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = test.router().into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

type Client = oauth2::basic::BasicClient<
    oauth2::EndpointNotSet,
    oauth2::EndpointNotSet,
    oauth2::EndpointNotSet,
    oauth2::EndpointSet,
    oauth2::EndpointSet,
>;

fn client_of(address: SocketAddr, id: &str, secret: &str) -> Client {
    BasicClient::new(ClientId::new(id.to_owned()))
        .set_client_secret(ClientSecret::new(secret.to_owned()))
        .set_token_uri(TokenUrl::new(format!("http://{address}/oauth/token")).unwrap())
        .set_revocation_url(RevocationUrl::new(format!("https://{address}/oauth/revoke")).unwrap())
}

async fn send(request: oauth2::HttpRequest) -> Result<oauth2::HttpResponse, reqwest::Error> {
    let (parts, body) = request.into_parts();
    let client = reqwest::Client::builder().no_proxy().build()?;
    // The library insists on TLS for revocations; this is loopback.
    let uri = parts.uri.to_string().replace("https://", "http://");
    let response = client.request(parts.method, uri).headers(parts.headers).body(body).send().await?;
    let mut answer = oauth2::HttpResponse::new(Vec::new());
    *answer.status_mut() = response.status();
    *answer.headers_mut() = response.headers().clone();
    *answer.body_mut() = response.bytes().await?.to_vec();
    Ok(answer)
}

#[tokio::test]
async fn a_client_library_gets_uses_and_ends_a_token() {
    let test = TestApp::new().await;
    let tenant = test.tenant("acme", "pro").await;
    let ada = test.member("ada", tenant, Role::Owner).await;
    let (id, secret) = account(&test, &ada, (tenant, "VIEWER")).await;
    let address = serve(&test).await;
    for way in [AuthType::BasicAuth, AuthType::RequestBody] {
        let client = client_of(address, &id, &secret).set_auth_type(way);
        let scope = Scope::new("tenant:view".to_owned());
        let token = client.exchange_client_credentials().add_scope(scope).request_async(&send).await.unwrap();
        assert_eq!(token.expires_in(), Some(Duration::from_secs(900)));
        assert_eq!(token.scopes().unwrap().len(), 1);
        let bearer = format!("Bearer {}", token.access_token().secret());
        let who = format!("{{ tenant(id: \"{tenant}\") {{ slug viewerRights }} }}");
        let answer = ask(&test, &[("authorization", &bearer)], &who).await.json();
        assert_eq!(answer["data"]["tenant"], json!({ "slug": "acme", "viewerRights": ["tenant:view"] }));
        client.revoke_token(token.access_token().into()).unwrap().request_async(&send).await.unwrap();
        assert_eq!(ask(&test, &[("authorization", &bearer)], &who).await.status, StatusCode::UNAUTHORIZED);
    }
    let wrong = client_of(address, &id, &secret.replace("tnt_sec_", "tnt_sec_0"));
    let refused = wrong.exchange_client_credentials().request_async(&send).await.unwrap_err();
    let oauth2::RequestTokenError::ServerResponse(refused) = refused else { panic!("{refused}") };
    assert_eq!(refused.error().to_string(), "invalid_client");
}

#[tokio::test]
async fn the_token_endpoint_answers_as_rfc_6749_has_it() {
    let test = TestApp::new().await;
    let tenant = test.tenant("acme", "pro").await;
    let ada = test.member("ada", tenant, Role::Owner).await;
    let (id, secret) = account(&test, &ada, (tenant, "VIEWER")).await;
    let post = async |kind: &str, body: String| {
        let request =
            Request::post("/oauth/token").header("content-type", kind).header("cookie", ada.cookie());
        let response = test.send(request.body(Body::from(body)).unwrap()).await;
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        assert_eq!(response.headers()[header::PRAGMA], "no-cache");
        assert!(response.headers().contains_key("x-request-id"));
        Answer::of(response).await
    };
    let form = "application/x-www-form-urlencoded";
    let known = format!("client_id={id}&client_secret={secret}");
    let granted = post(form, format!("grant_type=client_credentials&{known}")).await;
    assert_eq!(granted.status, StatusCode::OK);
    let granted = granted.json();
    assert_eq!((&granted["token_type"], &granted["expires_in"]), (&json!("Bearer"), &json!(900)));
    assert!(granted["scope"].as_str().unwrap().split(' ').any(|scope| scope == "instance:view"));
    for (kind, body, status, error) in [
        (form, known.clone(), 400, "invalid_request"),
        (form, format!("grant_type=password&{known}"), 400, "unsupported_grant_type"),
        (
            form,
            format!("grant_type=client_credentials&grant_type=client_credentials&{known}"),
            400,
            "invalid_request",
        ),
        (form, format!("grant_type=client_credentials&scope=instance:delete&{known}"), 400, "invalid_scope"),
        (form, "grant_type=client_credentials".to_owned(), 401, "invalid_client"),
        (
            form,
            format!("grant_type=client_credentials&client_id={id}&client_secret=wrong"),
            401,
            "invalid_client",
        ),
        (
            "application/json",
            json!({ "grant_type": "client_credentials" }).to_string(),
            400,
            "invalid_request",
        ),
    ] {
        let answer = post(kind, body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()["error"].as_str()),
            (status, Some(error)),
            "{}",
            answer.text
        );
        assert_eq!(answer.challenge.is_some_and(|c| c.starts_with("Basic")), status == 401);
        assert!(!answer.text.contains(&secret));
    }
    let request = Request::get("/.well-known/oauth-authorization-server").body(Body::empty()).unwrap();
    let metadata = Answer::of(test.send(request).await).await.json();
    assert_eq!(metadata["issuer"], "http://localhost:8080");
    assert_eq!(metadata["token_endpoint"], "http://localhost:8080/oauth/token");
    assert!(metadata["scopes_supported"].as_array().unwrap().contains(&json!("instance:view")));
}
