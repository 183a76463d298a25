//! Opening an instance: how a person who is logged in at the portal gets into their n8n, on another host.
//!
//! It works as OAuth 2.0's code with state does (RFC 6749, section 4.1; RFC 9700 on binding it to the browser):
//! 1. the edge gives the browser a random cookie on the instance's host and sends it to the portal with the cookie's
//!    hash;
//! 2. the portal asks [`Opening::issue`] for a code: random, kept as a hash, good once, for a minute, for this
//!    person, portal session, instance and cookie;
//! 3. the edge redeems code and cookie ([`Opening::redeem`]) and gives the browser a session of its own.
//!
//! Invariants:
//! - whoever shows a code without its cookie, on another instance's host, twice or late, gets nothing, and the code
//!   is spent;
//! - the session opens nothing by itself: [`Opening::is_live`] asks each time whether the portal's session lives and
//!   whether its person may still open the instance ([`PortalSessions`](crate::ports::PortalSessions));
//! - the database holds hashes only; what is compared in this process is compared in constant time;
//! - where the browser goes afterwards is a path on the instance's own host ([`Target`]).
//!
//! Failure modes: the database away, nobody is let in and nobody stays in. A crash between spending a code and making
//! the session costs the person one more click.

mod model;
pub(crate) mod repo;
#[cfg(test)]
mod repo_isolation_tests;
mod service;

pub use model::{AskToOpen, Issued, Redeem, Target, Visit, browser_hash};
pub use service::{Opening, OpeningConfig, OwnerLogIn};
