//! The sampler: asks n8n whether it is ready, and measures what instances use.
//!
//! It only looks and writes down what it saw; nothing is decided by it. Two samplers of one instance do no harm: the
//! newer word stays. An instance that hangs costs its own place in a round, for a bounded time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use futures::StreamExt;
use tenantry_kernel::{InstanceId, Result, TenantId};
use tenantry_store::notify::Signal;
use tenantry_store::{Db, SystemRole, SystemTx};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::host::Host;
use crate::condition::{Answer, Sample, repo};
use crate::driver::Consumed;
use crate::instances::entity::Model;
use crate::instances::{Desired, Phase};
use crate::n8n::N8nClient;

/// How long a round's word is good for.
pub(super) const EVERY: Duration = Duration::from_secs(15);
/// Changes of instances bring the next round forward, but no nearer than this.
const PAUSE: Duration = Duration::from_secs(3);
/// A directory is looked through this often: it costs the more the fuller it is.
const STORAGE_EVERY: TimeDelta = TimeDelta::minutes(5);
/// An answer that takes longer is none.
const PATIENCE: Duration = Duration::from_secs(5);
const AT_ONCE: usize = 32;
/// Looking through directories is the disk's work.
const WALKS_AT_ONCE: usize = 2;
/// Samples of one statement.
const BATCH: usize = 500;

#[derive(Default)]
struct Known {
    /// The last count of processor time, to compare with the next.
    counted: Option<(Consumed, Instant)>,
    /// The last figure, and when it was tried for.
    stored: Option<(Option<u64>, DateTime<Utc>)>,
}

/// Samples the instances of one host.
pub(super) struct Sampler {
    host: Arc<Host>,
    db: Db,
    known: Mutex<HashMap<InstanceId, Known>>,
}

impl Sampler {
    pub(super) fn new(host: Arc<Host>, db: Db) -> Self {
        Self { host, db, known: Mutex::default() }
    }

    /// One sample of each of these instances that should run.
    pub(super) async fn round(&self, rows: Vec<Model>) -> Result<()> {
        let rows: Vec<Model> = rows.into_iter().filter(should_run).collect();
        let ids: Vec<InstanceId> = rows.iter().map(Model::instance_id).collect();
        self.known().retain(|id, _| ids.contains(id));
        let samples: Vec<Sample> = futures::stream::iter(rows)
            .map(|row| async move { self.sample(&row).await })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        for batch in samples.chunks(BATCH) {
            let tx = SystemTx::begin(&self.db, SystemRole::Provisioner).await?;
            repo::record(&tx, batch).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    async fn sample(&self, row: &Model) -> Sample {
        let instance = self.host.reference(row);
        let client = N8nClient::new(self.host.http.clone(), instance.port);
        let asked = tokio::time::timeout(PATIENCE, client.health());
        let (health, consumed) = tokio::join!(asked, self.host.driver.consumed(&instance));
        let id = row.instance_id();
        Sample {
            tenant: TenantId::from_uuid(row.tenant_id),
            instance: id,
            answer: health.map_or(Answer::None, Answer::from),
            at: self.host.now(),
            memory_mib: consumed.map(|c| mib(c.memory_bytes)),
            cpu_millis: consumed.and_then(|c| self.cpu(id, c)),
            storage_mib: self.known().get(&id).and_then(|k| k.stored?.0).map(mib),
        }
    }

    /// Thousandths of a processor since the last round. The first round knows none.
    fn cpu(&self, id: InstanceId, now: Consumed) -> Option<i32> {
        let mut known = self.known();
        let at = Instant::now();
        let (before, then) = known.entry(id).or_default().counted.replace((now, at))?;
        millis(before, now, at - then)
    }

    /// Measures the directories and databases that were not measured for a while. What takes too long does not hold up
    /// the rounds, and is not tried again before its time.
    pub(super) async fn store_round(&self, rows: Vec<Model>) {
        let now = self.host.now();
        let due = |row: &Model| {
            let known = self.known();
            let at = known.get(&row.instance_id()).and_then(|k| k.stored).map(|(_, at)| at);
            // A boot fills directory and database: what was seen during it is not what there is.
            let booted = |at| row.ready_at.is_some_and(|ready| ready > at);
            should_run(row) && at.is_none_or(|at| now - at >= STORAGE_EVERY || booted(at))
        };
        let rows: Vec<Model> = rows.into_iter().filter(due).collect();
        futures::stream::iter(rows)
            .for_each_concurrent(WALKS_AT_ONCE, |row| async move {
                let (id, instance) = (row.instance_id(), self.host.reference(&row));
                let files = self.host.driver.stored(&instance).await;
                let database = self.host.databases.size(id).await;
                let bytes = files.zip(database).map(|(files, database)| files.saturating_add(database));
                let mut known = self.known();
                let known = known.entry(id).or_default();
                // What could not be measured this time is as it was.
                let before = known.stored.and_then(|(bytes, _)| bytes);
                known.stored = Some((bytes.or(before), now));
            })
            .await;
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<InstanceId, Known>> {
        self.known.lock().unwrap_or_else(|e| e.into_inner())
    }
}

/// Waits until the next round: for its time, or less when an instance has changed.
pub(super) async fn next_round(signals: &mut Receiver<Signal>) {
    tokio::time::sleep(PAUSE).await;
    let word = async {
        loop {
            match signals.recv().await {
                Ok(signal) if signal.channel != "tenantry_instance" => {}
                Ok(_) | Err(RecvError::Lagged(_)) => return,
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    };
    let _ = tokio::time::timeout(EVERY - PAUSE, word).await;
}

/// Instances that have or should have a process: of others there is nothing to see.
fn should_run(row: &Model) -> bool {
    let off =
        [Phase::Queued, Phase::Database, Phase::Stopping, Phase::Stopped, Phase::Deleting, Phase::Deleted];
    row.desired == Desired::Running.as_str()
        && row.port.is_some()
        && !off.iter().any(|phase| phase.as_str() == row.phase)
}

/// Rounded up: a little is not nothing.
fn mib(bytes: u64) -> i32 {
    i32::try_from(bytes.div_ceil(1 << 20)).unwrap_or(i32::MAX)
}

fn millis(before: Consumed, now: Consumed, elapsed: Duration) -> Option<i32> {
    let elapsed = u64::try_from(elapsed.as_micros()).ok().filter(|micros| *micros > 0)?;
    if before.life != now.life {
        return None;
    }
    let used = now.cpu_micros.checked_sub(before.cpu_micros)?;
    i32::try_from(used.saturating_mul(1000) / elapsed).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_use_is_what_was_added_in_between() {
        let count = |cpu_micros, life| Consumed { memory_bytes: 1, cpu_micros, life };
        let second = Duration::from_secs(1);
        assert_eq!(millis(count(100, 7), count(250_100, 7), second), Some(250));
        assert_eq!(millis(count(0, 7), count(3_000_000, 7), 2 * second), Some(1500));
        assert_eq!(millis(count(100, 7), count(90, 7), second), None, "a count that fell is another's");
        assert_eq!(millis(count(100, 7), count(200, 8), second), None);
        assert_eq!(millis(count(100, 7), count(200, 7), Duration::ZERO), None);
        assert_eq!((mib(0), mib(1), mib(1 << 20), mib(u64::MAX)), (0, 1, 1, i32::MAX));
    }
}
