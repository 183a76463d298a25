//! Queries on codes and sessions, in whichever transaction the caller holds.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, QueryResult};
use tenantry_kernel::{InstanceId, Result, SessionId, TenantId, UserId};
use tenantry_store::{DbResultExt, TenantTx, Transaction, stmt};

use super::model::MOST_SESSIONS;

/// What of an instance matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Door {
    pub(crate) tenant: TenantId,
    pub(crate) slug: String,
    pub(crate) region: String,
    pub(crate) owner_email: String,
    pub(crate) takes_visitors: bool,
}

/// Whose a code or a session is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Holder {
    pub(crate) tenant: TenantId,
    pub(crate) instance: InstanceId,
    pub(crate) user: UserId,
    pub(crate) session: SessionId,
    pub(crate) expires_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredCode {
    pub(crate) holder: Holder,
    pub(crate) browser_hash: String,
    pub(crate) target: String,
}

pub(crate) async fn door(tx: &impl Transaction, id: InstanceId) -> Result<Option<Door>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT tenant_id, slug, region, owner_email, phase = 'ready' AND desired = 'running' AS open
             FROM provisioner.instances WHERE id = $1 AND deleted_at IS NULL",
            [id.uuid().into()],
        ))
        .await
        .db()?;
    row.map(|row| {
        Ok(Door {
            tenant: TenantId::from_uuid(row.try_get("", "tenant_id").db()?),
            slug: row.try_get("", "slug").db()?,
            region: row.try_get("", "region").db()?,
            owner_email: row.try_get("", "owner_email").db()?,
            takes_visitors: row.try_get("", "open").db()?,
        })
    })
    .transpose()
}

/// Keeps a code, and throws away those of the tenant that have run out.
pub(crate) async fn add_code(tx: &TenantTx, hash: &str, code: &StoredCode, at: DateTime<Utc>) -> Result<()> {
    tx.conn()
        .execute_raw(stmt(
            "DELETE FROM provisioner.open_codes WHERE tenant_id = $1 AND expires_at <= $2",
            [tx.tenant().uuid().into(), at.into()],
        ))
        .await
        .db()?;
    tx.conn()
        .execute_raw(stmt(
            "INSERT INTO provisioner.open_codes
               (code_hash, tenant_id, instance_id, user_id, session_id, browser_hash, target, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            [
                hash.into(),
                code.holder.tenant.uuid().into(),
                code.holder.instance.uuid().into(),
                code.holder.user.uuid().into(),
                code.holder.session.uuid().into(),
                code.browser_hash.as_str().into(),
                code.target.as_str().into(),
                at.into(),
                code.holder.expires_at.into(),
            ],
        ))
        .await
        .db()?;
    Ok(())
}

/// Spends a code: of two uses at once, one gets it.
pub(crate) async fn take_code(tx: &impl Transaction, hash: &str) -> Result<Option<StoredCode>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "DELETE FROM provisioner.open_codes WHERE code_hash = $1 RETURNING *",
            [hash.into()],
        ))
        .await
        .db()?;
    row.map(|row| {
        Ok(StoredCode {
            holder: holder(&row)?,
            browser_hash: row.try_get("", "browser_hash").db()?,
            target: row.try_get("", "target").db()?,
        })
    })
    .transpose()
}

/// Keeps a session, and ends the oldest that live on the same portal session where there are too many.
pub(crate) async fn add_session(tx: &TenantTx, hash: &str, of: &Holder, at: DateTime<Utc>) -> Result<()> {
    tx.conn()
        .execute_raw(stmt(
            "DELETE FROM provisioner.open_sessions WHERE token_hash IN
               (SELECT token_hash FROM provisioner.open_sessions
                WHERE tenant_id = $1 AND instance_id = $2 AND session_id = $3
                ORDER BY created_at DESC, token_hash OFFSET $4)",
            [
                tx.tenant().uuid().into(),
                of.instance.uuid().into(),
                of.session.uuid().into(),
                (MOST_SESSIONS - 1).into(),
            ],
        ))
        .await
        .db()?;
    tx.conn()
        .execute_raw(stmt(
            "INSERT INTO provisioner.open_sessions
               (token_hash, tenant_id, instance_id, user_id, session_id, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            [
                hash.into(),
                of.tenant.uuid().into(),
                of.instance.uuid().into(),
                of.user.uuid().into(),
                of.session.uuid().into(),
                at.into(),
                of.expires_at.into(),
            ],
        ))
        .await
        .db()?;
    Ok(())
}

pub(crate) async fn session(tx: &impl Transaction, hash: &str) -> Result<Option<Holder>> {
    let row = tx
        .conn()
        .query_one_raw(stmt("SELECT * FROM provisioner.open_sessions WHERE token_hash = $1", [hash.into()]))
        .await
        .db()?;
    row.as_ref().map(holder).transpose()
}

pub(crate) async fn end_session(tx: &impl Transaction, hash: &str) -> Result<u64> {
    let done = tx
        .conn()
        .execute_raw(stmt("DELETE FROM provisioner.open_sessions WHERE token_hash = $1", [hash.into()]))
        .await
        .db()?;
    Ok(done.rows_affected())
}

/// Throws away what has run out.
pub(crate) async fn purge(tx: &impl Transaction, now: DateTime<Utc>) -> Result<u64> {
    let mut gone = 0;
    for sql in [
        "DELETE FROM provisioner.open_codes WHERE expires_at <= $1",
        "DELETE FROM provisioner.open_sessions WHERE expires_at <= $1",
    ] {
        gone += tx.conn().execute_raw(stmt(sql, [now.into()])).await.db()?.rows_affected();
    }
    Ok(gone)
}

fn holder(row: &QueryResult) -> Result<Holder> {
    Ok(Holder {
        tenant: TenantId::from_uuid(row.try_get("", "tenant_id").db()?),
        instance: InstanceId::from_uuid(row.try_get("", "instance_id").db()?),
        user: UserId::from_uuid(row.try_get("", "user_id").db()?),
        session: SessionId::from_uuid(row.try_get("", "session_id").db()?),
        expires_at: row.try_get("", "expires_at").db()?,
    })
}
