//! Which plan a tenant has, since when, and what it may use because of it.

pub(crate) mod allowances;
pub(crate) mod directory;
mod entity;
mod model;
pub(crate) mod repo;
mod service;

pub use allowances::Allowances;
pub use model::{Entitlement, Subscription};
