//! The only way to an address that a customer has named: webhooks, streams of the audit trail, identity providers.
//!
//! A customer's URL is an order to a machine inside our network. Without care it reaches what only that network may
//! reach: the cloud's metadata service, the database, an instance's port (server-side request forgery, OWASP A10).
//! So nothing else in the product opens a connection to such a place.
//!
//! What it owns:
//! - [`Outbound::target`]: what a URL may look like: `https`, a full host name or a public address, no user name, port
//!   443 or 1024 and above;
//! - [`refusal_of`]: which addresses are public, by a table of the IANA special-purpose registries; an IPv6 address that carries an
//!   IPv4 one is judged by that one, or refused;
//! - [`Outbound::of`]: whose address it is. There is no connection without;
//! - [`OutboundOf::connect`]: names are resolved once, *every* address in the answer is judged, and the connection goes to one
//!   of those addresses and no other. A name that changes its mind between the check and the use (DNS rebinding) gains
//!   nothing: there is no second look-up;
//! - [`OutboundOf::send`]: one HTTP/1.1 exchange over such a connection.
//!
//! What it refuses: redirects (an answer of 3xx is an answer, nobody follows it), proxies from the environment, cookies,
//! decompression, kept connections. It is built on `hyper` directly and not on a client that has these and can
//! switch them off: what is not there cannot be switched on by a default of the next version.
//!
//! Bounds: 5 seconds for name and connection, 15 seconds for everything, as much of the answer as the caller asked for and
//! never more, 64 KiB of headers. Look-ups are threads that nobody can cancel: 64 at once, of which one tenant gets four, and
//! one when half of them are taken. A name that never answers thus costs its own tenant's names time, and no other's.
//!
//! Invariants:
//! - in production no byte is sent to an address that is not globally reachable;
//! - an error says what a customer may know ([`OutboundError`] displays as one sentence) and no inner address;
//! - `allow_loopback` opens loopback and nothing else, and is off unless an operator says otherwise.
//!
//! Failure modes: all are values of [`OutboundError`]; nothing is retried here.

mod address;
mod client;
mod connect;
mod error;
mod places;
mod resolve;
mod target;
mod tls;

pub use address::{Special, refusal_of};
pub use client::{Answer, Request};
pub use connect::{Config, Outbound, OutboundOf};
pub use error::{OutboundError, Refusal};
pub use resolve::{Resolver, SystemResolver};
pub use target::{MAX_URL, Target};
pub use tls::Tls;

pub use tokio_rustls::client::TlsStream;
pub use tokio_rustls::rustls::pki_types::CertificateDer;
