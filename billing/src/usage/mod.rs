//! The usage ledger: one row an execution, rolled up hourly, exactly once.

mod cursor;
mod event;
pub(crate) mod ledger;
mod model;
pub(crate) mod repo;
mod service;

#[cfg(test)]
pub(crate) use cursor::Cursor;
pub use event::{Recorded, UsageEvent};
pub(crate) use model::Hours;
pub use model::{UsageGroup, UsageQuery, UsageRow, UsageTotals};
