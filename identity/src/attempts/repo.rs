use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ConnectionTrait;
use tenantry_kernel::Result;
use tenantry_store::{DbResultExt, SystemTx, Transaction, stmt};

use super::model::{FORGIVEN_AFTER, LONGEST, PAUSE_FROM, Tried};

/// Counts a try as a failure, if one may be made now.
pub(crate) async fn count(tx: &SystemTx, account: &str, now: DateTime<Utc>) -> Result<Tried> {
    // The pause doubles with each failure. What is beyond the longest is not computed: it would overflow.
    let row = tx
        .conn()
        .query_one_raw(stmt(
            &format!(
                "WITH counted AS (
                   INSERT INTO identity.log_in_attempts AS a (account_hash, failures, last_at, free_at)
                   VALUES ($1, 1, $2, $2)
                   ON CONFLICT (account_hash) DO UPDATE SET
                     failures = CASE WHEN a.last_at <= $3 THEN 1 ELSE a.failures + 1 END,
                     last_at = $2,
                     free_at = $2::timestamptz + CASE
                       WHEN a.last_at <= $3 OR a.failures + 1 < {PAUSE_FROM} THEN interval '0'
                       ELSE make_interval(secs => least(power(2, least(a.failures + 1 - {PAUSE_FROM}, 20)), {LONGEST}))
                     END
                   WHERE a.free_at <= $2
                   RETURNING a.failures
                 )
                 SELECT EXISTS (SELECT FROM counted) AS counted,
                        (SELECT free_at FROM identity.log_in_attempts WHERE account_hash = $1) AS free_at"
            ),
            [account.into(), now.into(), (now - FORGIVEN_AFTER).into()],
        ))
        .await
        .db()?;
    let Some(row) = row else { return Ok(Tried::Counted) };
    if row.try_get("", "counted").db()? {
        return Ok(Tried::Counted);
    }
    // As of the statement's beginning: a row that is newer has a pause that has just begun.
    let until: Option<DateTime<Utc>> = row.try_get("", "free_at").db()?;
    Ok(Tried::PausedUntil(until.filter(|until| *until > now).unwrap_or(now + TimeDelta::seconds(1))))
}

/// Starts anew: somebody has shown that the account is theirs.
pub(crate) async fn clear(tx: &SystemTx, account: &str) -> Result<()> {
    tx.conn()
        .execute_raw(stmt("DELETE FROM identity.log_in_attempts WHERE account_hash = $1", [account.into()]))
        .await
        .db()?;
    Ok(())
}

/// Deletes what was last tried before `before`.
pub(crate) async fn purge(tx: &SystemTx, before: DateTime<Utc>) -> Result<u64> {
    let done = tx
        .conn()
        .execute_raw(stmt("DELETE FROM identity.log_in_attempts WHERE last_at < $1", [before.into()]))
        .await
        .db()?;
    Ok(done.rows_affected())
}
