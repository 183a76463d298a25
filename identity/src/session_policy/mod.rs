//! How long sessions may be used in a tenant, as the tenant says it, within what the platform allows.
//!
//! A session is a person's, and stands above tenants. So a tenant's limit does not end it: it is refused in that tenant,
//! with the code `SESSION_TOO_OLD`, and goes on elsewhere. Two things are compared in authentication's own statement, with
//! each request on every node: how long ago the log-in was, and the longest time for which the session was not used. The
//! second is kept with the session and only grows, so a break is not undone by coming back. It is known to a minute: a limit
//! is never longer than said, and up to a minute shorter.

mod model;
pub(crate) mod repo;
mod service;
pub(crate) mod sql;

pub use model::SessionPolicy;
