//! The process driver against real n8n, real PostgreSQL and the real kernel.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking, and shows what it measured"
)]

#[path = "driver/escape.rs"]
mod escape;
#[path = "driver/faults.rs"]
mod faults;
#[path = "driver/hook.rs"]
mod hook;
#[path = "driver/life.rs"]
mod life;
#[path = "driver/world.rs"]
mod world;
