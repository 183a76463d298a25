//! Why the gate says yes or no, in the engine's own terms.

use tenantry_kernel::{Access, TenantId};

use crate::gate::held_in;
use crate::{Action, Actor, Gate, Grant, HeldRole, Resource, Right};

/// The gate's answer to one question, with its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    pub allowed: bool,
    pub right: Right,
    /// The line of the policy by which a role of the actor's allows it, also where the credential's scopes then do
    /// not. A role of the tenant's own is named by its id.
    pub rule: Option<String>,
    /// The roles that the actor holds in the tenant, by name.
    pub roles: Vec<String>,
    /// The right that lacks.
    pub missing: Option<Right>,
    /// A role allows it, and the credential's scopes do not include it.
    pub out_of_scope: bool,
    /// Whether the actor sees things of this kind at all. Where not, they do not exist for it.
    pub visible: bool,
    /// The members' roles that include it, built-in ones first.
    pub granted_by: Vec<String>,
}

impl HeldRole {
    /// The role's name: of the tenant's own, as the tenant has named it.
    pub fn name(&self) -> &str {
        match self {
            Self::Member(role) => role.as_str(),
            Self::Reseller(role) => role.as_str(),
            Self::Support(role) => role.as_str(),
            Self::Custom { id, policy } => policy.role(*id).map_or("deleted role", |role| &role.name),
            Self::Outdated => "outdated session",
        }
    }
}

impl Gate {
    /// Asks the engine again, and for its reasons. `grants` are what the actor holds, in any order.
    pub fn explain(&self, actor: &Actor, grants: &[Grant], right: Right, tenant: TenantId) -> Explanation {
        let mut grants: Vec<Grant> = grants.iter().filter(|g| g.tenant == tenant).cloned().collect();
        if *actor == Actor::Anonymous {
            grants.clear();
        }
        let rule = self.rule(actor, &grants, (right, tenant));
        let in_scope = actor.scopes().is_none_or(|scopes| scopes.contains(&right));
        let allowed = rule.is_some() && in_scope;
        Explanation {
            allowed,
            right,
            out_of_scope: rule.is_some() && !in_scope,
            visible: self.allows(actor, &grants, Action::View, &Resource::new(right.kind, tenant)),
            roles: grants.iter().map(|g| g.role.name().to_owned()).collect(),
            missing: (!allowed).then_some(right),
            granted_by: self.granted_by(right, &grants, tenant),
            rule,
        }
    }

    /// The built-in roles that include a right, and those of the tenant's own that the actor's policy knows.
    pub(crate) fn granted_by(&self, right: Right, grants: &[Grant], tenant: TenantId) -> Vec<String> {
        let mut names: Vec<String> = self.roles_with(right).iter().map(ToString::to_string).collect();
        let policy = held_in(grants, tenant).iter().find_map(|g| match &g.role {
            HeldRole::Custom { policy, .. } => Some(policy),
            _ => None,
        });
        if let Some(policy) = policy {
            let own = policy.roles().filter(|role| role.all_rights().contains(&right));
            names.extend(own.map(|role| role.name.clone()));
        }
        names
    }

    /// What a denial says beside its message.
    pub(crate) fn access(&self, right: Right, grants: &[Grant], tenant: TenantId) -> Access {
        Access { missing: right.to_string(), granted_by: self.granted_by(right, grants, tenant) }
    }
}
