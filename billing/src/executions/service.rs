use std::collections::HashMap;

use tenantry_authz::{Action, Ctx, Resource, ResourceKind};
use tenantry_kernel::{InstanceId, Result, TenantId};
use tenantry_store::{Page, PageRequest, TenantTx};

use super::cursor::Cursor;
use super::{Execution, repo};
use crate::Billing;

impl Billing {
    /// An instance's finished executions, newest first. The next page starts after [`Execution::cursor`]. An instance
    /// that is not the tenant's has none.
    ///
    /// # Errors
    /// `Invalid` for a foreign cursor, `NotFound` for who may not view the tenant's usage.
    pub async fn executions(
        &self,
        ctx: &Ctx,
        (tenant, instance): (TenantId, InstanceId),
        page: &PageRequest,
    ) -> Result<Page<Execution>> {
        let mut pages = self.executions_of(ctx, (tenant, &[instance]), page).await?;
        Ok(pages.remove(&instance).unwrap_or_else(|| Page::of(vec![], page)))
    }

    /// As [`Self::executions`], the same page of each of these instances by one statement. One without any is left out.
    ///
    /// # Errors
    /// As [`Self::executions`].
    pub async fn executions_of(
        &self,
        ctx: &Ctx,
        (tenant, instances): (TenantId, &[InstanceId]),
        page: &PageRequest,
    ) -> Result<HashMap<InstanceId, Page<Execution>>> {
        let permit = ctx.permit(Action::View, &Resource::new(ResourceKind::Usage, tenant))?;
        let after = page.after.as_deref().map(Cursor::parse).transpose()?;
        let tx = TenantTx::begin(&self.db, &permit).await?;
        let wanted = repo::Wanted { instances: instances.to_vec(), after, limit: page.limit_plus_one() };
        let pages = repo::newest(&tx, &wanted).await?;
        Ok(pages.into_iter().map(|(instance, rows)| (instance, Page::of(rows, page))).collect())
    }
}
