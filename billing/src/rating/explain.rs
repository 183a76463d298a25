//! The sentences of an invoice. Each holds the numbers that make its line, so that a customer can check it.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::rate::Cut;
use crate::Money;

pub(crate) fn base(cut: &Cut<'_>, amount: Money) -> String {
    let (plan, price, month) = (&cut.plan.name, cut.plan.base_price(), cut.period.name());
    if cut.is_whole_period() {
        return format!("The {plan} plan costs {price} a month, for the whole of {month}.");
    }
    format!(
        "The {plan} plan costs {price} a month; from {} to {} it runs {} of the {} seconds of {month}, which comes to {amount}.",
        moment(cut.from),
        moment(cut.to),
        grouped(cut.seconds()),
        grouped(cut.period.seconds()),
    )
}

pub(crate) fn included(cut: &Cut<'_>) -> String {
    let (plan, month) = (&cut.plan.name, cut.period.name());
    let included = u64::try_from(cut.plan.included_executions).unwrap_or(0);
    let whole = if cut.is_whole_period() { "" } else { ", in full although it runs for a part of the month" };
    let earlier = match cut.used_before {
        0 => String::new(),
        n => format!(
            " The {} that ran earlier this month under another plan count against them.",
            executions(n)
        ),
    };
    format!(
        "The {plan} plan includes {} in {month}{whole}; {} of yours {} covered.{earlier}",
        executions(included),
        grouped(cut.covered),
        if cut.covered == 1 { "is" } else { "are" },
    )
}

pub(crate) fn extra(cut: &Cut<'_>, amount: Money) -> String {
    let plan = &cut.plan.name;
    let ran = executions(cut.extra);
    match (cut.plan.extra_execution_price, cut.extra) {
        (None, 0) => {
            format!("Extra executions are not sold on the {plan} plan; none ran beyond the included.")
        }
        (None, _) => format!(
            "Extra executions are not sold on the {plan} plan: {ran} beyond the included, shown here and not charged."
        ),
        (Some(price), 0) => {
            format!("No execution ran beyond the included; each would cost {}.", exact(price, cut))
        }
        (Some(price), _) => {
            format!("{ran} beyond the included at {} each, which comes to {amount}.", exact(price, cut))
        }
    }
}

/// A unit price in the major unit, with as many decimals as it has.
fn exact(price_minor: Decimal, cut: &Cut<'_>) -> String {
    let currency = cut.plan.currency;
    let hundredth = Decimal::from_i128_with_scale(1, currency.decimals());
    match price_minor.checked_mul(hundredth) {
        Some(major) => format!("{} {currency}", major.normalize()),
        None => format!("{price_minor} hundredths of {currency}"),
    }
}

fn executions(count: u64) -> String {
    format!("{} execution{}", grouped(count), if count == 1 { "" } else { "s" })
}

fn moment(at: DateTime<Utc>) -> String {
    at.format("%-d %B %Y %H:%M:%S UTC").to_string()
}

/// A count with its thousands apart: `1,771,200`.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_771_200), "1,771,200");
    }
}
