//! Sending tenants' trails on: to webhooks, syslog receivers and files.
//!
//! Each stream has a cursor, the newest record that its receiver has taken. A batch is sent, acknowledged, and then the
//! cursor moves: killed in between, the batch comes again (receivers know a record by its number), and none is left out.
//! A batch begins behind the cursor, so order is kept. What acknowledges: a webhook's 2xx; a file's fsync; for syslog over
//! TCP, which has no acknowledgement (RFC 6587), that the receiver has closed the connection after ours was closed (see
//! `syslog` for what that says). Who gets a place is decided in `flying`.

mod deliver;
mod file;
mod flying;
mod model;
mod service;
mod syslog;
#[cfg(test)]
mod tests;
mod webhook;

#[cfg(test)]
use flying::deliver_all;
pub(super) use flying::{Flying, TERM};
pub(crate) use model::{Kind, Stream};
