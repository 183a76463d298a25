//! What identity needs of other contexts. `control-plane/src/wiring.rs` implements it.

use async_trait::async_trait;
use tenantry_kernel::{Error, Result, TenantId};
use tenantry_store::Transaction;

use crate::sso::TxtRecords;

/// How many people a tenant may have.
#[async_trait]
pub trait Seats: Send + Sync {
    /// What the tenant's plan allows, read in the transaction that decides by it and true until that one ends.
    ///
    /// # Errors
    /// `NotFound` when the tenant has no plan.
    async fn most(&self, tx: &dyn Transaction, tenant: TenantId) -> Result<i64>;
}

/// Until something is wired nobody is let in, and nothing is proven.
pub(crate) struct Unwired;

#[async_trait]
impl Seats for Unwired {
    async fn most(&self, _: &dyn Transaction, _: TenantId) -> Result<i64> {
        Err(Error::internal("nothing says how many people a tenant may have"))
    }
}

#[async_trait]
impl TxtRecords for Unwired {
    async fn txt(&self, _: &str) -> Result<Vec<String>> {
        Err(Error::internal("nothing reads the domain name system"))
    }
}
