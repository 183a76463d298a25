//! A provider on loopback that says what a test wants, signed with real keys.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Form, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use ring::{digest, hmac};
use serde_json::{Value, json};

/// What an address answers with.
#[derive(Clone)]
pub(super) enum Says {
    Json(u16, Value),
    Text(String),
    Redirect(String),
    /// After so long.
    Late(Duration),
}

#[derive(Default)]
pub(super) struct Script {
    /// By the last part of the path: `metadata`, `keys`, `token`, `userinfo`, `emails`.
    pub(super) says: HashMap<&'static str, Says>,
    /// What was asked of it, in order.
    pub(super) asked: Vec<&'static str>,
    /// The newest form that the token endpoint was sent, and the header beside it.
    pub(super) form: HashMap<String, String>,
    pub(super) authorization: Option<String>,
}

type Shared = Arc<Mutex<Script>>;

pub(super) struct Provider {
    pub(super) issuer: String,
    pub(super) script: Shared,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Provider {
    /// An honest one that publishes these keys.
    pub(super) async fn with_keys(keys: &[&Key]) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let script = Shared::default();
        let app = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/{place}", get(answer))
            .route("/token", post(token))
            .route("/login/oauth/access_token", post(token))
            .route("/api/user", get(userinfo))
            .route("/api/user/emails", get(emails))
            .with_state(script.clone());
        let server = tokio::spawn(async move {
            axum::serve(listener, app).await.unwrap();
        });
        let provider = Self { issuer, script, server };
        provider.says("metadata", Says::Json(200, provider.metadata()));
        provider.publish(keys);
        provider
    }

    pub(super) fn metadata(&self) -> Value {
        let at = |place: &str| format!("{}/{place}", self.issuer);
        json!({
            "issuer": self.issuer,
            "authorization_endpoint": at("authorize?tenant=a"),
            "token_endpoint": at("token"),
            "userinfo_endpoint": at("userinfo"),
            "jwks_uri": at("keys"),
            "end_session_endpoint": at("end"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256", "none", "HS256"],
        })
    }

    pub(super) fn publish(&self, keys: &[&Key]) {
        let keys: Vec<Value> = keys.iter().map(|key| key.public()).collect();
        self.says("keys", Says::Json(200, json!({ "keys": keys })));
    }

    pub(super) fn says(&self, place: &'static str, what: Says) {
        self.script.lock().unwrap().says.insert(place, what);
    }

    /// How often a place was asked.
    pub(super) fn times(&self, place: &str) -> usize {
        self.script.lock().unwrap().asked.iter().filter(|asked| **asked == place).count()
    }
}

async fn metadata(State(script): State<Shared>) -> Response {
    said(script, "metadata").await
}

async fn userinfo(State(script): State<Shared>) -> Response {
    said(script, "userinfo").await
}

async fn emails(State(script): State<Shared>) -> Response {
    said(script, "emails").await
}

async fn answer(State(script): State<Shared>, Path(place): Path<String>) -> Response {
    match place.as_str() {
        "keys" => said(script, "keys").await,
        "userinfo" => said(script, "userinfo").await,
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn token(
    State(script): State<Shared>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    {
        let mut script = script.lock().unwrap();
        script.form = form;
        script.authorization =
            headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned());
    }
    said(script, "token").await
}

async fn said(script: Shared, place: &'static str) -> Response {
    let says = {
        let mut script = script.lock().unwrap();
        script.asked.push(place);
        script.says.get(place).cloned()
    };
    match says {
        None => StatusCode::NOT_FOUND.into_response(),
        Some(Says::Json(status, body)) => {
            (StatusCode::from_u16(status).unwrap(), axum::Json(body)).into_response()
        }
        Some(Says::Text(body)) => body.into_response(),
        Some(Says::Redirect(to)) => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
        Some(Says::Late(wait)) => {
            tokio::time::sleep(wait).await;
            "{}".into_response()
        }
    }
}

/// A pair of keys.
pub(super) struct Key {
    pub(super) id: &'static str,
    pair: Pair,
}

enum Pair {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
}

impl Key {
    pub(super) fn es256(id: &'static str) -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap();
        Self { id, pair: Pair::Es256(pair) }
    }

    pub(super) fn ed25519(id: &'static str) -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self { id, pair: Pair::EdDsa(Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap()) }
    }

    fn public(&self) -> Value {
        let encoded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match &self.pair {
            Pair::Es256(pair) => {
                let point = pair.public_key().as_ref();
                json!({ "kty": "EC", "crv": "P-256", "use": "sig", "kid": self.id,
                        "x": encoded(&point[1..33]), "y": encoded(&point[33..]) })
            }
            Pair::EdDsa(pair) => {
                let x = encoded(pair.public_key().as_ref());
                json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": self.id, "x": x })
            }
        }
    }

    pub(super) fn header(&self) -> Value {
        let algorithm = match self.pair {
            Pair::Es256(_) => "ES256",
            Pair::EdDsa(_) => "EdDSA",
        };
        json!({ "alg": algorithm, "kid": self.id, "typ": "JWT" })
    }

    pub(super) fn sign(&self, header: &Value, claims: &Value) -> String {
        let signed = unsigned(header, claims);
        let signature = match &self.pair {
            Pair::Es256(pair) => {
                pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap().as_ref().to_vec()
            }
            Pair::EdDsa(pair) => pair.sign(signed.as_bytes()).as_ref().to_vec(),
        };
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// The public half as bytes, which an attacker knows too.
    pub(super) fn known_to_all(&self) -> Vec<u8> {
        match &self.pair {
            Pair::Es256(pair) => pair.public_key().as_ref().to_vec(),
            Pair::EdDsa(pair) => pair.public_key().as_ref().to_vec(),
        }
    }
}

pub(super) fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

/// Signed with a shared secret, which need not be secret.
pub(super) fn hs256(secret: &[u8], kid: &str, claims: &Value) -> String {
    let signed = unsigned(&json!({ "alg": "HS256", "kid": kid }), claims);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref()))
}

/// `at_hash` for the algorithms with SHA-256.
pub(super) fn at_hash(access_token: &str) -> String {
    let whole = digest::digest(&digest::SHA256, access_token.as_bytes());
    URL_SAFE_NO_PAD.encode(&whole.as_ref()[..16])
}
