use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, QueryResult};
use tenantry_authz::{Gate, Origin};
use tenantry_kernel::{Error, Result, Secret, SessionId, UserId};
use tenantry_store::{DbResultExt, SystemTx, Transaction, stmt};

use super::Authenticated;
use crate::roles::held;
use crate::{support, token};

pub(crate) struct NewSession<'a> {
    pub(crate) id: SessionId,
    pub(crate) user: UserId,
    pub(crate) token: &'a Secret,
    pub(crate) origin: &'a Origin,
    pub(crate) at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
}

pub(crate) async fn insert(tx: &SystemTx, new: NewSession<'_>) -> Result<()> {
    // PostgreSQL's text holds no NUL, and a browser's name is shown to the person: short and printable.
    let agent: Option<String> =
        new.origin.user_agent.as_ref().map(|a| a.chars().filter(|c| !c.is_control()).take(300).collect());
    tx.conn()
        .execute_raw(stmt(
            "INSERT INTO identity.sessions
               (id, token_hash, user_id, created_at, last_seen_at, expires_at, address, user_agent)
             VALUES ($1, $2, $3, $4, $4, $5, $6, $7)",
            [
                new.id.uuid().into(),
                token::hash(new.token).into(),
                new.user.uuid().into(),
                new.at.into(),
                new.expires_at.into(),
                new.origin.address.map(|a| a.to_string()).into(),
                agent.into(),
            ],
        ))
        .await
        .db()?;
    Ok(())
}

/// When a session counts as live, and when it is worth a write.
pub(crate) struct Liveness {
    pub(crate) now: DateTime<Utc>,
    pub(crate) idle: TimeDelta,
    pub(crate) touch_every: TimeDelta,
}

/// The session, its person's platform role and all their grants, in one statement. `last_seen_at` is written
/// at most once in `touch_every`.
pub(crate) async fn authenticate(
    (tx, gate): (&SystemTx, &Gate),
    token: &Secret,
    when: Liveness,
) -> Result<Option<Authenticated>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            &format!(
                "WITH live AS (
               SELECT s.id, s.user_id, u.platform_role
               FROM identity.sessions s JOIN identity.users u ON u.id = s.user_id
               WHERE s.token_hash = $1 AND s.expires_at > $2 AND s.last_seen_at > $3
             ), seen AS (
               UPDATE identity.sessions s SET last_seen_at = $2 FROM live
               WHERE s.id = live.id AND s.last_seen_at <= $4
             )
             SELECT live.id, live.user_id, live.platform_role,
               {} AS grants,
               {} AS support
             FROM live",
                held::grants_of("live.user_id"),
                support::repo::grants("live.user_id", "live.platform_role", "$2")
            ),
            [
                token::hash(token).into(),
                when.now.into(),
                (when.now - when.idle).into(),
                (when.now - when.touch_every).into(),
            ],
        ))
        .await
        .db()?;
    match row {
        Some(row) => of_row((tx, gate), &row).await.map(Some),
        None => Ok(None),
    }
}

pub(super) async fn of_row((tx, gate): (&SystemTx, &Gate), row: &QueryResult) -> Result<Authenticated> {
    let role: Option<String> = row.try_get("", "platform_role").db()?;
    let grants: serde_json::Value = row.try_get("", "grants").db()?;
    let mut grants = held::grants(tx, gate, grants).await?;
    grants.extend(support::repo::of_row(row)?.into_iter().collect::<Result<Vec<_>>>()?);
    Ok(Authenticated {
        user: UserId::from_uuid(row.try_get("", "user_id").db()?),
        session: SessionId::from_uuid(row.try_get("", "id").db()?),
        platform_role: role.map(|r| r.parse().map_err(Error::internal)).transpose()?,
        grants,
    })
}

pub(crate) async fn delete(tx: &SystemTx, id: SessionId) -> Result<()> {
    tx.conn()
        .execute_raw(stmt("DELETE FROM identity.sessions WHERE id = $1", [id.uuid().into()]))
        .await
        .db()?;
    Ok(())
}

/// Ends every session of a person.
pub(crate) async fn delete_all(tx: &SystemTx, user: UserId) -> Result<u64> {
    let done = tx
        .conn()
        .execute_raw(stmt("DELETE FROM identity.sessions WHERE user_id = $1", [user.uuid().into()]))
        .await
        .db()?;
    Ok(done.rows_affected())
}

/// Ends every session of a person but one.
pub(crate) async fn delete_others(tx: &SystemTx, user: UserId, kept: SessionId) -> Result<u64> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "DELETE FROM identity.sessions WHERE user_id = $1 AND id <> $2",
            [user.uuid().into(), kept.uuid().into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected())
}

/// Deletes sessions that nobody can use any more.
pub(crate) async fn purge(tx: &SystemTx, (now, idle): (DateTime<Utc>, TimeDelta)) -> Result<u64> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "DELETE FROM identity.sessions WHERE expires_at <= $1 OR last_seen_at <= $2",
            [now.into(), (now - idle).into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected())
}
