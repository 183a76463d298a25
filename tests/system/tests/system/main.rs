//! The whole product, real n8n and all, from outside. One product serves as many scenarios as it can: starting
//! n8n is what takes time here.

#![expect(
    clippy::indexing_slicing,
    reason = "indexing JSON answers null for what is not there; nothing else is indexed"
)]
#![expect(clippy::print_stdout, reason = "what a test measures is part of its outcome")]

mod bad_input;
mod grace;
mod journey;
mod kill_metering;
mod kill_provisioning;
mod open;
mod outsider;
mod ports;
mod support;
mod two_nodes;
