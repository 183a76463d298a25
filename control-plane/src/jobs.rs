//! What runs in the background of the control plane: durable jobs and the outbox.

use std::fmt;
use std::time::Duration;

use chrono::TimeDelta;
use graphile_worker::{IntoTaskHandlerResult, TaskHandler, WorkerContext, WorkerOptions};
use serde::{Deserialize, Serialize};
use tenantry_identity::{CertificateAlarm, GlassBroken, Identity, InvitationJob, MailJob, NewSignIn};
use tenantry_kernel::{Kind, Result};
use tenantry_store::notify::{Signal, Signals};
use tenantry_store::{Db, SystemRole, SystemTx, idempotency, request_keys};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::http::graphql::keyed::KEPT;

/// Sends one mail. The link's token is made when the job runs: the queue holds no secret.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct SendMail(MailJob);

/// Sends one invitation, likewise.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct SendInvitation(InvitationJob);

/// Tells an owner that the glass was broken.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct SendGlassBroken(GlassBroken);

/// Tells a person of a log-in from a device that is new.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct SendNewSignIn(NewSignIn);

/// Tells an owner that a certificate of single sign-on ends.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct SendCertificateAlarm(CertificateAlarm);

#[derive(Clone)]
struct Services(Identity);

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Services")
    }
}

impl TaskHandler for SendMail {
    const IDENTIFIER: &'static str = tenantry_identity::SEND_MAIL;

    async fn run(self, ctx: WorkerContext) -> impl IntoTaskHandlerResult {
        let Some(services) = ctx.get_ext::<Services>() else {
            return Err("the job runner has no services".to_owned());
        };
        services.0.deliver_mail(self.0).await.map_err(|error| {
            tracing::warn!(error = ?error, "a mail could not be sent, it is tried again");
            error.to_string()
        })
    }
}

impl TaskHandler for SendInvitation {
    const IDENTIFIER: &'static str = tenantry_identity::SEND_INVITATION;

    async fn run(self, ctx: WorkerContext) -> impl IntoTaskHandlerResult {
        let Some(services) = ctx.get_ext::<Services>() else {
            return Err("the job runner has no services".to_owned());
        };
        services.0.deliver_invitation(self.0).await.map_err(|error| {
            tracing::warn!(error = ?error, "an invitation could not be sent, it is tried again");
            error.to_string()
        })
    }
}

impl TaskHandler for SendGlassBroken {
    const IDENTIFIER: &'static str = tenantry_identity::SEND_GLASS_BROKEN;

    async fn run(self, ctx: WorkerContext) -> impl IntoTaskHandlerResult {
        let Some(services) = ctx.get_ext::<Services>() else {
            return Err("the job runner has no services".to_owned());
        };
        services.0.deliver_glass_broken(self.0).await.map_err(|error| {
            tracing::error!(error = ?error, "an owner could not be told of broken glass, it is tried again");
            error.to_string()
        })
    }
}

impl TaskHandler for SendNewSignIn {
    const IDENTIFIER: &'static str = tenantry_identity::SEND_NEW_SIGN_IN;

    async fn run(self, ctx: WorkerContext) -> impl IntoTaskHandlerResult {
        let Some(services) = ctx.get_ext::<Services>() else {
            return Err("the job runner has no services".to_owned());
        };
        services.0.deliver_new_sign_in(self.0).await.map_err(|error| {
            tracing::warn!(error = ?error, "nobody could be told of a new sign-in, it is tried again");
            error.to_string()
        })
    }
}

impl TaskHandler for SendCertificateAlarm {
    const IDENTIFIER: &'static str = tenantry_identity::SEND_CERTIFICATE_ALARM;

    async fn run(self, ctx: WorkerContext) -> impl IntoTaskHandlerResult {
        let Some(services) = ctx.get_ext::<Services>() else {
            return Err("the job runner has no services".to_owned());
        };
        services.0.deliver_certificate_alarm(self.0).await.map_err(|error| {
            tracing::warn!(error = ?error, "an owner could not be told of a certificate's end, it is tried again");
            error.to_string()
        })
    }
}

/// Runs jobs until cancelled. While the database is away it tries again.
pub(crate) async fn run_jobs(app: App, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let options = WorkerOptions::default()
            .pg_pool(app.db.system_pool().clone())
            .schema("graphile_worker")
            .concurrency(4)
            .poll_interval(Duration::from_secs(2))
            // A job that was running when its process was killed runs again half a minute later.
            .heartbeat_interval(Duration::from_secs(5))
            .sweep_interval(Duration::from_secs(10))
            .sweep_threshold(Duration::from_secs(30))
            .recovery_delay(Duration::from_secs(1))
            .listen_os_shutdown_signals(false)
            .shutdown_signal(stop.clone().cancelled_owned())
            .add_extension(Services(app.identity.clone()))
            .define_job::<SendMail>()
            .define_job::<SendInvitation>()
            .define_job::<SendGlassBroken>()
            .define_job::<SendNewSignIn>()
            .define_job::<SendCertificateAlarm>();
        let outcome = match options.init().await {
            Ok(worker) => worker.run().await.map_err(|e| e.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(error) = outcome {
            tracing::warn!(error, "the job runner stopped and starts again");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}

/// Throws away what has expired: sessions, links, kept answers of keyed writes (after 24 hours).
pub(crate) async fn keep_house(app: App, stop: CancellationToken) {
    loop {
        let tidied = async {
            app.identity.purge_expired().await?;
            app.opening.purge_expired().await?;
            app.webhooks.purge().await?;
            tenantry_store::rates::purge(&app.db).await?;
            let tx = begin(&app.db).await?;
            idempotency::purge(&tx, app.runtime.clock.now() - TimeDelta::hours(24)).await?;
            request_keys::purge(&tx, app.runtime.clock.now() - KEPT).await?;
            tx.commit().await
        };
        if let Err(error) = tidied.await {
            tracing::warn!(error = ?error, "what has expired is thrown away later");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(Duration::from_secs(3600)) => {}
        }
    }
}

/// Looks at identity providers' metadata once a day, and has owners told of certificates that end. What is due stands in
/// the rows: a restart does nothing twice and leaves nothing out, and neither does another node.
pub(crate) async fn look_after_connections(app: App, stop: CancellationToken) {
    loop {
        let looked_after = async {
            app.identity.refresh_due_metadata().await?;
            app.identity.raise_certificate_alarms().await
        };
        if let Err(error) = looked_after.await {
            tracing::warn!(error = ?error, "identity providers are looked after later");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(Duration::from_secs(3600)) => {}
        }
    }
}

/// Hands facts on, in order, to webhooks and the feeds of events.
pub(crate) async fn dispatch_outbox(app: App, signals: Signals, stop: CancellationToken) {
    let mut wake = signals.subscribe();
    loop {
        match app.webhooks.dispatch().await {
            // There may be more.
            Ok(1..) if !stop.is_cancelled() => continue,
            Ok(_) => {}
            Err(error) if error.kind() == Kind::Unavailable => {}
            Err(error) => tracing::error!(error = ?error, "the outbox cannot be dispatched"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(Duration::from_secs(5)) => {}
            () = announced(&mut wake) => {}
        }
    }
}

/// Waits for word of new facts: other notifications are not for the dispatcher.
async fn announced(signals: &mut Receiver<Signal>) {
    loop {
        match signals.recv().await {
            Ok(signal) if signal.channel != "tenantry_outbox" => {}
            Ok(_) | Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

async fn begin(db: &Db) -> Result<SystemTx> {
    SystemTx::begin(db, SystemRole::Jobs).await
}
