//! Where a session does not do: in a tenant that demands another way in, and everywhere else when it came by a tenant's
//! connection.

use serde::Deserialize;
use tenantry_authz::Barred;
use tenantry_kernel::{ConnectionId, Error, Result, TenantId};
use uuid::Uuid;

/// The tenants that a person belongs to and cannot act in, as one JSON value of a statement: the columns of the person's
/// id, and of the session's connection and reach.
pub(crate) fn barred_of(user: &str, connection: &str, reach: &str) -> String {
    format!(
        "(SELECT coalesce(json_agg(json_build_object('tenant', m.tenant_id, 'connection', e.id)), '[]')
          FROM identity.memberships m
          LEFT JOIN identity.connections e
            ON e.tenant_id = m.tenant_id AND e.enforced_at IS NOT NULL AND e.id IS DISTINCT FROM {connection}
            AND NOT EXISTS (SELECT FROM identity.connection_exempt x
                            WHERE x.connection_id = e.id AND x.user_id = m.user_id)
            AND (e.guests_too OR EXISTS (SELECT FROM identity.domains d
                                         WHERE d.tenant_id = m.tenant_id AND d.verified_at IS NOT NULL
                                           AND d.name = split_part(m.email, '@', 2)))
          WHERE m.user_id = {user} AND (e.id IS NOT NULL OR m.tenant_id <> {reach}))"
    )
}

#[derive(Deserialize)]
struct Stored {
    tenant: Uuid,
    connection: Option<Uuid>,
}

pub(crate) fn barred(stored: serde_json::Value) -> Result<Vec<Barred>> {
    let stored: Vec<Stored> = serde_json::from_value(stored).map_err(Error::internal)?;
    let of = |one: Stored| Barred {
        tenant: TenantId::from_uuid(one.tenant),
        connection: one.connection.map(ConnectionId::from_uuid),
    };
    Ok(stored.into_iter().map(of).collect())
}
