//! What time, deletion and bounds do to old rows: some thousands in a transaction, however many there are.

use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;
use tenantry_kernel::{Result, WebhookEndpointId};
use tenantry_store::{DbResultExt, SystemTx, Transaction, outbox, stmt};

use super::Webhooks;
use super::model::{AT_ONCE, KEPT, MOST_KEPT};

/// Messages that one transaction throws away: each may have a delivery for each of the tenant's endpoints.
const MESSAGES_AT_ONCE: i64 = 500;
/// Transactions of one call: a million messages, or ten million deliveries. What is left goes with the next.
const MOST_TURNS: usize = 2_000;

impl Webhooks {
    /// Throws away messages older than 30 days with their deliveries, facts that were handed on before that, what endpoints
    /// that were deleted have left and what endpoints hold above their bound; and gives up what waits for endpoints that stay
    /// disabled.
    ///
    /// # Errors
    /// `Unavailable`: what is left goes with the next call.
    pub(crate) async fn purge(&self) -> Result<()> {
        let now = self.now();
        for _ in 0..MOST_TURNS {
            let tx = self.system().await?;
            let gone = purge(&tx, now - KEPT).await?;
            let facts = outbox::purge(&tx, now - KEPT, AT_ONCE).await?;
            let given_up = give_up(&tx, now).await?;
            let swept = sweep(&tx).await?;
            tx.commit().await?;
            if gone == 0 && facts == 0 && given_up == 0 && swept == 0 {
                break;
            }
        }
        let tx = self.system().await?;
        let full = over_full(&tx).await?;
        tx.commit().await?;
        for endpoint in full {
            for _ in 0..MOST_TURNS {
                let tx = self.system().await?;
                let trimmed = trim(&tx, endpoint).await?;
                tx.commit().await?;
                if trimmed == 0 {
                    break;
                }
            }
        }
        Ok(())
    }
}

/// Takes away deliveries of endpoints that were deleted, and endpoints that have none left. How many rows.
pub(super) async fn sweep(tx: &SystemTx) -> Result<u64> {
    let sql = "DELETE FROM webhooks.deliveries WHERE id IN (
                 SELECT d.id FROM webhooks.endpoints e
                 JOIN webhooks.deliveries d ON d.tenant_id = e.tenant_id AND d.endpoint_id = e.id
                 WHERE e.deleted_at IS NOT NULL LIMIT $1)";
    let deliveries = tx.conn().execute_raw(stmt(sql, [AT_ONCE.into()])).await.db()?.rows_affected();
    let sql = "DELETE FROM webhooks.endpoints e WHERE e.deleted_at IS NOT NULL AND NOT EXISTS (
                 SELECT FROM webhooks.deliveries d WHERE d.tenant_id = e.tenant_id AND d.endpoint_id = e.id)";
    Ok(deliveries + tx.conn().execute_raw(stmt(sql, [])).await.db()?.rows_affected())
}

/// Endpoints that hold more than they may.
async fn over_full(tx: &SystemTx) -> Result<Vec<WebhookEndpointId>> {
    let sql = "SELECT e.id FROM webhooks.endpoints e WHERE EXISTS (
                 SELECT FROM webhooks.deliveries d WHERE d.tenant_id = e.tenant_id AND d.endpoint_id = e.id
                 ORDER BY d.id OFFSET $1 LIMIT 1)";
    let rows = tx.conn().query_all_raw(stmt(sql, [MOST_KEPT.into()])).await.db()?;
    rows.iter().map(|row| Ok(WebhookEndpointId::from_uuid(row.try_get("", "id").db()?))).collect()
}

/// Takes away an endpoint's oldest deliveries that have ended, down to its bound. What waits stays. How many.
pub(super) async fn trim(tx: &SystemTx, endpoint: WebhookEndpointId) -> Result<u64> {
    let sql = "WITH held AS (
                 SELECT e.tenant_id, e.id, (SELECT count(*) FROM webhooks.deliveries d
                                            WHERE d.tenant_id = e.tenant_id AND d.endpoint_id = e.id) - $2 AS over
                 FROM webhooks.endpoints e WHERE e.id = $1)
               DELETE FROM webhooks.deliveries WHERE id IN (
                 SELECT d.id FROM held h CROSS JOIN LATERAL (
                   SELECT d.id FROM webhooks.deliveries d
                   WHERE d.tenant_id = h.tenant_id AND d.endpoint_id = h.id AND d.state <> 'pending'
                   ORDER BY d.id LIMIT least(greatest(h.over, 0), $3)) d)";
    let values = [endpoint.uuid().into(), MOST_KEPT.into(), AT_ONCE.into()];
    Ok(tx.conn().execute_raw(stmt(sql, values)).await.db()?.rows_affected())
}

/// Throws away messages made before `before`, with their deliveries; the feeds remember up to where. How many.
async fn purge(tx: &SystemTx, before: DateTime<Utc>) -> Result<i64> {
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
            [before.into(), MESSAGES_AT_ONCE.into()],
        ))
        .await
        .db()?;
    row.map_or(Ok(0), |row| row.try_get("", "n").db())
}

/// Gives up what waits for endpoints that have been disabled for longer than a delivery is tried. How many.
async fn give_up(tx: &SystemTx, now: DateTime<Utc>) -> Result<u64> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "UPDATE webhooks.deliveries SET state = 'dead', next_attempt_at = NULL, lease_until = NULL, fence = fence + 1,
                    last_error = 'The endpoint was disabled.'
             WHERE id IN (SELECT d.id FROM webhooks.endpoints e
                          JOIN webhooks.deliveries d ON d.endpoint_id = e.id AND d.state = 'pending'
                          WHERE e.disabled_at IS NOT NULL AND d.give_up_at < $1 LIMIT $2)",
            [now.into(), AT_ONCE.into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected())
}
