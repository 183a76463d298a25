//! A tenant's own roles: Casbin enforcers of that tenant alone.

use std::collections::BTreeSet;
use std::fmt;

use tenantry_kernel::{RoleId, TenantId};

use crate::Right;
use crate::rules::RoleRules;

/// A role that a tenant has made for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomRole {
    pub id: RoleId,
    pub name: String,
    /// What it includes beside [`Right::SEE_TENANT`], which every role does.
    pub rights: Vec<Right>,
}

impl CustomRole {
    /// All that the role includes, each once, in order.
    pub fn all_rights(&self) -> Vec<Right> {
        let all: BTreeSet<Right> = self.rights.iter().copied().chain([Right::SEE_TENANT]).collect();
        all.into_iter().collect()
    }
}

/// What the roles of one tenant allow, as of a version. Never changed: a newer version is another value, which has
/// decided nothing yet.
pub struct CustomPolicy {
    tenant: TenantId,
    version: i64,
    /// By id.
    roles: Vec<(CustomRole, RoleRules)>,
}

impl CustomPolicy {
    /// Costs little: each role's engine is made when it is first asked.
    pub fn new(tenant: TenantId, version: i64, mut roles: Vec<CustomRole>) -> Self {
        roles.sort_by_key(|role| role.id);
        let ruled = |role: CustomRole| {
            let rights = role.all_rights();
            let lines = rights.iter().map(|r| (r.kind.as_str(), r.action.as_str()));
            let rules = RoleRules::new(&role.id.to_string(), lines);
            (role, rules)
        };
        Self { tenant, version, roles: roles.into_iter().map(ruled).collect() }
    }

    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Grows with each change of the tenant's roles.
    pub fn version(&self) -> i64 {
        self.version
    }

    pub fn roles(&self) -> impl ExactSizeIterator<Item = &CustomRole> {
        self.roles.iter().map(|(role, _)| role)
    }

    pub fn role(&self, id: RoleId) -> Option<&CustomRole> {
        self.find(id).map(|(role, _)| role)
    }

    pub(crate) fn rules(&self, id: RoleId) -> Option<&RoleRules> {
        self.find(id).map(|(_, rules)| rules)
    }

    fn find(&self, id: RoleId) -> Option<&(CustomRole, RoleRules)> {
        let at = self.roles.binary_search_by_key(&id, |(role, _)| role.id).ok()?;
        self.roles.get(at)
    }

    /// Forgets what was decided, so that the engine is asked again.
    pub fn forget_decisions(&self) {
        self.roles.iter().for_each(|(_, rules)| rules.forget());
    }
}

impl PartialEq for CustomPolicy {
    fn eq(&self, other: &Self) -> bool {
        (self.tenant, self.version) == (other.tenant, other.version)
    }
}

impl Eq for CustomPolicy {}

impl fmt::Debug for CustomPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CustomPolicy({} v{})", self.tenant, self.version)
    }
}
