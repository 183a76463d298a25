//! `Tenant.allowances`: what the plan allows, and how much of it is used.

use async_graphql::{Context, Result, SimpleObject};
use tenantry_authz::Ctx;
use tenantry_kernel::TenantId;
use tenantry_provisioner::condition::Conditions;

use super::error::Answer;
use crate::app::App;

/// What the plan allows, and how much of it is used.
#[derive(SimpleObject)]
pub(crate) struct Allowances {
    instances: Allowance,
    /// Members, and invitations that can still be accepted.
    members: Allowance,
    /// Billable executions of the running period, and how many of them the plan includes.
    executions: Allowance,
}

/// A count and its limit.
#[derive(SimpleObject)]
pub(crate) struct Allowance {
    used: i64,
    limit: i64,
}

pub(super) async fn of(ctx: &Context<'_>, (request, tenant): (&Ctx, TenantId)) -> Result<Allowances> {
    let app = ctx.data::<App>()?;
    let conditions = Conditions::new(app.db.clone());
    let (plan, instances, members) = tokio::join!(
        app.billing.allowances(request, tenant),
        conditions.count(request, tenant),
        app.identity.seats_used(request, tenant),
    );
    let (plan, instances, members) = (plan.answer(ctx)?, instances.answer(ctx)?, members.answer(ctx)?);
    Ok(Allowances {
        instances: Allowance { used: instances, limit: plan.max_instances.into() },
        members: Allowance { used: members, limit: plan.max_members.into() },
        executions: Allowance { used: plan.billable_executions, limit: plan.included_executions },
    })
}
