//! API types: what the schema shows of the domain.

use async_graphql::{ComplexObject, Context, Enum, ID, Result, SimpleObject};
use chrono::{DateTime, Utc};
use tenantry_authz::{Ctx, Role};
use tenantry_billing as billing;
use tenantry_identity as identity;
use tenantry_kernel::{InstanceId, TenantId};
use tenantry_provisioner::instances;
use tenantry_store::PageRequest;

use super::error::{Answer, request_of};
use super::nested::EventsKey;
use crate::app::App;

/// The person who is logged in.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct Viewer {
    pub(crate) id: ID,
    pub(crate) email: String,
    pub(crate) name: String,
    /// Whether the address is proven.
    pub(crate) email_verified: bool,
    /// Whether the viewer is of the platform's staff, for whom there is `/admin/graphql`.
    pub(crate) is_operator: bool,
    /// Who this is, where the request itself came from somebody else: from nobody, before a log-in.
    #[graphql(skip)]
    pub(crate) fresh: Option<Ctx>,
}

/// A tenant and what the viewer is in it.
#[derive(SimpleObject)]
pub(crate) struct Membership {
    pub(crate) role: MemberRole,
    /// Whether the tenant demands a second factor that the viewer lacks: nothing else of it is answered then.
    pub(crate) needs_second_factor: bool,
    pub(crate) tenant: super::query::TenantNode,
}

#[ComplexObject]
impl Viewer {
    /// What the viewer proves themselves with.
    async fn security(&self, ctx: &Context<'_>) -> Result<super::factors::Security> {
        super::factors::Security::of(ctx, self.fresh.as_ref().unwrap_or_else(|| request_of(ctx))).await
    }

    /// The tenants that the viewer belongs to, by name.
    async fn memberships(&self, ctx: &Context<'_>) -> Result<Vec<Membership>> {
        let app = ctx.data::<App>()?;
        let request = self.fresh.as_ref().unwrap_or_else(|| request_of(ctx));
        let tenants = app.tenants.of_viewer(request).await.answer(ctx)?;
        Ok(tenants
            .into_iter()
            .filter_map(|t| {
                let role = super::roles::member_role(request, t.id)?;
                let needs_second_factor = request.lacks_factor_in(t.id);
                let mut tenant = super::query::TenantNode::from(t);
                tenant.fresh = self.fresh.clone();
                Some(Membership { role, needs_second_factor, tenant })
            })
            .collect())
    }

    /// The organisations of the viewer's that want a newer log-in than this session's: nothing of theirs is shown before.
    #[graphql(complexity = "10 + child_complexity")]
    async fn outdated_tenants(&self, ctx: &Context<'_>) -> Result<Vec<super::sessions::OutdatedTenant>> {
        super::sessions::outdated(ctx, self.fresh.as_ref().unwrap_or_else(|| request_of(ctx))).await
    }

    /// The browsers in which the viewer is logged in, the newest log-in first.
    #[graphql(complexity = "crate::graphql::connection::page_cost(first, child_complexity)")]
    async fn sessions(
        &self,
        ctx: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
    ) -> Result<super::connection::List<super::sessions::UserSession>> {
        let request = self.fresh.as_ref().unwrap_or_else(|| request_of(ctx));
        super::sessions::of_viewer(ctx, request, PageRequest::new(first, after)).await
    }

    /// The tenants that the viewer belongs to and cannot act in with this session: they demand another way in.
    async fn unreachable(&self, ctx: &Context<'_>) -> Result<Vec<super::sso::UnreachableTenant>> {
        super::sso::unreachable(ctx, self.fresh.as_ref().unwrap_or_else(|| request_of(ctx))).await
    }
}

impl From<identity::User> for Viewer {
    fn from(user: identity::User) -> Self {
        Self {
            id: user.id.to_string().into(),
            email: user.email,
            name: user.name,
            email_verified: user.email_verified,
            is_operator: user.is_staff,
            fresh: None,
        }
    }
}

/// What a member may do in a tenant.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MemberRole {
    Owner,
    Admin,
    Developer,
    Billing,
    Viewer,
    /// A role of the organisation's own.
    Custom,
}

impl MemberRole {
    pub(super) fn built_in(self) -> Option<Role> {
        match self {
            Self::Owner => Some(Role::Owner),
            Self::Admin => Some(Role::Admin),
            Self::Developer => Some(Role::Developer),
            Self::Billing => Some(Role::Billing),
            Self::Viewer => Some(Role::Viewer),
            Self::Custom => None,
        }
    }
}

impl From<identity::AssignedRole> for MemberRole {
    fn from(role: identity::AssignedRole) -> Self {
        match role {
            identity::AssignedRole::BuiltIn(role) => role.into(),
            identity::AssignedRole::Custom(_) => Self::Custom,
        }
    }
}

impl From<Role> for MemberRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Owner => Self::Owner,
            Role::Admin => Self::Admin,
            Role::Developer => Self::Developer,
            Role::Billing => Self::Billing,
            Role::Viewer => Self::Viewer,
        }
    }
}

/// A person in a tenant.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct Member {
    pub(crate) user_id: ID,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) role: MemberRole,
    pub(crate) joined_at: DateTime<Utc>,
    #[graphql(skip)]
    pub(crate) held: super::roles::Held,
}

#[ComplexObject]
impl Member {
    /// The organisation's own role that the member holds. Null unless `role` is CUSTOM.
    async fn custom_role(&self, ctx: &Context<'_>) -> Result<Option<super::roles::CustomRole>> {
        self.held.custom(ctx).await
    }
}

impl Member {
    pub(crate) fn of(tenant: TenantId, m: identity::Member) -> Self {
        Self {
            held: super::roles::Held::new(tenant, m.role),
            user_id: m.user_id.to_string().into(),
            email: m.email,
            name: m.name,
            role: m.role.into(),
            joined_at: m.joined_at,
        }
    }
}

/// A place where instances run.
#[derive(SimpleObject)]
pub(crate) struct Region {
    pub(crate) code: String,
    pub(crate) name: String,
    /// Where the data stays, as an ISO 3166 country code or EU.
    pub(crate) residency: String,
    /// Whether it takes new instances now.
    pub(crate) has_room: bool,
    /// The median time from creation to ready of the last boots here, in seconds; null when there is no experience
    /// yet.
    pub(crate) ready_seconds: Option<i32>,
}

impl From<instances::Region> for Region {
    fn from(r: instances::Region) -> Self {
        Self {
            has_room: r.used < i64::from(r.capacity),
            ready_seconds: r.ready_seconds,
            code: r.code,
            name: r.name,
            residency: r.residency,
        }
    }
}

/// Limits and prices. Money is in minor units (cents) of the currency.
#[derive(SimpleObject)]
pub(crate) struct Plan {
    pub(crate) code: String,
    pub(crate) version: i32,
    pub(crate) name: String,
    pub(crate) currency: String,
    /// A calendar month.
    pub(crate) base_price_minor: i64,
    pub(crate) included_executions: i64,
    /// The price of one execution beyond, a decimal in minor units. Null: not sold on this plan.
    pub(crate) extra_execution_price: Option<String>,
    pub(crate) max_instances: i32,
    pub(crate) max_members: i32,
    pub(crate) concurrent_executions: i32,
    pub(crate) cpu_millis: i32,
    pub(crate) memory_mib: i32,
    pub(crate) storage_mib: i32,
}

impl From<billing::Plan> for Plan {
    fn from(p: billing::Plan) -> Self {
        Self {
            code: p.code,
            version: p.version,
            name: p.name,
            currency: p.currency.to_string(),
            base_price_minor: p.base_price_minor,
            included_executions: p.included_executions,
            extra_execution_price: p.extra_execution_price.map(|d| d.normalize().to_string()),
            max_instances: p.max_instances,
            max_members: p.max_members,
            concurrent_executions: p.concurrent_executions,
            cpu_millis: p.cpu_millis,
            memory_mib: p.memory_mib,
            storage_mib: p.storage_mib,
        }
    }
}

/// A tenant's plan since a moment.
#[derive(SimpleObject)]
pub(crate) struct PlanSubscription {
    pub(crate) id: ID,
    pub(crate) plan: Plan,
    pub(crate) started_at: DateTime<Utc>,
}

impl From<billing::Subscription> for PlanSubscription {
    fn from(s: billing::Subscription) -> Self {
        Self { id: s.id.to_string().into(), plan: s.plan.into(), started_at: s.started_at }
    }
}

/// How far an instance is.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "instances::Phase")]
pub(crate) enum InstancePhase {
    Queued,
    Database,
    Starting,
    Migrating,
    Owner,
    Ready,
    Stopping,
    Stopped,
    Failed,
    Deleting,
    Deleted,
}

/// What is wanted of an instance.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "instances::Desired")]
pub(crate) enum DesiredState {
    Running,
    Stopped,
    Deleted,
}

/// Why the last attempt failed, and what to do.
#[derive(SimpleObject)]
pub(crate) struct InstanceFailure {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) remedy: String,
    /// When it is tried again by itself.
    pub(crate) next_attempt_at: DateTime<Utc>,
}

/// A step in an instance's life.
#[derive(SimpleObject)]
pub(crate) struct InstanceEvent {
    pub(crate) at: DateTime<Utc>,
    pub(crate) phase: InstancePhase,
    pub(crate) message: String,
}

/// One n8n with its database, key, volume and URL.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct Instance {
    pub(crate) id: ID,
    pub(crate) name: String,
    pub(crate) slug: String,
    pub(crate) region: String,
    pub(crate) n8n_version: String,
    pub(crate) phase: InstancePhase,
    pub(crate) desired: DesiredState,
    pub(crate) failure: Option<InstanceFailure>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) ready_at: Option<DateTime<Utc>>,
    /// From the start of its process to n8n's own readiness, in milliseconds.
    pub(crate) boot_millis: Option<i32>,
    /// When a deleted instance's data goes for good. Until then it can be restored.
    pub(crate) delete_at: Option<DateTime<Utc>>,
    #[graphql(skip)]
    pub(crate) key: (TenantId, InstanceId),
    /// Who asks, where this request has just changed that.
    #[graphql(skip)]
    pub(crate) fresh: Option<super::condition::Fresh>,
}

#[ComplexObject]
impl Instance {
    /// Where it is reached.
    async fn url(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(ctx.data::<App>()?.public.instance(&self.slug, &self.region))
    }

    /// Opens its editor, logged in: an address of the instance's own host.
    async fn open_url(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(ctx.data::<App>()?.public.open(&self.slug, &self.region))
    }

    /// Whether it serves, as its region's worker saw it within the last seconds.
    async fn health(&self, ctx: &Context<'_>) -> Result<super::condition::InstanceHealth> {
        Ok(super::condition::of(ctx, (self.fresh.as_ref(), self.key)).await?.health.into())
    }

    /// What it uses of what its plan gives it.
    async fn resources(&self, ctx: &Context<'_>) -> Result<super::condition::InstanceResources> {
        Ok(super::condition::of(ctx, (self.fresh.as_ref(), self.key)).await?.resources.into())
    }

    /// Finished executions, newest first.
    #[graphql(complexity = "crate::graphql::connection::page_cost(first, child_complexity)")]
    async fn executions(
        &self,
        ctx: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
    ) -> Result<super::connection::List<super::executions::Execution>> {
        super::executions::of(ctx, (self.fresh.as_ref(), self.key), PageRequest::new(first, after)).await
    }

    /// Its newest 100 steps, oldest of them first.
    async fn events(&self, ctx: &Context<'_>) -> Result<Vec<InstanceEvent>> {
        let events = super::nested::of(ctx, self.fresh.as_ref(), EventsKey(self.key.0, self.key.1)).await?;
        Ok(events
            .unwrap_or_default()
            .into_iter()
            .map(|e| InstanceEvent { at: e.at, phase: e.phase.into(), message: e.message })
            .collect())
    }
}

impl From<instances::Instance> for Instance {
    fn from(i: instances::Instance) -> Self {
        let next_attempt_at = i.next_attempt_at;
        Self {
            id: i.id.to_string().into(),
            name: i.name,
            slug: i.slug,
            region: i.region,
            n8n_version: i.n8n_version,
            phase: i.phase.into(),
            desired: i.desired.into(),
            failure: i.failure.map(|f| InstanceFailure {
                code: f.code,
                message: f.message,
                remedy: f.remedy,
                next_attempt_at,
            }),
            created_at: i.created_at,
            ready_at: i.ready_at,
            boot_millis: i.boot_millis,
            delete_at: i.delete_at,
            key: (i.tenant, i.id),
            fresh: None,
        }
    }
}

/// By what usage is summed up.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "billing::UsageGroup")]
pub(crate) enum UsageGroup {
    Hour,
    Day,
    Instance,
    Workflow,
}

/// Executions of one hour, day, instance or workflow, as asked for.
#[derive(SimpleObject)]
pub(crate) struct UsageRow {
    /// The beginning of the hour or day, in UTC.
    pub(crate) from: Option<DateTime<Utc>>,
    pub(crate) instance_id: Option<ID>,
    pub(crate) workflow_id: Option<String>,
    /// All finished executions.
    pub(crate) executions: i64,
    /// Those that count for the plan: production runs that are not part of another.
    pub(crate) billable: i64,
    pub(crate) failed: i64,
}

/// Sums over a span of time.
#[derive(SimpleObject)]
pub(crate) struct UsageTotals {
    pub(crate) executions: i64,
    pub(crate) billable: i64,
    pub(crate) failed: i64,
}

/// The running period's invoice as it would be now.
#[derive(SimpleObject)]
pub(crate) struct InvoicePreview {
    pub(crate) period_start: DateTime<Utc>,
    pub(crate) period_end: DateTime<Utc>,
    pub(crate) as_of: DateTime<Utc>,
    pub(crate) currency: String,
    pub(crate) lines: Vec<InvoiceLine>,
    /// The sum of the lines, in minor units.
    pub(crate) total_minor: i64,
}

/// One line, rounded once, here.
#[derive(SimpleObject)]
pub(crate) struct InvoiceLine {
    pub(crate) description: String,
    /// How the amount comes about, with the numbers in it.
    pub(crate) explanation: String,
    pub(crate) quantity: String,
    /// A decimal in minor units.
    pub(crate) unit_price_minor: String,
    pub(crate) amount_minor: i64,
}

impl From<billing::InvoicePreview> for InvoicePreview {
    fn from(p: billing::InvoicePreview) -> Self {
        let line = |l: billing::InvoiceLine| InvoiceLine {
            description: l.description,
            explanation: l.explanation,
            quantity: l.quantity.normalize().to_string(),
            unit_price_minor: l.unit_price_minor.normalize().to_string(),
            amount_minor: l.amount_minor,
        };
        Self {
            period_start: p.period_start,
            period_end: p.period_end,
            as_of: p.as_of,
            currency: p.currency.to_string(),
            lines: p.lines.into_iter().map(line).collect(),
            total_minor: p.total_minor,
        }
    }
}
