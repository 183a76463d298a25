//! The tenants' own policies that this process has at hand.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tenantry_kernel::{Shared, TenantId};

use crate::CustomPolicy;

/// How many roles of all tenants together are kept.
const MOST_ROLES: u64 = 4096;
/// Tenants with roles of their own that are expected to be active at once; a hint for the first allocation.
const EXPECTED: usize = 256;

#[derive(Clone)]
struct ByRoles;

impl Weighter<TenantId, Arc<CustomPolicy>> for ByRoles {
    fn weight(&self, _: &TenantId, policy: &Arc<CustomPolicy>) -> u64 {
        // One more for the policy itself, so that none is free.
        policy.roles().len() as u64 + 1
    }
}

/// The tenants' policies that were asked for last, bounded by the number of their roles.
pub(crate) struct Policies(Shared<Cache<TenantId, Arc<CustomPolicy>, ByRoles>>);

impl Policies {
    pub(crate) fn new() -> Self {
        Self(Shared::new(Cache::with_weighter(EXPECTED, MOST_ROLES, ByRoles)))
    }

    pub(crate) fn get(&self, tenant: TenantId, version: i64) -> Option<Arc<CustomPolicy>> {
        self.0.get(&tenant).filter(|policy| policy.version() == version)
    }

    pub(crate) fn put(&self, policy: Arc<CustomPolicy>) {
        self.0.insert(policy.tenant(), policy);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}
