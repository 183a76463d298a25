//! Webhooks over a real database, with real receivers on loopback and a clock of the test's own.

mod access;
mod bounds;
mod delivering;
mod dispatching;
mod fairness;
mod feed;
mod reaching;
mod retrying;
mod stale;
mod world;
