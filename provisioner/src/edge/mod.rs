//! The edge: the reverse proxy in front of the instances that the `process` driver runs on this machine.
//!
//! `http://<slug>.<region>.<base domain>:<port>` reaches the instance that listens on 127.0.0.1. On
//! Kubernetes the cluster's own Ingress or Gateway does this work and the edge is not started.
//!
//! What it owns:
//! - the host name: exactly three parts, a slug, a region and the base domain; everything else is 404 (`host`);
//! - the route table, fed from the database by whoever starts the edge ([`RouteTable`]), behind [`Routes`];
//! - what of n8n the public never reaches: metrics, health, owner set-up (`hidden`);
//! - the forwarding headers: what a client claims is thrown away and written anew (`headers`);
//! - the pages a visitor sees when there is nothing to proxy to (`page`).
//!
//! What it refuses:
//! - to forward by itself: `axum-reverse-proxy` does (hop-by-hop headers, WebSocket tunnels, streaming);
//! - TLS: it is ended in front, and `public_scheme` says so;
//! - to hand n8n's log-in to a browser: it is made and kept here (`n8n_session`) and goes to the instance with the
//!   requests of people who came through the portal (`open`, `visitors`; see [`open`](crate::open)), for the editor's
//!   own paths only. Nothing else that claims to be a log-in passes, in either direction (`cookies`).
//!
//! Invariants:
//! - bodies stream both ways: memory does not grow with them, and a slow reader slows the sender;
//! - there is no deadline on a body: server-sent events and long downloads live as long as both ends do.
//!   Only the response *head* has one, longer than the longest execution n8n allows;
//! - a client that goes away takes its request to the instance with it;
//! - the instance sees one `Host`, normalised, with the port the client used: n8n checks the `Origin` of its
//!   push channel against it;
//! - an instance sets cookies for its own host only: a `Domain` attribute would reach its neighbours, which
//!   belong to other tenants;
//! - a log-out, a lost membership or right counts within two seconds, for open WebSockets and event streams too;
//! - `/.tenantry` is the edge's own on every host and never reaches an instance.
//!
//! Failure modes:
//! - not in the table: 404. Not started, starting, stopped: 503 with `Retry-After` and a page that reloads;
//! - the table was never filled, as the database does not answer: 503, never 404;
//! - the instance refuses the connection: 503; it breaks off before it answers: 502; it is silent: 504;
//! - a larger body than allowed: 413, at once where the length was declared, else at the byte too many.

mod cookies;
mod headers;
mod hidden;
mod host;
mod intent;
mod n8n_session;
mod open;
mod page;
mod proxy;
mod routes;
mod visitors;

pub use open::Door;
pub use proxy::{Edge, EdgeConfig};
pub use routes::{Route, RouteTable, Routes};
