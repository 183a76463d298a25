//! How often one account or one address may try: token buckets in memory.
//!
//! A limit is per process and forgotten at a restart: it slows guessing and floods of mail, it is no quota. Memory
//! is bounded by construction: a key is hashed, with a seed of this process, onto one of 65,536 buckets. Two keys
//! that share a bucket share a limit, which nobody can bring about on purpose without the seed.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use sha2::{Digest, Sha256};
use tenantry_authz::Runtime;
use tenantry_kernel::{Clock, Error, Kind, Result, TenantId};

use crate::users::Email;

/// A token bucket: `burst` tries at once, then one more each `every`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    pub burst: NonZeroU32,
    pub every: Duration,
}

impl Bucket {
    pub const fn new(burst: NonZeroU32, every: Duration) -> Self {
        Self { burst, every }
    }
}

/// The limits of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttling {
    /// Log-ins of one account, from anywhere.
    pub account: Bucket,
    /// Log-ins, sign-ups and resets from one address (an IPv6 /64 counts as one).
    pub address: Bucket,
    /// Mail to one mailbox that strangers may cause.
    pub mailbox: Bucket,
    /// Invitations of one tenant.
    pub invitations: Bucket,
    /// Invitations of one tenant's directory.
    pub provisioning: Bucket,
    /// Tokens asked for by one client.
    pub client: Bucket,
}

const fn count(n: u32) -> NonZeroU32 {
    match NonZeroU32::new(n) {
        Some(n) => n,
        None => NonZeroU32::MIN,
    }
}

impl Default for Throttling {
    fn default() -> Self {
        Self {
            account: Bucket::new(count(10), Duration::from_secs(10)),
            address: Bucket::new(count(120), Duration::from_secs(1)),
            mailbox: Bucket::new(count(5), Duration::from_secs(120)),
            // Fifty a day.
            invitations: Bucket::new(count(50), Duration::from_secs(24 * 3600 / 50)),
            // A thousand a day: a company comes at once.
            provisioning: Bucket::new(count(1_000), Duration::from_secs(24 * 3600 / 1_000)),
            // A token is good for a quarter of an hour.
            client: Bucket::new(count(60), Duration::from_secs(1)),
        }
    }
}

#[derive(Clone)]
struct InjectedClock(Arc<dyn Clock>);

impl governor::clock::Clock for InjectedClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        let nanos = self.0.now().timestamp_nanos_opt().unwrap_or_default();
        Nanos::from(u64::try_from(nanos).unwrap_or_default())
    }
}

struct Limiter {
    buckets: RateLimiter<u16, HashMapStateStore<u16>, InjectedClock, NoOpMiddleware<Nanos>>,
    clock: InjectedClock,
}

impl Limiter {
    fn new(bucket: Bucket, clock: &InjectedClock) -> Self {
        let quota = Quota::with_period(bucket.every)
            .map_or_else(|| Quota::per_second(bucket.burst), |q| q.allow_burst(bucket.burst));
        Self {
            buckets: RateLimiter::new(quota, HashMapStateStore::default(), clock.clone()),
            clock: clock.clone(),
        }
    }

    fn check(&self, key: u16, whose: &str) -> Result<()> {
        self.buckets.check_key(&key).map_err(|not_until| {
            let seconds = not_until.wait_time_from(self.clock.now()).as_secs() + 1;
            Error::new(Kind::RateLimited, format!("Too many attempts {whose}."))
                .with_remedy(format!("Wait {seconds} seconds, then try again."))
        })
    }
}

pub(crate) struct Throttle {
    seed: [u8; 32],
    account: Limiter,
    address: Limiter,
    mailbox: Limiter,
    invitations: Limiter,
    provisioning: Limiter,
    client: Limiter,
}

impl Throttle {
    pub(crate) fn new(limits: Throttling, runtime: &Runtime) -> Self {
        let clock = InjectedClock(runtime.clock.clone());
        let mut seed = [0u8; 32];
        runtime.entropy.fill(&mut seed);
        Self {
            seed,
            account: Limiter::new(limits.account, &clock),
            address: Limiter::new(limits.address, &clock),
            mailbox: Limiter::new(limits.mailbox, &clock),
            invitations: Limiter::new(limits.invitations, &clock),
            provisioning: Limiter::new(limits.provisioning, &clock),
            client: Limiter::new(limits.client, &clock),
        }
    }

    /// One try from an address. A caller without an address (inside the process) is not counted.
    pub(crate) fn address(&self, address: Option<IpAddr>) -> Result<()> {
        let Some(address) = address else { return Ok(()) };
        // Whoever has one IPv6 address has the whole /64.
        let network = match address.to_canonical() {
            IpAddr::V4(v4) => v4.octets().to_vec(),
            IpAddr::V6(v6) => v6.octets().into_iter().take(8).collect(),
        };
        self.address.check(self.key(&network), "from your address")
    }

    /// One log-in of an account, whether it exists or not.
    pub(crate) fn account(&self, email: &Email) -> Result<()> {
        self.account.check(self.key(email.as_str().as_bytes()), "to log in to this account")
    }

    /// One mail to a mailbox, whether it will be sent or not.
    pub(crate) fn mailbox(&self, email: &Email) -> Result<()> {
        self.mailbox.check(self.key(email.as_str().as_bytes()), "with this e-mail address")
    }

    /// One invitation of a tenant.
    pub(crate) fn invitations(&self, tenant: TenantId) -> Result<()> {
        self.invitations.check(self.key(tenant.uuid().as_bytes()), "to invite people into this organisation")
    }

    /// One invitation of a tenant's directory.
    pub(crate) fn provisioning(&self, tenant: TenantId) -> Result<()> {
        self.provisioning.check(self.key(tenant.uuid().as_bytes()), "to invite people into this organisation")
    }

    /// One try of a client of the token endpoint, whether there is such a client or not.
    pub(crate) fn client(&self, id: &str) -> Result<()> {
        self.client.check(self.key(id.as_bytes()), "with this client id")
    }

    fn key(&self, value: &[u8]) -> u16 {
        let digest = Sha256::new().chain_update(self.seed).chain_update(value).finalize();
        digest.iter().take(2).fold(0, |key, byte| (key << 8) | u16::from(*byte))
    }
}
