use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use tenantry_authz::{Ctx, Origin};
use tenantry_kernel::{Error, Kind, RequestId};
use tracing::Instrument;

use super::answer;
use crate::app::App;
use crate::http::context::{REQUEST_ID, text};
use crate::http::rates::ClientAddress;
use crate::http::session;

/// Finds out which directory asks and puts the request's `Ctx` beside it. Every answer names the request.
pub(super) async fn attach(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let id = RequestId::generate(&*app.runtime.clock, &*app.runtime.entropy);
    let origin = Origin {
        address: request.extensions().get::<ClientAddress>().map(|client| client.0),
        user_agent: text(&request, &header::USER_AGENT),
    };
    let found = match session::bearer(request.headers()) {
        Some(token) => app.identity.authenticate_directory(&token, &origin).await,
        None => Ok(None),
    };
    let mut response = match found {
        Ok(Some(program)) => {
            let ctx = Ctx::new(app.runtime.clone(), program.actor, program.grants, origin).with_request(id);
            request.extensions_mut().insert(ctx);
            next.run(request).instrument(tracing::info_span!("request", request.id = %id)).await
        }
        Ok(None) => answer::fault(&unknown().into(), Some(id)),
        Err(error) => answer::fault(&error.into(), Some(id)),
    };
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

fn unknown() -> Error {
    Error::new(Kind::Unauthenticated, "This provisioning token is not good.").with_remedy(
        "It may be mistyped, expired or revoked, its maker may have left, or the organisation's directory may be \
         disconnected. Make another on the organisation's page for provisioning.",
    )
}
