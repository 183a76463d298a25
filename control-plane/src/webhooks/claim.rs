//! Which deliveries are sent next.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, QueryResult};
use tenantry_kernel::{DeliveryId, MessageId, Result, TenantId, WebhookEndpointId};
use tenantry_store::{DbResultExt, SystemTx, Transaction, stmt};

/// Deliveries to one endpoint at the same time, over all processes.
pub(super) const TO_ONE_ENDPOINT: i64 = 8;
/// Deliveries of one tenant at the same time, over all processes.
pub(super) const OF_ONE_TENANT: i64 = 24;

/// How many deliveries a sender can take: in all, and to endpoints that fail.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    pub(super) all: i64,
    pub(super) failing: i64,
}

/// A delivery that is ours until the lease ends. Every write about it names `fence`.
#[derive(Debug, Clone)]
pub(super) struct Claimed {
    pub(super) id: DeliveryId,
    pub(super) tenant: TenantId,
    pub(super) endpoint: WebhookEndpointId,
    pub(super) message: MessageId,
    pub(super) fence: i64,
    pub(super) tries: i32,
    pub(super) give_up_at: DateTime<Utc>,
    pub(super) url: String,
    /// The endpoint's, as it was claimed: it is another when the endpoint became another since.
    pub(super) epoch: i64,
    pub(super) failing_since: Option<DateTime<Utc>>,
    /// Sealed, as is the one before it, which signs until a moment.
    pub(super) secret: String,
    pub(super) previous_secret: Option<(String, DateTime<Utc>)>,
    pub(super) body: String,
}

/// Claims due deliveries: whose tenant has the fewest on the way goes first, healthy endpoints go before failing ones, and nobody has more than its bound on
/// the way. Endpoints that wait are found one by one through the index (a loose index scan), so a million rows that wait for one
/// receiver cost the others nothing. Claims take turns: bounds hold over all processes.
const CLAIM: &str = "
WITH RECURSIVE waiting AS (
  (SELECT endpoint_id FROM webhooks.deliveries WHERE state = 'pending' ORDER BY endpoint_id LIMIT 1)
  UNION ALL
  SELECT (SELECT d.endpoint_id FROM webhooks.deliveries d
          WHERE d.state = 'pending' AND d.endpoint_id > w.endpoint_id ORDER BY d.endpoint_id LIMIT 1)
  FROM waiting w WHERE w.endpoint_id IS NOT NULL
), flying AS (
  SELECT tenant_id, endpoint_id, count(*) AS n FROM webhooks.deliveries WHERE lease_until > $1 GROUP BY 1, 2
), due AS (
  SELECT d.id, d.next_attempt_at, e.tenant_id, e.failing_since IS NOT NULL AS failing,
         row_number() OVER (PARTITION BY e.tenant_id ORDER BY d.turn, d.next_attempt_at, d.id)
           + coalesce((SELECT sum(n) FROM flying f WHERE f.tenant_id = e.tenant_id), 0) AS place
  FROM waiting w
  JOIN webhooks.endpoints e ON e.id = w.endpoint_id AND e.disabled_at IS NULL
  CROSS JOIN LATERAL (
    SELECT p.id, p.next_attempt_at, row_number() OVER (ORDER BY p.next_attempt_at, p.id) AS turn
    FROM (SELECT id, next_attempt_at FROM webhooks.deliveries
          WHERE endpoint_id = e.id AND state = 'pending' AND next_attempt_at <= $1
          ORDER BY next_attempt_at LIMIT $5) p
  ) d
  WHERE d.turn <= $5 - coalesce((SELECT n FROM flying f WHERE f.endpoint_id = e.id), 0)
), placed AS (
  SELECT id, failing, place, next_attempt_at,
         row_number() OVER (PARTITION BY failing ORDER BY place, next_attempt_at, id) AS nth
  FROM due
  WHERE place <= $6
), chosen AS (
  SELECT id FROM placed WHERE NOT failing OR nth <= $4 ORDER BY failing, nth LIMIT $3
), locked AS (
  SELECT id FROM webhooks.deliveries
  WHERE id IN (SELECT id FROM chosen) AND state = 'pending' AND next_attempt_at <= $1
  FOR UPDATE SKIP LOCKED
)
UPDATE webhooks.deliveries d SET lease_until = $2, next_attempt_at = $2, fence = d.fence + 1
FROM locked l, webhooks.endpoints e, webhooks.messages m
WHERE d.id = l.id AND e.id = d.endpoint_id AND m.id = d.message_id
RETURNING d.id, d.tenant_id, d.endpoint_id, d.message_id, d.fence, d.tries, d.give_up_at, e.url, e.epoch, e.failing_since,
          e.secret, e.previous_secret, e.previous_until, m.body";

pub(super) async fn due(
    tx: &SystemTx,
    room: Room,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<Claimed>> {
    let turn = "SELECT pg_advisory_xact_lock(hashtextextended('webhooks claim', 0))";
    tx.conn().execute_raw(stmt(turn, [])).await.db()?;
    let values = [
        now.into(),
        until.into(),
        room.all.into(),
        room.failing.into(),
        TO_ONE_ENDPOINT.into(),
        OF_ONE_TENANT.into(),
    ];
    let rows = tx.conn().query_all_raw(stmt(CLAIM, values)).await.db()?;
    rows.iter().map(claimed).collect()
}

fn claimed(row: &QueryResult) -> Result<Claimed> {
    let previous: Option<String> = row.try_get("", "previous_secret").db()?;
    let until: Option<DateTime<Utc>> = row.try_get("", "previous_until").db()?;
    Ok(Claimed {
        id: DeliveryId::from_uuid(row.try_get("", "id").db()?),
        tenant: TenantId::from_uuid(row.try_get("", "tenant_id").db()?),
        endpoint: WebhookEndpointId::from_uuid(row.try_get("", "endpoint_id").db()?),
        message: MessageId::from_uuid(row.try_get("", "message_id").db()?),
        fence: row.try_get("", "fence").db()?,
        tries: row.try_get("", "tries").db()?,
        give_up_at: row.try_get("", "give_up_at").db()?,
        url: row.try_get("", "url").db()?,
        epoch: row.try_get("", "epoch").db()?,
        failing_since: row.try_get("", "failing_since").db()?,
        secret: row.try_get("", "secret").db()?,
        previous_secret: previous.zip(until),
        body: row.try_get("", "body").db()?,
    })
}
