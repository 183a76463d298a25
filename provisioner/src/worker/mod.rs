//! The region's worker: makes what is wanted true, however often it is interrupted.
//!
//! One round for one instance: claim the due row by lease (the lease's epoch is the fence), observe what is really
//! there, [`plan`] the next step (pure), apply it, record. A round goes on until the plan says that nothing is left
//! to do or that waiting is all there is. Killed at any point, the next claim observes and carries on: no step
//! trusts what an earlier one meant to do.
//!
//! - [`plan`]: situation → step. Property-tested: it converges, it is idempotent, it never plans a loss of data
//!   while the instance is not to be deleted or its days of grace run.
//! - [`claim`]: leases, fences and what is written back.
//! - [`round`]: observes and applies.
//! - [`databases`]: an instance's own PostgreSQL role and database.
//! - [`meter`]: reads what n8n's hook recorded and compares it with n8n's own table.
//! - [`sampler`]: asks n8n whether it is ready and measures what instances use.

mod claim;
mod databases;
mod host;
mod meter;
mod placement;
pub mod plan;
mod round;
mod run;
mod sampler;
mod secrets;

pub use databases::InstanceDatabases;
pub use run::{Worker, WorkerConfig};
