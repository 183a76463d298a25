//! SCIM 2.0 (RFC 7644) at `/scim/v2`, for the directories of tenants.
//!
//! It knows nobody but holders of provisioning tokens: cookies, API keys and access tokens count for nothing here, and
//! provisioning tokens nowhere else. The token says whose tenant it is. Whatever goes wrong is said in SCIM's own form.

mod answer;
mod asked;
mod guard;
mod resources;
#[cfg(test)]
mod tests;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use tenantry_identity::{ScimFault, ScimKind};
use tenantry_kernel::{Error, RequestId};

use super::rates;
use crate::app::App;

/// Where the interface is, beneath the portal's address.
pub(super) const PATH: &str = "/scim/v2";

/// A group's members are changed in one request.
const MAX_BODY: usize = 1024 * 1024;

pub(super) fn routes(app: &App) -> Router<App> {
    let guarded = |methods: MethodRouter<App>| {
        // What a path does not offer is said without asking who wants it.
        methods
            .route_layer(axum::middleware::from_fn_with_state(app.clone(), rates::count_actor))
            .route_layer(axum::middleware::from_fn_with_state(app.clone(), guard::attach))
    };
    let mut router = Router::new()
        .route("/ServiceProviderConfig", guarded(get(resources::config)))
        .route("/Schemas", guarded(get(resources::schemas)))
        .route("/Schemas/{id}", guarded(get(resources::schema)))
        .route("/ResourceTypes", guarded(get(resources::resource_types)))
        .route("/ResourceTypes/{id}", guarded(get(resources::resource_type)))
        .route("/.search", guarded(post(resources::search_all)));
    for (path, kind) in [("/Users", ScimKind::User), ("/Groups", ScimKind::Group)] {
        router = router
            .route(path, guarded(resources::collection(kind)))
            .route(&format!("{path}/.search"), guarded(resources::search(kind)))
            .route(&format!("{path}/{{id}}"), guarded(resources::one(kind)));
    }
    router.fallback(nothing).method_not_allowed_fallback(not_allowed).layer(DefaultBodyLimit::max(MAX_BODY))
}

/// An error in SCIM's form, for what never gets here.
pub(super) fn fault(error: Error, request: RequestId) -> Response {
    answer::fault(&error.into(), Some(request))
}

/// The answer where there is no such resource, whoever asks.
async fn nothing() -> Response {
    answer::fault(&Error::not_found("resource").into(), None)
}

async fn not_allowed() -> Response {
    let detail = "This path does not offer that method.".to_owned();
    answer::fault(&ScimFault { status: 405, kind: None, detail, error: None }, None)
}
