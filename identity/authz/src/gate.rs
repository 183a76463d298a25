use std::sync::Arc;

use tenantry_kernel::{Result, TenantId};

use crate::policies::Policies;
use crate::rules::{Asker, Question, RoleRules};
use crate::{
    Action, Actor, CustomPolicy, Grant, HeldRole, PlatformResource, PlatformRole, ResellerRole, Resource,
    Right, Role, SupportRole,
};

pub(crate) const POLICY: &str = include_str!("../policy/policy.csv");

/// The domain of platform staff. No tenant id looks like it.
const PLATFORM: &str = "platform";

/// The decision engine: Casbin with the built-in rules, and the tenants' own policies that were used last.
pub struct Gate {
    members: Vec<RoleRules>,
    resellers: Vec<RoleRules>,
    support: Vec<RoleRules>,
    platform: Vec<RoleRules>,
    policies: Policies,
}

impl Gate {
    /// Loads the built-in model and rules.
    ///
    /// # Errors
    /// When the compiled-in policy does not parse: a fault of the build, found by any test.
    pub async fn built_in() -> Result<Self> {
        Self::of(POLICY).await
    }

    /// A gate of other rules.
    pub(crate) async fn of(policy: &str) -> Result<Self> {
        Ok(Self {
            members: all(policy, Role::ALL.iter().map(|r| r.as_str()))?,
            resellers: all(policy, ResellerRole::ALL.iter().map(|r| r.as_str()))?,
            support: all(policy, SupportRole::ALL.iter().map(|r| r.as_str()))?,
            platform: all(policy, PlatformRole::ALL.iter().map(|r| r.as_str()))?,
            policies: Policies::new(),
        })
    }

    /// Whether a role that the actor holds in the resource's tenant allows the action. `grants` are in the order of
    /// their tenants.
    pub(crate) fn allows(
        &self,
        actor: &Actor,
        grants: &[Grant],
        action: Action,
        resource: &Resource,
    ) -> bool {
        let question = Question::tenant(resource.kind, action);
        held_in(grants, resource.tenant).iter().any(|grant| {
            self.rules(grant).is_some_and(|rules| rules.allows(question, || asker(actor, resource.tenant)))
        })
    }

    pub(crate) fn allows_platform(
        &self,
        actor: &Actor,
        role: PlatformRole,
        action: Action,
        resource: PlatformResource,
    ) -> bool {
        let asker = || Asker { subject: actor.label(), domain: PLATFORM.to_owned() };
        let rules = self.platform.get(role as usize);
        rules.is_some_and(|rules| rules.allows(Question::platform(resource, action), asker))
    }

    /// The rule by which one of the roles allows it, as the engine names it.
    pub(crate) fn rule(
        &self,
        actor: &Actor,
        grants: &[Grant],
        (right, tenant): (Right, TenantId),
    ) -> Option<String> {
        let question = Question::tenant(right.kind, right.action);
        held_in(grants, tenant)
            .iter()
            .find_map(|grant| self.rules(grant)?.rule(question, asker(actor, tenant)))
    }

    /// What a role allows in the tenant where it is held.
    pub fn rights_of(&self, role: &HeldRole, tenant: TenantId) -> Vec<Right> {
        let grant = [Grant::new(tenant, role.clone())];
        let has =
            |r: &Right| self.allows(&Actor::Anonymous, &grant, r.action, &Resource::new(r.kind, tenant));
        Right::all().filter(has).collect()
    }

    /// The members' built-in roles that include a right, highest first.
    pub fn roles_with(&self, right: Right) -> Vec<Role> {
        let question = Question::tenant(right.kind, right.action);
        let asker = || Asker { subject: "role".to_owned(), domain: "any".to_owned() };
        let has =
            |role: &Role| self.members.get(*role as usize).is_some_and(|rules| rules.allows(question, asker));
        Role::ALL.iter().copied().filter(has).collect()
    }

    /// A tenant's own policy of exactly this version, where this process has it at hand.
    pub fn custom(&self, tenant: TenantId, version: i64) -> Option<Arc<CustomPolicy>> {
        self.policies.get(tenant, version)
    }

    /// Keeps a tenant's policy at hand, instead of the one that was. The least used ones of others make room.
    pub fn install(&self, policy: Arc<CustomPolicy>) {
        self.policies.put(policy);
    }

    /// How many tenants' policies are at hand.
    pub fn policies(&self) -> usize {
        self.policies.len()
    }

    /// Forgets what was decided about built-in roles, so that the engine is asked again: for measuring it.
    pub fn forget_decisions(&self) {
        for roles in [&self.members, &self.resellers, &self.support, &self.platform] {
            roles.iter().for_each(RoleRules::forget);
        }
    }

    fn rules<'a>(&'a self, grant: &'a Grant) -> Option<&'a RoleRules> {
        match &grant.role {
            HeldRole::Member(role) => self.members.get(*role as usize),
            HeldRole::Reseller(role) => self.resellers.get(*role as usize),
            HeldRole::Support(role) => self.support.get(*role as usize),
            // The wrong tenant's policy would be a fault of authentication: it allows nothing.
            HeldRole::Custom { policy, .. } if policy.tenant() != grant.tenant => None,
            HeldRole::Custom { id, policy } => policy.rules(*id),
            HeldRole::Outdated => None,
        }
    }
}

fn asker(actor: &Actor, tenant: TenantId) -> Asker {
    Asker { subject: actor.label(), domain: tenant.to_string() }
}

/// The grants in one tenant, of all, which are in the order of their tenants.
pub(crate) fn held_in(grants: &[Grant], tenant: TenantId) -> &[Grant] {
    let from = grants.partition_point(|g| g.tenant < tenant);
    let rest = grants.get(from..).unwrap_or_default();
    let until = rest.partition_point(|g| g.tenant == tenant);
    rest.get(..until).unwrap_or_default()
}

/// The lines of a policy, as (role, object, action).
pub(crate) fn lines(policy: &str) -> impl Iterator<Item = (&str, &str, &str)> {
    policy.lines().filter_map(|line| {
        let mut parts = line.split(',').map(str::trim);
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some("p"), Some(role), Some(object), Some(action)) => Some((role, object, action)),
            _ => None,
        }
    })
}

fn all(policy: &str, roles: impl Iterator<Item = &'static str>) -> Result<Vec<RoleRules>> {
    let mut ruled = Vec::new();
    for role in roles {
        let own = lines(policy).filter(|(r, _, _)| *r == role).map(|(_, object, action)| (object, action));
        ruled.push(RoleRules::new(role, own).ready()?);
    }
    Ok(ruled)
}
