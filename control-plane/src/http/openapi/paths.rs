//! Each route, as its caller sees it. The functions are never called: what stands over them is the document.
#![expect(dead_code, reason = "these carry the description of a route, its handler is elsewhere")]

use super::schemas::{
    EventPage, GraphqlAnswer, GraphqlRequest, OauthError, Problem, RevokeForm, Token, TokenForm,
};

/// The customers' API
///
/// One GraphQL operation: <https://graphql.github.io/graphql-over-http/draft/>. Mutations take the header
/// `Idempotency-Key`. Its schema is read by introspection.
#[utoipa::path(
    post, path = "/graphql", tag = "GraphQL", operation_id = "graphql",
    request_body = GraphqlRequest,
    security((), ("session" = []), ("bearer" = []), ("clientCredentials" = [])),
    responses(
        (status = 200, description = "The answer; its errors have `extensions.code`.",
            content((GraphqlAnswer = "application/json"), (GraphqlAnswer = "application/graphql-response+json"))),
        (status = 400, description = "No GraphQL operation.",
            content((GraphqlAnswer = "application/json"), (GraphqlAnswer = "application/graphql-response+json"))),
    )
)]
pub(super) fn graphql_post() {}

/// The customers' API, by GET
///
/// A query, which changes nothing; a subscription as server-sent events, where the request accepts
/// `text/event-stream`; or a WebSocket of `graphql-transport-ws`, where it asks for an upgrade.
#[utoipa::path(
    get, path = "/graphql", tag = "GraphQL", operation_id = "graphqlGet",
    params(
        ("query" = Option<String>, Query, description = "The document."),
        ("operationName" = Option<String>, Query, description = "Which operation of it."),
        ("variables" = Option<String>, Query, description = "A JSON object."),
        ("extensions" = Option<String>, Query, description = "A JSON object: a persisted query's hash."),
    ),
    security((), ("session" = []), ("bearer" = []), ("clientCredentials" = [])),
    responses(
        (status = 101, description = "A WebSocket."),
        (status = 200, description = "The answer.",
            content((GraphqlAnswer = "application/json"), (GraphqlAnswer = "application/graphql-response+json"),
                    (String = "text/event-stream"))),
        (status = 400, description = "No GraphQL operation.",
            content((GraphqlAnswer = "application/json"), (GraphqlAnswer = "application/graphql-response+json"))),
    )
)]
pub(super) fn graphql_get() {}

/// The operators' API, by GET
///
/// A query, which changes nothing.
#[utoipa::path(
    get, path = "/admin/graphql", tag = "GraphQL", operation_id = "adminGraphqlGet",
    params(
        ("query" = Option<String>, Query, description = "The document."),
        ("operationName" = Option<String>, Query, description = "Which operation of it."),
        ("variables" = Option<String>, Query, description = "A JSON object."),
    ),
    security((), ("session" = [])),
    responses(
        (status = 200, description = "The answer.",
            content((GraphqlAnswer = "application/json"), (GraphqlAnswer = "application/graphql-response+json"))),
        (status = 400, description = "No GraphQL operation.",
            content((GraphqlAnswer = "application/json"), (GraphqlAnswer = "application/graphql-response+json"))),
    )
)]
pub(super) fn admin_graphql_get() {}

/// The operators' API
///
/// For the platform's staff, in the portal's session.
#[utoipa::path(
    post, path = "/admin/graphql", tag = "GraphQL", operation_id = "adminGraphql",
    request_body = GraphqlRequest,
    security((), ("session" = [])),
    responses(
        (status = 200, description = "The answer; its errors have `extensions.code`.",
            content((GraphqlAnswer = "application/json"), (GraphqlAnswer = "application/graphql-response+json"))),
        (status = 400, description = "No GraphQL operation.",
            content((GraphqlAnswer = "application/json"), (GraphqlAnswer = "application/graphql-response+json"))),
    )
)]
pub(super) fn admin_graphql_post() {}

/// The way into an instance's editor
///
/// A browser's window comes here from an instance's host and is sent back there with a code, or to a page that says why
/// not.
#[utoipa::path(
    get, path = "/open", tag = "Portal", operation_id = "openInstance",
    params(
        ("instance" = String, Query, description = "The instance's id.", example = "ins_01h455vb4pex5vsknk084sn02q"),
        ("browser" = String, Query, description = "The SHA-256 of the browser's cookie on the instance's host, in hex."),
        ("to" = Option<String>, Query, description = "Where to on the instance's host, as a path."),
    ),
    security((), ("session" = [])),
    responses(
        (status = 302, description = "To the instance's host, the log-in, or a page that says why not.",
            headers(("Location" = String, description = "Where to."))),
        (status = 400, description = "Not opened in a browser's window.", content_type = "text/plain", body = String),
    )
)]
pub(super) fn open() {}

/// Usage as a spreadsheet
///
/// Executions from a moment (inclusive) to another (exclusive), at most 400 days. Needs the right `usage:view`.
/// A fault on the way breaks the transfer off, so that a part is never taken for the whole.
#[utoipa::path(
    get, path = "/export/usage.csv", tag = "Exports", operation_id = "exportUsage",
    params(
        ("tenant" = String, Query, description = "The organisation's id.", example = "ten_01h455vb4pex5vsknk084sn02q"),
        ("from" = String, Query, description = "A day of UTC, or a moment.", example = "2026-11-01"),
        ("to" = String, Query, description = "A day of UTC, or a moment.", example = "2026-12-01"),
        ("groupBy" = inline(GroupBy), Query, description = "By what usage is summed up."),
        ("instance" = Option<String>, Query, description = "One instance alone, by its id."),
    ),
    security(("session" = []), ("bearer" = []), ("clientCredentials" = [])),
    responses(
        (status = 200, description = "The file (RFC 4180, UTF-8, with a line of names).",
            content_type = "text/csv", body = String),
        (status = "default", description = "What went wrong.",
            content_type = "application/problem+json", body = Problem),
    )
)]
pub(super) fn export_usage() {}

#[derive(utoipa::ToSchema)]
#[schema(rename_all = "SCREAMING_SNAKE_CASE")]
enum GroupBy {
    Hour,
    Day,
    Instance,
    Workflow,
}

/// The audit trail as a file
///
/// Header, records, signed checkpoints and a signed end, a JSON text a line: `tenantry audit verify` checks it without the
/// product. Needs the right `audit:view`, and is itself a record. A file without its end was broken off.
#[utoipa::path(
    get, path = "/export/audit.jsonl", tag = "Exports", operation_id = "exportAudit",
    params(
        ("tenant" = String, Query, description = "The organisation's id.", example = "ten_01h455vb4pex5vsknk084sn02q"),
        ("from" = Option<String>, Query, description = "A day of UTC, or a moment. Without it, from the oldest record.", example = "2026-11-01"),
        ("to" = Option<String>, Query, description = "A day of UTC, or a moment, which is not in it. Without it, up to now.", example = "2026-12-01"),
    ),
    security(("session" = []), ("bearer" = []), ("clientCredentials" = [])),
    responses(
        (status = 200, description = "The file (JSON Lines).", content_type = "application/jsonl", body = String),
        (status = "default", description = "What went wrong.",
            content_type = "application/problem+json", body = Problem),
    )
)]
pub(super) fn export_audit() {}

/// The public keys of audit trails
///
/// A set of JSON Web Keys (RFC 7517, RFC 8037) that checkpoints and exports are signed with; earlier ones too.
#[utoipa::path(
    get, path = "/.well-known/tenantry-audit-keys.json", tag = "Exports", operation_id = "auditKeys",
    security(()),
    responses(
        (status = 200, description = "The keys.", content_type = "application/jwk-set+json", body = String),
        (status = "default", description = "What went wrong.",
            content_type = "application/problem+json", body = Problem),
    )
)]
pub(super) fn audit_keys() {}

/// What happened in an organisation
///
/// Events in their order, from after a cursor; those of the last 30 days are kept. An event has the id and the form that
/// webhooks have: `webhook-id` and the payload. Keep the answer's `cursor` and ask again after it. Needs the right `webhook:view`.
#[utoipa::path(
    get, path = "/v1/events", tag = "Events", operation_id = "events",
    params(
        ("tenant" = String, Query, description = "The organisation's id.", example = "ten_01h455vb4pex5vsknk084sn02q"),
        ("after" = Option<String>, Query, description = "The `cursor` of an earlier answer; without it, from the oldest.", example = "evc_41"),
        ("types" = Option<String>, Query, description = "Types, separated by commas; without them, all.", example = "instance.ready,instance.failed"),
        ("limit" = Option<u16>, Query, description = "1 to 500 events; 100 unless given.", example = 100),
    ),
    security(("session" = []), ("bearer" = []), ("clientCredentials" = [])),
    responses(
        (status = 200, description = "A page of events.", body = EventPage),
        (status = 409, description = "Events after the cursor are older than 30 days and gone: begin again without it.",
            content_type = "application/problem+json", body = Problem),
        (status = "default", description = "What went wrong.",
            content_type = "application/problem+json", body = Problem),
    )
)]
pub(super) fn events() {}

/// An access token for a service account
///
/// OAuth 2.0 client credentials (RFC 6749, section 4.4), with a secret or with a signed assertion (RFC 7523).
#[utoipa::path(
    post, path = "/oauth/token", tag = "OAuth", operation_id = "oauthToken",
    request_body(content = inline(TokenForm), content_type = "application/x-www-form-urlencoded"),
    security((), ("client" = [])),
    responses(
        (status = 200, description = "The token.", content_type = "application/json", body = inline(Token)),
        (status = "default", description = "As RFC 6749, section 5.2, has it.",
            content_type = "application/json", body = OauthError),
    )
)]
pub(super) fn oauth_token() {}

/// Ends an access token
///
/// RFC 7009. A token that is unknown is ended already.
#[utoipa::path(
    post, path = "/oauth/revoke", tag = "OAuth", operation_id = "oauthRevoke",
    request_body(content = inline(RevokeForm), content_type = "application/x-www-form-urlencoded"),
    security((), ("client" = [])),
    responses(
        (status = 200, description = "It is ended."),
        (status = "default", description = "As RFC 6749, section 5.2, has it.",
            content_type = "application/json", body = OauthError),
    )
)]
pub(super) fn oauth_revoke() {}

/// What an OAuth client finds the endpoints by
#[utoipa::path(
    get, path = "/.well-known/oauth-authorization-server", tag = "OAuth", operation_id = "oauthMetadata", security(()),
    responses((status = 200, description = "RFC 8414.", content_type = "application/json", body = Object))
)]
pub(super) fn oauth_metadata() {}

/// Whether the process answers
#[utoipa::path(
    get, path = "/healthz", tag = "Operations", operation_id = "healthz", security(()),
    responses((status = 200, description = "It does.", content_type = "text/plain", body = String))
)]
pub(super) fn healthz() {}

/// Whether the process can do its work
#[utoipa::path(
    get, path = "/readyz", tag = "Operations", operation_id = "readyz", security(()),
    responses(
        (status = 200, description = "It can: the database answers.", content_type = "text/plain", body = String),
        (status = 503, description = "The database does not answer, or the process is about to end."),
    )
)]
pub(super) fn readyz() {}

/// This document
#[utoipa::path(
    get, path = "/openapi.json", tag = "Operations", operation_id = "openapi", security(()),
    responses((status = 200, description = "OpenAPI 3.1.", content_type = "application/json", body = Object))
)]
pub(super) fn openapi_json() {}
