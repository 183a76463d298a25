use serde_json::json;
use tenantry_authz::{Ctx, ResourceKind};
use tenantry_kernel::{Error, Result, TenantId, UserId};

use super::record::{What, record};
use super::repo;
use crate::Identity;

impl Identity {
    /// Ends a member's sessions in this tenant, at their next request on any node: each of them is refused here until the
    /// member logs in again. In their other tenants they go on, as they are not this tenant's to end.
    ///
    /// # Errors
    /// `NotFound` for who is no member; `Forbidden` when their role has a right that one lacks.
    pub async fn end_member_sessions(&self, ctx: &Ctx, tenant: TenantId, user: UserId) -> Result<()> {
        let (tx, me) = self.manage_members(ctx, tenant).await?;
        let member = repo::find(&tx, user).await?.ok_or_else(|| Error::not_found("member"))?;
        let catalog = self.catalog(&tx).await?;
        catalog.ensure_may_give(&catalog.giver(me.role, ResourceKind::Member)?, member.role)?;
        repo::end_sessions(&tx, user, ctx.now()).await?;
        let what =
            What { tenant, action: "member.sessions_ended", subject: user.to_string(), details: json!({}) };
        record(&tx, ctx, what).await?;
        tx.commit().await
    }
}
