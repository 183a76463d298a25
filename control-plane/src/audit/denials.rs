//! What the gate refused, on its way into the trail.
//!
//! The gate tells of each refusal in the middle of a request; here it is only counted. Once its window is over, a run of
//! the same refusals becomes one record. Of members: the same actor, right and tenant within a minute. Of strangers: all
//! of one tenant within an hour, whoever they are: who is nobody there must not be able to fill its trail. Both are
//! bounded; what no longer fits is counted and logged.

use std::collections::HashMap;
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

const OF_MEMBERS: TimeDelta = TimeDelta::minutes(1);
const OF_STRANGERS: TimeDelta = TimeDelta::hours(1);
/// Runs that are kept at once, of members and of strangers apart: one cannot crowd out the other.
const MOST: usize = 2_048;
/// Strangers that a record names.
const NAMED: usize = 10;

/// Counts refusals until they are written.
#[derive(Default)]
pub(crate) struct DenialLog(Mutex<Pending>);

#[derive(Default)]
struct Pending {
    members: HashMap<(TenantId, String, String), Run>,
    strangers: HashMap<TenantId, Run>,
    dropped: u64,
}

/// A run of refusals: the first, and how many.
#[derive(Clone)]
struct Run {
    first: Denial,
    last: DateTime<Utc>,
    count: u64,
    actors: Vec<String>,
    more_actors: bool,
}

impl Run {
    fn new(denial: Denial) -> Self {
        Self {
            last: denial.at,
            count: 1,
            actors: vec![denial.actor.label()],
            more_actors: false,
            first: denial,
        }
    }

    fn add(&mut self, other: Run) {
        self.last = self.last.max(other.last);
        self.count += other.count;
        self.more_actors |= other.more_actors;
        for actor in other.actors {
            if self.actors.contains(&actor) {
                continue;
            }
            if self.actors.len() < NAMED {
                self.actors.push(actor);
            } else {
                self.more_actors = true;
            }
        }
    }
}

impl Pending {
    fn add(&mut self, run: Run) {
        let tenant = run.first.resource.tenant;
        if run.first.member {
            let key = (tenant, run.first.actor.label(), run.first.right.to_string());
            put(&mut self.members, key, run, &mut self.dropped);
        } else {
            put(&mut self.strangers, tenant, run, &mut self.dropped);
        }
    }

    /// Those whose window is over; with `all`, all of them.
    fn take(&mut self, now: DateTime<Utc>, all: bool) -> Vec<Run> {
        let over = |window: TimeDelta| move |run: &Run| all || run.first.at + window <= now;
        let members = self.members.extract_if(|_, run| over(OF_MEMBERS)(run)).map(|(_, run)| run);
        let mut taken: Vec<Run> = members.collect();
        taken.extend(self.strangers.extract_if(|_, run| over(OF_STRANGERS)(run)).map(|(_, run)| run));
        // In the order in which they happened, as far as one can tell.
        taken.sort_by_key(|run| run.first.at);
        taken
    }
}

fn put<K: Eq + std::hash::Hash>(runs: &mut HashMap<K, Run>, key: K, run: Run, dropped: &mut u64) {
    let full = runs.len() >= MOST;
    match runs.entry(key) {
        std::collections::hash_map::Entry::Occupied(mut there) => there.get_mut().add(run),
        std::collections::hash_map::Entry::Vacant(_) if full => *dropped += run.count,
        std::collections::hash_map::Entry::Vacant(place) => {
            place.insert(run);
        }
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
