use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, QueryResult, Value};
use tenantry_kernel::{DeliveryId, Error, MessageId, Result, WebhookEndpointId};
use tenantry_store::{DbResultExt, Page, PageRequest, TenantTx, Transaction, stmt};

use super::endpoints::NewEndpoint;
use super::feed::{FeedQuery, FeedRow};
use super::model::{AT_ONCE, Attempt, COUNTED, Delivery, DeliveryState, Endpoint};

const ENDPOINT: &str =
    "e.id, e.url, e.description, e.event_types, e.created_at, e.failing_since, e.disabled_at, e.disabled_why,
     e.previous_until";
const DELIVERY: &str =
    "d.id, d.endpoint_id, d.message_id, m.type, m.body, d.state, d.attempts, d.next_attempt_at, d.created_at,
     d.delivered_at, d.last_status, d.last_error, d.log";

/// Deliveries of an endpoint in a state, counted up to a bound.
fn counted(state: &str) -> String {
    format!(
        "(SELECT count(*) FROM (SELECT FROM webhooks.deliveries d WHERE d.tenant_id = e.tenant_id
            AND d.endpoint_id = e.id AND d.state = '{state}' LIMIT {COUNTED}) c)"
    )
}

fn with_counts() -> String {
    format!("{ENDPOINT}, {} AS pending, {} AS dead", counted("pending"), counted("dead"))
}

/// Lets one request at a time decide about a tenant's endpoints, until its transaction ends.
pub(crate) async fn lock(tx: &TenantTx) -> Result<()> {
    let lock = format!("webhooks {}", tx.tenant());
    let lock = stmt("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [lock.into()]);
    tx.conn().execute_raw(lock).await.db().map(|_| ())
}

pub(crate) async fn count(tx: &TenantTx) -> Result<i64> {
    let sql = "SELECT count(*) AS n FROM webhooks.endpoints WHERE tenant_id = $1 AND deleted_at IS NULL";
    let row = tx.conn().query_one_raw(stmt(sql, [tx.tenant().uuid().into()])).await.db()?;
    row.map_or(Ok(0), |row| row.try_get("", "n").db())
}

pub(crate) async fn insert(
    tx: &TenantTx,
    id: WebhookEndpointId,
    (new, sealed, at): (&NewEndpoint, &str, DateTime<Utc>),
) -> Result<()> {
    tx.conn()
        .execute_raw(stmt(
            "INSERT INTO webhooks.endpoints (id, tenant_id, url, description, event_types, secret, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            [
                id.uuid().into(),
                tx.tenant().uuid().into(),
                new.url.clone().into(),
                new.description.clone().into(),
                new.event_types.clone().into(),
                sealed.into(),
                at.into(),
            ],
        ))
        .await
        .unique("endpoints_url", taken)?;
    Ok(())
}

fn taken() -> Error {
    Error::conflict("There is an endpoint with this URL already.")
        .with_remedy("Change the event types of that one; or if its secret was lost, rotate it.")
}

/// An endpoint of the tenant's, locked when it is about to be changed.
pub(crate) async fn get(tx: &TenantTx, id: WebhookEndpointId, lock: bool) -> Result<Endpoint> {
    let lock = if lock { "FOR NO KEY UPDATE OF e" } else { "" };
    let sql = format!(
        "SELECT {} FROM webhooks.endpoints e WHERE e.tenant_id = $1 AND e.id = $2 AND e.deleted_at IS NULL {lock}",
        with_counts()
    );
    let row =
        tx.conn().query_one_raw(stmt(&sql, [tx.tenant().uuid().into(), id.uuid().into()])).await.db()?;
    row.as_ref().map(endpoint).transpose()?.ok_or_else(|| Error::not_found("webhook endpoint"))
}

/// The tenant's endpoints, oldest first. The cursor is the text of the last one's id.
pub(crate) async fn list(tx: &TenantTx, page: &PageRequest) -> Result<Page<Endpoint>> {
    let after: Option<WebhookEndpointId> = cursor(page)?;
    let sql = format!(
        "SELECT {} FROM webhooks.endpoints e
         WHERE e.tenant_id = $1 AND e.deleted_at IS NULL AND ($2::uuid IS NULL OR e.id > $2)
         ORDER BY e.id LIMIT $3",
        with_counts()
    );
    let values: [Value; 3] =
        [tx.tenant().uuid().into(), after.map(|id| id.uuid()).into(), page.limit_plus_one().into()];
    let rows = tx.conn().query_all_raw(stmt(&sql, values)).await.db()?;
    Ok(Page::of(rows.iter().map(endpoint).collect::<Result<_>>()?, page))
}

fn cursor<T: std::str::FromStr>(page: &PageRequest) -> Result<Option<T>> {
    let parse =
        |text: &str| text.parse().map_err(|_| Error::invalid("after", "That is not a cursor of this list."));
    page.after.as_deref().map(parse).transpose()
}

/// Writes an endpoint's settings. One that is enabled again, or has another address, begins without a past: what is still on
/// its way to the one it was says nothing of it.
pub(crate) async fn update(tx: &TenantTx, endpoint: &Endpoint) -> Result<()> {
    tx.conn()
        .execute_raw(stmt(
            "WITH before AS (
               SELECT url <> $3 OR (disabled_at IS NOT NULL AND $6::timestamptz IS NULL) AS anew
               FROM webhooks.endpoints WHERE tenant_id = $1 AND id = $2)
             UPDATE webhooks.endpoints SET url = $3, description = $4, event_types = $5, disabled_at = $6,
                    disabled_why = $7, failing_since = CASE WHEN anew THEN NULL ELSE failing_since END,
                    epoch = epoch + CASE WHEN anew THEN 1 ELSE 0 END
             FROM before WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL",
            [
                tx.tenant().uuid().into(),
                endpoint.id.uuid().into(),
                endpoint.url.clone().into(),
                endpoint.description.clone().into(),
                endpoint.event_types.clone().into(),
                endpoint.disabled_at.into(),
                endpoint.disabled_why.clone().into(),
            ],
        ))
        .await
        .unique("endpoints_url", taken)?;
    Ok(())
}

/// Gives an endpoint a new secret; the one it had signs too until `until`, and an older one no longer.
pub(crate) async fn rotate(
    tx: &TenantTx,
    id: WebhookEndpointId,
    (sealed, until): (&str, DateTime<Utc>),
) -> Result<u64> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "UPDATE webhooks.endpoints SET previous_secret = secret, previous_until = $4, secret = $3
             WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL",
            [tx.tenant().uuid().into(), id.uuid().into(), sealed.into(), until.into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected())
}

/// Deletes an endpoint: its secrets are gone and nobody sees it or its deliveries any more. The rows go later (`tidy`),
/// because there may be many.
pub(crate) async fn delete(tx: &TenantTx, id: WebhookEndpointId, at: DateTime<Utc>) -> Result<u64> {
    let sql = "UPDATE webhooks.endpoints SET deleted_at = $3, disabled_at = coalesce(disabled_at, $3),
                      disabled_why = coalesce(disabled_why, 'owner'), epoch = epoch + 1,
                      secret = '', previous_secret = NULL, previous_until = NULL
               WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL";
    let values = [tx.tenant().uuid().into(), id.uuid().into(), at.into()];
    let done = tx.conn().execute_raw(stmt(sql, values)).await.db()?;
    Ok(done.rows_affected())
}

/// A message outside of the feed, to one endpoint, due now.
pub(crate) struct TestMessage<'a> {
    pub(crate) delivery: DeliveryId,
    pub(crate) message: MessageId,
    pub(crate) endpoint: WebhookEndpointId,
    pub(crate) name: &'a str,
    pub(crate) body: &'a str,
    pub(crate) at: DateTime<Utc>,
    pub(crate) give_up_at: DateTime<Utc>,
}

pub(crate) async fn insert_test(tx: &TenantTx, test: TestMessage<'_>) -> Result<()> {
    tx.conn()
        .execute_raw(stmt(
            "WITH message AS (
               INSERT INTO webhooks.messages (id, tenant_id, type, body, created_at) VALUES ($3, $1, $5, $6, $7))
             INSERT INTO webhooks.deliveries
               (id, tenant_id, endpoint_id, message_id, state, next_attempt_at, give_up_at, created_at)
             VALUES ($2, $1, $4, $3, 'pending', $7, $8, $7)",
            [
                tx.tenant().uuid().into(),
                test.delivery.uuid().into(),
                test.message.uuid().into(),
                test.endpoint.uuid().into(),
                test.name.into(),
                test.body.into(),
                test.at.into(),
                test.give_up_at.into(),
            ],
        ))
        .await
        .db()?;
    wake(tx).await
}

/// Tells the senders, at commit, that something is due.
pub(super) async fn wake(tx: &impl Transaction) -> Result<()> {
    tx.conn().execute_raw(stmt("SELECT pg_notify('tenantry_webhook', '')", [])).await.db().map(|_| ())
}

/// A delivery of the tenant's, locked when it is about to be changed.
pub(crate) async fn delivery(tx: &TenantTx, id: DeliveryId, lock: bool) -> Result<Delivery> {
    let lock = if lock { "FOR UPDATE OF d" } else { "" };
    let sql = format!(
        "SELECT {DELIVERY} FROM webhooks.deliveries d JOIN webhooks.messages m ON m.id = d.message_id
         JOIN webhooks.endpoints e ON e.id = d.endpoint_id AND e.deleted_at IS NULL
         WHERE d.tenant_id = $1 AND d.id = $2 {lock}"
    );
    let row =
        tx.conn().query_one_raw(stmt(&sql, [tx.tenant().uuid().into(), id.uuid().into()])).await.db()?;
    row.as_ref().map(of_row).transpose()?.ok_or_else(|| Error::not_found("webhook delivery"))
}

/// The same page of each endpoint's deliveries, newest first, by one statement. The cursor is the text of the last one's id.
/// An endpoint without any is left out.
pub(crate) async fn deliveries(
    tx: &TenantTx,
    (endpoints, state): (&[WebhookEndpointId], Option<DeliveryState>),
    page: &PageRequest,
) -> Result<HashMap<WebhookEndpointId, Page<Delivery>>> {
    let endpoints: Vec<uuid::Uuid> = endpoints.iter().map(|id| id.uuid()).collect();
    let before: Option<DeliveryId> = cursor(page)?;
    let mut values: Vec<Value> = vec![
        tx.tenant().uuid().into(),
        endpoints.into(),
        before.map(|id| id.uuid()).into(),
        page.limit_plus_one().into(),
    ];
    // In the text and not as "$5 is null or …", so that the planner can use the index on states.
    let in_state = state.map_or("", |state| {
        values.push(state.as_str().into());
        "AND d.state = $5"
    });
    let sql = format!(
        "SELECT e.* FROM unnest($2::uuid[]) AS wanted (endpoint_id)
         JOIN webhooks.endpoints live ON live.id = wanted.endpoint_id AND live.deleted_at IS NULL
         CROSS JOIN LATERAL (
           SELECT {DELIVERY} FROM webhooks.deliveries d JOIN webhooks.messages m ON m.id = d.message_id
           WHERE d.tenant_id = $1 AND d.endpoint_id = wanted.endpoint_id AND ($3::uuid IS NULL OR d.id < $3) {in_state}
           ORDER BY d.id DESC LIMIT $4) AS e
         ORDER BY e.id DESC"
    );
    let mut all: HashMap<WebhookEndpointId, Vec<Delivery>> = HashMap::new();
    for row in tx.conn().query_all_raw(stmt(&sql, values)).await.db()? {
        let delivery = of_row(&row)?;
        all.entry(delivery.endpoint).or_default().push(delivery);
    }
    Ok(all.into_iter().map(|(endpoint, rows)| (endpoint, Page::of(rows, page))).collect())
}

/// Makes a delivery due now, with three more days. One that is being sent at this moment stays as it is.
pub(crate) async fn replay(
    tx: &TenantTx,
    id: DeliveryId,
    (now, give_up_at): (DateTime<Utc>, DateTime<Utc>),
) -> Result<u64> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "UPDATE webhooks.deliveries SET state = 'pending', tries = 0, next_attempt_at = $3, give_up_at = $4,
                    lease_until = NULL, fence = fence + 1
             WHERE tenant_id = $1 AND id = $2 AND (lease_until IS NULL OR lease_until <= $3)",
            [tx.tenant().uuid().into(), id.uuid().into(), now.into(), give_up_at.into()],
        ))
        .await
        .db()?;
    wake(tx).await?;
    Ok(done.rows_affected())
}

/// As `replay`, for the oldest [`AT_ONCE`] dead ones of an endpoint that were made since a moment.
pub(crate) async fn replay_dead(
    tx: &TenantTx,
    (endpoint, since): (WebhookEndpointId, DateTime<Utc>),
    (now, give_up_at): (DateTime<Utc>, DateTime<Utc>),
) -> Result<u64> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "UPDATE webhooks.deliveries SET state = 'pending', tries = 0, next_attempt_at = $4, give_up_at = $5,
                    fence = fence + 1
             WHERE tenant_id = $1 AND state = 'dead' AND id IN (
               SELECT id FROM webhooks.deliveries
               WHERE tenant_id = $1 AND endpoint_id = $2 AND state = 'dead' AND created_at >= $3
               ORDER BY id LIMIT $6 FOR UPDATE)",
            [
                tx.tenant().uuid().into(),
                endpoint.uuid().into(),
                since.into(),
                now.into(),
                give_up_at.into(),
                AT_ONCE.into(),
            ],
        ))
        .await
        .db()?;
    wake(tx).await?;
    Ok(done.rows_affected())
}

/// The tenant's messages after a position, in their order, one more than wanted.
pub(crate) async fn feed(tx: &TenantTx, query: &FeedQuery) -> Result<Vec<FeedRow>> {
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            "SELECT id, position, type, body FROM webhooks.messages
             WHERE tenant_id = $1 AND position > $2 AND (cardinality($3::text[]) = 0 OR type = ANY($3))
             ORDER BY position LIMIT $4",
            [
                tx.tenant().uuid().into(),
                query.after.into(),
                query.types.clone().into(),
                (query.limit + 1).into(),
            ],
        ))
        .await
        .db()?;
    rows.iter()
        .map(|row| {
            Ok(FeedRow {
                id: MessageId::from_uuid(row.try_get("", "id").db()?),
                position: row.try_get("", "position").db()?,
                name: row.try_get("", "type").db()?,
                body: row.try_get("", "body").db()?,
            })
        })
        .collect()
}

/// Where the tenant's feed ends, and up to where it was thrown away.
pub(crate) async fn feed_bounds(tx: &TenantTx) -> Result<(i64, i64)> {
    let sql = "SELECT last_position, purged_position FROM webhooks.feeds WHERE tenant_id = $1";
    let row = tx.conn().query_one_raw(stmt(sql, [tx.tenant().uuid().into()])).await.db()?;
    let Some(row) = row else { return Ok((0, 0)) };
    Ok((row.try_get("", "last_position").db()?, row.try_get("", "purged_position").db()?))
}

fn endpoint(row: &QueryResult) -> Result<Endpoint> {
    Ok(Endpoint {
        id: WebhookEndpointId::from_uuid(row.try_get("", "id").db()?),
        url: row.try_get("", "url").db()?,
        description: row.try_get("", "description").db()?,
        event_types: row.try_get("", "event_types").db()?,
        created_at: row.try_get("", "created_at").db()?,
        failing_since: row.try_get("", "failing_since").db()?,
        disabled_at: row.try_get("", "disabled_at").db()?,
        disabled_why: row.try_get("", "disabled_why").db()?,
        rotated_until: row.try_get("", "previous_until").db()?,
        pending: row.try_get("", "pending").db()?,
        dead: row.try_get("", "dead").db()?,
    })
}

fn of_row(row: &QueryResult) -> Result<Delivery> {
    let state: String = row.try_get("", "state").db()?;
    let log: serde_json::Value = row.try_get("", "log").db()?;
    let log: Vec<Attempt> = serde_json::from_value(log).map_err(Error::internal)?;
    Ok(Delivery {
        id: DeliveryId::from_uuid(row.try_get("", "id").db()?),
        endpoint: WebhookEndpointId::from_uuid(row.try_get("", "endpoint_id").db()?),
        message: MessageId::from_uuid(row.try_get("", "message_id").db()?),
        event_type: row.try_get("", "type").db()?,
        body: row.try_get("", "body").db()?,
        state: state.parse()?,
        attempts: row.try_get("", "attempts").db()?,
        next_attempt_at: row.try_get("", "next_attempt_at").db()?,
        created_at: row.try_get("", "created_at").db()?,
        delivered_at: row.try_get("", "delivered_at").db()?,
        last_status: row.try_get("", "last_status").db()?,
        last_error: row.try_get("", "last_error").db()?,
        log,
    })
}
