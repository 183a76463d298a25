//! Errors of what is not GraphQL, as RFC 9457 has them: `application/problem+json`.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tenantry_kernel::{Error, Kind, RequestId};

/// The answer to an error. Faults of ours are logged here, once.
pub(super) fn problem(error: &Error, request: RequestId) -> Response {
    let kind = error.kind();
    if matches!(kind, Kind::Internal | Kind::Unavailable) {
        tracing::error!(request.id = %request, error = ?error, "request failed");
    }
    let status = status(kind);
    let mut body = serde_json::json!({
        "type": "about:blank",
        "title": status.canonical_reason(),
        "status": status.as_u16(),
        "detail": error.message(),
        "code": error.code(),
        "remedy": error.remedy(),
        "requestId": request.to_string(),
    });
    if let (Some(field), Some(body)) = (error.field(), body.as_object_mut()) {
        body.insert("field".to_owned(), field.into());
    }
    if let (Some(access), Some(body)) = (error.access(), body.as_object_mut()) {
        let access = serde_json::json!({ "missing": access.missing, "grantedBy": access.granted_by });
        body.insert("access".to_owned(), access);
    }
    let json = HeaderValue::from_static("application/problem+json");
    let mut response = (status, [(header::CONTENT_TYPE, json)], body.to_string()).into_response();
    if kind == Kind::Unavailable {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    }
    response
}

fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Invalid => StatusCode::BAD_REQUEST,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Forbidden | Kind::QuotaExceeded => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
