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
    owner: bool,
    rights: BTreeSet<Right>,
}

impl Authority {
    fn manages(&self, kind: ResourceKind) -> bool {
        self.rights.contains(&Right::new(kind, Action::Manage))
    }
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
        Ok(Authority { owner: role == Role::Owner, rights: self.rights(role)? })
    }

    /// As [`Self::authority`], of a member who hands on by managing this kind of thing. The request's roles are as old as
    /// the request: here it is asked again.
    ///
    /// # Errors
    /// `Forbidden` where the role does not include managing it now.
    pub(crate) fn giver(&self, role: AssignedRole, kind: ResourceKind) -> Result<Authority> {
        let authority = self.authority(role)?;
        self.ensure_manages(&authority, kind)?;
        Ok(authority)
    }

    fn ensure_manages(&self, authority: &Authority, kind: ResourceKind) -> Result<()> {
        self.ensure_covers(authority, &BTreeSet::from([Right::new(kind, Action::Manage)]))
    }

    /// # Errors
    /// `Forbidden` for a role with a right that the giver lacks, and for the role owner of who is none; `NotFound` for one
    /// that is not the tenant's.
    pub(crate) fn ensure_may_give(&self, giver: &Authority, given: AssignedRole) -> Result<()> {
        // An owner is more than an owner's rights: one always stays, and they are who is told in an emergency.
        if given == Role::Owner && !giver.owner {
            return Err(Error::forbidden("Only an owner can give or take the role owner.")
                .with_remedy("Ask an owner of the organisation."));
        }
        let Some((names, access)) = self.lacking(giver, &self.rights(given)?) else { return Ok(()) };
        let text = format!(
            "You cannot give or take the role {}: you do not have all of its rights yourself ({names}).",
            self.name(given)
        );
        Err(Error::forbidden(text).with_remedy("Ask somebody who has them to do it.").with_access(access))
    }

    /// # Errors
    /// `Forbidden` where the giver lacks one of the rights.
    pub(crate) fn ensure_covers(&self, giver: &Authority, rights: &BTreeSet<Right>) -> Result<()> {
        let Some((names, access)) = self.lacking(giver, rights) else { return Ok(()) };
        Err(Error::forbidden(format!("You do not have these rights yourself: {names}."))
            .with_remedy("Leave them out, or ask somebody who has them to do it.")
            .with_access(access))
    }

    /// The rights that the giver lacks, as text, and who has the first of them. `None`: the giver has all.
    fn lacking(&self, giver: &Authority, rights: &BTreeSet<Right>) -> Option<(String, Access)> {
        let lacking: Vec<Right> = rights.difference(&giver.rights).copied().collect();
        let first = lacking.first()?;
        let names: Vec<String> = lacking.iter().map(ToString::to_string).collect();
        let access = Access { missing: first.to_string(), granted_by: self.with_right(*first) };
        Some((names.join(", "), access))
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

    /// The roles that may be given by managing this kind of thing, as the two columns of a table have them: the built-in
    /// ones, and the tenant's own.
    pub(crate) fn givable(&self, giver: &Authority, kind: ResourceKind) -> (Vec<String>, Vec<Uuid>) {
        let may = |role: AssignedRole| giver.manages(kind) && self.ensure_may_give(giver, role).is_ok();
        let built_in = Role::ALL.iter().filter(|r| may(AssignedRole::BuiltIn(**r)));
        let own = self.custom.iter().filter(|r| may(AssignedRole::Custom(r.id)));
        (built_in.map(|r| r.as_str().to_owned()).collect(), own.map(|r| r.id.uuid()).collect())
    }
}

impl Identity {
    pub(crate) async fn catalog(&self, tx: &TenantTx) -> Result<Catalog<'_>> {
        Catalog::read(tx, &self.runtime().gate, tx.tenant()).await
    }

    /// What the actor may hand on in the transaction's tenant by managing this kind of thing. A member's role is read
    /// again: the request's is as old as the request.
    ///
    /// # Errors
    /// `NotFound` for who is a member no more, `Forbidden` for who may not manage it now.
    pub(crate) async fn authority(
        &self,
        tx: &TenantTx,
        ctx: &Ctx,
        (catalog, kind): (&Catalog<'_>, ResourceKind),
    ) -> Result<Authority> {
        let authority = self.authority_now(tx, ctx, catalog).await?;
        catalog.ensure_manages(&authority, kind)?;
        Ok(authority)
    }

    async fn authority_now(&self, tx: &TenantTx, ctx: &Ctx, catalog: &Catalog<'_>) -> Result<Authority> {
        let gone = || Error::not_found("tenant");
        let held = ctx.held_in(tx.tenant());
        let member = held.iter().any(|g| matches!(g.role, HeldRole::Member(_) | HeldRole::Custom { .. }));
        let role = match ctx.actor() {
            Actor::User { id, .. } if member => members::repo::find(tx, *id).await?.ok_or_else(gone)?.role,
            Actor::ApiKey { maker, .. } => members::repo::find(tx, *maker).await?.ok_or_else(gone)?.role,
            // What a directory may hand on is what its token's maker may, see `scim`.
            Actor::Scim { maker, .. } => {
                let maker = members::repo::find(tx, *maker).await?.ok_or_else(gone)?;
                return catalog.authority(maker.role);
            }
            Actor::ServiceAccount { id, .. } => {
                service_accounts::repo::find(tx, *id).await?.ok_or_else(gone)?.role
            }
            // Whoever is here without being a member: what the request came with.
            Actor::User { .. } | Actor::Anonymous => {
                return Ok(Authority { owner: false, rights: ctx.rights(tx.tenant()).collect() });
            }
        };
        let authority = catalog.authority(role)?;
        Ok(match ctx.actor().scopes() {
            None => authority,
            Some(scopes) => Authority {
                owner: false,
                rights: authority.rights.into_iter().filter(|right| scopes.contains(right)).collect(),
            },
        })
    }

    /// That the actor may give (or take, or change who holds) a role by managing this kind of thing, in the transaction
    /// that does it. The action itself needs a permit of its own.
    ///
    /// # Errors
    /// `Forbidden` for a role with a right that the actor lacks; `NotFound` for a role that is not the tenant's.
    pub(crate) async fn ensure_may_give(
        &self,
        tx: &TenantTx,
        ctx: &Ctx,
        (kind, role): (ResourceKind, AssignedRole),
    ) -> Result<()> {
        let catalog = self.catalog(tx).await?;
        let authority = self.authority(tx, ctx, (&catalog, kind)).await?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nobody_gives_a_built_in_role_with_a_right_that_they_do_not_have() {
        let gate = Gate::built_in().await.unwrap();
        let tenant = TenantId::from_uuid(Uuid::nil());
        let catalog = Catalog { gate: &gate, tenant, custom: vec![] };
        // A billing manager changes the plan; an administrator does not.
        let givable: [(Role, &[Role]); 2] =
            [(Role::Owner, Role::ALL), (Role::Admin, &[Role::Admin, Role::Developer, Role::Viewer])];
        for (giver, wanted) in givable {
            let authority = catalog.giver(giver.into(), ResourceKind::Member).unwrap();
            let may = |role: &Role| catalog.ensure_may_give(&authority, (*role).into()).is_ok();
            assert_eq!(Role::ALL.iter().copied().filter(may).collect::<Vec<_>>(), wanted, "{giver}");
        }
        for giver in [Role::Developer, Role::Billing, Role::Viewer] {
            assert!(catalog.giver(giver.into(), ResourceKind::Member).is_err(), "{giver}");
            let authority = catalog.authority(giver.into()).unwrap();
            assert_eq!(catalog.givable(&authority, ResourceKind::Member), (vec![], vec![]), "{giver}");
        }
    }
}
