//! How long a tenant keeps its trail, and what goes by it.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbErr};
use tenantry_kernel::{Result, TenantId};

use crate::{DbResultExt, SystemTx, TenantTx, Transaction, stmt};

/// What a tenant that has chosen nothing keeps. The SQL function that prunes knows the same number.
pub const DEFAULT_DAYS: i32 = 400;

/// The days that a tenant keeps its records.
pub async fn retention_days(tx: &impl Transaction, tenant: TenantId) -> Result<i32> {
    let sql = "SELECT retention_days FROM platform.audit_settings WHERE tenant_id = $1";
    let row = tx.conn().query_one_raw(stmt(sql, [tenant.uuid().into()])).await.db()?;
    row.map_or(Ok(DEFAULT_DAYS), |row| row.try_get("", "retention_days").db())
}

/// Sets the days; in effect at the next pruning.
pub async fn set_retention_days(tx: &TenantTx, days: i32, at: DateTime<Utc>) -> Result<()> {
    let sql =
        "INSERT INTO platform.audit_settings (tenant_id, retention_days, updated_at) VALUES ($1, $2, $3)
               ON CONFLICT (tenant_id) DO UPDATE SET retention_days = $2, updated_at = $3";
    let values = [tx.tenant().uuid().into(), days.into(), at.into()];
    tx.conn().execute_raw(stmt(sql, values)).await.db()?;
    Ok(())
}

/// The numbers of the oldest and the newest record that is there; of an empty trail (1, 0).
pub async fn extent(tx: &impl Transaction, tenant: TenantId) -> Result<(i64, i64)> {
    let sql = "SELECT coalesce(min(seq), 1) AS first, coalesce(max(seq), 0) AS last
               FROM platform.audit WHERE tenant_id = $1";
    let row = tx.conn().query_one_raw(stmt(sql, [tenant.uuid().into()])).await.db()?;
    match row {
        Some(row) => Ok((row.try_get("", "first").db()?, row.try_get("", "last").db()?)),
        None => Ok((1, 0)),
    }
}

/// The numbers of the first record from one moment on and of the last before another; of nothing `None`.
pub async fn range(
    tx: &TenantTx,
    tenant: TenantId,
    (from, to): (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
) -> Result<Option<(i64, i64)>> {
    let sql = "SELECT min(seq) FILTER (WHERE $2::timestamptz IS NULL OR at >= $2) AS first,
                      max(seq) FILTER (WHERE $3::timestamptz IS NULL OR at < $3) AS last
               FROM platform.audit WHERE tenant_id = $1";
    let row =
        tx.conn().query_one_raw(stmt(sql, [tenant.uuid().into(), from.into(), to.into()])).await.db()?;
    let Some(row) = row else { return Ok(None) };
    let (first, last): (Option<i64>, Option<i64>) =
        (row.try_get("", "first").db()?, row.try_get("", "last").db()?);
    Ok(first.zip(last).filter(|(first, last)| first <= last))
}

/// What pruning took away: the records `first..=anchor`, and the hash of the last of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pruned {
    pub records: i64,
    pub first: i64,
    pub anchor: i64,
    pub anchor_hash: String,
}

/// Takes away what the tenant keeps no longer, up to a checkpoint that stays. `None` when nothing is old enough.
pub async fn prune(tx: &SystemTx, tenant: TenantId, at: DateTime<Utc>) -> Result<Option<Pruned>> {
    let sql = "SELECT pruned, first_seq, anchor_seq, anchor_hash FROM platform.prune_audit($1, $2)";
    let row = tx.conn().query_one_raw(stmt(sql, [tenant.uuid().into(), at.into()])).await.db()?;
    let Some(row) = row else { return Ok(None) };
    let records: i64 = row.try_get("", "pruned").db()?;
    if records == 0 {
        return Ok(None);
    }
    Ok(Some(Pruned {
        records,
        first: row.try_get("", "first_seq").db()?,
        anchor: row.try_get("", "anchor_seq").db()?,
        anchor_hash: row.try_get("", "anchor_hash").db()?,
    }))
}

/// Tenants after this one, in the order of their ids, that may have something to prune: whose oldest checkpoint is older
/// than their days.
pub async fn prunable(
    tx: &SystemTx,
    after: TenantId,
    (at, most): (DateTime<Utc>, i64),
) -> Result<Vec<TenantId>> {
    let sql = "SELECT c.tenant_id FROM platform.audit_checkpoints c
               LEFT JOIN platform.audit_settings s ON s.tenant_id = c.tenant_id
               WHERE c.tenant_id > $1
               GROUP BY c.tenant_id, s.retention_days
               HAVING min(c.at) < $2 - make_interval(days => coalesce(s.retention_days, 400))
               ORDER BY c.tenant_id LIMIT $3";
    let rows =
        tx.conn().query_all_raw(stmt(sql, [after.uuid().into(), at.into(), most.into()])).await.db()?;
    let id = |row: &sea_orm::QueryResult| Ok(TenantId::from_uuid(row.try_get("", "tenant_id")?));
    rows.iter().map(id).collect::<std::result::Result<_, DbErr>>().db()
}
