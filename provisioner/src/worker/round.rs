//! One round: observe, plan, apply, until nothing is left to do now.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tenantry_kernel::{Error, Kind, Result};

use super::claim::Claim;
use super::host::Host;
use super::placement::place;
use super::plan::{Presence, Process, Removal, Situation, Step, plan};
use super::secrets::{self, SpecParts};
use crate::driver::{DriverError, InstanceRef, Observed};
use crate::instances::{Desired, Failure, Phase, repo};
use crate::n8n::{ApiKeyRequest, Health, N8nClient};

/// How long n8n may take to end its running executions before it is killed.
const STOP_GRACE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(60);
const RENEW: TimeDelta = TimeDelta::milliseconds(500);
const LOOK_AGAIN: TimeDelta = TimeDelta::seconds(15);

/// Why a round ended early.
pub(super) enum Stop {
    Failed(Failure),
    Fault(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Stop::Fault(error)
    }
}

pub(super) fn failure(code: &str, message: impl Into<String>, remedy: &str) -> Stop {
    Stop::Failed(Failure { code: code.to_owned(), message: message.into(), remedy: remedy.to_owned() })
}

impl From<DriverError> for Stop {
    fn from(error: DriverError) -> Self {
        let remedy = match &error {
            DriverError::NoDiskSpace { .. } => {
                "Free disk space on the region's host; it is tried again by itself."
            }
            DriverError::PortTaken(_) => "Another port is chosen by itself.",
            DriverError::RuntimeMissing { .. } => "Install that n8n version's runtime on the region's host.",
            _ => {
                "It is tried again by itself. If it persists, the operator finds the cause in the worker's log."
            }
        };
        failure(error.code(), error.to_string(), remedy)
    }
}

/// Works on one claimed instance until it is settled, failed, or another worker has it.
pub(crate) async fn round(host: &Host, mut claim: Claim) {
    let id = claim.id();
    let result = match drive(host, &mut claim).await {
        Ok((phase, message)) => {
            let now = host.now();
            let next = now + host.jitter(LOOK_AGAIN);
            // Nobody announces the end of the days of grace.
            let next = claim.row.delete_at.filter(|at| *at > now).map_or(next, |at| next.min(at));
            claim.settle(phase, message, (now, next)).await
        }
        Err(Stop::Failed(cause)) => {
            tracing::warn!(instance.id = %id, failure.code = %cause.code, failure.message = %cause.message, "attempt failed");
            let now = host.now();
            let next = now + host.jitter(backoff(claim.row.attempts));
            claim.fail(&cause, (now, next)).await
        }
        Err(Stop::Fault(error)) if error.kind() == Kind::Conflict => {
            tracing::info!(instance.id = %id, "another worker has taken over");
            Ok(())
        }
        Err(Stop::Fault(error)) => {
            tracing::error!(instance.id = %id, error = ?error, "the round broke off");
            let next = host.now() + host.jitter(backoff(claim.row.attempts));
            claim.pause(next).await
        }
    };
    if let Err(error) = result
        && error.kind() != Kind::Conflict
    {
        // The lease runs out by itself, and the next claim carries on.
        tracing::error!(instance.id = %id, error = ?error, "the outcome could not be recorded");
    }
}

fn backoff(attempts: i32) -> TimeDelta {
    TimeDelta::seconds(1i64 << attempts.clamp(0, 8)).min(TimeDelta::minutes(5))
}

async fn drive(host: &Host, claim: &mut Claim) -> Result<(Phase, &'static str), Stop> {
    let mut last = None;
    loop {
        claim.renew(host.now()).await?;
        let (situation, seen) = observe(host, claim).await?;
        let step = plan(&situation);
        if step == Step::Start {
            explain_death(claim, &seen)?;
        }
        // A step that changes nothing is not repeated without a pause: whatever undoes it, it must not hold a worker.
        if last == Some(step) && !matches!(step, Step::Wait(_) | Step::Settled(_)) {
            return Err(failure(
                "no_effect",
                format!("A step of the worker had no effect: {step:?}."),
                "It is tried again by itself.",
            ));
        }
        last = Some(step);
        match step {
            Step::Settled(phase) => return settled(host, claim, phase).await,
            Step::Observe => {
                return Err(failure(
                    "unknown_state",
                    "The instance's state could not be observed.",
                    "It is looked at again by itself.",
                ));
            }
            Step::Wait(phase) => wait(host, claim, phase).await?,
            step => apply(host, claim, step).await?,
        }
    }
}

async fn settled(host: &Host, claim: &mut Claim, phase: Phase) -> Result<(Phase, &'static str), Stop> {
    let now = host.now();
    match phase {
        Phase::Ready if claim.row.phase != Phase::Ready.as_str() => {
            let boot = boot_millis(claim, now);
            claim
                .write(
                    "ready_at = $3, boot_millis = coalesce(boot_millis, $4),
                     first_ready_at = coalesce(first_ready_at, $3)",
                    [now.into(), boot.into()],
                )
                .await?;
            Ok((phase, "Ready."))
        }
        // Only an instance that stays up is forgiven its earlier failures.
        Phase::Ready
            if claim.row.attempts > 0
                && claim.row.ready_at.is_some_and(|at| now - at > TimeDelta::minutes(1)) =>
        {
            claim.write("attempts = $3", [0.into()]).await?;
            Ok((phase, "Ready."))
        }
        Phase::Deleted => Ok((phase, "Deleted with its database, directory and keys.")),
        Phase::Stopped if claim.row.delete_at.is_some() => {
            Ok((phase, "Stopped. Its data is kept for its days of grace."))
        }
        Phase::Stopped => Ok((phase, "Stopped. Its data is kept.")),
        _ => Ok((phase, "As wanted.")),
    }
}

pub(crate) fn reference(host: &Host, claim: &Claim) -> InstanceRef {
    InstanceRef {
        id: claim.id().to_string(),
        host_uid: host.uid(claim.row.slot),
        port: claim.row.port.and_then(|p| u16::try_from(p).ok()).unwrap_or(0),
    }
}

async fn observe(host: &Host, claim: &mut Claim) -> Result<(Situation, Observed), Stop> {
    let desired: Desired = claim.row.desired.parse()?;
    let seen = host.driver.observe(&reference(host, claim)).await;
    let revision = secrets::revision(&claim.row, &host.public_url(&claim.row));
    let (process, up_to_date) = match &seen {
        Observed::Unknown { reason } => {
            tracing::warn!(instance.id = %claim.id(), reason, "cannot observe");
            (Process::Unknown, true)
        }
        Observed::Absent => (Process::Absent, true),
        Observed::Exited { .. } => (Process::Exited, true),
        Observed::Starting { revision: r, .. } => (Process::Starting, *r == revision),
        Observed::Running { revision: r, .. } => (health(host, claim).await, *r == revision),
    };
    let removal = removal(claim, host.now());
    let database = match removal {
        Removal::Begun => host.databases.observe_remains(claim.id()).await,
        // Asked again only where it matters: a booting n8n is polled many times a second.
        _ if matches!(process, Process::Starting | Process::Listening | Process::Ready) => Presence::Present,
        _ => host.databases.observe(claim.id()).await,
    };
    let has_api_key = if process == Process::Ready {
        let tx = claim.begin().await?;
        secrets::exists(&tx, claim, "api_key").await?
    } else {
        false
    };
    let overdue = claim.row.boot_started_at.is_some_and(|at| host.now() - at > host.boot_deadline);
    let placed = claim.row.slot.is_some() && claim.row.port.is_some() && claim.row.broker_port.is_some();
    Ok((Situation { desired, removal, placed, database, process, up_to_date, has_api_key, overdue }, seen))
}

fn removal(claim: &Claim, now: DateTime<Utc>) -> Removal {
    match (claim.row.delete_at, claim.row.removal_began_at) {
        (Some(_), Some(_)) => Removal::Begun,
        (Some(at), None) if at <= now => Removal::Due,
        _ => Removal::NotYet,
    }
}

async fn health(host: &Host, claim: &Claim) -> Process {
    match client(host, claim).health().await {
        Health::Down => Process::Starting,
        Health::Listening => Process::Listening,
        Health::Ready => Process::Ready,
    }
}

fn client(host: &Host, claim: &Claim) -> N8nClient {
    N8nClient::new(host.http.clone(), reference(host, claim).port)
}

/// A process that should live and does not has died: say why and pause before the next attempt.
fn explain_death(claim: &Claim, seen: &Observed) -> Result<(), Stop> {
    let lived = ["starting", "migrating", "owner", "ready"].contains(&claim.row.phase.as_str());
    match seen {
        // Stopped in order, by a product that was killed before it could say so.
        Observed::Exited { detail } if detail.starts_with("stopped on request") => Ok(()),
        Observed::Exited { detail } if lived => Err(failure(
            "exited",
            format!("n8n ended by itself: {detail}"),
            "It is started again by itself. If it keeps ending, look at the last lines of its log above.",
        )),
        _ => Ok(()),
    }
}

async fn wait(host: &Host, claim: &mut Claim, phase: Phase) -> Result<(), Stop> {
    if claim.row.phase == Phase::Ready.as_str() || claim.row.boot_started_at.is_none() {
        // It was ready and no longer is: give it as long as a boot may take to come back.
        claim.write("boot_started_at = $3", [host.now().into()]).await?;
    }
    let message = match phase {
        Phase::Migrating => "n8n prepares its database.",
        _ => "n8n is starting.",
    };
    claim.enter(phase, message, host.now()).await?;
    let renew_at = host.now() + RENEW;
    while host.now() < renew_at {
        tokio::time::sleep(POLL).await;
        let now = health(host, claim).await;
        let changed = match phase {
            Phase::Migrating => now != Process::Listening,
            _ => now != Process::Starting,
        };
        if changed {
            break;
        }
    }
    Ok(())
}

async fn apply(host: &Host, claim: &mut Claim, step: Step) -> Result<(), Stop> {
    let now = host.now();
    match step {
        Step::Place => place(host, claim).await,
        Step::CreateDatabase => {
            claim.enter(Phase::Database, "Making its database and role.", now).await?;
            let tx = claim.begin().await?;
            let password = secrets::require(&host.keys, &tx, claim, "database_password").await?;
            drop(tx);
            Ok(host.databases.create(claim.id(), &password).await?)
        }
        Step::Start => start(host, claim).await,
        Step::FetchApiKey => fetch_api_key(host, claim).await,
        Step::Restart | Step::Stop => {
            claim.enter(Phase::Stopping, "Letting running executions end.", now).await?;
            Ok(host.driver.stop(&reference(host, claim), STOP_GRACE).await?)
        }
        Step::GiveUp => {
            host.driver.stop(&reference(host, claim), Duration::from_secs(5)).await?;
            Err(failure(
                "boot_timeout",
                format!("n8n was not ready after {} seconds.", host.boot_deadline.num_seconds()),
                "It is started again by itself. If it persists, the host may be overloaded or its database unreachable.",
            ))
        }
        Step::BeginRemoval => Ok(claim.begin_removal(now).await?),
        Step::Destroy => {
            claim.enter(Phase::Deleting, "Deleting it.", now).await?;
            let instance = reference(host, claim);
            host.driver.stop(&instance, STOP_GRACE).await?;
            host.meter.drain(&claim.row, &instance).await?;
            if let Err(error) = host.meter.reconcile(claim, &host.keys).await {
                tracing::warn!(instance.id = %claim.id(), error = ?error, "the last comparison of usage was not possible");
            }
            Ok(host.driver.destroy(&instance).await?)
        }
        Step::DropDatabase => {
            claim.enter(Phase::Deleting, "Deleting its database.", now).await?;
            Ok(host.databases.drop(claim.id()).await?)
        }
        Step::Wait(_) | Step::Observe | Step::Settled(_) => Ok(()),
    }
}

async fn start(host: &Host, claim: &mut Claim) -> Result<(), Stop> {
    claim.enter(Phase::Starting, "Starting n8n.", host.now()).await?;
    let parts = SpecParts {
        public_url: host.public_url(&claim.row),
        host_uid: host.uid(claim.row.slot),
        database: host.databases.address(),
        keys: &host.keys,
    };
    let spec = secrets::spec(claim, parts).await?;
    claim.write("boot_started_at = $3, boot_millis = NULL, ready_at = NULL", [host.now().into()]).await?;
    match host.driver.start(&spec).await {
        Ok(()) => Ok(()),
        Err(error) => {
            // Phase first, or the process that never was would count as dead.
            claim.enter(Phase::Queued, "The process could not be started.", host.now()).await?;
            if matches!(error, DriverError::PortTaken(_)) {
                // Chosen anew at the next attempt, after a pause: whatever takes ports may go on taking them.
                claim.write("port = NULL, broker_port = NULL, boot_started_at = NULL", []).await?;
            }
            Err(error.into())
        }
    }
}

async fn fetch_api_key(host: &Host, claim: &mut Claim) -> Result<(), Stop> {
    let now = host.now();
    let boot = boot_millis(claim, now);
    claim.write("boot_millis = coalesce(boot_millis, $3)", [boot.into()]).await?;
    claim.enter(Phase::Owner, "n8n is ready; making the control plane's key.", now).await?;
    let tx = claim.begin().await?;
    let password = secrets::require(&host.keys, &tx, claim, "owner_password").await?;
    drop(tx);
    let n8n = client(host, claim);
    let fetch = async {
        let session = n8n.login(&claim.row.owner_email, &password).await?;
        let request = ApiKeyRequest::CONTROL_PLANE;
        // A key that an interrupted attempt made and did not keep is of no use to anyone.
        n8n.delete_api_keys(&session, request.label).await?;
        n8n.create_api_key(&session, request).await
    };
    let key = fetch.await.map_err(|error| {
        failure(
            "owner",
            format!("The control plane could not log in to n8n: {error}."),
            "It is tried again by itself.",
        )
    })?;
    let tx = claim.begin().await?;
    let subject = format!("{}/api_key", claim.id());
    let sealed = host.keys.seal(&tx, claim.tenant(), crate::instances::purpose(&subject), &key).await?;
    repo::put_secret(&tx, (claim.tenant(), claim.id()), ("api_key", sealed), host.now()).await?;
    Ok(tx.commit().await?)
}

fn boot_millis(claim: &Claim, now: DateTime<Utc>) -> Option<i32> {
    claim.row.boot_started_at.and_then(|at| i32::try_from((now - at).num_milliseconds()).ok())
}
