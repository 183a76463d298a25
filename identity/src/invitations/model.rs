use chrono::{DateTime, TimeDelta, Utc};
use tenantry_kernel::{InvitationId, TenantId, UserId};

use crate::roles::AssignedRole;

/// How long an invitation can be accepted.
pub(crate) const LIFETIME: TimeDelta = TimeDelta::days(7);

/// Whom to invite, as what.
#[derive(Debug, Clone)]
pub struct InviteMember {
    pub tenant: TenantId,
    pub email: String,
    pub role: AssignedRole,
}

/// An open invitation. It may have expired: then it can be sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    pub id: InvitationId,
    pub email: String,
    pub role: AssignedRole,
    /// The inviter's name.
    pub invited_by: String,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// What an invitation says to whoever holds its link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationPreview {
    pub tenant: TenantId,
    pub inviter_name: String,
    pub email: String,
    pub role: AssignedRole,
    pub expires_at: DateTime<Utc>,
}

/// What accepting an invitation did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AcceptOutcome {
    /// A member now, or since an earlier call with the same link.
    Accepted(TenantId),
    Expired,
    /// Unknown, used, revoked, or replaced by a newer link.
    InvalidLink,
    /// It is for another address than the account's, of which this much may be said.
    OtherAddress {
        masked: String,
    },
}

/// Where an invitation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Open,
    Expired,
    Revoked,
    AcceptedBy(UserId),
}

/// An invitation as its link finds it.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) id: InvitationId,
    pub(crate) tenant: TenantId,
    pub(crate) email: String,
    pub(crate) role: AssignedRole,
    pub(crate) inviter_name: String,
    pub(crate) inviter_email: String,
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) state: State,
}

/// Enough of an address for its owner to know it by: `a•••@example.com`.
pub(crate) fn mask(email: &str) -> String {
    let (local, domain) = email.split_once('@').unwrap_or((email, ""));
    let first = local.chars().next().map(String::from).unwrap_or_default();
    format!("{first}•••@{domain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_address_keeps_one_letter_and_the_domain() {
        assert_eq!(mask("ada.lovelace@example.com"), "a•••@example.com");
        assert_eq!(mask("a@example.com"), "a•••@example.com");
    }
}
