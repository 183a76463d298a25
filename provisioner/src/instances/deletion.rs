use tenantry_authz::{Action, Ctx, Resource, ResourceKind};
use tenantry_kernel::{Error, InstanceId, Result, TenantId};
use tenantry_store::TenantTx;

use super::Instances;
use super::model::{Desired, Instance, moment};
use super::repo;

/// The wish to delete an instance.
#[derive(Debug, Clone)]
pub struct DeleteInstance {
    /// Its slug, typed again.
    pub confirm_slug: String,
    /// Without the days of grace. Also hastens a deletion whose grace runs.
    pub immediately: bool,
}

impl Instances {
    /// Deletes the instance: it is stopped, and its data goes after the days of grace, or at once. Calling it again
    /// changes nothing, except that what waits can be hastened.
    ///
    /// # Errors
    /// `Invalid` when the confirmation is not the instance's slug.
    pub async fn delete(
        &self,
        ctx: &Ctx,
        tenant: TenantId,
        id: InstanceId,
        input: DeleteInstance,
    ) -> Result<Instance> {
        let permit = ctx.permit(Action::Delete, &Resource::new(ResourceKind::Instance, tenant))?;
        let tx = TenantTx::begin(&self.config.db, &permit).await?;
        let row = repo::get(&tx, id, true).await?;
        let instance: Instance = row.clone().try_into()?;
        if instance.slug != input.confirm_slug {
            return Err(Error::invalid("confirmSlug", "That is not the instance's address.")
                .with_remedy("Type the instance's address exactly: its data goes with it."));
        }
        let now = ctx.now();
        let at = if input.immediately { now } else { now + self.config.deletion_grace };
        let waits = instance.is_restorable(now);
        if instance.desired == Desired::Deleted && !(waits && input.immediately) {
            return Ok(instance);
        }
        let changed = repo::set_desired(&tx, &row, (Desired::Deleted, Some(at)), now).await?;
        let message = if at > now {
            format!("Deleted. It can be restored until {}; then its data goes.", moment(at))
        } else {
            "Deleted. Its data goes now.".to_owned()
        };
        repo::add_event(&tx, (tenant, id), (now, changed.phase), &message).await?;
        self.record(&tx, ctx, (Some(&instance), &changed), "instance.delete").await?;
        tx.commit().await?;
        Ok(changed)
    }

    /// Takes back a deletion within its days of grace; the instance starts again. One that is not deleted stays as
    /// it is.
    ///
    /// # Errors
    /// `Conflict` when the days of grace are over.
    pub async fn restore(&self, ctx: &Ctx, tenant: TenantId, id: InstanceId) -> Result<Instance> {
        let permit = ctx.permit(Action::Delete, &Resource::new(ResourceKind::Instance, tenant))?;
        let tx = TenantTx::begin(&self.config.db, &permit).await?;
        let row = repo::get_even_gone(&tx, id).await?;
        let instance: Instance = row.clone().try_into()?;
        if instance.desired != Desired::Deleted {
            return Ok(instance);
        }
        let now = ctx.now();
        if !instance.is_restorable(now) {
            let until = instance.delete_at.map(moment).unwrap_or_default();
            return Err(Error::conflict(format!(
                "This instance cannot be restored any more: that was possible until {until}."
            ))
            .with_remedy("Create a new instance."));
        }
        let changed = repo::set_desired(&tx, &row, (Desired::Running, None), now).await?;
        repo::add_event(&tx, (tenant, id), (now, changed.phase), "Restored. It starts again.").await?;
        self.record(&tx, ctx, (Some(&instance), &changed), "instance.restore").await?;
        tx.commit().await?;
        Ok(changed)
    }
}
