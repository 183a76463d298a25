use serde_json::json;
use tenantry_authz::{Action, Ctx, Resource, ResourceKind, Role};
use tenantry_kernel::{Error, Result, TenantId, UserId};
use tenantry_store::TenantTx;

use super::record::{What, record};
use super::{Member, repo, seats};
use crate::Identity;
use crate::mail::{self, MailKind};

/// An organisation in other hands.
#[derive(Debug, Clone, Copy)]
pub struct TransferOwnership {
    pub tenant: TenantId,
    /// The member who becomes an owner.
    pub to: UserId,
    /// Whether the owner has typed the tenant's address as it is. It counts only for a member who is there: strangers learn nothing.
    pub confirmed: bool,
    /// Whether the acting owner stays one. Otherwise they become an administrator.
    pub stay: bool,
}

impl Identity {
    /// Makes another member an owner and, unless they stay one, the acting owner an administrator: both, or neither. At no
    /// moment is there no owner. Each of the two changes is written down, and the transfer as well.
    ///
    /// # Errors
    /// `Forbidden` for who is no owner; `NotFound` for who is no member; `Invalid` for oneself, and for what was not confirmed.
    pub async fn transfer_ownership(&self, ctx: &Ctx, input: TransferOwnership) -> Result<Member> {
        let resource = Resource::new(ResourceKind::Tenant, input.tenant);
        let permit = ctx.permit(Action::Manage, &resource)?;
        let me = ctx.user()?;
        let tx = TenantTx::begin(self.db(), &permit).await?;
        seats::lock(&tx, input.tenant).await?;
        // The request's roles are as old as the request.
        let me = repo::find(&tx, me).await?.ok_or_else(|| Error::not_found("tenant"))?;
        if me.role != Role::Owner {
            return Err(Error::forbidden("Only an owner can hand the organisation over.")
                .with_remedy("Ask an owner of the organisation."));
        }
        if input.to == me.user_id {
            return Err(
                Error::invalid("userId", "You are an owner already.").with_remedy("Choose somebody else.")
            );
        }
        let heir = repo::find(&tx, input.to).await?.ok_or_else(|| Error::not_found("member"))?;
        if !input.confirmed {
            return Err(Error::invalid("confirmSlug", "That is not the organisation's address.")
                .with_remedy("Type the address of the organisation that you hand over."));
        }
        let catalog = self.catalog(&tx).await?;
        let is_new = heir.role != Role::Owner;
        if is_new {
            self.set_role(&tx, ctx, (&catalog, &heir, Role::Owner.into())).await?;
            mail::enqueue(&tx, heir.user_id, MailKind::OwnershipReceived).await?;
        }
        if !input.stay {
            self.set_role(&tx, ctx, (&catalog, &me, Role::Admin.into())).await?;
        }
        if is_new || !input.stay {
            let what = What {
                tenant: input.tenant,
                action: "tenant.ownership_transferred",
                subject: heir.user_id.to_string(),
                details: json!({ "from": me.user_id.to_string(), "stays": input.stay }),
            };
            record(&tx, ctx, what).await?;
        }
        tx.commit().await?;
        Ok(Member { role: Role::Owner.into(), ..heir })
    }
}
