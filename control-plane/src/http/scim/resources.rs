//! The handlers: each calls the service once, and answers.

use axum::routing::{MethodRouter, get, post};
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::Value;
use tenantry_identity::{Identity, ScimCall, ScimFault, ScimKind, ScimQuery};

use super::answer;
use super::asked::{Asked, Sent, base};
use crate::app::App;

type Answered = Result<Response, ScimFault>;

pub(super) async fn config(State(app): State<App>) -> Response {
    found(&Identity::scim_config(&base(&app)))
}

pub(super) async fn schemas(asked: Asked) -> Response {
    asked.told(Identity::scim_schemas(&asked.base, None).map(|all| found(&all)))
}

pub(super) async fn schema(asked: Asked, Path(id): Path<String>) -> Response {
    asked.told(Identity::scim_schemas(&asked.base, Some(&id)).map(|one| found(&one)))
}

pub(super) async fn resource_types(asked: Asked) -> Response {
    asked.told(Identity::scim_resource_types(&asked.base, None).map(|all| found(&all)))
}

pub(super) async fn resource_type(asked: Asked, Path(id): Path<String>) -> Response {
    asked.told(Identity::scim_resource_types(&asked.base, Some(&id)).map(|one| found(&one)))
}

fn found(body: &Value) -> Response {
    answer::document(StatusCode::OK, body)
}

/// `/Users`, `/Groups`
pub(super) fn collection(kind: ScimKind) -> MethodRouter<App> {
    let list = move |asked: Asked| async move {
        let page = asked.identity().scim_list(asked.call(), Some(kind), &asked.query).await;
        asked.told(page.map(|page| found(&page)))
    };
    let create = move |asked: Asked, Sent(body): Sent| async move {
        let made = asked.identity().scim_create(asked.call(), kind, &body).await;
        asked.told(made.map(|made| answer::resource(StatusCode::CREATED, &made)))
    };
    get(list).post(create)
}

/// `/Users/{id}`, `/Groups/{id}`
pub(super) fn one(kind: ScimKind) -> MethodRouter<App> {
    let read = move |asked: Asked, Path(id): Path<String>| async move {
        let it = asked.identity().scim_get(asked.call(), kind, &id).await;
        asked.told(it.map(|it| match &asked.if_none_match {
            Some(known) if it.is_known(known) => answer::not_modified(&it),
            _ => answer::resource(StatusCode::OK, &it),
        }))
    };
    let replace = move |asked: Asked, Path(id): Path<String>, Sent(body): Sent| async move {
        let it = asked.identity().scim_replace(asked.call(), (kind, &id), &body).await;
        asked.told(it.map(|it| answer::resource(StatusCode::OK, &it)))
    };
    let patch = move |asked: Asked, Path(id): Path<String>, Sent(body): Sent| async move {
        let it = asked.identity().scim_patch(asked.call(), (kind, &id), &body).await;
        asked.told(it.map(|it| answer::resource(StatusCode::OK, &it)))
    };
    let delete = move |asked: Asked, Path(id): Path<String>| async move {
        let gone = asked.identity().scim_delete(asked.call(), kind, &id).await;
        asked.told(gone.map(|()| StatusCode::NO_CONTENT.into_response()))
    };
    get(read).put(replace).patch(patch).delete(delete)
}

/// `/Users/.search`, `/Groups/.search`
pub(super) fn search(kind: ScimKind) -> MethodRouter<App> {
    post(move |asked: Asked, Sent(body): Sent| async move {
        asked.told(searched(&asked, Some(kind), &body).await)
    })
}

/// `/.search`: users and groups.
pub(super) async fn search_all(asked: Asked, Sent(body): Sent) -> Response {
    asked.told(searched(&asked, None, &body).await)
}

async fn searched(asked: &Asked, kind: Option<ScimKind>, body: &Value) -> Answered {
    let (query, projection) = ScimQuery::of_search(body)?;
    let call = ScimCall { projection: &projection, ..asked.call() };
    Ok(found(&asked.identity().scim_list(call, kind, &query).await?))
}
