//! What a tenant shows to somebody who is invited into it.

use sea_orm::EntityTrait;
use tenantry_kernel::{Result, TenantId};
use tenantry_store::{DbResultExt, SystemRole, SystemTx, Transaction};

use super::Tenants;
use super::entity::Entity;

impl Tenants {
    /// A tenant's name, for whoever holds a live invitation into it: the caller has checked that. They are no
    /// member yet, so there is no right to ask the gate for.
    pub(crate) async fn name_for_invited(&self, id: TenantId) -> Result<Option<String>> {
        let tx = SystemTx::begin(&self.db, SystemRole::Onboarding).await?;
        let row = Entity::find_by_id(id.uuid()).one(tx.conn()).await.db()?;
        tx.commit().await?;
        Ok(row.map(|row| row.name))
    }
}
