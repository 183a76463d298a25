//! Writing the ledger. One statement adds the events that are new and adds exactly those to the roll-up, so a
//! crash leaves both or neither, and a report that comes again changes nothing.

use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;
use sea_orm::prelude::Uuid;
use tenantry_kernel::{Error, Result};
use tenantry_store::{DbResultExt, SystemTx, Transaction, stmt};

use super::UsageEvent;

/// Locks are taken in one order by everyone: first the events by their key, then (the aggregation cannot start
/// before the last event is in) the roll-up rows by theirs. So writers of overlapping batches wait for each
/// other, and never in a circle.
const APPEND: &str = "
WITH reported AS (
  SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int4[], $4::int8[], $5::text[], $6::text[], $7::text[],
                       $8::bool[], $9::timestamptz[], $10::timestamptz[]) WITH ORDINALITY
    AS r (tenant_id, instance_id, epoch, execution_id, workflow_id, mode, status, billable, started_at, stopped_at, place)
), added AS (
  INSERT INTO billing.usage_events
    (tenant_id, instance_id, epoch, execution_id, workflow_id, mode, status, billable, started_at, stopped_at, recorded_at)
  SELECT tenant_id, instance_id, epoch, execution_id, workflow_id, mode, status, billable, started_at, stopped_at, $11
  FROM reported ORDER BY instance_id, epoch, execution_id, place
  ON CONFLICT (instance_id, epoch, execution_id) DO NOTHING
  RETURNING tenant_id, instance_id, workflow_id, status, billable, stopped_at
), rolled_up AS (
  INSERT INTO billing.usage_hourly AS h (tenant_id, instance_id, workflow_id, hour, executions, billable, failed)
  SELECT tenant_id, instance_id, workflow_id, date_trunc('hour', stopped_at, 'UTC') AS hour,
         count(*), count(*) FILTER (WHERE billable), count(*) FILTER (WHERE status IN ('error', 'crashed'))
  FROM added GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
  ON CONFLICT (tenant_id, instance_id, workflow_id, hour) DO UPDATE
    SET executions = h.executions + excluded.executions,
        billable = h.billable + excluded.billable,
        failed = h.failed + excluded.failed
)
SELECT count(*) AS added FROM added";

/// Adds the events not yet known to the ledger and its roll-up; says how many those were.
pub(crate) async fn append(tx: &SystemTx, events: &[UsageEvent], at: DateTime<Utc>) -> Result<u64> {
    let column = |of: fn(&UsageEvent) -> Uuid| events.iter().map(of).collect::<Vec<_>>();
    let text = |of: fn(&UsageEvent) -> &str| events.iter().map(|e| of(e).to_owned()).collect::<Vec<_>>();
    let time = |of: fn(&UsageEvent) -> DateTime<Utc>| events.iter().map(of).collect::<Vec<_>>();
    let row = tx
        .conn()
        .query_one_raw(stmt(
            APPEND,
            [
                column(|e| e.tenant.uuid()).into(),
                column(|e| e.instance.uuid()).into(),
                events.iter().map(|e| e.epoch).collect::<Vec<_>>().into(),
                events.iter().map(|e| e.execution_id).collect::<Vec<_>>().into(),
                text(|e| &e.workflow_id).into(),
                text(|e| &e.mode).into(),
                text(|e| &e.status).into(),
                events.iter().map(|e| e.billable).collect::<Vec<_>>().into(),
                time(|e| e.started_at).into(),
                time(|e| e.stopped_at).into(),
                at.into(),
            ],
        ))
        .await
        .db()?
        .ok_or_else(|| Error::internal("a count gave no row"))?;
    let added: i64 = row.try_get("", "added").db()?;
    u64::try_from(added).map_err(Error::internal)
}
