//! Deliveries as their owner handles them: looked at, replayed, tested.

use std::collections::HashMap;

use chrono::{DateTime, SubsecRound, Utc};
use serde_json::json;
use tenantry_authz::{Action, Ctx};
use tenantry_kernel::{DeliveryId, Error, Kind, MessageId, Result, TenantId, WebhookEndpointId};
use tenantry_store::audit::{self, By, Entry};
use tenantry_store::{Page, PageRequest, TenantTx};

use super::events::{self, EventType, TEST};
use super::model::{AT_ONCE, Delivery, DeliveryState, Endpoint, MOST_WAITING, TRIED_FOR};
use super::{Webhooks, repo};

impl Webhooks {
    /// The same page of each of these endpoints' deliveries of the last 30 days, newest first, by one statement. The cursor is
    /// the text of the last one's id. An endpoint without any, or of another tenant, is left out. Of events about what the
    /// actor may not see there is no data.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden`; `Invalid` for what is no cursor.
    pub(crate) async fn deliveries(
        &self,
        ctx: &Ctx,
        (tenant, endpoints): (TenantId, &[WebhookEndpointId]),
        (state, page): (Option<DeliveryState>, &PageRequest),
    ) -> Result<HashMap<WebhookEndpointId, Page<Delivery>>> {
        let permit = Self::may(ctx, Action::View, tenant)?;
        let tx = TenantTx::begin(&self.0.db, &permit).await?;
        let mut pages = repo::deliveries(&tx, (endpoints, state), page).await?;
        tx.commit().await?;
        for page in pages.values_mut() {
            page.rows = std::mem::take(&mut page.rows).into_iter().map(|d| d.seen_by(ctx, tenant)).collect();
        }
        Ok(pages)
    }

    /// Sends a test: the example of an event type, or a greeting. It works before anything has happened, is no part of the
    /// feed, and reaches the endpoint whatever types it has chosen.
    ///
    /// # Errors
    /// `Invalid` for a type that is none; `Conflict` for an endpoint that is disabled; `QuotaExceeded` for one
    /// that too much waits for; `NotFound` for another tenant's.
    pub(crate) async fn send_test(
        &self,
        ctx: &Ctx,
        (tenant, id): (TenantId, WebhookEndpointId),
        event_type: Option<&str>,
    ) -> Result<Delivery> {
        let permit = Self::may(ctx, Action::Manage, tenant)?;
        let event = wanted(event_type)?;
        let tx = TenantTx::begin(&self.0.db, &permit).await?;
        let endpoint = repo::get(&tx, id, true).await?;
        enabled(&endpoint)?;
        if endpoint.pending >= MOST_WAITING {
            let full = format!("{MOST_WAITING} deliveries wait for this endpoint, the most.");
            return Err(Error::new(Kind::QuotaExceeded, full)
                .with_remedy("Make its receiver answer, or wait until the deliveries have ended."));
        }
        let now = ctx.now().trunc_subsecs(6);
        let public = events::test_body(event, now);
        let delivery = DeliveryId::generate(ctx.clock(), ctx.entropy());
        let test = repo::TestMessage {
            delivery,
            message: MessageId::generate(ctx.clock(), ctx.entropy()),
            endpoint: id,
            name: public.name,
            body: &public.body,
            at: now,
            give_up_at: now + TRIED_FOR,
        };
        repo::insert_test(&tx, test).await?;
        let made = repo::delivery(&tx, delivery, false).await?;
        let details = json!({ "eventType": public.name, "delivery": delivery.to_string() });
        record(&tx, ctx, ("webhook.test", id.to_string(), details)).await?;
        tx.commit().await?;
        Ok(made)
    }

    /// Sends a message to its endpoint again, with the same id, and tries for three more days. One that is being sent at this
    /// moment stays as it is.
    ///
    /// # Errors
    /// `Conflict` where the endpoint is disabled; `NotFound` for another tenant's, and for what is older than 30 days.
    pub(crate) async fn replay(&self, ctx: &Ctx, tenant: TenantId, id: DeliveryId) -> Result<Delivery> {
        let permit = Self::may(ctx, Action::Manage, tenant)?;
        let tx = TenantTx::begin(&self.0.db, &permit).await?;
        let delivery = repo::delivery(&tx, id, true).await?;
        enabled(&repo::get(&tx, delivery.endpoint, false).await?)?;
        if repo::replay(&tx, id, (ctx.now(), ctx.now() + TRIED_FOR)).await? == 0 {
            return Ok(delivery.seen_by(ctx, tenant));
        }
        let replayed = repo::delivery(&tx, id, false).await?;
        let details =
            json!({ "endpoint": delivery.endpoint.to_string(), "message": delivery.message.to_string() });
        record(&tx, ctx, ("webhook.replay", id.to_string(), details)).await?;
        tx.commit().await?;
        Ok(replayed.seen_by(ctx, tenant))
    }

    /// Replays an endpoint's dead deliveries that were made since a moment, oldest first. How many; repeating it finds none.
    /// Each transaction takes some thousands and has a record of its own: broken off, what was replayed is replayed, and
    /// repeating it goes on with the rest.
    ///
    /// # Errors
    /// As [`Self::replay`].
    pub(crate) async fn replay_dead(
        &self,
        ctx: &Ctx,
        (tenant, id): (TenantId, WebhookEndpointId),
        since: DateTime<Utc>,
    ) -> Result<u64> {
        let permit = Self::may(ctx, Action::Manage, tenant)?;
        let window = (ctx.now(), ctx.now() + TRIED_FOR);
        let mut all = 0;
        loop {
            let tx = TenantTx::begin(&self.0.db, &permit).await?;
            enabled(&repo::get(&tx, id, false).await?)?;
            let replayed = repo::replay_dead(&tx, (id, since), window).await?;
            if replayed > 0 || all == 0 {
                let details = json!({ "since": since, "deliveries": replayed });
                record(&tx, ctx, ("webhook.replay", id.to_string(), details)).await?;
            }
            tx.commit().await?;
            all += replayed;
            if replayed < AT_ONCE.unsigned_abs() {
                return Ok(all);
            }
        }
    }
}

fn wanted(event_type: Option<&str>) -> Result<Option<&'static EventType>> {
    match event_type {
        None | Some(TEST) => Ok(None),
        Some(name) => {
            let unknown = || {
                Error::invalid("eventType", "There is no such event type.")
                    .with_remedy("Choose among the tenant's webhookEventTypes, or give none.")
            };
            events::named(name).map(Some).ok_or_else(unknown)
        }
    }
}

fn enabled(endpoint: &Endpoint) -> Result<()> {
    if endpoint.disabled_at.is_none() {
        return Ok(());
    }
    Err(Error::conflict("This endpoint is disabled.").with_remedy("Enable it first."))
}

async fn record(
    tx: &TenantTx,
    ctx: &Ctx,
    (action, resource, details): (&'static str, String, serde_json::Value),
) -> Result<()> {
    let entry = Entry { tenant: tx.tenant(), action, resource, result: "ok", details };
    audit::append(tx, By::ctx(ctx), entry).await.map(|_| ())
}
