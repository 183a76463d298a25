//! Rate limits: how many requests a minute an address, a credential and a tenant's programs have, over all nodes.
//!
//! A budget is a row that all nodes share ([`tenantry_store::rates`]). A node takes portions of it and hands them out
//! from memory, so that most requests cost no statement; together the portions never exceed the budget. A portion
//! grows with what this node is asked for (8, 16, 32, …) and is at most an eighth of what is left, so near the end it
//! is one request, and a node that is asked for little holds little. What a node holds ends with the window, and with
//! the node.
//!
//! - [`model`]: who is counted, verdicts (pure);
//! - [`holding`]: what a node holds of one budget (pure);
//! - [`table`]: the budgets that a node knows, bounded;
//! - [`service`]: [`Rates`], the one that the transport asks.
//!
//! Invariants:
//! - what all nodes let through of one window is at most what the window allows, whatever their clocks say and
//!   whichever of them die;
//! - a node's memory is bounded, however many addresses ask.
//!
//! Failure modes: while the database is away each node lets through what is due to a second, each second, and says so
//! in the log: an API that cannot count is better than none.

mod holding;
mod model;
mod service;
mod table;
#[cfg(test)]
mod tests;

pub(crate) use model::{Verdict, tightest};
pub(crate) use service::{Allowed, Rates, Status};
