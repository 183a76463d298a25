//! Takes a request, finds the instance, has the library forward it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use axum_reverse_proxy::{
    HostBehaviour, ProxyError, ProxyPolicy, ReverseProxy, TunnelCancellation, TunnelGuard, XForwardedFor,
};
use futures::StreamExt;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, TRANSFER_ENCODING, UPGRADE};
use http::{Method, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tenantry_kernel::{InstanceId, Secret};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::cookies;
use super::headers::{sanitise_request, sanitise_response};
use super::hidden::{self, Verdict};
use super::host::{self, HostError, InstanceHost};
use super::intent::is_pulse;
use super::open::{Admission, Door, Doorkeeper, Place};
use super::page::{Page, wants_html};
use super::routes::{Route, Routes};
use super::visitors::Visitor;

/// The instance is on this machine: it accepts at once or not at all.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Node closes an idle connection after 5 s. Ours has to go first, or a request meets a closing socket.
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);
/// n8n lets an execution run for an hour (`EXECUTIONS_TIMEOUT_MAX`) before the webhook answers.
const HEAD_TIMEOUT: Duration = Duration::from_secs(3_660);
const WEBSOCKET_TIMEOUT: Duration = Duration::from_secs(10);
/// How soon a page for an instance that is not there yet reloads. A warm start takes about 5 s.
const RETRY_SECS: u16 = 5;

/// How the edge is seen from outside.
#[derive(Debug, Clone)]
pub struct EdgeConfig {
    /// What instances' names end in, such as `localhost` or `n8n.example.com`.
    pub base_domain: String,
    /// `http`, or `https` where TLS is ended in front of the edge.
    pub public_scheme: String,
    /// The port in the public address.
    pub public_port: u16,
    /// The largest request body, in bytes.
    pub max_body: u64,
}

impl EdgeConfig {
    /// The public address of an instance, without a slash at its end.
    pub fn public_url(&self, slug: &str, region: &str) -> String {
        let Self { base_domain, public_scheme, public_port, .. } = self;
        let default_port = if public_scheme == "https" { 443 } else { 80 };
        if *public_port == default_port {
            format!("{public_scheme}://{slug}.{region}.{base_domain}")
        } else {
            format!("{public_scheme}://{slug}.{region}.{base_domain}:{public_port}")
        }
    }
}

/// The reverse proxy. Cheap to clone.
#[derive(Clone)]
pub struct Edge(Arc<Inner>);

struct Inner {
    base_domain: String,
    max_body: u64,
    routes: Arc<dyn Routes>,
    client: Client<HttpConnector, Body>,
    policy: ProxyPolicy,
    shutdown: CancellationToken,
    door: Option<Doorkeeper>,
}

impl Edge {
    pub fn new(config: EdgeConfig, routes: Arc<dyn Routes>) -> Self {
        Self::with_shutdown(config, routes, CancellationToken::new())
    }

    /// As [`Edge::new`]; the token ends open WebSockets, which a server's graceful shutdown does not wait for.
    pub fn with_shutdown(config: EdgeConfig, routes: Arc<dyn Routes>, shutdown: CancellationToken) -> Self {
        Self::build(config, routes, shutdown, None)
    }

    /// As [`Edge::with_shutdown`]; people come in through the door.
    pub fn with_door(
        config: EdgeConfig,
        routes: Arc<dyn Routes>,
        shutdown: CancellationToken,
        door: Door,
    ) -> Self {
        Self::build(config, routes, shutdown, Some(door))
    }

    fn build(
        config: EdgeConfig,
        routes: Arc<dyn Routes>,
        shutdown: CancellationToken,
        door: Option<Door>,
    ) -> Self {
        let tls = config.public_scheme == "https";
        let policy = ProxyPolicy::new()
            .with_host_behaviour(HostBehaviour::Preserve)
            .with_x_forwarded_for(XForwardedFor::Append)
            .with_public_scheme(config.public_scheme)
            .with_max_request_body_bytes(config.max_body)
            .with_upstream_timeout(HEAD_TIMEOUT)
            .with_websocket_connect_timeout(WEBSOCKET_TIMEOUT);
        Self(Arc::new(Inner {
            base_domain: config.base_domain.trim_matches('.').to_ascii_lowercase(),
            max_body: config.max_body,
            routes,
            client: client(),
            policy,
            shutdown,
            door: door.map(|door| Doorkeeper::new(door, tls)),
        }))
    }

    /// Serve it with `into_make_service_with_connect_info::<SocketAddr>()`: without the client's address there
    /// is no `X-Forwarded-For`, and n8n limits log-in attempts by it.
    pub fn router(self) -> Router {
        Router::new().fallback(handle).with_state(self)
    }
}

fn client() -> Client<HttpConnector, Body> {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_max_idle_per_host(32)
        .build(connector)
}

async fn handle(State(Edge(edge)): State<Edge>, request: Request) -> Response {
    let html = wants_html(request.headers());
    let host = match host::of(&request, &edge.base_domain) {
        Ok(host) => host,
        Err(error) => return refuse_host(error).answer(html),
    };
    match hidden::judge(request.uri()) {
        Verdict::Open => {}
        // The doorkeeper lets nobody but visitors ask it.
        Verdict::Hidden if edge.door.is_some() && is_pulse(request.method(), request.uri().path()) => {}
        Verdict::Hidden => {
            return not_found().answer(html);
        }
        Verdict::Malformed => {
            return Page::new(StatusCode::BAD_REQUEST, "Bad request", "The address is not a valid path.")
                .answer(html);
        }
    }
    match edge.routes.resolve(&host.slug, &host.region).await {
        Route::Ready { port, instance } => edge.forward(request, &host, Target { port, instance }).await,
        Route::Unknown => unknown().answer(html),
        Route::NotReady { phase, detail } => not_ready(&phase, detail.as_deref()).answer(html),
        Route::Unavailable => Page::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "Not available right now",
            "Please try again in a moment.",
        )
        .retry(RETRY_SECS)
        .answer(html),
    }
}

struct Target {
    port: u16,
    instance: InstanceId,
}

impl Inner {
    async fn forward(&self, request: Request, host: &InstanceHost, target: Target) -> Response {
        // Asked now, for the page, should there be one: the request is gone by then.
        let html = wants_html(request.headers());
        if declared_length(request.headers()).is_some_and(|length| length > self.max_body) {
            return self.too_large().answer(html);
        }
        let place = Place { instance: target.instance, port: target.port, authority: &host.authority };
        let (head, body) = request.into_parts();
        let admission = match &self.door {
            Some(door) => door.admit(&head, place).await,
            None if hidden::reaches(head.uri.path(), &[&[".tenantry"]]) => {
                return not_found().answer(html);
            }
            None => Admission::Stranger,
        };
        let mut request = Request::from_parts(head, body);
        let answer = match (admission, &self.door) {
            (Admission::Answer(answer), _) => return answer,
            (Admission::Visitor { visitor, log_in }, Some(door)) => {
                let guest = Guest { door, visitor, log_in };
                self.forward_guest(request, host, (&target, guest)).await
            }
            (Admission::Visitor { .. } | Admission::Stranger, _) => {
                prepare(&mut request, host, None);
                self.send(request, &target, self.shutdown.child_token()).await
            }
        };
        match answer {
            Ok(mut response) => {
                sanitise_response(response.headers_mut());
                response
            }
            Err((error, status)) => {
                tracing::warn!(instance.id = %target.instance, cause = error.message(), "the edge got no answer from the instance");
                self.failure(&error, status).answer(html)
            }
        }
    }

    /// Forwards with n8n's log-in. What stays open ends with the visitor's session. A log-in that n8n does not take any
    /// more is made anew, and a request without a body is sent again with it.
    async fn forward_guest(
        &self,
        mut request: Request,
        host: &InstanceHost,
        (target, guest): (&Target, Guest<'_>),
    ) -> Result<Response, (ProxyError, StatusCode)> {
        let Guest { door, visitor, log_in } = guest;
        prepare(&mut request, host, Some(&log_in));
        let over = self.shutdown.child_token();
        let websocket = request.headers().contains_key(UPGRADE);
        if websocket {
            let watch = door.visitors.watch(visitor.clone(), over.clone());
            request.extensions_mut().insert(TunnelGuard::new(watch));
        }
        let spare = (!websocket && has_no_body(&request)).then(|| copy_head(&mut request));
        let mut response = self.send(request, target, over.clone()).await?;
        if response.status() == StatusCode::UNAUTHORIZED {
            door.sessions.refused(target.instance, &log_in).await;
            if let Some(mut spare) = spare
                && let Ok(fresh) = door.sessions.cookie(target.instance, target.port).await
                && fresh != log_in
            {
                prepare(&mut spare, host, Some(&fresh));
                response = self.send(spare, target, over.clone()).await?;
            }
        }
        if is_event_stream(&response) {
            let watch = door.visitors.watch(visitor, over.clone());
            response = response.map(|body| until(body, over, watch));
        }
        Ok(response)
    }

    async fn send(
        &self,
        mut request: Request,
        target: &Target,
        over: CancellationToken,
    ) -> Result<Response, (ProxyError, StatusCode)> {
        request.extensions_mut().insert(TunnelCancellation(over));
        let proxy = ReverseProxy::new_with_client(
            "/",
            format!("http://127.0.0.1:{}", target.port),
            self.client.clone(),
        )
        .with_policy(self.policy.clone());
        let mut response = match proxy.proxy_request(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        match response.extensions_mut().remove::<ProxyError>() {
            Some(error) => Err((error, response.status())),
            None => Ok(response),
        }
    }

    fn failure(&self, error: &ProxyError, status: StatusCode) -> Page {
        if error.is_connect() {
            return Page::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "This n8n is not answering",
                "It may be restarting. Please try again in a moment.",
            )
            .retry(RETRY_SECS);
        }
        // The library tells the cause in words only.
        if error.message().contains("length limit exceeded") {
            return self.too_large();
        }
        match status {
            StatusCode::GATEWAY_TIMEOUT => {
                Page::new(status, "This n8n took too long", "It gave no answer in time.")
            }
            _ => Page::new(
                StatusCode::BAD_GATEWAY,
                "This n8n broke off",
                "It closed the connection before it answered. Please try again.",
            ),
        }
    }

    fn too_large(&self) -> Page {
        let text = format!("A request may carry at most {} bytes.", self.max_body);
        Page::new(StatusCode::PAYLOAD_TOO_LARGE, "Too large", text)
    }
}

/// Somebody who is in, and n8n's log-in for them.
struct Guest<'a> {
    door: &'a Doorkeeper,
    visitor: Visitor,
    log_in: Secret,
}

fn prepare(request: &mut Request, host: &InstanceHost, log_in: Option<&Secret>) {
    sanitise_request(request.headers_mut(), host);
    cookies::for_instance(request.headers_mut(), log_in);
}

fn has_no_body(request: &Request) -> bool {
    let headers = request.headers();
    matches!(*request.method(), Method::GET | Method::HEAD)
        && !headers.contains_key(TRANSFER_ENCODING)
        && declared_length(headers).unwrap_or(0) == 0
}

/// The request again, without its body.
fn copy_head(request: &mut Request) -> Request {
    let (parts, body) = std::mem::take(request).into_parts();
    let copy = Request::from_parts(parts.clone(), Body::empty());
    *request = Request::from_parts(parts, body);
    copy
}

fn is_event_stream(response: &Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.to_ascii_lowercase().starts_with("text/event-stream"))
}

/// The body, cut off when it is over.
fn until(body: Body, over: CancellationToken, watch: DropGuard) -> Body {
    let chunks = body.into_data_stream().take_until(over.cancelled_owned());
    Body::from_stream(chunks.inspect(move |_| {
        let _held = &watch;
    }))
}

fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn refuse_host(error: HostError) -> Page {
    match error {
        HostError::Ambiguous => {
            Page::new(StatusCode::BAD_REQUEST, "Bad request", "The request has to name exactly one host.")
        }
        HostError::NotAnInstance => unknown(),
    }
}

fn not_found() -> Page {
    Page::new(StatusCode::NOT_FOUND, "Not found", "There is nothing at this path.")
}

fn unknown() -> Page {
    Page::new(
        StatusCode::NOT_FOUND,
        "No n8n at this address",
        "Check the address: it is the instance's name, a dot, its region, a dot and this site's domain.",
    )
}

fn not_ready(phase: &str, detail: Option<&str>) -> Page {
    let text = match detail {
        Some(detail) => format!("Its state is: {phase}. {detail}"),
        None => format!("Its state is: {phase}."),
    };
    Page::new(StatusCode::SERVICE_UNAVAILABLE, "This n8n is not ready yet", text).retry(RETRY_SECS)
}
