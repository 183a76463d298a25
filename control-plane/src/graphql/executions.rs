//! `Instance.executions`: finished executions, one by one.

use async_graphql::{Context, ID, Result, SimpleObject};
use chrono::{DateTime, Utc};
use tenantry_kernel::{InstanceId, TenantId};
use tenantry_store::{Page, PageRequest};

use super::condition::Fresh;
use super::connection::{List, connection};
use super::nested::{self, ExecutionsKey};

/// A finished execution of a workflow.
#[derive(SimpleObject)]
pub(crate) struct Execution {
    /// n8n's own number, unique in the instance. After its database was restored from a backup, with the number of the
    /// restored life before it: 2-17.
    id: ID,
    workflow_id: String,
    /// How it ended, in n8n's words: success, error, crashed, canceled.
    status: String,
    /// How it was started, in n8n's words: webhook, trigger, manual, …
    mode: String,
    /// Whether it counts for the plan.
    billable: bool,
    started_at: DateTime<Utc>,
    stopped_at: DateTime<Utc>,
}

pub(super) async fn of(
    ctx: &Context<'_>,
    (fresh, key): (Option<&Fresh>, (TenantId, InstanceId)),
    page: PageRequest,
) -> Result<List<Execution>> {
    let rows = nested::of(ctx, fresh, ExecutionsKey::new(key, (), &page)).await?;
    let rows = rows.unwrap_or_else(|| Page::of(vec![], &page));
    Ok(connection(rows, &page, |e| {
        let cursor = e.cursor();
        let node = Execution {
            id: e.id().into(),
            workflow_id: e.workflow_id,
            status: e.status,
            mode: e.mode,
            billable: e.billable,
            started_at: e.started_at,
            stopped_at: e.stopped_at,
        };
        (cursor, node)
    }))
}
