//! The tokens that a directory comes with. Several may be good at once, so that they can be changed without a gap: make
//! another, put it into the directory, revoke the one before.
//!
//! Each is its maker's authority in the directory's hand: it is good for `/scim/v2` alone, as long as its maker is a member,
//! and gives nobody more than they could. The secret is shown once; the database keeps its SHA-256.

pub(crate) mod repo;
mod service;

use chrono::{DateTime, Utc};
use tenantry_kernel::{ScimTokenId, Secret, TenantId, UserId};

/// A token as its tenant sees it: everything but the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScimToken {
    pub id: ScimTokenId,
    pub name: String,
    /// The beginning of the secret.
    pub prefix: String,
    pub maker: UserId,
    pub maker_name: String,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    /// Written at most once a minute.
    pub last_used_at: Option<DateTime<Utc>>,
    pub last_used_from: Option<String>,
    pub revoked_at: Option<DateTime<Utc>>,
}

/// What to make.
#[derive(Debug, Clone)]
pub struct CreateScimToken {
    pub tenant: TenantId,
    pub name: String,
    /// At most 366 days ahead, and so without it.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A token and its secret, which nobody can be shown again.
#[derive(Debug, Clone)]
pub struct NewScimToken {
    pub token: ScimToken,
    pub secret: Secret,
}
