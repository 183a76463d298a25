//! The fleet: the instances of all tenants, as the platform's staff sees them.
//!
//! Nothing from inside an instance is shown, and nothing is changed but when it is tried again. Each function asks
//! the gate for a right on the platform. A page costs a fixed number of statements, however many rows it has, and
//! its cursor says by what the list is sorted: pages join without loss or repetition, ties included, because the
//! instance's id is the last part of every order.
//!
//! Whose an instance is, is known by the tenant's id alone. Names of tenants are the control plane's: who searches by
//! them brings the ids of the tenants that match ([`Search`]).

mod cursor;
mod model;
pub(crate) mod repo;
#[cfg(test)]
mod repo_isolation_tests;
mod service;

pub use model::{FleetFilter, FleetInstance, FleetOrder, FleetSort, PhaseCount, Retried, Search};
pub use service::Fleet;
