//! Webhook endpoints, their deliveries, and the table of events.

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use serde_json::Value;
use tenantry_authz::Ctx;
use tenantry_kernel::{Secret, TenantId, WebhookEndpointId};
use tenantry_store::{Page, PageRequest};

use super::condition::Fresh;
use super::connection::{List, connection};
use super::error::{Answer, Problem, parse_id, request_of};
use super::mutation::{PlainPayload, plain};
use super::nested::{self, DeliveriesKey};
use crate::app::App;
use crate::webhooks::{self, EndpointChange, NewEndpoint, events};

/// A kind of event that can be subscribed to.
#[derive(SimpleObject)]
pub(crate) struct WebhookEventType {
    /// As in an endpoint's `eventTypes` and a payload's `type`: instance.ready
    name: String,
    description: String,
    /// A whole payload, as a receiver would get it.
    example: Value,
    /// What one needs to see what it is about: without it `data` is empty, and an endpoint cannot be made to get it.
    right: String,
}

/// Where events are sent.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct WebhookEndpoint {
    id: ID,
    url: String,
    description: String,
    /// Which events it gets. None: all of them, later ones too.
    event_types: Vec<String>,
    /// Since when nothing is sent there.
    disabled_at: Option<DateTime<Utc>>,
    /// Who disabled it: owner, gone (it answered 410) or failing (nothing has succeeded for five days).
    disabled_reason: Option<String>,
    /// The first failure after which nothing has succeeded.
    failing_since: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    /// Until when messages are also signed with the secret before the newest.
    secret_rotated_until: Option<DateTime<Utc>>,
    /// Deliveries that wait for an attempt, counted up to 10,000.
    pending: i64,
    /// Deliveries that were given up, counted up to 10,000.
    dead: i64,
    #[graphql(skip)]
    key: (TenantId, WebhookEndpointId),
    /// Who asks, where this request has just changed that.
    #[graphql(skip)]
    fresh: Option<Fresh>,
}

/// Where a delivery is.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeliveryState {
    /// It waits for its first or next attempt.
    Pending,
    /// The receiver answered with 2xx.
    Delivered,
    /// Given up after three days, because the receiver is gone, or because too many waited. It can be replayed.
    Dead,
}

/// An event on its way to an endpoint.
#[derive(SimpleObject)]
pub(crate) struct WebhookDelivery {
    id: ID,
    /// The header `webhook-id`: the same for each endpoint and each time it is sent.
    message_id: String,
    event_type: String,
    state: DeliveryState,
    attempts: i32,
    next_attempt_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    delivered_at: Option<DateTime<Utc>>,
    last_status: Option<i32>,
    last_error: Option<String>,
    /// What is sent. Its `data` is empty here where the viewer may not see what the event is about.
    payload: Value,
    /// The last ten attempts, oldest first.
    log: Vec<WebhookAttempt>,
}

/// One attempt to deliver.
#[derive(SimpleObject)]
pub(crate) struct WebhookAttempt {
    at: DateTime<Utc>,
    /// The answer's HTTP status, if there was an answer.
    status: Option<i32>,
    error: Option<String>,
    duration_millis: i64,
    /// The first 2 KiB of the answer. Null also where the viewer may not see what the event is about: the answer may
    /// repeat it.
    response_body: Option<String>,
}

#[derive(InputObject)]
struct CreateWebhookEndpointInput {
    tenant_id: ID,
    /// https, on the public Internet.
    url: String,
    description: Option<String>,
    /// Names as in `webhookEventTypes`, of what one may see oneself. None: all of them, later ones too.
    event_types: Vec<String>,
}

#[derive(InputObject)]
struct UpdateWebhookEndpointInput {
    tenant_id: ID,
    id: ID,
    url: Option<String>,
    description: Option<String>,
    event_types: Option<Vec<String>>,
    disabled: Option<bool>,
}

#[derive(InputObject)]
struct WebhookEndpointInput {
    tenant_id: ID,
    id: ID,
}

#[derive(InputObject)]
struct SendTestWebhookInput {
    tenant_id: ID,
    id: ID,
    /// Whose example is sent; without it, a greeting.
    event_type: Option<String>,
}

#[derive(InputObject)]
struct WebhookDeliveryInput {
    tenant_id: ID,
    id: ID,
}

#[derive(InputObject)]
struct ReplayDeadDeliveriesInput {
    tenant_id: ID,
    endpoint_id: ID,
    /// Those made since then.
    since: DateTime<Utc>,
}

#[derive(SimpleObject)]
struct WebhookEndpointPayload {
    endpoint: Option<WebhookEndpoint>,
    /// whsec_…: shown once, after the endpoint is made and after its secret is rotated.
    secret: Option<String>,
    problem: Option<Problem>,
}

#[derive(SimpleObject)]
struct WebhookDeliveryPayload {
    delivery: Option<WebhookDelivery>,
    problem: Option<Problem>,
}

impl WebhookEndpoint {
    fn of((tenant, fresh): (TenantId, Option<Fresh>), e: webhooks::Endpoint) -> Self {
        Self {
            id: e.id.to_string().into(),
            url: e.url,
            description: e.description,
            event_types: e.event_types,
            disabled_at: e.disabled_at,
            disabled_reason: e.disabled_why,
            failing_since: e.failing_since,
            created_at: e.created_at,
            secret_rotated_until: e.rotated_until,
            pending: e.pending,
            dead: e.dead,
            key: (tenant, e.id),
            fresh,
        }
    }
}

#[ComplexObject]
impl WebhookEndpoint {
    /// What was sent there in the last 30 days, newest first; above 50,000, without the oldest that have ended.
    #[graphql(complexity = "crate::graphql::connection::page_cost(first, child_complexity)")]
    async fn deliveries(
        &self,
        ctx: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        state: Option<DeliveryState>,
    ) -> Result<List<WebhookDelivery>> {
        let page = PageRequest::new(first, after);
        let key = DeliveriesKey::new(self.key, state.map(Into::into), &page);
        let rows = nested::of(ctx, self.fresh.as_ref(), key).await?;
        let rows = rows.unwrap_or_else(|| Page::of(vec![], &page));
        Ok(connection(rows, &page, |d| (d.id.to_string(), d.into())))
    }
}

impl From<DeliveryState> for webhooks::DeliveryState {
    fn from(state: DeliveryState) -> Self {
        match state {
            DeliveryState::Pending => Self::Pending,
            DeliveryState::Delivered => Self::Delivered,
            DeliveryState::Dead => Self::Dead,
        }
    }
}

impl From<webhooks::DeliveryState> for DeliveryState {
    fn from(state: webhooks::DeliveryState) -> Self {
        match state {
            webhooks::DeliveryState::Pending => Self::Pending,
            webhooks::DeliveryState::Delivered => Self::Delivered,
            webhooks::DeliveryState::Dead => Self::Dead,
        }
    }
}

impl From<webhooks::Delivery> for WebhookDelivery {
    fn from(d: webhooks::Delivery) -> Self {
        Self {
            id: d.id.to_string().into(),
            message_id: d.message.to_string(),
            event_type: d.event_type,
            state: d.state.into(),
            attempts: d.attempts,
            next_attempt_at: d.next_attempt_at,
            created_at: d.created_at,
            delivered_at: d.delivered_at,
            last_status: d.last_status,
            last_error: d.last_error,
            // Written by ourselves as JSON, and checked by a test.
            payload: serde_json::from_str(&d.body).unwrap_or(Value::Null),
            log: d.log.into_iter().map(WebhookAttempt::from).collect(),
        }
    }
}

impl From<webhooks::Attempt> for WebhookAttempt {
    fn from(a: webhooks::Attempt) -> Self {
        Self {
            at: a.at,
            status: a.status.map(i32::from),
            error: a.error,
            duration_millis: a.millis,
            response_body: a.response,
        }
    }
}

type Made = std::result::Result<(webhooks::Endpoint, Option<Secret>), Problem>;

fn endpoint_payload(tenant: TenantId, outcome: Made) -> WebhookEndpointPayload {
    match outcome {
        Ok((endpoint, secret)) => WebhookEndpointPayload {
            endpoint: Some(WebhookEndpoint::of((tenant, None), endpoint)),
            secret: secret.map(|secret| secret.expose().to_owned()),
            problem: None,
        },
        Err(problem) => WebhookEndpointPayload { endpoint: None, secret: None, problem: Some(problem) },
    }
}

fn delivery_payload(outcome: std::result::Result<webhooks::Delivery, Problem>) -> WebhookDeliveryPayload {
    match outcome {
        Ok(delivery) => WebhookDeliveryPayload { delivery: Some(delivery.into()), problem: None },
        Err(problem) => WebhookDeliveryPayload { delivery: None, problem: Some(problem) },
    }
}

#[derive(Default)]
pub(super) struct WebhookMutation;

#[Object]
impl WebhookMutation {
    /// Makes an endpoint that gets events by HTTP POST, signed as Standard Webhooks says.
    async fn create_webhook_endpoint(
        &self,
        ctx: &Context<'_>,
        input: CreateWebhookEndpointInput,
    ) -> Result<WebhookEndpointPayload> {
        let tenant = parse_id(&input.tenant_id, "tenant").answer(ctx)?;
        let description = input.description.unwrap_or_default();
        let new = NewEndpoint { url: input.url, description, event_types: input.event_types };
        let made = ctx.data::<App>()?.webhooks.create(request_of(ctx), tenant, new).await;
        Ok(endpoint_payload(tenant, made.map(|(e, secret)| (e, Some(secret))).outcome(ctx)?))
    }

    /// Changes an endpoint; what is not given stays. Enabling one forgets its failures. To have events sent elsewhere, or more
    /// of them, one must be allowed to see what they are about.
    async fn update_webhook_endpoint(
        &self,
        ctx: &Context<'_>,
        input: UpdateWebhookEndpointInput,
    ) -> Result<WebhookEndpointPayload> {
        let tenant = parse_id(&input.tenant_id, "tenant").answer(ctx)?;
        let id = parse_id(&input.id, "webhook endpoint").answer(ctx)?;
        let change = EndpointChange {
            url: input.url,
            description: input.description,
            event_types: input.event_types,
            disabled: input.disabled,
        };
        let changed = ctx.data::<App>()?.webhooks.update(request_of(ctx), (tenant, id), change).await;
        Ok(endpoint_payload(tenant, changed.map(|e| (e, None)).outcome(ctx)?))
    }

    /// Deletes an endpoint with its deliveries. Nothing more is sent there.
    async fn delete_webhook_endpoint(
        &self,
        ctx: &Context<'_>,
        input: WebhookEndpointInput,
    ) -> Result<PlainPayload> {
        let tenant = parse_id(&input.tenant_id, "tenant").answer(ctx)?;
        let id = parse_id(&input.id, "webhook endpoint").answer(ctx)?;
        Ok(plain(ctx.data::<App>()?.webhooks.delete(request_of(ctx), tenant, id).await.outcome(ctx)?))
    }

    /// Gives an endpoint a new secret. Messages are signed with the one before too, for 24 hours.
    async fn rotate_webhook_secret(
        &self,
        ctx: &Context<'_>,
        input: WebhookEndpointInput,
    ) -> Result<WebhookEndpointPayload> {
        let tenant = parse_id(&input.tenant_id, "tenant").answer(ctx)?;
        let id = parse_id(&input.id, "webhook endpoint").answer(ctx)?;
        let rotated = ctx.data::<App>()?.webhooks.rotate(request_of(ctx), tenant, id).await;
        Ok(endpoint_payload(tenant, rotated.map(|(e, secret)| (e, Some(secret))).outcome(ctx)?))
    }

    /// Sends a test to an endpoint, whatever events it has chosen.
    async fn send_test_webhook(
        &self,
        ctx: &Context<'_>,
        input: SendTestWebhookInput,
    ) -> Result<WebhookDeliveryPayload> {
        let tenant = parse_id(&input.tenant_id, "tenant").answer(ctx)?;
        let id = parse_id(&input.id, "webhook endpoint").answer(ctx)?;
        let event_type = input.event_type.as_deref();
        let sent = ctx.data::<App>()?.webhooks.send_test(request_of(ctx), (tenant, id), event_type).await;
        Ok(delivery_payload(sent.outcome(ctx)?))
    }

    /// Sends a message to its endpoint again, with the same id.
    async fn replay_webhook_delivery(
        &self,
        ctx: &Context<'_>,
        input: WebhookDeliveryInput,
    ) -> Result<WebhookDeliveryPayload> {
        let tenant = parse_id(&input.tenant_id, "tenant").answer(ctx)?;
        let id = parse_id(&input.id, "webhook delivery").answer(ctx)?;
        let replayed = ctx.data::<App>()?.webhooks.replay(request_of(ctx), tenant, id).await;
        Ok(delivery_payload(replayed.outcome(ctx)?))
    }

    /// Replays an endpoint's dead deliveries that were made since a moment, oldest first. Repeating it goes on with the rest.
    async fn replay_dead_deliveries(
        &self,
        ctx: &Context<'_>,
        input: ReplayDeadDeliveriesInput,
    ) -> Result<PlainPayload> {
        let tenant = parse_id(&input.tenant_id, "tenant").answer(ctx)?;
        let id = parse_id(&input.endpoint_id, "webhook endpoint").answer(ctx)?;
        let replayed =
            ctx.data::<App>()?.webhooks.replay_dead(request_of(ctx), (tenant, id), input.since).await;
        Ok(plain(replayed.outcome(ctx)?))
    }
}

/// The tenant's endpoints.
pub(super) async fn endpoints(
    ctx: &Context<'_>,
    (request, tenant, fresh): (&Ctx, TenantId, Option<&Ctx>),
    page: PageRequest,
) -> Result<List<WebhookEndpoint>> {
    let app = ctx.data::<App>()?;
    let rows = app.webhooks.endpoints(request, tenant, &page).await.answer(ctx)?;
    // One for all of them: their deliveries are one query.
    let fresh = fresh.map(|request| Fresh::new(app, request.clone()));
    Ok(connection(rows, &page, |e| (e.id.to_string(), WebhookEndpoint::of((tenant, fresh.clone()), e))))
}

/// One of the tenant's endpoints.
pub(super) async fn endpoint(
    ctx: &Context<'_>,
    (request, tenant, fresh): (&Ctx, TenantId, Option<&Ctx>),
    id: ID,
) -> Result<WebhookEndpoint> {
    let app = ctx.data::<App>()?;
    let id = parse_id(&id, "webhook endpoint").answer(ctx)?;
    let endpoint = app.webhooks.endpoint(request, tenant, id).await.answer(ctx)?;
    Ok(WebhookEndpoint::of((tenant, fresh.map(|request| Fresh::new(app, request.clone()))), endpoint))
}

/// Everything that can be subscribed to.
pub(super) fn event_types() -> Vec<WebhookEventType> {
    let shown = |t: &events::EventType| WebhookEventType {
        name: t.name.to_owned(),
        description: t.description.to_owned(),
        example: t.example(),
        right: t.right().to_string(),
    };
    events::TYPES.iter().map(shown).collect()
}
