use serde_json::json;
use tenantry_authz::{Action, Ctx, Resource, ResourceKind};
use tenantry_kernel::{Error, Result, TenantId};
use tenantry_store::TenantTx;
use tenantry_store::audit::Facts;

use super::repo;
use crate::Identity;
use crate::members::record::{What, record_change};

/// Whether a tenant's members need a second factor.
#[derive(Debug, Clone, Copy)]
pub struct SetMfaRequired {
    pub tenant: TenantId,
    pub required: bool,
}

impl Identity {
    /// Whether the tenant demands a second factor of its members.
    ///
    /// # Errors
    /// `NotFound` where the actor does not see the tenant.
    pub async fn mfa_required(&self, ctx: &Ctx, tenant: TenantId) -> Result<bool> {
        let permit = ctx.permit(Action::View, &Resource::new(ResourceKind::Tenant, tenant))?;
        let tx = TenantTx::begin(self.db(), &permit).await?;
        let required = repo::mfa_required(&tx).await?;
        tx.commit().await?;
        Ok(required)
    }

    /// Demands a second factor of the tenant's members, or no longer. It counts at their next request. Repeating it
    /// changes nothing.
    ///
    /// # Errors
    /// `NotFound` and `Forbidden` as the gate says, without a fresh proof as well; `Conflict` when somebody demands what
    /// they lack themselves: they would lock themselves out.
    pub async fn set_mfa_required(&self, ctx: &Ctx, input: SetMfaRequired) -> Result<bool> {
        let permit = ctx.permit(Action::Manage, &Resource::new(ResourceKind::Tenant, input.tenant))?;
        let user = ctx.user()?;
        if input.required && !self.held_factors(user).await?.any() {
            return Err(Error::conflict("You have no second factor yourself.")
                .with_remedy("Set up an authenticator or a passkey in your account first."));
        }
        let tx = TenantTx::begin(self.db(), &permit).await?;
        let before = repo::mfa_required(&tx).await?;
        if before == input.required {
            return Ok(before);
        }
        repo::set_mfa_required(&tx, (input.required, ctx.now())).await?;
        let what = What {
            tenant: input.tenant,
            action: "tenant.mfa_required_changed",
            subject: input.tenant.to_string(),
            details: json!({ "mfaRequired": input.required }),
        };
        let of = |required: bool| Some(Facts::one("mfaRequired", required));
        record_change(&tx, ctx, what, (of(before), of(input.required))).await?;
        tx.commit().await?;
        Ok(input.required)
    }
}
