use std::collections::HashMap;

use serde_json::json;
use tenantry_authz::{Action, Ctx, Resource, ResourceKind, Right};
use tenantry_kernel::{Error, Kind, Result, RoleId, TenantId};
use tenantry_store::{Page, PageRequest, TenantTx};

use super::model::{MOST_ROLES, check_description, check_name, check_rights};
use super::{AssignedRole, CreateRole, TenantRole, UpdateRole, repo};
use crate::Identity;
use crate::members::record::{What, record};

impl Identity {
    /// The tenant's own roles, oldest first. The cursor is the text of the last one's id.
    ///
    /// # Errors
    /// `NotFound` or `Forbidden` where the actor may not see roles.
    pub async fn roles(&self, ctx: &Ctx, tenant: TenantId, page: &PageRequest) -> Result<Page<TenantRole>> {
        let permit = ctx.permit(Action::View, &Resource::new(ResourceKind::Role, tenant))?;
        let tx = TenantTx::begin(self.db(), &permit).await?;
        let roles = repo::list(&tx, page).await?;
        tx.commit().await?;
        Ok(roles)
    }

    /// These of the tenant's own roles, for whoever sees who holds them. Ids of others are left out.
    ///
    /// # Errors
    /// `NotFound` or `Forbidden` where the actor may see neither roles nor members nor service accounts.
    pub async fn roles_by_id(
        &self,
        ctx: &Ctx,
        tenant: TenantId,
        ids: &[RoleId],
    ) -> Result<HashMap<RoleId, TenantRole>> {
        let kinds = [ResourceKind::Member, ResourceKind::ServiceAccount];
        let seen = kinds.into_iter().find(|kind| ctx.may(Action::View, &Resource::new(*kind, tenant)));
        let kind = seen.unwrap_or(ResourceKind::Role);
        let permit = ctx.permit(Action::View, &Resource::new(kind, tenant))?;
        let tx = TenantTx::begin(self.db(), &permit).await?;
        let roles = repo::by_ids(&tx, ids).await?;
        tx.commit().await?;
        Ok(roles.into_iter().map(|role| (role.id, role)).collect())
    }

    /// Makes a role.
    ///
    /// # Errors
    /// `Invalid` for a name that is taken or none, or a right that there is not; `Forbidden` for a right that the
    /// actor does not have; `QuotaExceeded` where the tenant has as many roles as it may.
    pub async fn create_role(&self, ctx: &Ctx, input: CreateRole) -> Result<TenantRole> {
        let tx = self.manage_roles(ctx, input.tenant).await?;
        let catalog = self.catalog(&tx).await?;
        let mut rights = check_rights(&input.rights)?;
        rights.insert(Right::SEE_TENANT);
        let role = TenantRole {
            id: RoleId::generate(ctx.clock(), ctx.entropy()),
            name: check_name(&input.name)?,
            description: check_description(input.description.as_deref().unwrap_or_default())?,
            rights: rights.iter().copied().collect(),
            member_count: 0,
            created_at: ctx.now(),
            updated_at: ctx.now(),
        };
        catalog.ensure_covers(&self.authority(&tx, ctx, (&catalog, ResourceKind::Role)).await?, &rights)?;
        if repo::count(&tx).await? >= MOST_ROLES {
            let text = format!("An organisation has at most {MOST_ROLES} roles of its own.");
            return Err(Error::new(Kind::QuotaExceeded, text)
                .with_remedy("Delete a role that nobody holds, or add rights to one that there is."));
        }
        repo::insert(&tx, &role).await?;
        recorded(&tx, ctx, ("role.created", &role, json!(texts(&role.rights)))).await?;
        tx.commit().await?;
        Ok(role)
    }

    /// Changes a role. Whoever holds it may do what it includes now at their next request. What its holders invited to, and
    /// the credentials that they added to service accounts, fall where they could not do so any more. Repeating it changes
    /// nothing.
    ///
    /// # Errors
    /// As [`Self::create_role`], and `NotFound` for a role that is not the tenant's. `Forbidden` also where the role
    /// includes, as it was, a right that the actor does not have; `Conflict` where it would grow beyond somebody who added
    /// a credential to a service account that holds it.
    pub async fn update_role(&self, ctx: &Ctx, input: UpdateRole) -> Result<TenantRole> {
        let tx = self.manage_roles(ctx, input.tenant).await?;
        let old = repo::find(&tx, input.id).await?.ok_or_else(|| Error::not_found("role"))?;
        let catalog = self.catalog(&tx).await?;
        let authority = self.authority(&tx, ctx, (&catalog, ResourceKind::Role)).await?;
        catalog.ensure_covers(&authority, &old.rights.iter().copied().collect())?;
        let mut role = TenantRole { updated_at: ctx.now(), ..old.clone() };
        if let Some(name) = &input.name {
            role.name = check_name(name)?;
        }
        if let Some(text) = &input.description {
            role.description = check_description(text)?;
        }
        if let Some(rights) = &input.rights {
            let mut rights = check_rights(rights)?;
            rights.insert(Right::SEE_TENANT);
            catalog.ensure_covers(&authority, &rights)?;
            role.rights = rights.into_iter().collect();
        }
        if (&role.name, &role.description, &role.rights) == (&old.name, &old.description, &old.rights) {
            return Ok(old);
        }
        repo::update(&tx, &role).await?;
        let catalog = self.catalog(&tx).await?;
        let at = (&tx, ctx.now());
        self.ensure_none_climbs(at, &catalog, (&old, &role)).await?;
        let fallen = self.drop_ungivable(&tx, ctx).await?;
        let removed = self.drop_known_beyond(at, &catalog, AssignedRole::Custom(role.id)).await?;
        let change = json!({
            "from": texts(&old.rights), "to": texts(&role.rights), "previousName": old.name,
            "invitationsRevoked": fallen, "credentialsRemoved": removed
        });
        recorded(&tx, ctx, ("role.changed", &role, change)).await?;
        tx.commit().await?;
        Ok(role)
    }

    /// Deletes a role that nobody holds.
    ///
    /// # Errors
    /// `Conflict` with the names of its holders; `NotFound` for a role that is not the tenant's; `Forbidden` where it
    /// includes a right that the actor does not have.
    pub async fn delete_role(&self, ctx: &Ctx, tenant: TenantId, id: RoleId) -> Result<()> {
        let tx = self.manage_roles(ctx, tenant).await?;
        let role = repo::find(&tx, id).await?.ok_or_else(|| Error::not_found("role"))?;
        let catalog = self.catalog(&tx).await?;
        let authority = self.authority(&tx, ctx, (&catalog, ResourceKind::Role)).await?;
        catalog.ensure_may_give(&authority, AssignedRole::Custom(id))?;
        let holders = repo::holders(&tx, id).await?;
        if !holders.is_empty() {
            return Err(held_by(&role.name, &holders));
        }
        repo::delete(&tx, id).await?;
        recorded(&tx, ctx, ("role.deleted", &role, json!(texts(&role.rights)))).await?;
        tx.commit().await
    }
}

/// How many holders a refusal names.
const NAMED: usize = 10;

fn held_by(role: &str, holders: &[String]) -> Error {
    let named: Vec<&str> = holders.iter().take(NAMED).map(String::as_str).collect();
    let more = if holders.len() > NAMED { " and others" } else { "" };
    Error::conflict(format!("The role {role:?} is held by {}{more}.", named.join(", ")))
        .with_remedy("Give them another role or revoke the invitation, then delete the role.")
}

fn texts(rights: &[Right]) -> Vec<String> {
    rights.iter().map(ToString::to_string).collect()
}

async fn recorded(
    tx: &TenantTx,
    ctx: &Ctx,
    (action, role, rights): (&'static str, &TenantRole, serde_json::Value),
) -> Result<()> {
    let what = What {
        tenant: tx.tenant(),
        action,
        subject: role.id.to_string(),
        details: json!({ "name": role.name, "rights": rights }),
    };
    record(tx, ctx, what).await
}
