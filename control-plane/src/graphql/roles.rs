//! The roles that a tenant makes for itself, and why somebody may do something or not.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use async_graphql::dataloader::{DataLoader, Loader};
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use tenantry_authz::{Ctx, HeldRole, Right};
use tenantry_identity as identity;
use tenantry_identity::{AccessQuestion, AssignedRole, CreateRole, Subject, TenantRole, UpdateRole};
use tenantry_kernel::{Error, RoleId, TenantId};
use tenantry_store::PageRequest;

use super::condition::{ConditionLoader, Fresh};
use super::connection::{List, connection};
use super::error::{Answer, Problem, parse_id, request_of, to_graphql};
use super::mutation::{PlainPayload, plain};
use super::types::MemberRole;
use crate::app::App;

/// A role that an organisation has made for itself.
#[derive(SimpleObject)]
pub(crate) struct CustomRole {
    id: ID,
    name: String,
    description: String,
    /// As `resource:action`. Every role includes `tenant:view`.
    rights: Vec<String>,
    /// How many members hold it.
    member_count: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<TenantRole> for CustomRole {
    fn from(role: TenantRole) -> Self {
        Self {
            id: role.id.to_string().into(),
            name: role.name,
            description: role.description,
            rights: role.rights.iter().map(ToString::to_string).collect(),
            member_count: role.member_count,
            created_at: role.created_at,
            updated_at: role.updated_at,
        }
    }
}

/// A right that a role can include.
#[derive(SimpleObject)]
pub(crate) struct RightInfo {
    /// As `resource:action`.
    right: String,
    description: &'static str,
    /// The built-in roles that include it.
    roles: Vec<&'static str>,
}

/// Why an actor may do something, or may not.
#[derive(SimpleObject)]
pub(crate) struct AccessExplanation {
    allowed: bool,
    right: String,
    /// The line of the policy by which a role of the actor's includes it: `p, developer, instance, operate`. An
    /// organisation's own role is named by its id.
    rule: Option<String>,
    /// The roles that the actor holds here.
    roles: Vec<String>,
    /// The right that lacks.
    missing: Option<String>,
    /// The roles that include it: built-in ones, then the organisation's own.
    granted_by: Vec<String>,
    /// The names of members who can give such a role, at most ten.
    who_can_grant: Vec<String>,
    /// The answer as a sentence.
    reason: String,
}

impl From<identity::AccessExplanation> for AccessExplanation {
    fn from(e: identity::AccessExplanation) -> Self {
        Self {
            allowed: e.gate.allowed,
            right: e.gate.right.to_string(),
            rule: e.gate.rule,
            roles: e.gate.roles,
            missing: e.gate.missing.map(|right| right.to_string()),
            granted_by: e.granted_by,
            who_can_grant: e.who_can_grant,
            reason: e.reason,
        }
    }
}

#[derive(InputObject)]
struct CreateRoleInput {
    tenant_id: ID,
    /// 1 to 60 characters, not the name of a built-in role.
    name: String,
    /// At most 500 characters.
    description: Option<String>,
    /// As in `Tenant.rights`. Only rights that one has oneself.
    rights: Vec<String>,
}

/// What is left out stays.
#[derive(InputObject)]
struct UpdateRoleInput {
    tenant_id: ID,
    id: ID,
    name: Option<String>,
    description: Option<String>,
    rights: Option<Vec<String>>,
}

#[derive(InputObject)]
struct RoleInput {
    tenant_id: ID,
    id: ID,
}

#[derive(SimpleObject)]
struct CustomRolePayload {
    role: Option<CustomRole>,
    problem: Option<Problem>,
}

fn payload(outcome: std::result::Result<TenantRole, Problem>) -> CustomRolePayload {
    match outcome {
        Ok(role) => CustomRolePayload { role: Some(role.into()), problem: None },
        Err(problem) => CustomRolePayload { role: None, problem: Some(problem) },
    }
}

#[derive(Default)]
pub(super) struct RoleMutation;

#[Object]
impl RoleMutation {
    /// Makes a role for the organisation. It can include only what the viewer may do.
    async fn create_role(&self, ctx: &Context<'_>, input: CreateRoleInput) -> Result<CustomRolePayload> {
        let tenant = parse_id(&input.tenant_id, "tenant").answer(ctx)?;
        let CreateRoleInput { name, description, rights, .. } = input;
        let create = CreateRole { tenant, name, description, rights };
        Ok(payload(ctx.data::<App>()?.identity.create_role(request_of(ctx), create).await.outcome(ctx)?))
    }

    /// Changes a role. Whoever holds it has the new rights at their next request. It does not grow while a service account
    /// holds it with a credential of somebody who lacks the added rights.
    async fn update_role(&self, ctx: &Context<'_>, input: UpdateRoleInput) -> Result<CustomRolePayload> {
        let tenant = parse_id(&input.tenant_id, "tenant").answer(ctx)?;
        let id = parse_id(&input.id, "role").answer(ctx)?;
        let UpdateRoleInput { name, description, rights, .. } = input;
        let update = UpdateRole { tenant, id, name, description, rights };
        Ok(payload(ctx.data::<App>()?.identity.update_role(request_of(ctx), update).await.outcome(ctx)?))
    }

    /// Deletes a role that nobody holds.
    async fn delete_role(&self, ctx: &Context<'_>, input: RoleInput) -> Result<PlainPayload> {
        let tenant = parse_id(&input.tenant_id, "tenant").answer(ctx)?;
        let id = parse_id(&input.id, "role").answer(ctx)?;
        let deleted = ctx.data::<App>()?.identity.delete_role(request_of(ctx), tenant, id).await;
        Ok(plain(deleted.outcome(ctx)?))
    }
}

/// The tenant's own roles.
pub(super) async fn of_tenant(
    ctx: &Context<'_>,
    (request, tenant): (&Ctx, TenantId),
    page: PageRequest,
) -> Result<List<CustomRole>> {
    let rows = ctx.data::<App>()?.identity.roles(request, tenant, &page).await.answer(ctx)?;
    Ok(connection(rows, &page, |role| (role.id.to_string(), role.into())))
}

/// Every right that there is, with the built-in roles that include it.
pub(super) fn rights(ctx: &Context<'_>) -> Result<Vec<RightInfo>> {
    let gate = &ctx.data::<App>()?.runtime.gate;
    let info = |right: Right| RightInfo {
        right: right.to_string(),
        description: right.description().unwrap_or_default(),
        roles: gate.roles_with(right).into_iter().map(tenantry_authz::Role::as_str).collect(),
    };
    Ok(Right::all().map(info).collect())
}

pub(super) async fn explain(
    ctx: &Context<'_>,
    (tenant, actor, right): (ID, Option<ID>, String),
) -> Result<AccessExplanation> {
    let tenant = parse_id(&tenant, "tenant").answer(ctx)?;
    let actor: Option<Subject> = actor.map(|id| parse_id(&id, "actor")).transpose().answer(ctx)?;
    let right: Right = right.parse().answer(ctx)?;
    let question = AccessQuestion { tenant, actor, right };
    let explained = ctx.data::<App>()?.identity.explain_access(request_of(ctx), question).await;
    Ok(explained.answer(ctx)?.into())
}

/// What somebody asks for by `role` and `customRoleId`.
///
/// # Errors
/// `Invalid` where the two do not fit; `NotFound` for an id that names nothing.
pub(super) fn assigned(role: MemberRole, custom: Option<&ID>) -> tenantry_kernel::Result<AssignedRole> {
    let role = match (role, custom) {
        (MemberRole::Custom, Some(id)) => return Ok(AssignedRole::Custom(parse_id(id, "role")?)),
        (MemberRole::Custom, None) => {
            return Err(Error::invalid("customRoleId", "With the role CUSTOM, say which one."));
        }
        (_, Some(_)) => {
            return Err(Error::invalid("customRoleId", "A role of your own goes with the role CUSTOM only."));
        }
        (role, None) => role,
    };
    Ok(AssignedRole::BuiltIn(role.built_in().ok_or_else(|| Error::internal("not a built-in role"))?))
}

/// What the actor is in a tenant as its member.
pub(super) fn member_role(request: &Ctx, tenant: TenantId) -> Option<MemberRole> {
    request.held_in(tenant).iter().find_map(|grant| match &grant.role {
        HeldRole::Member(role) => Some((*role).into()),
        HeldRole::Custom { .. } => Some(MemberRole::Custom),
        HeldRole::Reseller(_) | HeldRole::Support(_) | HeldRole::Outdated => None,
    })
}

/// A role that somebody has in a tenant. Its details, where it is the tenant's own, are loaded for a whole list at
/// once.
#[derive(Clone)]
pub(crate) struct Held {
    pub(super) tenant: TenantId,
    pub(super) role: AssignedRole,
    /// Who asks, where this request has just changed that.
    pub(super) fresh: Option<Fresh>,
}

impl Held {
    pub(super) fn new(tenant: TenantId, role: AssignedRole) -> Self {
        Self { tenant, role, fresh: None }
    }

    pub(super) async fn custom(&self, ctx: &Context<'_>) -> Result<Option<CustomRole>> {
        let Some(id) = self.role.custom() else { return Ok(None) };
        let loader = match &self.fresh {
            Some(fresh) => fresh.loader(),
            None => ctx.data::<DataLoader<ConditionLoader>>()?,
        };
        Ok(loader.load_one((self.tenant, id)).await?.map(|role| TenantRole::clone(&role).into()))
    }
}

#[async_trait::async_trait]
impl Loader<(TenantId, RoleId)> for ConditionLoader {
    type Value = Arc<TenantRole>;
    type Error = async_graphql::Error;

    async fn load(
        &self,
        keys: &[(TenantId, RoleId)],
    ) -> std::result::Result<HashMap<(TenantId, RoleId), Self::Value>, Self::Error> {
        self.counted();
        let mut tenants: BTreeMap<TenantId, Vec<RoleId>> = BTreeMap::new();
        for (tenant, role) in keys {
            tenants.entry(*tenant).or_default().push(*role);
        }
        let mut found = HashMap::with_capacity(keys.len());
        for (tenant, ids) in tenants {
            let roles = self.identity.roles_by_id(&self.ctx, tenant, &ids).await;
            let roles = roles.map_err(|e| to_graphql(e, self.ctx.request()))?;
            found.extend(roles.into_iter().map(|(id, role)| ((tenant, id), Arc::new(role))));
        }
        Ok(found)
    }
}
