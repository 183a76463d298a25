use chrono::{DateTime, Utc};
use tenantry_kernel::UserId;

use crate::roles::AssignedRole;

/// A person in one tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub user_id: UserId,
    pub email: String,
    pub name: String,
    pub role: AssignedRole,
    pub joined_at: DateTime<Utc>,
}
