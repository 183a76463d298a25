//! The whole product from outside: the real binary, its public API, its edge, and real n8n behind it.
//!
//! This crate owns the *world* of whole-product tests and of the two programs that use the product as a stranger
//! would: `demo` (the path from sign-up to invoice, with proof that tenants are apart) and `bench`.
//!
//! - [`Product`] runs the binary in a state directory of its own and ends it: orderly, or by `SIGKILL` and started
//!   again. It is the only thing here that knows about processes and files.
//! - [`Api`] is a GraphQL client with a cookie jar, one for each person. [`Operator`] is the platform's staff, who
//!   reads captured mail; [`Person`] is a customer. [`Progress`] is an instance's progress as a subscription.
//! - [`N8n`] is an instance through the edge: its public API and its webhooks, with the tenant's own key.
//! - [`Screen`] shows how far instances are.
//! - [`processes`] finds what an installation has on this machine, from `/proc` alone.
//! - [`isolation`] tries to get at one tenant's things with another's means, and says what happened.
//!
//! What it refuses: any short cut through the product's crates. It depends on the kernel only, for the clock and
//! for randomness. What a customer cannot do, a test here cannot do either, except through [`Product`]: kill, look
//! at processes, and read databases as the superuser to compare counts.
//!
//! Invariants:
//! - every product gets its own state directory and ports, so any number run side by side and beside a real one;
//! - ports are found by binding them. Between that and the product's own bind another program may take one: the
//!   product then ends at once and is started again with others;
//! - a dropped [`Product`] leaves nothing: it is stopped in order, what is left of it is killed and named on
//!   standard error, and the directory is deleted. [`Product::stop`] fails the test if anything was left;
//! - every wait has an end, and says what it waited for.
//!
//! Failure modes: without `TENANTRY_BIN`, `TENANTRY_POSTGRES_BIN` and `TENANTRY_N8N_RUNTIMES` (set by
//! `cargo xtask test`, `demo` and `bench`) nothing can start: the message says to use those commands. A product that
//! does not get ready is reported with the last lines of its log.

#![expect(
    clippy::indexing_slicing,
    reason = "indexing JSON answers null for what is not there; nothing else is indexed"
)]

mod api;
pub mod isolation;
mod n8n;
pub mod outsider;
mod people;
pub mod processes;
mod product;
mod progress;
mod screen;
mod wait;

pub use api::{Answer, Api, Refusal};
pub use n8n::{N8n, webhook_workflow};
pub use people::{Instance, Operator, Person, Tenant, Usage, month};
pub use product::{Addresses, Launch, Node, Product, free_port};
pub use progress::{Progress, Update};
pub use screen::{Line, Screen};
pub use wait::{random_tag, until};
