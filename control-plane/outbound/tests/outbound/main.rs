//! The way out, against receivers and name servers that mean harm. All of them listen on loopback.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

mod exchange;
mod names;
mod receiver;
mod tls;
