use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement, Value};
use tenantry_kernel::{Error, InstanceId, Result};
use tenantry_store::{DbResultExt, TenantTx, Transaction, stmt};

use super::cursor::Cursor;
use super::model::Hours;
use super::{UsageGroup, UsageRow, UsageTotals};

/// A page of grouped usage.
pub(crate) struct Wanted {
    pub(crate) hours: Hours,
    pub(crate) group: UsageGroup,
    pub(crate) instance: Option<InstanceId>,
    pub(crate) after: Option<Cursor>,
    pub(crate) limit: i64,
}

/// The group's key columns, and the condition that carries on after a cursor (`$5`, `$6`).
fn shape(group: UsageGroup) -> (&'static str, &'static str, &'static str) {
    match group {
        UsageGroup::Hour => (
            "hour AS hour, NULL::uuid AS instance_id, NULL::text AS workflow_id",
            "1",
            "hour > $5::timestamptz",
        ),
        UsageGroup::Day => (
            "date_trunc('day', hour, 'UTC') AS hour, NULL::uuid AS instance_id, NULL::text AS workflow_id",
            "1",
            "hour >= $5::timestamptz + interval '24 hours'",
        ),
        UsageGroup::Instance => (
            "NULL::timestamptz AS hour, instance_id, NULL::text AS workflow_id",
            "2",
            "instance_id > $5::uuid",
        ),
        UsageGroup::Workflow => (
            "NULL::timestamptz AS hour, instance_id, workflow_id",
            "2, 3",
            "(instance_id, workflow_id) > ($5::uuid, $6::text)",
        ),
    }
}

/// The statement for a page: the tenant's hours by index, whatever the grouping.
pub(crate) fn page_statement(tx: &TenantTx, wanted: &Wanted) -> Statement {
    let (columns, keys, beyond) = shape(wanted.group);
    let mut values: Vec<Value> = vec![
        tx.tenant().uuid().into(),
        wanted.hours.from.into(),
        wanted.hours.to.into(),
        wanted.instance.map(InstanceId::uuid).into(),
    ];
    let carry_on = match &wanted.after {
        None => String::new(),
        Some(cursor) => {
            match cursor {
                Cursor::Time(hour) => values.push((*hour).into()),
                Cursor::Instance(instance) => values.push(instance.uuid().into()),
                Cursor::Workflow(instance, workflow) => {
                    values.extend([instance.uuid().into(), workflow.clone().into()]);
                }
            }
            format!("AND {beyond}")
        }
    };
    values.push(wanted.limit.into());
    let limit = values.len();
    stmt(
        &format!(
            "SELECT {columns}, sum(executions)::bigint AS executions, sum(billable)::bigint AS billable,
                    sum(failed)::bigint AS failed
             FROM billing.usage_hourly
             WHERE tenant_id = $1 AND hour >= $2 AND hour < $3 AND ($4::uuid IS NULL OR instance_id = $4) {carry_on}
             GROUP BY {keys} ORDER BY {keys} LIMIT ${limit}"
        ),
        values,
    )
}

/// One page of usage, in the order of its group's key.
pub(crate) async fn page(tx: &TenantTx, wanted: &Wanted) -> Result<Vec<UsageRow>> {
    let rows = tx.conn().query_all_raw(page_statement(tx, wanted)).await.db()?;
    rows.iter().map(row).collect::<std::result::Result<_, _>>().db()
}

fn row(row: &QueryResult) -> std::result::Result<UsageRow, DbErr> {
    Ok(UsageRow {
        hour: row.try_get("", "hour")?,
        instance: row.try_get::<Option<_>>("", "instance_id")?.map(InstanceId::from_uuid),
        workflow_id: row.try_get("", "workflow_id")?,
        executions: row.try_get("", "executions")?,
        billable: row.try_get("", "billable")?,
        failed: row.try_get("", "failed")?,
    })
}

/// The tenant's usage of those hours.
pub(crate) async fn totals(tx: &TenantTx, hours: Hours) -> Result<UsageTotals> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT coalesce(sum(executions), 0)::bigint AS executions, coalesce(sum(billable), 0)::bigint AS billable,
                    coalesce(sum(failed), 0)::bigint AS failed
             FROM billing.usage_hourly WHERE tenant_id = $1 AND hour >= $2 AND hour < $3",
            [tx.tenant().uuid().into(), hours.from.into(), hours.to.into()],
        ))
        .await
        .db()?
        .ok_or_else(|| Error::internal("a sum gave no row"))?;
    Ok(UsageTotals {
        executions: row.try_get("", "executions").db()?,
        billable: row.try_get("", "billable").db()?,
        failed: row.try_get("", "failed").db()?,
    })
}
