//! The directory that provisions a tenant's people (SCIM): whether it is connected, its tokens, whom it has described, and
//! what its groups become.

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use tenantry_authz::Ctx;
use tenantry_identity as identity;
use tenantry_identity::{AssignedRole, CreateScimToken, MapGroup, SetProvisioning};
use tenantry_kernel::TenantId;
use tenantry_store::PageRequest;

use super::connection::{List, connection, page_cost};
use super::error::{Answer, Problem, parse_id, request_of};
use super::roles::{CustomRole, Held, assigned};
use super::types::MemberRole;
use crate::app::App;

/// A tenant's directory. Its tokens work at `url`, by SCIM 2.0 (RFC 7644).
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct Provisioning {
    /// While it is not, no token is good.
    enabled: bool,
    /// Where the directory is to send its requests.
    url: String,
    /// What somebody becomes who is in no group with a role.
    default_role: MemberRole,
    #[graphql(skip)]
    held: Held,
    #[graphql(skip)]
    request: Ctx,
}

#[ComplexObject]
impl Provisioning {
    /// The organisation's own role that people become. Null unless `defaultRole` is CUSTOM.
    async fn default_custom_role(&self, ctx: &Context<'_>) -> Result<Option<CustomRole>> {
        self.held.custom(ctx).await
    }

    /// Newest first. Those that are revoked or have expired stay for ninety days.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn tokens(
        &self,
        ctx: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
    ) -> Result<List<ProvisioningToken>> {
        let page = PageRequest::new(first, after);
        let rows = ctx.data::<App>()?.identity.scim_tokens(&self.request, self.held.tenant, &page).await;
        Ok(connection(rows.answer(ctx)?, &page, |it| (it.id.to_string(), it.into())))
    }

    /// The people whom the directory has described, newest first.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn users(
        &self,
        ctx: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
    ) -> Result<List<ProvisionedUser>> {
        let page = PageRequest::new(first, after);
        let rows =
            ctx.data::<App>()?.identity.provisioned_users(&self.request, self.held.tenant, &page).await;
        Ok(connection(rows.answer(ctx)?, &page, |it| (it.id.to_string(), it.into())))
    }

    /// The directory's groups, newest first.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn groups(
        &self,
        ctx: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
    ) -> Result<List<ProvisionedGroup>> {
        let page = PageRequest::new(first, after);
        let tenant = self.held.tenant;
        let rows = ctx.data::<App>()?.identity.provisioned_groups(&self.request, tenant, &page).await;
        Ok(connection(rows.answer(ctx)?, &page, |it| (it.id.to_string(), ProvisionedGroup::of(tenant, it))))
    }
}

impl Provisioning {
    fn of(app: &App, (request, tenant): (&Ctx, TenantId), set: identity::Provisioning) -> Self {
        Self {
            enabled: set.enabled,
            url: format!("{}/scim/v2", app.public.portal),
            default_role: set.role.into(),
            held: Held::new(tenant, set.role),
            request: request.clone(),
        }
    }
}

/// A secret by which the directory acts, with the authority over members of whoever made it.
#[derive(SimpleObject)]
pub(crate) struct ProvisioningToken {
    id: ID,
    name: String,
    /// The beginning of the secret, to know it by.
    prefix: String,
    created_at: DateTime<Utc>,
    /// The name of the member who made it.
    created_by: String,
    expires_at: DateTime<Utc>,
    /// Exact to a minute.
    last_used_at: Option<DateTime<Utc>>,
    last_used_from: Option<String>,
    revoked_at: Option<DateTime<Utc>>,
}

impl From<identity::ScimToken> for ProvisioningToken {
    fn from(token: identity::ScimToken) -> Self {
        Self {
            id: token.id.to_string().into(),
            name: token.name,
            prefix: token.prefix,
            created_at: token.created_at,
            created_by: token.maker_name,
            expires_at: token.expires_at,
            last_used_at: token.last_used_at,
            last_used_from: token.last_used_from,
            revoked_at: token.revoked_at,
        }
    }
}

/// A person as the directory describes them.
#[derive(SimpleObject)]
pub(crate) struct ProvisionedUser {
    id: ID,
    user_name: String,
    email: String,
    /// What the directory says.
    active: bool,
    /// Set once they are a member: until then they are invited.
    member_id: Option<ID>,
    updated_at: DateTime<Utc>,
}

impl From<identity::ProvisionedUser> for ProvisionedUser {
    fn from(user: identity::ProvisionedUser) -> Self {
        Self {
            id: user.id.to_string().into(),
            user_name: user.user_name,
            email: user.email,
            active: user.active,
            member_id: user.member.map(|id| id.to_string().into()),
            updated_at: user.updated_at,
        }
    }
}

/// A group of the directory.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct ProvisionedGroup {
    id: ID,
    display_name: String,
    /// What its members become; of several groups the strongest. Null: nothing.
    role: Option<MemberRole>,
    member_count: i64,
    updated_at: DateTime<Utc>,
    #[graphql(skip)]
    held: Option<Held>,
}

#[ComplexObject]
impl ProvisionedGroup {
    /// The organisation's own role that its members become. Null unless `role` is CUSTOM.
    async fn custom_role(&self, ctx: &Context<'_>) -> Result<Option<CustomRole>> {
        match &self.held {
            Some(held) => held.custom(ctx).await,
            None => Ok(None),
        }
    }
}

impl ProvisionedGroup {
    fn of(tenant: TenantId, group: identity::ProvisionedGroup) -> Self {
        Self {
            id: group.id.to_string().into(),
            display_name: group.display_name,
            role: group.role.map(Into::into),
            member_count: group.member_count,
            updated_at: group.updated_at,
            held: group.role.map(|role| Held::new(tenant, role)),
        }
    }
}

/// The directory of a tenant.
pub(super) async fn of_tenant(
    ctx: &Context<'_>,
    (request, tenant): (&Ctx, TenantId),
) -> Result<Provisioning> {
    let app = ctx.data::<App>()?;
    let set = app.identity.provisioning(request, tenant).await.answer(ctx)?;
    Ok(Provisioning::of(app, (request, tenant), set))
}

#[derive(InputObject)]
struct SetProvisioningInput {
    tenant_id: ID,
    /// Left out: as it is.
    enabled: Option<bool>,
    /// Left out: as it is.
    default_role: Option<MemberRole>,
    /// With the role CUSTOM: which of the organisation's own.
    default_custom_role_id: Option<ID>,
}

#[derive(InputObject)]
struct CreateProvisioningTokenInput {
    tenant_id: ID,
    name: String,
    /// At most 366 days ahead, and so where it is left out.
    expires_at: Option<DateTime<Utc>>,
}

#[derive(InputObject)]
struct ProvisioningTokenInput {
    tenant_id: ID,
    id: ID,
}

#[derive(InputObject)]
struct MapProvisionedGroupInput {
    tenant_id: ID,
    id: ID,
    /// Left out: its members become nothing by it.
    role: Option<MemberRole>,
    /// With the role CUSTOM: which of the organisation's own.
    custom_role_id: Option<ID>,
}

#[derive(SimpleObject)]
struct ProvisioningPayload {
    provisioning: Option<Provisioning>,
    problem: Option<Problem>,
}

#[derive(SimpleObject)]
struct ProvisioningTokenPayload {
    token: Option<ProvisioningToken>,
    /// Shown here and never again.
    secret: Option<String>,
    problem: Option<Problem>,
}

#[derive(SimpleObject)]
struct ProvisionedGroupPayload {
    group: Option<ProvisionedGroup>,
    problem: Option<Problem>,
}

/// A role that may be left out.
fn perhaps(role: Option<MemberRole>, own: Option<&ID>) -> tenantry_kernel::Result<Option<AssignedRole>> {
    role.map(|role| assigned(role, own)).transpose()
}

#[derive(Default)]
pub(super) struct ProvisioningMutation;

#[Object]
impl ProvisioningMutation {
    /// Connects the organisation's directory or disconnects it, and says what its people become.
    async fn set_provisioning(
        &self,
        ctx: &Context<'_>,
        input: SetProvisioningInput,
    ) -> Result<ProvisioningPayload> {
        let tenant = parse_id(&input.tenant_id, "tenant").answer(ctx)?;
        let role = match perhaps(input.default_role, input.default_custom_role_id.as_ref()).outcome(ctx)? {
            Ok(role) => role,
            Err(problem) => return Ok(ProvisioningPayload { provisioning: None, problem: Some(problem) }),
        };
        let (app, request) = (ctx.data::<App>()?, request_of(ctx));
        let set = SetProvisioning { tenant, enabled: input.enabled, role };
        Ok(match app.identity.set_provisioning(request, set).await.outcome(ctx)? {
            Ok(set) => ProvisioningPayload {
                provisioning: Some(Provisioning::of(app, (request, tenant), set)),
                problem: None,
            },
            Err(problem) => ProvisioningPayload { provisioning: None, problem: Some(problem) },
        })
    }

    /// Makes a token by which the directory acts with the viewer's authority over members. Only a person can.
    async fn create_provisioning_token(
        &self,
        ctx: &Context<'_>,
        input: CreateProvisioningTokenInput,
    ) -> Result<ProvisioningTokenPayload> {
        let tenant = parse_id(&input.tenant_id, "tenant").answer(ctx)?;
        let create = CreateScimToken { tenant, name: input.name, expires_at: input.expires_at };
        let made = ctx.data::<App>()?.identity.create_scim_token(request_of(ctx), create).await;
        Ok(match made.outcome(ctx)? {
            Ok(new) => ProvisioningTokenPayload {
                token: Some(new.token.into()),
                secret: Some(new.secret.expose().to_owned()),
                problem: None,
            },
            Err(problem) => ProvisioningTokenPayload { token: None, secret: None, problem: Some(problem) },
        })
    }

    /// Takes a token's power, at once and for good.
    async fn revoke_provisioning_token(
        &self,
        ctx: &Context<'_>,
        input: ProvisioningTokenInput,
    ) -> Result<ProvisioningTokenPayload> {
        let tenant = parse_id(&input.tenant_id, "tenant").answer(ctx)?;
        let id = parse_id(&input.id, "provisioning token").answer(ctx)?;
        let revoked = ctx.data::<App>()?.identity.revoke_scim_token(request_of(ctx), tenant, id).await;
        Ok(match revoked.outcome(ctx)? {
            Ok(token) => ProvisioningTokenPayload { token: Some(token.into()), secret: None, problem: None },
            Err(problem) => ProvisioningTokenPayload { token: None, secret: None, problem: Some(problem) },
        })
    }

    /// Gives a group of the directory a role, or none. Its members have it at once, if it is the strongest of theirs.
    async fn map_provisioned_group(
        &self,
        ctx: &Context<'_>,
        input: MapProvisionedGroupInput,
    ) -> Result<ProvisionedGroupPayload> {
        let tenant = parse_id(&input.tenant_id, "tenant").answer(ctx)?;
        let group = parse_id(&input.id, "group").answer(ctx)?;
        let role = match perhaps(input.role, input.custom_role_id.as_ref()).outcome(ctx)? {
            Ok(role) => role,
            Err(problem) => return Ok(ProvisionedGroupPayload { group: None, problem: Some(problem) }),
        };
        let map = MapGroup { tenant, group, role };
        let mapped = ctx.data::<App>()?.identity.map_group(request_of(ctx), map).await;
        Ok(match mapped.outcome(ctx)? {
            Ok(group) => {
                ProvisionedGroupPayload { group: Some(ProvisionedGroup::of(tenant, group)), problem: None }
            }
            Err(problem) => ProvisionedGroupPayload { group: None, problem: Some(problem) },
        })
    }
}
