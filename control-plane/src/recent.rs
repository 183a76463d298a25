//! Who credentials were of, a moment ago.
//!
//! A page of the portal asks several things at once, and a program many in a second. Who they are is read from the
//! database for the first of these requests and believed for the others, for [`KEPT`] at the most.
//!
//! Invariants:
//! - what was taken away (a session, a key, a role, a consent) is gone after [`KEPT`] on every node, and at the next
//!   request on the node where it was taken: a mutation makes that node forget everybody ([`Recent::forget`]);
//! - what was given counts at once, everywhere: nobody is kept who was not known, and a query that is refused for
//!   somebody who was believed is asked again for whoever it is now (`http/graphql/serve.rs`);
//! - only queries are answered so. Mutations, downloads and each event of a long-lived connection look who it is.
//!
//! Failure modes: while the database is away, whoever was known lives on for [`KEPT`].

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};
use tenantry_authz::{Actor, Ctx};
use tenantry_kernel::Result;

use crate::app::Credential;

/// How long who somebody is, is believed.
pub(crate) const KEPT: Duration = Duration::from_millis(200);
/// How many credentials are kept; each is some hundred bytes.
const MOST: usize = 4096;

/// A credential by its hash. Programs may be bound to addresses, so theirs counts too.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    hash: [u8; 32],
    bearer: bool,
    address: Option<IpAddr>,
}

impl Key {
    fn of(credential: &Credential, address: Option<IpAddr>) -> Option<Self> {
        let (token, bearer) = match credential {
            Credential::None => return None,
            Credential::Session(token) => (token, false),
            Credential::Bearer(token) => (token, true),
        };
        let hash = Sha256::digest(token.expose().as_bytes()).into();
        Some(Self { hash, bearer, address: address.filter(|_| bearer) })
    }
}

#[derive(Clone)]
struct Entry {
    ctx: Ctx,
    asked: Instant,
    round: u64,
}

/// What a node remembers of credentials. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Recent(Arc<Inner>);

struct Inner {
    kept: Duration,
    /// One more each time everybody is forgotten.
    round: AtomicU64,
    of: Cache<Key, Entry>,
}

impl Recent {
    /// With `Duration::ZERO` nothing is kept.
    pub(crate) fn new(kept: Duration) -> Self {
        Self(Arc::new(Inner { kept, round: AtomicU64::new(0), of: Cache::new(MOST) }))
    }

    /// The context of whoever the credential is of, and whether that is only believed: it was so a moment ago. Else
    /// `ask` has found it.
    ///
    /// # Errors
    /// Those of `ask`.
    pub(crate) async fn context(
        &self,
        (credential, address): (&Credential, Option<IpAddr>),
        ask: impl Future<Output = Result<Ctx>>,
    ) -> Result<(Ctx, bool)> {
        let Some(key) = Key::of(credential, address).filter(|_| !self.0.kept.is_zero()) else {
            return Ok((ask.await?, false));
        };
        // Before it is asked: what changes meanwhile must not be overlooked.
        let (asked, round) = (Instant::now(), self.0.round.load(Ordering::Acquire));
        if let Some(entry) = self.0.of.get(&key)
            && entry.round == round
            && asked.saturating_duration_since(entry.asked) < self.0.kept
        {
            return Ok((entry.ctx, true));
        }
        let ctx = ask.await?;
        if *ctx.actor() != Actor::Anonymous {
            self.0.of.insert(key, Entry { ctx: ctx.clone(), asked, round });
        }
        Ok((ctx, false))
    }

    /// Something may have been taken away from somebody.
    pub(crate) fn forget(&self) {
        self.0.round.fetch_add(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
#[path = "recent_tests.rs"]
mod tests;
