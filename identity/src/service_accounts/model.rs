use chrono::{DateTime, Utc};
use tenantry_kernel::{CredentialId, Secret, ServiceAccountId, TenantId};

use crate::roles::AssignedRole;

/// A program with a role in a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceAccount {
    pub id: ServiceAccountId,
    pub name: String,
    pub role: AssignedRole,
    pub creator_name: String,
    pub created_at: DateTime<Utc>,
    pub disabled_at: Option<DateTime<Utc>>,
    /// When it last got a token.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// By what an account proves that it is itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialKind {
    Secret,
    PublicKey,
}

/// A credential as its tenant sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    pub id: CredentialId,
    pub account: ServiceAccountId,
    pub kind: CredentialKind,
    /// The beginning of a secret; the algorithm and fingerprint of a public key.
    pub hint: String,
    pub created_at: DateTime<Utc>,
    /// `None`: a public key, which is no secret.
    pub expires_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
}

/// What to make.
#[derive(Debug, Clone)]
pub struct CreateServiceAccount {
    pub tenant: TenantId,
    pub name: String,
    pub role: AssignedRole,
}

/// Another secret for an account.
#[derive(Debug, Clone, Copy)]
pub struct AddCredential {
    pub tenant: TenantId,
    pub account: ServiceAccountId,
    /// At most 366 days ahead; without it the secret is good for 90 days.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Another public key for an account.
#[derive(Debug, Clone)]
pub struct AddPublicKey {
    pub tenant: TenantId,
    pub account: ServiceAccountId,
    pub pem: String,
}

/// An account and a secret of it, which nobody can be shown again.
#[derive(Debug, Clone)]
pub struct NewClientSecret {
    pub account: ServiceAccount,
    pub secret: Secret,
}
