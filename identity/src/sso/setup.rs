//! A link by which somebody without an account, of the customer's IT, sets one connection up: its settings and tests of
//! them. Who comes in by it, as what, and whether it is enforced, is for the tenant's owners.

use chrono::{DateTime, Utc};
use serde_json::json;
use tenantry_authz::Ctx;
use tenantry_kernel::{ConnectionId, Error, Result, Secret, TenantId, random_token};
use tenantry_store::audit::Facts;
use tenantry_store::{SystemRole, SystemTx};

use super::model::{Connection, ProviderInput, SETUP_LASTS};
use super::record::record;
use super::service::{Update, facts, find, ticket};
use super::{repo, system_repo};
use crate::Identity;

/// A link that was just made.
#[derive(Debug, Clone)]
pub struct SetupLink {
    /// Shown once.
    pub url: Secret,
    pub expires_at: DateTime<Utc>,
}

impl Identity {
    /// Makes a link for setting a connection up, good for seven days. One before it is void.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` for a connection that is enforced.
    pub async fn make_setup_link(
        &self,
        ctx: &Ctx,
        (tenant, id): (TenantId, ConnectionId),
    ) -> Result<(Connection, SetupLink)> {
        let tx = self.manage_sso(ctx, tenant).await?;
        let connection = find(&tx, id).await?;
        connection.ensure_changeable()?;
        let token = random_token(ctx.entropy());
        let expires_at = ctx.now() + SETUP_LASTS;
        repo::insert_setup(&tx, id, (&token, ctx.now(), expires_at)).await?;
        let change = (None, Some(Facts::one("expiresAt", expires_at)));
        record(&tx, ctx, (tenant, "connection.setup_link_made", id.to_string()), json!({}), change).await?;
        tx.commit().await?;
        let connection = Connection { setup_until: Some(expires_at), ..connection };
        Ok((connection, SetupLink { url: self.link("sso/setup", &token), expires_at }))
    }

    /// Makes a connection's link void. Repeating it changes nothing.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn revoke_setup_link(
        &self,
        ctx: &Ctx,
        (tenant, id): (TenantId, ConnectionId),
    ) -> Result<Connection> {
        let tx = self.manage_sso(ctx, tenant).await?;
        let connection = find(&tx, id).await?;
        if repo::delete_setup(&tx, id).await? {
            let resource = (tenant, "connection.setup_link_revoked", id.to_string());
            record(&tx, ctx, resource, json!({}), (None, None)).await?;
        }
        tx.commit().await?;
        Ok(Connection { setup_until: None, ..connection })
    }

    /// The connection that a link is for. `None`: unknown, void, expired, or the connection is enforced.
    ///
    /// # Errors
    /// `RateLimited` for too many attempts.
    pub async fn connection_to_set_up(&self, ctx: &Ctx, token: &Secret) -> Result<Option<Connection>> {
        self.throttle().address(ctx.origin().address)?;
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let found = system_repo::by_setup(&tx, (token, ctx.now())).await?;
        tx.commit().await?;
        Ok(found.filter(|connection| connection.enforced_at.is_none()))
    }

    /// Changes the settings of the connection that a link is for.
    ///
    /// # Errors
    /// `NotFound` for a link that does not work; `Invalid` for the settings; `Conflict` for a connection that is
    /// enforced, or that people have come in by; `RateLimited`.
    pub async fn set_up_connection(
        &self,
        ctx: &Ctx,
        (token, provider): (&Secret, ProviderInput),
    ) -> Result<Connection> {
        self.throttle().address(ctx.origin().address)?;
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let tenant = by_link(&tx, ctx, token).await?.tenant;
        // A document may have to be fetched, which nothing waits for.
        tx.commit().await?;
        let change = self.read_provider_input(tenant, provider).await?;
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let before = by_link(&tx, ctx, token).await?;
        // By other settings they would be whom whoever has the link says.
        if system_repo::has_people(&tx, before.id).await? {
            return Err(Error::conflict("People come in by this connection already.")
                .with_remedy("Ask an owner of the organisation to change it in the portal."));
        }
        let update = Update { name: None, change, by_owner: false };
        let (after, secret) = self.changed(&tx, ctx, (&before, update)).await?;
        if !repo::update(&tx, &after, secret).await? {
            return Err(Error::not_found("link"));
        }
        let resource = (after.tenant, "connection.updated", after.id.to_string());
        let change = (Some(facts(&before)), Some(facts(&after)));
        record(&tx, ctx, resource, json!({ "name": after.name, "by": "setup link" }), change).await?;
        tx.commit().await?;
        Ok(after)
    }

    /// Gives a ticket for one test of the connection that a link is for.
    ///
    /// # Errors
    /// As [`set_up_connection`](Self::set_up_connection).
    pub async fn test_connection_to_set_up(
        &self,
        ctx: &Ctx,
        (token, return_to): (&Secret, Option<&str>),
    ) -> Result<Secret> {
        self.throttle().address(ctx.origin().address)?;
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let connection = by_link(&tx, ctx, token).await?;
        connection.ensure_changeable()?;
        let ticket = ticket(&tx, ctx, (&connection, return_to)).await?;
        tx.commit().await?;
        Ok(ticket)
    }
}

async fn by_link(tx: &SystemTx, ctx: &Ctx, token: &Secret) -> Result<Connection> {
    system_repo::by_setup(tx, (token, ctx.now())).await?.ok_or_else(|| {
        Error::not_found("link").with_remedy("Ask an owner of the organisation for a new link.")
    })
}
