//! An instance's executions one by one, as the usage ledger has them.

mod cursor;
mod model;
pub(crate) mod repo;
mod service;

#[cfg(test)]
pub(crate) use cursor::Cursor;
pub use model::Execution;
