//! The embedded mode: everything the product needs, started and kept by the product itself, in one directory.

mod database;
mod lock;
mod secrets;
mod signing;
mod state;

pub use database::{Database, keep_running, open_database, reach_database};
pub(crate) use signing::signing_key;
pub use state::State;
