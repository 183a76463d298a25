//! Webhooks out, and the feed of events for those who cannot receive them.
//!
//! A fact of the outbox becomes a message of its tenant ([`events`]: which, under what name, with which fields) and one
//! delivery for each endpoint that wants it, in the transaction that marks the fact as dispatched (`dispatch`). A sender
//! claims due deliveries by a lease, sends them outside of any transaction and records the outcome under a fence
//! (`deliver`). What is sent is signed as Standard Webhooks says (`sign`); where it goes is judged by `tenantry-outbound`.
//!
//! Invariants:
//! - one delivery for each endpoint and message, whatever is repeated or killed; a delivery is sent at least once, and a
//!   message has the same id each time;
//! - positions of a tenant's feed have no gaps and become visible in order;
//! - a message holds only the fields that the table of [`events`] names: no secret, no e-mail address;
//! - a receiver that is slow or down costs others nothing: bounds per endpoint and tenant, and no more than half of all
//!   places for endpoints that fail;
//! - an endpoint is disabled by what it is now, never by what a claim saw of it (`health`);
//! - no transaction grows with what an endpoint holds, and what it holds is bounded (`tidy`); what waits is never dropped;
//! - nothing is sent inside a transaction, and a secret is opened only for the time of one attempt.
//!
//! Failure modes: a receiver that fails is tried again for three days, then its delivery is dead until it is replayed; one that
//! says 410, or fails for five days, is disabled, which is a fact and an audit row; a fact that cannot be written as a
//! message is set aside with the reason.

mod claim;
mod deliver;
mod dispatch;
mod endpoints;
pub(crate) mod events;
mod feed;
mod health;
mod model;
mod record;
mod replay;
mod repo;
#[cfg(test)]
mod repo_isolation_tests;
pub(crate) mod sign;
#[cfg(test)]
mod tests;
mod tidy;

pub(crate) use deliver::send_webhooks;
pub(crate) use endpoints::{EndpointChange, NewEndpoint};
pub(crate) use feed::{FeedPage, FeedQuery, FeedRow};
pub(crate) use model::{Attempt, Delivery, DeliveryState, Endpoint};
use tenantry_authz::{Action, Ctx, Permit, Resource, ResourceKind, Runtime};
use tenantry_kernel::{Result, Shared, TenantId};
use tenantry_keys::Keys;
use tenantry_outbound::Outbound;
use tenantry_store::Db;

/// Webhooks of all tenants. Cheap to clone.
#[derive(Clone)]
pub struct Webhooks(Shared<WebhooksConfig>);

/// What webhooks stand on.
pub struct WebhooksConfig {
    pub db: Db,
    pub keys: Keys,
    pub runtime: Runtime,
    pub outbound: Outbound,
}

impl Webhooks {
    pub fn new(config: WebhooksConfig) -> Self {
        Self(Shared::new(config))
    }

    fn may(ctx: &Ctx, action: Action, tenant: TenantId) -> Result<Permit> {
        ctx.permit(action, &Resource::new(ResourceKind::Webhook, tenant))
    }
}
