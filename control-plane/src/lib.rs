//! The control plane: the product's one binary, as a library so that tests and tools can use its parts.
//!
//! What it owns: tenants and the workflows that cross contexts ([`tenants`]), the wiring of the contexts' ports
//! (`wiring`), the GraphQL APIs ([`graphql`]), HTTP ([`http`]), background work (`jobs`), the embedded mode
//! ([`embedded`]) and the command line ([`cli`]).
//!
//! What it refuses: queries on a context's tables (their entities are private to them) and business rules that a
//! context owns. A resolver parses, calls one service method, and maps.
//!
//! Invariants: every request has a `Ctx`; every answer that is an error carries a code, a remedy and the request
//! id; nothing listens beyond loopback unless configured so.
//!
//! Failure modes: the database away makes requests `UNAVAILABLE` and lets background work wait; the process killed
//! leaves instances running, and the next start finds them again.

mod app;
mod audit;
pub mod cli;
#[cfg(test)]
mod coverage;
pub mod embedded;
pub mod graphql;
pub mod http;
mod jobs;
#[cfg(test)]
mod operator_tests;
mod rates;
mod recent;
pub mod tenants;
#[cfg(test)]
mod test_world;
pub mod webhooks;
mod wiring;

pub use app::{App, Credential, PublicUrls, runtime};
