//! Providers that the installation offers to everybody, and the way from an address to its provider.

use sha2::{Digest, Sha256};
use tenantry_authz::Ctx;
use tenantry_kernel::{ConnectionId, Result};
use tenantry_store::{SystemRole, SystemTx};
use uuid::Uuid;

use super::domains::domain_of;
use super::{SocialProvider, system_repo};
use crate::Identity;
use crate::users::Email;

/// A way in that is offered before anybody has logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WayIn {
    pub connection: ConnectionId,
    /// As the button says it.
    pub name: String,
    /// `google`, `microsoft`, `github` …; `None`: a tenant's connection.
    pub code: Option<String>,
    /// Whether the tenant lets these people in by no other way.
    pub enforced: bool,
}

impl SocialProvider {
    /// The connection's id, made of its word: the same on each node and after each start.
    pub fn connection(&self) -> ConnectionId {
        let digest = Sha256::digest(format!("tenantry/social/{}", self.code).as_bytes());
        let bytes = digest.iter().take(16).fold(0_u128, |all, byte| (all << 8) | u128::from(*byte));
        ConnectionId::from_uuid(Uuid::from_u128(bytes))
    }
}

pub(super) fn find(all: &[SocialProvider], id: ConnectionId) -> Option<&SocialProvider> {
    all.iter().find(|provider| provider.connection() == id)
}

impl Identity {
    /// The providers that everybody may log in by.
    pub fn social_ways_in(&self) -> Vec<WayIn> {
        let of = |provider: &SocialProvider| WayIn {
            connection: provider.connection(),
            name: provider.name.clone(),
            code: Some(provider.code.clone()),
            enforced: false,
        };
        self.config().social.iter().map(of).collect()
    }

    /// The connection that people with addresses in this one's domain come by. It tells of domains, and nothing about
    /// accounts: the answer is the same whether or not there is one.
    ///
    /// # Errors
    /// `RateLimited` for too many attempts.
    pub async fn discover(&self, ctx: &Ctx, email: &str) -> Result<Option<WayIn>> {
        self.throttle().address(ctx.origin().address)?;
        let Ok(email) = email.parse::<Email>() else { return Ok(None) };
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let found = system_repo::by_domain(&tx, domain_of(email.as_str())).await?;
        tx.commit().await?;
        Ok(found.map(|connection| WayIn {
            connection: connection.id,
            enforced: connection.enforced_at.is_some(),
            name: connection.name,
            code: None,
        }))
    }
}
