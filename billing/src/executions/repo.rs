use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement, Value};
use tenantry_kernel::{InstanceId, Result};
use tenantry_store::{DbResultExt, TenantTx, Transaction, stmt};

use super::Execution;
use super::cursor::Cursor;

/// A page of one instance's executions.
pub(crate) struct Wanted {
    pub(crate) instance: InstanceId,
    pub(crate) after: Option<Cursor>,
    pub(crate) limit: i64,
}

/// The statement for a page, by the index on exactly this order.
pub(crate) fn newest_statement(tx: &TenantTx, wanted: &Wanted) -> Statement {
    let mut values: Vec<Value> =
        vec![tx.tenant().uuid().into(), wanted.instance.uuid().into(), wanted.limit.into()];
    let carry_on = match wanted.after {
        None => "",
        Some(cursor) => {
            values.extend([cursor.stopped_at.into(), cursor.epoch.into(), cursor.execution_id.into()]);
            "AND (stopped_at, epoch, execution_id) < ($4::timestamptz, $5::int4, $6::int8)"
        }
    };
    stmt(
        &format!(
            "SELECT epoch, execution_id, workflow_id, mode, status, billable, started_at, stopped_at
             FROM billing.usage_events WHERE tenant_id = $1 AND instance_id = $2 {carry_on}
             ORDER BY stopped_at DESC, epoch DESC, execution_id DESC LIMIT $3"
        ),
        values,
    )
}

/// One page of an instance's executions, newest first.
pub(crate) async fn newest(tx: &TenantTx, wanted: &Wanted) -> Result<Vec<Execution>> {
    let rows = tx.conn().query_all_raw(newest_statement(tx, wanted)).await.db()?;
    rows.iter().map(row).collect::<std::result::Result<_, _>>().db()
}

fn row(row: &QueryResult) -> std::result::Result<Execution, DbErr> {
    Ok(Execution {
        epoch: row.try_get("", "epoch")?,
        execution_id: row.try_get("", "execution_id")?,
        workflow_id: row.try_get("", "workflow_id")?,
        mode: row.try_get("", "mode")?,
        status: row.try_get("", "status")?,
        billable: row.try_get("", "billable")?,
        started_at: row.try_get("", "started_at")?,
        stopped_at: row.try_get("", "stopped_at")?,
    })
}
