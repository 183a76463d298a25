use chrono::{DateTime, Utc};
use tenantry_authz::Role;
use tenantry_kernel::{Error, Result, UserId};

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

/// The roles that somebody in a role may give, take and invite to: none above one's own.
pub(crate) fn givable(giver: Role) -> &'static [Role] {
    match giver {
        Role::Owner => Role::ALL,
        Role::Admin => &[Role::Admin, Role::Developer, Role::Billing, Role::Viewer],
        Role::Developer | Role::Billing | Role::Viewer => &[],
    }
}

/// # Errors
/// `Forbidden` for a role that somebody in the role `giver` cannot give or take.
pub(crate) fn ensure_may_give(giver: Role, given: Role) -> Result<()> {
    if givable(giver).contains(&given) {
        return Ok(());
    }
    Err(Error::forbidden(format!("With the role {giver} you cannot give or take the role {given}."))
        .with_remedy(if given == Role::Owner {
            "Ask an owner of the organisation."
        } else {
            "Ask an owner or administrator of the organisation."
        }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_gives_a_role_above_their_own() {
        for given in Role::ALL {
            assert!(ensure_may_give(Role::Owner, *given).is_ok());
            assert_eq!(ensure_may_give(Role::Admin, *given).is_ok(), *given != Role::Owner);
            for giver in [Role::Developer, Role::Billing, Role::Viewer] {
                assert!(ensure_may_give(giver, *given).is_err());
            }
        }
    }
}
