use chrono::{DateTime, Utc};
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use tenantry_kernel::{Error, Kind, Result};

use super::period::seconds_between;
use super::{InvoiceLine, LineKind, Period, explain};
use crate::money::out_of_range;
use crate::{Money, Plan};

/// One plan's span of time and the billable executions in it.
#[derive(Debug, Clone, PartialEq)]
pub struct SpanUsage {
    pub plan: Plan,
    pub started_at: DateTime<Utc>,
    /// `None`: it runs on.
    pub ended_at: Option<DateTime<Utc>>,
    /// Billable executions of this period in this span.
    pub executions: u64,
}

/// Lines and their sum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RatedInvoice {
    pub lines: Vec<InvoiceLine>,
    pub total: Money,
}

/// A span cut to the period, with what of its executions is included.
pub(crate) struct Cut<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) period: &'a Period,
    pub(crate) from: DateTime<Utc>,
    pub(crate) to: DateTime<Utc>,
    /// Executions of the period before this span: they have used up that many included ones.
    pub(crate) used_before: u64,
    pub(crate) covered: u64,
    pub(crate) extra: u64,
}

impl Cut<'_> {
    pub(crate) fn seconds(&self) -> u64 {
        seconds_between(self.from, self.to)
    }

    pub(crate) fn is_whole_period(&self) -> bool {
        self.from == self.period.start() && self.to == self.period.end()
    }
}

/// Rates a period. Spans must be given oldest first and must not overlap; those outside the period are left out.
/// A span that runs on is charged to the period's end.
///
/// # Errors
/// `NotFound` when no span lies in the period, `Conflict` when they are of different currencies, `Internal` when
/// an amount leaves the range.
pub fn rate(period: &Period, spans: &[SpanUsage]) -> Result<RatedInvoice> {
    let mut lines = Vec::new();
    let mut total: Option<Money> = None;
    let mut used_before: u64 = 0;
    for span in spans {
        let from = period.clamp(span.started_at);
        let to = period.clamp(span.ended_at.unwrap_or(period.end()));
        if span.started_at >= period.end() || span.ended_at.is_some_and(|end| end <= period.start()) {
            continue;
        }
        let included = u64::try_from(span.plan.included_executions).unwrap_or(0);
        let covered = span.executions.min(included.saturating_sub(used_before));
        let extra = span.executions - covered;
        let cut = Cut { plan: &span.plan, period, from, to, used_before, covered, extra };
        let mut sum = total.unwrap_or(Money::zero(span.plan.currency));
        if sum.currency != span.plan.currency {
            return Err(Error::new(
                Kind::Conflict,
                "The plans of this month are priced in different currencies.",
            )
            .with_remedy("Contact support: this month is invoiced by hand."));
        }
        for line in [base(&cut)?, included_line(&cut), extra_line(&cut)?] {
            sum = sum.checked_add(Money::new(line.amount_minor, sum.currency))?;
            lines.push(line);
        }
        total = Some(sum);
        used_before = used_before.checked_add(span.executions).ok_or_else(out_of_range)?;
    }
    match total {
        Some(total) => Ok(RatedInvoice { lines, total }),
        None => Err(Error::not_found("subscription in this period")),
    }
}

fn base(cut: &Cut<'_>) -> Result<InvoiceLine> {
    let price = cut.plan.base_price();
    let amount = price.prorate(cut.seconds(), cut.period.seconds())?;
    Ok(InvoiceLine {
        kind: LineKind::BasePrice,
        description: format!("{}, {}", cut.plan.name, cut.period.name()),
        explanation: explain::base(cut, amount),
        quantity: (Decimal::from(cut.seconds()) / Decimal::from(cut.period.seconds()))
            .round_dp_with_strategy(6, RoundingStrategy::MidpointAwayFromZero)
            .normalize(),
        unit_price_minor: Decimal::from(price.minor),
        amount_minor: amount.minor,
    })
}

fn included_line(cut: &Cut<'_>) -> InvoiceLine {
    InvoiceLine {
        kind: LineKind::IncludedExecutions,
        description: format!("Included executions, {}", cut.plan.name),
        explanation: explain::included(cut),
        quantity: Decimal::from(cut.covered),
        unit_price_minor: Decimal::ZERO,
        amount_minor: 0,
    }
}

fn extra_line(cut: &Cut<'_>) -> Result<InvoiceLine> {
    let quantity = Decimal::from(cut.extra);
    let unit_price = cut.plan.extra_execution_price.unwrap_or(Decimal::ZERO);
    let exact = quantity.checked_mul(unit_price).ok_or_else(out_of_range)?;
    // Away from zero is half up: no price is negative.
    let amount_minor = exact
        .round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero)
        .to_i64()
        .ok_or_else(out_of_range)?;
    Ok(InvoiceLine {
        kind: LineKind::ExtraExecutions,
        description: format!("Extra executions, {}", cut.plan.name),
        explanation: explain::extra(cut, Money::new(amount_minor, cut.plan.currency)),
        quantity,
        unit_price_minor: unit_price.normalize(),
        amount_minor,
    })
}
