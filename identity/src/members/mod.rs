//! Members: who belongs to a tenant, as what. One person may belong to several.

mod change;
pub(crate) mod directory;
pub(crate) mod entity;
mod model;
pub(crate) mod record;
pub(crate) mod repo;
pub(crate) mod seats;
mod service;
mod sessions;
mod transfer;

pub use change::ChangeMemberRole;
pub(crate) use change::ensure_proof_for;
pub use model::Member;
pub use transfer::TransferOwnership;
