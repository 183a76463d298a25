use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, QueryResult};
use tenantry_authz::{Assurance, Gate, Origin};
use tenantry_kernel::{Error, Result, Secret, SessionId, TenantId, UserId};
use tenantry_store::{DbResultExt, Page, PageRequest, SystemTx, Transaction, stmt};

use super::{Authenticated, UserSession};
use crate::devices::Device;
use crate::factors::{self, Method};
use crate::roles::held;
use crate::sso::{barred, barred_of};
use crate::{support, token};

pub(crate) struct NewSession<'a> {
    pub(crate) id: SessionId,
    pub(crate) user: UserId,
    pub(crate) token: &'a Secret,
    pub(crate) origin: &'a Origin,
    /// How the person has proven who they are, at `at`.
    pub(crate) methods: &'a [Method],
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
               (id, token_hash, user_id, created_at, last_seen_at, proved_at, expires_at, address, user_agent, methods)
             VALUES ($1, $2, $3, $4, $4, $4, $5, $6, $7, string_to_array($8, ','))",
            [
                new.id.uuid().into(),
                token::hash(new.token).into(),
                new.user.uuid().into(),
                new.at.into(),
                new.expires_at.into(),
                new.origin.address.map(|a| a.to_string()).into(),
                agent.into(),
                Method::list(new.methods).into(),
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

/// The live session that a condition finds, at `$2`, idle since `$3` at the most. Its longest time without use has the
/// present one in it.
pub(super) fn live(which: &str) -> String {
    format!(
        "SELECT s.id, s.user_id, s.created_at, s.proved_at, s.methods, s.connection_id, s.reach,
           -- Whoever came by a provider is no staff, whatever they have shown besides: no provider speaks for the platform.
           CASE WHEN s.connection_id IS NULL AND NOT 'sso' = ANY(s.methods) THEN u.platform_role END AS platform_role,
           greatest(s.longest_idle, $2::timestamptz - s.last_seen_at) AS longest_idle
         FROM identity.sessions s JOIN identity.users u ON u.id = s.user_id
         WHERE {which} AND s.expires_at > $2 AND s.last_seen_at > $3"
    )
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
                "WITH live AS ({}), seen AS (
               UPDATE identity.sessions s SET last_seen_at = $2, longest_idle = live.longest_idle FROM live
               WHERE s.id = live.id AND s.last_seen_at <= $4
             )
             SELECT live.id, live.user_id, live.platform_role, live.reach,
               {},
               {} AS grants,
               {} AS barred,
               {} AS support
             FROM live",
                live("s.token_hash = $1"),
                assurance("live"),
                held::grants_of("live", "$2"),
                barred_of("live.user_id", "live.connection_id", "live.reach"),
                support::repo::grants("live", "$2")
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
    let reach: Option<uuid::Uuid> = row.try_get("", "reach").db()?;
    let barred = barred(row.try_get("", "barred").db()?)?;
    let mut grants = held::grants(tx, gate, grants).await?;
    grants.retain(|grant| !barred.iter().any(|barred| barred.tenant == grant.tenant));
    grants.extend(support::repo::of_row(row)?.into_iter().collect::<Result<Vec<_>>>()?);
    Ok(Authenticated {
        user: UserId::from_uuid(row.try_get("", "user_id").db()?),
        session: SessionId::from_uuid(row.try_get("", "id").db()?),
        platform_role: role.map(|r| r.parse().map_err(Error::internal)).transpose()?,
        grants,
        assurance: Assurance { proved_at: row.try_get("", "proved_at").db()?, lacking: lacking(row)?.into() },
        barred,
        reach: reach.map(TenantId::from_uuid),
    })
}

/// The columns of an [`Assurance`]; `s` is what [`live`] finds.
pub(super) fn assurance(s: &str) -> String {
    let has_factor = factors::repo::has_factor(&format!("{s}.user_id"));
    let demanding = factors::repo::demanding(&format!("{s}.user_id"));
    format!(
        "{s}.proved_at,
         CASE WHEN {s}.reach IS NOT NULL OR {has_factor} THEN '[]'::json ELSE {demanding} END AS lacking"
    )
}

fn lacking(row: &QueryResult) -> Result<Vec<TenantId>> {
    let tenants: serde_json::Value = row.try_get("", "lacking").db()?;
    let tenants: Vec<uuid::Uuid> = serde_json::from_value(tenants).map_err(Error::internal)?;
    Ok(tenants.into_iter().map(TenantId::from_uuid).collect())
}

/// A fresh proof in a session.
pub(crate) struct Proof<'a> {
    /// The session's next token.
    pub(crate) token: &'a Secret,
    pub(crate) method: Method,
    pub(crate) at: DateTime<Utc>,
}

/// Puts the proof down and gives the session another token; says when it expires. `None` for one that has ended.
pub(crate) async fn prove(
    tx: &SystemTx,
    (user, id): (UserId, SessionId),
    proof: Proof<'_>,
) -> Result<Option<DateTime<Utc>>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "UPDATE identity.sessions SET token_hash = $3, proved_at = $4,
                    methods = CASE WHEN $5::text = ANY(methods) THEN methods
                                   ELSE array_append(methods, $5::text) END
             WHERE id = $1 AND user_id = $2 AND expires_at > $4 RETURNING expires_at",
            [
                id.uuid().into(),
                user.uuid().into(),
                token::hash(proof.token).into(),
                proof.at.into(),
                proof.method.as_str().into(),
            ],
        ))
        .await
        .db()?;
    row.map(|row| row.try_get("", "expires_at").db()).transpose()
}

/// A person's sessions that can be used, newest first. The cursor is the last one's id.
pub(crate) async fn list(
    tx: &SystemTx,
    (user, page): (UserId, &PageRequest),
    (now, idle): (DateTime<Utc>, TimeDelta),
) -> Result<Page<UserSession>> {
    let after: Option<SessionId> = page
        .after
        .as_deref()
        .map(|c| c.parse().map_err(|_| Error::invalid("after", "That is not a cursor of this list.")))
        .transpose()?;
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            "SELECT id, created_at, last_seen_at, expires_at, address, user_agent FROM identity.sessions
             WHERE user_id = $1 AND expires_at > $2 AND last_seen_at > $3 AND ($4::uuid IS NULL OR id < $4)
             ORDER BY id DESC LIMIT $5",
            [
                user.uuid().into(),
                now.into(),
                (now - idle).into(),
                after.map(|id| id.uuid()).into(),
                page.limit_plus_one().into(),
            ],
        ))
        .await
        .db()?;
    Ok(Page::of(rows.iter().map(shown).collect::<Result<_>>()?, page))
}

fn shown(row: &QueryResult) -> Result<UserSession> {
    let agent: Option<String> = row.try_get("", "user_agent").db()?;
    Ok(UserSession {
        id: SessionId::from_uuid(row.try_get("", "id").db()?),
        device: Device::of(agent.as_deref()),
        address: row.try_get("", "address").db()?,
        created_at: row.try_get("", "created_at").db()?,
        last_seen_at: row.try_get("", "last_seen_at").db()?,
        expires_at: row.try_get("", "expires_at").db()?,
    })
}

/// Gives a person's session another token: the one before is good for nothing. When the session ends, which stays; `None`
/// where it has ended already.
pub(crate) async fn rotate(
    tx: &SystemTx,
    (user, session): (UserId, SessionId),
    token: &Secret,
) -> Result<Option<DateTime<Utc>>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "UPDATE identity.sessions SET token_hash = $3 WHERE id = $1 AND user_id = $2 RETURNING expires_at",
            [session.uuid().into(), user.uuid().into(), token::hash(token).into()],
        ))
        .await
        .db()?;
    row.map(|row| row.try_get("", "expires_at").db()).transpose()
}

/// Ends a session, if it is this person's.
pub(crate) async fn delete_own(tx: &SystemTx, user: UserId, id: SessionId) -> Result<bool> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "DELETE FROM identity.sessions WHERE id = $1 AND user_id = $2",
            [id.uuid().into(), user.uuid().into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected() > 0)
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

/// Ends every session of a person who is in no tenant, and not of the platform's staff.
pub(crate) async fn delete_outside(tx: &SystemTx, user: UserId) -> Result<u64> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "DELETE FROM identity.sessions s USING identity.users u
             WHERE s.user_id = $1 AND u.id = s.user_id AND u.platform_role IS NULL
               AND NOT EXISTS (SELECT FROM identity.memberships m WHERE m.user_id = s.user_id)",
            [user.uuid().into()],
        ))
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
