//! `GET /export/usage.csv`: usage as a file, for spreadsheets.
//!
//! Rows are read and sent a page at a time, and the gate is asked anew for each page: an export of any length costs one
//! page of memory, and ends when its session does. What is wrong is found before the first byte; a fault later breaks
//! the transfer off, so that a part is never taken for the whole.

use std::sync::Arc;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, NaiveDate, Utc};
use futures::{Stream, StreamExt, stream};
use serde::Deserialize;
use tenantry_authz::{Actor, Ctx};
use tenantry_billing::{UsageGroup, UsageQuery, UsageRow};
use tenantry_kernel::{Error, InstanceId, Result, TenantId};
use tenantry_store::PageRequest;
use tokio::sync::Semaphore;

use super::problem::problem;
use super::session::{self, Session};
use crate::app::App;

/// Rows that are read at once.
const PAGE: u32 = 1_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Wanted {
    tenant: Option<String>,
    from: Option<String>,
    to: Option<String>,
    group_by: Option<String>,
    instance: Option<String>,
}

/// Answers with the file.
pub(super) async fn usage(
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
            .with_remedy("The parameters are tenant, from, to, groupBy and, if wanted, instance; each once.")
    })?;
    let (tenant, query) = parse(&wanted)?;
    let slug = app.tenants.get(&ctx, tenant).await?.slug;
    let name = file_name(&slug, &query);
    let session = holder(&app, &ctx, headers);
    let export = Export { app, session, tenant, query };
    let (first, next) = export.page(&ctx, None).await?;
    let body = stream::once(std::future::ready(Ok(first))).chain(export.rest(next));
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin".to_owned()),
    ];
    Ok((headers, Body::from_stream(body)).into_response())
}

/// Whose export it is, to be looked up anew for each page.
pub(super) fn holder(app: &App, ctx: &Ctx, headers: &HeaderMap) -> Session {
    Session {
        token: session::token(headers, app.public.is_tls()),
        origin: ctx.origin().clone(),
        streams: Arc::new(Semaphore::new(1)),
    }
}

/// Whether another site's page asks, other than by leading the browser itself here.
pub(super) fn is_foreign(headers: &HeaderMap) -> bool {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let elsewhere = header("sec-fetch-site").is_some_and(|site| site == "cross-site" || site == "same-site");
    let led_here =
        header("sec-fetch-mode") == Some("navigate") && header("sec-fetch-dest") == Some("document");
    elsewhere && !led_here
}

fn parse(wanted: &Wanted) -> Result<(TenantId, UsageQuery)> {
    let tenant = given("tenant", wanted.tenant.as_ref())?;
    let tenant = tenant.parse().map_err(|_| Error::not_found("tenant"))?;
    let group = match given("groupBy", wanted.group_by.as_ref())? {
        "HOUR" => UsageGroup::Hour,
        "DAY" => UsageGroup::Day,
        "INSTANCE" => UsageGroup::Instance,
        "WORKFLOW" => UsageGroup::Workflow,
        _ => {
            return Err(Error::invalid("groupBy", "Usage is not grouped by that.")
                .with_remedy("Choose one of: DAY, HOUR, INSTANCE, WORKFLOW."));
        }
    };
    let instance: Option<InstanceId> = match wanted.instance.as_deref() {
        None | Some("") => None,
        Some(id) => Some(id.parse().map_err(|_| Error::not_found("instance"))?),
    };
    let from = moment("from", given("from", wanted.from.as_ref())?)?;
    let to = moment("to", given("to", wanted.to.as_ref())?)?;
    Ok((tenant, UsageQuery { from, to, group, instance }))
}

fn given<'a>(field: &'static str, value: Option<&'a String>) -> Result<&'a str> {
    let missing = || {
        Error::invalid(field, format!("The parameter {field} is missing.")).with_remedy(
            "Give tenant, from, to and groupBy: ?tenant=<id>&from=2026-11-01&to=2026-12-01&groupBy=DAY",
        )
    };
    value.map(String::as_str).filter(|text| !text.is_empty()).ok_or_else(missing)
}

/// A moment, or the start of a day of UTC.
pub(super) fn moment(field: &'static str, text: &str) -> Result<DateTime<Utc>> {
    let day = || text.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0).map(|at| at.and_utc());
    // An unescaped plus sign arrives as a space.
    let exact = || DateTime::parse_from_rfc3339(&text.replace(' ', "+")).ok().map(|at| at.to_utc());
    day().or_else(exact).ok_or_else(|| {
        Error::invalid(field, format!("The parameter {field} is not a moment."))
            .with_remedy("Give a day as 2026-11-01, or a moment as 2026-11-01T13:00:00Z.")
    })
}

/// Letters, digits and hyphens only: it stands in a header.
fn file_name(slug: &str, query: &UsageQuery) -> String {
    let (from, to) = (query.from.format("%Y-%m-%d"), query.to.format("%Y-%m-%d"));
    let group = match query.group {
        UsageGroup::Hour => "hour",
        UsageGroup::Day => "day",
        UsageGroup::Instance => "instance",
        UsageGroup::Workflow => "workflow",
    };
    format!("usage-{slug}-{from}-{to}-by-{group}.csv")
}

struct Export {
    app: App,
    session: Session,
    tenant: TenantId,
    query: UsageQuery,
}

impl Export {
    /// A page as text, and where the next one begins. The first has the line of names.
    async fn page(&self, ctx: &Ctx, after: Option<String>) -> Result<(Bytes, Option<String>)> {
        let first = after.is_none();
        let request = PageRequest { first: PAGE, after };
        let page = self.app.billing.usage(ctx, self.tenant, &self.query, &request).await?;
        let next = page.rows.last().filter(|_| page.has_next).map(UsageRow::cursor);
        Ok((text(self.query.group, &page.rows, first)?, next))
    }

    fn rest(self, next: Option<String>) -> impl Stream<Item = Result<Bytes>> {
        stream::try_unfold((self, next), |(export, next)| async move {
            let Some(after) = next else { return Ok(None) };
            let ctx = export.session.context(&export.app).await?;
            let page = export.page(&ctx, Some(after)).await.inspect_err(|error| {
                tracing::warn!(request.id = %ctx.request(), error = ?error, "an export was broken off");
            });
            let (bytes, next) = page?;
            Ok(Some((bytes, (export, next))))
        })
    }
}

fn text(group: UsageGroup, rows: &[UsageRow], names: bool) -> Result<Bytes> {
    let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let counts = ["executions", "billable", "failed"].map(str::to_owned);
    let keys: &[&str] = match group {
        UsageGroup::Hour => &["hour"],
        UsageGroup::Day => &["day"],
        UsageGroup::Instance => &["instance_id"],
        UsageGroup::Workflow => &["instance_id", "workflow_id"],
    };
    if names {
        csv.write_record(keys.iter().map(|key| (*key).to_owned()).chain(counts)).map_err(Error::internal)?;
    }
    for row in rows {
        let instance = || row.instance.map(|id| id.to_string()).unwrap_or_default();
        let hour = |format| row.hour.map(|at| at.format(format).to_string()).unwrap_or_default();
        let keys = match group {
            UsageGroup::Hour => vec![hour("%Y-%m-%dT%H:%M:%SZ")],
            UsageGroup::Day => vec![hour("%Y-%m-%d")],
            UsageGroup::Instance => vec![instance()],
            UsageGroup::Workflow => {
                vec![instance(), harmless(row.workflow_id.as_deref().unwrap_or_default())]
            }
        };
        let counts = [row.executions, row.billable, row.failed].map(|count| count.to_string());
        csv.write_record(keys.into_iter().chain(counts)).map_err(Error::internal)?;
    }
    csv.into_inner().map(Bytes::from).map_err(|error| Error::internal(error.to_string()))
}

/// A cell that no spreadsheet takes for a formula: workflow ids come from inside an instance. An apostrophe before
/// it makes it text (OWASP, CSV injection).
fn harmless(cell: &str) -> String {
    let risky = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    if cell.starts_with(risky) { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
#[path = "export_tests.rs"]
mod tests;
