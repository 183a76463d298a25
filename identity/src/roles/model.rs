use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, Utc};
use tenantry_authz::{Right, Role};
use tenantry_kernel::{Error, Result, RoleId, TenantId};
use uuid::Uuid;

/// How many roles of its own a tenant may have.
pub(crate) const MOST_ROLES: i64 = 50;
const MOST_NAME: usize = 60;
const MOST_DESCRIPTION: usize = 500;
/// What the tenant's own roles cannot be called.
const TAKEN: &[&str] = &["custom", "reseller-admin", "reseller-support", "support-read", "support-write"];

/// A role as somebody is given it: built in, or the tenant's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AssignedRole {
    BuiltIn(Role),
    Custom(RoleId),
}

impl AssignedRole {
    /// From the two columns of a table.
    pub(crate) fn stored(role: &str, custom: Option<Uuid>) -> Result<Self> {
        match (role, custom) {
            ("custom", Some(id)) => Ok(Self::Custom(RoleId::from_uuid(id))),
            (role, None) => Ok(Self::BuiltIn(role.parse().map_err(Error::internal)?)),
            (role, Some(_)) => Err(Error::internal(format!("{role} with a role of the tenant's own"))),
        }
    }

    /// The two columns of a table: `role` and `custom_role_id`.
    pub(crate) fn columns(self) -> (&'static str, Option<Uuid>) {
        match self {
            Self::BuiltIn(role) => (role.as_str(), None),
            Self::Custom(id) => ("custom", Some(id.uuid())),
        }
    }

    pub fn custom(self) -> Option<RoleId> {
        match self {
            Self::BuiltIn(_) => None,
            Self::Custom(id) => Some(id),
        }
    }
}

impl From<Role> for AssignedRole {
    fn from(role: Role) -> Self {
        Self::BuiltIn(role)
    }
}

impl PartialEq<Role> for AssignedRole {
    fn eq(&self, other: &Role) -> bool {
        *self == Self::BuiltIn(*other)
    }
}

/// As the audit trail has it: the built-in role's name, or the id of the tenant's own.
impl fmt::Display for AssignedRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn(role) => role.fmt(f),
            Self::Custom(id) => id.fmt(f),
        }
    }
}

/// A role of a tenant's own, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantRole {
    pub id: RoleId,
    pub name: String,
    pub description: String,
    /// All that it includes, `tenant:view` among it, in order.
    pub rights: Vec<Right>,
    pub member_count: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Debug, Clone)]
pub struct CreateRole {
    pub tenant: TenantId,
    pub name: String,
    pub description: Option<String>,
    /// As `resource:action`. `tenant:view` is included in any case.
    pub rights: Vec<String>,
}

/// What is `None` stays.
#[derive(Debug, Clone)]
pub struct UpdateRole {
    pub tenant: TenantId,
    pub id: RoleId,
    pub name: Option<String>,
    pub description: Option<String>,
    pub rights: Option<Vec<String>>,
}

/// # Errors
/// `Invalid` for a name that is empty, too long, unprintable, or that of a built-in role.
pub(crate) fn check_name(name: &str) -> Result<String> {
    let name = name.trim();
    let invalid = |text: String| Err(Error::invalid("name", text));
    if name.is_empty() || name.chars().count() > MOST_NAME {
        return invalid(format!("A role's name has 1 to {MOST_NAME} characters."));
    }
    if name.chars().any(char::is_control) {
        return invalid("A role's name is one line of text.".to_owned());
    }
    let lower = name.to_lowercase();
    if lower.parse::<Role>().is_ok() || TAKEN.contains(&lower.as_str()) {
        return invalid(format!("{name:?} is the name of a built-in role."));
    }
    Ok(name.to_owned())
}

/// # Errors
/// `Invalid` for a text that is too long or holds what is no text.
pub(crate) fn check_description(text: &str) -> Result<String> {
    let text = text.trim();
    if text.chars().count() > MOST_DESCRIPTION || text.chars().any(|c| c.is_control() && c != '\n') {
        return Err(Error::invalid(
            "description",
            format!("A description has at most {MOST_DESCRIPTION} characters of text."),
        ));
    }
    Ok(text.to_owned())
}

/// The rights that a role is to include, each once, in order.
///
/// # Errors
/// `Invalid` for a right that there is not.
pub(crate) fn check_rights(rights: &[String]) -> Result<BTreeSet<Right>> {
    let known = |text: &String| {
        let right: Right = text.parse()?;
        right
            .description()
            .map(|_| right)
            .ok_or_else(|| Error::invalid("rights", format!("There is no right {text:?}.")))
    };
    if rights.len() > 1000 {
        return Err(Error::invalid("rights", "There are not that many rights."));
    }
    rights.iter().map(known).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_lines_and_not_those_of_built_in_roles() {
        assert_eq!(check_name("  Deployers ").unwrap(), "Deployers");
        assert!(check_name(&"ä".repeat(60)).is_ok());
        for name in ["", "  ", "Owner", "VIEWER", "custom", "support-read", "a\nb", "a\0b", &"a".repeat(61)] {
            assert!(check_name(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn rights_are_those_that_there_are() {
        let some = ["instance:view", "instance:operate", "instance:view"].map(str::to_owned);
        assert_eq!(check_rights(&some).unwrap().len(), 2);
        for wrong in ["instance", "instance:fly", "usage:delete", "fleet:view", "instance:*", ""] {
            assert!(check_rights(&[wrong.to_owned()]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_two_columns_say_the_role_and_nothing_else() {
        let id = RoleId::from_uuid(Uuid::from_u128(7));
        for role in Role::ALL.iter().map(|r| AssignedRole::BuiltIn(*r)).chain([AssignedRole::Custom(id)]) {
            let (text, custom) = role.columns();
            assert_eq!(AssignedRole::stored(text, custom).unwrap(), role);
        }
        assert!(AssignedRole::stored("custom", None).is_err());
        assert!(AssignedRole::stored("viewer", Some(id.uuid())).is_err());
    }
}
