//! What goes over the wire, for the document alone: `http/problem.rs` and the handlers write it.
#![expect(dead_code, reason = "these describe JSON and are never made")]

use serde_json::{Map, Value};
use utoipa::ToSchema;

/// What went wrong, as RFC 9457 has it.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct Problem {
    #[schema(example = "about:blank")]
    r#type: String,
    /// The status in words.
    #[schema(example = "Not Found")]
    title: String,
    #[schema(minimum = 400, maximum = 599, example = 404)]
    status: u16,
    /// What is wrong, for people.
    #[schema(example = "No such tenant.")]
    detail: String,
    /// Stable, for programs.
    #[schema(inline)]
    code: Code,
    /// What to do about it.
    remedy: String,
    /// Names the request in our log.
    #[schema(example = "req_01h455vb4pex5vsknk084sn02q")]
    request_id: String,
    /// The parameter at fault, where there is one.
    #[schema(nullable = false, required = false)]
    field: Option<String>,
    /// What the credential lacks, where that is what is wrong.
    #[schema(nullable = false, required = false, inline)]
    access: Option<Access>,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
struct Access {
    /// The right that lacks.
    #[schema(example = "usage:view")]
    missing: String,
    /// The roles that have it.
    granted_by: Vec<String>,
}

#[derive(ToSchema)]
#[schema(rename_all = "SCREAMING_SNAKE_CASE")]
enum Code {
    Invalid,
    Unauthenticated,
    Forbidden,
    NotFound,
    Conflict,
    QuotaExceeded,
    RateLimited,
    Unavailable,
    Internal,
}

/// One GraphQL operation.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct GraphqlRequest {
    #[schema(nullable = false, required = false)]
    query: Option<String>,
    #[schema(required = false)]
    operation_name: Option<String>,
    #[schema(required = false)]
    variables: Option<Map<String, Value>>,
    #[schema(required = false)]
    extensions: Option<Map<String, Value>>,
}

/// What came of it.
#[derive(ToSchema)]
pub(super) struct GraphqlAnswer {
    #[schema(required = false)]
    data: Option<Map<String, Value>>,
    #[schema(nullable = false, required = false)]
    errors: Option<Vec<Map<String, Value>>>,
}

/// A part of the feed of events.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct EventPage {
    #[schema(inline)]
    events: Vec<Event>,
    /// For the next call's `after`.
    #[schema(example = "evc_42")]
    cursor: String,
    /// Whether there is more by now.
    has_more: bool,
}

#[derive(ToSchema)]
struct Event {
    /// The same as the header `webhook-id` of its webhooks.
    #[schema(example = "msg_01h455vb4pex5vsknk084sn02q")]
    id: String,
    #[schema(example = "instance.ready")]
    r#type: String,
    /// When it happened.
    #[schema(format = DateTime, example = "2026-11-21T12:00:00.000000Z")]
    timestamp: String,
    /// Empty where the reader may not see what the event is about.
    data: Map<String, Value>,
}

/// Who asks for a token, and for what. The client says who it is here, or by HTTP Basic.
#[derive(ToSchema)]
pub(super) struct TokenForm {
    #[schema(example = "client_credentials")]
    grant_type: String,
    /// Rights with spaces between; without it, all that the account has.
    #[schema(nullable = false, required = false, example = "usage:view")]
    scope: Option<String>,
    #[schema(nullable = false, required = false)]
    client_id: Option<String>,
    #[schema(nullable = false, required = false)]
    client_secret: Option<String>,
    #[schema(
        nullable = false,
        required = false,
        example = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    )]
    client_assertion_type: Option<String>,
    /// A JSON Web Token, signed by the account's private key.
    #[schema(nullable = false, required = false)]
    client_assertion: Option<String>,
}

/// Which token to end. The client says who it is as for a token.
#[derive(ToSchema)]
pub(super) struct RevokeForm {
    token: String,
    #[schema(nullable = false, required = false)]
    client_id: Option<String>,
    #[schema(nullable = false, required = false)]
    client_secret: Option<String>,
}

#[derive(ToSchema)]
pub(super) struct Token {
    access_token: String,
    #[schema(example = "Bearer")]
    token_type: String,
    /// Seconds.
    expires_in: u32,
    scope: String,
}

/// What is wrong with a request for a token (RFC 6749, section 5.2).
#[derive(ToSchema)]
pub(super) struct OauthError {
    #[schema(example = "invalid_client")]
    error: String,
    #[schema(nullable = false, required = false)]
    error_description: Option<String>,
}

/// What went wrong, as RFC 7644, section 3.12, has it.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct ScimError {
    #[schema(example = json!(["urn:ietf:params:scim:api:messages:2.0:Error"]))]
    schemas: Vec<String>,
    #[schema(example = "400")]
    status: String,
    /// For some kinds of errors, as the RFC names them.
    #[schema(nullable = false, required = false, example = "invalidFilter")]
    scim_type: Option<String>,
    /// What is wrong, for people.
    detail: String,
}
