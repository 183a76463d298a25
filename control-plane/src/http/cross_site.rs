//! Requests that another site makes a browser send are refused.
//!
//! The cookie is `SameSite=Lax`; beside it, a request that a browser marks as coming from elsewhere
//! (`Sec-Fetch-Site`, or an `Origin` that is not ours) is refused, and a GraphQL POST must say
//! `application/json`, which no plain form can.
//!
//! Sites that the operator has listed may call the customers' API from their pages (CORS), with a token in
//! `Authorization`. Cookies of such requests are thrown away before anybody looks at them: a page elsewhere never acts
//! as whoever is logged in here.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tenantry_authz::{Actor, Ctx};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::app::App;

/// Where pages of listed sites may call.
const OPEN_TO_OTHERS: &str = "/graphql";

/// Answers preflight requests and names what pages of listed sites may send and read (Fetch standard, CORS protocol).
pub(super) fn cors(origins: &[HeaderValue]) -> Option<CorsLayer> {
    let name = HeaderName::from_static;
    (!origins.is_empty()).then(|| {
        CorsLayer::new()
            .allow_origin(AllowOrigin::list(origins.to_vec()))
            .allow_methods([Method::GET, Method::POST])
            .allow_headers([
                header::ACCEPT,
                header::AUTHORIZATION,
                header::CONTENT_TYPE,
                name("idempotency-key"),
            ])
            .expose_headers([
                header::RETRY_AFTER,
                name("x-request-id"),
                name("idempotency-replayed"),
                name("ratelimit"),
                name("ratelimit-policy"),
            ])
            .max_age(std::time::Duration::from_secs(600))
    })
}

/// Takes the cookies off a request from a listed site's page.
pub(super) async fn without_cookies(State(app): State<App>, mut request: Request, next: Next) -> Response {
    if is_listed(&app, &request) {
        request.headers_mut().remove(header::COOKIE);
    }
    next.run(request).await
}

fn is_listed(app: &App, request: &Request) -> bool {
    request.headers().get(header::ORIGIN).is_some_and(|origin| app.api.cors_origins.contains(origin))
}

pub(super) async fn refuse(State(app): State<App>, request: Request, next: Next) -> Response {
    match refusal(&app, &request) {
        Some(answer) => answer,
        None => next.run(request).await,
    }
}

fn refusal(app: &App, request: &Request) -> Option<Response> {
    let header = |name: header::HeaderName| request.headers().get(name).and_then(|v| v.to_str().ok());
    let foreign_site = request
        .headers()
        .get("sec-fetch-site")
        .and_then(|v| v.to_str().ok())
        .is_some_and(|site| site == "cross-site" || site == "same-site");
    let foreign_origin = header(header::ORIGIN).is_some_and(|origin| {
        let ours = origin == app.public.portal;
        // Behind loopback names the host may differ (localhost, 127.0.0.1): the request's own host counts too.
        let same_host = header(header::HOST).is_some_and(|host| {
            origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://")) == Some(host)
        });
        !ours && !same_host
    });
    let invited = request.uri().path() == OPEN_TO_OTHERS && is_listed(app, request);
    // A token in a header is not sent by a browser of its own accord, as a cookie is.
    let by_token = request.extensions().get::<Ctx>().is_some_and(is_program);
    if (foreign_site || foreign_origin) && !invited && !by_token {
        return Some(answer(
            StatusCode::FORBIDDEN,
            "CROSS_SITE",
            "This request comes from another site.",
            "Call the API from its own origin, or without a browser.",
        ));
    }
    let json = header(header::CONTENT_TYPE).is_some_and(|t| {
        let mut parts = t.split(';');
        let kind = parts.next().unwrap_or_default().trim();
        let mut charsets = parts.filter_map(|parameter| parameter.trim().strip_prefix("charset="));
        kind.eq_ignore_ascii_case("application/json")
            && charsets.all(|charset| charset.trim_matches('"').eq_ignore_ascii_case("utf-8"))
    });
    if request.method() == Method::POST && !json {
        return Some(answer(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "UNSUPPORTED_MEDIA_TYPE",
            "A GraphQL request is JSON in UTF-8.",
            "Send the header Content-Type: application/json.",
        ));
    }
    None
}

fn is_program(ctx: &Ctx) -> bool {
    matches!(ctx.actor(), Actor::ApiKey { .. } | Actor::ServiceAccount { .. })
}

/// An error in GraphQL's own form, for what never reaches GraphQL.
pub(super) fn answer(status: StatusCode, code: &str, message: &str, remedy: &str) -> Response {
    let body = serde_json::json!({ "errors": [{ "message": message, "extensions": { "code": code, "remedy": remedy } }] });
    (status, Json(body)).into_response()
}
