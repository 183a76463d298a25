//! `tenantActivity`: word that something of a tenant changed, never what. Whoever hears it asks again.
//!
//! It is fed by the database's notifications alone. Each subscriber asks the database one thing: whether its session
//! may still watch, before each event and every four seconds.

use std::time::Duration;

use async_graphql::{Context, ID, Result, SimpleObject};
use chrono::{DateTime, Utc};
use futures::Stream;
use tenantry_authz::{Action, Ctx, Resource, ResourceKind};
use tenantry_kernel::{Kind, TenantId};
use tenantry_store::notify::{Signal, TENANT_CHANNEL};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

use super::error::{Answer, parse_id, request_of};
use crate::app::App;
use crate::http::session::Session;

/// What changes faster is told together.
const AT_MOST: Duration = Duration::from_secs(1);
/// Whoever has lost the right to watch is sent away within five seconds, of which this leaves one to ask.
const LOOK_AT_RIGHTS: Duration = Duration::from_secs(4);

/// Something of the tenant changed: what is true here is to be asked for again.
#[derive(SimpleObject)]
pub(crate) struct TenantActivity {
    at: DateTime<Utc>,
    instances: bool,
    usage: bool,
    /// Members and invitations.
    members: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Changes {
    instances: bool,
    usage: bool,
    members: bool,
}

impl Changes {
    const ALL: Self = Self { instances: true, usage: true, members: true };

    fn is_empty(self) -> bool {
        self == Self::default()
    }

    fn add(&mut self, what: &str) {
        match what {
            "instances" => self.instances = true,
            "usage" => self.usage = true,
            "members" => self.members = true,
            _ => {}
        }
    }

    /// What this person may see of it.
    fn visible(self, ctx: &Ctx, tenant: TenantId) -> Self {
        let may = |kind| ctx.may(Action::View, &Resource::new(kind, tenant));
        Self {
            instances: self.instances && may(ResourceKind::Instance),
            usage: self.usage && may(ResourceKind::Usage),
            members: self.members && may(ResourceKind::Member),
        }
    }
}

pub(super) async fn subscribe(
    ctx: &Context<'_>,
    tenant: ID,
) -> Result<impl Stream<Item = Result<TenantActivity>> + use<>> {
    let app = ctx.data::<App>()?.clone();
    let tenant: TenantId = parse_id(&tenant, "tenant").answer(ctx)?;
    // Asked for as data, so that a tenant sees when platform staff begins to watch.
    app.tenants.get(request_of(ctx), tenant).await.answer(ctx)?;
    let session = ctx.data::<Session>()?.clone();
    let signals = app.signals.subscribe();
    let watch = Watch { app, session, tenant, signals, pending: Changes::ALL, told: None };
    Ok(futures::stream::unfold(watch, |mut watch| async move {
        let event = watch.next().await?;
        Some((Ok(event), watch))
    }))
}

fn may_watch(ctx: &Ctx, tenant: TenantId) -> tenantry_kernel::Result<()> {
    ctx.permit(Action::View, &Resource::new(ResourceKind::Tenant, tenant)).map(|_| ())
}

struct Watch {
    app: App,
    session: Session,
    tenant: TenantId,
    signals: Receiver<Signal>,
    pending: Changes,
    told: Option<Instant>,
}

impl Watch {
    /// The next event, or `None` when the session or the membership has ended.
    async fn next(&mut self) -> Option<TenantActivity> {
        loop {
            if self.pending.is_empty() {
                let _ = tokio::time::timeout(LOOK_AT_RIGHTS, self.word()).await;
            }
            while let Some(due) = self.told.map(|at| at + AT_MOST).filter(|due| *due > Instant::now()) {
                let _ = tokio::time::timeout_at(due, self.word()).await;
            }
            let ctx = match self.viewer().await {
                Ok(ctx) => ctx,
                // The database is away: the watcher stays, and hears what it missed.
                Err(error) if error.kind() == Kind::Unavailable => {
                    tokio::time::sleep(AT_MOST).await;
                    continue;
                }
                Err(_) => return None,
            };
            let changes = std::mem::take(&mut self.pending).visible(&ctx, self.tenant);
            if !changes.is_empty() {
                self.told = Some(Instant::now());
                let Changes { instances, usage, members } = changes;
                return Some(TenantActivity { at: ctx.now(), instances, usage, members });
            }
        }
    }

    /// Whoever the session is now, if they may watch.
    async fn viewer(&self) -> tenantry_kernel::Result<Ctx> {
        let ctx = self.session.context(&self.app).await?;
        may_watch(&ctx, self.tenant)?;
        Ok(ctx)
    }

    /// Waits for word of this tenant and adds it to what is pending.
    async fn word(&mut self) {
        let tenant = self.tenant.uuid().to_string();
        loop {
            match self.signals.recv().await {
                Ok(signal) if signal.channel != TENANT_CHANNEL => {}
                Ok(signal) if signal.payload.is_empty() => self.pending = Changes::ALL,
                Ok(signal) => match signal.payload.split_once(' ') {
                    // Who may be here has changed: that is looked at now.
                    Some(("support" | "credentials", of)) if of == tenant => return,
                    Some((what, of)) if of == tenant => self.pending.add(what),
                    _ => continue,
                },
                // What was missed may have been anything.
                Err(RecvError::Lagged(_)) => self.pending = Changes::ALL,
                Err(RecvError::Closed) => std::future::pending().await,
            }
            if !self.pending.is_empty() {
                return;
            }
        }
    }
}

#[cfg(test)]
#[path = "activity_tests.rs"]
mod tests;
