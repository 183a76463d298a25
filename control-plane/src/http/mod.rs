//! HTTP: one router for the APIs, with the session, the request id, limits and headers around them.

mod audit;
#[cfg(test)]
mod bearer_tests;
pub(crate) mod client_address;
mod context;
mod cross_site;
pub(crate) mod drain;
mod events;
mod export;
pub(crate) mod graphql;
mod health;
mod oauth;
mod oidc;
mod open;
mod openapi;
mod problem;
mod rates;
mod saml;
mod scim;
pub(crate) mod session;
pub(crate) mod settings;
mod sso;
mod web;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::trace::TraceLayer;

pub use openapi::document as openapi_document;

use crate::app::App;
use crate::graphql::MAX_BODY;

/// The product's HTTP interface; `portal` is the directory of the built portal.
pub fn router(app: App, portal: Option<PathBuf>) -> Router {
    let portal = web::routes(portal, app.runtime.entropy.clone());
    let cors = tower::util::option_layer(cross_site::cors(&app.api.cors_origins));
    let headers: Headers = HEADERS
        .into_iter()
        .chain(app.public.is_tls().then_some((header::STRICT_TRANSPORT_SECURITY, "max-age=31536000")))
        .map(|(name, value)| (name, HeaderValue::from_static(value)))
        .collect();
    Router::new()
        .route("/graphql", graphql::customers(&app).layer(cors))
        .route("/admin/graphql", graphql::operators(&app))
        .route("/oidc/log-out", post(oidc::log_out))
        .layer(axum::middleware::from_fn_with_state(app.clone(), cross_site::refuse))
        // A browser comes to it from an instance's host.
        .route("/open", get(open::open))
        // A browser comes back to it from a provider's site, and a provider to the last of them on its own.
        .route("/sso/start", get(sso::start))
        .route("/oidc/callback/{connection}", get(oidc::callback))
        .route("/oidc/back-channel-logout/{connection}", post(oidc::back_channel_logout))
        // A provider's page posts to it by the browser, from its own site.
        .route("/saml/{connection}/acs", post(saml::acs).layer(DefaultBodyLimit::max(saml::LARGEST)))
        .route("/saml/continue", get(saml::proceed))
        // Downloads decide about other sites themselves: a link may lead to one.
        .route("/export/usage.csv", get(export::usage))
        .route("/v1/events", get(events::feed))
        .route("/export/audit.jsonl", get(audit::export))
        .layer(axum::middleware::from_fn_with_state(app.clone(), rates::count_actor))
        .layer(axum::middleware::from_fn_with_state(app.clone(), context::attach))
        .layer(axum::middleware::from_fn_with_state(app.clone(), cross_site::without_cookies))
        // Clients of OAuth say in the form who they are; cookies and bearer tokens count for nothing there.
        .route("/oauth/token", post(oauth::token))
        .route("/oauth/revoke", post(oauth::revoke))
        .route("/.well-known/oauth-authorization-server", get(oauth::metadata))
        .route("/.well-known/tenantry-audit-keys.json", get(audit::keys))
        // For identity providers, which are nobody here.
        .route("/saml/{connection}/metadata", get(saml::metadata))
        // Directories come with tokens of their own.
        .nest(scim::PATH, scim::routes(&app))
        .layer(axum::middleware::from_fn_with_state(app.clone(), rates::count_address))
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/openapi.json", get(openapi::serve))
        .with_state(app)
        .fallback_service(portal)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(axum::middleware::map_response_with_state(headers, add_headers))
        .layer(CatchPanicLayer::new())
        .layer(TraceLayer::new_for_http())
}

/// What every answer says, unless it says otherwise itself.
const HEADERS: [(HeaderName, &str); 7] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    (header::CACHE_CONTROL, "no-store"),
];

type Headers = Arc<[(HeaderName, HeaderValue)]>;

/// One layer for all of them: each layer costs every request.
async fn add_headers(State(headers): State<Headers>, mut response: Response) -> Response {
    for (name, value) in headers.iter() {
        response.headers_mut().entry(name).or_insert_with(|| value.clone());
    }
    response
}
