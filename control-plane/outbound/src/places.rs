//! How many look-ups run at once, and whose.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tenantry_kernel::TenantId;
use tokio::sync::Notify;

/// Look-ups of all tenants at once: each is a thread.
pub(crate) const IN_ALL: usize = 64;
/// Of one tenant, while at least half of all places are free.
pub(crate) const OF_ONE: usize = 4;

/// The places. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Places(Arc<Shared>);

#[derive(Default)]
struct Shared {
    /// How many each tenant has taken. Who has none is not in it.
    taken: Mutex<HashMap<TenantId, usize>>,
    freed: Notify,
}

/// Whether a tenant that has `own` of the `all` taken places may have one more: in the second half, each tenant gets one.
/// So whoever has none is passed by nobody who has some, and it takes forty tenants to fill all places.
fn may_take(all: usize, own: usize) -> bool {
    let most = if all < IN_ALL / 2 { OF_ONE } else { 1 };
    all < IN_ALL && own < most
}

impl Places {
    /// A place, as soon as this tenant may have one. Whoever stops waiting for it leaves nothing behind.
    pub(crate) async fn take(&self, tenant: TenantId) -> Place {
        loop {
            let freed = self.0.freed.notified();
            tokio::pin!(freed);
            // Before looking, so that a place that becomes free in between is not missed.
            freed.as_mut().enable();
            if let Some(place) = self.try_take(tenant) {
                return place;
            }
            freed.await;
        }
    }

    fn try_take(&self, tenant: TenantId) -> Option<Place> {
        let mut taken = self.0.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.get(&tenant).copied().unwrap_or_default();
        if !may_take(taken.values().sum(), own) {
            return None;
        }
        taken.insert(tenant, own + 1);
        Some(Place { of: self.clone(), tenant })
    }
}

/// A place that is taken until this is dropped.
pub(crate) struct Place {
    of: Places,
    tenant: TenantId,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.of.0.taken.lock().unwrap_or_else(PoisonError::into_inner);
        match taken.get_mut(&self.tenant) {
            Some(own) if *own > 1 => *own -= 1,
            _ => {
                taken.remove(&self.tenant);
            }
        }
        drop(taken);
        self.of.0.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use tenantry_kernel::{OsEntropy, SystemClock};

    use super::*;

    fn tenant() -> TenantId {
        TenantId::generate(&SystemClock, &OsEntropy)
    }

    /// What a tenant can get now, up to `most`.
    fn all(places: &Places, tenant: TenantId) -> Vec<Place> {
        std::iter::from_fn(|| places.try_take(tenant)).collect()
    }

    #[test]
    fn one_tenant_gets_four_and_of_the_second_half_each_gets_one() {
        let places = Places::default();
        let greedy: Vec<_> = (0..8).map(|_| all(&places, tenant())).collect();
        assert!(greedy.iter().all(|held| held.len() == OF_ONE));
        let late: Vec<_> = (0..32).map(|_| all(&places, tenant())).collect();
        assert!(late.iter().all(|held| held.len() == 1));
        assert!(all(&places, tenant()).is_empty(), "that is all of them");
        drop(greedy);
        assert_eq!(places.0.taken.lock().unwrap().len(), 32, "who has none is not remembered");
        drop(late);
        assert_eq!(all(&places, tenant()).len(), OF_ONE);
    }

    #[tokio::test]
    async fn who_waits_gets_the_place_that_becomes_free() {
        let places = Places::default();
        let tenant = tenant();
        let mut held = all(&places, tenant);
        let waiting = tokio::spawn({
            let places = places.clone();
            async move { places.take(tenant).await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        held.pop();
        let place = tokio::time::timeout(std::time::Duration::from_secs(5), waiting).await;
        assert_eq!(place.unwrap().unwrap().tenant, tenant);
    }
}
