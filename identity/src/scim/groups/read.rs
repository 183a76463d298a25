use std::collections::HashMap;

use tenantry_kernel::{Result, ScimGroupId, ScimUserId};
use tenantry_store::TenantTx;

use super::ScimGroup;
use super::repo::{self, By};
use crate::Identity;
use crate::scim::ScimAnswer;
use crate::scim::answer::answer;
use crate::scim::call::ScimCall;
use crate::scim::fault::{ScimFault, ScimResult};
use crate::scim::filter::Filter;
use crate::scim::path::Document;
use crate::scim::query::{Part, Window};
use crate::scim::schema::GROUP;

/// A part of all groups.
pub(in crate::scim) async fn page(tx: &TenantTx, base: &str, window: Window) -> ScimResult<Part> {
    let total = repo::count(tx).await?;
    let resources = resources(tx, base, repo::part(tx, window).await?).await?;
    Ok(Part { total, resources })
}

/// The groups among which those are that a filter means.
pub(in crate::scim) async fn candidates(
    tx: &TenantTx,
    base: &str,
    filter: &Filter,
) -> ScimResult<Vec<Document>> {
    let by =
        match (filter.must_equal("id"), filter.must_equal("displayName"), filter.must_equal("externalId")) {
            (Some(id), ..) => match id.parse() {
                Ok(id) => By::Id(id),
                Err(_) => return Ok(Vec::new()),
            },
            (_, Some(name), _) => By::DisplayName(name),
            (.., Some(id)) => By::ExternalId(id),
            _ => By::Everything,
        };
    Ok(resources(tx, base, repo::by(tx, by).await?).await?)
}

async fn resources(tx: &TenantTx, base: &str, groups: Vec<ScimGroup>) -> Result<Vec<Document>> {
    let ids: Vec<ScimGroupId> = groups.iter().map(|group| group.id).collect();
    let mut members: HashMap<ScimGroupId, Vec<ScimUserId>> = HashMap::new();
    for (group, user) in repo::members(tx, &ids).await? {
        members.entry(group).or_default().push(user);
    }
    let each = groups.into_iter().map(|group| {
        let members = members.remove(&group.id).unwrap_or_default();
        group.resource(base, &members)
    });
    Ok(each.collect())
}

fn not_found() -> ScimFault {
    ScimFault::not_found("group")
}

/// A group of the tenant by the id that the client has: what is no id is nobody's.
pub(super) async fn known(tx: &TenantTx, id: &str) -> ScimResult<ScimGroup> {
    let id: ScimGroupId = id.parse().map_err(|_| not_found())?;
    repo::find(tx, id).await?.ok_or_else(not_found)
}

/// The answer about one.
pub(super) async fn answered(tx: &TenantTx, call: ScimCall<'_>, group: ScimGroup) -> ScimResult<ScimAnswer> {
    let version = group.version;
    let resource = resources(tx, call.base, vec![group]).await?.pop().ok_or_else(not_found)?;
    Ok(answer(GROUP, call, (version, resource)))
}

impl Identity {
    pub(in crate::scim) async fn scim_group(&self, call: ScimCall<'_>, id: &str) -> ScimResult<ScimAnswer> {
        let tx = self.directory_reads(call).await?;
        let group = known(&tx, id).await?;
        let answer = answered(&tx, call, group).await?;
        tx.commit().await?;
        Ok(answer)
    }
}
