//! Owners, and the sessions of a tenant's members.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use tenantry_authz::Ctx;
use tenantry_identity as identity;
use tenantry_kernel::TenantId;

use super::error::{Answer, Problem, parse_id, request_of};
use super::members::{MemberInput, MemberPayload};
use super::mutation::{PlainPayload, plain};
use super::types::Member;
use crate::app::App;
use crate::tenants::TransferOwnership;

/// How long a session may be used in an organisation. Null: as long as the platform lets it.
#[derive(SimpleObject)]
pub(crate) struct SessionPolicy {
    /// Minutes without use, known to a minute.
    idle_minutes: Option<i32>,
    /// Minutes since the log-in.
    absolute_minutes: Option<i32>,
}

impl From<identity::SessionPolicy> for SessionPolicy {
    fn from(p: identity::SessionPolicy) -> Self {
        Self { idle_minutes: p.idle_minutes, absolute_minutes: p.absolute_minutes }
    }
}

#[derive(InputObject)]
struct TransferOwnershipInput {
    tenant_id: ID,
    /// The member who becomes an owner.
    user_id: ID,
    /// The organisation's address (slug), typed again.
    confirm_slug: String,
    /// Whether the viewer stays an owner. Otherwise they become an administrator.
    #[graphql(default_with = "Some(false)")]
    stay: Option<bool>,
}

#[derive(InputObject)]
struct UpdateSessionPolicyInput {
    tenant_id: ID,
    /// 5 to 20160. Null: no limit of the organisation's own.
    idle_minutes: Option<i32>,
    /// 15 to 43200. Null: no limit of the organisation's own.
    absolute_minutes: Option<i32>,
}

#[derive(SimpleObject)]
struct SessionPolicyPayload {
    policy: Option<SessionPolicy>,
    problem: Option<Problem>,
}

#[derive(Default)]
pub(super) struct PeopleMutation;

#[Object]
impl PeopleMutation {
    /// Makes another member an owner and the viewer, who is one, an administrator: both at once, or neither.
    async fn transfer_ownership(
        &self,
        ctx: &Context<'_>,
        input: TransferOwnershipInput,
    ) -> Result<MemberPayload> {
        let transfer = TransferOwnership {
            tenant: parse_id(&input.tenant_id, "tenant").answer(ctx)?,
            to: parse_id(&input.user_id, "member").answer(ctx)?,
            confirm_slug: input.confirm_slug,
            stay: input.stay.unwrap_or(false),
        };
        let tenant = transfer.tenant;
        let done = ctx.data::<App>()?.tenants.transfer_ownership(request_of(ctx), transfer).await;
        Ok(match done.outcome(ctx)? {
            Ok(member) => MemberPayload { member: Some(Member::of(tenant, member)), problem: None },
            Err(problem) => MemberPayload { member: None, problem: Some(problem) },
        })
    }

    /// Ends a member's sessions in this organisation: they have to log in again before they act here. In other
    /// organisations their sessions go on.
    async fn end_member_sessions(&self, ctx: &Context<'_>, input: MemberInput) -> Result<PlainPayload> {
        let tenant = parse_id(&input.tenant_id, "tenant").answer(ctx)?;
        let user = parse_id(&input.user_id, "member").answer(ctx)?;
        let ended = ctx.data::<App>()?.identity.end_member_sessions(request_of(ctx), tenant, user).await;
        Ok(plain(ended.outcome(ctx)?))
    }

    /// Sets how long a session may be used in the organisation. It counts at once, for the viewer's own session as well:
    /// one that is too old gets the error SESSION_TOO_OLD here until its person logs in again.
    async fn update_session_policy(
        &self,
        ctx: &Context<'_>,
        input: UpdateSessionPolicyInput,
    ) -> Result<SessionPolicyPayload> {
        let tenant = parse_id(&input.tenant_id, "tenant").answer(ctx)?;
        let policy = identity::SessionPolicy {
            idle_minutes: input.idle_minutes,
            absolute_minutes: input.absolute_minutes,
        };
        let set = ctx.data::<App>()?.identity.set_session_policy(request_of(ctx), tenant, policy).await;
        Ok(match set.outcome(ctx)? {
            Ok(policy) => SessionPolicyPayload { policy: Some(policy.into()), problem: None },
            Err(problem) => SessionPolicyPayload { policy: None, problem: Some(problem) },
        })
    }
}

pub(super) async fn policy(ctx: &Context<'_>, (request, tenant): (&Ctx, TenantId)) -> Result<SessionPolicy> {
    Ok(ctx.data::<App>()?.identity.session_policy(request, tenant).await.answer(ctx)?.into())
}
