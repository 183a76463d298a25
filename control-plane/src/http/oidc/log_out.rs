//! `POST /oidc/log-out`: ends the session here, and says where the browser goes to end it at the provider too
//! (OpenID Connect RP-Initiated Logout 1.0).
//!
//! It answers with the address, as the portal's own policy lets no form lead to another site.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::json;
use tenantry_authz::Ctx;
use tenantry_kernel::Kind;

use crate::app::App;
use crate::http::problem::problem;
use crate::http::session;

/// Where both ways end.
const BACK: &str = "/log-in";

pub(in crate::http) async fn log_out(State(app): State<App>, Extension(ctx): Extension<Ctx>) -> Response {
    // While there is a session to find it by. A provider that is away keeps nobody logged in here.
    let next = elsewhere(&app, &ctx).await.unwrap_or_else(|| BACK.to_owned());
    if let Err(error) = app.identity.log_out(&ctx).await {
        return problem(&error, ctx.request());
    }
    app.recent.forget();
    let gone = session::removal(app.public.is_tls());
    (StatusCode::OK, [(header::SET_COOKIE, gone)], Json(json!({ "next": next }))).into_response()
}

async fn elsewhere(app: &App, ctx: &Ctx) -> Option<String> {
    let came_by = match app.identity.provider_session(ctx).await {
        Ok(came_by) => came_by?,
        Err(error) => {
            if error.kind() != Kind::NotFound {
                tracing::error!(request.id = %ctx.request(), error = ?error, "a session's provider is not known");
            }
            return None;
        }
    };
    let back = format!("{}{BACK}", app.public.portal);
    match app.oidc.log_out_address(&came_by.settings, came_by.id_token_hint.as_ref(), &back).await {
        Ok(address) => address,
        Err(why) => {
            tracing::warn!(
                connection.id = %came_by.settings.connection, request.id = %ctx.request(), flow.reason = why.code(),
                "the session at the provider goes on"
            );
            None
        }
    }
}
