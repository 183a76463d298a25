//! Who may hand on which role. Read in the transaction that decides, under its lock.

use std::collections::BTreeSet;

use tenantry_authz::{Action, Actor, Ctx, CustomRole, Gate, HeldRole, Resource, ResourceKind, Right, Role};
use tenantry_kernel::{Access, Error, Result, TenantId};
use tenantry_store::{TenantTx, Transaction};
use uuid::Uuid;

use super::{AssignedRole, repo};
use crate::{Identity, members, service_accounts};

/// What somebody may hand on: what they have themselves.
#[derive(Debug, Clone)]
pub(crate) struct Authority {
    /// The built-in role, which decides about built-in roles.
    role: Option<Role>,
    rights: BTreeSet<Right>,
}

/// A tenant's roles as of now, built-in and its own, with what each includes.
pub(crate) struct Catalog<'a> {
    gate: &'a Gate,
    tenant: TenantId,
    custom: Vec<CustomRole>,
}

impl<'a> Catalog<'a> {
    pub(crate) async fn read(tx: &impl Transaction, gate: &'a Gate, tenant: TenantId) -> Result<Self> {
        let (_, custom) = repo::policy(tx, tenant).await?;
        Ok(Self { gate, tenant, custom })
    }

    /// # Errors
    /// `NotFound` for a role that is not the tenant's.
    fn find(&self, role: AssignedRole) -> Result<Option<&CustomRole>> {
        let AssignedRole::Custom(id) = role else { return Ok(None) };
        self.custom.iter().find(|r| r.id == id).map(Some).ok_or_else(|| Error::not_found("role"))
    }

    /// # Errors
    /// `NotFound` for a role that is not the tenant's.
    pub(crate) fn rights(&self, role: AssignedRole) -> Result<BTreeSet<Right>> {
        Ok(match (role, self.find(role)?) {
            (_, Some(own)) => own.all_rights().into_iter().collect(),
            (AssignedRole::BuiltIn(role), None) => {
                self.gate.rights_of(&HeldRole::Member(role), self.tenant).into_iter().collect()
            }
            (AssignedRole::Custom(_), None) => BTreeSet::new(),
        })
    }

    /// The role's name, as people know it.
    pub(crate) fn name(&self, role: AssignedRole) -> String {
        self.find(role).ok().flatten().map_or_else(|| role.to_string(), |own| own.name.clone())
    }

    /// What a member in this role may hand on.
    pub(crate) fn authority(&self, role: AssignedRole) -> Result<Authority> {
        let built_in = match role {
            AssignedRole::BuiltIn(role) => Some(role),
            AssignedRole::Custom(_) => None,
        };
        Ok(Authority { role: built_in, rights: self.rights(role)? })
    }

    /// # Errors
    /// `Forbidden` for a role that is above the giver's or has a right that the giver lacks, `NotFound` for one that
    /// is not the tenant's.
    pub(crate) fn ensure_may_give(&self, giver: &Authority, given: AssignedRole) -> Result<()> {
        match (giver.role, given) {
            (Some(giver), AssignedRole::BuiltIn(given)) => members::ensure_may_give(giver, given),
            (None, AssignedRole::BuiltIn(Role::Owner)) => {
                Err(Error::forbidden("Only an owner can give or take the role owner.")
                    .with_remedy("Ask an owner of the organisation."))
            }
            _ => self.ensure_covers(giver, &self.rights(given)?),
        }
    }

    /// # Errors
    /// `Forbidden` where the giver lacks one of the rights.
    pub(crate) fn ensure_covers(&self, giver: &Authority, rights: &BTreeSet<Right>) -> Result<()> {
        let lacking: Vec<Right> = rights.difference(&giver.rights).copied().collect();
        let Some(first) = lacking.first() else { return Ok(()) };
        let names: Vec<String> = lacking.iter().map(ToString::to_string).collect();
        let holders = self.with_right(*first);
        Err(Error::forbidden(format!("You do not have these rights yourself: {}.", names.join(", ")))
            .with_remedy("Leave them out, or ask somebody who has them to do it.")
            .with_access(Access { missing: first.to_string(), granted_by: holders }))
    }

    /// The names of the roles that include a right, built-in ones first.
    pub(crate) fn with_right(&self, right: Right) -> Vec<String> {
        let built_in = self.gate.roles_with(right).into_iter().map(|role| role.to_string());
        let own = self.custom.iter().filter(|role| role.all_rights().contains(&right));
        built_in.chain(own.map(|role| role.name.clone())).collect()
    }

    /// The roles that include a right.
    pub(crate) fn roles_with(&self, right: Right) -> Vec<AssignedRole> {
        let built_in = self.gate.roles_with(right).into_iter().map(AssignedRole::BuiltIn);
        let own = self.custom.iter().filter(|role| role.all_rights().contains(&right));
        built_in.chain(own.map(|role| AssignedRole::Custom(role.id))).collect()
    }

    /// The roles that may be given, as the two columns of a table have them: the built-in ones, and the tenant's own.
    pub(crate) fn givable(&self, giver: &Authority) -> (Vec<String>, Vec<Uuid>) {
        let may = |role: AssignedRole| self.ensure_may_give(giver, role).is_ok();
        let built_in = Role::ALL.iter().filter(|r| may(AssignedRole::BuiltIn(**r)));
        let own = self.custom.iter().filter(|r| may(AssignedRole::Custom(r.id)));
        (built_in.map(|r| r.as_str().to_owned()).collect(), own.map(|r| r.id.uuid()).collect())
    }
}

impl Identity {
    pub(crate) async fn catalog(&self, tx: &TenantTx) -> Result<Catalog<'_>> {
        Catalog::read(tx, &self.runtime().gate, tx.tenant()).await
    }

    /// What the actor may hand on in the transaction's tenant. A member's role is read again: the request's is as old
    /// as the request.
    ///
    /// # Errors
    /// `NotFound` for who is a member no more.
    pub(crate) async fn authority(
        &self,
        tx: &TenantTx,
        ctx: &Ctx,
        catalog: &Catalog<'_>,
    ) -> Result<Authority> {
        let gone = || Error::not_found("tenant");
        let held = ctx.held_in(tx.tenant());
        let member = held.iter().any(|g| matches!(g.role, HeldRole::Member(_) | HeldRole::Custom { .. }));
        let role = match ctx.actor() {
            Actor::User { id, .. } if member => members::repo::find(tx, *id).await?.ok_or_else(gone)?.role,
            Actor::ApiKey { maker, .. } => members::repo::find(tx, *maker).await?.ok_or_else(gone)?.role,
            Actor::ServiceAccount { id, .. } => {
                service_accounts::repo::find(tx, *id).await?.ok_or_else(gone)?.role
            }
            // Whoever is here without being a member: what the request came with.
            Actor::User { .. } | Actor::Anonymous => {
                return Ok(Authority { role: None, rights: ctx.rights(tx.tenant()).collect() });
            }
        };
        let authority = catalog.authority(role)?;
        Ok(match ctx.actor().scopes() {
            None => authority,
            Some(scopes) => Authority {
                role: None,
                rights: authority.rights.into_iter().filter(|right| scopes.contains(right)).collect(),
            },
        })
    }

    /// That the actor may give (or take, or change who holds) a role, in the transaction that does it. For members,
    /// invitations and service accounts alike. The action itself needs a permit of its own.
    ///
    /// # Errors
    /// `Forbidden` for a role that is above the actor's own or has a right that the actor lacks; `NotFound` for a
    /// role that is not the tenant's.
    pub(crate) async fn ensure_may_give(&self, tx: &TenantTx, ctx: &Ctx, role: AssignedRole) -> Result<()> {
        let catalog = self.catalog(tx).await?;
        let authority = self.authority(tx, ctx, &catalog).await?;
        catalog.ensure_may_give(&authority, role)
    }

    /// A transaction in which the actor decides about roles, alone.
    pub(crate) async fn manage_roles(&self, ctx: &Ctx, tenant: TenantId) -> Result<TenantTx> {
        let permit = ctx.permit(Action::Manage, &Resource::new(ResourceKind::Role, tenant))?;
        let tx = TenantTx::begin(self.db(), &permit).await?;
        members::seats::lock(&tx, tenant).await?;
        Ok(tx)
    }
}
