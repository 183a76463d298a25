use tenantry_authz::{Action, Ctx, Resource, ResourceKind};
use tenantry_kernel::{Result, TenantId};
use tenantry_store::TenantTx;

use super::{repo, service::none_running};
use crate::rating::Period;
use crate::usage::Hours;
use crate::{Billing, plans, usage};

/// What the tenant's plan allows, and how much of the running period's executions is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowances {
    pub max_instances: i32,
    pub max_members: i32,
    /// Billable executions that the base price of the running period covers.
    pub included_executions: i64,
    /// Billable executions of the running period so far.
    pub billable_executions: i64,
}

impl Billing {
    /// What the plan allows, for every member of the tenant to see.
    ///
    /// # Errors
    /// `NotFound` for who may not view the tenant, or when no subscription runs.
    pub async fn allowances(&self, ctx: &Ctx, tenant: TenantId) -> Result<Allowances> {
        let permit = ctx.permit(Action::View, &Resource::new(ResourceKind::Tenant, tenant))?;
        let period = Period::containing(ctx.now())?;
        let tx = TenantTx::begin(&self.db, &permit).await?;
        let row = repo::running(&tx).await?.ok_or_else(none_running)?;
        let plan = plans::repo::version(&tx, &row.plan_code, row.plan_version).await?;
        let hours = Hours { from: period.start(), to: period.end() };
        Ok(Allowances {
            max_instances: plan.max_instances,
            max_members: plan.max_members,
            included_executions: plan.included_executions,
            billable_executions: usage::repo::totals(&tx, hours).await?.billable,
        })
    }
}
