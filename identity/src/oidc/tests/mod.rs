//! The protocol against providers that lie, each in one way and each refused for that way's own reason.

mod github;
mod hostile;
mod logout;
mod provider;
mod rotation;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use serde_json::{Value, json};
use tenantry_kernel::{Clock, ConnectionId, ManualClock, OsEntropy, Secret, SystemClock, TenantId};
use tenantry_outbound::{Config, Outbound};

use super::{Answer, Begun, Oidc, Refusal};
use crate::sso::{Asserted, ClaimNames, ConnectionSettings, Flow, FlowPurpose, OidcSettings, Protocol};
use provider::{Key, Provider, Says, at_hash};

const CLIENT: &str = "tenantry at acme";
const SECRET: &str = "s:c/ret+%";
const ACCESS_TOKEN: &str = "an access token";

struct World {
    oidc: Oidc,
    clock: Arc<ManualClock>,
    provider: Provider,
    key: Key,
    connection: ConnectionSettings,
}

/// What the provider says in one log-in: honest, until a test changes it.
struct Said {
    header: Value,
    claims: Value,
    /// Whole, instead of header and claims signed with the provider's key.
    id_token: Option<String>,
    tokens: Value,
    answer: Answer,
}

impl World {
    async fn new() -> Self {
        Self::reaching(true).await
    }

    async fn reaching(loopback: bool) -> Self {
        let clock = Arc::new(ManualClock::new(DateTime::UNIX_EPOCH + TimeDelta::days(20_000)));
        let key = Key::es256("first");
        let provider = Provider::with_keys(&[&key]).await;
        let outbound = Outbound::new(Config { allow_loopback: loopback, ..Config::public().unwrap() });
        let connection = ConnectionSettings {
            connection: ConnectionId::generate(&SystemClock, &OsEntropy),
            tenant: Some(TenantId::generate(&SystemClock, &OsEntropy)),
            name: "Acme".to_owned(),
            callback: "con_acme".to_owned(),
            protocol: Protocol::Oidc {
                settings: OidcSettings {
                    issuer: provider.issuer.clone(),
                    client_id: CLIENT.to_owned(),
                    scopes: vec!["openid".into(), "email".into()],
                    claims: ClaimNames::default(),
                },
                secret: Some(Secret::new(SECRET)),
            },
        };
        let oidc = Oidc::impatient(outbound, clock.clone(), Duration::from_secs(2));
        Self { oidc, clock, provider, key, connection }
    }

    async fn begin(&self) -> Result<Begun, Refusal> {
        self.oidc.begin(&self.connection, Secret::new("browser"), Some("ada@acme.example")).await
    }

    fn flow(&self, begun: &Begun) -> Flow {
        Flow {
            connection: self.connection.connection,
            purpose: FlowPurpose::LogIn,
            return_to: "/".to_owned(),
            nonce: begun.secrets.nonce.clone(),
            verifier: begun.secrets.verifier.clone(),
            created_at: self.clock.now(),
            assertion: None,
        }
    }

    fn honest(&self, nonce: &Secret) -> Said {
        let now = self.clock.now().timestamp();
        Said {
            header: self.key.header(),
            claims: json!({
                "iss": self.provider.issuer, "sub": "ada-1", "aud": CLIENT, "nonce": nonce.expose(),
                "iat": now, "exp": now + 300, "at_hash": at_hash(ACCESS_TOKEN), "amr": ["pwd", "otp"], "sid": "s-1",
                "email": "ada@acme.example", "email_verified": true, "name": "Ada", "groups": ["eng", "ops"],
            }),
            id_token: None,
            tokens: json!({ "access_token": ACCESS_TOKEN, "token_type": "bearer" }),
            answer: Answer { code: Some("the code".to_owned()), iss: None, error: None },
        }
    }

    /// Somebody logs in, and the provider lies about it.
    async fn log_in(&self, lie: impl FnOnce(&Self, &mut Said)) -> Result<Asserted, Refusal> {
        let begun = self.begin().await?;
        let mut said = self.honest(&begun.secrets.nonce);
        lie(self, &mut said);
        let id_token = said.id_token.unwrap_or_else(|| self.key.sign(&said.header, &said.claims));
        let tokens = said.tokens.as_object_mut().unwrap();
        if tokens.get("id_token") != Some(&Value::Null) {
            tokens.insert("id_token".to_owned(), id_token.into());
        }
        self.provider.says("token", Says::Json(200, said.tokens));
        self.oidc.complete(&self.connection, &self.flow(&begun), &said.answer).await
    }

    /// The discovery document with something in it changed.
    fn metadata(&self, change: impl FnOnce(&mut Value)) {
        let mut metadata = self.provider.metadata();
        change(&mut metadata);
        self.provider.says("metadata", Says::Json(200, metadata));
    }
}

/// The parameters of an address.
fn query(address: &str) -> HashMap<String, String> {
    url::Url::parse(address).unwrap().query_pairs().into_owned().collect()
}

#[tokio::test]
async fn an_honest_provider_is_believed_and_the_code_is_shown_with_everything_that_binds_it() {
    let world = World::new().await;
    let begun = world.begin().await.unwrap();
    assert!(begun.address.starts_with(&format!("{}/authorize?tenant=a&", world.provider.issuer)));
    let asked = query(&begun.address);
    assert_eq!(asked["response_type"], "code");
    assert_eq!(asked["scope"], "openid email");
    assert_eq!(asked["login_hint"], "ada@acme.example");
    assert_eq!(asked["state"], begun.secrets.state.expose());
    assert_eq!(asked["nonce"], begun.secrets.nonce.expose());
    assert_eq!(asked["code_challenge_method"], "S256");
    assert_eq!(asked["code_challenge"], super::address::challenge(&begun.secrets.verifier));
    assert!(!begun.address.contains(begun.secrets.verifier.expose()));

    let asserted = world.log_in(|_, _| {}).await.unwrap();
    assert_eq!(asserted.subject, "ada-1");
    assert_eq!(asserted.email.as_deref(), Some("ada@acme.example"));
    assert!(asserted.email_verified);
    assert_eq!(asserted.name.as_deref(), Some("Ada"));
    assert_eq!(asserted.groups, ["eng", "ops"]);
    assert_eq!(asserted.methods, ["pwd", "otp"]);
    assert_eq!(asserted.provider_session.as_deref(), Some("s-1"));
    assert_eq!(world.provider.times("userinfo"), 0, "nothing lacks");
    let script = world.provider.script.lock().unwrap();
    assert_eq!(script.form["grant_type"], "authorization_code");
    assert_eq!(script.form["code"], "the code");
    assert_eq!(script.form["redirect_uri"], "https://portal.example/oidc/callback/con_acme");
    assert_eq!(script.form["code_verifier"].len(), 64);
    assert!(!script.form.contains_key("client_secret"), "it is in the header");
    // RFC 6749, section 2.3.1: both are form-encoded before they are encoded once more.
    let pair = "tenantry+at+acme:s%3Ac%2Fret%2B%25";
    let basic = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, pair);
    assert_eq!(script.authorization.as_deref(), Some(format!("Basic {basic}").as_str()));
}

#[tokio::test]
async fn what_the_id_token_lacks_is_asked_for() {
    let world = World::new().await;
    let more =
        json!({ "sub": "ada-1", "email": "ada@acme.example", "email_verified": true, "groups": "eng" });
    world.provider.says("userinfo", Says::Json(200, more));
    let asserted = world
        .log_in(|_, said| {
            for name in ["email", "email_verified", "groups"] {
                said.claims.as_object_mut().unwrap().remove(name);
            }
        })
        .await
        .unwrap();
    assert_eq!(asserted.email.as_deref(), Some("ada@acme.example"));
    assert!(asserted.email_verified);
    assert_eq!(asserted.groups, ["eng"]);
}

/// It is no refusal here: whether an address that nobody vouches for will do is the connection's to decide.
#[tokio::test]
async fn an_address_that_the_provider_does_not_vouch_for_is_unverified() {
    for (claim, verified) in [
        (json!(true), true),
        (json!("true"), true),
        (json!(false), false),
        (json!("false"), false),
        (json!("yes"), false),
        (json!(1), false),
    ] {
        let world = World::new().await;
        let said = world.log_in(|_, said| said.claims["email_verified"] = claim.clone()).await;
        // What is no truth value makes the token unreadable, or is no truth.
        assert_eq!(said.is_ok_and(|asserted| asserted.email_verified), verified, "{claim}");
    }
}

#[tokio::test]
async fn the_secret_goes_where_the_provider_takes_it() {
    let world = World::new().await;
    world.metadata(|it| it["token_endpoint_auth_methods_supported"] = json!(["client_secret_post"]));
    world.log_in(|_, _| {}).await.unwrap();
    let script = world.provider.script.lock().unwrap();
    assert_eq!((script.form["client_id"].as_str(), script.form["client_secret"].as_str()), (CLIENT, SECRET));
    assert_eq!(script.authorization, None);
}

#[tokio::test]
async fn a_session_at_the_provider_ends_where_its_metadata_say() {
    let world = World::new().await;
    let token = Secret::new("id token");
    let address =
        world.oidc.log_out_address(&world.connection, Some(&token), "https://portal.example/log-in").await;
    let address = address.unwrap().unwrap();
    assert!(address.starts_with(&format!("{}/end?", world.provider.issuer)));
    let asked = query(&address);
    assert_eq!(asked["id_token_hint"], "id token");
    assert_eq!(asked["client_id"], CLIENT);
    assert_eq!(asked["post_logout_redirect_uri"], "https://portal.example/log-in");

    let other = World::new().await;
    other.metadata(|it| it["end_session_endpoint"] = Value::Null);
    let none = other.oidc.log_out_address(&other.connection, None, "https://portal.example/").await;
    assert_eq!(none, Ok(None));
}
