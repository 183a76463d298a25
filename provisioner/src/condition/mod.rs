//! How instances do: whether n8n answers, and what it uses, as the region's worker last saw it.
//!
//! The worker's sampler writes one row for each instance that should run ([`repo::record`]); people read it beside
//! the instance's own row ([`Conditions::of`]). There is no history: the newest sample replaces the older one. A
//! sample that is too old, or older than the instance's last start, says nothing.

mod model;
pub(crate) mod repo;
#[cfg(test)]
mod repo_isolation_tests;
mod service;

pub(crate) use model::{Answer, Sample};
pub use model::{Condition, Health, Resources};
pub use service::Conditions;
