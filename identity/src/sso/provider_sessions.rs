//! The provider that a session came by, for logging out there too.

use tenantry_authz::{Actor, Ctx};
use tenantry_kernel::{Result, Secret};
use tenantry_store::{SystemRole, SystemTx};

use super::arrive::id_token_of;
use super::{ConnectionSettings, FlowPurpose, system_repo};
use crate::Identity;

/// A provider that a session came by.
#[derive(Debug, Clone)]
pub struct ProviderSession {
    pub settings: ConnectionSettings,
    /// The ID token of the log-in, for logging out at the provider.
    pub id_token_hint: Option<Secret>,
}

impl Identity {
    /// The tenant's provider that the request's session came by, if it did.
    ///
    /// # Errors
    /// `NotFound` when the connection is gone.
    pub async fn provider_session(&self, ctx: &Ctx) -> Result<Option<ProviderSession>> {
        let Actor::User { session, .. } = ctx.actor() else { return Ok(None) };
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let Some((connection, sealed)) = system_repo::provenance(&tx, *session).await? else {
            return Ok(None);
        };
        let settings = self.settings(&tx, (connection, FlowPurpose::Test)).await?;
        let id_token_hint = match (sealed, settings.tenant) {
            (Some(sealed), Some(tenant)) => {
                let subject = session.to_string();
                Some(self.keys()?.open(&tx, tenant, id_token_of(&subject), &sealed).await?)
            }
            _ => None,
        };
        tx.commit().await?;
        Ok(Some(ProviderSession { settings, id_token_hint }))
    }
}
