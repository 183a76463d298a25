//! Queries above tenants: people on their way in belong to none yet.

use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;
use tenantry_kernel::{ConnectionId, Error, Result, Secret, SessionId, TenantId, UserId};
use tenantry_store::{DbResultExt, SystemTx, Transaction, stmt};

use super::model::{Connection, FLOW_LASTS, LINK_LASTS, TestResult};
use super::repo::{SHOWN, shown};
use super::{Flow, FlowPurpose, FlowSecrets, Start};
use crate::roles::AssignedRole;
use crate::token;

/// A connection and its sealed secret. It does not change until the transaction ends.
pub(crate) async fn connection(
    tx: &SystemTx,
    id: ConnectionId,
) -> Result<Option<(Connection, Option<String>)>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            &format!("SELECT {SHOWN}, c.secret FROM identity.connections c WHERE c.id = $1 FOR SHARE OF c"),
            [id.uuid().into()],
        ))
        .await
        .db()?;
    row.map(|row| Ok((shown(&row)?, row.try_get("", "secret").db()?))).transpose()
}

/// The connection that people with addresses in this domain should come by: enforced before tested, older before newer.
pub(crate) async fn by_domain(tx: &SystemTx, domain: &str) -> Result<Option<Connection>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            &format!(
                "SELECT {SHOWN} FROM identity.domains d JOIN identity.connections c ON c.tenant_id = d.tenant_id
                 WHERE d.name = $1 AND d.verified_at IS NOT NULL AND c.tested_at >= c.settings_changed_at
                 ORDER BY c.enforced_at IS NULL, c.id LIMIT 1"
            ),
            [domain.into()],
        ))
        .await
        .db()?;
    row.as_ref().map(shown).transpose()
}

/// Whether the tenant has proven that a domain is its own.
pub(crate) async fn owns_domain(tx: &SystemTx, tenant: TenantId, domain: &str) -> Result<bool> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT FROM identity.domains WHERE tenant_id = $1 AND name = $2 AND verified_at IS NOT NULL",
            [tenant.uuid().into(), domain.into()],
        ))
        .await
        .db()?;
    Ok(row.is_some())
}

/// The connection that a link for setting up is for.
pub(crate) async fn by_setup(
    tx: &SystemTx,
    (token, now): (&Secret, DateTime<Utc>),
) -> Result<Option<Connection>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            &format!(
                "SELECT {SHOWN} FROM identity.connection_setups l JOIN identity.connections c ON c.id = l.connection_id
                 WHERE l.token_hash = $1 AND l.expires_at > $2 FOR UPDATE OF c"
            ),
            [token::hash(token).into(), now.into()],
        ))
        .await
        .db()?;
    row.as_ref().map(shown).transpose()
}

/// Uses a ticket up: what it is for, and where to come back to.
pub(crate) async fn take_ticket(
    tx: &SystemTx,
    (token, now): (&Secret, DateTime<Utc>),
) -> Result<Option<(ConnectionId, String)>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "DELETE FROM identity.connection_tickets WHERE token_hash = $1 AND expires_at > $2
             RETURNING connection_id, return_to",
            [token::hash(token).into(), now.into()],
        ))
        .await
        .db()?;
    row.map(|row| {
        Ok((
            ConnectionId::from_uuid(row.try_get("", "connection_id").db()?),
            row.try_get("", "return_to").db()?,
        ))
    })
    .transpose()
}

pub(crate) async fn begin_flow(
    tx: &SystemTx,
    (start, secrets): (&Start, &FlowSecrets),
    at: DateTime<Utc>,
) -> Result<()> {
    tx.conn()
        .execute_raw(stmt(
            "INSERT INTO identity.sso_flows (state_hash, browser_hash, connection_id, purpose, return_to,
                                             nonce, verifier, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            [
                token::hash(&secrets.state).into(),
                token::hash(&secrets.browser).into(),
                start.settings.connection.uuid().into(),
                start.purpose.as_str().into(),
                start.return_to.clone().into(),
                secrets.nonce.expose().into(),
                secrets.verifier.expose().into(),
                at.into(),
                (at + FLOW_LASTS).into(),
            ],
        ))
        .await
        .db()?;
    Ok(())
}

/// Takes a flow: of several at once, one gets it. One of another browser stays where it is.
pub(crate) async fn take_flow(
    tx: &SystemTx,
    (state, browser): (&Secret, &Secret),
    now: DateTime<Utc>,
) -> Result<Option<Flow>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "DELETE FROM identity.sso_flows WHERE state_hash = $1 AND browser_hash = $2 AND expires_at > $3
             RETURNING connection_id, purpose, return_to, nonce, verifier, created_at, assertion",
            [token::hash(state).into(), token::hash(browser).into(), now.into()],
        ))
        .await
        .db()?;
    let Some(row) = row else { return Ok(None) };
    let purpose: String = row.try_get("", "purpose").db()?;
    Ok(Some(Flow {
        connection: ConnectionId::from_uuid(row.try_get("", "connection_id").db()?),
        purpose: FlowPurpose::stored(&purpose)?,
        return_to: row.try_get("", "return_to").db()?,
        nonce: Secret::new(row.try_get::<String>("", "nonce").db()?),
        verifier: Secret::new(row.try_get::<String>("", "verifier").db()?),
        created_at: row.try_get("", "created_at").db()?,
        assertion: row.try_get("", "assertion").db()?,
    }))
}

/// Keeps what a test saw. It counts if the settings are still those that it tested.
pub(crate) async fn set_test(
    tx: &SystemTx,
    id: ConnectionId,
    (result, began): (&TestResult, DateTime<Utc>),
) -> Result<bool> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "UPDATE identity.connections
             SET last_test = $2, tested_at = CASE WHEN $3 THEN $4 ELSE tested_at END
             WHERE id = $1 AND settings_changed_at <= $5",
            [
                id.uuid().into(),
                serde_json::to_value(result).map_err(Error::internal)?.into(),
                result.passed.into(),
                result.at.into(),
                began.into(),
            ],
        ))
        .await
        .db()?;
    Ok(done.rows_affected() > 0)
}

/// Whether anybody has come in by a connection.
pub(crate) async fn has_people(tx: &SystemTx, connection: ConnectionId) -> Result<bool> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT EXISTS (SELECT FROM identity.provider_identities WHERE connection_id = $1) AS found",
            [connection.uuid().into()],
        ))
        .await
        .db()?;
    row.map_or(Ok(false), |row| row.try_get("", "found").db())
}

/// Which person somebody of a provider's is.
pub(crate) async fn identity(tx: &SystemTx, (id, subject): (ConnectionId, &str)) -> Result<Option<UserId>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT user_id FROM identity.provider_identities WHERE connection_id = $1 AND subject = $2",
            [id.uuid().into(), subject.into()],
        ))
        .await
        .db()?;
    row.map(|row| Ok(UserId::from_uuid(row.try_get("", "user_id").db()?))).transpose()
}

/// Ties a person to somebody of a provider's. `false` when that one is tied to a person already.
pub(crate) async fn insert_identity(
    tx: &SystemTx,
    (id, subject): (ConnectionId, &str),
    (user, at): (UserId, DateTime<Utc>),
) -> Result<bool> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "INSERT INTO identity.provider_identities (connection_id, subject, user_id, created_at, last_at)
             VALUES ($1, $2, $3, $4, $4) ON CONFLICT (connection_id, subject) DO NOTHING",
            [id.uuid().into(), subject.into(), user.uuid().into(), at.into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected() > 0)
}

pub(crate) async fn touch_identity(
    tx: &SystemTx,
    (id, subject): (ConnectionId, &str),
    at: DateTime<Utc>,
) -> Result<()> {
    tx.conn()
        .execute_raw(stmt(
            "UPDATE identity.provider_identities SET last_at = $3 WHERE connection_id = $1 AND subject = $2",
            [id.uuid().into(), subject.into(), at.into()],
        ))
        .await
        .db()?;
    Ok(())
}

/// Whether nobody but this tenant has ever had to do with an account: no password, no provider, no other tenant, no
/// part in the platform's staff, and no owner of the tenant's. Its people may be given to the tenant's connection.
pub(crate) async fn is_tenants_own(tx: &SystemTx, tenant: TenantId, user: UserId) -> Result<bool> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT FROM identity.users u
             WHERE u.id = $2 AND u.password_hash IS NULL AND u.platform_role IS NULL
               AND NOT EXISTS (SELECT FROM identity.provider_identities p WHERE p.user_id = u.id)
               AND EXISTS (SELECT FROM identity.memberships m
                           WHERE m.user_id = u.id AND m.tenant_id = $1 AND m.role <> 'owner')
               AND NOT EXISTS (SELECT FROM identity.memberships m WHERE m.user_id = u.id AND m.tenant_id <> $1)",
            [tenant.uuid().into(), user.uuid().into()],
        ))
        .await
        .db()?;
    Ok(row.is_some())
}

/// How many of these people have a password.
pub(crate) async fn with_password(tx: &SystemTx, users: &[UserId]) -> Result<i64> {
    let ids: Vec<uuid::Uuid> = users.iter().map(|user| user.uuid()).collect();
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT count(*) AS n FROM identity.users WHERE id = ANY ($1) AND password_hash IS NOT NULL",
            [ids.into()],
        ))
        .await
        .db()?;
    row.map_or(Ok(0), |row| row.try_get("", "n").db())
}

/// What a member is in a tenant.
pub(crate) async fn role_of(tx: &SystemTx, tenant: TenantId, user: UserId) -> Result<Option<AssignedRole>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT m.role, m.custom_role_id FROM identity.memberships m JOIN identity.users u ON u.id = m.user_id
             WHERE m.tenant_id = $1 AND m.user_id = $2 FOR UPDATE OF m",
            [tenant.uuid().into(), user.uuid().into()],
        ))
        .await
        .db()?;
    row.map(|row| {
        let role: String = row.try_get("", "role").db()?;
        AssignedRole::stored(&role, row.try_get("", "custom_role_id").db()?)
    })
    .transpose()
}

pub(crate) async fn set_role(
    tx: &SystemTx,
    (tenant, user): (TenantId, UserId),
    role: AssignedRole,
) -> Result<()> {
    let (text, own) = role.columns();
    tx.conn()
        .execute_raw(stmt(
            "UPDATE identity.memberships SET role = $3, custom_role_id = $4 WHERE tenant_id = $1 AND user_id = $2",
            [tenant.uuid().into(), user.uuid().into(), text.into(), own.into()],
        ))
        .await
        .db()?;
    Ok(())
}

/// Takes back what somebody with fewer rights now could not give any more: their open invitations, and the credentials
/// that they know. How many of each.
pub(crate) async fn take_back(
    tx: &SystemTx,
    (tenant, user): (TenantId, UserId),
    at: DateTime<Utc>,
) -> Result<(u64, u64)> {
    let invitations = tx
        .conn()
        .execute_raw(stmt(
            "UPDATE identity.invitations SET revoked_at = $3
             WHERE tenant_id = $1 AND invited_by = $2 AND accepted_at IS NULL AND revoked_at IS NULL",
            [tenant.uuid().into(), user.uuid().into(), at.into()],
        ))
        .await
        .db()?;
    let credentials = tx
        .conn()
        .execute_raw(stmt(
            "DELETE FROM identity.service_account_credentials WHERE tenant_id = $1 AND creator = $2",
            [tenant.uuid().into(), user.uuid().into()],
        ))
        .await
        .db()?;
    Ok((invitations.rows_affected(), credentials.rows_affected()))
}

/// Somebody whom a provider has sent, until they prove that an account is theirs.
pub(crate) struct NewLink<'a> {
    pub(crate) connection: ConnectionId,
    pub(crate) subject: &'a str,
    pub(crate) user: UserId,
    pub(crate) return_to: &'a str,
}

pub(crate) async fn insert_link(
    tx: &SystemTx,
    new: NewLink<'_>,
    (token, at): (&Secret, DateTime<Utc>),
) -> Result<()> {
    tx.conn()
        .execute_raw(stmt(
            "INSERT INTO identity.pending_links
               (token_hash, connection_id, subject, user_id, return_to, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            [
                token::hash(token).into(),
                new.connection.uuid().into(),
                new.subject.into(),
                new.user.uuid().into(),
                new.return_to.into(),
                at.into(),
                (at + LINK_LASTS).into(),
            ],
        ))
        .await
        .db()?;
    Ok(())
}

pub(crate) struct PendingLink {
    pub(crate) connection: ConnectionId,
    pub(crate) subject: String,
    pub(crate) user: UserId,
    pub(crate) return_to: String,
    pub(crate) created_at: DateTime<Utc>,
}

pub(crate) async fn link(
    tx: &SystemTx,
    (token, now): (&Secret, DateTime<Utc>),
) -> Result<Option<PendingLink>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT connection_id, subject, user_id, return_to, created_at FROM identity.pending_links
             WHERE token_hash = $1 AND expires_at > $2 FOR UPDATE",
            [token::hash(token).into(), now.into()],
        ))
        .await
        .db()?;
    row.map(|row| {
        Ok(PendingLink {
            connection: ConnectionId::from_uuid(row.try_get("", "connection_id").db()?),
            subject: row.try_get("", "subject").db()?,
            user: UserId::from_uuid(row.try_get("", "user_id").db()?),
            return_to: row.try_get("", "return_to").db()?,
            created_at: row.try_get("", "created_at").db()?,
        })
    })
    .transpose()
}

pub(crate) async fn delete_link(tx: &SystemTx, token: &Secret) -> Result<()> {
    tx.conn()
        .execute_raw(stmt(
            "DELETE FROM identity.pending_links WHERE token_hash = $1",
            [token::hash(token).into()],
        ))
        .await
        .db()?;
    Ok(())
}

/// When a session began, and whether it came by a provider.
pub(crate) async fn session(
    tx: &SystemTx,
    id: SessionId,
) -> Result<Option<(DateTime<Utc>, Option<ConnectionId>)>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT created_at, connection_id FROM identity.sessions WHERE id = $1",
            [id.uuid().into()],
        ))
        .await
        .db()?;
    row.map(|row| {
        let connection: Option<uuid::Uuid> = row.try_get("", "connection_id").db()?;
        Ok((row.try_get("", "created_at").db()?, connection.map(ConnectionId::from_uuid)))
    })
    .transpose()
}

/// By what a session came.
pub(crate) struct Provenance<'a> {
    pub(crate) connection: ConnectionId,
    pub(crate) reach: Option<TenantId>,
    pub(crate) subject: &'a str,
    pub(crate) provider_session: Option<&'a str>,
    /// Sealed.
    pub(crate) id_token: Option<String>,
}

pub(crate) async fn mark_session(tx: &SystemTx, id: SessionId, by: Provenance<'_>) -> Result<()> {
    tx.conn()
        .execute_raw(stmt(
            "UPDATE identity.sessions SET connection_id = $2, reach = $3, provider_subject = $4,
               provider_session = $5, id_token = $6 WHERE id = $1",
            [
                id.uuid().into(),
                by.connection.uuid().into(),
                by.reach.map(TenantId::uuid).into(),
                by.subject.into(),
                by.provider_session.map(str::to_owned).into(),
                by.id_token.into(),
            ],
        ))
        .await
        .db()?;
    Ok(())
}

/// The connection that a session came by, and the sealed token to log out with at the provider.
pub(crate) async fn provenance(
    tx: &SystemTx,
    id: SessionId,
) -> Result<Option<(ConnectionId, Option<String>)>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT connection_id, id_token FROM identity.sessions WHERE id = $1 AND connection_id IS NOT NULL",
            [id.uuid().into()],
        ))
        .await
        .db()?;
    row.map(|row| {
        Ok((
            ConnectionId::from_uuid(row.try_get("", "connection_id").db()?),
            row.try_get("", "id_token").db()?,
        ))
    })
    .transpose()
}

/// Ends the sessions of one of a provider's sessions, or all of one of its people.
pub(crate) async fn end_sessions(
    tx: &SystemTx,
    id: ConnectionId,
    (subject, session): (Option<&str>, Option<&str>),
) -> Result<u64> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "DELETE FROM identity.sessions WHERE connection_id = $1
               AND ($2::text IS NOT NULL OR $3::text IS NOT NULL)
               AND ($2::text IS NULL OR provider_subject = $2)
               AND ($3::text IS NULL OR provider_session = $3)",
            [id.uuid().into(), subject.map(str::to_owned).into(), session.map(str::to_owned).into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected())
}

/// Notes that a logout token was used. `false` when it was before.
pub(crate) async fn use_logout_token(
    tx: &SystemTx,
    (id, jti): (ConnectionId, &Secret),
    until: DateTime<Utc>,
) -> Result<bool> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "INSERT INTO identity.logout_tokens (connection_id, jti_hash, expires_at) VALUES ($1, $2, $3)
             ON CONFLICT DO NOTHING",
            [id.uuid().into(), token::hash(jti).into(), until.into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected() > 0)
}

/// Deletes what is past use.
pub(crate) async fn purge(tx: &SystemTx, now: DateTime<Utc>) -> Result<u64> {
    let mut gone = 0;
    for table in [
        "sso_flows",
        "pending_links",
        "connection_tickets",
        "connection_setups",
        "logout_tokens",
        "used_assertions",
    ] {
        let sql = format!("DELETE FROM identity.{table} WHERE expires_at <= $1");
        gone += tx.conn().execute_raw(stmt(&sql, [now.into()])).await.db()?.rows_affected();
    }
    Ok(gone)
}
