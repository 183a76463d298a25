use tenantry_kernel::Result;
use tenantry_store::{SystemRole, SystemTx};

use super::{Plan, repo};
use crate::Billing;

impl Billing {
    /// The plans on offer: the newest available version of each, smallest first. Open to anyone.
    ///
    /// # Errors
    /// `Unavailable` when the database does not answer.
    pub async fn plans(&self) -> Result<Vec<Plan>> {
        let tx = SystemTx::begin(&self.db, SystemRole::Catalogue).await?;
        repo::offered(&tx).await
    }

    /// One plan on offer.
    ///
    /// # Errors
    /// `Invalid`, naming the plans there are, for an unknown or withdrawn code.
    pub async fn plan(&self, code: &str) -> Result<Plan> {
        let tx = SystemTx::begin(&self.db, SystemRole::Catalogue).await?;
        repo::offered_by_code(&tx, code).await
    }
}
