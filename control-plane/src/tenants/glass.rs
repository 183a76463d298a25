use tenantry_authz::Ctx;
use tenantry_identity::SupportAccess;
use tenantry_kernel::{Error, Result, TenantId};

use super::Tenants;

/// Into a tenant without its consent.
#[derive(Debug, Clone)]
pub struct BreakGlass {
    /// `None`: what was given is no id.
    pub tenant: Option<TenantId>,
    /// The tenant's slug, as the administrator typed it.
    pub confirm_slug: String,
    /// 20 to 500 characters.
    pub reason: String,
    /// 1 to 60.
    pub minutes: i32,
}

impl Tenants {
    /// Breaks the glass of a tenant: see `Identity::break_glass`.
    ///
    /// # Errors
    /// As there, and `NotFound` for a tenant that is not.
    pub async fn break_glass(&self, ctx: &Ctx, input: BreakGlass) -> Result<SupportAccess> {
        self.identity.may_break_glass(ctx)?;
        let found = match input.tenant {
            Some(id) => self.find(ctx, id).await?,
            None => None,
        };
        let tenant = found.ok_or_else(|| Error::not_found("tenant"))?;
        let broken = tenantry_identity::BreakGlass {
            tenant: tenant.id,
            slug: tenant.slug,
            confirm_slug: input.confirm_slug,
            reason: input.reason,
            minutes: input.minutes,
        };
        self.identity.break_glass(ctx, broken).await
    }
}
