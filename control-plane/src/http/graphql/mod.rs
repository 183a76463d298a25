//! *GraphQL over HTTP* (the GraphQL Foundation's specification), subscriptions over WebSocket and as server-sent events.
//!
//! A request goes through these, each by itself and testable by itself:
//! - [`negotiate`]: in which form the answer goes back (`Accept`);
//! - [`params`]: what is asked for, out of the body or the query string; one operation or a batch;
//! - [`persisted`]: documents named by their hash; the operator's list of the only ones that run;
//! - [`document`] and [`tokens`]: how large a document is, before anything else walks it;
//! - [`prepare`]: everything that is refused before execution, the same whatever the transport;
//! - [`keyed`]: an `Idempotency-Key`, and the answer that was given before;
//! - [`execute`]: running it within one time limit; [`stream`] and [`events`] for what has more than one answer;
//! - [`live`]: how many connections that stay there may be;
//! - [`nulls`] and [`answer`]: what the specification wants of an answer with errors; bytes and status.
//!
//! Invariants: a GET changes nothing; a keyed request that began runs to its end, whatever becomes of its client; a
//! document that is refused was not walked by code whose work is not bounded by the document's length.

mod answer;
mod document;
mod events;
mod execute;
pub(crate) mod keyed;
pub(crate) mod live;
mod negotiate;
mod nulls;
mod params;
pub(crate) mod persisted;
mod prepare;
mod serve;
mod stream;
mod tokens;
#[cfg(test)]
mod transport_tests;

pub(super) use serve::{customers, operators};
