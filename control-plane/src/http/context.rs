use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tenantry_authz::{Actor, Origin};
use tenantry_kernel::{Error, Kind, RequestId};
use tracing::Instrument;

use super::problem::problem;
use super::rates::ClientAddress;
use super::{health, session};
use crate::app::{App, Credential};

pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A browser sends it with what the portal asks by itself while nobody uses the page (`web/src/api/attended.ts`): such a
/// request does not keep an idle session alive.
const UNATTENDED: HeaderName = HeaderName::from_static("tenantry-unattended");

/// Beside a request's `Ctx`: it is of who this was a moment ago ([`recent`](crate::recent)).
#[derive(Clone, Copy)]
pub(super) struct Believed;

/// Finds out who asks and puts the request's `Ctx` beside it. Every answer names the request.
pub(super) async fn attach(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let id = RequestId::generate(&*app.runtime.clock, &*app.runtime.entropy);
    let origin = Origin {
        address: request.extensions().get::<ClientAddress>().map(|client| client.0),
        user_agent: text(&request, &header::USER_AGENT),
    };
    let shown = session::token(request.headers(), app.public.is_tls());
    let span = tracing::info_span!("request", request.id = %id);
    // Queries go there; what else does is seen to where it is known (`graphql/serve.rs`).
    let may_believe = request.method() == Method::POST && request.uri().path().ends_with("/graphql");
    let attended = !request.headers().contains_key(&UNATTENDED);
    let found = if may_believe {
        app.recent_context(&shown, (origin, attended), id).await
    } else {
        app.context(&shown, origin, id).await.map(|ctx| (ctx, false))
    };
    let mut response = match found {
        // Never taken for nobody's: who shows a token wants to be known by it.
        Ok((ctx, _)) if matches!(shown, Credential::Bearer(_)) && *ctx.actor() == Actor::Anonymous => {
            bad_bearer(request.uri().path(), id)
        }
        Ok((ctx, believed)) => {
            request.extensions_mut().insert(ctx);
            if believed {
                request.extensions_mut().insert(Believed);
            }
            next.run(request).instrument(span).await
        }
        Err(error) => {
            tracing::error!(request.id = %id, error = ?error, "nobody can be authenticated");
            health::unavailable(&error).into_response()
        }
    };
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// The answer to a bearer token that is not good (RFC 6750, section 3.1), in the form of the API that was called.
fn bad_bearer(path: &str, request: RequestId) -> Response {
    let error = Error::new(Kind::Unauthenticated, "This API key or access token is not good.").with_remedy(
        "It may be mistyped, expired, revoked, used from an address that it is not allowed from, or its maker may have \
         left the organisation. Use another; access tokens come from /oauth/token.",
    );
    let mut response = if path.ends_with("/graphql") {
        let extensions = serde_json::json!({
            "code": error.code(), "remedy": error.remedy(), "requestId": request.to_string()
        });
        let body =
            serde_json::json!({ "errors": [{ "message": error.message(), "extensions": extensions }] });
        (StatusCode::UNAUTHORIZED, Json(body)).into_response()
    } else {
        problem(&error, request)
    };
    response.headers_mut().insert(
        header::WWW_AUTHENTICATE,
        HeaderValue::from_static(r#"Bearer realm="Tenantry", error="invalid_token", error_description="unknown, expired or revoked""#),
    );
    response
}

pub(super) fn text(request: &Request, name: &HeaderName) -> Option<String> {
    let value = request.headers().get(name)?.to_str().ok()?;
    Some(value.chars().take(256).collect())
}
