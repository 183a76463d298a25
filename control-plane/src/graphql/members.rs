//! The people of a tenant: inviting, accepting, changing and removing.

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use tenantry_authz::{Actor, Ctx};
use tenantry_identity as identity;
use tenantry_identity::{AcceptOutcome, ChangeMemberRole, InviteMember};
use tenantry_kernel::{Error, Secret, TenantId};
use tenantry_store::PageRequest;

use super::connection::{List, connection};
use super::error::{Answer, Problem, parse_id, request_of};
use super::mutation::{PlainPayload, TenantPayload, bad_link, plain};
use super::query::TenantNode;
use super::roles::{CustomRole, Held, assigned};
use super::types::{Member, MemberRole};
use crate::app::App;

/// Somebody asked by mail into a tenant.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct Invitation {
    id: ID,
    email: String,
    role: MemberRole,
    /// The inviter's name.
    invited_by: String,
    created_at: DateTime<Utc>,
    /// Past it, the invitation can be sent again or revoked.
    expires_at: DateTime<Utc>,
    #[graphql(skip)]
    held: Held,
}

#[ComplexObject]
impl Invitation {
    /// The organisation's own role that it is to. Null unless `role` is CUSTOM.
    async fn custom_role(&self, ctx: &Context<'_>) -> Result<Option<CustomRole>> {
        self.held.custom(ctx).await
    }
}

impl Invitation {
    pub(super) fn of(tenant: TenantId, i: identity::Invitation) -> Self {
        Self {
            held: Held::new(tenant, i.role),
            id: i.id.to_string().into(),
            email: i.email,
            role: i.role.into(),
            invited_by: i.invited_by,
            created_at: i.created_at,
            expires_at: i.expires_at,
        }
    }
}

/// What an invitation says.
#[derive(SimpleObject)]
pub(crate) struct InvitationPreview {
    tenant_name: String,
    inviter_name: String,
    /// The address that the accepting account must have.
    email: String,
    role: MemberRole,
    expires_at: DateTime<Utc>,
}

#[derive(InputObject)]
struct InviteMemberInput {
    tenant_id: ID,
    email: String,
    role: MemberRole,
    /// With the role CUSTOM: which of the organisation's own.
    custom_role_id: Option<ID>,
}

#[derive(InputObject)]
struct InvitationInput {
    tenant_id: ID,
    id: ID,
}

#[derive(InputObject)]
pub(super) struct MemberInput {
    pub(super) tenant_id: ID,
    pub(super) user_id: ID,
}

#[derive(InputObject)]
struct ChangeMemberRoleInput {
    tenant_id: ID,
    user_id: ID,
    role: MemberRole,
    /// With the role CUSTOM: which of the organisation's own.
    custom_role_id: Option<ID>,
}

#[derive(SimpleObject)]
struct InvitationPayload {
    invitation: Option<Invitation>,
    problem: Option<Problem>,
}

#[derive(SimpleObject)]
pub(super) struct MemberPayload {
    pub(super) member: Option<Member>,
    pub(super) problem: Option<Problem>,
}

fn invited(
    tenant: TenantId,
    outcome: std::result::Result<identity::Invitation, Problem>,
) -> InvitationPayload {
    match outcome {
        Ok(invitation) => {
            InvitationPayload { invitation: Some(Invitation::of(tenant, invitation)), problem: None }
        }
        Err(problem) => InvitationPayload { invitation: None, problem: Some(problem) },
    }
}

#[derive(Default)]
pub(super) struct MemberMutation;

#[Object]
impl MemberMutation {
    /// Invites somebody by mail. The link works for seven days, and only for an account with that address.
    async fn invite_member(&self, ctx: &Context<'_>, input: InviteMemberInput) -> Result<InvitationPayload> {
        let tenant = parse_id(&input.tenant_id, "tenant").answer(ctx)?;
        let role = match assigned(input.role, input.custom_role_id.as_ref()).outcome(ctx)? {
            Ok(role) => role,
            Err(problem) => return Ok(invited(tenant, Err(problem))),
        };
        let invite = InviteMember { tenant, email: input.email, role };
        let created = ctx.data::<App>()?.identity.invite_member(request_of(ctx), invite).await;
        Ok(invited(tenant, created.outcome(ctx)?))
    }

    /// Sends an invitation again, with a new link and seven more days. The earlier link is dead.
    async fn resend_invitation(
        &self,
        ctx: &Context<'_>,
        input: InvitationInput,
    ) -> Result<InvitationPayload> {
        let tenant = parse_id(&input.tenant_id, "tenant").answer(ctx)?;
        let id = parse_id(&input.id, "invitation").answer(ctx)?;
        let sent = ctx.data::<App>()?.identity.resend_invitation(request_of(ctx), tenant, id).await;
        Ok(invited(tenant, sent.outcome(ctx)?))
    }

    /// Takes an invitation back: its link is dead.
    async fn revoke_invitation(&self, ctx: &Context<'_>, input: InvitationInput) -> Result<PlainPayload> {
        let tenant = parse_id(&input.tenant_id, "tenant").answer(ctx)?;
        let id = parse_id(&input.id, "invitation").answer(ctx)?;
        let revoked = ctx.data::<App>()?.identity.revoke_invitation(request_of(ctx), tenant, id).await;
        Ok(plain(revoked.outcome(ctx)?))
    }

    /// Makes the viewer a member, with the link of an invitation's mail.
    async fn accept_invitation(&self, ctx: &Context<'_>, token: String) -> Result<TenantPayload> {
        let app = ctx.data::<App>()?;
        let accepted = app.identity.accept_invitation(request_of(ctx), &Secret::new(token)).await;
        let remedy = "Ask whoever invited you to send the invitation again.";
        let problem = match accepted.outcome(ctx)? {
            Ok(AcceptOutcome::Accepted(id)) => return joined(ctx, id).await,
            Ok(AcceptOutcome::Expired) => bad_link(true, remedy),
            Ok(AcceptOutcome::InvalidLink) => bad_link(false, remedy),
            Ok(AcceptOutcome::OtherAddress { masked }) => Problem::new(
                "OTHER_ADDRESS",
                &format!("This invitation is for {masked}, and your account has another address."),
                "Log out, then log in or sign up with the invited address; or ask for an invitation to yours.",
            ),
            Err(problem) => problem,
        };
        Ok(TenantPayload { tenant: None, problem: Some(problem) })
    }

    /// Gives a member another role. A role with a right that one lacks cannot be given or taken.
    async fn change_member_role(
        &self,
        ctx: &Context<'_>,
        input: ChangeMemberRoleInput,
    ) -> Result<MemberPayload> {
        let tenant = parse_id(&input.tenant_id, "tenant").answer(ctx)?;
        let user = parse_id(&input.user_id, "member").answer(ctx)?;
        let role = match assigned(input.role, input.custom_role_id.as_ref()).outcome(ctx)? {
            Ok(role) => role,
            Err(problem) => return Ok(MemberPayload { member: None, problem: Some(problem) }),
        };
        let change = ChangeMemberRole { tenant, user, role };
        let changed = ctx.data::<App>()?.identity.change_member_role(request_of(ctx), change).await;
        Ok(match changed.outcome(ctx)? {
            Ok(member) => MemberPayload { member: Some(Member::of(tenant, member)), problem: None },
            Err(problem) => MemberPayload { member: None, problem: Some(problem) },
        })
    }

    /// Takes all second factors of a member away and ends their sessions, for whoever has lost them. Only of members who
    /// are in no other organisation; the platform's support does it for others. They are told by mail.
    async fn reset_member_factors(&self, ctx: &Context<'_>, input: MemberInput) -> Result<PlainPayload> {
        let tenant = parse_id(&input.tenant_id, "tenant").answer(ctx)?;
        let user = parse_id(&input.user_id, "member").answer(ctx)?;
        let reset = ctx.data::<App>()?.identity.reset_member_factors(request_of(ctx), tenant, user).await;
        Ok(plain(reset.outcome(ctx)?))
    }

    /// Removes a member; oneself: leaves. The last owner cannot go.
    async fn remove_member(&self, ctx: &Context<'_>, input: MemberInput) -> Result<PlainPayload> {
        let tenant = parse_id(&input.tenant_id, "tenant").answer(ctx)?;
        let user = parse_id(&input.user_id, "member").answer(ctx)?;
        let removed = ctx.data::<App>()?.identity.remove_member(request_of(ctx), tenant, user).await;
        Ok(plain(removed.outcome(ctx)?))
    }
}

/// The tenant that the viewer has just joined, or made: shown by the rights that came with it.
pub(super) async fn joined(ctx: &Context<'_>, id: TenantId) -> Result<TenantPayload> {
    let app = ctx.data::<App>()?;
    let request = as_of_now(app, request_of(ctx)).await.answer(ctx)?;
    let tenant = app.tenants.get(&request, id).await.answer(ctx)?;
    Ok(TenantPayload { tenant: Some(TenantNode::seen_by(tenant, request)), problem: None })
}

/// The same request with the roles that its person has now: it may just have changed them.
async fn as_of_now(app: &App, request: &Ctx) -> tenantry_kernel::Result<Ctx> {
    let Actor::User { session, .. } = request.actor() else {
        return Err(Error::unauthenticated());
    };
    let now = app.identity.alive(*session).await?.ok_or_else(Error::unauthenticated)?;
    Ok(request.clone().with_grants(now.grants).with_assurance(now.assurance))
}

/// What an invitation says, for whoever holds its link.
pub(super) async fn preview(ctx: &Context<'_>, token: String) -> Result<Option<InvitationPreview>> {
    let app = ctx.data::<App>()?;
    let found = app.identity.invitation(request_of(ctx), &Secret::new(token)).await.answer(ctx)?;
    let Some(found) = found else { return Ok(None) };
    let tenant_name = app.tenants.name_for_invited(found.tenant).await.answer(ctx)?;
    Ok(tenant_name.map(|tenant_name| InvitationPreview {
        tenant_name,
        inviter_name: found.inviter_name,
        email: found.email,
        role: found.role.into(),
        expires_at: found.expires_at,
    }))
}

/// The open invitations of a tenant.
pub(super) async fn invitations(
    ctx: &Context<'_>,
    (request, tenant): (&Ctx, TenantId),
    page: PageRequest,
) -> Result<List<Invitation>> {
    let rows = ctx.data::<App>()?.identity.invitations(request, tenant, &page).await.answer(ctx)?;
    Ok(connection(rows, &page, |i| (i.id.to_string(), Invitation::of(tenant, i))))
}
