//! The audit trail as customers and operators use it: reading and exporting it, its signed checkpoints, how long it is
//! kept, where it is sent, and what the gate refused.
//!
//! The rows, their hashes and the append itself are the store's (`tenantry_store::audit`).
//!
//! Invariants:
//! - a checkpoint is made while nobody can append, of the newest record that is committed;
//! - records go only up to a checkpoint whose signature was good a moment before, and that checkpoint stays;
//! - a stream's cursor moves when its receiver has taken what is before it, never earlier: at least once, in order;
//! - what outsiders try makes a tenant's chain grow by at most one record an hour;
//! - no actor's refusals push another's out of the table in which they wait (`runs`).
//!
//! Failure modes: without the signing key the product does not start (a lost key is replaced by a new one; what the old
//! one signed is still checked by its public half, which the database keeps). A receiver that is away delays its own
//! stream and no other.

mod background;
mod denials;
mod export;
mod lines;
mod runs;
mod service;
mod signer;
mod streams;
#[cfg(test)]
mod tests;
mod verify;

pub(crate) use background::run;
pub(crate) use denials::DenialLog;
pub(crate) use export::Export;
pub(crate) use service::{Audit, AuditConfig, Settings};
pub(crate) use signer::Signer;
pub(crate) use signer::{is_fingerprint, jwks, pem};
pub(crate) use streams::{Kind, Stream};
pub(crate) use verify::{Keyring, Trust, Verified, Verify, verify};
