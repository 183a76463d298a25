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
        let permit = ctx.permit(Action::View, &Resource::new(ResourceKind::Usage, tenant))?;
        let after = page.after.as_deref().map(Cursor::parse).transpose()?;
        let tx = TenantTx::begin(&self.db, &permit).await?;
        let wanted = repo::Wanted { instance, after, limit: page.limit_plus_one() };
        Ok(Page::of(repo::newest(&tx, &wanted).await?, page))
    }
}
