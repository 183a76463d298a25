//! Telling a tenant's owners that a certificate ends: 60, 30 and 7 days before, and when it has ended; each once.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tenantry_kernel::{ConnectionId, Result, UserId};
use tenantry_store::{SystemRole, SystemTx, jobs};

use super::super::model::Connection;
use super::super::{ProviderSettings, system_repo};
use super::own_keys::{KeyState, in_state};
use super::repo;
use crate::Identity;
use crate::mail::certificates;
use crate::saml::{Alarm, Certificate, Holder, alarms};
use crate::support::repo::owners;

/// The queue's name for the job that [`Identity::deliver_certificate_alarm`] does.
pub const SEND_CERTIFICATE_ALARM: &str = "send_certificate_alarm";

/// Connections that one transaction looks at.
const MANY: i64 = 100;

/// What the queue holds. One job an owner, so that one whose mail fails keeps nobody else waiting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateAlarm {
    pub connection_id: ConnectionId,
    pub fingerprint: String,
    pub user_id: UserId,
}

/// What the mail says.
pub(crate) struct Ending {
    pub(crate) to: String,
    pub(crate) connection: String,
    pub(crate) ours: bool,
    /// Another certificate of the same side goes on.
    pub(crate) covered: bool,
    pub(crate) fingerprint: String,
    pub(crate) ends: DateTime<Utc>,
    pub(crate) has_ended: bool,
}

impl Identity {
    /// Has owners told of certificates that end. How many ends were new.
    ///
    /// # Errors
    /// `Unavailable`: the rest is looked at next time.
    pub async fn raise_certificate_alarms(&self) -> Result<usize> {
        let now = self.runtime().clock.now();
        let (mut after, mut raised) = (None, 0);
        loop {
            let tx = SystemTx::begin(self.db(), SystemRole::Jobs).await?;
            let page = repo::page(&tx, (after, MANY)).await?;
            for connection in &page {
                for alarm in of(connection, now) {
                    if raise(&tx, connection, (&alarm, now)).await? {
                        raised += 1;
                    }
                }
            }
            tx.commit().await?;
            match page.last() {
                Some(last) => after = Some(last.id),
                None => return Ok(raised),
            }
        }
    }

    /// Tells an owner of a certificate's end, unless it is gone by now, or they are.
    ///
    /// # Errors
    /// `Unavailable` when the database or the mail server does not answer: run the job again later.
    pub async fn deliver_certificate_alarm(&self, job: CertificateAlarm) -> Result<()> {
        let now = self.runtime().clock.now();
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let Some((connection, _)) = system_repo::connection(&tx, job.connection_id).await? else {
            return Ok(());
        };
        let to = repo::owner_address(&tx, (connection.tenant, job.user_id)).await?;
        tx.commit().await?;
        let alarm = of(&connection, now).into_iter().find(|alarm| alarm.fingerprint == job.fingerprint);
        let (Some(to), Some(alarm)) = (to, alarm) else { return Ok(()) };
        let ending = Ending {
            to,
            connection: connection.name,
            ours: alarm.holder != Holder::Provider,
            covered: alarm.covered,
            fingerprint: alarm.fingerprint,
            has_ended: alarm.ends <= now,
            ends: alarm.ends,
        };
        let portal = self.config().public_url.trim_end_matches('/');
        self.config().mailer.send(certificates::ending(&ending, portal)).await?;
        tracing::info!(connection.id = %job.connection_id, user.id = %job.user_id, "told of a certificate's end");
        Ok(())
    }
}

fn of(connection: &Connection, now: DateTime<Utc>) -> Vec<Alarm> {
    let ProviderSettings::Saml(settings) = &connection.settings else { return Vec::new() };
    let own = |state| in_state(&connection.own_certificates, state);
    let provider: &[Certificate] = &settings.certificates;
    match own(KeyState::Current) {
        // Before anybody has connected a provider there is nobody to tell the end to.
        Some(current) if settings.is_complete() => alarms((current, own(KeyState::Next)), provider, now),
        _ => Vec::new(),
    }
}

/// The row and the jobs are of one transaction: nobody is told twice, and nobody is forgotten.
async fn raise(
    tx: &SystemTx,
    connection: &Connection,
    (alarm, now): (&Alarm, DateTime<Utc>),
) -> Result<bool> {
    let whose = (connection.tenant, connection.id);
    if !repo::raise(tx, whose, (&alarm.fingerprint, alarm.urgency.days(), now)).await? {
        return Ok(false);
    }
    for user_id in owners(tx, connection.tenant).await? {
        let key = Some(format!("certificate {} {} {user_id}", connection.id, alarm.fingerprint));
        let payload = CertificateAlarm {
            connection_id: connection.id,
            fingerprint: alarm.fingerprint.clone(),
            user_id,
        };
        jobs::enqueue(tx, jobs::Job { task: SEND_CERTIFICATE_ALARM, payload, key, run_at: None }).await?;
    }
    Ok(true)
}
