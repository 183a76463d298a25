//! The plan catalogue: versioned, never changed in place.

pub(crate) mod entity;
mod model;
pub(crate) mod repo;
mod service;

pub use model::Plan;
