//! A peer with n8n's log-in, its editor's endpoints, and a tenant's code that tells what it sees.

use std::collections::HashSet;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use futures::StreamExt;
use serde_json::{Value, json};
use tokio::net::TcpListener;

#[derive(Default)]
pub(crate) struct N8n {
    pub(crate) log_ins: AtomicU64,
    /// What it takes for a log-in.
    valid: Mutex<HashSet<String>>,
    /// Every request that reached it: method, target, cookies.
    seen: Mutex<Vec<(String, String, Vec<String>)>>,
    /// It answers 401 to everything.
    pub(crate) stubborn: AtomicBool,
    /// What log-ins it was asked for.
    pub(crate) asked: Mutex<Vec<Value>>,
}

impl N8n {
    pub(crate) async fn start() -> (Arc<Self>, u16) {
        let this = Arc::new(Self::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let app = Router::new()
            .route("/rest/login", post(log_in).get(me))
            .route("/rest/push", any(push))
            .route("/rest/events", get(events))
            .route("/cookies", get(sets_cookies))
            .fallback(echo)
            .layer(axum::middleware::from_fn_with_state(this.clone(), note))
            .with_state(this.clone());
        tokio::spawn(async move {
            axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await.unwrap();
        });
        (this, port)
    }

    /// As after a change of its owner's password: no log-in is good any more.
    pub(crate) fn forget(&self) {
        self.valid.lock().unwrap().clear();
    }

    pub(crate) fn seen(&self) -> Vec<(String, String, Vec<String>)> {
        self.seen.lock().unwrap().clone()
    }

    /// The cookies of the last request.
    pub(crate) fn last_cookies(&self) -> Vec<String> {
        self.seen().last().map(|(_, _, cookies)| cookies.clone()).unwrap_or_default()
    }

    pub(crate) fn log_ins(&self) -> u64 {
        self.log_ins.load(Ordering::SeqCst)
    }

    fn knows(&self, headers: &HeaderMap) -> bool {
        let valid = self.valid.lock().unwrap();
        !self.stubborn.load(Ordering::SeqCst)
            && cookies(headers).iter().any(|c| c.strip_prefix("n8n-auth=").is_some_and(|v| valid.contains(v)))
    }
}

fn cookies(headers: &HeaderMap) -> Vec<String> {
    headers
        .get_all("cookie")
        .iter()
        .flat_map(|value| value.to_str().unwrap().split("; ").map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

async fn note(State(n8n): State<Arc<N8n>>, request: Request, next: axum::middleware::Next) -> Response {
    let target = request.uri().path_and_query().unwrap().to_string();
    let entry = (request.method().to_string(), target, cookies(request.headers()));
    n8n.seen.lock().unwrap().push(entry);
    next.run(request).await
}

async fn log_in(State(n8n): State<Arc<N8n>>, axum::Json(body): axum::Json<Value>) -> Response {
    let number = n8n.log_ins.fetch_add(1, Ordering::SeqCst) + 1;
    n8n.asked.lock().unwrap().push(body);
    let token = format!("jwt-{number}");
    n8n.valid.lock().unwrap().insert(token.clone());
    ([("set-cookie", format!("n8n-auth={token}; Path=/; HttpOnly; SameSite=Lax"))], "{}").into_response()
}

async fn me(State(n8n): State<Arc<N8n>>, headers: HeaderMap) -> Response {
    if n8n.knows(&headers) {
        return axum::Json(json!({ "data": { "email": "ada@example.com" } })).into_response();
    }
    StatusCode::UNAUTHORIZED.into_response()
}

async fn push(State(n8n): State<Arc<N8n>>, headers: HeaderMap, upgrade: WebSocketUpgrade) -> Response {
    if !n8n.knows(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    upgrade.on_upgrade(|mut socket| async move {
        while let Some(Ok(message)) = socket.recv().await {
            if socket.send(message).await.is_err() {
                return;
            }
        }
    })
}

async fn events(State(n8n): State<Arc<N8n>>, headers: HeaderMap) -> Response {
    if !n8n.knows(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let beats = futures::stream::repeat(()).then(|()| async {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        Ok::<_, Infallible>(Bytes::from_static(b"data: beat\n\n"))
    });
    ([("content-type", "text/event-stream")], Body::from_stream(beats)).into_response()
}

/// A tenant's workflow answers with whatever headers it likes.
async fn sets_cookies() -> Response {
    let mut response = "ok".into_response();
    for cookie in [
        "n8n-auth=planted; Path=/",
        "N8N-Auth=planted",
        "=n8n-auth=planted",
        "tenantry_open=planted; Path=/",
        "__Host-tenantry_open=planted; Path=/; Secure",
        " = tenantry_opening_ab=planted",
        "mine=kept; Path=/",
    ] {
        response.headers_mut().append("set-cookie", cookie.parse().unwrap());
    }
    response
}

async fn echo(request: Request) -> Response {
    let body = axum::body::to_bytes(request.into_body(), 1 << 20).await.unwrap();
    ([("content-type", "text/html")], body).into_response()
}
