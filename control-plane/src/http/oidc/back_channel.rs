//! `POST /oidc/back-channel-logout/{connection}`: a provider says that somebody's session has ended there
//! (OpenID Connect Back-Channel Logout 1.0, section 2.5). Whoever it is proves it by the token's signature.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::json;
use tenantry_authz::Ctx;
use tenantry_identity::oidc::LoggedOut;
use tenantry_kernel::{ConnectionId, Kind, Result};

use crate::app::App;
use crate::http::sso::parameter;

pub(in crate::http) async fn back_channel_logout(
    State(app): State<App>,
    Extension(ctx): Extension<Ctx>,
    Path(connection): Path<String>,
    body: Bytes,
) -> Response {
    let form = std::str::from_utf8(&body).unwrap_or_default();
    let (Ok(connection), Some(token)) = (connection.parse::<ConnectionId>(), parameter(form, "logout_token"))
    else {
        return refused();
    };
    match heard(&app, &ctx, (connection, &token)).await {
        Ok(true) => {
            // Who was remembered a moment ago is nobody now.
            app.recent.forget();
            StatusCode::OK.into_response()
        }
        Ok(false) => refused(),
        Err(error) => {
            tracing::error!(request.id = %ctx.request(), error = ?error, "a provider's logout was not done");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

async fn heard(app: &App, ctx: &Ctx, (connection, token): (ConnectionId, &str)) -> Result<bool> {
    let settings = match app.identity.connection_settings(connection).await {
        Err(error) if matches!(error.kind(), Kind::NotFound | Kind::Invalid) => return Ok(false),
        settings => settings?,
    };
    let why = match app.oidc.logged_out(&settings, token).await {
        Ok(LoggedOut { subject, session, jti, until }) => {
            let whose = (subject.as_deref(), session.as_deref());
            if app.identity.provider_logged_out((connection, whose), (jti.as_str(), until)).await?.is_some() {
                return Ok(true);
            }
            "replayed"
        }
        Err(why) => why.code(),
    };
    tracing::info!(
        connection.id = %connection, request.id = %ctx.request(), flow.reason = why,
        "a logout token was not accepted"
    );
    Ok(false)
}

/// The same for every reason: a stranger learns neither which connections there are nor what was wrong.
fn refused() -> Response {
    let body = json!({ "error": "invalid_request", "error_description": "the logout token is not accepted" });
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}
