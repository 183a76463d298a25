use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use tenantry_authz::Actor;
use tenantry_kernel::TenantId;
use tenantry_store::rates::Budget;

/// How long a budget's window is.
pub(super) const WINDOW: Duration = Duration::from_secs(60);

/// Who is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    Address,
    Person,
    Key,
    Tenant,
}

impl Scope {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Scope::Address => "address",
            Scope::Person => "person",
            Scope::Key => "key",
            Scope::Tenant => "tenant",
        }
    }

    pub(crate) fn describe(self) -> &'static str {
        match self {
            Scope::Address => "Requests from the address that this request came from.",
            Scope::Person => "Requests of this person, over all of their log-ins.",
            Scope::Key => "Requests with this API key or service account.",
            Scope::Tenant => {
                "Requests of all API keys and service accounts of this organisation; its plan sets the limit."
            }
        }
    }
}

/// A limit that holds for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Limit {
    pub(super) scope: Scope,
    pub(super) budget: Budget,
}

impl Limit {
    fn new(scope: Scope, id: &str, (allowed, window): (u32, Duration)) -> Self {
        let bucket = format!("{}:{id}", scope.as_str());
        Self { scope, budget: Budget { bucket, allowed: allowed.max(1), window } }
    }

    /// Of an address; of an IPv6 host's /64, which is what one customer of a network has. None for this machine itself:
    /// a proxy or a person on it.
    pub(super) fn of_address(address: IpAddr, allowed: (u32, Duration)) -> Option<Self> {
        let address = address.to_canonical();
        if address.is_loopback() {
            return None;
        }
        let network = match address {
            IpAddr::V4(v4) => v4.to_string(),
            IpAddr::V6(v6) => {
                let prefix = u128::from(v6) >> 64 << 64;
                format!("{}/64", Ipv6Addr::from(prefix))
            }
        };
        Some(Self::new(Scope::Address, &network, allowed))
    }

    /// Of whoever asks: of a person, a key or an account. None for nobody. Logging in again gives no more: it costs
    /// a person nothing to have many sessions.
    pub(super) fn of_actor(actor: &Actor, allowed: (u32, Duration)) -> Option<Self> {
        match actor {
            Actor::Anonymous => None,
            Actor::User { id, .. } => Some(Self::new(Scope::Person, &id.to_string(), allowed)),
            Actor::ApiKey { id, .. } => Some(Self::new(Scope::Key, &id.to_string(), allowed)),
            Actor::ServiceAccount { id, .. } => Some(Self::new(Scope::Key, &id.to_string(), allowed)),
            Actor::Scim { token, .. } => Some(Self::new(Scope::Key, &token.to_string(), allowed)),
        }
    }

    pub(super) fn of_tenant(tenant: TenantId, allowed: (u32, Duration)) -> Self {
        Self::new(Scope::Tenant, &tenant.to_string(), allowed)
    }
}

/// The tenant whose programs' budget a request counts for: a person's requests count for them alone.
pub(super) fn tenant_of(actor: &Actor) -> Option<TenantId> {
    match actor {
        Actor::Anonymous | Actor::User { .. } => None,
        Actor::ApiKey { tenant, .. } | Actor::ServiceAccount { tenant, .. } | Actor::Scim { tenant, .. } => {
            Some(*tenant)
        }
    }
}

/// What a limit says of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) scope: Scope,
    pub(crate) refused: bool,
    pub(crate) limit: u32,
    /// At most: other nodes may have taken some since this one looked.
    pub(crate) remaining: u32,
    /// Until the window ends.
    pub(crate) resets_in: Duration,
    pub(crate) window: Duration,
}

impl Verdict {
    /// Whole seconds until the window is certainly over.
    pub(crate) fn reset_seconds(&self) -> u64 {
        self.resets_in.as_secs() + u64::from(self.resets_in.subsec_nanos() > 0)
    }
}

/// The verdict that a client has to mind: one that refuses, or else the one with the least left.
pub(crate) fn tightest(verdicts: &[Verdict]) -> Option<&Verdict> {
    verdicts.iter().min_by_key(|v| (!v.refused, v.remaining, v.limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(address: &str) -> Option<String> {
        Limit::of_address(address.parse().unwrap(), (5, WINDOW)).map(|l| l.budget.bucket)
    }

    #[test]
    fn an_address_is_a_host_of_ipv4_and_a_network_of_ipv6() {
        assert_eq!(bucket("203.0.113.9").unwrap(), "address:203.0.113.9");
        assert_eq!(bucket("::ffff:203.0.113.9"), bucket("203.0.113.9"), "one host, two notations");
        assert_eq!(bucket("2001:db8:1:2:3:4:5:6").unwrap(), "address:2001:db8:1:2::/64");
        assert_eq!(bucket("2001:db8:1:2::"), bucket("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(bucket("2001:db8:1:2::1"), bucket("2001:db8:1:3::1"));
        for own in ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(bucket(own), None, "{own}");
        }
    }

    #[test]
    fn the_tightest_is_one_that_refuses_or_the_one_with_the_least_left() {
        let verdict = |scope, refused, remaining| Verdict {
            scope,
            refused,
            limit: 10,
            remaining,
            resets_in: Duration::from_millis(1500),
            window: WINDOW,
        };
        let (a, b, c) = (
            verdict(Scope::Address, false, 3),
            verdict(Scope::Key, false, 2),
            verdict(Scope::Tenant, true, 4),
        );
        assert_eq!(tightest(&[a, b]).unwrap().scope, Scope::Key);
        assert_eq!(tightest(&[a, b, c]).unwrap().scope, Scope::Tenant);
        assert_eq!(tightest(&[]), None);
        assert_eq!(a.reset_seconds(), 2, "rounded up: after that the window is over");
    }
}
