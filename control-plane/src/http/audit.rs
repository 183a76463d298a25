//! `GET /export/audit.jsonl`: the audit trail as a file that can be checked without the product; and the public keys that
//! it is checked with.
//!
//! As with the other exports, records are read and sent a page at a time, and the gate is asked anew for each page. A file
//! that was broken off lacks its signed end, so that a part is never taken for the whole.

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use futures::{Stream, StreamExt, stream};
use serde::Deserialize;
use tenantry_authz::{Actor, Ctx};
use tenantry_kernel::{Error, Result, TenantId};

use super::export::{holder, is_foreign, moment};
use super::problem::problem;
use super::session::Session;
use crate::app::App;
use crate::audit::{Export, jwks};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Wanted {
    tenant: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

/// Answers with the file.
pub(super) async fn export(
    State(app): State<App>,
    Extension(ctx): Extension<Ctx>,
    headers: HeaderMap,
    wanted: std::result::Result<Query<Wanted>, QueryRejection>,
) -> Response {
    let request = ctx.request();
    match answer(app, ctx, &headers, wanted).await {
        Ok(response) => response,
        Err(error) => problem(&error, request),
    }
}

async fn answer(
    app: App,
    ctx: Ctx,
    headers: &HeaderMap,
    wanted: std::result::Result<Query<Wanted>, QueryRejection>,
) -> Result<Response> {
    if is_foreign(headers) {
        return Err(Error::forbidden("This request comes from another site.")
            .with_remedy("Open the address itself, or ask without a browser."));
    }
    if *ctx.actor() == Actor::Anonymous {
        return Err(Error::unauthenticated());
    }
    let Query(wanted) = wanted.map_err(|rejection| {
        Error::invalid("query", rejection.body_text())
            .with_remedy("The parameters are tenant and, if wanted, from and to; each once.")
    })?;
    let (tenant, range) = parse(&wanted)?;
    let slug = app.tenants.get(&ctx, tenant).await?.slug;
    let session = holder(&app, &ctx, headers);
    let (export, head) = app.audit.begin_export(&ctx, tenant, range).await?;
    let head = stream::once(std::future::ready(Ok(Bytes::from(head))));
    let body = head.chain(rest(app, session, export));
    let name = format!("audit-{slug}-{}.jsonl", ctx.now().format("%Y-%m-%d"));
    let headers = [
        (header::CONTENT_TYPE, "application/jsonl".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, Body::from_stream(body)).into_response())
}

type Range = (Option<DateTime<Utc>>, Option<DateTime<Utc>>);

fn parse(wanted: &Wanted) -> Result<(TenantId, Range)> {
    let tenant = wanted.tenant.as_deref().filter(|text| !text.is_empty()).ok_or_else(|| {
        Error::invalid("tenant", "The parameter tenant is missing.").with_remedy(
            "Give the tenant: ?tenant=<id>, and a span of time if wanted: &from=2026-11-01&to=2026-12-01",
        )
    })?;
    let tenant = tenant.parse().map_err(|_| Error::not_found("tenant"))?;
    let given = |field, text: &Option<String>| {
        text.as_deref().filter(|text| !text.is_empty()).map(|text| moment(field, text)).transpose()
    };
    Ok((tenant, (given("from", &wanted.from)?, given("to", &wanted.to)?)))
}

fn rest(app: App, session: Session, export: Export) -> impl Stream<Item = Result<Bytes>> {
    stream::try_unfold((app, session, export), |(app, session, mut export)| async move {
        let ctx = session.context(&app).await?;
        let next = export.next(&ctx).await.inspect_err(|error| {
            tracing::warn!(request.id = %ctx.request(), error = ?error, "an export was broken off");
        });
        Ok(next?.map(|text| (Bytes::from(text), (app, session, export))))
    })
}

/// `GET /.well-known/tenantry-audit-keys.json`: the keys of all checkpoints, old ones too, as JSON Web Keys (RFC 7517).
pub(super) async fn keys(State(app): State<App>) -> Response {
    match app.audit.public_keys().await {
        Ok(keys) => {
            let headers = [
                (header::CONTENT_TYPE, "application/jwk-set+json"),
                (header::CACHE_CONTROL, "public, max-age=300"),
            ];
            (headers, jwks(&keys).to_string()).into_response()
        }
        Err(error) => super::health::unavailable(&error).into_response(),
    }
}

#[cfg(test)]
#[path = "audit_tests.rs"]
mod tests;
