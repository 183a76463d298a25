use std::time::Duration;

use async_graphql::{Context, ID, Result, Subscription as GraphqlSubscription};
use futures::Stream;
use tenantry_kernel::{InstanceId, Kind, RequestId, TenantId};
use tenantry_provisioner::instances;
use tenantry_store::notify::Signal;
use tokio::sync::broadcast::Receiver;

use super::error::{Answer, parse_id, request_of, to_graphql};
use super::types::Instance;
use crate::app::App;
use crate::http::session::Session;

pub struct Subscription;

#[GraphqlSubscription]
impl Subscription {
    /// The instance now, and again each time its phase, wish or failure changes. It ends when the instance is
    /// deleted.
    async fn instance_progress(
        &self,
        ctx: &Context<'_>,
        tenant_id: ID,
        id: ID,
    ) -> Result<impl Stream<Item = Result<Instance>> + use<>> {
        let app = ctx.data::<App>()?.clone();
        let tenant: TenantId = parse_id(&tenant_id, "tenant").answer(ctx)?;
        let id: InstanceId = parse_id(&id, "instance").answer(ctx)?;
        let session = ctx.data::<Session>()?.clone();
        let signals = app.signals.subscribe();
        // The first look decides whether the viewer may watch at all.
        let first = app.instances.get(request_of(ctx), tenant, id).await.answer(ctx)?;
        Ok(watch(Watch { app, session, tenant, id, signals, last: None, pending: Some(first), ended: false }))
    }

    /// Something of the tenant changed: ask again for what is shown. Sent once at the start, then on each change (at most
    /// every second). It ends with the session or the membership.
    async fn tenant_activity(
        &self,
        ctx: &Context<'_>,
        tenant_id: ID,
    ) -> Result<impl Stream<Item = Result<super::activity::TenantActivity>> + use<>> {
        super::activity::subscribe(ctx, tenant_id).await
    }
}

struct Watch {
    app: App,
    session: Session,
    tenant: TenantId,
    id: InstanceId,
    signals: Receiver<Signal>,
    last: Option<instances::Instance>,
    pending: Option<instances::Instance>,
    ended: bool,
}

fn watch(watch: Watch) -> impl Stream<Item = Result<Instance>> {
    futures::stream::unfold(watch, |mut w| async move {
        if w.ended {
            return None;
        }
        loop {
            let now = match w.pending.take() {
                Some(first) => Ok(first),
                None => {
                    w.changed().await;
                    w.look().await
                }
            };
            match now {
                Ok(now) if w.last.as_ref().is_some_and(|last| same(last, &now)) => {}
                Ok(now) => {
                    w.last = Some(now.clone());
                    return Some((Ok(Instance::from(now)), w));
                }
                Err(e) if e.kind() == Kind::NotFound => return None,
                // The database is away: the watcher stays, and learns what it missed.
                Err(e) if e.kind() == Kind::Unavailable => tokio::time::sleep(Duration::from_secs(1)).await,
                Err(e) => {
                    w.ended = true;
                    return Some((
                        Err(to_graphql(
                            e,
                            RequestId::generate(&*w.app.runtime.clock, &*w.app.runtime.entropy),
                        )),
                        w,
                    ));
                }
            }
        }
    })
}

fn same(a: &instances::Instance, b: &instances::Instance) -> bool {
    (a.phase, a.desired, &a.failure, a.ready_at, a.boot_millis, a.delete_at)
        == (b.phase, b.desired, &b.failure, b.ready_at, b.boot_millis, b.delete_at)
}

impl Watch {
    /// The instance, as whoever the session is now may see it.
    async fn look(&self) -> tenantry_kernel::Result<instances::Instance> {
        let ctx = self.session.context(&self.app).await?;
        self.app.instances.get(&ctx, self.tenant, self.id).await
    }

    /// Waits for word of this instance, or four seconds: a signal only shortens the wait, and whoever has lost the
    /// right to watch is sent away within five.
    async fn changed(&mut self) {
        let wanted = self.id.uuid().to_string();
        let word = async {
            loop {
                match self.signals.recv().await {
                    Ok(s)
                        if s.channel == "tenantry_instance"
                            && (s.payload.is_empty() || s.payload == wanted) =>
                    {
                        return;
                    }
                    Ok(_) => {}
                    Err(_) => return,
                }
            }
        };
        let _ = tokio::time::timeout(Duration::from_secs(4), word).await;
    }
}
