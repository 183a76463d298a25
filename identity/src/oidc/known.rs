//! What is known of providers: metadata and keys, for as long as they can be taken for true.
//!
//! Each tenant has its own: nobody is told what another tenant's look-up has found. At most [`MOST_PROVIDERS`] are kept,
//! each of at most two answers of the size that `fetch` reads.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::core::CoreJsonWebKeySet;
use quick_cache::sync::Cache;
use serde_json::Value;
use tenantry_kernel::TenantId;
use tokio::sync::Mutex;

use super::Oidc;
use super::fetch::{Proving, Way};
use super::metadata::Metadata;
use super::provider::Provider;
use super::refusal::{Refusal, What, shown};

const MOST_PROVIDERS: usize = 256;
/// Keys of one provider. A set of more is no set that anybody signs with.
const MOST_KEYS: usize = 100;
/// Addresses seldom change.
const METADATA_KEPT: TimeDelta = TimeDelta::hours(1);
/// A key that was withdrawn is good for so long at most.
const KEYS_KEPT: TimeDelta = TimeDelta::minutes(10);
/// Between two looks for a key that is not known.
const LOOK_EVERY: TimeDelta = TimeDelta::minutes(1);

type Of = (Option<TenantId>, String);

pub(super) struct Known(Cache<Of, Arc<Entry>>);

impl Default for Known {
    fn default() -> Self {
        Self(Cache::new(MOST_PROVIDERS))
    }
}

pub(super) struct Entry {
    pub(super) metadata: Metadata,
    fetched_at: DateTime<Utc>,
    keys: Mutex<Option<Keys>>,
}

struct Keys {
    set: Arc<CoreJsonWebKeySet>,
    fetched_at: DateTime<Utc>,
    /// When an unknown key last made us look.
    looked_at: Option<DateTime<Utc>>,
}

impl Oidc {
    /// The provider's metadata, asked for when they are not known or old. Of many who want them at once, one asks.
    pub(super) async fn known(&self, provider: Provider<'_>, way: &Way) -> Result<Arc<Entry>, Refusal> {
        let now = self.0.clock.now();
        let of = (provider.owner, provider.settings.issuer.clone());
        let cache = &self.0.known.0;
        if cache.peek(&of).is_some_and(|entry| entry.fetched_at + METADATA_KEPT <= now) {
            cache.remove(&of);
        }
        let fetch = async {
            let metadata = Metadata::fetch(provider, way).await?;
            Ok(Arc::new(Entry { metadata, fetched_at: now, keys: Mutex::new(None) }))
        };
        let found = cache.get_or_insert_async(&of, fetch);
        self.patiently(What::Metadata, found).await
    }

    /// Whoever waits for another's question waits no longer than for an own one: behind a provider that is away, no queue
    /// of people grows in which each waits for all before.
    pub(super) async fn patiently<T>(
        &self,
        what: What,
        found: impl Future<Output = Result<T, Refusal>>,
    ) -> Result<T, Refusal> {
        tokio::time::timeout(self.0.patience, found).await.unwrap_or(Err(Refusal::Slow(what)))
    }
}

impl Entry {
    /// The provider's keys.
    pub(super) async fn keys(
        &self,
        way: &Way,
        now: DateTime<Utc>,
    ) -> Result<Arc<CoreJsonWebKeySet>, Refusal> {
        let mut held = self.keys.lock().await;
        match &*held {
            Some(keys) if keys.fetched_at + KEYS_KEPT > now => Ok(keys.set.clone()),
            _ => {
                let looked_at = held.as_ref().and_then(|keys| keys.looked_at);
                self.renew(&mut held, way, (now, looked_at)).await
            }
        }
    }

    /// Other keys than `tried`, in which one was not found: those that somebody else has fetched meanwhile, or those that
    /// the provider has now, if nobody has looked within the last minute.
    pub(super) async fn other_keys(
        &self,
        way: &Way,
        tried: &Arc<CoreJsonWebKeySet>,
        now: DateTime<Utc>,
    ) -> Result<Option<Arc<CoreJsonWebKeySet>>, Refusal> {
        let mut held = self.keys.lock().await;
        match &*held {
            Some(keys) if !Arc::ptr_eq(&keys.set, tried) => return Ok(Some(keys.set.clone())),
            Some(Keys { looked_at: Some(at), .. }) if *at + LOOK_EVERY > now => return Ok(None),
            _ => {}
        }
        self.renew(&mut held, way, (now, Some(now))).await.map(Some)
    }

    async fn renew(
        &self,
        held: &mut Option<Keys>,
        way: &Way,
        (now, looked_at): (DateTime<Utc>, Option<DateTime<Utc>>),
    ) -> Result<Arc<CoreJsonWebKeySet>, Refusal> {
        if let Some(keys) = held {
            // Also when it fails: who cannot answer is not asked more often.
            keys.looked_at = looked_at;
        }
        let document: Value = way.get((What::Keys, &self.metadata.keys), Proving::Nothing).await?;
        if document.get("keys").and_then(Value::as_array).is_none_or(|keys| keys.len() > MOST_KEYS) {
            return Err(Refusal::Unreadable(What::Keys, format!("`keys` is a list of up to {MOST_KEYS}")));
        }
        // Keys that cannot be read are left out: a provider may have some for purposes that are not ours.
        let set: CoreJsonWebKeySet = serde_json::from_value(document)
            .map_err(|error| Refusal::Unreadable(What::Keys, shown(&error.to_string())))?;
        let set = Arc::new(set);
        *held = Some(Keys { set: set.clone(), fetched_at: now, looked_at });
        Ok(set)
    }
}
