use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use tenantry_authz::{Action, Actor, Ctx, Resource, ResourceKind};
use tenantry_billing::Billing;
use tenantry_kernel::{Kind, Result, TenantId};
use tenantry_store::rates::{self, Budget};
use tenantry_store::{Db, SystemRole, SystemTx};

use super::holding::{Holding, Taken};
use super::model::{Limit, Scope, Verdict, WINDOW, tenant_of};
use super::table::Table;

/// How many addresses, and how many credentials and tenants, a node remembers.
const MOST: usize = 10_000;
/// How long a request waits for a portion before the node helps itself.
const PATIENCE: Duration = Duration::from_secs(1);
/// For how long a node goes by a plan's limit before it looks again.
const PLAN_KEPT: Duration = Duration::from_secs(60);

/// What the operator allows, in requests a minute.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowed {
    pub(crate) address: u32,
    /// A person, an API key, a service account.
    pub(crate) credential: u32,
    /// For all limits, also those of plans: a minute, but in tests.
    pub(crate) window: Duration,
}

impl Default for Allowed {
    fn default() -> Self {
        Self { address: 12_000, credential: 6_000, window: WINDOW }
    }
}

/// Counts requests. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Rates(Arc<Inner>);

struct Inner {
    db: Db,
    billing: Billing,
    allowed: Allowed,
    // Apart: whoever comes from many addresses does not make the node forget whom it knows.
    addresses: Mutex<Table<Arc<Bucket>>>,
    known: Mutex<Table<Arc<Bucket>>>,
    plans: Mutex<Table<(u32, Instant)>>,
    rationed: AtomicU64,
}

#[derive(Default)]
struct Bucket {
    holding: Mutex<Holding>,
    /// One request at a time takes a portion; the others wait for it.
    taking: tokio::sync::Mutex<()>,
}

/// A limit and how far it is used in its running window.
#[derive(Debug, Clone)]
pub(crate) struct Status {
    pub(crate) scope: Scope,
    pub(crate) limit: u32,
    pub(crate) remaining: u32,
    pub(crate) window: Duration,
    pub(crate) resets_at: DateTime<Utc>,
}

impl Rates {
    pub(crate) fn new(db: Db, billing: Billing, allowed: Allowed) -> Self {
        Self(Arc::new(Inner {
            db,
            billing,
            allowed,
            addresses: Mutex::new(Table::new(MOST)),
            known: Mutex::new(Table::new(MOST)),
            plans: Mutex::new(Table::new(MOST)),
            rationed: AtomicU64::new(0),
        }))
    }

    /// Counts a request from an address, before anybody asks who it is. Requests of this machine itself have no limit.
    pub(crate) async fn address(&self, address: IpAddr) -> Option<Verdict> {
        let limit = self.of_address(address)?;
        Some(self.admit(&self.0.addresses, &limit).await)
    }

    /// Counts a request of whoever was authenticated: for their credential and, for a program, for its tenant. The
    /// first limit that refuses is the last of the verdicts.
    pub(crate) async fn actor(&self, actor: &Actor) -> Vec<Verdict> {
        let mut verdicts = Vec::with_capacity(2);
        if let Some(limit) = self.of_actor(actor) {
            verdicts.push(self.admit(&self.0.known, &limit).await);
        }
        if let Some(tenant) = tenant_of(actor)
            && !verdicts.iter().any(|v| v.refused)
            && let Some(allowed) = self.allowed_by_plan(tenant).await
        {
            verdicts.push(self.admit(&self.0.known, &self.of_tenant(tenant, allowed)).await);
        }
        verdicts
    }

    fn of_address(&self, address: IpAddr) -> Option<Limit> {
        Limit::of_address(address, (self.0.allowed.address, self.0.allowed.window))
    }

    fn of_actor(&self, actor: &Actor) -> Option<Limit> {
        Limit::of_actor(actor, (self.0.allowed.credential, self.0.allowed.window))
    }

    fn of_tenant(&self, tenant: TenantId, allowed: u32) -> Limit {
        Limit::of_tenant(tenant, (allowed, self.0.allowed.window))
    }

    async fn admit(&self, table: &Mutex<Table<Arc<Bucket>>>, limit: &Limit) -> Verdict {
        let bucket = bucket(table, &limit.budget.bucket);
        let mut taken = bucket.holding.lock().take(Instant::now());
        if matches!(taken, Taken::Dry { .. }) {
            let _turn = bucket.taking.lock().await;
            taken = bucket.holding.lock().take(Instant::now());
            if let Taken::Dry { want } = taken {
                taken = self.take(&bucket, &limit.budget, want).await;
            }
        }
        let (refused, allowed, remaining, resets_in) = match taken {
            Taken::Granted { allowed, remaining, resets_in } => (false, allowed, remaining, resets_in),
            Taken::Refused { allowed, resets_in } => (true, allowed, 0, resets_in),
            // A portion of nothing of a window that is over this moment: the next request begins the next one.
            Taken::Dry { .. } => (true, limit.budget.allowed, 0, Duration::ZERO),
        };
        let (scope, window) = (limit.scope, limit.budget.window);
        Verdict { scope, refused, limit: allowed, remaining, resets_in, window }
    }

    /// Takes a portion, and one request of it.
    async fn take(&self, bucket: &Bucket, budget: &Budget, want: u32) -> Taken {
        let asked = Instant::now();
        let portion = tokio::time::timeout(PATIENCE, rates::take(&self.0.db, budget, want)).await;
        let mut holding = bucket.holding.lock();
        match portion {
            Ok(Ok(portion)) => {
                holding.refill(asked, &portion);
                // As of when it was asked for: however long that took, this request is of that window.
                return holding.take(asked);
            }
            Ok(Err(error)) => self.helped_itself(&format!("{error:?}")),
            Err(_) => self.helped_itself("no answer in time"),
        }
        let now = Instant::now();
        holding.ration(now, (budget.allowed, budget.window));
        holding.take(now)
    }

    fn helped_itself(&self, why: &str) {
        // Once for many: every bucket comes by each second.
        if self.0.rationed.fetch_add(1, Ordering::Relaxed).is_multiple_of(1000) {
            tracing::error!(error = why, "requests are counted by this node alone");
        }
    }

    /// What the tenant's plan allows its programs. `None` while it has none: then only their credentials are counted.
    async fn allowed_by_plan(&self, tenant: TenantId) -> Option<u32> {
        let (key, now) = (tenant.to_string(), Instant::now());
        let kept = self.0.plans.lock().get(&key);
        if let Some((allowed, read)) = kept
            && now.saturating_duration_since(read) < PLAN_KEPT
        {
            return Some(allowed);
        }
        match self.plan_of(tenant).await {
            Ok(allowed) => {
                self.0.plans.lock().insert(&key, (allowed, now));
                Some(allowed)
            }
            // What was read last, however long ago.
            Err(error) if error.kind() == Kind::Unavailable => kept.map(|(allowed, _)| allowed),
            Err(error) => {
                if error.kind() != Kind::NotFound {
                    tracing::error!(tenant.id = %tenant, error = ?error, "the plan's rate limit cannot be read");
                }
                None
            }
        }
    }

    async fn plan_of(&self, tenant: TenantId) -> Result<u32> {
        let tx = SystemTx::begin(&self.0.db, SystemRole::RateLimits).await?;
        self.0.billing.requests_per_minute(&tx, tenant).await
    }

    /// The limits that hold in a tenant for whoever asks, from `address`, as the database has them now. What nodes hold
    /// of a budget counts as used.
    ///
    /// # Errors
    /// `NotFound` for a stranger, `Unavailable` when the database does not answer.
    pub(crate) async fn status(&self, ctx: &Ctx, tenant: TenantId) -> Result<Vec<Status>> {
        let _seen = ctx.permit(Action::View, &Resource::new(ResourceKind::Tenant, tenant))?;
        let mut limits: Vec<Limit> =
            self.allowed_by_plan(tenant).await.map(|a| self.of_tenant(tenant, a)).into_iter().collect();
        limits.extend(self.of_actor(ctx.actor()));
        limits.extend(ctx.origin().address.and_then(|a| self.of_address(a)));
        let buckets: Vec<String> = limits.iter().map(|l| l.budget.bucket.clone()).collect();
        let seen = rates::look(&self.0.db, &buckets).await?;
        let status = |limit: &Limit| {
            let running = seen.iter().find(|s| s.bucket == limit.budget.bucket);
            Status {
                scope: limit.scope,
                limit: running.map_or(limit.budget.allowed, |s| s.allowed),
                remaining: running.map_or(limit.budget.allowed, |s| s.left),
                window: limit.budget.window,
                resets_at: running.map_or_else(|| ctx.now() + limit.budget.window, |s| s.ends_at),
            }
        };
        Ok(limits.iter().map(status).collect())
    }

    #[cfg(test)]
    pub(super) fn remembered(&self) -> usize {
        self.0.addresses.lock().len() + self.0.known.lock().len()
    }
}

fn bucket(table: &Mutex<Table<Arc<Bucket>>>, name: &str) -> Arc<Bucket> {
    let mut table = table.lock();
    table.get(name).unwrap_or_else(|| {
        let new = Arc::<Bucket>::default();
        table.insert(name, new.clone());
        new
    })
}
