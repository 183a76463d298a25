//! Leases on instances, and what is written back under the fence.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use tenantry_kernel::{Error, InstanceId, Kind, Result, TenantId};
use tenantry_store::outbox::{self, Fact};
use tenantry_store::{Db, DbResultExt, SystemRole, SystemTx, Transaction, stmt};

use crate::instances::entity::Model;
use crate::instances::{Failure, Phase, repo};

/// How long a claim holds without being renewed.
pub(crate) const TERM: TimeDelta = TimeDelta::seconds(30);

/// A claimed instance. Every write names `row.lease_epoch`: when another worker has taken over, it changes nothing.
pub(crate) struct Claim {
    pub(crate) db: Db,
    pub(crate) row: Model,
    /// The generation that the running plan is for: a newer wish is due at once when the round ends.
    pub(crate) planned: i64,
}

/// Claims due instances of these regions.
pub(crate) async fn claim_due(
    db: &Db,
    regions: &[String],
    holder: &str,
    (now, most): (DateTime<Utc>, i64),
) -> Result<Vec<Claim>> {
    let tx = SystemTx::begin(db, SystemRole::Provisioner).await?;
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            "UPDATE provisioner.instances SET lease_holder = $2, lease_epoch = lease_epoch + 1, lease_until = $4
             WHERE id IN (SELECT id FROM provisioner.instances
                          WHERE region = ANY($1) AND phase <> 'deleted' AND next_attempt_at <= $3
                            AND (lease_until IS NULL OR lease_until < $3)
                          ORDER BY next_attempt_at LIMIT $5 FOR UPDATE SKIP LOCKED)
             RETURNING *",
            [regions.to_vec().into(), holder.into(), now.into(), (now + TERM).into(), most.into()],
        ))
        .await
        .db()?;
    tx.commit().await?;
    rows.iter()
        .map(|row| {
            let row = Model::from_query_result(row, "").db()?;
            Ok(Claim { db: db.clone(), planned: row.generation, row })
        })
        .collect()
}

/// Makes a settled instance due now, because something was seen that the next look must explain.
pub(crate) async fn wake(db: &Db, id: InstanceId, now: DateTime<Utc>) -> Result<()> {
    let tx = SystemTx::begin(db, SystemRole::Provisioner).await?;
    tx.conn()
        .execute_raw(stmt(
            "UPDATE provisioner.instances SET next_attempt_at = $2
             WHERE id = $1 AND phase = 'ready' AND next_attempt_at > $2",
            [id.uuid().into(), now.into()],
        ))
        .await
        .db()?;
    tx.commit().await
}

/// Frees what this holder held before it died. Only one worker may have a name: its caller holds the lock on the
/// state directory.
pub(crate) async fn release_all(db: &Db, holder: &str) -> Result<()> {
    let tx = SystemTx::begin(db, SystemRole::Provisioner).await?;
    tx.conn()
        .execute_raw(stmt(
            "UPDATE provisioner.instances SET lease_until = NULL, lease_epoch = lease_epoch + 1,
                    next_attempt_at = now() WHERE lease_holder = $1 AND deleted_at IS NULL",
            [holder.into()],
        ))
        .await
        .db()?;
    tx.commit().await
}

/// When the next due instance is due, for the idle worker's sleep.
pub(crate) async fn next_due(db: &Db, regions: &[String]) -> Result<Option<DateTime<Utc>>> {
    let tx = SystemTx::begin(db, SystemRole::Provisioner).await?;
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT min(greatest(next_attempt_at, coalesce(lease_until, next_attempt_at))) AS due
             FROM provisioner.instances WHERE region = ANY($1) AND phase <> 'deleted'",
            [regions.to_vec().into()],
        ))
        .await
        .db()?;
    row.map_or(Ok(None), |row| row.try_get("", "due").db())
}

impl Claim {
    pub(crate) fn id(&self) -> InstanceId {
        self.row.instance_id()
    }

    pub(crate) fn tenant(&self) -> TenantId {
        TenantId::from_uuid(self.row.tenant_id)
    }

    pub(crate) async fn begin(&self) -> Result<SystemTx> {
        SystemTx::begin(&self.db, SystemRole::Provisioner).await
    }

    /// Renews the lease and reads the row again.
    ///
    /// # Errors
    /// `Conflict` when another worker has the instance: stop at once.
    pub(crate) async fn renew(&mut self, now: DateTime<Utc>) -> Result<()> {
        self.write("lease_until = $3", [(now + TERM).into()]).await?;
        self.planned = self.row.generation;
        Ok(())
    }

    /// Records how far it is; a new phase also goes into the history.
    pub(crate) async fn enter(&mut self, phase: Phase, message: &str, now: DateTime<Utc>) -> Result<()> {
        if self.row.phase == phase.as_str() {
            return Ok(());
        }
        let tx = self.begin().await?;
        self.row = self
            .update(&tx, "phase = $3, lease_until = $4", [phase.as_str().into(), (now + TERM).into()])
            .await?;
        repo::add_event(&tx, (self.tenant(), self.id()), (now, phase), message).await?;
        match phase {
            Phase::Ready => self.tell(&tx, ("instance.ready", None), now).await?,
            Phase::Stopped => self.tell(&tx, ("instance.stopped", None), now).await?,
            _ => {}
        }
        tx.commit().await
    }

    /// Tells everyone who is interested what the instance has become, in the transaction that makes it so.
    async fn tell(
        &self,
        tx: &SystemTx,
        (topic, code): (&'static str, Option<&str>),
        now: DateTime<Utc>,
    ) -> Result<()> {
        let mut payload = serde_json::json!({ "slug": self.row.slug, "region": self.row.region });
        if let (Some(code), Some(payload)) = (code, payload.as_object_mut()) {
            payload.insert("code".to_owned(), code.into());
        }
        let fact = Fact { tenant: self.tenant(), topic, subject: self.id().to_string(), payload };
        outbox::publish(tx, now, &fact).await
    }

    /// Records the point of no return of a deletion, unless it was taken back or put off since it was read: the
    /// row's lock puts this and a restoration one after the other. The row says how it went.
    ///
    /// # Errors
    /// `Conflict` when another worker has the instance.
    pub(crate) async fn begin_removal(&mut self, now: DateTime<Utc>) -> Result<()> {
        let tx = self.begin().await?;
        tx.conn()
            .execute_raw(stmt(
                "UPDATE provisioner.instances SET removal_began_at = coalesce(removal_began_at, $3)
                 WHERE id = $1 AND lease_epoch = $2 AND desired = 'deleted' AND delete_at <= $3",
                [self.row.id.into(), self.row.lease_epoch.into(), now.into()],
            ))
            .await
            .db()?;
        tx.commit().await?;
        self.renew(now).await
    }

    /// Changes columns of the row under the fence. Values are bound from `$3` on.
    pub(crate) async fn write(
        &mut self,
        assignments: &str,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<()> {
        let tx = self.begin().await?;
        self.row = self.update(&tx, assignments, values).await?;
        tx.commit().await
    }

    async fn update(
        &self,
        tx: &SystemTx,
        assignments: &str,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Model> {
        let sql = format!(
            "UPDATE provisioner.instances SET {assignments} WHERE id = $1 AND lease_epoch = $2 RETURNING *"
        );
        let bound = [self.row.id.into(), self.row.lease_epoch.into()].into_iter().chain(values);
        let row = tx.conn().query_one_raw(stmt(&sql, bound)).await.db()?;
        let row =
            row.ok_or_else(|| Error::new(Kind::Conflict, "another worker has taken over this instance"))?;
        Model::from_query_result(&row, "").db()
    }

    /// Ends the round: settled in a phase, next look at `next`. Clears a failure.
    pub(crate) async fn settle(
        mut self,
        phase: Phase,
        message: &str,
        (now, next): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<()> {
        if phase == Phase::Deleted {
            return self.bury(message, now).await;
        }
        self.enter(phase, message, now).await?;
        // A wish that came during the round is due at once.
        self.write(
            "observed_generation = $3, failure_code = NULL, failure_message = NULL, failure_remedy = NULL,
             lease_until = NULL, lease_holder = NULL,
             next_attempt_at = CASE WHEN generation = $3 THEN $4 ELSE $5 END",
            [self.planned.into(), next.into(), now.into()],
        )
        .await
    }

    /// Records that nothing is left of the instance: its number, ports and secrets are free or gone with it.
    async fn bury(&self, message: &str, now: DateTime<Utc>) -> Result<()> {
        let tx = self.begin().await?;
        self.update(
            &tx,
            "phase = 'deleted', deleted_at = $3, observed_generation = $4, slot = NULL, port = NULL, broker_port = NULL,
             failure_code = NULL, failure_message = NULL, failure_remedy = NULL, lease_until = NULL, lease_holder = NULL",
            [now.into(), self.planned.into()],
        )
        .await?;
        tx.conn()
            .execute_raw(stmt(
                "DELETE FROM provisioner.instance_secrets WHERE instance_id = $1",
                [self.row.id.into()],
            ))
            .await
            .db()?;
        repo::add_event(&tx, (self.tenant(), self.id()), (now, Phase::Deleted), message).await?;
        self.tell(&tx, ("instance.deleted", None), now).await?;
        tx.commit().await
    }

    /// Ends the round without a verdict: look again at `next`, and later still if that fails too.
    pub(crate) async fn pause(mut self, next: DateTime<Utc>) -> Result<()> {
        self.write(
            "lease_until = NULL, lease_holder = NULL, attempts = attempts + 1, next_attempt_at = $3",
            [next.into()],
        )
        .await
    }

    /// Ends the round with a failure, tried again after a growing pause.
    pub(crate) async fn fail(
        mut self,
        failure: &Failure,
        (now, next): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<()> {
        let tx = self.begin().await?;
        let failed_before = self.row.failure_code.is_some();
        self.row = self
            .update(
                &tx,
                "phase = 'failed', failure_code = $3, failure_message = $4, failure_remedy = $5,
                 attempts = attempts + 1, lease_until = NULL, lease_holder = NULL,
                 next_attempt_at = CASE WHEN generation = $6 THEN $7 ELSE $8 END",
                [
                    failure.code.clone().into(),
                    failure.message.clone().into(),
                    failure.remedy.clone().into(),
                    self.planned.into(),
                    next.into(),
                    now.into(),
                ],
            )
            .await?;
        repo::add_event(&tx, (self.tenant(), self.id()), (now, Phase::Failed), &failure.message).await?;
        // Once, and not again with each attempt: who listens wants to know that it is down, and then that it is up.
        if !failed_before {
            self.tell(&tx, ("instance.failed", Some(&failure.code)), now).await?;
        }
        tx.commit().await
    }
}
