//! Instances as people see and change them: desired state in, observed state out.
//!
//! The entity and the queries are this crate's own, so that nobody else can query the tables:
//! ```compile_fail,E0603
//! use tenantry_provisioner::instances::entity::Entity;
//! ```
//! ```compile_fail,E0603
//! use tenantry_provisioner::instances::repo::get;
//! ```

mod address;
mod deletion;
pub(crate) mod entity;
mod model;
pub(crate) mod repo;
#[cfg(test)]
mod repo_isolation_tests;
mod service;

pub use address::{Address, AddressCheck};
pub use deletion::DeleteInstance;
pub use model::{Desired, Failure, Instance, InstanceEvent, Phase, Region};
pub(crate) use service::purpose;
pub use service::{CreateInstance, Instances, InstancesConfig};
