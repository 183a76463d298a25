//! The description of what is not GraphQL, as OpenAPI 3.1: served at `/openapi.json`, committed as
//! `control-plane/openapi.json`, read by people at the portal's `/docs/api`.
//!
//! It is made of [`paths`]. A test takes the routes out of the running router and finds each of them here, with the
//! methods that it answers to, so that neither can be forgotten.

mod paths;
mod schemas;
mod scim;
mod sign_on;
#[cfg(test)]
mod tests;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, ClientCredentials, Flow, HttpAuthScheme, HttpBuilder, OAuth2, Scopes, SecurityScheme,
};
use utoipa::{Modify, OpenApi};

const ABOUT: &str = "What of Tenantry is plain HTTP: files, health, events, tokens. Everything else is GraphQL, at \
    `/graphql`.\n\nErrors are `application/problem+json` (RFC 9457) with a stable `code`, a `remedy` and the request's id, \
    which is also in the header `x-request-id`. What is not yours is not found: an id of somebody else's is answered \
    as one that does not exist.";

#[derive(OpenApi)]
#[openapi(
    info(title = "Tenantry", description = ABOUT, license(name = "Apache-2.0", identifier = "Apache-2.0")),
    servers((url = "/", description = "Where this document was fetched from.")),
    paths(
        paths::graphql_get,
        paths::graphql_post,
        paths::admin_graphql_get,
        paths::admin_graphql_post,
        paths::open,
        sign_on::sso_start,
        sign_on::saml_metadata,
        sign_on::saml_acs,
        sign_on::saml_continue,
        sign_on::oidc_callback,
        sign_on::oidc_log_out,
        sign_on::oidc_back_channel_logout,
        paths::export_usage,
        paths::oauth_token,
        paths::oauth_revoke,
        paths::oauth_metadata,
        paths::export_audit,
        paths::audit_keys,
        paths::events,
        paths::healthz,
        paths::readyz,
        paths::openapi_json,
        scim::config,
        scim::schemas,
        scim::schema,
        scim::resource_types,
        scim::resource_type,
        scim::search,
        scim::users,
        scim::user_create,
        scim::user_search,
        scim::user,
        scim::user_replace,
        scim::user_patch,
        scim::user_delete,
        scim::groups,
        scim::group_create,
        scim::group_search,
        scim::group,
        scim::group_replace,
        scim::group_patch,
        scim::group_delete,
    ),
    components(schemas(schemas::Problem, schemas::GraphqlRequest, schemas::GraphqlAnswer, schemas::EventPage, schemas::OauthError, schemas::ScimError)),
    modifiers(&Schemes),
    tags(
        (name = "GraphQL", description = "The APIs themselves: their schemas describe them."),
        (name = "Exports", description = "Data as files."),
        (name = "Events", description = "What happened, in order: for those who cannot receive webhooks."),
        (name = "OAuth", description = "Tokens for service accounts."),
        (name = "SCIM", description = "For an organisation's directory, which provisions its people (RFC 7643, RFC 7644)."),
        (name = "Portal", description = "For browsers, not for programs."),
        (name = "Operations", description = "For load balancers, and for programs that read this document."),
    )
)]
struct Document;

/// How a request says whose it is.
struct Schemes;

impl Modify for Schemes {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("An API key, or an access token of a service account."))
            .build();
        let flow = ClientCredentials::new("/oauth/token", Scopes::new());
        let cookie = ApiKeyValue::with_description(
            "__Host-tenantry_session",
            "The portal's session. On plain HTTP it is named `tenantry_session`.",
        );
        let client = HttpBuilder::new()
            .scheme(HttpAuthScheme::Basic)
            .description(Some("A service account's id and secret, for its token."))
            .build();
        let directory = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("A provisioning token of an organisation's directory."))
            .build();
        for (name, scheme) in [
            ("provisioning", SecurityScheme::Http(directory)),
            ("client", SecurityScheme::Http(client)),
            ("bearer", SecurityScheme::Http(bearer)),
            ("clientCredentials", SecurityScheme::OAuth2(OAuth2::new([Flow::ClientCredentials(flow)]))),
            ("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie))),
        ] {
            components.add_security_scheme(name, scheme);
        }
    }
}

/// The document, committed as `control-plane/openapi.json`.
///
/// # Errors
/// When it cannot be written as JSON: a fault of the build, found by any test.
pub fn document() -> Result<String, serde_json::Error> {
    Document::openapi().to_pretty_json()
}

/// `GET /openapi.json`: the same for everybody.
pub(super) async fn serve() -> Response {
    match document() {
        Ok(text) => {
            let json = HeaderValue::from_static("application/json");
            ([(header::CONTENT_TYPE, json)], text).into_response()
        }
        Err(error) => {
            tracing::error!(error = %error, "the description of the API cannot be written");
            axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
