//! The routes of SCIM, as a directory sees them. The functions are never called: what stands over them is the document.
#![expect(dead_code, reason = "these carry the description of a route, its handler is elsewhere")]

use super::schemas::ScimError;

/// What the interface can do
///
/// RFC 7643, section 5.
#[utoipa::path(
    get, path = "/scim/v2/ServiceProviderConfig", tag = "SCIM", operation_id = "scimConfig",
    security(("provisioning" = [])),
    responses(
        (status = 200, description = "The configuration.", content_type = "application/scim+json", body = Object),
        (status = "default", description = "What went wrong.", content_type = "application/scim+json", body = ScimError),
    )
)]
pub(super) fn config() {}

/// What users and groups have
///
/// RFC 7643, section 7.
#[utoipa::path(
    get, path = "/scim/v2/Schemas", tag = "SCIM", operation_id = "scimSchemas",
    security(("provisioning" = [])),
    responses(
        (status = 200, description = "A list of schemas.", content_type = "application/scim+json", body = Object),
        (status = "default", description = "What went wrong.", content_type = "application/scim+json", body = ScimError),
    )
)]
pub(super) fn schemas() {}

/// One schema
///
/// By its URN.
#[utoipa::path(
    get, path = "/scim/v2/Schemas/{id}", tag = "SCIM", operation_id = "scimSchema",
    params(
        ("id" = String, Path, description = "Its id."),
    ),
    security(("provisioning" = [])),
    responses(
        (status = 200, description = "The schema.", content_type = "application/scim+json", body = Object),
        (status = "default", description = "What went wrong.", content_type = "application/scim+json", body = ScimError),
    )
)]
pub(super) fn schema() {}

/// The types of resources
///
/// RFC 7643, section 6: users and groups.
#[utoipa::path(
    get, path = "/scim/v2/ResourceTypes", tag = "SCIM", operation_id = "scimResourceTypes",
    security(("provisioning" = [])),
    responses(
        (status = 200, description = "A list of types.", content_type = "application/scim+json", body = Object),
        (status = "default", description = "What went wrong.", content_type = "application/scim+json", body = ScimError),
    )
)]
pub(super) fn resource_types() {}

/// One type of resources
///
/// By its name.
#[utoipa::path(
    get, path = "/scim/v2/ResourceTypes/{id}", tag = "SCIM", operation_id = "scimResourceType",
    params(
        ("id" = String, Path, description = "Its id."),
    ),
    security(("provisioning" = [])),
    responses(
        (status = 200, description = "The type.", content_type = "application/scim+json", body = Object),
        (status = "default", description = "What went wrong.", content_type = "application/scim+json", body = ScimError),
    )
)]
pub(super) fn resource_type() {}

/// Searches users and groups
///
/// RFC 7644, section 3.4.3: users first.
#[utoipa::path(
    post, path = "/scim/v2/.search", tag = "SCIM", operation_id = "scimSearch",
    request_body(content = Object, content_type = "application/scim+json", description = "A search request."),
    security(("provisioning" = [])),
    responses(
        (status = 200, description = "A page of resources.", content_type = "application/scim+json", body = Object),
        (status = "default", description = "What went wrong.", content_type = "application/scim+json", body = ScimError),
    )
)]
pub(super) fn search() {}

/// Lists users
///
/// RFC 7644, section 3.4.2: by filter and page, oldest first.
#[utoipa::path(
    get, path = "/scim/v2/Users", tag = "SCIM", operation_id = "scimListUsers",
    params(
        ("filter" = Option<String>, Query, description = "RFC 7644, section 3.4.2.2."),
        ("startIndex" = Option<i64>, Query, description = "From 1."),
        ("count" = Option<i64>, Query, description = "At most 200; 100 where it is left out."),
        ("attributes" = Option<String>, Query, description = "What to answer with, with commas between."),
        ("excludedAttributes" = Option<String>, Query, description = "What to leave out, with commas between."),
    ),
    security(("provisioning" = [])),
    responses(
        (status = 200, description = "A page of them.", content_type = "application/scim+json", body = Object),
        (status = "default", description = "What went wrong.", content_type = "application/scim+json", body = ScimError),
    )
)]
pub(super) fn users() {}

/// Makes a user
///
/// The person is invited by mail, and is a member once they accept; who is a member by that address already is linked.
#[utoipa::path(
    post, path = "/scim/v2/Users", tag = "SCIM", operation_id = "scimCreateUser",
    request_body(content = Object, content_type = "application/scim+json", description = "The user."),
    security(("provisioning" = [])),
    responses(
        (status = 201, description = "It is made.", content_type = "application/scim+json", body = Object),
        (status = "default", description = "What went wrong.", content_type = "application/scim+json", body = ScimError),
    )
)]
pub(super) fn user_create() {}

/// Searches users
///
/// RFC 7644, section 3.4.3.
#[utoipa::path(
    post, path = "/scim/v2/Users/.search", tag = "SCIM", operation_id = "scimSearchUsers",
    request_body(content = Object, content_type = "application/scim+json", description = "A search request."),
    security(("provisioning" = [])),
    responses(
        (status = 200, description = "A page of them.", content_type = "application/scim+json", body = Object),
        (status = "default", description = "What went wrong.", content_type = "application/scim+json", body = ScimError),
    )
)]
pub(super) fn user_search() {}

/// Reads a user
///
/// `If-None-Match` with the version that one has is answered with 304.
#[utoipa::path(
    get, path = "/scim/v2/Users/{id}", tag = "SCIM", operation_id = "scimGetUser",
    params(
        ("id" = String, Path, description = "Its id."),
        ("attributes" = Option<String>, Query, description = "What to answer with, with commas between."),
        ("excludedAttributes" = Option<String>, Query, description = "What to leave out, with commas between."),
    ),
    security(("provisioning" = [])),
    responses(
        (status = 200, description = "The resource.", content_type = "application/scim+json", body = Object),
        (status = "default", description = "What went wrong.", content_type = "application/scim+json", body = ScimError),
    )
)]
pub(super) fn user() {}

/// Replaces a user
///
/// With `If-Match`, only that version: else 412.
#[utoipa::path(
    put, path = "/scim/v2/Users/{id}", tag = "SCIM", operation_id = "scimReplaceUser",
    params(
        ("id" = String, Path, description = "Its id."),
    ),
    request_body(content = Object, content_type = "application/scim+json", description = "The user."),
    security(("provisioning" = [])),
    responses(
        (status = 200, description = "The resource.", content_type = "application/scim+json", body = Object),
        (status = "default", description = "What went wrong.", content_type = "application/scim+json", body = ScimError),
    )
)]
pub(super) fn user_replace() {}

/// Changes a user in parts
///
/// RFC 7644, section 3.5.2: all of the operations, or none.
#[utoipa::path(
    patch, path = "/scim/v2/Users/{id}", tag = "SCIM", operation_id = "scimPatchUser",
    params(
        ("id" = String, Path, description = "Its id."),
    ),
    request_body(content = Object, content_type = "application/scim+json", description = "The operations."),
    security(("provisioning" = [])),
    responses(
        (status = 200, description = "The resource.", content_type = "application/scim+json", body = Object),
        (status = "default", description = "What went wrong.", content_type = "application/scim+json", body = ScimError),
    )
)]
pub(super) fn user_patch() {}

/// Deletes a user
///
/// The person's membership of this organisation ends at once; their account and other organisations stay.
#[utoipa::path(
    delete, path = "/scim/v2/Users/{id}", tag = "SCIM", operation_id = "scimDeleteUser",
    params(
        ("id" = String, Path, description = "Its id."),
    ),
    security(("provisioning" = [])),
    responses(
        (status = 204, description = "It is gone."),
        (status = "default", description = "What went wrong.", content_type = "application/scim+json", body = ScimError),
    )
)]
pub(super) fn user_delete() {}

/// Lists groups
///
/// RFC 7644, section 3.4.2: by filter and page, oldest first.
#[utoipa::path(
    get, path = "/scim/v2/Groups", tag = "SCIM", operation_id = "scimListGroups",
    params(
        ("filter" = Option<String>, Query, description = "RFC 7644, section 3.4.2.2."),
        ("startIndex" = Option<i64>, Query, description = "From 1."),
        ("count" = Option<i64>, Query, description = "At most 200; 100 where it is left out."),
        ("attributes" = Option<String>, Query, description = "What to answer with, with commas between."),
        ("excludedAttributes" = Option<String>, Query, description = "What to leave out, with commas between."),
    ),
    security(("provisioning" = [])),
    responses(
        (status = 200, description = "A page of them.", content_type = "application/scim+json", body = Object),
        (status = "default", description = "What went wrong.", content_type = "application/scim+json", body = ScimError),
    )
)]
pub(super) fn groups() {}

/// Makes a group
///
/// Its members are users, by their ids.
#[utoipa::path(
    post, path = "/scim/v2/Groups", tag = "SCIM", operation_id = "scimCreateGroup",
    request_body(content = Object, content_type = "application/scim+json", description = "The group."),
    security(("provisioning" = [])),
    responses(
        (status = 201, description = "It is made.", content_type = "application/scim+json", body = Object),
        (status = "default", description = "What went wrong.", content_type = "application/scim+json", body = ScimError),
    )
)]
pub(super) fn group_create() {}

/// Searches groups
///
/// RFC 7644, section 3.4.3.
#[utoipa::path(
    post, path = "/scim/v2/Groups/.search", tag = "SCIM", operation_id = "scimSearchGroups",
    request_body(content = Object, content_type = "application/scim+json", description = "A search request."),
    security(("provisioning" = [])),
    responses(
        (status = 200, description = "A page of them.", content_type = "application/scim+json", body = Object),
        (status = "default", description = "What went wrong.", content_type = "application/scim+json", body = ScimError),
    )
)]
pub(super) fn group_search() {}

/// Reads a group
///
/// `If-None-Match` with the version that one has is answered with 304.
#[utoipa::path(
    get, path = "/scim/v2/Groups/{id}", tag = "SCIM", operation_id = "scimGetGroup",
    params(
        ("id" = String, Path, description = "Its id."),
        ("attributes" = Option<String>, Query, description = "What to answer with, with commas between."),
        ("excludedAttributes" = Option<String>, Query, description = "What to leave out, with commas between."),
    ),
    security(("provisioning" = [])),
    responses(
        (status = 200, description = "The resource.", content_type = "application/scim+json", body = Object),
        (status = "default", description = "What went wrong.", content_type = "application/scim+json", body = ScimError),
    )
)]
pub(super) fn group() {}

/// Replaces a group
///
/// With `If-Match`, only that version: else 412.
#[utoipa::path(
    put, path = "/scim/v2/Groups/{id}", tag = "SCIM", operation_id = "scimReplaceGroup",
    params(
        ("id" = String, Path, description = "Its id."),
    ),
    request_body(content = Object, content_type = "application/scim+json", description = "The group."),
    security(("provisioning" = [])),
    responses(
        (status = 200, description = "The resource.", content_type = "application/scim+json", body = Object),
        (status = "default", description = "What went wrong.", content_type = "application/scim+json", body = ScimError),
    )
)]
pub(super) fn group_replace() {}

/// Changes a group in parts
///
/// RFC 7644, section 3.5.2: all of the operations, or none.
#[utoipa::path(
    patch, path = "/scim/v2/Groups/{id}", tag = "SCIM", operation_id = "scimPatchGroup",
    params(
        ("id" = String, Path, description = "Its id."),
    ),
    request_body(content = Object, content_type = "application/scim+json", description = "The operations."),
    security(("provisioning" = [])),
    responses(
        (status = 200, description = "The resource.", content_type = "application/scim+json", body = Object),
        (status = "default", description = "What went wrong.", content_type = "application/scim+json", body = ScimError),
    )
)]
pub(super) fn group_patch() {}

/// Deletes a group
///
/// Roles that came by it go.
#[utoipa::path(
    delete, path = "/scim/v2/Groups/{id}", tag = "SCIM", operation_id = "scimDeleteGroup",
    params(
        ("id" = String, Path, description = "Its id."),
    ),
    security(("provisioning" = [])),
    responses(
        (status = 204, description = "It is gone."),
        (status = "default", description = "What went wrong.", content_type = "application/scim+json", body = ScimError),
    )
)]
pub(super) fn group_delete() {}
