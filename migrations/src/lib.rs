//! The database schema, as SQL, and the roles that use it.
//!
//! What it owns: [`bootstrap`] (database and roles), [`migrate`] (the schema, one PostgreSQL schema a context)
//! and the roles' division:
//!
//! | role | is for | may |
//! |---|---|---|
//! | `tenantry_migrator` | schema changes | owns everything, runs no request |
//! | `tenantry_app` | requests, behind `TenantTx` | rows of the tenant in `app.tenant_id` only; owns nothing |
//! | `tenantry_system` | authentication, workers, operators, behind `SystemTx` | rows of all tenants, in the tables granted |
//! | `tenantry_provisioner` | instances' databases | create databases and roles; sees no table of the product |
//!
//! Invariants: each table with a tenant's rows is put behind row-level security by `platform.protect` (a test
//! walks the catalogue); migrations only go forward and are expand/contract; the resulting schema is committed
//! as `schema.sql` and compared in CI.
//!
//! Failure modes: a migration runs in a transaction, so a crash leaves the schema as before it. Two processes
//! that start at once are kept apart by an advisory lock.

mod bootstrap;
mod migrator;

pub use bootstrap::{Cluster, RolePasswords, bootstrap};
pub use migrator::{migrate, sources};
