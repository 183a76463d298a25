//! The database as the rest of the product sees it: transactions that know their tenant.
//!
//! What it owns:
//! - [`Db`]: the pools, one a database role;
//! - [`TenantTx`]: a transaction in one tenant. It begins only with a [`Permit`](tenantry_authz::Permit), and
//!   it tells PostgreSQL the tenant, so row-level security bounds every statement in it;
//! - [`SystemTx`]: the one escape, for named system roles and for platform staff with a
//!   [`PlatformPermit`](tenantry_authz::PlatformPermit). Its call sites are few and listed in `SystemRole`;
//! - what every context needs inside a transaction: the [`outbox`], [`jobs`], [`idempotency`] keys, the
//!   [`audit`] chain; and beside it [`leases`] and [`notify`].
//!
//! What it refuses: knowing any context's tables.
//!
//! Invariants:
//! - unauthorized access to a tenant's data does not compile (no `Permit`), and if it did, would find no row
//!   (row-level security, forced; the application's role owns nothing);
//! - a fact, a job and an audit row are written in the transaction that makes them true, or not at all;
//! - dropping a transaction rolls it back.
//!
//! Failure modes: a lost connection is `Kind::Unavailable` (the caller may repeat: writes are keyed), anything
//! unexpected is `Kind::Internal` with the cause kept for the log.

pub mod audit;
mod conn;
mod db;
mod error;
pub mod idempotency;
pub mod jobs;
pub mod leases;
pub mod notify;
pub mod outbox;
mod page;
pub mod rates;
mod read;
mod readers;
pub mod request_keys;
mod search;
mod support;
mod tx;

pub use conn::Conn;
pub use db::{Db, PoolSizes};
pub use error::{DbResultExt, db_error};
pub use page::{Page, PageRequest};
pub use read::{TenantRead, TenantRows};
pub use search::SearchText;
pub use tx::{SystemRole, SystemTx, TenantTx, Transaction, stmt};
