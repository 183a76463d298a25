use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tenantry_kernel::Error;

use crate::app::App;

/// The process answers.
pub(super) async fn live() -> &'static str {
    "ok\n"
}

/// The process can do its work: it is not about to end, and the database answers.
pub(super) async fn ready(State(app): State<App>) -> Response {
    if app.api.draining.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "draining\n").into_response();
    }
    match app.db.ping().await {
        Ok(()) => "ready\n".into_response(),
        Err(error) => unavailable(&error).into_response(),
    }
}

pub(super) fn unavailable(error: &Error) -> impl IntoResponse + use<> {
    let body = serde_json::json!({ "errors": [{
        "message": error.message(),
        "extensions": { "code": error.code(), "remedy": error.remedy() }
    }] });
    (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "2")], Json(body))
}
