use serde_json::json;
use tenantry_authz::{Action, Ctx, Resource, ResourceKind};
use tenantry_kernel::{Result, TenantId};
use tenantry_store::TenantTx;
use tenantry_store::audit::Facts;

use super::{SessionPolicy, repo};
use crate::Identity;
use crate::members::record::{What, record_change};
use crate::members::seats;

impl Identity {
    /// How long sessions may be used in a tenant.
    ///
    /// # Errors
    /// `NotFound` where the actor is no member.
    pub async fn session_policy(&self, ctx: &Ctx, tenant: TenantId) -> Result<SessionPolicy> {
        // It concerns each member, so each may know it.
        let permit = ctx.permit(Action::View, &Resource::new(ResourceKind::Tenant, tenant))?;
        let tx = TenantTx::begin(self.db(), &permit).await?;
        let policy = repo::get(&tx).await?;
        tx.commit().await?;
        Ok(policy)
    }

    /// Sets it, for sessions that are there too: one that is too old is refused from now on, the asking person's own as
    /// well. Repeating it changes nothing.
    ///
    /// # Errors
    /// `Invalid` for a limit out of bounds; `Forbidden` without `tenant:manage`.
    pub async fn set_session_policy(
        &self,
        ctx: &Ctx,
        tenant: TenantId,
        policy: SessionPolicy,
    ) -> Result<SessionPolicy> {
        let permit = ctx.permit(Action::Manage, &Resource::new(ResourceKind::Tenant, tenant))?;
        let policy = policy.check()?;
        let tx = TenantTx::begin(self.db(), &permit).await?;
        // Of two changes at once the second is of what the first has made.
        seats::lock(&tx, tenant).await?;
        let before = repo::get(&tx).await?;
        if before == policy {
            return Ok(policy);
        }
        repo::set(&tx, policy).await?;
        let what = What {
            tenant,
            action: "tenant.session_policy_changed",
            subject: tenant.to_string(),
            details: json!({}),
        };
        record_change(&tx, ctx, what, (Some(facts(before)), Some(facts(policy)))).await?;
        tx.commit().await?;
        Ok(policy)
    }
}

fn facts(policy: SessionPolicy) -> Facts {
    Facts::one("idleMinutes", policy.idle_minutes).with("absoluteMinutes", policy.absolute_minutes)
}
