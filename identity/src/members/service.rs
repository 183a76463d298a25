use chrono::{DateTime, Utc};
use tenantry_authz::{Action, Ctx, Resource, ResourceKind, Role};
use tenantry_kernel::{Error, Result, TenantId, UserId};
use tenantry_store::{Page, PageRequest, SearchText, SystemTx, TenantTx, audit};

use super::{Member, repo};
use crate::Identity;

impl Identity {
    /// The tenant's members. The cursor (`after`) is the text of the last member's user id.
    ///
    /// # Errors
    /// `NotFound` where the actor is no member, `Forbidden` where its role may not see members.
    pub async fn members(&self, ctx: &Ctx, tenant: TenantId, page: &PageRequest) -> Result<Page<Member>> {
        self.search_members(ctx, (tenant, None), page).await
    }

    /// As [`members`](Self::members), of those with a text in their name or address.
    ///
    /// # Errors
    /// `Invalid` for what is no cursor of this list.
    pub async fn search_members(
        &self,
        ctx: &Ctx,
        (tenant, search): (TenantId, Option<&SearchText>),
        page: &PageRequest,
    ) -> Result<Page<Member>> {
        let permit = ctx.permit(Action::View, &Resource::new(ResourceKind::Member, tenant))?;
        let tx = TenantTx::begin(self.db(), &permit).await?;
        let members = repo::list(&tx, search, page).await?;
        tx.commit().await?;
        Ok(members)
    }

    /// How many tenants a person owns, in the transaction that makes another: of several at once, each counts those
    /// before it.
    ///
    /// # Errors
    /// `Unavailable` when the database does not answer.
    pub async fn owned_for_update(&self, tx: &SystemTx, user: UserId) -> Result<i64> {
        repo::owned_for_update(tx, user).await
    }

    /// Makes a person the first owner of a new tenant, in the transaction that makes the tenant.
    ///
    /// # Errors
    /// `Unauthenticated` when the person is gone, `Conflict` when they are a member already.
    pub async fn add_first_owner(
        &self,
        tx: &SystemTx,
        tenant: TenantId,
        user: UserId,
        at: DateTime<Utc>,
    ) -> Result<()> {
        if !repo::add(tx, tenant, (user, Role::Owner.into()), at).await? {
            return Err(Error::unauthenticated());
        }
        let entry = audit::Entry {
            tenant,
            action: "member.added",
            resource: user.to_string(),
            result: audit::OK,
            details: serde_json::json!({ "role": Role::Owner.as_str() }),
        };
        audit::append(tx, audit::By::system("onboarding", at), entry).await
    }
}
