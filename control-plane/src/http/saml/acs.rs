use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use tenantry_authz::Ctx;
use tenantry_identity::{FlowPurpose, Received, SamlAnswer};
use tenantry_kernel::ConnectionId;

use crate::app::App;
use crate::http::sso::{
    EXPIRED, FAILED, NOT_FOUND, arrived, code_of, parameter, redirect, refused, refused_log_in,
};

/// Of the form, in bytes: a message of 256 KiB, a third more in base64, and what escapes in a form's encoding add.
pub(in crate::http) const LARGEST: usize = 512 * 1024;

/// The assertion consumer service (SAML profiles, section 4.1): what a provider's page posts by the browser.
///
/// Whoever is logged in counts for nothing here: the post comes from another site.
pub(in crate::http) async fn acs(
    State(app): State<App>,
    Extension(ctx): Extension<Ctx>,
    Path(connection): Path<String>,
    body: Bytes,
) -> Response {
    let Ok(connection) = connection.parse::<ConnectionId>() else { return refused_log_in(&ctx, NOT_FOUND) };
    let form = std::str::from_utf8(&body).unwrap_or_default();
    let answer = SamlAnswer {
        connection,
        response: parameter(form, "SAMLResponse").unwrap_or_default(),
        relay_state: parameter(form, "RelayState"),
    };
    match app.identity.receive_saml(&ctx, answer).await {
        Ok(Received::Continue { state }) => redirect(&format!("/saml/continue?state={}", state.expose())),
        Ok(Received::Arrived(arrival)) => arrived((&app, &ctx), (FlowPurpose::LogIn, "/"), Ok(arrival)),
        Ok(Received::TurnedAway(turned)) => {
            let code = if turned.expired { EXPIRED } else { FAILED };
            refused(&ctx, (turned.purpose, &turned.return_to), code)
        }
        Err(error) => refused_log_in(&ctx, code_of(&ctx, &error)),
    }
}
