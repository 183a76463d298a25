//! The audit trail: append-only, hash-chained per tenant, written in the transaction of what it tells.
//!
//! `hash = SHA-256(canonical JSON of the row, the hash before it included)`, so that changing, dropping or swapping any
//! row breaks the chain from there on. The first row's `prev_hash` is 64 zeros. A row says by which rules its hash is
//! made ([`Record::version`]): 1 has neither `before`, `after` nor `user_agent`.
//!
//! What it refuses: secrets. [`Facts`] takes values of types that may be shown, and [`tenantry_kernel::Secret`] is not
//! among them as itself; what is written as free JSON goes through [`redact()`], which knows names and forms of secrets.
//!
//! Beside the rows, what keeps them worth believing: [`checkpoints`], [`settings`] (retention), [`streams`]. Signing,
//! pruning and sending are the control plane's.

mod append;
pub mod checkpoints;
mod entry;
mod facts;
mod query;
mod record;
mod redact;
pub mod settings;
pub mod streams;

pub use append::append;
pub use entry::{By, Change, DENIED, Entry, FAILED, OK, PLATFORM};
pub use facts::{Facts, Shown};
pub use query::{Filter, page, read, span};
pub use record::{FIRST, Record, break_after, first_break};
pub use redact::redact;
