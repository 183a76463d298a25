//! Queries above tenants: an answer comes from somebody who belongs to none yet, and jobs look after all of them.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ConnectionTrait;
use tenantry_kernel::{ConnectionId, Error, Result, Secret, TenantId, UserId};
use tenantry_store::{DbResultExt, SystemTx, Transaction, stmt};

use super::super::FlowPurpose;
use super::super::model::Connection;
use super::super::repo::{SHOWN, shown};
use super::own_keys::KeyState;
use super::settings::SamlSettings;
use crate::saml::Certificate;
use crate::token;

/// A key of ours, sealed.
pub(crate) struct SealedKey {
    pub(crate) state: KeyState,
    pub(crate) certificate: Certificate,
    pub(crate) sealed: String,
}

pub(crate) async fn sealed_keys(tx: &SystemTx, id: ConnectionId) -> Result<Vec<SealedKey>> {
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            "SELECT state, certificate, private_key FROM identity.saml_keys WHERE connection_id = $1",
            [id.uuid().into()],
        ))
        .await
        .db()?;
    let of = |row: &sea_orm::QueryResult| {
        let (state, certificate): (String, String) =
            (row.try_get("", "state").db()?, row.try_get("", "certificate").db()?);
        Ok(SealedKey {
            state: KeyState::stored(&state)?,
            certificate: Certificate::from_base64(&certificate).map_err(Error::internal)?,
            sealed: row.try_get("", "private_key").db()?,
        })
    };
    rows.iter().map(of).collect()
}

/// A browser that set out, and is not back yet.
pub(crate) struct OpenFlow {
    pub(crate) purpose: FlowPurpose,
    pub(crate) return_to: String,
    /// The ID of the request that it was sent with.
    pub(crate) request: Secret,
    pub(crate) created_at: DateTime<Utc>,
}

/// The flow of this connection that an answer names. It stays.
pub(crate) async fn open_flow(
    tx: &SystemTx,
    (id, state): (ConnectionId, &Secret),
    now: DateTime<Utc>,
) -> Result<Option<OpenFlow>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT purpose, return_to, nonce, created_at FROM identity.sso_flows
             WHERE state_hash = $1 AND connection_id = $2 AND expires_at > $3",
            [token::hash(state).into(), id.uuid().into(), now.into()],
        ))
        .await
        .db()?;
    row.map(|row| {
        let purpose: String = row.try_get("", "purpose").db()?;
        Ok(OpenFlow {
            purpose: FlowPurpose::stored(&purpose)?,
            return_to: row.try_get("", "return_to").db()?,
            request: Secret::new(row.try_get::<String>("", "nonce").db()?),
            created_at: row.try_get("", "created_at").db()?,
        })
    })
    .transpose()
}

/// Keeps what a provider said with the flow that it answers. `false`: there is an answer already, or the flow is gone.
pub(crate) async fn answer_flow(
    tx: &SystemTx,
    (id, state): (ConnectionId, &Secret),
    (said, now): (serde_json::Value, DateTime<Utc>),
) -> Result<bool> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "UPDATE identity.sso_flows SET assertion = $4
             WHERE state_hash = $1 AND connection_id = $2 AND expires_at > $3 AND assertion IS NULL",
            [token::hash(state).into(), id.uuid().into(), now.into(), said.into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected() > 0)
}

/// Notes that an assertion was used. `false` when it was before.
pub(crate) async fn use_assertion(
    tx: &SystemTx,
    (id, key): (ConnectionId, &str),
    until: DateTime<Utc>,
) -> Result<bool> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "INSERT INTO identity.used_assertions (connection_id, assertion_key, expires_at) VALUES ($1, $2, $3)
             ON CONFLICT DO NOTHING",
            [id.uuid().into(), key.into(), until.into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected() > 0)
}

/// A connection, locked for a change.
pub(crate) async fn locked(tx: &SystemTx, id: ConnectionId) -> Result<Option<Connection>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            &format!("SELECT {SHOWN} FROM identity.connections c WHERE c.id = $1 FOR UPDATE OF c"),
            [id.uuid().into()],
        ))
        .await
        .db()?;
    row.as_ref().map(shown).transpose()
}

pub(crate) async fn tenant_of(tx: &SystemTx, id: ConnectionId) -> Result<Option<TenantId>> {
    let row = tx
        .conn()
        .query_one_raw(stmt("SELECT tenant_id FROM identity.connections WHERE id = $1", [id.uuid().into()]))
        .await
        .db()?;
    row.map(|row| Ok(TenantId::from_uuid(row.try_get("", "tenant_id").db()?))).transpose()
}

/// Connections whose metadata nobody has asked for since `before`.
pub(crate) async fn due(tx: &SystemTx, (before, most): (DateTime<Utc>, i64)) -> Result<Vec<ConnectionId>> {
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            "SELECT id FROM identity.connections
             WHERE kind = 'saml' AND settings ->> 'metadata_url' IS NOT NULL
               AND (metadata_looked_at IS NULL OR metadata_looked_at <= $1)
             ORDER BY metadata_looked_at NULLS FIRST LIMIT $2",
            [before.into(), most.into()],
        ))
        .await
        .db()?;
    rows.iter().map(|row| Ok(ConnectionId::from_uuid(row.try_get("", "id").db()?))).collect()
}

/// Says that somebody asks for a connection's metadata now, unless somebody has within `every`: of several at once, on
/// whichever nodes, one does. The connection, for whoever does.
pub(crate) async fn look(
    tx: &SystemTx,
    id: ConnectionId,
    (now, every): (DateTime<Utc>, TimeDelta),
) -> Result<Option<(TenantId, String)>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "UPDATE identity.connections SET metadata_looked_at = $2
             WHERE id = $1 AND kind = 'saml' AND settings ->> 'metadata_url' IS NOT NULL
               AND (metadata_looked_at IS NULL OR metadata_looked_at <= $3)
             RETURNING tenant_id, settings ->> 'metadata_url' AS url",
            [id.uuid().into(), now.into(), (now - every).into()],
        ))
        .await
        .db()?;
    row.map(|row| Ok((TenantId::from_uuid(row.try_get("", "tenant_id").db()?), row.try_get("", "url").db()?)))
        .transpose()
}

/// Keeps what a look has brought: other certificates and addresses, or why not. Neither is a change that a test would have
/// to follow.
pub(crate) async fn looked(
    tx: &SystemTx,
    (id, settings): (ConnectionId, &SamlSettings),
    (problem, now): (Option<&str>, DateTime<Utc>),
) -> Result<()> {
    tx.conn()
        .execute_raw(stmt(
            "UPDATE identity.connections SET settings = $2, metadata_problem = $3, metadata_looked_at = $4,
               metadata_fetched_at = CASE WHEN $3::text IS NULL THEN $4 ELSE metadata_fetched_at END
             WHERE id = $1",
            [
                id.uuid().into(),
                serde_json::to_value(settings).map_err(Error::internal)?.into(),
                problem.map(|text| text.chars().take(500).collect::<String>()).into(),
                now.into(),
            ],
        ))
        .await
        .db()?;
    Ok(())
}

/// Connections by SAML after this one, by their ids.
pub(crate) async fn page(
    tx: &SystemTx,
    (after, most): (Option<ConnectionId>, i64),
) -> Result<Vec<Connection>> {
    let after = after.map(ConnectionId::uuid).unwrap_or(uuid::Uuid::nil());
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            &format!(
                "SELECT {SHOWN} FROM identity.connections c WHERE c.kind = 'saml' AND c.id > $1 ORDER BY c.id LIMIT $2"
            ),
            [after.into(), most.into()],
        ))
        .await
        .db()?;
    rows.iter().map(shown).collect()
}

/// Notes that owners are told of an end. `false` when they were before.
pub(crate) async fn raise(
    tx: &SystemTx,
    (tenant, id): (TenantId, ConnectionId),
    (fingerprint, days, at): (&str, i32, DateTime<Utc>),
) -> Result<bool> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "INSERT INTO identity.certificate_alarms (connection_id, tenant_id, fingerprint, days, raised_at)
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
            [id.uuid().into(), tenant.uuid().into(), fingerprint.into(), days.into(), at.into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected() > 0)
}

/// Where an owner is reached, while they are one.
pub(crate) async fn owner_address(
    tx: &SystemTx,
    (tenant, user): (TenantId, UserId),
) -> Result<Option<String>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT u.email FROM identity.memberships m JOIN identity.users u ON u.id = m.user_id
             WHERE m.tenant_id = $1 AND m.user_id = $2 AND m.role = 'owner'",
            [tenant.uuid().into(), user.uuid().into()],
        ))
        .await
        .db()?;
    row.map(|row| row.try_get("", "email").db()).transpose()
}
