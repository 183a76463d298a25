//! What somebody holds, as authentication finds it: grants, with the rules of the tenants' own roles.

use std::sync::Arc;

use serde::Deserialize;
use tenantry_authz::{CustomPolicy, Gate, Grant, HeldRole};
use tenantry_kernel::{Error, Result, TenantId};
use tenantry_store::Transaction;
use uuid::Uuid;

use super::{AssignedRole, repo};

/// What a person holds, as one JSON value of a statement; `user` is the column of the person's id. With a role of a
/// tenant's own comes the version of that tenant's policy.
pub(crate) fn grants_of(user: &str) -> String {
    format!(
        "(SELECT coalesce(json_agg(json_build_object('tenant', m.tenant_id, 'role', m.role,
                   'custom', m.custom_role_id, 'version', v.version) ORDER BY m.tenant_id), '[]')
          FROM identity.memberships m
          LEFT JOIN identity.policy_versions v ON v.tenant_id = m.tenant_id AND m.custom_role_id IS NOT NULL
          WHERE m.user_id = {user})"
    )
}

/// A role that is held in a tenant, as a statement says it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Stored {
    pub(crate) tenant: Uuid,
    pub(crate) role: String,
    #[serde(default)]
    pub(crate) custom: Option<Uuid>,
    /// Of the tenant's policy, where the role is the tenant's own.
    #[serde(default)]
    pub(crate) version: Option<i64>,
}

impl Stored {
    /// The grant, with the rules of exactly the version that the statement saw, or newer ones.
    pub(crate) async fn grant(&self, tx: &impl Transaction, gate: &Gate) -> Result<Grant> {
        let tenant = TenantId::from_uuid(self.tenant);
        let role = AssignedRole::stored(&self.role, self.custom)?;
        Ok(Grant::new(tenant, held(tx, gate, (tenant, role, self.version)).await?))
    }
}

/// The grants of a statement's JSON.
pub(crate) async fn grants(
    tx: &impl Transaction,
    gate: &Gate,
    stored: serde_json::Value,
) -> Result<Vec<Grant>> {
    let stored: Vec<Stored> = serde_json::from_value(stored).map_err(Error::internal)?;
    let mut grants = Vec::with_capacity(stored.len());
    for one in stored {
        grants.push(one.grant(tx, gate).await?);
    }
    Ok(grants)
}

/// A role as it is held in a tenant. `version` is the tenant's policy version, where the caller has just read it:
/// rules of that version that are at hand are used, others are read.
///
/// # Errors
/// `Unavailable` when the database does not answer.
pub(crate) async fn held(
    tx: &impl Transaction,
    gate: &Gate,
    (tenant, role, version): (TenantId, AssignedRole, Option<i64>),
) -> Result<HeldRole> {
    let id = match role {
        AssignedRole::BuiltIn(role) => return Ok(role.into()),
        AssignedRole::Custom(id) => id,
    };
    if let Some(policy) = version.and_then(|version| gate.custom(tenant, version)) {
        return Ok(HeldRole::Custom { id, policy });
    }
    let (version, roles) = repo::policy(tx, tenant).await?;
    let policy = Arc::new(CustomPolicy::new(tenant, version, roles).await?);
    gate.install(policy.clone());
    Ok(HeldRole::Custom { id, policy })
}
