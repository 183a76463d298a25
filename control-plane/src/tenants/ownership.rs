use tenantry_authz::{Action, Ctx, Resource, ResourceKind};
use tenantry_identity::Member;
use tenantry_kernel::{Result, TenantId, UserId};

use super::Tenants;

/// An organisation in other hands.
#[derive(Debug, Clone)]
pub struct TransferOwnership {
    pub tenant: TenantId,
    pub to: UserId,
    /// The tenant's slug, as the owner typed it.
    pub confirm_slug: String,
    /// Whether the owner stays one.
    pub stay: bool,
}

impl Tenants {
    /// Hands a tenant over: see `Identity::transfer_ownership`.
    ///
    /// # Errors
    /// As there.
    pub async fn transfer_ownership(&self, ctx: &Ctx, input: TransferOwnership) -> Result<Member> {
        let resource = Resource::new(ResourceKind::Tenant, input.tenant);
        ctx.permit(Action::Manage, &resource).map(|_| ())?;
        let transfer = tenantry_identity::TransferOwnership {
            tenant: input.tenant,
            to: input.to,
            confirmed: self.get(ctx, input.tenant).await?.slug == input.confirm_slug,
            stay: input.stay,
        };
        self.identity.transfer_ownership(ctx, transfer).await
    }
}
