use std::sync::Arc;

use chrono::TimeDelta;
use tenantry_authz::Runtime;
use tenantry_kernel::{Result, Secret};
use tenantry_store::Db;

use crate::mail::Mailer;
use crate::passwords::{Hashing, PasswordHasher};
use crate::ports::{Seats, Unwired};
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
        }
    }
}

/// People and their ways in. Cheap to clone.
#[derive(Clone)]
pub struct Identity(Arc<Inner>);

struct Inner {
    config: IdentityConfig,
    hasher: PasswordHasher,
    throttle: Throttle,
}

impl Identity {
    /// # Errors
    /// `Invalid` when the hashing parameters are out of Argon2's bounds.
    pub fn new(config: IdentityConfig) -> Result<Self> {
        let hasher = PasswordHasher::new(config.hashing, config.runtime.entropy.clone())?;
        let throttle = Throttle::new(config.throttling, &config.runtime);
        Ok(Self(Arc::new(Inner { config, hasher, throttle })))
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

    /// A link of the portal. The token stands in the fragment, which browsers send to no server: it stays out of
    /// access logs and `Referer`.
    pub(crate) fn link(&self, page: &str, token: &Secret) -> Secret {
        let base = self.0.config.public_url.trim_end_matches('/');
        Secret::new(format!("{base}/{page}#token={}", token.expose()))
    }
}
