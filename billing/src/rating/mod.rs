//! From what was used to what it costs: pure, so that the same facts always give the same invoice.
//!
//! The rules, each a decision of `docs/adr/0004-metering-ledger.md`:
//! - the period is a calendar month of UTC;
//! - the base price is shared out by the second over the spans of the period's plans, and rounded half up, once,
//!   at the line;
//! - included executions are *not* shared out: who starts on the 30th has the whole month's. They are given once
//!   a period: those used under an earlier plan of the month count against the later plan's;
//! - executions beyond cost the unit price of the plan under which they ran; the product is rounded half up,
//!   once, at the line;
//! - a plan without a price for more shows what ran beyond, at no price;
//! - the total is the sum of the lines, and nothing else.

mod explain;
mod line;
mod period;
mod rate;
#[cfg(test)]
mod tests;

pub use line::{InvoiceLine, LineKind};
pub use period::Period;
pub use rate::{RatedInvoice, SpanUsage, rate};
