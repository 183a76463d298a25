//! What is being sent, and what may be sent next.
//!
//! Nothing waits for a round to end: a place that becomes free is taken by the next that is due. Streams that are slow, that
//! failed, or have never been delivered to have places of their own, so that they cannot take those of the quick ones.
//! Tenants take turns, and each has a bound over both.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use chrono::TimeDelta;
use tenantry_kernel::{AuditStreamId, Kind as ErrorKind, Result, TenantId};
use tenantry_store::audit::streams::{self as rows, Stream, Wanted};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, timeout_at};

use super::deliver::deliver;
use super::model::PATIENCE;
use crate::audit::Audit;

/// For how long a node is the one that sends, from when it last said so.
pub(in crate::audit) const TERM: TimeDelta = TimeDelta::seconds(60);
/// A batch with all that belongs to it ends so soon after its node was last the one that sends, or is broken off.
const WHOLE: Duration = Duration::from_secs(40);
/// So a batch never outlives the lease that it was begun under; clocks of nodes may differ by the rest.
const _: () = assert!(WHOLE.as_secs() + 15 < TERM.num_seconds().unsigned_abs());
const _: () = assert!(PATIENCE.as_secs() + 15 < WHOLE.as_secs());

/// Batches on their way to streams that took the last one quickly.
const QUICK: usize = 24;
/// And to all others.
const OTHERS: usize = 8;
/// Of one tenant, of both kinds.
const OF_ONE_TENANT: usize = 2;
/// A batch that takes longer makes its stream slow.
const SLOW: Duration = Duration::from_secs(2);

/// A batch on its way.
struct Flight {
    stream: AuditStreamId,
    tenant: TenantId,
    quick: bool,
    began: Instant,
}

/// What is being sent by this process.
#[derive(Default)]
pub(in crate::audit) struct Flying {
    /// Each says whether its batch was taken.
    tasks: JoinSet<bool>,
    flights: HashMap<Id, Flight>,
    /// Streams whose last batch was slow. Those that failed are known by their rows.
    slow: HashSet<AuditStreamId>,
}

impl Flying {
    fn is_quick(&self, stream: &Stream) -> bool {
        stream.attempts == 0 && stream.last_delivered_at.is_some() && !self.slow.contains(&stream.id)
    }

    fn has_room(&self, stream: &Stream) -> bool {
        let quick = self.is_quick(stream);
        let alike = self.flights.values().filter(|f| f.quick == quick).count();
        let own = self.flights.values().filter(|f| f.tenant == stream.tenant).count();
        let busy = self.flights.values().any(|f| f.stream == stream.id);
        !busy && own < OF_ONE_TENANT && alike < if quick { QUICK } else { OTHERS }
    }

    /// What is to be found among the streams that are due. More than there are places: a tenant that has its bound on the way
    /// must not hide the others.
    fn wanted(&self) -> Wanted {
        Wanted {
            busy: self.flights.values().map(|f| f.stream).collect(),
            slow: self.slow.iter().copied().collect(),
            of_one_tenant: OF_ONE_TENANT,
            of_a_kind: (QUICK + OTHERS) * (OF_ONE_TENANT + 1),
        }
    }

    /// Begins to send a batch to each stream that is due and has room. `now` is before this node last became the one that
    /// sends. How many.
    pub(in crate::audit) async fn launch(&mut self, audit: &Audit, now: Instant) -> Result<usize> {
        if self.tasks.len() >= QUICK + OTHERS {
            return Ok(0);
        }
        let tx = audit.system().await?;
        let due = rows::due(&tx, audit.now(), &self.wanted()).await?;
        tx.commit().await?;
        let mut launched = 0;
        for stream in due {
            if !self.has_room(&stream) {
                continue;
            }
            let quick = self.is_quick(&stream);
            let flight = Flight { stream: stream.id, tenant: stream.tenant, quick, began: Instant::now() };
            let audit = audit.clone();
            let task = self.tasks.spawn(async move { whole(&audit, stream, now + WHOLE).await });
            self.flights.insert(task.id(), flight);
            launched += 1;
        }
        Ok(launched)
    }

    /// Waits for a batch to end. Whether it was taken, so that there may be more; `None` when nothing is on its way.
    pub(in crate::audit) async fn ended(&mut self) -> Option<bool> {
        let ended = self.tasks.join_next_with_id().await?;
        Some(self.forget(ended))
    }

    /// A task that panicked has taken nothing.
    fn forget(&mut self, ended: std::result::Result<(Id, bool), JoinError>) -> bool {
        let (id, taken) = ended.unwrap_or_else(|error| (error.id(), false));
        if let Some(flight) = self.flights.remove(&id) {
            if flight.began.elapsed() > SLOW {
                self.slow.insert(flight.stream);
            } else {
                self.slow.remove(&flight.stream);
            }
        }
        taken
    }
}

/// A batch with its transactions, up to a moment. Whether it was taken.
async fn whole(audit: &Audit, stream: Stream, until: Instant) -> bool {
    let id = stream.id;
    match timeout_at(until, deliver(audit, stream)).await {
        Ok(Ok(taken)) => taken,
        Ok(Err(error)) if error.kind() == ErrorKind::Unavailable => false,
        Ok(Err(error)) => {
            tracing::error!(stream.id = %id, error = ?error, "the audit trail's work failed, it is tried again");
            false
        }
        Err(_) => {
            tracing::warn!(stream.id = %id, "a batch of the audit trail was broken off, it is sent again");
            false
        }
    }
}

/// Sends everything that is due now, and what becomes due by that.
#[cfg(test)]
pub(in crate::audit) async fn deliver_all(audit: &Audit) {
    let mut flying = Flying::default();
    loop {
        let launched = flying.launch(audit, Instant::now()).await.unwrap();
        if launched == 0 && flying.ended().await.is_none() {
            return;
        }
    }
}
