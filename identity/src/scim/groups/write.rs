use serde_json::{Value, json};
use tenantry_authz::Ctx;
use tenantry_kernel::{Error, Kind, Result, ScimGroupId, ScimUserId, UserId};
use tenantry_store::TenantTx;
use tenantry_store::audit::Facts;

use super::model::{Described, no_user};
use super::read::{answered, known};
use super::{ScimGroup, repo};
use crate::Identity;
use crate::members::record::{Change, What, record_change};
use crate::scim::ScimAnswer;
use crate::scim::call::ScimCall;
use crate::scim::document::read;
use crate::scim::fault::ScimResult;
use crate::scim::path::Document;
use crate::scim::schema::GROUP;
use crate::scim::settle::Acting;
use crate::scim::users;

/// Groups of one tenant's directory.
const MOST: i64 = 1_000;

impl Identity {
    pub(in crate::scim) async fn scim_create_group(
        &self,
        call: ScimCall<'_>,
        body: &Value,
    ) -> ScimResult<ScimAnswer> {
        let described = Described::of(&read(GROUP, body)?)?;
        let (ctx, now) = (call.ctx, call.ctx.now());
        let (tx, _) = self.directory_writes(call).await?;
        if repo::count(&tx).await? >= MOST {
            let full =
                Error::new(Kind::QuotaExceeded, format!("A directory has at most {MOST} groups here."));
            return Err(full.with_remedy("Delete those that are not needed any more.").into());
        }
        let group = ScimGroup {
            id: ScimGroupId::generate(ctx.clock(), ctx.entropy()),
            display_name: described.display_name,
            external_id: described.external_id,
            role: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        repo::insert(&tx, &group).await?;
        // It has no role yet, so nobody's follows.
        put_in(&tx, group.id, &described.members).await?;
        let after = facts(&group, described.members.len());
        noted(&tx, ctx, ("scim_group.created", group.id), (None, Some(after))).await?;
        let answer = answered(&tx, call, group).await?;
        tx.commit().await?;
        Ok(answer)
    }

    /// Changes a group by what `change` makes of its attributes and members. What makes no difference makes no version.
    pub(in crate::scim) async fn scim_change_group(
        &self,
        call: ScimCall<'_>,
        id: &str,
        change: impl FnOnce(&Document) -> ScimResult<Document>,
    ) -> ScimResult<ScimAnswer> {
        let ctx = call.ctx;
        let (tx, acting) = self.directory_writes(call).await?;
        let before = known(&tx, id).await?;
        call.ensure_version(before.version)?;
        let were = members_of(&tx, before.id).await?;
        let described = Described::of(&change(&before.document(call.base, &were))?)?;
        let mut group = ScimGroup {
            display_name: described.display_name,
            external_id: described.external_id,
            ..before.clone()
        };
        if group != before || described.members != were {
            group.version += 1;
            group.updated_at = ctx.now();
            repo::update(&tx, &group).await?;
            let without = |all: &[ScimUserId], some: &[ScimUserId]| -> Vec<ScimUserId> {
                all.iter().filter(|id| some.binary_search(id).is_err()).copied().collect()
            };
            let (come, gone) = (without(&described.members, &were), without(&were, &described.members));
            put_in(&tx, group.id, &come).await?;
            repo::take(&tx, group.id, &gone).await?;
            let change = (Some(facts(&before, were.len())), Some(facts(&group, described.members.len())));
            noted(&tx, ctx, ("scim_group.changed", group.id), change).await?;
            let moved: Vec<ScimUserId> = come.into_iter().chain(gone).collect();
            self.settle_each(&tx, ctx, (&acting, &group), &moved).await?;
        }
        let answer = answered(&tx, call, group).await?;
        tx.commit().await?;
        Ok(answer)
    }

    pub(in crate::scim) async fn scim_delete_group(&self, call: ScimCall<'_>, id: &str) -> ScimResult<()> {
        let ctx = call.ctx;
        let (tx, acting) = self.directory_writes(call).await?;
        let group = known(&tx, id).await?;
        call.ensure_version(group.version)?;
        let were = members_of(&tx, group.id).await?;
        repo::delete(&tx, group.id).await?;
        let before = facts(&group, were.len());
        noted(&tx, ctx, ("scim_group.deleted", group.id), (Some(before), None)).await?;
        self.settle_each(&tx, ctx, (&acting, &group), &were).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Of a group with a role, whoever came or went has another one now.
    async fn settle_each(
        &self,
        tx: &TenantTx,
        ctx: &Ctx,
        (acting, group): (&Acting<'_>, &ScimGroup),
        moved: &[ScimUserId],
    ) -> Result<()> {
        if group.role.is_none() {
            return Ok(());
        }
        for mut user in users::repo::these(tx, moved).await? {
            if user.active {
                let _: Option<UserId> = self.settle(tx, ctx, (acting, &mut user)).await?;
            }
        }
        Ok(())
    }
}

async fn members_of(tx: &TenantTx, group: ScimGroupId) -> Result<Vec<ScimUserId>> {
    let all = repo::members(tx, &[group]).await?;
    Ok(all.into_iter().map(|(_, user)| user).collect())
}

/// # Errors
/// `invalidValue` where one is no user of the tenant.
async fn put_in(tx: &TenantTx, group: ScimGroupId, users: &[ScimUserId]) -> ScimResult<()> {
    if users.is_empty() {
        return Ok(());
    }
    let added = repo::add(tx, group, users).await?;
    if usize::try_from(added).ok() == Some(users.len()) { Ok(()) } else { Err(no_user()) }
}

fn facts(group: &ScimGroup, members: usize) -> Facts {
    let members = u64::try_from(members).unwrap_or(u64::MAX);
    Facts::one("displayName", &group.display_name).with("members", members)
}

async fn noted(
    tx: &TenantTx,
    ctx: &Ctx,
    (action, group): (&'static str, ScimGroupId),
    change: Change,
) -> Result<()> {
    let what = What { tenant: tx.tenant(), action, subject: group.to_string(), details: json!({}) };
    record_change(tx, ctx, what, change).await
}
