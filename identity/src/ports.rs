//! What identity needs of other contexts. `control-plane/src/wiring.rs` implements it.

use async_trait::async_trait;
use tenantry_kernel::{Error, Result, TenantId};
use tenantry_store::Transaction;

/// How many people a tenant may have.
#[async_trait]
pub trait Seats: Send + Sync {
    /// What the tenant's plan allows, read in the transaction that decides by it and true until that one ends.
    ///
    /// # Errors
    /// `NotFound` when the tenant has no plan.
    async fn most(&self, tx: &dyn Transaction, tenant: TenantId) -> Result<i64>;
}

/// Until something is wired nobody is let in.
pub(crate) struct Unwired;

#[async_trait]
impl Seats for Unwired {
    async fn most(&self, _: &dyn Transaction, _: TenantId) -> Result<i64> {
        Err(Error::internal("nothing says how many people a tenant may have"))
    }
}
