//! Where tenants have their trail sent: the rows, and the cursor of each.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbErr, QueryResult};
use tenantry_kernel::{AuditStreamId, Error, Result, TenantId};

use crate::{DbResultExt, SystemTx, TenantTx, Transaction, stmt};

/// A stream and how far it is.
#[derive(Debug, Clone)]
pub struct Stream {
    pub id: AuditStreamId,
    pub tenant: TenantId,
    /// `webhook`, `syslog` or `file`.
    pub kind: String,
    pub target: String,
    /// Sealed under the tenant's key.
    pub secret: Option<String>,
    /// The newest record that the receiver has taken.
    pub last_seq: i64,
    /// The chain's newest record.
    pub head: i64,
    /// Failed attempts since the last that went well.
    pub attempts: i32,
    pub next_attempt_at: DateTime<Utc>,
    pub last_error: Option<String>,
    pub last_delivered_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub paused_at: Option<DateTime<Utc>>,
}

impl Stream {
    fn of_row(row: &QueryResult) -> std::result::Result<Self, DbErr> {
        Ok(Self {
            id: AuditStreamId::from_uuid(row.try_get("", "id")?),
            tenant: TenantId::from_uuid(row.try_get("", "tenant_id")?),
            kind: row.try_get("", "kind")?,
            target: row.try_get("", "target")?,
            secret: row.try_get("", "secret")?,
            last_seq: row.try_get("", "last_seq")?,
            head: row.try_get("", "head")?,
            attempts: row.try_get("", "attempts")?,
            next_attempt_at: row.try_get("", "next_attempt_at")?,
            last_error: row.try_get("", "last_error")?,
            last_delivered_at: row.try_get("", "last_delivered_at")?,
            created_at: row.try_get("", "created_at")?,
            paused_at: row.try_get("", "paused_at")?,
        })
    }
}

const COLUMNS: &str = "s.*, coalesce(h.seq, 0) AS head FROM platform.audit_streams s
     LEFT JOIN LATERAL (SELECT a.seq FROM platform.audit a WHERE a.tenant_id = s.tenant_id
                        ORDER BY a.seq DESC LIMIT 1) h ON true";

/// A stream to be.
#[derive(Debug)]
pub struct NewStream<'a> {
    pub id: AuditStreamId,
    pub kind: &'static str,
    pub target: &'a str,
    pub secret: Option<String>,
    pub at: DateTime<Utc>,
}

/// Adds a stream that begins with the next record.
///
/// # Errors
/// `Conflict` when there is one of this kind to this target.
pub async fn insert(tx: &TenantTx, stream: NewStream<'_>) -> Result<()> {
    let sql = "INSERT INTO platform.audit_streams (id, tenant_id, kind, target, secret, last_seq, next_attempt_at, created_at)
               SELECT $1, $2, $3, $4, $5, coalesce(max(seq), 0), $6, $6 FROM platform.audit WHERE tenant_id = $2";
    let values = [
        stream.id.uuid().into(),
        tx.tenant().uuid().into(),
        stream.kind.into(),
        stream.target.into(),
        stream.secret.into(),
        stream.at.into(),
    ];
    tx.conn()
        .execute_raw(stmt(sql, values))
        .await
        .unique("audit_streams_tenant_id_kind_target_key", || {
            Error::conflict("The audit trail is sent there already.")
        })?;
    Ok(())
}

/// The tenant's streams, oldest first.
pub async fn list(tx: &TenantTx) -> Result<Vec<Stream>> {
    let sql = format!("SELECT {COLUMNS} WHERE s.tenant_id = $1 ORDER BY s.created_at, s.id");
    many(tx, &sql, vec![tx.tenant().uuid().into()]).await
}

/// Removes a stream; what it was, if it was there.
pub async fn delete(tx: &TenantTx, id: AuditStreamId) -> Result<Option<(String, String)>> {
    let sql = "DELETE FROM platform.audit_streams WHERE tenant_id = $1 AND id = $2 RETURNING kind, target";
    let values = [tx.tenant().uuid().into(), id.uuid().into()];
    let row = tx.conn().query_one_raw(stmt(sql, values)).await.db()?;
    row.map(|row| Ok((row.try_get("", "kind")?, row.try_get("", "target")?)))
        .transpose()
        .map_err(|e: DbErr| e)
        .db()
}

/// Which streams are looked for.
#[derive(Debug, Default)]
pub struct Wanted {
    /// Not these: something is on its way to them.
    pub busy: Vec<AuditStreamId>,
    /// These are slow. So are those that failed or have never been delivered to.
    pub slow: Vec<AuditStreamId>,
    /// At most so many of one tenant, of the quick and of the slow each.
    pub of_one_tenant: usize,
    /// At most so many quick and so many slow ones.
    pub of_a_kind: usize,
}

/// Streams that have something to send and are due. Tenants take turns; then those that waited longest first.
pub async fn due(tx: &SystemTx, at: DateTime<Utc>, wanted: &Wanted) -> Result<Vec<Stream>> {
    let sql = format!(
        "WITH due AS (
           SELECT s.*, s.attempts > 0 OR s.last_delivered_at IS NULL OR s.id = ANY($3) AS slow FROM (
             SELECT {COLUMNS} WHERE s.paused_at IS NULL AND s.next_attempt_at <= $1 AND h.seq > s.last_seq
               AND s.id <> ALL($2)) s),
         turns AS (
           SELECT due.*, row_number() OVER (PARTITION BY tenant_id, slow ORDER BY next_attempt_at, id) AS turn FROM due),
         chosen AS (
           SELECT turns.*, row_number() OVER (PARTITION BY slow ORDER BY turn, next_attempt_at, id) AS nth
           FROM turns WHERE turn <= $4)
         SELECT * FROM chosen WHERE nth <= $5 ORDER BY turn, next_attempt_at, id"
    );
    let ids = |ids: &[AuditStreamId]| ids.iter().map(|id| id.uuid()).collect::<Vec<_>>();
    let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let values = vec![
        at.into(),
        ids(&wanted.busy).into(),
        ids(&wanted.slow).into(),
        number(wanted.of_one_tenant).into(),
        number(wanted.of_a_kind).into(),
    ];
    many(tx, &sql, values).await
}

/// Moves a stream's cursor, unless somebody else has moved it. Whether it moved.
pub async fn advance(
    tx: &SystemTx,
    id: AuditStreamId,
    (from, to): (i64, i64),
    at: DateTime<Utc>,
) -> Result<bool> {
    let sql = "UPDATE platform.audit_streams
               SET last_seq = $3, attempts = 0, last_error = NULL, last_delivered_at = $4, next_attempt_at = $4
               WHERE id = $1 AND last_seq = $2";
    let done =
        tx.conn().execute_raw(stmt(sql, [id.uuid().into(), from.into(), to.into(), at.into()])).await.db()?;
    Ok(done.rows_affected() > 0)
}

/// Notes why a stream could not be sent to, and when to try again.
pub async fn put_off(tx: &SystemTx, id: AuditStreamId, error: &str, until: DateTime<Utc>) -> Result<()> {
    let sql =
        "UPDATE platform.audit_streams SET attempts = attempts + 1, last_error = $2, next_attempt_at = $3
               WHERE id = $1";
    tx.conn().execute_raw(stmt(sql, [id.uuid().into(), error.into(), until.into()])).await.db()?;
    Ok(())
}

async fn many(tx: &impl Transaction, sql: &str, values: Vec<sea_orm::Value>) -> Result<Vec<Stream>> {
    let rows = tx.conn().query_all_raw(stmt(sql, values)).await.db()?;
    rows.iter().map(Stream::of_row).collect::<std::result::Result<_, _>>().db()
}
