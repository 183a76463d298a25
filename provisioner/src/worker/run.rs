//! The worker's loop: claims what is due, runs rounds side by side, sleeps until something changes.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use sea_orm::ConnectionTrait;
use tenantry_kernel::{Clock, Entropy, Result};
use tenantry_keys::Keys;
use tenantry_store::notify::Signals;
use tenantry_store::{Db, DbResultExt, SystemRole, SystemTx, Transaction, stmt};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::claim::{claim_due, next_due, release_all, wake};
use super::databases::InstanceDatabases;
use super::host::Host;
use super::meter::Meter;
use super::round::round;
use super::sampler::{self, Sampler};
use crate::driver::{Driver, InstanceRef, Observed};
use crate::instances::Phase;
use crate::instances::entity::Model;
use crate::ports::UsageSink;

/// How many instances one worker moves at the same time. A booting n8n takes a whole processor.
const AT_ONCE: usize = 8;

/// What a worker is made of.
pub struct WorkerConfig {
    pub db: Db,
    pub keys: Keys,
    pub driver: Arc<dyn Driver>,
    pub databases: InstanceDatabases,
    pub usage: Arc<dyn UsageSink>,
    pub signals: Signals,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub http: reqwest::Client,
    /// The regions whose instances live on this host.
    pub regions: Vec<String>,
    /// The worker's name. Whoever starts a worker holds a lock that makes the name unique.
    pub holder: String,
    /// The first of this installation's operating-system user ids.
    pub first_uid: u32,
    pub port_pool: Range<u16>,
    /// `http://{slug}.{region}.localhost:8081`
    pub public_url: String,
    /// How long n8n may take to become ready.
    pub boot_deadline: TimeDelta,
}

/// What one look at the host's instances takes in, besides what the hook wrote.
struct Look {
    /// Whether ready instances still have their process.
    alive: bool,
    /// Compare usage with n8n's own tables.
    reconcile: bool,
}

/// A region's worker.
pub struct Worker {
    host: Arc<Host>,
    db: Db,
    signals: Signals,
    regions: Vec<String>,
    holder: String,
}

impl Worker {
    pub fn new(config: WorkerConfig) -> Self {
        let meter = Meter::new(config.driver.clone(), config.databases.clone(), config.usage);
        let host = Host {
            driver: config.driver,
            databases: config.databases,
            keys: config.keys,
            http: config.http,
            meter,
            boot_deadline: config.boot_deadline,
            clock: config.clock,
            entropy: config.entropy,
            first_uid: config.first_uid,
            port_pool: config.port_pool,
            public_url: config.public_url,
        };
        Self {
            host: Arc::new(host),
            db: config.db,
            signals: config.signals,
            regions: config.regions,
            holder: config.holder,
        }
    }

    /// Works until `stop` is cancelled, then lets running rounds come to their next recorded step.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut metering = tokio::spawn(self.clone().meter_loop(stop.clone()));
        let mut sampling = tokio::spawn(self.clone().sample_loop(stop.clone()));
        let mut rounds = JoinSet::new();
        let mut signals = self.signals.subscribe();
        let mut fresh = true;
        while !stop.is_cancelled() {
            if metering.is_finished() {
                tracing::error!("metering broke off: it begins anew and reads everything again");
                metering = tokio::spawn(self.clone().meter_loop(stop.clone()));
            }
            if sampling.is_finished() {
                tracing::error!("sampling broke off and begins anew");
                sampling = tokio::spawn(self.clone().sample_loop(stop.clone()));
            }
            if fresh {
                // Our own leases of an earlier life: no other worker has our name.
                match release_all(&self.db, &self.holder).await {
                    Ok(()) => fresh = false,
                    Err(error) => {
                        tracing::warn!(error = ?error, "the database does not answer the worker yet");
                        tokio::time::sleep(Duration::from_secs(1)).await;
                        continue;
                    }
                }
            }
            while rounds.try_join_next().is_some() {}
            let room = AT_ONCE.saturating_sub(rounds.len());
            let wait = self.claim_and_spawn(room, &mut rounds).await;
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(wait) => {}
                Some(_) = rounds.join_next(), if !rounds.is_empty() => {}
                // Lagging behind is as good as a signal.
                _ = due(&mut signals) => {}
            }
        }
        rounds.shutdown().await;
        let _ = metering.await;
        let _ = sampling.await;
    }

    /// Claims what there is room for and answers how long to sleep.
    async fn claim_and_spawn(&self, room: usize, rounds: &mut JoinSet<()>) -> Duration {
        const LONGEST: TimeDelta = TimeDelta::seconds(5);
        let now = self.host.now();
        let work = async {
            if room > 0 {
                let most = i64::try_from(room).unwrap_or(1);
                for claim in claim_due(&self.db, &self.regions, &self.holder, (now, most)).await? {
                    let host = self.host.clone();
                    rounds.spawn(async move { round(&host, claim).await });
                }
            }
            next_due(&self.db, &self.regions).await
        };
        match work.await {
            Ok(next) => {
                let wait = next.map_or(LONGEST, |at| at - self.host.now());
                wait.clamp(TimeDelta::milliseconds(20), LONGEST).to_std().unwrap_or(Duration::from_secs(1))
            }
            Err(error) => {
                tracing::warn!(error = ?error, "the worker cannot claim");
                Duration::from_secs(1)
            }
        }
    }

    /// Reads what was metered, and sees that ready instances are alive.
    async fn meter_loop(self: Arc<Self>, stop: CancellationToken) {
        const READ: Duration = Duration::from_millis(500);
        let mut ticks: u32 = 0;
        while !stop.is_cancelled() {
            let round = Look { alive: ticks.is_multiple_of(4), reconcile: ticks.is_multiple_of(240) };
            if let Err(error) = self.look(round).await {
                tracing::warn!(error = ?error, "metering is behind and catches up by itself");
            }
            ticks = ticks.wrapping_add(1);
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(READ) => {}
            }
        }
        // What ended in the last half second counts too.
        let _ = self.look(Look { alive: false, reconcile: false }).await;
    }

    /// Looks at how instances do, until stopped; a round that runs is given up then.
    async fn sample_loop(self: Arc<Self>, stop: CancellationToken) {
        let sampler = Sampler::new(self.host.clone(), self.db.clone());
        let mut signals = self.signals.subscribe();
        let rounds = async {
            loop {
                let round = async { sampler.round(self.placed().await?).await };
                if let Err(error) = round.await {
                    tracing::warn!(error = ?error, "how instances do is not known now");
                }
                sampler::next_round(&mut signals).await;
            }
        };
        let storage = async {
            loop {
                if let Ok(rows) = self.placed().await {
                    sampler.store_round(rows).await;
                }
                tokio::time::sleep(sampler::EVERY).await;
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = rounds => {}
            () = storage => {}
        }
    }

    async fn look(&self, what: Look) -> Result<()> {
        for row in self.placed().await? {
            let instance = self.host.reference(&row);
            let read = async {
                self.host.meter.collect(&row, &instance).await?;
                if what.alive && row.phase == Phase::Ready.as_str() && self.is_dead(&instance).await {
                    wake(&self.db, row.instance_id(), self.host.now()).await?;
                }
                if what.reconcile {
                    self.host.meter.reconcile_row(&self.db, &row, &self.host.keys).await?;
                }
                Ok::<(), tenantry_kernel::Error>(())
            };
            // One instance's trouble is not its neighbours'.
            if let Err(error) = read.await {
                tracing::warn!(instance.id = %instance.id, error = ?error, "metering is behind and catches up by itself");
            }
        }
        Ok(())
    }

    async fn is_dead(&self, instance: &InstanceRef) -> bool {
        matches!(self.host.driver.observe(instance).await, Observed::Exited { .. } | Observed::Absent)
    }

    async fn placed(&self) -> Result<Vec<Model>> {
        use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

        use crate::instances::entity::{Column, Entity};
        let tx = SystemTx::begin(&self.db, SystemRole::Provisioner).await?;
        Entity::find()
            .filter(Column::Region.is_in(self.regions.clone()))
            .filter(Column::DeletedAt.is_null())
            .filter(Column::Slot.is_not_null())
            .all(tx.conn())
            .await
            .db()
    }

    /// Stops every instance of this host, keeping what is wanted of them: for an orderly end of the embedded
    /// product. Call it after `run` has returned.
    pub async fn stop_instances(&self) -> Result<()> {
        let mut stopping = JoinSet::new();
        for row in self.placed().await? {
            let host = self.host.clone();
            stopping.spawn(async move {
                let instance = host.reference(&row);
                if let Err(error) = host.driver.stop(&instance, Duration::from_secs(20)).await {
                    tracing::error!(instance.id = %instance.id, error = %error, "the instance could not be stopped");
                }
                // The executions that ended while it stopped.
                if let Err(error) = host.meter.drain(&row, &instance).await {
                    tracing::warn!(instance.id = %instance.id, error = ?error, "read at the next start");
                }
            });
        }
        stopping.join_all().await;
        let tx = SystemTx::begin(&self.db, SystemRole::Provisioner).await?;
        tx.conn()
            .execute_raw(stmt(
                "UPDATE provisioner.instances SET phase = 'queued', next_attempt_at = now(), lease_until = NULL
                 WHERE region = ANY($1) AND phase IN ('starting', 'migrating', 'owner', 'ready', 'stopping')",
                [self.regions.clone().into()],
            ))
            .await
            .db()?;
        tx.commit().await
    }
}

/// Waits for word that an instance may be due.
async fn due(signals: &mut tokio::sync::broadcast::Receiver<tenantry_store::notify::Signal>) {
    loop {
        match signals.recv().await {
            Ok(signal) if signal.channel == "tenantry_due" => return,
            Ok(_) => {}
            Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => return,
            Err(tokio::sync::broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}
