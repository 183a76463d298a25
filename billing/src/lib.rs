//! Plans, subscriptions, the usage ledger and what it all costs.
//!
//! What it owns:
//! - the plan catalogue ([`Plan`]): versions are added, never changed, and a subscription names the version it
//!   was made under, so a new price never reaches an old customer by accident;
//! - [`Subscription`]s, one running a tenant, and the [`Entitlement`] that follows from it;
//! - the usage ledger: one row an execution ([`UsageEvent`]), rolled up by tenant, instance, workflow and hour.
//!   Questions about usage ([`UsageQuery`]) read the roll-up only; single [`Execution`]s are read from the ledger;
//! - [`rating`]: pure functions from spans and counts to invoice lines. The built-in biller previews the running
//!   period with it ([`InvoicePreview`]).
//!
//! What it refuses: knowing how executions are observed (the region's workers report them), enforcing limits
//! (whoever makes a thing asks for the [`Entitlement`] and counts), moving money.
//!
//! Invariants:
//! - an execution counts once. The ledger is unique on (instance, epoch, execution id); the rows that are new and
//!   their roll-up are written by one statement, so no crash and no repeat can part the two;
//! - writers take locks in one order (events by key, then roll-up rows by key): overlapping batches of any number
//!   of writers end, and end exact;
//! - what an instance reports is hostile input. Its fields are bounded, its clock is not believed beyond now or
//!   35 days back, and a strange field never loses the count;
//! - only [`Billing::record`] writes usage, with the system's database role: the application's role cannot;
//! - money is integer minor units of one currency ([`Money`]), added with checks; unit prices are decimals;
//!   rounding is half up, once, at the line; the total is the sum of the lines.
//!
//! Failure modes: a lost database is `Unavailable`, and every write here may be repeated: `record` because it is
//! idempotent by key, `subscribe` because it is part of the transaction that makes the tenant.
//!
//! Each noun has a folder: `model.rs` (pure), `service.rs` (authorize, decide, write), `repo.rs` (queries that
//! need a tenant's transaction), `entity.rs` (rows).

mod billing;
mod executions;
mod invoices;
mod money;
mod plans;
pub mod rating;
mod subscriptions;
mod usage;

pub use billing::Billing;
pub use executions::Execution;
pub use invoices::InvoicePreview;
pub use money::{Currency, Money};
pub use plans::Plan;
pub use rating::{InvoiceLine, LineKind};
pub use subscriptions::{Allowances, Entitlement, Subscription};
pub use usage::{Recorded, UsageEvent, UsageGroup, UsageQuery, UsageRow, UsageTotals};

#[cfg(test)]
mod repo_isolation_tests;
#[cfg(test)]
extern crate self as tenantry_billing;
#[cfg(test)]
#[path = "../tests/billing/support/mod.rs"]
mod support;
#[cfg(test)]
mod walls;
