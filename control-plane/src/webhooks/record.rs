//! What became of an attempt, and what time does to old rows.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ConnectionTrait;
use serde_json::json;
use tenantry_kernel::{Error, Result};
use tenantry_store::audit::{self, By, Entry};
use tenantry_store::outbox::{self, Fact};
use tenantry_store::{DbResultExt, SystemTx, Transaction, stmt};

use super::claim::Claimed;
use super::model::{Attempt, FAILING_FOR, LOGGED};

/// Rows that one transaction throws away.
pub(super) const PURGED_AT_ONCE: i64 = 5_000;

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

/// Keeps in mind since when an endpoint fails, and disables one that is gone or has failed for too long.
pub(super) async fn health(
    tx: &SystemTx,
    claimed: &Claimed,
    verdict: Verdict,
    now: DateTime<Utc>,
) -> Result<()> {
    let id = claimed.endpoint.uuid();
    match (verdict, claimed.failing_since) {
        (Verdict::Gone, _) => return disable(tx, claimed, ("gone", now)).await,
        (Verdict::Failed { .. }, Some(since)) if since + FAILING_FOR <= now => {
            return disable(tx, claimed, ("failing", now)).await;
        }
        (Verdict::Delivered, None) | (Verdict::Failed { .. }, Some(_)) => return Ok(()),
        (Verdict::Delivered, Some(_)) => {
            let sql = "UPDATE webhooks.endpoints SET failing_since = NULL WHERE id = $1";
            tx.conn().execute_raw(stmt(sql, [id.into()])).await.db()?;
        }
        (Verdict::Failed { .. }, None) => {
            let sql =
                "UPDATE webhooks.endpoints SET failing_since = $2 WHERE id = $1 AND failing_since IS NULL";
            tx.conn().execute_raw(stmt(sql, [id.into(), now.into()])).await.db()?;
        }
    }
    Ok(())
}

async fn disable(tx: &SystemTx, claimed: &Claimed, (why, now): (&'static str, DateTime<Utc>)) -> Result<()> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "UPDATE webhooks.endpoints SET disabled_at = $2, disabled_why = $3 WHERE id = $1 AND disabled_at IS NULL",
            [claimed.endpoint.uuid().into(), now.into(), why.into()],
        ))
        .await
        .db()?;
    if done.rows_affected() == 0 {
        return Ok(());
    }
    let (subject, details) = (claimed.endpoint.to_string(), json!({ "reason": why }));
    let entry = Entry {
        tenant: claimed.tenant,
        action: "webhook.disable",
        resource: subject.clone(),
        result: "ok",
        details: details.clone(),
    };
    audit::append(tx, By::system("webhooks", now), entry).await?;
    let fact = Fact { tenant: claimed.tenant, topic: "webhook_endpoint.disabled", subject, payload: details };
    outbox::publish(tx, now, &fact).await
}

/// Throws away messages made before `before`, with their deliveries; the feeds remember up to where. How many.
pub(super) async fn purge(tx: &SystemTx, before: DateTime<Utc>) -> Result<i64> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "WITH old AS (
               DELETE FROM webhooks.messages WHERE id IN (
                 SELECT id FROM webhooks.messages WHERE created_at < $1 ORDER BY created_at LIMIT $2)
               RETURNING tenant_id, position),
             marked AS (
               UPDATE webhooks.feeds f SET purged_position = greatest(f.purged_position, o.last)
               FROM (SELECT tenant_id, max(position) AS last FROM old WHERE position IS NOT NULL GROUP BY 1) o
               WHERE f.tenant_id = o.tenant_id)
             SELECT count(*) AS n FROM old",
            [before.into(), PURGED_AT_ONCE.into()],
        ))
        .await
        .db()?;
    row.map_or(Ok(0), |row| row.try_get("", "n").db())
}

/// Gives up what waits for endpoints that have been disabled for longer than a delivery is tried. How many.
pub(super) async fn give_up(tx: &SystemTx, now: DateTime<Utc>) -> Result<u64> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "UPDATE webhooks.deliveries SET state = 'dead', next_attempt_at = NULL, lease_until = NULL, fence = fence + 1,
                    last_error = 'The endpoint was disabled.'
             WHERE id IN (SELECT d.id FROM webhooks.endpoints e
                          JOIN webhooks.deliveries d ON d.endpoint_id = e.id AND d.state = 'pending'
                          WHERE e.disabled_at IS NOT NULL AND d.give_up_at < $1 LIMIT $2)",
            [now.into(), PURGED_AT_ONCE.into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected())
}
