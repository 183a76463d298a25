//! Looking at a provider's metadata again: each day, when somebody asks for it, and when an answer is signed by a key that
//! is not known.

use chrono::TimeDelta;
use serde_json::json;
use tenantry_authz::Ctx;
use tenantry_kernel::{ConnectionId, Error, Result, TenantId};
use tenantry_store::audit::{self, By, Entry, Facts};
use tenantry_store::{SystemRole, SystemTx};
use tokio::task::JoinSet;

use super::super::ProviderSettings;
use super::super::model::Connection;
use super::super::service::find;
use super::repo;
use super::settings::{SamlSettings, facts};
use crate::Identity;
use crate::saml::IdentityProvider;

const EVERY: TimeDelta = TimeDelta::hours(24);
/// Between two looks for a key that is not known: whoever sends us nonsense makes us ask no more often.
const FOR_A_KEY: TimeDelta = TimeDelta::minutes(1);
/// Connections that one round looks at, and how many of them at once: one that is slow keeps few others waiting.
const MANY: i64 = 1_000;
const AT_ONCE: usize = 8;

impl Identity {
    /// Looks at the metadata of a connection now. What it brings, or why it is refused, stands with the connection.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` for a connection without an address of its metadata.
    pub async fn refresh_connection_metadata(
        &self,
        ctx: &Ctx,
        (tenant, id): (TenantId, ConnectionId),
    ) -> Result<Connection> {
        let tx = self.manage_sso(ctx, tenant).await?;
        let before = find(&tx, id).await?;
        tx.commit().await?;
        let url = match before.settings {
            ProviderSettings::Saml(SamlSettings { metadata_url: Some(url), .. }) => url,
            _ => {
                return Err(Error::conflict("The connection has no address of the provider's metadata.")
                    .with_remedy("Give one, or upload the metadata again."));
            }
        };
        let fetched = self.fetch_metadata(tenant, &url).await;
        self.take_in((id, &url), fetched, By::ctx(ctx)).await?;
        let tx = self.manage_sso(ctx, tenant).await?;
        let after = find(&tx, id).await?;
        tx.commit().await?;
        Ok(after)
    }

    /// Looks at all metadata that nobody has looked at for a day. How many.
    ///
    /// # Errors
    /// `Unavailable`: the rest is looked at next time.
    pub async fn refresh_due_metadata(&self) -> Result<usize> {
        let tx = SystemTx::begin(self.db(), SystemRole::Jobs).await?;
        let due = repo::due(&tx, (self.runtime().clock.now() - EVERY, MANY)).await?;
        tx.commit().await?;
        let (mut running, mut looked) = (JoinSet::new(), 0);
        let mut done =
            |outcome: Option<std::result::Result<Result<bool>, tokio::task::JoinError>>| match outcome {
                Some(Ok(Ok(true))) => looked += 1,
                Some(Ok(Err(error))) => {
                    tracing::warn!(error = ?error, "a provider's metadata is looked at later")
                }
                _ => {}
            };
        for id in due {
            if running.len() >= AT_ONCE {
                done(running.join_next().await);
            }
            let identity = self.clone();
            running.spawn(async move { identity.look(id, EVERY).await });
        }
        while !running.is_empty() {
            done(running.join_next().await);
        }
        Ok(looked)
    }

    /// Looks for a key that is not known, at most once a minute. Whether somebody has looked just now.
    pub(super) async fn look_again(&self, id: ConnectionId) -> Result<bool> {
        self.look(id, FOR_A_KEY).await
    }

    async fn look(&self, id: ConnectionId, every: TimeDelta) -> Result<bool> {
        let now = self.runtime().clock.now();
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let taken = repo::look(&tx, id, (now, every)).await?;
        tx.commit().await?;
        let Some((tenant, url)) = taken else { return Ok(false) };
        let fetched = self.fetch_metadata(tenant, &url).await;
        self.take_in((id, &url), fetched, By::system("metadata", now)).await?;
        Ok(true)
    }

    /// Takes over what a document says of the entity that is connected.
    async fn take_in(
        &self,
        (id, url): (ConnectionId, &str),
        fetched: std::result::Result<IdentityProvider, String>,
        by: By,
    ) -> Result<()> {
        let now = self.runtime().clock.now();
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let Some(connection) = repo::locked(&tx, id).await? else { return Ok(()) };
        let ProviderSettings::Saml(before) = &connection.settings else { return Ok(()) };
        // Somebody has changed where it comes from, meanwhile.
        if before.metadata_url.as_deref() != Some(url) {
            return Ok(());
        }
        let (after, problem) = match fetched {
            Ok(provider) if provider.entity_id == before.issuer => (before.clone().with(provider), None),
            Ok(provider) => (before.clone(), Some(foreign(&provider.entity_id))),
            Err(why) => (before.clone(), Some(why)),
        };
        if let Some(problem) = &problem {
            tracing::info!(connection.id = %id, metadata.problem = problem, "a provider's metadata is not taken over");
        }
        repo::looked(&tx, (id, &after), (problem.as_deref(), now)).await?;
        if after != *before {
            let entry = Entry {
                tenant: connection.tenant,
                action: "connection.metadata_refreshed",
                resource: id.to_string(),
                result: audit::OK,
                details: json!({ "name": connection.name }),
            };
            audit::append(
                &tx,
                by,
                entry.changing(Some(facts(Facts::new(), before)), Some(facts(Facts::new(), &after))),
            )
            .await?;
        }
        tx.commit().await
    }
}

fn foreign(entity_id: &str) -> String {
    let shown: String = entity_id.chars().filter(|c| !c.is_control()).take(200).collect();
    format!(
        "The document is of another provider, `{shown}`. If that is meant, change the connection's metadata."
    )
}
