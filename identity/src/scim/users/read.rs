use std::collections::HashMap;

use serde_json::{Value, json};
use tenantry_kernel::{Result, ScimUserId};
use tenantry_store::TenantTx;

use super::ScimUser;
use super::repo::{self, By};
use crate::Identity;
use crate::scim::ScimAnswer;
use crate::scim::answer::{answer, location};
use crate::scim::call::ScimCall;
use crate::scim::fault::{ScimFault, ScimResult};
use crate::scim::filter::Filter;
use crate::scim::path::Document;
use crate::scim::query::{Part, Window};
use crate::scim::schema::{GROUP, USER};

/// A part of all users.
pub(in crate::scim) async fn page(tx: &TenantTx, base: &str, window: Window) -> ScimResult<Part> {
    let total = repo::count(tx).await?;
    let resources = resources(tx, base, repo::part(tx, window).await?).await?;
    Ok(Part { total, resources })
}

/// The users among which those are that a filter means.
pub(in crate::scim) async fn candidates(
    tx: &TenantTx,
    base: &str,
    filter: &Filter,
) -> ScimResult<Vec<Document>> {
    let by = match (filter.must_equal("id"), filter.must_equal("userName"), filter.must_equal("externalId")) {
        (Some(id), ..) => match id.parse() {
            Ok(id) => By::Id(id),
            Err(_) => return Ok(Vec::new()),
        },
        (_, Some(name), _) => By::UserName(name),
        (.., Some(id)) => By::ExternalId(id),
        _ => By::Everything,
    };
    Ok(resources(tx, base, repo::by(tx, by).await?).await?)
}

/// Whole resources of rows, with their groups.
pub(super) async fn resources(tx: &TenantTx, base: &str, users: Vec<ScimUser>) -> Result<Vec<Document>> {
    let ids: Vec<ScimUserId> = users.iter().map(|user| user.id).collect();
    let mut groups: HashMap<ScimUserId, Vec<Value>> = HashMap::new();
    for (user, group, name) in repo::groups_of(tx, &ids).await? {
        let id = group.to_string();
        let at = location(GROUP, base, &id);
        groups
            .entry(user)
            .or_default()
            .push(json!({ "value": id, "$ref": at, "display": name, "type": "direct" }));
    }
    let each = users.into_iter().map(|user| {
        let groups = groups.remove(&user.id).unwrap_or_default();
        user.resource(base, groups)
    });
    Ok(each.collect())
}

pub(super) fn not_found() -> ScimFault {
    ScimFault::not_found("user")
}

/// A user of the tenant by the id that the client has: what is no id is nobody's.
pub(super) async fn known(tx: &TenantTx, id: &str) -> ScimResult<ScimUser> {
    let id: ScimUserId = id.parse().map_err(|_| not_found())?;
    repo::find(tx, id).await?.ok_or_else(not_found)
}

/// The answer about one.
pub(super) async fn answered(tx: &TenantTx, call: ScimCall<'_>, user: ScimUser) -> ScimResult<ScimAnswer> {
    let version = user.version;
    let resource = resources(tx, call.base, vec![user]).await?.pop().ok_or_else(not_found)?;
    Ok(answer(USER, call, (version, resource)))
}

impl Identity {
    pub(in crate::scim) async fn scim_user(&self, call: ScimCall<'_>, id: &str) -> ScimResult<ScimAnswer> {
        let tx = self.directory_reads(call).await?;
        let user = known(&tx, id).await?;
        let answer = answered(&tx, call, user).await?;
        tx.commit().await?;
        Ok(answer)
    }
}
