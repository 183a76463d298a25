use serde_json::json;
use tenantry_authz::{Action, Ctx, Resource, ResourceKind};
use tenantry_kernel::{Error, Result, TenantId};
use tenantry_store::audit::Facts;
use tenantry_store::{Page, PageRequest, TenantTx};

use super::{MapGroup, ProvisionedGroup, ProvisionedUser, Provisioning, SetProvisioning, repo};
use crate::Identity;
use crate::members::record::{What, record_change};
use crate::members::{self, seats};
use crate::roles::AssignedRole;
use crate::scim::settle::Acting;
use crate::scim::users;

impl Identity {
    /// What is set of a tenant's directory.
    ///
    /// # Errors
    /// `NotFound` where the actor is no member, `Forbidden` where its role may not see provisioning.
    pub async fn provisioning(&self, ctx: &Ctx, tenant: TenantId) -> Result<Provisioning> {
        let tx = self.see_provisioning(ctx, tenant).await?;
        let set = repo::read(&tx).await?;
        tx.commit().await?;
        Ok(set)
    }

    /// Connects a directory or disconnects it, and says what its people become who are in no group with a role.
    /// Disconnected, nobody is changed; its tokens are good again once it is connected again.
    ///
    /// # Errors
    /// `Forbidden` for a role with a right that one lacks; `NotFound` for one that is not the tenant's.
    pub async fn set_provisioning(&self, ctx: &Ctx, input: SetProvisioning) -> Result<Provisioning> {
        let (tx, acting) = self.manage_provisioning(ctx, input.tenant).await?;
        let before = repo::read(&tx).await?;
        let after = Provisioning {
            enabled: input.enabled.unwrap_or(before.enabled),
            role: input.role.unwrap_or(before.role),
        };
        if before == after {
            return Ok(after);
        }
        if before.role != after.role {
            acting.ensure_may_give(after.role)?;
        }
        repo::write(&tx, after, ctx.now()).await?;
        let what = What {
            tenant: input.tenant,
            action: "provisioning.changed",
            subject: input.tenant.to_string(),
            details: json!({ "enabled": after.enabled, "role": after.role.to_string() }),
        };
        let facts =
            |it: Provisioning| Some(Facts::one("enabled", it.enabled).with("role", it.role.to_string()));
        record_change(&tx, ctx, what, (facts(before), facts(after))).await?;
        tx.commit().await?;
        Ok(after)
    }

    /// Gives a group of the directory a role, or none. Its members get it at once, if it is the strongest of theirs.
    ///
    /// # Errors
    /// `NotFound` for a group or role that is not the tenant's; `Forbidden` where the old or the new role, or that of a member,
    /// has a right that one lacks; `Conflict` for the last owner.
    pub async fn map_group(&self, ctx: &Ctx, input: MapGroup) -> Result<ProvisionedGroup> {
        let (tx, acting) = self.manage_provisioning(ctx, input.tenant).await?;
        let group = repo::group(&tx, input.group).await?.ok_or_else(|| Error::not_found("group"))?;
        for role in [group.role, input.role].into_iter().flatten() {
            acting.ensure_may_give(role)?;
        }
        if group.role == input.role {
            return Ok(group);
        }
        repo::map(&tx, input.group, input.role).await?;
        for mut user in users::repo::of_group(&tx, input.group).await?.into_iter().filter(|user| user.active)
        {
            self.settle(&tx, ctx, (&acting, &mut user)).await?;
        }
        let name = |role: Option<AssignedRole>| role.map(|role| role.to_string());
        let what = What {
            tenant: input.tenant,
            action: "provisioning.group_mapped",
            subject: input.group.to_string(),
            details: json!({ "group": group.display_name, "role": name(input.role) }),
        };
        let facts = |role| Some(Facts::one("role", name(role)));
        record_change(&tx, ctx, what, (facts(group.role), facts(input.role))).await?;
        tx.commit().await?;
        Ok(ProvisionedGroup { role: input.role, ..group })
    }

    /// The people whom the directory has provisioned, newest first.
    ///
    /// # Errors
    /// As [`Self::provisioning`].
    pub async fn provisioned_users(
        &self,
        ctx: &Ctx,
        tenant: TenantId,
        page: &PageRequest,
    ) -> Result<Page<ProvisionedUser>> {
        let tx = self.see_provisioning(ctx, tenant).await?;
        let users = repo::users(&tx, page).await?;
        tx.commit().await?;
        Ok(users)
    }

    /// The directory's groups, newest first.
    ///
    /// # Errors
    /// As [`Self::provisioning`].
    pub async fn provisioned_groups(
        &self,
        ctx: &Ctx,
        tenant: TenantId,
        page: &PageRequest,
    ) -> Result<Page<ProvisionedGroup>> {
        let tx = self.see_provisioning(ctx, tenant).await?;
        let groups = repo::groups(&tx, page).await?;
        tx.commit().await?;
        Ok(groups)
    }

    async fn see_provisioning(&self, ctx: &Ctx, tenant: TenantId) -> Result<TenantTx> {
        let permit = ctx.permit(Action::View, &Resource::new(ResourceKind::Provisioning, tenant))?;
        TenantTx::begin(self.db(), &permit).await
    }

    /// A transaction in which a person decides about the directory, alone. Roles follow from it, so whoever decides manages
    /// members too.
    async fn manage_provisioning(&self, ctx: &Ctx, tenant: TenantId) -> Result<(TenantTx, Acting<'_>)> {
        let permit = ctx.permit(Action::Manage, &Resource::new(ResourceKind::Provisioning, tenant))?;
        let user = ctx.user()?;
        let tx = TenantTx::begin(self.db(), &permit).await?;
        seats::lock(&tx, tenant).await?;
        let me = members::repo::find(&tx, user).await?.ok_or_else(|| Error::not_found("tenant"))?;
        let acting = Acting::new(self, &tx, me).await?;
        Ok((tx, acting))
    }
}
