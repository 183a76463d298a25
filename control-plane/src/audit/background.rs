//! What runs beside requests: checkpoints, pruning, streams, and writing down what was refused.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use tenantry_kernel::{Error, Kind, Result, TenantId};
use tenantry_store::audit::{self, By, Entry, FIRST, PLATFORM, checkpoints, settings};
use tenantry_store::leases;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Audit;
use super::streams::{Flying, TERM};

/// A chain that has grown is signed after so long, or so many records.
const CHECKPOINT: (TimeDelta, i64) = (TimeDelta::minutes(15), 1_000);
/// Tenants that one round signs or prunes.
const MANY: i64 = 100;
/// Records that are read at once.
const PAGE: i64 = 1_000;

/// Does all of it until cancelled. Checkpoints, pruning and streams are done by one node at a time; what `holder` names is
/// no other process alive.
pub(crate) async fn run(audit: Audit, holder: String, stop: CancellationToken) {
    let streams = send_streams(&audit, &holder, &stop);
    let checkpoints = every(Duration::from_secs(20), &stop, "checkpoints of the audit trail", || async {
        if audit.leads("audit-checkpoints", &holder).await? {
            audit.sign_due().await?;
        }
        Ok(())
    });
    let pruning = every(Duration::from_secs(24 * 3600), &stop, "pruning of the audit trail", || async {
        if audit.leads("audit-pruning", &holder).await? {
            audit.prune_due().await?;
        }
        Ok(())
    });
    let denials = every(Duration::from_secs(5), &stop, "refusals for the audit trail", || async {
        audit.write_denials(false).await.map(|_| ())
    });
    tokio::join!(streams, checkpoints, pruning, denials);
    if let Err(error) = audit.release(&holder).await {
        tracing::warn!(error = ?error, "the audit trail's leases are not given back, another node waits for their end");
    }
}

/// Sends streams on until cancelled; what is on its way then gets some seconds to arrive.
pub(super) async fn send_streams(audit: &Audit, holder: &str, stop: &CancellationToken) {
    let mut flying = Flying::default();
    while !stop.is_cancelled() {
        // Each time, for as long as a batch may take (`flying`): nobody else sends what is sent from here.
        let now = Instant::now();
        let launched = async {
            if audit.leads("audit-streams", holder).await? { flying.launch(audit, now).await } else { Ok(0) }
        };
        if let Err(error) = launched.await
            && error.kind() != Kind::Unavailable
        {
            tracing::error!(error = ?error, "streams of the audit trail cannot be sent, it is tried again");
        }
        let pause = tokio::time::sleep(Duration::from_secs(2));
        tokio::pin!(pause);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                () = &mut pause => break,
                // A batch that failed, or cannot be recorded, is no reason to look again before the pause is over.
                Some(taken) = flying.ended() => if taken { break },
            }
        }
    }
    let rest = async { while flying.ended().await.is_some() {} };
    let _ = tokio::time::timeout(Duration::from_secs(5), rest).await;
}

async fn every<F: Future<Output = Result<()>>>(
    pause: Duration,
    stop: &CancellationToken,
    what: &str,
    work: impl Fn() -> F,
) {
    loop {
        match work().await {
            Ok(()) => {}
            Err(error) if error.kind() == Kind::Unavailable => {}
            Err(error) => {
                tracing::error!(error = ?error, what, "the audit trail's work failed, it is tried again")
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

impl Audit {
    async fn leads(&self, lease: &str, holder: &str) -> Result<bool> {
        let tx = self.system().await?;
        let held = leases::acquire(&tx, lease, holder, (self.now(), TERM)).await?;
        tx.commit().await?;
        Ok(held.is_some())
    }

    async fn release(&self, holder: &str) -> Result<()> {
        let tx = self.system().await?;
        leases::release_all(&tx, holder, self.now()).await?;
        tx.commit().await
    }

    /// Signs the chains that are due. How many.
    pub(super) async fn sign_due(&self) -> Result<usize> {
        let tx = self.system().await?;
        let due = checkpoints::due(&tx, (self.now() - CHECKPOINT.0, CHECKPOINT.1), MANY).await?;
        tx.commit().await?;
        let mut signed = 0;
        for tenant in due {
            if self.sign(tenant).await? {
                signed += 1;
            }
        }
        Ok(signed)
    }

    /// Signs a chain's newest record, having checked the chain since the last checkpoint: a chain that was tampered with
    /// is not signed, and everybody is told. Whether there was something to sign.
    pub(super) async fn sign(&self, tenant: TenantId) -> Result<bool> {
        let tx = self.system().await?;
        let Some((seq, hash)) = checkpoints::hold_head(&tx, tenant).await? else {
            return Ok(false);
        };
        let last = checkpoints::last(&tx, tenant).await?;
        // Else whoever writes a new chain with a checkpoint to match would have it signed by us from there on.
        if let Some(last) = &last
            && !self.is_vouched(&tx, last).await?
        {
            tracing::error!(tenant.id = %tenant, audit.seq = last.seq,
                "THE AUDIT TRAIL WAS TAMPERED WITH: its last checkpoint was not signed by a known key; none is made");
            return Ok(false);
        }
        let mut at = last.map_or((0, FIRST.to_owned()), |last| (last.seq, last.hash));
        if at.0 > seq || (at.0 == seq && at.1 != hash) {
            tracing::error!(tenant.id = %tenant, audit.seq = seq,
                "THE AUDIT TRAIL WAS TAMPERED WITH: its end is not what was signed; no checkpoint is made");
            return Ok(false);
        }
        while at.0 < seq {
            let records = audit::span(&tx, tenant, (at.0, seq), PAGE).await?;
            if let Some(broken) = audit::break_after((at.0, &at.1), &records)? {
                tracing::error!(tenant.id = %tenant, audit.seq = broken,
                    "THE AUDIT TRAIL WAS TAMPERED WITH: this record is not what it was; no checkpoint is made");
                return Ok(false);
            }
            match records.last() {
                Some(record) => at = (record.seq, record.hash.clone()),
                None => return Err(Error::internal("the head of an audit trail is a record of it")),
            }
        }
        let checkpoint = self.config().signer.checkpoint(tenant, (seq, hash), self.now());
        checkpoints::keep(&tx, &checkpoint).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Takes away what tenants keep no longer. How many trails became shorter.
    pub(super) async fn prune_due(&self) -> Result<usize> {
        let (mut after, mut shortened) = (PLATFORM, 0);
        // The platform's own id is the least of all, so that it is not after itself.
        if self.prune(PLATFORM, self.now()).await? {
            shortened += 1;
        }
        loop {
            let tx = self.system().await?;
            let tenants = settings::prunable(&tx, after, (self.now(), MANY)).await?;
            tx.commit().await?;
            let Some(last) = tenants.last() else { return Ok(shortened) };
            after = *last;
            for tenant in tenants {
                if self.prune(tenant, self.now()).await? {
                    shortened += 1;
                }
            }
        }
    }

    async fn prune(&self, tenant: TenantId, now: DateTime<Utc>) -> Result<bool> {
        let tx = self.system().await?;
        let Some(pruned) = settings::prune(&tx, tenant, now).await? else {
            return Ok(false);
        };
        let anchors = checkpoints::span(&tx, tenant, (pruned.anchor - 1, pruned.anchor), 1).await?;
        let good = match anchors.first() {
            Some(anchor) => anchor.hash == pruned.anchor_hash && self.is_vouched(&tx, anchor).await?,
            None => false,
        };
        if !good {
            tracing::error!(tenant.id = %tenant, audit.seq = pruned.anchor,
                "a checkpoint's signature is not good: the audit trail is not pruned");
            return Ok(false);
        }
        let entry = Entry {
            tenant,
            action: "audit.prune",
            resource: tenant.to_string(),
            result: audit::OK,
            details: json!({ "records": pruned.records, "first": pruned.first, "last": pruned.anchor,
                             "lastHash": pruned.anchor_hash }),
        };
        audit::append(&tx, By::system("audit", now), entry).await?;
        tx.commit().await?;
        tracing::info!(tenant.id = %tenant, audit.records = pruned.records, "audit trail pruned");
        Ok(true)
    }
}
