//! Lists: filters and pages (RFC 7644, section 3.4.2).

use serde_json::{Value, json};
use tenantry_store::TenantTx;

use super::call::{ScimCall, ScimKind};
use super::fault::{ScimFault, ScimResult};
use super::filter::{Filter, filter};
use super::path::Document;
use super::schema::{GROUP, ResourceType, USER};
use super::{groups, users};
use crate::Identity;

/// Resources of a page where nothing is said.
const COUNT: i64 = 100;
/// The most that a page has.
pub(super) const MOST: i64 = 200;

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct ScimQuery {
    pub filter: Option<String>,
    /// From 1; what is less counts as 1.
    pub start_index: Option<i64>,
    /// What is less than 0 counts as 0.
    pub count: Option<i64>,
}

/// A part of a list: as many as `count` after the first `skip`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) skip: i64,
    pub(crate) count: i64,
}

/// What a list has in all, and the part that was asked for.
pub(super) struct Part {
    pub(super) total: i64,
    pub(super) resources: Vec<Document>,
}

pub(super) async fn list(
    identity: &Identity,
    call: ScimCall<'_>,
    kind: Option<ScimKind>,
    query: &ScimQuery,
) -> ScimResult<Value> {
    let read = query.filter.as_deref().map(filter).transpose()?;
    let window = Window {
        skip: query.start_index.unwrap_or(1).max(1).saturating_sub(1),
        count: query.count.unwrap_or(COUNT).clamp(0, MOST),
    };
    if let (Some(read), Some(kind)) = (&read, kind) {
        read.check(of(kind))?;
    }
    let tx = identity.directory_reads(call).await?;
    let (total, resources) = match kind {
        Some(kind) => {
            let part = part(&tx, call, (kind, read.as_ref(), window)).await?;
            (part.total, projected(call, kind, part.resources))
        }
        None => both(&tx, call, (read.as_ref(), window)).await?,
    };
    tx.commit().await?;
    Ok(json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": total,
        "startIndex": window.skip.saturating_add(1),
        "itemsPerPage": resources.len(),
        "Resources": resources,
    }))
}

/// Users, then groups: as if they were one list.
async fn both(
    tx: &TenantTx,
    call: ScimCall<'_>,
    (read, window): (Option<&Filter>, Window),
) -> ScimResult<(i64, Vec<Value>)> {
    let first = part(tx, call, (ScimKind::User, read, window)).await?;
    let had = i64::try_from(first.resources.len()).unwrap_or(i64::MAX);
    let rest = Window { skip: (window.skip - first.total).max(0), count: window.count - had };
    let second = part(tx, call, (ScimKind::Group, read, rest)).await?;
    let mut resources = projected(call, ScimKind::User, first.resources);
    resources.extend(projected(call, ScimKind::Group, second.resources));
    Ok((first.total + second.total, resources))
}

async fn part(
    tx: &TenantTx,
    call: ScimCall<'_>,
    (kind, read, window): (ScimKind, Option<&Filter>, Window),
) -> ScimResult<Part> {
    match (kind, read) {
        (ScimKind::User, None) => users::page(tx, call.base, window).await,
        (ScimKind::Group, None) => groups::page(tx, call.base, window).await,
        (kind, Some(read)) => {
            let all = match kind {
                ScimKind::User => users::candidates(tx, call.base, read).await?,
                ScimKind::Group => groups::candidates(tx, call.base, read).await?,
            };
            let meant: Vec<Document> = all.into_iter().filter(|one| read.matches(one, of(kind))).collect();
            let total = i64::try_from(meant.len()).unwrap_or(i64::MAX);
            let (skip, count) = (usize::try_from(window.skip), usize::try_from(window.count));
            let resources =
                meant.into_iter().skip(skip.unwrap_or(usize::MAX)).take(count.unwrap_or_default()).collect();
            Ok(Part { total, resources })
        }
    }
}

fn of(kind: ScimKind) -> &'static ResourceType {
    match kind {
        ScimKind::User => USER,
        ScimKind::Group => GROUP,
    }
}

fn projected(call: ScimCall<'_>, kind: ScimKind, resources: Vec<Document>) -> Vec<Value> {
    resources.into_iter().map(|it| Value::Object(call.projection.apply(of(kind), it))).collect()
}

impl ScimQuery {
    /// From the body of a POST to `/.search` (RFC 7644, section 3.4.3), with what is asked for of each resource.
    ///
    /// # Errors
    /// `invalidSyntax` for what is no search request, `invalidValue` for a value of another kind.
    pub fn of_search(body: &Value) -> Result<(Self, super::ScimProjection), ScimFault> {
        const SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
        let named = |urn: &Value| urn.as_str().is_some_and(|urn| urn.eq_ignore_ascii_case(SCHEMA));
        let urns = body.get("schemas").and_then(Value::as_array);
        if !urns.is_some_and(|urns| urns.iter().any(named)) {
            return Err(ScimFault::syntax(format!("The attribute schemas must name {SCHEMA}.")));
        }
        let wrong = |name: &str| ScimFault::value(format!("{name} has a value of another kind."));
        let number = |name: &str| -> ScimResult<Option<i64>> {
            match body.get(name) {
                None | Some(Value::Null) => Ok(None),
                Some(value) => value.as_i64().map(Some).ok_or_else(|| wrong(name)),
            }
        };
        let texts = |name: &str| -> ScimResult<Vec<String>> {
            match body.get(name) {
                None | Some(Value::Null) => Ok(Vec::new()),
                Some(Value::Array(all)) => {
                    all.iter().map(|it| it.as_str().map(str::to_owned).ok_or_else(|| wrong(name))).collect()
                }
                Some(_) => Err(wrong(name)),
            }
        };
        let filter = match body.get("filter") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(_) => return Err(wrong("filter")),
        };
        let query = Self { filter, start_index: number("startIndex")?, count: number("count")? };
        let projection = super::ScimProjection::new(texts("attributes")?, texts("excludedAttributes")?)?;
        Ok((query, projection))
    }
}
