//! An edge and one instance behind it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State, WebSocketUpgrade, ws};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use bytes::Bytes;
use futures::StreamExt;
use serde_json::json;
use tenantry_kernel::{InstanceId, OsEntropy, SystemClock};
use tenantry_provisioner::edge::{Edge, EdgeConfig, Route, RouteTable};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

pub(crate) const HOST: &str = "acme.eu-central.localhost";
pub(crate) const MAX_BODY: u64 = 300 << 20;
pub(crate) const CHUNK: usize = 64 << 10;

/// What the instance saw, and what holds it back.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) bytes_read: AtomicU64,
    pub(crate) bytes_made: AtomicU64,
    pub(crate) hits: AtomicU64,
    pub(crate) dropped: AtomicBool,
}

pub(crate) struct World {
    pub(crate) edge: SocketAddr,
    pub(crate) routes: Arc<RouteTable>,
    pub(crate) seen: Arc<Seen>,
    /// One permit lets the instance read one chunk of `/slow-upload`, or send one event of `/events`.
    pub(crate) gate: Arc<Semaphore>,
    pub(crate) shutdown: CancellationToken,
    pub(crate) http: reqwest::Client,
}

#[derive(Clone)]
struct Peer {
    seen: Arc<Seen>,
    gate: Arc<Semaphore>,
}

pub(crate) fn instance() -> InstanceId {
    InstanceId::generate(&SystemClock, &OsEntropy)
}

impl World {
    pub(crate) async fn new() -> Self {
        let (seen, gate) = (Arc::new(Seen::default()), Arc::new(Semaphore::new(0)));
        let port = serve(peer(Peer { seen: seen.clone(), gate: gate.clone() })).await.port();
        let routes = Arc::new(RouteTable::new());
        routes.set("acme", "eu-central", Route::Ready { port, instance: instance() });
        let config = EdgeConfig {
            base_domain: "localhost".into(),
            public_scheme: "http".into(),
            public_port: 8080,
            max_body: MAX_BODY,
        };
        let shutdown = CancellationToken::new();
        let edge = serve(Edge::with_shutdown(config, routes.clone(), shutdown.clone()).router()).await;
        let http = reqwest::Client::builder().no_proxy().resolve(HOST, edge).build().unwrap();
        Self { edge, routes, seen, gate, shutdown, http }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{HOST}:{}{path}", self.edge.port())
    }

    /// Sends the head as it is, closes, gives the whole answer. For what clients would correct.
    pub(crate) async fn raw(&self, head: impl AsRef<[u8]>) -> String {
        let mut socket = TcpStream::connect(self.edge).await.unwrap();
        socket.write_all(head.as_ref()).await.unwrap();
        let mut answer = Vec::new();
        let _ = tokio::time::timeout(Duration::from_secs(5), socket.read_to_end(&mut answer)).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    pub(crate) async fn get(&self, target: &str, host: &str) -> String {
        self.raw(format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")).await
    }

    pub(crate) fn hits(&self) -> u64 {
        self.seen.hits.load(Ordering::SeqCst)
    }
}

/// Polls until it holds; the last look is the test's answer.
pub(crate) async fn eventually(mut holds: impl FnMut() -> bool) -> bool {
    for _ in 0..200 {
        if holds() {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    holds()
}

async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await.unwrap();
    });
    address
}

fn peer(peer: Peer) -> Router {
    Router::new()
        .route("/upload", post(upload))
        .route("/slow-upload", post(slow_upload))
        .route("/download", get(download))
        .route("/events", get(events))
        .route("/endless", get(endless))
        .route("/never", get(never))
        .route("/socket", any(socket))
        .route(
            "/headers",
            get(|| async {
                (
                    [
                        ("server", "n8n"),
                        ("x-powered-by", "Express"),
                        ("set-cookie", "a=b; Domain=eu-central.localhost; Path=/"),
                    ],
                    "ok",
                )
            }),
        )
        .fallback(echo)
        .layer(axum::middleware::from_fn_with_state(peer.clone(), count))
        .with_state(peer)
}

async fn count(State(peer): State<Peer>, request: Request, next: axum::middleware::Next) -> Response {
    peer.seen.hits.fetch_add(1, Ordering::SeqCst);
    next.run(request).await
}

/// Tells what arrived.
async fn echo(request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let headers: Vec<(String, String)> = parts
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let text = json!({
        "method": parts.method.as_str(),
        "target": parts.uri.to_string(),
        "headers": headers,
        "body": String::from_utf8_lossy(&body),
    });
    ([("x-echo", "1")], axum::Json(text)).into_response()
}

async fn upload(State(peer): State<Peer>, request: Request) -> String {
    let mut body = request.into_body().into_data_stream();
    while let Some(chunk) = body.next().await {
        let Ok(chunk) = chunk else {
            peer.seen.dropped.store(true, Ordering::SeqCst);
            return String::new();
        };
        peer.seen.bytes_read.fetch_add(chunk.len() as u64, Ordering::SeqCst);
    }
    peer.seen.bytes_read.load(Ordering::SeqCst).to_string()
}

async fn slow_upload(State(peer): State<Peer>, request: Request) -> String {
    let _ = peer.gate.acquire().await.unwrap();
    upload(State(peer), request).await
}

/// 200 MB, counted as they are made.
async fn download(State(peer): State<Peer>) -> Body {
    Body::from_stream(chunks(200 << 20, move |made| peer.seen.bytes_made.store(made, Ordering::SeqCst)))
}

pub(crate) fn chunks(
    total: u64,
    made: impl Fn(u64) + Send + 'static,
) -> impl futures::Stream<Item = Result<Bytes, Infallible>> {
    let chunk = Bytes::from(vec![7u8; CHUNK]);
    futures::stream::iter(0..total / CHUNK as u64).map(move |index| {
        made((index + 1) * CHUNK as u64);
        Ok(chunk.clone())
    })
}

async fn events(State(peer): State<Peer>) -> Response {
    let events = futures::stream::unfold(0u32, move |index| {
        let gate = peer.gate.clone();
        async move {
            gate.acquire().await.ok()?.forget();
            Some((Ok::<_, Infallible>(format!("data: {index}\n\n")), index + 1))
        }
    });
    ([("content-type", "text/event-stream")], Body::from_stream(events)).into_response()
}

struct OnDrop(Arc<Seen>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.dropped.store(true, Ordering::SeqCst);
    }
}

async fn endless(State(peer): State<Peer>) -> Body {
    let guard = OnDrop(peer.seen.clone());
    Body::from_stream(futures::stream::unfold(guard, |guard| async move {
        tokio::time::sleep(Duration::from_millis(5)).await;
        Some((Ok::<_, Infallible>("tick\n"), guard))
    }))
}

/// Does not even send a head.
async fn never(State(peer): State<Peer>) {
    let _guard = OnDrop(peer.seen.clone());
    std::future::pending::<()>().await;
}

async fn socket(upgrade: WebSocketUpgrade) -> Response {
    upgrade.protocols(["n8n"]).on_upgrade(|mut socket| async move {
        while let Some(Ok(message)) = socket.recv().await {
            if matches!(message, ws::Message::Text(_) | ws::Message::Binary(_))
                && socket.send(message).await.is_err()
            {
                return;
            }
        }
    })
}
