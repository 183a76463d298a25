use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tenantry_kernel::{ConnectionId, Kind};

use crate::app::App;

/// As registered for SAML metadata (SAML metadata, appendix A).
const XML: &str = "application/samlmetadata+xml";

/// Our metadata for one connection. It says nothing of whose connection it is.
pub(in crate::http) async fn metadata(State(app): State<App>, Path(connection): Path<String>) -> Response {
    let Ok(id) = connection.parse::<ConnectionId>() else { return nothing() };
    match app.identity.saml_metadata(id).await {
        Ok(document) => ([(header::CONTENT_TYPE, XML)], document).into_response(),
        Err(error) if error.kind() == Kind::NotFound => nothing(),
        Err(error) => {
            tracing::error!(connection.id = %id, error = ?error, "our metadata cannot be given");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

fn nothing() -> Response {
    (StatusCode::NOT_FOUND, "There is no such connection by SAML.\n").into_response()
}
