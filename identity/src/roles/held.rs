//! What somebody holds, as authentication finds it: grants, with the rules of the tenants' own roles.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;
use tenantry_authz::{CustomPolicy, CustomRole, Gate, Grant, HeldRole};
use tenantry_kernel::{Error, Result, RoleId, TenantId};
use tenantry_store::Transaction;
use uuid::Uuid;

use super::{AssignedRole, repo};
use crate::session_policy::sql::outdated;

/// What the person of a session holds, as one JSON value of a statement; `session` has `user_id`, `created_at` and
/// `longest_idle`. With a role of a tenant's own comes the version of that tenant's policy.
pub(crate) fn grants_of(session: &str, now: &str) -> String {
    format!(
        "(SELECT coalesce(json_agg(json_build_object('tenant', m.tenant_id, 'role', m.role,
                   'custom', m.custom_role_id, 'version', v.version, 'outdated', {outdated})
                   ORDER BY m.tenant_id), '[]')
          FROM identity.memberships m
          LEFT JOIN identity.policy_versions v ON v.tenant_id = m.tenant_id AND m.custom_role_id IS NOT NULL
          LEFT JOIN identity.session_policies p ON p.tenant_id = m.tenant_id
          WHERE m.user_id = {session}.user_id)",
        outdated = outdated(session, now)
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
    /// The session is too old for the tenant.
    #[serde(default)]
    pub(crate) outdated: bool,
}

/// For so many tenants' own roles of one person whole policies are read and kept. Who holds more brings them along.
const MOST_KEPT: usize = 8;

/// The grants of a statement's JSON, with the rules of exactly the version that the statement saw, or newer ones.
///
/// What one person's request costs and takes from others is bounded: at most [`MOST_KEPT`] policies are read and put
/// beside those that the gate keeps. Of who holds more roles of tenants' own than that, the roles that are not at hand are
/// read by one statement, without the rest of their policies, and are gone with the request.
pub(crate) async fn grants(
    tx: &impl Transaction,
    gate: &Gate,
    stored: serde_json::Value,
) -> Result<Vec<Grant>> {
    let stored: Vec<Stored> = serde_json::from_value(stored).map_err(Error::internal)?;
    let own = stored.iter().filter(|one| one.custom.is_some()).count();
    let mut brought = if own > MOST_KEPT { brought(tx, gate, &stored).await? } else { HashMap::new() };
    let mut grants = Vec::with_capacity(stored.len());
    for one in stored {
        let tenant = TenantId::from_uuid(one.tenant);
        if one.outdated {
            grants.push(Grant::new(tenant, HeldRole::Outdated));
            continue;
        }
        let role = AssignedRole::stored(&one.role, one.custom)?;
        let held = match brought.remove(&tenant) {
            Some(held) => held,
            None => held(tx, gate, (tenant, role, one.version)).await?,
        };
        grants.push(Grant::new(tenant, held));
    }
    Ok(grants)
}

/// The tenants' own roles that are not at hand, each as a policy of that role alone.
async fn brought(
    tx: &impl Transaction,
    gate: &Gate,
    stored: &[Stored],
) -> Result<HashMap<TenantId, HeldRole>> {
    let mut missing = HashMap::new();
    for one in stored {
        let (Some(id), version) = (one.custom, one.version.unwrap_or_default()) else { continue };
        let tenant = TenantId::from_uuid(one.tenant);
        if gate.custom(tenant, version).is_none() {
            missing.insert(tenant, (RoleId::from_uuid(id), version));
        }
    }
    let wanted: Vec<_> = missing.iter().map(|(tenant, (id, _))| (*tenant, *id)).collect();
    let mut found: HashMap<TenantId, CustomRole> = repo::each(tx, &wanted).await?.into_iter().collect();
    let alone = |(tenant, (id, version))| {
        // One that is gone since is a policy without it, which allows nothing.
        let policy = CustomPolicy::new(tenant, version, found.remove(&tenant).into_iter().collect());
        (tenant, HeldRole::Custom { id, policy: Arc::new(policy) })
    };
    Ok(missing.into_iter().map(alone).collect())
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
    let policy = Arc::new(CustomPolicy::new(tenant, version, roles));
    gate.install(policy.clone());
    Ok(HeldRole::Custom { id, policy })
}
