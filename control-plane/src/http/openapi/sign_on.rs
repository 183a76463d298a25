//! The routes of single sign-on, as their callers see them.
#![expect(dead_code, reason = "these carry the description of a route, its handler is elsewhere")]

use super::schemas::{OauthError, Problem};

/// Sets a browser out for an identity provider
///
/// With `connection` to log in, with `link` to add a provider to the account that is logged in, or with `ticket` to test a
/// connection. From another site's page it leads to the log-in page.
#[utoipa::path(
    get, path = "/sso/start", tag = "Portal", operation_id = "ssoStart",
    params(
        ("connection" = Option<String>, Query, description = "The connection to log in by."),
        ("return_to" = Option<String>, Query, description = "A path of the portal to end at.", example = "/"),
        ("link" = Option<String>, Query, description = "The connection to add to one's account."),
        ("ticket" = Option<String>, Query, description = "From `testConnection`: works once, for ten minutes."),
        ("email" = Option<String>, Query, description = "What the provider fills in for the person."),
    ),
    security((), ("session" = [])),
    responses(
        (status = 303, description = "To the provider; or to `/log-in`, with `problem` and `request`."),
        (status = 400, description = "Not opened in a browser's window.", content_type = "text/plain", body = String),
    )
)]
pub(super) fn sso_start() {}

/// Our SAML metadata for one connection
///
/// What the provider needs to know of us: entity id, where answers go, certificates. The entity id is this address.
#[utoipa::path(
    get, path = "/saml/{connection}/metadata", tag = "Portal", operation_id = "samlMetadata",
    params(("connection" = String, Path, description = "The connection's id.")),
    security(()),
    responses(
        (status = 200, description = "The document.", content_type = "application/samlmetadata+xml", body = String),
        (status = 404, description = "There is no such connection by SAML.", content_type = "text/plain", body = String),
    )
)]
pub(super) fn saml_metadata() {}

/// Where a SAML provider's answers go
///
/// The assertion consumer service, by the POST binding.
#[utoipa::path(
    post, path = "/saml/{connection}/acs", tag = "Portal", operation_id = "samlAcs",
    params(("connection" = String, Path, description = "The connection's id.")),
    request_body(content = inline(SamlForm), content_type = "application/x-www-form-urlencoded"),
    security(()),
    responses(
        (status = 303, description = "To `/saml/continue`; or to the page that it began at, with `problem` and `request`."),
        (status = 413, description = "The form is larger than 512 KiB.", content_type = "text/plain", body = String),
    )
)]
pub(super) fn saml_acs() {}

#[derive(utoipa::ToSchema)]
struct SamlForm {
    /// A signed response, in base64.
    #[schema(rename = "SAMLResponse")]
    saml_response: String,
    /// As it was sent.
    #[schema(rename = "RelayState")]
    relay_state: Option<String>,
}

/// Where a browser goes on after its provider's SAML answer
#[utoipa::path(
    get, path = "/saml/continue", tag = "Portal", operation_id = "samlContinue",
    params(
        ("state" = String, Query, description = "As it was sent. Works once, for ten minutes, in the browser that set out."),
    ),
    security((), ("session" = [])),
    responses((status = 303, description = "Logged in; or to the page that it began at, with `problem` and `request`."))
)]
pub(super) fn saml_continue() {}

/// Where browsers come back to from an identity provider
///
/// The redirect URI to register there: with the connection's id, or the word of a provider for everybody.
#[utoipa::path(
    get, path = "/oidc/callback/{connection}", tag = "Portal", operation_id = "ssoCallback",
    params(
        ("connection" = String, Path, description = "Whose answer it is."),
        ("state" = String, Query, description = "As it was sent. Works once, for ten minutes, in the browser that set out."),
        ("code" = Option<String>, Query, description = "What the provider gives tokens for."),
        ("iss" = Option<String>, Query, description = "The provider's issuer (RFC 9207)."),
        ("error" = Option<String>, Query, description = "Instead of a code (RFC 6749, section 4.1.2.1)."),
    ),
    security((), ("session" = [])),
    responses((status = 303, description = "Logged in; or to the page that it began at, with `problem` and `request`."))
)]
pub(super) fn oidc_callback() {}

/// Ends the session
///
/// The answer's `next` is where the browser goes: to the provider that the session came by, to end it there too (OpenID
/// Connect RP-Initiated Logout 1.0), or to `/log-in`. Its URL to register there is the portal's `/log-in`.
#[utoipa::path(
    post, path = "/oidc/log-out", tag = "Portal", operation_id = "ssoLogOut",
    request_body(content = Object, content_type = "application/json"),
    security((), ("session" = [])),
    responses(
        (status = 200, description = "The session is over.", body = inline(Next)),
        (status = "default", description = "What went wrong.",
            content_type = "application/problem+json", body = Problem),
    )
)]
pub(super) fn oidc_log_out() {}

#[derive(utoipa::ToSchema)]
struct Next {
    next: String,
}

/// Where identity providers say that a session has ended there
///
/// OpenID Connect Back-Channel Logout 1.0, with `sub`, `sid` or both. The URL to register there.
#[utoipa::path(
    post, path = "/oidc/back-channel-logout/{connection}", tag = "Portal", operation_id = "ssoBackChannelLogout",
    params(("connection" = String, Path, description = "The connection's id.")),
    request_body(content = inline(LogoutForm), content_type = "application/x-www-form-urlencoded"),
    security(()),
    responses(
        (status = 200, description = "Those sessions are over."),
        (status = 400, description = "The token is not accepted.", content_type = "application/json", body = OauthError),
        (status = 503, description = "Nothing was done: send it again."),
    )
)]
pub(super) fn oidc_back_channel_logout() {}

#[derive(utoipa::ToSchema)]
struct LogoutForm {
    /// A signed JWT.
    logout_token: String,
}
