use async_graphql::{ComplexObject, Context, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use tenantry_authz::Ctx;
use tenantry_billing::UsageQuery;
use tenantry_kernel::TenantId;
use tenantry_provisioner::instances::Address;
use tenantry_store::{PageRequest, SearchText};
use tokio::sync::OnceCell;

use super::condition::Fresh;
use super::connection::{List, connection};
use super::error::{Answer, parse_id, request_of};
use super::types::{
    Instance, InvoicePreview, Member, MemberRole, Plan, PlanSubscription, Region, UsageGroup, UsageRow,
    UsageTotals, Viewer,
};
use super::{lists, members};
use crate::app::App;
use crate::tenants;

pub struct Query;

#[Object]
impl Query {
    /// Whoever is logged in; null for nobody.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<Option<Viewer>> {
        let request = request_of(ctx);
        if request.user().is_err() {
            return Ok(None);
        }
        let user = ctx.data::<App>()?.identity.viewer(request).await.answer(ctx)?;
        Ok(Some(user.into()))
    }

    #[graphql(entity)]
    async fn find_tenant_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<TenantNode>> {
        lists::tenant_entity(ctx, &id).await
    }

    #[graphql(entity)]
    async fn find_instance_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Instance>> {
        lists::instance_entity(ctx, &id).await
    }

    /// The plans on sale, smallest first.
    async fn plans(&self, ctx: &Context<'_>) -> Result<Vec<Plan>> {
        let plans = ctx.data::<App>()?.billing.plans().await.answer(ctx)?;
        Ok(plans.into_iter().map(Plan::from).collect())
    }

    /// The regions that take instances.
    async fn regions(&self, ctx: &Context<'_>) -> Result<Vec<Region>> {
        let regions = ctx.data::<App>()?.instances.regions().await.answer(ctx)?;
        Ok(regions.into_iter().map(Region::from).collect())
    }

    /// Whether an address is free in a region, and what it would be. `tenantId` is null before the first organisation
    /// exists.
    #[graphql(complexity = "100 + child_complexity")]
    async fn address_check(
        &self,
        ctx: &Context<'_>,
        tenant_id: Option<ID>,
        region: String,
        slug: String,
    ) -> Result<super::address::AddressCheck> {
        super::address::check(ctx, tenant_id, Address { region, slug }).await
    }

    /// What an invitation says, for whoever holds its link. Null: unknown, used, revoked or expired.
    async fn invitation(
        &self,
        ctx: &Context<'_>,
        token: String,
    ) -> Result<Option<members::InvitationPreview>> {
        members::preview(ctx, token).await
    }

    /// The identity providers that one can log in by. With an address, the connection of its domain's organisation is
    /// the first of them. The answer tells nothing about accounts.
    async fn ways_in(&self, ctx: &Context<'_>, email: Option<String>) -> Result<Vec<super::sso::WayIn>> {
        super::sso::ways_in(ctx, email).await
    }

    /// The connection that whoever holds a link sets up. Null: unknown, void or expired.
    async fn sso_setup(&self, ctx: &Context<'_>, token: String) -> Result<Option<super::sso::SsoSetup>> {
        super::sso::to_set_up(ctx, token).await
    }

    /// Why somebody may do something in a tenant, or may not, and who could change it. About oneself (`actor` is null),
    /// each member may ask; about others, who sees them.
    #[graphql(complexity = "20 + child_complexity")]
    async fn explain_access(
        &self,
        ctx: &Context<'_>,
        tenant_id: ID,
        actor: Option<ID>,
        right: String,
    ) -> Result<super::roles::AccessExplanation> {
        super::roles::explain(ctx, (tenant_id, actor, right)).await
    }

    /// A tenant that the viewer belongs to.
    async fn tenant(&self, ctx: &Context<'_>, id: ID) -> Result<TenantNode> {
        let id = parse_id(&id, "tenant").answer(ctx)?;
        ctx.data::<App>()?.tenants.ensure_visible(request_of(ctx), id).answer(ctx)?;
        Ok(TenantNode::of(id, OnceCell::new()))
    }
}

/// An organisation.
#[derive(SimpleObject)]
#[graphql(complex, name = "Tenant")]
pub(crate) struct TenantNode {
    pub(crate) id: ID,
    #[graphql(skip)]
    key: TenantId,
    /// Its own row, read when a field of it is asked for: most requests come for what is in the tenant.
    #[graphql(skip)]
    row: OnceCell<tenants::Tenant>,
    /// The viewer's roles, where this request has just changed them.
    #[graphql(skip)]
    pub(crate) fresh: Option<Ctx>,
}

impl TenantNode {
    fn of(key: TenantId, row: OnceCell<tenants::Tenant>) -> Self {
        Self { id: key.to_string().into(), key, row, fresh: None }
    }

    async fn row(&self, ctx: &Context<'_>) -> Result<&tenants::Tenant> {
        let tenants = &ctx.data::<App>()?.tenants;
        self.row.get_or_try_init(|| tenants.get(self.request(ctx), self.key)).await.answer(ctx)
    }

    /// The tenant as the viewer sees it after this request's own change.
    pub(super) fn seen_by(tenant: tenants::Tenant, request: Ctx) -> Self {
        Self { fresh: Some(request), ..tenant.into() }
    }

    /// Whoever asks for what is in the tenant.
    pub(super) fn request<'a>(&'a self, ctx: &'a Context<'_>) -> &'a Ctx {
        self.fresh.as_ref().unwrap_or_else(|| request_of(ctx))
    }
}

impl From<tenants::Tenant> for TenantNode {
    fn from(t: tenants::Tenant) -> Self {
        Self::of(t.id, OnceCell::new_with(Some(t)))
    }
}

#[ComplexObject]
impl TenantNode {
    async fn slug(&self, ctx: &Context<'_>) -> Result<&str> {
        Ok(&self.row(ctx).await?.slug)
    }

    async fn name(&self, ctx: &Context<'_>) -> Result<&str> {
        Ok(&self.row(ctx).await?.name)
    }

    async fn status(&self, ctx: &Context<'_>) -> Result<&str> {
        Ok(&self.row(ctx).await?.status)
    }

    async fn created_at(&self, ctx: &Context<'_>) -> Result<DateTime<Utc>> {
        Ok(self.row(ctx).await?.created_at)
    }

    /// The viewer's role here. Null: the viewer is no member, but of the platform's staff, here by a support access.
    async fn viewer_role(&self, ctx: &Context<'_>) -> Result<Option<MemberRole>> {
        Ok(super::roles::member_role(self.request(ctx), self.key))
    }

    /// Whether members need a second factor.
    async fn mfa_required(&self, ctx: &Context<'_>) -> Result<bool> {
        ctx.data::<App>()?.identity.mfa_required(self.request(ctx), self.key).await.answer(ctx)
    }

    /// What the viewer may do here, as `resource:action` (e.g. instance:create, member:manage).
    async fn viewer_rights(&self, ctx: &Context<'_>) -> Result<Vec<String>> {
        Ok(self.request(ctx).rights_in(self.key))
    }

    /// Open invitations, newest first. An expired one stays in the list for a while, to be sent again or revoked.
    #[graphql(complexity = "crate::graphql::connection::page_cost(first, child_complexity)")]
    async fn invitations(
        &self,
        ctx: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
    ) -> Result<List<members::Invitation>> {
        members::invitations(ctx, (self.request(ctx), self.key), PageRequest::new(first, after)).await
    }

    /// The roles that it has made for itself, oldest first.
    #[graphql(complexity = "crate::graphql::connection::page_cost(first, child_complexity)")]
    async fn roles(
        &self,
        ctx: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
    ) -> Result<List<super::roles::CustomRole>> {
        let page = PageRequest::new(first, after);
        super::roles::of_tenant(ctx, (self.request(ctx), self.key), page).await
    }

    /// API keys, newest first. Revoked and expired ones stay in the list for ninety days.
    #[graphql(complexity = "crate::graphql::connection::page_cost(first, child_complexity)")]
    async fn api_keys(
        &self,
        ctx: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
    ) -> Result<List<super::credentials::ApiKey>> {
        let page = PageRequest::new(first, after);
        super::credentials::api_keys(ctx, (self.request(ctx), self.key), page).await
    }

    /// Programs that act for it in their own name, newest first.
    #[graphql(complexity = "crate::graphql::connection::page_cost(first, child_complexity)")]
    async fn service_accounts(
        &self,
        ctx: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
    ) -> Result<List<super::service_accounts::ServiceAccount>> {
        let page = PageRequest::new(first, after);
        let who = (self.request(ctx), self.fresh.as_ref(), self.key);
        super::service_accounts::of_tenant(ctx, who, page).await
    }

    /// The directory that provisions its people (SCIM).
    async fn provisioning(&self, ctx: &Context<'_>) -> Result<super::provisioning::Provisioning> {
        super::provisioning::of_tenant(ctx, (self.request(ctx), self.key)).await
    }

    /// Every right that a role can include.
    async fn rights(&self, ctx: &Context<'_>) -> Result<Vec<super::roles::RightInfo>> {
        super::roles::rights(ctx)
    }

    /// The people in it; with `search`, those with that part in their name or address.
    #[graphql(complexity = "crate::graphql::connection::page_cost(first, child_complexity)")]
    async fn members(
        &self,
        ctx: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        search: Option<String>,
    ) -> Result<List<Member>> {
        let page = PageRequest::new(first, after);
        let app = ctx.data::<App>()?;
        let search = SearchText::parse(search.as_deref()).answer(ctx)?;
        let whose = (self.key, search.as_ref());
        let rows = app.identity.search_members(self.request(ctx), whose, &page).await.answer(ctx)?;
        let fresh = self.fresh.clone().map(|request| Fresh::new(app, request));
        Ok(connection(rows, &page, |m| {
            let mut member = Member::of(self.key, m);
            member.held.fresh = fresh.clone();
            (member.user_id.to_string(), member)
        }))
    }

    /// Its instances, oldest first unless asked for in another order. A cursor is of the order it was given in.
    #[graphql(complexity = "crate::graphql::connection::page_cost(first, child_complexity)")]
    async fn instances(
        &self,
        ctx: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        filter: Option<lists::InstanceFilter>,
        order_by: Option<lists::InstanceOrder>,
    ) -> Result<List<Instance>> {
        let whose = (self.request(ctx), self.key, self.fresh.as_ref());
        lists::instances(ctx, whose, (filter, order_by), PageRequest::new(first, after)).await
    }

    async fn instance(&self, ctx: &Context<'_>, id: ID) -> Result<Instance> {
        let app = ctx.data::<App>()?;
        let id = parse_id(&id, "instance").answer(ctx)?;
        let instance = app.instances.get(self.request(ctx), self.key, id).await.answer(ctx)?;
        let fresh = self.fresh.clone().map(|request| Fresh::new(app, request));
        Ok(Instance { fresh, ..Instance::from(instance) })
    }

    /// Where its events are sent, oldest first.
    #[graphql(complexity = "crate::graphql::connection::page_cost(first, child_complexity)")]
    async fn webhook_endpoints(
        &self,
        ctx: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
    ) -> Result<List<super::webhooks::WebhookEndpoint>> {
        let whose = (self.request(ctx), self.key, self.fresh.as_ref());
        super::webhooks::endpoints(ctx, whose, PageRequest::new(first, after)).await
    }

    async fn webhook_endpoint(&self, ctx: &Context<'_>, id: ID) -> Result<super::webhooks::WebhookEndpoint> {
        super::webhooks::endpoint(ctx, (self.request(ctx), self.key, self.fresh.as_ref()), id).await
    }

    /// Every event that an endpoint can get.
    async fn webhook_event_types(&self) -> Vec<super::webhooks::WebhookEventType> {
        super::webhooks::event_types()
    }

    /// What its plan allows, and how much of it is used.
    async fn allowances(&self, ctx: &Context<'_>) -> Result<super::allowances::Allowances> {
        super::allowances::of(ctx, (self.request(ctx), self.key)).await
    }

    /// How many requests are allowed, and how many are left: to the programs of the organisation, and to whoever asks.
    #[graphql(complexity = 20)]
    async fn rate_limits(&self, ctx: &Context<'_>) -> Result<Vec<super::rate_limits::RateLimitStatus>> {
        super::rate_limits::of(ctx, (self.request(ctx), self.key)).await
    }

    /// What lets the platform's support staff in, newest first: ended ones too.
    #[graphql(complexity = "crate::graphql::connection::page_cost(first, child_complexity)")]
    async fn support_access(
        &self,
        ctx: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
    ) -> Result<List<super::support::SupportAccess>> {
        let page = PageRequest::new(first, after);
        super::support::of_tenant(ctx, (self.request(ctx), self.key), page).await
    }

    /// How long a session may be used in it.
    async fn session_policy(&self, ctx: &Context<'_>) -> Result<super::people::SessionPolicy> {
        super::people::policy(ctx, (self.request(ctx), self.key)).await
    }

    /// The audit trail, newest first.
    #[graphql(complexity = "crate::graphql::connection::page_cost(first, child_complexity)")]
    async fn audit(
        &self,
        ctx: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        filter: Option<super::audit::AuditFilter>,
    ) -> Result<List<super::audit::AuditRecord>> {
        let page = PageRequest::new(first, after);
        super::audit::records(ctx, (self.request(ctx), self.key), filter, page).await
    }

    /// How the audit trail is kept.
    #[graphql(complexity = "10 + child_complexity")]
    async fn audit_settings(&self, ctx: &Context<'_>) -> Result<super::audit::AuditSettings> {
        super::audit::settings(ctx, (self.request(ctx), self.key)).await
    }

    /// Where the audit trail is sent, at most five places.
    #[graphql(complexity = "5 * child_complexity")]
    async fn audit_streams(&self, ctx: &Context<'_>) -> Result<Vec<super::audit::AuditStream>> {
        super::audit::streams(ctx, (self.request(ctx), self.key)).await
    }

    /// Its connections to identity providers, oldest first; at most ten.
    #[graphql(complexity = "10 * child_complexity")]
    async fn sso_connections(&self, ctx: &Context<'_>) -> Result<Vec<super::sso::SsoConnection>> {
        super::sso::connections(ctx, (self.request(ctx), self.key)).await
    }

    /// The domains that it has proven to be its own, or is about to; at most twenty, by name.
    #[graphql(complexity = "20 * child_complexity")]
    async fn sso_domains(&self, ctx: &Context<'_>) -> Result<Vec<super::sso::SsoDomain>> {
        super::sso::domains(ctx, (self.request(ctx), self.key)).await
    }

    async fn subscription(&self, ctx: &Context<'_>) -> Result<PlanSubscription> {
        let subscription =
            ctx.data::<App>()?.billing.subscription(self.request(ctx), self.key).await.answer(ctx)?;
        Ok(subscription.into())
    }

    /// Executions from a moment (inclusive) to another (exclusive), at most 400 days, summed up as asked.
    #[graphql(complexity = "crate::graphql::connection::page_cost(first, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "arguments of a GraphQL field are named")]
    async fn usage(
        &self,
        ctx: &Context<'_>,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        group_by: UsageGroup,
        instance_id: Option<ID>,
        first: Option<u32>,
        after: Option<String>,
    ) -> Result<List<UsageRow>> {
        let instance = instance_id.map(|id| parse_id(&id, "instance")).transpose().answer(ctx)?;
        let page = PageRequest::new(first, after);
        let query = UsageQuery { from, to, group: group_by.into(), instance };
        let rows =
            ctx.data::<App>()?.billing.usage(self.request(ctx), self.key, &query, &page).await.answer(ctx)?;
        Ok(connection(rows, &page, |row| {
            let cursor = row.cursor();
            let node = UsageRow {
                from: row.hour,
                instance_id: row.instance.map(|i| i.to_string().into()),
                workflow_id: row.workflow_id,
                executions: row.executions,
                billable: row.billable,
                failed: row.failed,
            };
            (cursor, node)
        }))
    }

    /// The sums over a span of time.
    async fn usage_totals(
        &self,
        ctx: &Context<'_>,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<UsageTotals> {
        let app = ctx.data::<App>()?;
        let t = app.billing.usage_totals(self.request(ctx), self.key, from, to).await.answer(ctx)?;
        Ok(UsageTotals { executions: t.executions, billable: t.billable, failed: t.failed })
    }

    /// What the running month would cost if it ended now.
    async fn invoice_preview(&self, ctx: &Context<'_>) -> Result<InvoicePreview> {
        let preview =
            ctx.data::<App>()?.billing.invoice_preview(self.request(ctx), self.key).await.answer(ctx)?;
        Ok(preview.into())
    }
}
