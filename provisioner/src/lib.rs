//! Instances of n8n: wanted by customers, made real by a region's worker, reached through the edge.
//!
//! What it owns:
//! - [`instances`]: desired state and what was observed of it, as people see and change it;
//! - [`fleet`]: the instances of all tenants, for platform staff;
//! - [`condition`]: how instances do, as the worker's sampler last saw them;
//! - [`worker`]: the reconciler of a region: claim → observe → plan (pure) → apply (fenced) → record, and the meter;
//! - [`driver`]: what makes instances exist (the `process` driver: real n8n on this machine, sandboxed);
//! - [`edge`]: the reverse proxy in front of instances, and [`routes`], which feeds it;
//! - [`open`]: how people get from the portal into an instance;
//! - [`n8n`]: what is known about driving n8n itself.
//!
//! What it refuses: knowing plans, prices and people. What it needs of them are [`ports`], which the control plane
//! implements. Services write desired state only; nothing but the worker touches a process, a database or a file
//! of an instance.
//!
//! Invariants:
//! - an instance has at most one process and one database, whatever is killed when: the driver's lock and the
//!   row's lease and fence see to it;
//! - nothing is destroyed unless the instance is to be deleted (a property test of the planner);
//! - an execution is counted once: the hook's file and n8n's own table are both read, and the ledger is unique on
//!   (instance, epoch, execution id).
//!
//! Failure modes: an attempt that fails leaves its cause and remedy on the instance and is repeated after a growing
//! pause; the database away for a minute delays work and loses none; a lease that is not renewed runs out.

pub mod condition;
pub mod driver;
pub mod edge;
pub mod fleet;
pub mod instances;
pub mod n8n;
pub mod open;
pub mod ports;
pub mod routes;
pub mod worker;
