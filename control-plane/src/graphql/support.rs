//! A tenant's consent to the platform's support staff.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use tenantry_authz::Ctx;
use tenantry_identity as identity;
use tenantry_identity::GrantAccess;
use tenantry_kernel::TenantId;
use tenantry_store::PageRequest;

use super::connection::{List, connection};
use super::error::{Answer, Problem, parse_id, request_of};
use crate::app::App;

/// What staff may do.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "identity::Level")]
pub(crate) enum SupportLevel {
    /// See what a viewer and an administrator see, and change nothing.
    Read,
    /// Also start, stop and change instances, and manage webhooks.
    Write,
}

/// How staff came to an access.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "identity::AccessKind")]
pub(crate) enum SupportAccessKind {
    /// An owner or administrator gave it.
    Consent,
    /// A platform administrator took it, without consent: to read, for at most an hour. All owners were told by mail.
    BreakGlass,
}

/// What lets the platform's support staff into an organisation for a while.
#[derive(SimpleObject)]
pub(crate) struct SupportAccess {
    pub(crate) id: ID,
    pub(crate) kind: SupportAccessKind,
    pub(crate) level: SupportLevel,
    pub(crate) reason: String,
    /// The name of the member who gave it, or the address of the platform administrator who took it.
    pub(crate) granted_by: String,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) starts_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) revoked_at: Option<DateTime<Utc>>,
    /// When somebody last used it, to the minute.
    pub(crate) last_used_at: Option<DateTime<Utc>>,
    /// Whether it lets anybody in now.
    pub(crate) active: bool,
}

impl SupportAccess {
    fn at(now: DateTime<Utc>, a: identity::SupportAccess) -> Self {
        Self {
            active: a.is_active(now),
            id: a.id.to_string().into(),
            kind: a.kind.into(),
            level: a.level.into(),
            reason: a.reason,
            granted_by: a.granted_by,
            created_at: a.created_at,
            starts_at: a.starts_at,
            expires_at: a.expires_at,
            revoked_at: a.revoked_at,
            last_used_at: a.last_used_at,
        }
    }
}

#[derive(SimpleObject)]
pub(crate) struct SupportAccessPayload {
    access: Option<SupportAccess>,
    problem: Option<Problem>,
}

impl SupportAccessPayload {
    pub(crate) fn of(
        ctx: &Context<'_>,
        outcome: std::result::Result<identity::SupportAccess, Problem>,
    ) -> Self {
        match outcome {
            Ok(access) => {
                Self { access: Some(SupportAccess::at(request_of(ctx).now(), access)), problem: None }
            }
            Err(problem) => Self { access: None, problem: Some(problem) },
        }
    }
}

#[derive(InputObject)]
struct GrantSupportAccessInput {
    tenant_id: ID,
    level: SupportLevel,
    /// What staff is to do: 1 to 500 characters.
    reason: String,
    /// 1 to 168.
    hours: i32,
    /// When it begins: now, unless given; at most 30 days ahead.
    starts_at: Option<DateTime<Utc>>,
}

#[derive(InputObject)]
struct RevokeSupportAccessInput {
    tenant_id: ID,
    id: ID,
}

#[derive(Default)]
pub(super) struct SupportMutation;

#[Object]
impl SupportMutation {
    /// Lets the platform's support staff into the organisation for a while. What they do and look at stands in its
    /// audit trail.
    async fn grant_support_access(
        &self,
        ctx: &Context<'_>,
        input: GrantSupportAccessInput,
    ) -> Result<SupportAccessPayload> {
        let grant = GrantAccess {
            tenant: parse_id(&input.tenant_id, "support-access").answer(ctx)?,
            level: input.level.into(),
            reason: input.reason,
            starts_at: input.starts_at,
            hours: input.hours,
        };
        let granted = ctx.data::<App>()?.identity.grant_support_access(request_of(ctx), grant).await;
        Ok(SupportAccessPayload::of(ctx, granted.outcome(ctx)?))
    }

    /// Ends an access, consent or broken glass. The next request by it is refused. Repeating it changes nothing.
    async fn revoke_support_access(
        &self,
        ctx: &Context<'_>,
        input: RevokeSupportAccessInput,
    ) -> Result<SupportAccessPayload> {
        let tenant = parse_id(&input.tenant_id, "support-access").answer(ctx)?;
        let id = parse_id(&input.id, "support access").answer(ctx)?;
        let revoked = ctx.data::<App>()?.identity.revoke_support_access(request_of(ctx), tenant, id).await;
        Ok(SupportAccessPayload::of(ctx, revoked.outcome(ctx)?))
    }
}

/// The accesses of a tenant, newest first.
pub(super) async fn of_tenant(
    ctx: &Context<'_>,
    (request, tenant): (&Ctx, TenantId),
    page: PageRequest,
) -> Result<List<SupportAccess>> {
    let rows = ctx.data::<App>()?.identity.support_access(request, tenant, &page).await.answer(ctx)?;
    let now = request.now();
    Ok(connection(rows, &page, |a| (a.id.to_string(), SupportAccess::at(now, a))))
}
