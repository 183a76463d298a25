//! `GET /v1/events`: a tenant's events in their order, for those who cannot receive webhooks.
//!
//! A reader keeps the cursor of the last answer and asks again after it. Events have the ids and the form that webhooks have, and
//! stay for 30 days.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};
use tenantry_authz::{Actor, Ctx};
use tenantry_kernel::{Error, Result, TenantId};

use super::export::is_foreign;
use super::problem::problem;
use crate::app::App;
use crate::webhooks::{FeedPage, FeedQuery};

/// Events of an answer, unless another number is asked for.
const USUAL: i64 = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    tenant: Option<String>,
    after: Option<String>,
    types: Option<String>,
    limit: Option<String>,
}

/// Answers with a page of the feed.
pub(super) async fn feed(
    State(app): State<App>,
    Extension(ctx): Extension<Ctx>,
    headers: HeaderMap,
    wanted: std::result::Result<Query<Wanted>, QueryRejection>,
) -> Response {
    match answer(&app, &ctx, &headers, wanted).await {
        Ok(page) => Json(page).into_response(),
        Err(error) => problem(&error, ctx.request()),
    }
}

async fn answer(
    app: &App,
    ctx: &Ctx,
    headers: &HeaderMap,
    wanted: std::result::Result<Query<Wanted>, QueryRejection>,
) -> Result<Value> {
    if is_foreign(headers) {
        return Err(Error::forbidden("This request comes from another site.")
            .with_remedy("Ask without a browser, with an API key."));
    }
    if *ctx.actor() == Actor::Anonymous {
        return Err(Error::unauthenticated());
    }
    let Query(wanted) = wanted.map_err(|rejection| {
        Error::invalid("query", rejection.body_text())
            .with_remedy("The parameters are tenant and, if wanted, after, types and limit; each once.")
    })?;
    let (tenant, query) = parse(&wanted)?;
    shown(app.webhooks.feed(ctx, tenant, &query).await?)
}

fn parse(wanted: &Wanted) -> Result<(TenantId, FeedQuery)> {
    let missing = || {
        Error::invalid("tenant", "The parameter tenant is missing.")
            .with_remedy("Give the organisation's id: ?tenant=ten_…")
    };
    let tenant = wanted.tenant.as_deref().filter(|text| !text.is_empty()).ok_or_else(missing)?;
    let tenant = tenant.parse().map_err(|_| Error::not_found("tenant"))?;
    let after = match wanted.after.as_deref().filter(|text| !text.is_empty()) {
        None => 0,
        Some(cursor) => {
            let unknown = || {
                Error::invalid("after", "That is not a cursor of this feed.").with_remedy(
                    "Give the `cursor` of an earlier answer as it was, or none to begin with the oldest.",
                )
            };
            cursor.strip_prefix("evc_").and_then(|text| text.parse().ok()).ok_or_else(unknown)?
        }
    };
    let limit = match wanted.limit.as_deref().filter(|text| !text.is_empty()) {
        None => USUAL,
        Some(text) => text
            .parse()
            .ok()
            .filter(|n| (1..=500).contains(n))
            .ok_or_else(|| Error::invalid("limit", "The limit is a number from 1 to 500."))?,
    };
    let types = wanted.types.as_deref().unwrap_or_default();
    let types = types.split(',').map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned).collect();
    Ok((tenant, FeedQuery { after, types, limit }))
}

/// Each event is the payload that webhooks send, with its id.
fn shown(page: FeedPage) -> Result<Value> {
    let event = |row: crate::webhooks::FeedRow| {
        let mut event: Value = serde_json::from_str(&row.body).map_err(Error::internal)?;
        if let Some(event) = event.as_object_mut() {
            event.insert("id".to_owned(), row.id.to_string().into());
        }
        Ok(event)
    };
    let events: Vec<Value> = page.rows.into_iter().map(event).collect::<Result<_>>()?;
    Ok(json!({ "events": events, "cursor": format!("evc_{}", page.next), "hasMore": page.has_more }))
}
