use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tenantry_identity::{ScimAnswer, ScimFault};
use tenantry_kernel::{Kind, RequestId};

const SCIM: HeaderValue = HeaderValue::from_static("application/scim+json");

/// A document (RFC 7644, section 3.1).
pub(super) fn document(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, SCIM)], body.to_string()).into_response()
}

/// A resource, with its version and where it is.
pub(super) fn resource(status: StatusCode, answer: &ScimAnswer) -> Response {
    let mut response = document(status, &answer.body);
    let headers = response.headers_mut();
    for (name, value) in [(header::ETAG, &answer.etag), (header::LOCATION, &answer.location)] {
        if let Ok(value) = HeaderValue::try_from(value.as_str()) {
            headers.insert(name, value);
        }
    }
    response
}

/// The client has it already (RFC 7644, section 3.14).
pub(super) fn not_modified(answer: &ScimAnswer) -> Response {
    let mut response = StatusCode::NOT_MODIFIED.into_response();
    if let Ok(etag) = HeaderValue::try_from(answer.etag.as_str()) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    response
}

/// What went wrong (RFC 7644, section 3.12). Faults of ours are logged here, once.
pub(super) fn fault(fault: &ScimFault, request: Option<RequestId>) -> Response {
    if let Some(error) =
        fault.error.as_ref().filter(|e| matches!(e.kind(), Kind::Internal | Kind::Unavailable))
    {
        let request = request.map(|id| id.to_string());
        tracing::error!(request.id = request, error = ?error, "request failed");
    }
    let status = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": status.as_u16().to_string(),
        "detail": fault.detail,
    });
    if let (Some(kind), Some(body)) = (fault.kind, body.as_object_mut()) {
        body.insert("scimType".to_owned(), kind.into());
    }
    let mut response = document(status, &body);
    let headers = response.headers_mut();
    if status == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static(r#"Bearer realm="Tenantry", error="invalid_token""#);
        headers.insert(header::WWW_AUTHENTICATE, challenge);
    }
    if matches!(status, StatusCode::SERVICE_UNAVAILABLE) {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    }
    response
}
