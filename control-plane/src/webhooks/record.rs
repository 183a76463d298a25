//! What became of an attempt.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ConnectionTrait;
use tenantry_kernel::{Error, Result};
use tenantry_store::{DbResultExt, SystemTx, Transaction, stmt};

use super::claim::Claimed;
use super::model::{Attempt, LOGGED};

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Delivered,
    /// To be tried again; the receiver may have asked for a pause.
    Failed {
        asked: Option<TimeDelta>,
    },
    /// The receiver wants nothing any more (410).
    Gone,
}

/// Writes an attempt's outcome, unless another sender has the delivery by now, or it was replayed or deleted: then `false`.
pub(super) async fn outcome(
    tx: &SystemTx,
    claimed: &Claimed,
    (verdict, next): (Verdict, Option<DateTime<Utc>>),
    (attempt, now): (&Attempt, DateTime<Utc>),
) -> Result<bool> {
    let (state, delivered_at) = match (verdict, next) {
        (Verdict::Delivered, _) => ("delivered", Some(now)),
        (_, Some(_)) => ("pending", None),
        (_, None) => ("dead", None),
    };
    let logged = serde_json::to_value(attempt).map_err(Error::internal)?;
    let done = tx
        .conn()
        .execute_raw(stmt(
            "UPDATE webhooks.deliveries SET state = $3, next_attempt_at = $4, attempts = attempts + 1, tries = tries + 1,
                    delivered_at = coalesce($5, delivered_at), last_status = $6, last_error = $7, lease_until = NULL,
                    log = (SELECT jsonb_agg(entry ORDER BY n)
                           FROM jsonb_array_elements(log || jsonb_build_array($8::jsonb)) WITH ORDINALITY AS l (entry, n)
                           WHERE n > jsonb_array_length(log) + 1 - $9)
             WHERE id = $1 AND fence = $2 AND state = 'pending'",
            [
                claimed.id.uuid().into(),
                claimed.fence.into(),
                state.into(),
                next.into(),
                delivered_at.into(),
                attempt.status.map(i32::from).into(),
                attempt.error.clone().into(),
                logged.into(),
                LOGGED.into(),
            ],
        ))
        .await
        .db()?;
    Ok(done.rows_affected() > 0)
}
