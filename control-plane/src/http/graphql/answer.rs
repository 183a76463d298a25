//! Answers as bytes, and their status: *GraphQL over HTTP*, section 6.4.

use async_graphql::{ErrorExtensionValues, Response, ServerError, Value};
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::IntoResponse;
use serde::Serialize;

use super::negotiate::Form;

/// A refusal: why nothing was run, or not to its end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refusal<'a> {
    pub(super) code: &'a str,
    pub(super) message: &'a str,
    pub(super) remedy: &'a str,
}

impl Refusal<'_> {
    pub(super) fn response(self) -> Response {
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", self.code);
        extensions.set("remedy", self.remedy);
        let mut error = ServerError::new(self.message, None);
        error.extensions = Some(extensions);
        Response::from_errors(vec![error])
    }

    /// As the whole answer to an HTTP request.
    pub(super) fn http(self, form: Form, status: StatusCode) -> axum::response::Response {
        let mut answer = whole(form, &Answers::Single(self.response()));
        *answer.status_mut() = status;
        answer
    }
}

/// What is answered to one HTTP request.
#[derive(Debug)]
pub(super) enum Answers {
    Single(Response),
    Batch(Vec<Response>),
}

impl Answers {
    pub(super) fn all(&self) -> &[Response] {
        match self {
            Self::Single(response) => std::slice::from_ref(response),
            Self::Batch(all) => all,
        }
    }
}

#[derive(Serialize)]
struct Wire<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
    #[serde(skip_serializing_if = "<[ServerError]>::is_empty")]
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    extensions: &'a std::collections::BTreeMap<String, Value>,
}

impl<'a> From<&'a Response> for Wire<'a> {
    fn from(response: &'a Response) -> Self {
        Self {
            data: (!is_request_error(response)).then_some(&response.data),
            errors: &response.errors,
            extensions: &response.extensions,
        }
    }
}

/// Whether nothing was executed: such an answer has no `data`, not even null.
pub(super) fn is_request_error(response: &Response) -> bool {
    response.data == Value::Null
        && !response.errors.is_empty()
        && response.errors.iter().all(|error| error.path.is_empty())
}

/// The stable code of an error.
pub(super) fn code(error: &ServerError) -> Option<&str> {
    match error.extensions.as_ref()?.get("code")? {
        Value::String(code) => Some(code),
        _ => None,
    }
}

pub(super) fn json(response: &Response) -> String {
    serde_json::to_string(&Wire::from(response)).unwrap_or_else(|_| r#"{"errors":[]}"#.to_owned())
}

/// The HTTP answer, with the headers that resolvers have set.
pub(super) fn whole(form: Form, answers: &Answers) -> axum::response::Response {
    let (status, body) = match answers {
        Answers::Single(response) => (status(form, response), json(response)),
        Answers::Batch(all) => {
            let all: Vec<String> = all.iter().map(json).collect();
            (StatusCode::OK, format!("[{}]", all.join(",")))
        }
    };
    let mut http = (status, Body::from(body)).into_response();
    let headers = http.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(form.content_type()));
    headers.append(header::VARY, HeaderValue::from_static("accept"));
    for response in answers.all() {
        for (name, value) in &response.http_headers {
            headers.append(name, value.clone());
        }
    }
    http
}

/// With `application/json` a well-formed request is answered with 200 whatever became of it. With the newer type the
/// status says whether it was executed.
fn status(form: Form, response: &Response) -> StatusCode {
    if form == Form::Json || !is_request_error(response) {
        return StatusCode::OK;
    }
    match response.errors.first().and_then(code) {
        Some("UNAUTHENTICATED") => StatusCode::UNAUTHORIZED,
        Some("FORBIDDEN" | "OPERATION_NOT_ALLOWED" | "INTROSPECTION_OFF") => StatusCode::FORBIDDEN,
        Some("RATE_LIMITED") => StatusCode::TOO_MANY_REQUESTS,
        Some("UNAVAILABLE") => StatusCode::SERVICE_UNAVAILABLE,
        Some("TIMEOUT") => StatusCode::GATEWAY_TIMEOUT,
        _ => StatusCode::BAD_REQUEST,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::{PathSegment, value};

    const REFUSAL: Refusal<'_> = Refusal { code: "BAD_REQUEST", message: "No.", remedy: "Do otherwise." };

    #[test]
    fn what_was_not_executed_has_no_data_and_its_status_only_with_the_newer_type() {
        let refused = REFUSAL.response();
        assert_eq!(
            json(&refused),
            r#"{"errors":[{"message":"No.","extensions":{"code":"BAD_REQUEST","remedy":"Do otherwise."}}]}"#
        );
        assert_eq!(status(Form::Json, &refused), StatusCode::OK);
        assert_eq!(status(Form::GraphqlResponse, &refused), StatusCode::BAD_REQUEST);
        let timeout = Refusal { code: "TIMEOUT", ..REFUSAL }.response();
        assert_eq!(status(Form::GraphqlResponse, &timeout), StatusCode::GATEWAY_TIMEOUT);
    }

    #[test]
    fn what_was_executed_is_200_with_its_data_even_if_that_is_null() {
        let mut failed = REFUSAL.response();
        failed.errors[0].path = vec![PathSegment::Field("tenant".to_owned())];
        assert!(json(&failed).starts_with(r#"{"data":null,"errors":"#));
        assert_eq!(status(Form::GraphqlResponse, &failed), StatusCode::OK);
        let mut partial = Response::new(value!({ "a": 1, "b": null }));
        partial.errors = failed.errors;
        assert_eq!(status(Form::GraphqlResponse, &partial), StatusCode::OK);
    }

    #[test]
    fn a_batch_answers_each_in_its_place() {
        let batch = Answers::Batch(vec![Response::new(value!({ "a": 1 })), REFUSAL.response()]);
        let http = whole(Form::Json, &batch);
        assert_eq!(http.status(), StatusCode::OK);
        assert_eq!(batch.all().len(), 2);
    }
}
