use chrono::{DateTime, Utc};
use tenantry_authz::{Actor, Assurance, Barred, Grant, PlatformRole};
use tenantry_kernel::{Secret, SessionId, TenantId, UserId};

use crate::devices::Device;

/// What a valid session token says about its holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticated {
    pub user: UserId,
    pub session: SessionId,
    pub platform_role: Option<PlatformRole>,
    /// The person's roles, one a tenant.
    pub grants: Vec<Grant>,
    /// How sure it is that it is them.
    pub assurance: Assurance,
    /// The person's tenants in which this session does not do: there is no grant for them.
    pub barred: Vec<Barred>,
    /// The only tenant that the session is good in, where it came by that tenant's connection.
    pub reach: Option<TenantId>,
}

impl Authenticated {
    /// The actor of the request's context.
    pub fn actor(&self) -> Actor {
        Actor::User { id: self.user, session: self.session, platform_role: self.platform_role }
    }
}

/// One of a person's sessions, as they may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserSession {
    pub id: SessionId,
    pub device: Device,
    /// Where the log-in came from. No place is made of it: there is no database of places.
    pub address: Option<String>,
    pub created_at: DateTime<Utc>,
    /// Known to a minute.
    pub last_seen_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// Another token of the same session, in the place of the one that the request came with.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// For the cookie: it is not stored and cannot be asked for again.
    pub token: Secret,
    pub expires_at: DateTime<Utc>,
}
