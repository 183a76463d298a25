//! What the gate refused, on its way into the trail.
//!
//! The gate tells of each refusal in the middle of a request; here it is only counted. Once its window is over, a run of
//! the same refusals becomes one record. Of members: the same actor, right and tenant within a minute. Of strangers: all
//! of one tenant within an hour, whoever they are: who is nobody there must not be able to fill its trail. Both are
//! bounded and apart, and no actor crowds out another (`runs`); what no longer fits is counted and logged.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;
use sea_orm::ConnectionTrait;
use serde_json::json;
use tenantry_authz::{Denial, Denials};
use tenantry_kernel::{Result, TenantId};
use tenantry_store::audit::{self, By, DENIED, Entry};
use tenantry_store::{DbResultExt, SystemTx, Transaction, stmt};

use super::Audit;
use super::runs::{Run, Table};

const OF_MEMBERS: TimeDelta = TimeDelta::minutes(1);
const OF_STRANGERS: TimeDelta = TimeDelta::hours(1);

/// Counts refusals until they are written.
#[derive(Default)]
pub(crate) struct DenialLog(Mutex<Pending>);

#[derive(Default)]
struct Pending {
    members: Table<(TenantId, String, String)>,
    strangers: Table<TenantId>,
    dropped: u64,
}

impl Pending {
    fn add(&mut self, run: Run) {
        let tenant = run.first.resource.tenant;
        if run.first.member {
            let key = (tenant, run.first.actor.label(), run.first.right.to_string());
            self.dropped += self.members.add(key, run);
        } else {
            self.dropped += self.strangers.add(tenant, run);
        }
    }

    /// Those whose window is over; with `all`, all of them.
    fn take(&mut self, now: DateTime<Utc>, all: bool) -> Vec<Run> {
        let over = |window: TimeDelta| move |run: &Run| all || run.first.at + window <= now;
        let mut taken = self.members.take(over(OF_MEMBERS));
        taken.extend(self.strangers.take(over(OF_STRANGERS)));
        // In the order in which they happened, as far as one can tell.
        taken.sort_by_key(|run| run.first.at);
        taken
    }
}

impl Denials for DenialLog {
    fn denied(&self, denial: Denial) {
        self.0.lock().add(Run::new(denial));
    }
}

impl DenialLog {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }
}

impl Audit {
    /// Writes the runs whose windows are over; with `all`, which is for the end of the process, all of them. What cannot
    /// be written waits for the next time.
    ///
    /// # Errors
    /// `Unavailable` when the database does not answer.
    pub(crate) async fn write_denials(&self, all: bool) -> Result<usize> {
        let log = &self.config().denials;
        let (runs, dropped) = {
            let mut pending = log.0.lock();
            (pending.take(self.now(), all), std::mem::take(&mut pending.dropped))
        };
        if dropped > 0 {
            tracing::warn!(
                audit.dropped = dropped,
                "more refusals than can be kept: some are not in the audit trail"
            );
        }
        let mut waiting = runs.into_iter();
        let mut written = 0;
        while let Some(run) = waiting.next() {
            if let Err(error) = self.write_run(&run).await {
                let mut pending = log.0.lock();
                std::iter::once(run).chain(waiting).for_each(|run| pending.add(run));
                return Err(error);
            }
            written += 1;
        }
        Ok(written)
    }

    async fn write_run(&self, run: &Run) -> Result<()> {
        let tenant = run.first.resource.tenant;
        let tx = self.system().await?;
        if exists(&tx, tenant).await? {
            let (by, entry) = record(run);
            audit::append(&tx, by, entry).await?;
        }
        tx.commit().await
    }
}

/// Whoever is refused may have made the tenant's id up.
async fn exists(tx: &SystemTx, tenant: TenantId) -> Result<bool> {
    let sql = "SELECT 1 AS one FROM tenancy.tenants WHERE id = $1";
    Ok(tx.conn().query_one_raw(stmt(sql, [tenant.uuid().into()])).await.db()?.is_some())
}

fn record(run: &Run) -> (By, Entry) {
    let first = &run.first;
    let right = first.right.to_string();
    let mut details = json!({ "right": right, "attempts": run.count, "until": run.last, "visible": first.visible,
                              "member": first.member });
    let several = run.actors.len() > 1;
    if let Some(details) = details.as_object_mut().filter(|_| several) {
        details.insert("actors".to_owned(), json!(run.actors));
        details.insert("moreActors".to_owned(), run.more_actors.into());
    }
    let by = By {
        actor: if several { "several".to_owned() } else { first.actor.label() },
        origin: first.origin.address.map(|a| a.to_string()),
        user_agent: first.origin.user_agent.clone(),
        request_id: first.request.to_string(),
        at: first.at,
        support: first
            .support
            .filter(|_| !several)
            .map(|by| (first.resource.tenant, by))
            .into_iter()
            .collect(),
    };
    let entry = Entry {
        tenant: first.resource.tenant,
        action: "access.denied",
        resource: first.right.kind.to_string(),
        result: DENIED,
        details,
    };
    (by, entry)
}
