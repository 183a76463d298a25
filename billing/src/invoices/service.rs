use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use tenantry_authz::{Action, Ctx, Resource, ResourceKind};
use tenantry_kernel::{Error, Result, TenantId};
use tenantry_store::TenantTx;

use super::InvoicePreview;
use crate::rating::{Period, SpanUsage, rate};
use crate::usage::Hours;
use crate::{Billing, plans, subscriptions, usage};

impl Billing {
    /// The running period's invoice as it stands.
    ///
    /// # Errors
    /// `NotFound` for who may not view it, or when the tenant had no plan in this period.
    pub async fn invoice_preview(&self, ctx: &Ctx, tenant: TenantId) -> Result<InvoicePreview> {
        let permit = ctx.permit(Action::View, &Resource::new(ResourceKind::Invoice, tenant))?;
        let as_of = ctx.now();
        let period = Period::containing(as_of)?;
        let tx = TenantTx::begin(&self.db, &permit).await?;
        let rated = rate(&period, &spans(&tx, &period).await?)?;
        Ok(InvoicePreview {
            period_start: period.start(),
            period_end: period.end(),
            as_of,
            currency: rated.total.currency,
            lines: rated.lines,
            total_minor: rated.total.minor,
        })
    }
}

/// The period's subscriptions with the executions of each.
///
/// The roll-up knows hours, a plan may change within one: such an hour belongs to the plan that ends it.
async fn spans(tx: &TenantTx, period: &Period) -> Result<Vec<SpanUsage>> {
    let mut spans = Vec::new();
    for row in subscriptions::repo::within(tx, (period.start(), period.end())).await? {
        let plan = plans::repo::version(tx, &row.plan_code, row.plan_version).await?;
        let hours = Hours {
            from: hour_of(row.started_at.max(period.start()))?,
            to: match row.ended_at {
                Some(end) if end < period.end() => hour_of(end)?,
                _ => period.end(),
            },
        };
        let executions = usage::repo::totals(tx, hours).await?.billable;
        spans.push(SpanUsage {
            plan,
            started_at: row.started_at,
            ended_at: row.ended_at,
            executions: u64::try_from(executions).map_err(Error::internal)?,
        });
    }
    Ok(spans)
}

fn hour_of(at: DateTime<Utc>) -> Result<DateTime<Utc>> {
    at.duration_trunc(TimeDelta::hours(1)).map_err(Error::internal)
}
