use std::sync::Arc;

use tenantry_kernel::{RoleId, SupportAccessId, TenantId};

use crate::access::word_enum;
use crate::custom::CustomPolicy;

word_enum!(
    /// What a member is in one tenant.
    Role {
        Owner = "owner",
        Admin = "admin",
        Developer = "developer",
        Billing = "billing",
        Viewer = "viewer",
    }
);

word_enum!(
    /// What a member of a reseller is in the tenants that the reseller runs.
    ResellerRole {
        Admin = "reseller-admin",
        Support = "reseller-support",
    }
);

word_enum!(
    /// What platform staff is in a tenant that has consented, for as long as it has.
    SupportRole {
        Read = "support-read",
        Write = "support-write",
    }
);

word_enum!(
    /// What a member of the platform's staff is.
    PlatformRole {
        Admin = "platform-admin",
        Support = "platform-support",
        Finance = "platform-finance",
        Auditor = "platform-auditor",
    }
);

/// A role as it is held: built in, or the tenant's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeldRole {
    Member(Role),
    /// A role of the tenant's own, with the policy that it is part of.
    Custom {
        id: RoleId,
        policy: Arc<CustomPolicy>,
    },
    Reseller(ResellerRole),
    Support(SupportRole),
    /// A member's, whose session is too old for this tenant: it allows nothing until they log in again.
    Outdated,
}

impl From<Role> for HeldRole {
    fn from(role: Role) -> Self {
        Self::Member(role)
    }
}

/// A role held in a tenant: a fact that authentication has read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    pub tenant: TenantId,
    pub role: HeldRole,
    /// What the role is held by, where it is platform staff's.
    pub by: Option<SupportAccessId>,
}

impl Grant {
    pub fn new(tenant: TenantId, role: impl Into<HeldRole>) -> Self {
        Self { tenant, role: role.into(), by: None }
    }

    /// Platform staff's, for as long as the access lasts.
    pub fn support(tenant: TenantId, role: SupportRole, by: SupportAccessId) -> Self {
        Self { tenant, role: HeldRole::Support(role), by: Some(by) }
    }
}
