//! Roles that a tenant makes for itself, beside the built-in ones.
//!
//! A role is a name and a set of rights. Whoever changes one, changes what its holders may do at their very next
//! request, on every node: each change of a tenant's roles grows the tenant's policy version in the same transaction
//! (`identity.policy_changed`, a trigger), authentication reads that version with the grants, and rules of another
//! version are read anew ([`held`]).
//!
//! Nobody hands on what they do not have: making, changing, deleting, giving and taking a role demands every right
//! that is in it ([`Catalog`]). Decisions about roles and about people are taken under one lock (`members::seats`).

mod catalog;
mod explain;
pub(crate) mod held;
mod model;
pub(crate) mod repo;
mod service;

pub(crate) use catalog::{Authority, Catalog};
pub use explain::{AccessExplanation, AccessQuestion, Subject};
pub use model::{AssignedRole, CreateRole, TenantRole, UpdateRole};
