//! OpenID Connect: what a provider says about a person, believed only after it was checked (OpenID Connect Core 1.0,
//! authorization code flow with PKCE). It knows no tables: [`Oidc`] takes a connection's settings and gives back what the
//! provider [asserts](crate::Asserted), or the one [`Refusal`] that tells why not. GitHub, which has no OpenID Connect, is
//! spoken to in its own way behind the same calls.
//!
//! What it owns:
//! - [`Oidc::begin`]: the address that a browser is sent to, and the secrets that its answer is checked by;
//! - [`Oidc::complete`]: the answer: issuer (RFC 9207), code for tokens, ID token, userinfo where claims lack;
//! - [`Oidc::logged_out`]: a provider's message that somebody's session has ended (Back-Channel Logout 1.0);
//! - [`Oidc::log_out_address`]: where a browser ends its session at the provider (RP-Initiated Logout 1.0);
//! - what is known of providers ([`known`]): their metadata and keys, bounded and forgotten after minutes.
//!
//! What it refuses: `none`, every HMAC and every algorithm that is not RS256, PS256, ES256 or EdDSA; a redirect from any
//! address that a provider's metadata names; an address that `tenantry-outbound` refuses; answers that are too large or
//! too slow; implicit and hybrid flows, request objects, encrypted tokens.
//!
//! Invariants:
//! - the algorithm is one of four, whatever a token or the metadata says, and the key is of the issuer that was
//!   configured: a token chooses neither;
//! - every check that fails has its own code ([`Refusal::code`]). The browser learns none of them;
//! - an e-mail address counts as verified only where the provider says `email_verified: true` beside that very address;
//! - clocks may differ by 60 seconds, no more;
//! - whoever sends us tokens with unknown keys makes us ask the provider once a minute.
//!
//! Failure modes: a provider that is away, slow or wrong is a [`Refusal`]; nothing is retried, the person does that.

mod address;
mod complete;
mod exchange;
mod fetch;
mod flows;
mod github;
mod id_token;
mod known;
mod logout;
mod metadata;
mod provider;
mod refusal;
#[cfg(test)]
mod tests;
mod userinfo;

use std::sync::Arc;
use std::time::Duration;

pub use address::Begun;
pub use complete::Answer;
pub use logout::LoggedOut;
pub use refusal::Refusal;
use tenantry_kernel::{Clock, Entropy};
use tenantry_outbound::Outbound;

use crate::oidc::known::Known;

/// Seconds that clocks may differ.
const SKEW: chrono::TimeDelta = chrono::TimeDelta::seconds(60);
/// A person waits for it: a provider that takes longer for one answer is away.
const PATIENCE: Duration = Duration::from_secs(10);

/// The protocol. Cheap to clone.
#[derive(Clone)]
pub struct Oidc(Arc<Inner>);

struct Inner {
    outbound: Outbound,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    callback: String,
    known: Known,
    patience: Duration,
}

impl Oidc {
    /// Below `callback` browsers come back, each connection's at an address of its own, which is registered at its provider.
    pub fn new(
        outbound: Outbound,
        (clock, entropy): (Arc<dyn Clock>, Arc<dyn Entropy>),
        callback: impl Into<String>,
    ) -> Self {
        Self(Arc::new(Inner {
            outbound,
            clock,
            entropy,
            callback: callback.into(),
            known: Known::default(),
            patience: PATIENCE,
        }))
    }

    /// As it is registered at the provider.
    fn redirect_uri(&self, callback: &str) -> String {
        format!("{}/{callback}", self.0.callback)
    }

    /// With less patience.
    #[cfg(test)]
    fn impatient(outbound: Outbound, clock: Arc<dyn Clock>, patience: Duration) -> Self {
        let mut oidc = Self::new(
            outbound,
            (clock, Arc::new(tenantry_kernel::OsEntropy)),
            "https://portal.example/oidc/callback",
        );
        if let Some(inner) = Arc::get_mut(&mut oidc.0) {
            inner.patience = patience;
        }
        oidc
    }
}
