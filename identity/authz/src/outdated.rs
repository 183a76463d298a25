//! Members whose session is too old for a tenant: they are told so, and that it is not a right that lacks.

use tenantry_kernel::{Error, TenantId};

use crate::{Ctx, HeldRole};

/// The code of the error that asks for a new log-in.
pub const SESSION_TOO_OLD: &str = "SESSION_TOO_OLD";

pub(crate) fn error() -> Error {
    Error::forbidden("This organisation wants a newer log-in than the one of this session.")
        .with_code(SESSION_TOO_OLD)
        .with_remedy("Log out, then log in again. Your other organisations go on without it.")
}

impl Ctx {
    /// Whether the actor is a member of the tenant whose session is too old for it.
    pub fn is_outdated_in(&self, tenant: TenantId) -> bool {
        self.held_in(tenant).iter().any(|grant| grant.role == HeldRole::Outdated)
    }
}
