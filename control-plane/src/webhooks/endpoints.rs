//! A tenant's endpoints: made, changed, rotated, deleted, listed.

use chrono::{DateTime, SubsecRound, Utc};
use serde_json::json;
use tenantry_authz::{Action, Ctx};
use tenantry_kernel::{Access, Error, Kind, Result, Secret, TenantId, WebhookEndpointId};
use tenantry_keys::Purpose;
use tenantry_store::audit::{self, By, Entry};
use tenantry_store::{Page, PageRequest, TenantTx};

use super::events::{self, EventType};
use super::model::{self, Endpoint, MOST_ENDPOINTS, OVERLAP};
use super::{Webhooks, repo, sign};

/// An endpoint to make. Empty `event_types`: all of them, later ones too.
#[derive(Debug, Clone)]
pub(crate) struct NewEndpoint {
    pub(crate) url: String,
    pub(crate) description: String,
    pub(crate) event_types: Vec<String>,
}

/// What to change: `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct EndpointChange {
    pub(crate) url: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) event_types: Option<Vec<String>>,
    pub(crate) disabled: Option<bool>,
}

/// What a secret is sealed for.
pub(super) fn purpose(id: &str) -> Purpose<'_> {
    Purpose { kind: "webhook_secret", subject: id }
}

impl Webhooks {
    /// Makes an endpoint. Its secret is in the answer, and nowhere else again.
    ///
    /// # Errors
    /// `Invalid` for a URL that must not be reached or a type that is none; `Forbidden` for events about what the actor may
    /// not see, and without a fresh proof of the person; `Conflict` for a URL that has an endpoint; `QuotaExceeded` beyond 20 endpoints.
    pub(crate) async fn create(
        &self,
        ctx: &Ctx,
        tenant: TenantId,
        new: NewEndpoint,
    ) -> Result<(Endpoint, Secret)> {
        let permit = Self::may(ctx, Action::Manage, tenant)?;
        ctx.ensure_proof()?;
        let event_types = model::event_types(&new.event_types)?;
        self.ensure_sees((ctx, tenant), |t| events::wants(&event_types, t))?;
        let new = NewEndpoint {
            description: model::description(&new.description)?,
            event_types,
            url: self.reachable(tenant, &new.url).await?,
        };
        let secret = sign::new_secret(ctx.entropy());
        let tx = TenantTx::begin(&self.0.db, &permit).await?;
        repo::lock(&tx).await?;
        if repo::count(&tx).await? >= MOST_ENDPOINTS {
            let full = format!("An organisation has at most {MOST_ENDPOINTS} webhook endpoints.");
            return Err(Error::new(Kind::QuotaExceeded, full).with_remedy("Delete one you no longer need."));
        }
        let id = WebhookEndpointId::generate(ctx.clock(), ctx.entropy());
        let sealed = self.0.keys.seal(&tx, tenant, purpose(&id.to_string()), &secret).await?;
        // PostgreSQL keeps microseconds: answer what will be read back.
        repo::insert(&tx, id, (&new, &sealed, ctx.now().trunc_subsecs(6))).await?;
        let endpoint = repo::get(&tx, id, false).await?;
        self.recorded(tx, ctx, ("webhook.create", &endpoint)).await?;
        Ok((endpoint, secret))
    }

    /// Changes an endpoint. Where its events go, and which more, is said by who may see all of them. Disabling keeps what
    /// waits; enabling begins anew, with what happens from now on and what still waits. So does another address: the
    /// failures of the old one are not its own.
    ///
    /// # Errors
    /// As [`Self::create`]; `NotFound` for another tenant's.
    pub(crate) async fn update(
        &self,
        ctx: &Ctx,
        (tenant, id): (TenantId, WebhookEndpointId),
        change: EndpointChange,
    ) -> Result<Endpoint> {
        let permit = Self::may(ctx, Action::Manage, tenant)?;
        let url = match &change.url {
            Some(url) => Some(self.reachable(tenant, url).await?),
            None => None,
        };
        let tx = TenantTx::begin(&self.0.db, &permit).await?;
        let before = repo::get(&tx, id, true).await?;
        let mut endpoint = before.clone();
        if let Some(url) = url
            && url != endpoint.url
        {
            endpoint.url = url;
            endpoint.failing_since = None;
        }
        if let Some(text) = &change.description {
            endpoint.description = model::description(text)?;
        }
        if let Some(wanted) = &change.event_types {
            endpoint.event_types = model::event_types(wanted)?;
        }
        match (change.disabled, endpoint.disabled_at) {
            (Some(true), None) => {
                endpoint.disabled_at = Some(ctx.now().trunc_subsecs(6));
                endpoint.disabled_why = Some("owner".to_owned());
            }
            (Some(false), Some(_)) => {
                endpoint.disabled_at = None;
                endpoint.disabled_why = None;
                endpoint.failing_since = None;
            }
            _ => {}
        }
        if endpoint == before {
            return Ok(endpoint);
        }
        let told_before = |t: &EventType| endpoint.url == before.url && events::wants(&before.event_types, t);
        self.ensure_sees((ctx, tenant), |t| events::wants(&endpoint.event_types, t) && !told_before(t))?;
        repo::update(&tx, &endpoint).await?;
        repo::wake(&tx).await?;
        self.recorded(tx, ctx, ("webhook.update", &endpoint)).await?;
        Ok(endpoint)
    }

    /// Gives an endpoint a new secret, which is in the answer. The one before signs too for 24 hours; one before that ends now.
    ///
    /// # Errors
    /// `NotFound` for another tenant's, `Forbidden` without a fresh proof of the person.
    pub(crate) async fn rotate(
        &self,
        ctx: &Ctx,
        tenant: TenantId,
        id: WebhookEndpointId,
    ) -> Result<(Endpoint, Secret)> {
        let permit = Self::may(ctx, Action::Manage, tenant)?;
        ctx.ensure_proof()?;
        let secret = sign::new_secret(ctx.entropy());
        let tx = TenantTx::begin(&self.0.db, &permit).await?;
        repo::get(&tx, id, true).await?;
        let sealed = self.0.keys.seal(&tx, tenant, purpose(&id.to_string()), &secret).await?;
        let until = (ctx.now() + OVERLAP).trunc_subsecs(6);
        repo::rotate(&tx, id, (&sealed, until)).await?;
        let endpoint = repo::get(&tx, id, false).await?;
        self.recorded(tx, ctx, ("webhook.rotate", &endpoint)).await?;
        Ok((endpoint, secret))
    }

    /// Deletes an endpoint, its deliveries and their log: they are gone for everybody at once, and from the disk within an
    /// hour or so. What is being sent at this moment still arrives.
    ///
    /// # Errors
    /// `NotFound` for another tenant's, or when it is gone.
    pub(crate) async fn delete(&self, ctx: &Ctx, tenant: TenantId, id: WebhookEndpointId) -> Result<()> {
        let permit = Self::may(ctx, Action::Manage, tenant)?;
        let tx = TenantTx::begin(&self.0.db, &permit).await?;
        let endpoint = repo::get(&tx, id, true).await?;
        repo::delete(&tx, id, ctx.now()).await?;
        self.recorded(tx, ctx, ("webhook.delete", &endpoint)).await
    }

    /// # Errors
    /// `NotFound` for another tenant's.
    pub(crate) async fn endpoint(
        &self,
        ctx: &Ctx,
        tenant: TenantId,
        id: WebhookEndpointId,
    ) -> Result<Endpoint> {
        let permit = Self::may(ctx, Action::View, tenant)?;
        let tx = TenantTx::begin(&self.0.db, &permit).await?;
        let endpoint = repo::get(&tx, id, false).await?;
        tx.commit().await?;
        Ok(endpoint.seen_at(ctx.now()))
    }

    /// The tenant's endpoints, oldest first. The cursor is the text of the last one's id.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden`.
    pub(crate) async fn endpoints(
        &self,
        ctx: &Ctx,
        tenant: TenantId,
        page: &PageRequest,
    ) -> Result<Page<Endpoint>> {
        let permit = Self::may(ctx, Action::View, tenant)?;
        let tx = TenantTx::begin(&self.0.db, &permit).await?;
        let mut list = repo::list(&tx, page).await?;
        tx.commit().await?;
        list.rows = list.rows.into_iter().map(|endpoint| endpoint.seen_at(ctx.now())).collect();
        Ok(list)
    }

    /// That the actor may see what the events are about that will be told.
    ///
    /// # Errors
    /// `Forbidden` with the first right that lacks.
    fn ensure_sees(&self, (ctx, tenant): (&Ctx, TenantId), told: impl Fn(&EventType) -> bool) -> Result<()> {
        let hidden: Vec<&EventType> =
            events::TYPES.iter().filter(|t| told(t) && !events::may_see(ctx, tenant, t.name)).collect();
        let Some(first) = hidden.first() else { return Ok(()) };
        let names: Vec<&str> = hidden.iter().map(|t| t.name).collect();
        let granted_by = self.0.runtime.gate.roles_with(first.right());
        Err(Error::forbidden(format!("You may not see what these events are about: {}.", names.join(", ")))
            .with_remedy(
                "Choose event types without them, or ask somebody who may see it to make this change.",
            )
            .with_access(Access {
                missing: first.right().to_string(),
                granted_by: granted_by.iter().map(ToString::to_string).collect(),
            }))
    }

    /// The URL as it is kept, when it may be reached now.
    async fn reachable(&self, tenant: TenantId, url: &str) -> Result<String> {
        let checked = self.0.outbound.of(tenant).check(url.trim()).await;
        let target = checked.map_err(|error| error.of_field("url"))?;
        Ok(target.url().to_owned())
    }

    async fn recorded(
        &self,
        tx: TenantTx,
        ctx: &Ctx,
        (action, endpoint): (&'static str, &Endpoint),
    ) -> Result<()> {
        // Paths and queries of webhooks are often secrets themselves: the trail tells the place alone.
        let place = self.0.outbound.target(&endpoint.url).map(|t| t.origin()).unwrap_or_default();
        let entry = Entry {
            tenant: tx.tenant(),
            action,
            resource: endpoint.id.to_string(),
            result: "ok",
            details: json!({
                "place": place, "eventTypes": endpoint.event_types, "disabled": endpoint.disabled_at.is_some(),
            }),
        };
        audit::append(&tx, By::ctx(ctx), entry).await?;
        tx.commit().await
    }
}

impl Endpoint {
    /// Without an overlap that is over.
    fn seen_at(mut self, now: DateTime<Utc>) -> Self {
        self.rotated_until = self.rotated_until.filter(|until| *until > now);
        self
    }
}
