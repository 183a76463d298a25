//! Queries inside a tenant.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, QueryResult};
use tenantry_kernel::{ConnectionId, Error, Result, Secret, TenantId, UserId};
use tenantry_store::{DbResultExt, TenantTx, Transaction, stmt};

use super::ProviderSettings;
use super::model::{Connection, MOST_CONNECTIONS, RoleOfGroup};
use super::saml::{KeyState, OwnCertificate};
use crate::roles::AssignedRole;
use crate::saml::Certificate;
use crate::token;

/// A connection as one row, its lists as JSON.
pub(super) const SHOWN: &str = "c.id, c.tenant_id, c.kind, c.name, c.settings, c.secret IS NOT NULL AS has_secret, c.jit,
  c.default_role, c.created_at, c.settings_changed_at, c.tested_at, c.last_test, c.enforced_at, c.guests_too,
  c.metadata_fetched_at, c.metadata_problem,
  (SELECT coalesce(json_agg(json_build_array(k.state, k.certificate) ORDER BY k.created_at), '[]')
   FROM identity.saml_keys k WHERE k.connection_id = c.id) AS own_certificates,
  (SELECT coalesce(json_agg(json_build_array(r.group_name, r.role, r.custom_role_id) ORDER BY r.position), '[]')
   FROM identity.connection_roles r WHERE r.connection_id = c.id) AS roles,
  (SELECT coalesce(json_agg(e.user_id ORDER BY e.user_id), '[]')
   FROM identity.connection_exempt e WHERE e.connection_id = c.id) AS exempt,
  (SELECT s.expires_at FROM identity.connection_setups s WHERE s.connection_id = c.id) AS setup_until";

/// The tenant's connections, oldest first. There are few.
pub(crate) async fn list(tx: &TenantTx) -> Result<Vec<Connection>> {
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            &format!(
                "SELECT {SHOWN} FROM identity.connections c WHERE c.tenant_id = $1 ORDER BY c.id LIMIT $2"
            ),
            [tx.tenant().uuid().into(), MOST_CONNECTIONS.into()],
        ))
        .await
        .db()?;
    rows.iter().map(shown).collect()
}

/// A connection, locked.
pub(crate) async fn find(tx: &TenantTx, id: ConnectionId) -> Result<Option<Connection>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            &format!(
                "SELECT {SHOWN} FROM identity.connections c WHERE c.tenant_id = $1 AND c.id = $2 FOR UPDATE OF c"
            ),
            [tx.tenant().uuid().into(), id.uuid().into()],
        ))
        .await
        .db()?;
    row.as_ref().map(shown).transpose()
}

pub(crate) async fn count(tx: &TenantTx) -> Result<i64> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT count(*) AS n FROM identity.connections WHERE tenant_id = $1",
            [tx.tenant().uuid().into()],
        ))
        .await
        .db()?;
    row.map_or(Ok(0), |row| row.try_get("", "n").db())
}

/// `secret` is sealed.
pub(crate) async fn insert(tx: &TenantTx, connection: &Connection, secret: Option<String>) -> Result<()> {
    tx.conn()
        .execute_raw(stmt(
            "INSERT INTO identity.connections
               (id, tenant_id, kind, name, settings, secret, jit, default_role, created_at, settings_changed_at,
                metadata_fetched_at, metadata_looked_at)
             VALUES ($1, $2, $9, $3, $4, $5, $6, $7, $8, $8, $10, $10)",
            [
                connection.id.uuid().into(),
                tx.tenant().uuid().into(),
                connection.name.clone().into(),
                connection.settings.to_json()?.into(),
                secret.into(),
                connection.jit.into(),
                connection.default_role.as_str().into(),
                connection.created_at.into(),
                connection.settings.kind().into(),
                connection.metadata_fetched_at.into(),
            ],
        ))
        .await
        .db()?;
    Ok(())
}

/// Name and settings; a new sealed secret, if there is one. `settings_changed_at` says since when tests count: where it
/// moves, the connection must not be enforced.
pub(crate) async fn update(
    tx: &impl Transaction,
    connection: &Connection,
    secret: Option<String>,
) -> Result<bool> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "UPDATE identity.connections SET name = $3, settings = $4, secret = coalesce($5, secret),
               settings_changed_at = $6, metadata_fetched_at = $7, metadata_problem = $8,
               metadata_looked_at = greatest(metadata_looked_at, $7)
             WHERE tenant_id = $1 AND id = $2 AND (enforced_at IS NULL OR settings_changed_at = $6)",
            [
                connection.tenant.uuid().into(),
                connection.id.uuid().into(),
                connection.name.clone().into(),
                connection.settings.to_json()?.into(),
                secret.into(),
                connection.settings_changed_at.into(),
                connection.metadata_fetched_at.into(),
                connection.metadata_problem.clone().into(),
            ],
        ))
        .await
        .db()?;
    Ok(done.rows_affected() > 0)
}

pub(crate) async fn set_people(tx: &TenantTx, connection: &Connection) -> Result<()> {
    let (tenant, id) = (tx.tenant().uuid(), connection.id.uuid());
    tx.conn()
        .execute_raw(stmt(
            "UPDATE identity.connections SET jit = $3, default_role = $4 WHERE tenant_id = $1 AND id = $2",
            [tenant.into(), id.into(), connection.jit.into(), connection.default_role.as_str().into()],
        ))
        .await
        .db()?;
    tx.conn()
        .execute_raw(stmt(
            "DELETE FROM identity.connection_roles WHERE tenant_id = $1 AND connection_id = $2",
            [tenant.into(), id.into()],
        ))
        .await
        .db()?;
    for (position, one) in (0_i32..).zip(&connection.roles) {
        let (role, own) = one.role.columns();
        tx.conn()
            .execute_raw(stmt(
                "INSERT INTO identity.connection_roles
                   (tenant_id, connection_id, position, group_name, role, custom_role_id)
                 VALUES ($1, $2, $3, $4, $5, $6)",
                [
                    tenant.into(),
                    id.into(),
                    position.into(),
                    one.group.clone().into(),
                    role.into(),
                    own.into(),
                ],
            ))
            .await
            .db()?;
    }
    Ok(())
}

pub(crate) async fn delete(tx: &TenantTx, id: ConnectionId) -> Result<bool> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "DELETE FROM identity.connections WHERE tenant_id = $1 AND id = $2",
            [tx.tenant().uuid().into(), id.uuid().into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected() > 0)
}

/// Enforces a connection, or ends it with `at: None`. Its exempt owners are those of `connection`.
///
/// # Errors
/// `Conflict` when another one of the tenant is enforced.
pub(crate) async fn set_enforced(
    tx: &TenantTx,
    connection: &Connection,
    at: Option<DateTime<Utc>>,
) -> Result<()> {
    let (tenant, id) = (tx.tenant().uuid(), connection.id.uuid());
    tx.conn()
        .execute_raw(stmt(
            "UPDATE identity.connections SET enforced_at = $3, guests_too = $4 WHERE tenant_id = $1 AND id = $2",
            [tenant.into(), id.into(), at.into(), connection.guests_too.into()],
        ))
        .await
        .unique("connections_enforced", || {
            Error::conflict("Another connection of the organisation is enforced.")
                .with_remedy("Stop enforcing that one first.")
        })?;
    tx.conn()
        .execute_raw(stmt(
            "DELETE FROM identity.connection_exempt WHERE tenant_id = $1 AND connection_id = $2",
            [tenant.into(), id.into()],
        ))
        .await
        .db()?;
    for user in &connection.exempt {
        tx.conn()
            .execute_raw(stmt(
                "INSERT INTO identity.connection_exempt (tenant_id, connection_id, user_id) VALUES ($1, $2, $3)
                 ON CONFLICT DO NOTHING",
                [tenant.into(), id.into(), user.uuid().into()],
            ))
            .await
            .db()?;
    }
    Ok(())
}

/// Whether somebody is an owner who comes in without the tenant's enforced connection, and how many there are.
pub(crate) async fn exempt(tx: &TenantTx, user: UserId) -> Result<(bool, i64)> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT count(*) AS n, coalesce(bool_or(user_id = $2), false) AS one
             FROM identity.connection_exempt WHERE tenant_id = $1",
            [tx.tenant().uuid().into(), user.uuid().into()],
        ))
        .await
        .db()?;
    row.map_or(Ok((false, 0)), |row| Ok((row.try_get("", "one").db()?, row.try_get("", "n").db()?)))
}

/// Takes an owner off the exempt ones: they stop being an owner.
pub(crate) async fn remove_exempt(tx: &TenantTx, user: UserId) -> Result<()> {
    tx.conn()
        .execute_raw(stmt(
            "DELETE FROM identity.connection_exempt WHERE tenant_id = $1 AND user_id = $2",
            [tx.tenant().uuid().into(), user.uuid().into()],
        ))
        .await
        .db()?;
    Ok(())
}

/// Makes a link for setting a connection up; one before it is void.
pub(crate) async fn insert_setup(
    tx: &TenantTx,
    id: ConnectionId,
    (token, at, until): (&Secret, DateTime<Utc>, DateTime<Utc>),
) -> Result<()> {
    delete_setup(tx, id).await?;
    tx.conn()
        .execute_raw(stmt(
            "INSERT INTO identity.connection_setups (connection_id, tenant_id, token_hash, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5)",
            [
                id.uuid().into(),
                tx.tenant().uuid().into(),
                token::hash(token).into(),
                at.into(),
                until.into(),
            ],
        ))
        .await
        .db()?;
    Ok(())
}

pub(crate) async fn delete_setup(tx: &TenantTx, id: ConnectionId) -> Result<bool> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "DELETE FROM identity.connection_setups WHERE tenant_id = $1 AND connection_id = $2",
            [tx.tenant().uuid().into(), id.uuid().into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected() > 0)
}

/// That a test may set out, once.
pub(crate) async fn insert_ticket(
    tx: &impl Transaction,
    (tenant, id): (TenantId, ConnectionId),
    (token, return_to, until): (&Secret, &str, DateTime<Utc>),
) -> Result<()> {
    tx.conn()
        .execute_raw(stmt(
            "INSERT INTO identity.connection_tickets (token_hash, tenant_id, connection_id, return_to, expires_at)
             VALUES ($1, $2, $3, $4, $5)",
            [
                token::hash(token).into(),
                tenant.uuid().into(),
                id.uuid().into(),
                return_to.into(),
                until.into(),
            ],
        ))
        .await
        .db()?;
    Ok(())
}

pub(super) fn shown(row: &QueryResult) -> Result<Connection> {
    let json = |name| row.try_get::<serde_json::Value>("", name).db();
    let parse = |e: serde_json::Error| Error::internal(e);
    let groups: Vec<(String, String, Option<uuid::Uuid>)> =
        serde_json::from_value(json("roles")?).map_err(parse)?;
    let own: Vec<(String, String)> = serde_json::from_value(json("own_certificates")?).map_err(parse)?;
    let exempt: Vec<uuid::Uuid> = serde_json::from_value(json("exempt")?).map_err(parse)?;
    let last_test: Option<serde_json::Value> = row.try_get("", "last_test").db()?;
    let default_role: String = row.try_get("", "default_role").db()?;
    Ok(Connection {
        id: ConnectionId::from_uuid(row.try_get("", "id").db()?),
        tenant: TenantId::from_uuid(row.try_get("", "tenant_id").db()?),
        name: row.try_get("", "name").db()?,
        settings: ProviderSettings::stored(&row.try_get::<String>("", "kind").db()?, json("settings")?)?,
        has_secret: row.try_get("", "has_secret").db()?,
        jit: row.try_get("", "jit").db()?,
        default_role: default_role.parse().map_err(Error::internal)?,
        roles: groups
            .into_iter()
            .map(|(group, role, own)| Ok(RoleOfGroup { group, role: AssignedRole::stored(&role, own)? }))
            .collect::<Result<_>>()?,
        created_at: row.try_get("", "created_at").db()?,
        settings_changed_at: row.try_get("", "settings_changed_at").db()?,
        tested_at: row.try_get("", "tested_at").db()?,
        last_test: last_test.map(serde_json::from_value).transpose().map_err(parse)?,
        enforced_at: row.try_get("", "enforced_at").db()?,
        guests_too: row.try_get("", "guests_too").db()?,
        exempt: exempt.into_iter().map(UserId::from_uuid).collect(),
        setup_until: row.try_get("", "setup_until").db()?,
        own_certificates: own
            .into_iter()
            .map(|(state, certificate)| {
                let certificate = Certificate::from_base64(&certificate).map_err(Error::internal)?;
                Ok(OwnCertificate { state: KeyState::stored(&state)?, certificate })
            })
            .collect::<Result<_>>()?,
        metadata_fetched_at: row.try_get("", "metadata_fetched_at").db()?,
        metadata_problem: row.try_get("", "metadata_problem").db()?,
    })
}
