//! A tenant's directory as its people see it: whether it is connected, whom it has provisioned, and what its groups become.

pub(crate) mod repo;
mod service;

use chrono::{DateTime, Utc};
use tenantry_authz::Role;
use tenantry_kernel::{ScimGroupId, ScimUserId, TenantId, UserId};

use crate::roles::AssignedRole;

/// What is set of a tenant's directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Provisioning {
    /// While it is not, no token is good.
    pub enabled: bool,
    /// What somebody becomes who is in no group with a role.
    pub role: AssignedRole,
}

impl Default for Provisioning {
    fn default() -> Self {
        Self { enabled: false, role: Role::Viewer.into() }
    }
}

/// What to set; what is `None` stays.
#[derive(Debug, Clone, Copy)]
pub struct SetProvisioning {
    pub tenant: TenantId,
    pub enabled: Option<bool>,
    pub role: Option<AssignedRole>,
}

/// A person as the directory describes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvisionedUser {
    pub id: ScimUserId,
    pub user_name: String,
    pub email: String,
    pub active: bool,
    /// Set once they are a member.
    pub member: Option<UserId>,
    pub updated_at: DateTime<Utc>,
}

/// A group of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvisionedGroup {
    pub id: ScimGroupId,
    pub display_name: String,
    /// What its members become.
    pub role: Option<AssignedRole>,
    pub member_count: i64,
    pub updated_at: DateTime<Utc>,
}

/// A role for a group, or none.
#[derive(Debug, Clone, Copy)]
pub struct MapGroup {
    pub tenant: TenantId,
    pub group: ScimGroupId,
    pub role: Option<AssignedRole>,
}
