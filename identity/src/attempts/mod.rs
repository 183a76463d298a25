//! Log-ins that failed, counted for each account over all nodes, and the growing pause after them.
//!
//! The first four failures cost nothing. From the fifth on nothing is tried for a second, then two, then four, at most a
//! quarter of an hour; a log-in that succeeds, and a day without any, start anew. A try is counted before the password is
//! looked at, in one statement: of many at once each counts. Addresses without an account are counted by the same statement,
//! so neither the answer nor the time it takes tells them apart. (OWASP's *Authentication Cheat Sheet*, Account Lockout:
//! exponential, by account and not by address.)
//!
//! A stranger who keeps guessing can keep the owner of an address out for a quarter of an hour at a time. The way around is the
//! link by mail: a new password starts anew.

mod model;
pub(crate) mod repo;
mod service;

pub(crate) use model::FORGIVEN_AFTER;
