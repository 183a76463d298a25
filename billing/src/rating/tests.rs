//! What must hold of every invoice, whatever the plans, spans and counts.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use rust_decimal::Decimal;
use tenantry_kernel::Kind;

use super::{LineKind, Period, RatedInvoice, SpanUsage, rate};
use crate::{Currency, Plan};

fn plan(base: i64, included: i64, extra_price: Option<Decimal>) -> Plan {
    Plan {
        code: "test".to_owned(),
        version: 1,
        name: "Test".to_owned(),
        rank: 1,
        currency: Currency::EUR,
        base_price_minor: base,
        included_executions: included,
        extra_execution_price: extra_price,
        max_instances: 1,
        max_members: 1,
        concurrent_executions: 1,
        cpu_millis: 1,
        memory_mib: 1,
        storage_mib: 1,
    }
}

fn period() -> Period {
    Period::containing("2026-11-15T00:00:00Z".parse().unwrap()).unwrap()
}

fn amounts(invoice: &RatedInvoice, kind: LineKind) -> Vec<i64> {
    invoice.lines.iter().filter(|l| l.kind == kind).map(|l| l.amount_minor).collect()
}

fn quantities(invoice: &RatedInvoice, kind: LineKind) -> Vec<Decimal> {
    invoice.lines.iter().filter(|l| l.kind == kind).map(|l| l.quantity).collect()
}

fn plans() -> impl Strategy<Value = Plan> {
    let price = prop::option::of((0i64..10_000_000).prop_map(|n| Decimal::new(n, 6)));
    (0i64..10_000_000, 0i64..1_000_000, price).prop_map(|(base, included, extra)| plan(base, included, extra))
}

/// One to four spans, one after the other, the first from up to two months before, the last running on.
fn histories() -> impl Strategy<Value = Vec<SpanUsage>> {
    let spans = prop::collection::vec((plans(), 0u64..2_000_000, 1i64..3_000_000_000), 1..5);
    (spans, 0i64..5_184_000_000).prop_map(|(spans, before)| {
        let mut from: DateTime<Utc> = period().start() - TimeDelta::milliseconds(before);
        let count = spans.len();
        spans
            .into_iter()
            .enumerate()
            .map(|(i, (plan, executions, millis))| {
                let to = from + TimeDelta::milliseconds(millis);
                let ended_at = (i + 1 < count).then_some(to);
                let span = SpanUsage { plan, started_at: from, ended_at, executions };
                from = to;
                span
            })
            .collect()
    })
}

/// The spans that the invoice has lines of.
fn in_period(spans: &[SpanUsage]) -> Vec<&SpanUsage> {
    let period = period();
    let inside =
        |s: &&SpanUsage| s.started_at < period.end() && s.ended_at.is_none_or(|end| end > period.start());
    spans.iter().filter(inside).collect()
}

proptest! {
    #[test]
    fn the_total_is_the_sum_of_lines_that_are_never_negative(spans in histories()) {
        let Ok(invoice) = rate(&period(), &spans) else {
            prop_assert!(in_period(&spans).is_empty());
            return Ok(());
        };
        prop_assert_eq!(invoice.lines.iter().map(|l| l.amount_minor).sum::<i64>(), invoice.total.minor);
        prop_assert!(invoice.lines.iter().all(|l| l.amount_minor >= 0 && !l.quantity.is_sign_negative()));
    }

    #[test]
    fn every_execution_is_on_one_line(spans in histories()) {
        let Ok(invoice) = rate(&period(), &spans) else { return Ok(()) };
        let covered = quantities(&invoice, LineKind::IncludedExecutions);
        let extra = quantities(&invoice, LineKind::ExtraExecutions);
        for (i, span) in in_period(&spans).iter().enumerate() {
            prop_assert_eq!(covered[i] + extra[i], Decimal::from(span.executions));
        }
    }

    #[test]
    fn changing_plans_never_gives_more_included_executions_than_the_best_of_them(spans in histories()) {
        let Ok(invoice) = rate(&period(), &spans) else { return Ok(()) };
        let covered: Decimal = quantities(&invoice, LineKind::IncludedExecutions).into_iter().sum();
        let best = in_period(&spans).iter().map(|s| s.plan.included_executions).max().unwrap_or(0);
        prop_assert!(covered <= Decimal::from(best));
    }

    #[test]
    fn a_line_is_off_by_half_a_unit_at_most(spans in histories()) {
        let Ok(invoice) = rate(&period(), &spans) else { return Ok(()) };
        let half = Decimal::new(5, 1);
        for line in invoice.lines.iter().filter(|l| l.kind == LineKind::ExtraExecutions) {
            let exact = line.quantity * line.unit_price_minor;
            prop_assert!((Decimal::from(line.amount_minor) - exact).abs() <= half);
        }
    }

    #[test]
    fn cutting_a_month_in_spans_moves_the_base_price_by_rounding_only(
        base in 0i64..10_000_000, cuts in prop::collection::btree_set(1i64..2_591_999_999, 0..6),
    ) {
        let period = period();
        let mut edges: Vec<_> = cuts.iter().map(|ms| period.start() + TimeDelta::milliseconds(*ms)).collect();
        edges.insert(0, period.start() - TimeDelta::days(3));
        let spans: Vec<_> = edges.iter().enumerate().map(|(i, from)| SpanUsage {
            plan: plan(base, 0, None), started_at: *from, ended_at: edges.get(i + 1).copied(), executions: 0,
        }).collect();
        let invoice = rate(&period, &spans).unwrap();
        let off = (invoice.total.minor - base).unsigned_abs();
        prop_assert!(off * 2 <= spans.len() as u64, "{} of {base} in {} spans", invoice.total.minor, spans.len());
        if spans.len() == 1 {
            prop_assert_eq!(invoice.total.minor, base);
        }
    }

    #[test]
    fn more_executions_never_cost_less(plan in plans(), n in 0u64..2_000_000, more in 0u64..2_000_000) {
        let total = |executions| {
            let span = SpanUsage { plan: plan.clone(), started_at: period().start(), ended_at: None, executions };
            rate(&period(), &[span]).unwrap().total.minor
        };
        prop_assert!(total(n) <= total(n + more));
    }
}

#[test]
fn halves_round_up_once_at_the_line() {
    let price = |executions| {
        let plan = plan(0, 0, Some(Decimal::new(5, 1)));
        let span = SpanUsage { plan, started_at: period().start(), ended_at: None, executions };
        rate(&period(), &[span]).unwrap().total.minor
    };
    assert_eq!([price(0), price(1), price(2), price(3)], [0, 1, 1, 2]);
    // Half a month of an odd price.
    let half = SpanUsage {
        plan: plan(1001, 0, None),
        started_at: period().start() + TimeDelta::days(15),
        ended_at: None,
        executions: 0,
    };
    assert_eq!(amounts(&rate(&period(), &[half]).unwrap(), LineKind::BasePrice), [501]);
}

#[test]
fn going_down_at_the_end_of_a_month_forgives_nothing_already_used() {
    let change = period().end() - TimeDelta::hours(1);
    let spans = [
        SpanUsage {
            plan: plan(6000, 20_000, Some(Decimal::new(4, 1))),
            started_at: period().start(),
            ended_at: Some(change),
            executions: 30_000,
        },
        SpanUsage { plan: plan(0, 500, None), started_at: change, ended_at: None, executions: 10 },
    ];
    let invoice = rate(&period(), &spans).unwrap();
    assert_eq!(amounts(&invoice, LineKind::ExtraExecutions), [4000, 0]);
    assert_eq!(quantities(&invoice, LineKind::ExtraExecutions), [Decimal::from(10_000), Decimal::from(10)]);
}

#[test]
fn overflow_and_mixed_currencies_are_errors_and_nothing_is_not_found() {
    let from = period().start();
    let span = |plan| SpanUsage { plan, started_at: from, ended_at: None, executions: u64::MAX };
    let dear = span(plan(0, 0, Some(Decimal::MAX)));
    assert_eq!(rate(&period(), &[dear]).unwrap_err().kind(), Kind::Internal);
    let large = span(plan(0, 0, Some(Decimal::ONE)));
    assert_eq!(rate(&period(), &[large]).unwrap_err().kind(), Kind::Internal);
    let most = || SpanUsage { executions: 0, ..span(plan(i64::MAX, 0, None)) };
    assert_eq!(rate(&period(), &[most(), most()]).unwrap_err().kind(), Kind::Internal);

    let mut dollars = most();
    dollars.plan = Plan { currency: Currency::USD, ..plan(1, 0, None) };
    let euros = SpanUsage { plan: plan(1, 0, None), ..most() };
    assert_eq!(rate(&period(), &[euros, dollars]).unwrap_err().kind(), Kind::Conflict);
    assert_eq!(rate(&period(), &[]).unwrap_err().kind(), Kind::NotFound);
}
