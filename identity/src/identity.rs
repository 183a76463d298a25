use std::sync::Arc;

use chrono::TimeDelta;
use tenantry_authz::Runtime;
use tenantry_kernel::{Error, Result, Secret, Shared};
use tenantry_keys::Keys;
use tenantry_outbound::Outbound;
use tenantry_store::Db;

use crate::mail::Mailer;
use crate::passkeys::RelyingParty;
use crate::passwords::{Hashing, PasswordHasher};
use crate::ports::{Seats, Unwired};
use crate::sso::{SocialProvider, TxtRecords};
use crate::throttle::{Throttle, Throttling};

/// What identity stands on, and its settings.
#[derive(Clone)]
pub struct IdentityConfig {
    pub db: Db,
    /// Clock and randomness of whatever runs without a request's context.
    pub runtime: Runtime,
    pub mailer: Arc<dyn Mailer>,
    /// Where the portal is reached, such as `https://portal.example.com`: links in mails begin with it.
    pub public_url: String,
    pub hashing: Hashing,
    /// A session ends this long after log-in, however busy.
    pub session_lifetime: TimeDelta,
    /// A session ends when it was not used for this long.
    pub session_idle: TimeDelta,
    pub throttling: Throttling,
    /// How many people a tenant may have. Without it nobody can be invited.
    pub seats: Arc<dyn Seats>,
    /// What seeds and recovery codes are kept under, and what tenants' identity providers have entrusted to us. Without
    /// it nobody can set up a second factor or a connection.
    pub keys: Option<Keys>,
    /// Who reads the records by which tenants prove domains. Without it none can be proven.
    pub txt: Arc<dyn TxtRecords>,
    /// The identity providers that everybody may log in by.
    pub social: Vec<SocialProvider>,
    /// The way to addresses that customers have named: of providers' metadata. Without it there is no SAML.
    pub outbound: Option<Outbound>,
}

impl IdentityConfig {
    /// The defaults: sessions of 30 days, 14 days idle, OWASP's hashing parameters.
    pub fn new(db: Db, runtime: Runtime, mailer: Arc<dyn Mailer>, public_url: impl Into<String>) -> Self {
        Self {
            db,
            runtime,
            mailer,
            public_url: public_url.into(),
            hashing: Hashing::default(),
            session_lifetime: TimeDelta::days(30),
            session_idle: TimeDelta::days(14),
            throttling: Throttling::default(),
            seats: Arc::new(Unwired),
            keys: None,
            txt: Arc::new(Unwired),
            social: Vec::new(),
            outbound: None,
        }
    }
}

/// People and their ways in. Cheap to clone.
#[derive(Clone)]
pub struct Identity(Shared<Inner>);

struct Inner {
    config: IdentityConfig,
    hasher: PasswordHasher,
    throttle: Throttle,
    /// Passkeys are bound to a name: a portal that is reached by an address has none.
    relying_party: Option<RelyingParty>,
}

impl Identity {
    /// # Errors
    /// `Invalid` when the hashing parameters are out of Argon2's bounds.
    pub fn new(config: IdentityConfig) -> Result<Self> {
        let hasher = PasswordHasher::new(config.hashing, config.runtime.entropy.clone())?;
        let throttle = Throttle::new(config.throttling, &config.runtime);
        let relying_party = RelyingParty::of(&config.public_url);
        Ok(Self(Shared::new(Inner { config, hasher, throttle, relying_party })))
    }

    pub(crate) fn config(&self) -> &IdentityConfig {
        &self.0.config
    }

    pub(crate) fn db(&self) -> &Db {
        &self.0.config.db
    }

    pub(crate) fn runtime(&self) -> &Runtime {
        &self.0.config.runtime
    }

    pub(crate) fn hasher(&self) -> &PasswordHasher {
        &self.0.hasher
    }

    pub(crate) fn throttle(&self) -> &Throttle {
        &self.0.throttle
    }

    pub(crate) fn keys(&self) -> Result<&Keys> {
        self.0.config.keys.as_ref().ok_or_else(|| Error::internal("no keyring is wired for second factors"))
    }

    pub(crate) fn relying_party(&self) -> Result<&RelyingParty> {
        self.0.relying_party.as_ref().ok_or_else(|| {
            Error::conflict("Passkeys need a portal that is reached by a name.").with_remedy(
                "Use an authenticator, or reach the portal by its host name, not by an IP address.",
            )
        })
    }

    /// A link of the portal. The token stands in the fragment, which browsers send to no server: it stays out of
    /// access logs and `Referer`.
    pub(crate) fn link(&self, page: &str, token: &Secret) -> Secret {
        let base = self.0.config.public_url.trim_end_matches('/');
        Secret::new(format!("{base}/{page}#token={}", token.expose()))
    }
}
