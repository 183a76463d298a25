//! The embedded PostgreSQL on real programs: started, adopted, refused and stopped.
//!
//! The programs come from the directory in TENANTRY_POSTGRES_BIN, as `cargo xtask test` sets it.

// `cfg(test)` holds for everything here; it tells clippy that the helpers may unwrap as the tests do.
#[cfg(test)]
mod access;
#[cfg(test)]
mod lifecycle;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod world;
