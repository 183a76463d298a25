//! People: one row a person, above all tenants.

pub(crate) mod entity;
mod model;
mod names;
pub(crate) mod repo;

pub use model::User;
pub(crate) use model::{Email, PersonName};
