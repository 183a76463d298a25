use tenantry_authz::{Actor, Grant, PlatformRole};
use tenantry_kernel::{SessionId, UserId};

/// What a valid session token says about its holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticated {
    pub user: UserId,
    pub session: SessionId,
    pub platform_role: Option<PlatformRole>,
    /// The person's roles, one a tenant.
    pub grants: Vec<Grant>,
}

impl Authenticated {
    /// The actor of the request's context.
    pub fn actor(&self) -> Actor {
        Actor::User { id: self.user, session: self.session, platform_role: self.platform_role }
    }
}
