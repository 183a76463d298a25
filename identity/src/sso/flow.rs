//! The way to a provider and back.

use chrono::{DateTime, Utc};
use tenantry_authz::Ctx;
use tenantry_kernel::{ConnectionId, Error, Result, Secret, TenantId};
use tenantry_store::{SystemRole, SystemTx};

use super::model::{Connection, ConnectionState, TestResult, ensure_complete, local_path};
use super::saml::{SamlParties, SamlSettings};
use super::service::secret_of;
use super::{
    Ask, ConnectionSettings, Flow, FlowPurpose, FlowSecrets, Protocol, ProviderSettings, Start, social,
    system_repo,
};
use crate::Identity;
use crate::saml::ServiceProvider;

impl Identity {
    /// Whether a browser may set out for a provider, and with which settings.
    ///
    /// # Errors
    /// `NotFound` for a connection that is not there or that nobody can log in by, and for a ticket that is unknown, used
    /// or expired; `RateLimited`.
    pub async fn start_sso(&self, ctx: &Ctx, ask: Ask) -> Result<Start> {
        self.throttle().address(ctx.origin().address)?;
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let (purpose, id, return_to) = match ask {
            Ask::LogIn { connection, return_to } => {
                (FlowPurpose::LogIn, connection, local_path(return_to.as_deref()))
            }
            Ask::Test { ticket } => {
                let found = system_repo::take_ticket(&tx, (&ticket, ctx.now())).await?;
                let (connection, return_to) = found.ok_or_else(|| {
                    Error::not_found("test")
                        .with_remedy("Begin the test again: its address works once, for ten minutes.")
                })?;
                (FlowPurpose::Test, connection, return_to)
            }
        };
        let settings = self.settings(&tx, (id, purpose)).await?;
        tx.commit().await?;
        Ok(Start { settings, purpose, return_to })
    }

    /// Remembers a browser that sets out, for ten minutes.
    ///
    /// # Errors
    /// `Unavailable` when the database does not answer.
    pub async fn begin_flow(&self, ctx: &Ctx, start: &Start, secrets: &FlowSecrets) -> Result<()> {
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        system_repo::begin_flow(&tx, (start, secrets), ctx.now()).await?;
        tx.commit().await
    }

    /// The flow that this browser comes back in, with the settings of its connection as they are now. It can be taken
    /// once. `None`: unknown, expired, taken before, or begun by another browser.
    ///
    /// # Errors
    /// `NotFound` when the connection is gone, or can be used no more; `RateLimited`.
    pub async fn take_flow(
        &self,
        ctx: &Ctx,
        (state, browser): (&Secret, &Secret),
    ) -> Result<Option<(Flow, ConnectionSettings)>> {
        self.throttle().address(ctx.origin().address)?;
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let Some(flow) = system_repo::take_flow(&tx, (state, browser), ctx.now()).await? else {
            return Ok(None);
        };
        let settings = self.settings(&tx, (flow.connection, flow.purpose)).await;
        // What was taken is taken, whatever comes of it.
        tx.commit().await?;
        Ok(Some((flow, settings?)))
    }

    /// Keeps why a flow led to nothing, where it was a test: its administrators see the reason. It must hold no secret.
    ///
    /// # Errors
    /// `Unavailable` when the database does not answer.
    pub async fn flow_failed(&self, ctx: &Ctx, flow: &Flow, reason: &str) -> Result<()> {
        self.note_refusal(ctx, (flow.connection, flow.purpose, flow.created_at), reason).await
    }

    pub(super) async fn note_refusal(
        &self,
        ctx: &Ctx,
        (connection, purpose, began): (ConnectionId, FlowPurpose, DateTime<Utc>),
        reason: &str,
    ) -> Result<()> {
        tracing::info!(
            connection.id = %connection, flow.purpose = purpose.as_str(), request.id = %ctx.request(),
            flow.reason = reason, "single sign-on refused"
        );
        if purpose != FlowPurpose::Test {
            return Ok(());
        }
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let result = TestResult::failed(ctx.now(), reason);
        system_repo::set_test(&tx, connection, (&result, began)).await?;
        tx.commit().await
    }

    /// The settings of a connection of OpenID Connect: for a provider that says on its own that sessions end. It may say so
    /// of a whole company at once, so nothing is counted here; what costs most, our keys of SAML, is not opened.
    ///
    /// # Errors
    /// `NotFound` for a connection that is not there, or speaks another protocol.
    pub async fn connection_settings(&self, id: ConnectionId) -> Result<ConnectionSettings> {
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let found = system_repo::connection(&tx, id).await?;
        if matches!(found, Some((Connection { settings: ProviderSettings::Saml(_), .. }, _))) {
            return Err(Error::not_found("connection"));
        }
        let settings = self.settings(&tx, (id, FlowPurpose::Test)).await?;
        tx.commit().await?;
        Ok(settings)
    }

    /// Only tests go by a connection that was not tested.
    pub(super) async fn settings(
        &self,
        tx: &SystemTx,
        (id, purpose): (ConnectionId, FlowPurpose),
    ) -> Result<ConnectionSettings> {
        if let Some(provider) = social::find(&self.config().social, id) {
            return Ok(ConnectionSettings {
                connection: id,
                tenant: None,
                name: provider.name.clone(),
                callback: provider.code.clone(),
                protocol: provider.protocol.clone(),
            });
        }
        let found = system_repo::connection(tx, id).await?;
        let usable = |c: &Connection| purpose == FlowPurpose::Test || c.state() != ConnectionState::Draft;
        let (connection, sealed) =
            found.filter(|(c, _)| usable(c)).ok_or_else(|| Error::not_found("connection"))?;
        ensure_complete(&connection.settings)?;
        let whose = (connection.tenant, id);
        let protocol = match connection.settings {
            ProviderSettings::Oidc(settings) => {
                let secret = match sealed {
                    Some(sealed) => {
                        let subject = id.to_string();
                        Some(self.keys()?.open(tx, connection.tenant, secret_of(&subject), &sealed).await?)
                    }
                    None => None,
                };
                Protocol::Oidc { settings, secret }
            }
            ProviderSettings::Saml(settings) => self.saml_protocol(tx, whose, &settings).await?,
        };
        Ok(ConnectionSettings {
            connection: id,
            tenant: Some(connection.tenant),
            name: connection.name,
            callback: id.to_string(),
            protocol,
        })
    }

    async fn saml_protocol(
        &self,
        tx: &SystemTx,
        (tenant, id): (TenantId, ConnectionId),
        settings: &SamlSettings,
    ) -> Result<Protocol> {
        let (entity_id, acs_url) = self.saml_addresses(id);
        let keys = self.own_keys(tx, (tenant, id)).await?;
        Ok(Protocol::Saml(Box::new(SamlParties {
            sp: ServiceProvider { entity_id, acs_url, keys },
            idp: settings.provider(),
            attributes: settings.attributes.names(),
            allows_idp_initiated: settings.allows_idp_initiated,
            has_metadata_url: settings.metadata_url.is_some(),
        })))
    }
}
