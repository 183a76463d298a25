use std::collections::HashMap;

use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement, Value};
use tenantry_kernel::{InstanceId, Result};
use tenantry_store::{DbResultExt, TenantTx, Transaction, stmt};

use super::Execution;
use super::cursor::Cursor;

/// The same page of each of these instances' executions.
pub(crate) struct Wanted {
    pub(crate) instances: Vec<InstanceId>,
    pub(crate) after: Option<Cursor>,
    pub(crate) limit: i64,
}

/// The statement for the pages, each by the index on exactly this order.
pub(crate) fn newest_statement(tx: &TenantTx, wanted: &Wanted) -> Statement {
    let instances: Vec<sea_orm::prelude::Uuid> = wanted.instances.iter().map(|id| id.uuid()).collect();
    let mut values: Vec<Value> = vec![tx.tenant().uuid().into(), instances.into(), wanted.limit.into()];
    let carry_on = match wanted.after {
        None => "",
        Some(cursor) => {
            values.extend([cursor.stopped_at.into(), cursor.epoch.into(), cursor.execution_id.into()]);
            "AND (stopped_at, epoch, execution_id) < ($4::timestamptz, $5::int4, $6::int8)"
        }
    };
    stmt(
        &format!(
            "SELECT wanted.instance_id, e.* FROM unnest($2::uuid[]) AS wanted (instance_id)
             CROSS JOIN LATERAL (
               SELECT epoch, execution_id, workflow_id, mode, status, billable, started_at, stopped_at
               FROM billing.usage_events
               WHERE tenant_id = $1 AND usage_events.instance_id = wanted.instance_id {carry_on}
               ORDER BY stopped_at DESC, epoch DESC, execution_id DESC LIMIT $3) AS e"
        ),
        values,
    )
}

/// One page of each instance's executions, newest first, by one statement. An instance without any is left out.
pub(crate) async fn newest(tx: &TenantTx, wanted: &Wanted) -> Result<HashMap<InstanceId, Vec<Execution>>> {
    let mut pages: HashMap<InstanceId, Vec<Execution>> = HashMap::new();
    for found in tx.conn().query_all_raw(newest_statement(tx, wanted)).await.db()? {
        let instance = InstanceId::from_uuid(found.try_get("", "instance_id").db()?);
        pages.entry(instance).or_default().push(row(&found).db()?);
    }
    // Of the whole answer the statement promises no order.
    for page in pages.values_mut() {
        page.sort_by_key(|e| std::cmp::Reverse((e.stopped_at, e.epoch, e.execution_id)));
    }
    Ok(pages)
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
