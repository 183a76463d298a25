//! Leases: one holder at a time, and an epoch that tells the holders apart.

use chrono::{DateTime, TimeDelta, Utc};
use tenantry_store::leases::{Lease, acquire, release_all};

use crate::support::*;

const TERM: TimeDelta = TimeDelta::seconds(30);

async fn take(store: &Store, holder: &str, now: DateTime<Utc>) -> Option<Lease> {
    let tx = store.system().await;
    let lease = acquire(&tx, "region us-east", holder, (now, TERM)).await.unwrap();
    tx.commit().await.unwrap();
    lease
}

#[tokio::test]
async fn the_epoch_grows_when_the_holder_changes_and_only_then() {
    let store = Store::new().await;
    let start = at("2026-11-10T12:00:00Z");
    let first = take(&store, "a", start).await.unwrap();
    assert_eq!((first.epoch, first.until), (1, start + TERM));
    let renewed = take(&store, "a", start + TimeDelta::seconds(20)).await.unwrap();
    assert_eq!((renewed.epoch, renewed.until), (1, start + TimeDelta::seconds(50)));
    assert_eq!(take(&store, "b", start + TimeDelta::seconds(31)).await, None, "the renewal counts");
    assert_eq!(take(&store, "b", start + TimeDelta::seconds(50)).await, None, "held to its last moment");
    let taken = take(&store, "b", start + TimeDelta::seconds(51)).await.unwrap();
    assert_eq!(taken.epoch, 2);
    assert_eq!(take(&store, "a", start + TimeDelta::seconds(52)).await, None, "the old holder has lost it");
    let back = take(&store, "a", start + TimeDelta::seconds(200)).await.unwrap();
    assert_eq!(back.epoch, 3, "an epoch never comes twice");
    // Late for its own renewal, with nobody in between: still the same holder.
    assert_eq!(take(&store, "a", start + TimeDelta::seconds(900)).await.unwrap().epoch, 3);
}

#[tokio::test]
async fn of_many_who_reach_for_it_one_gets_it() {
    let store = Store::new().await;
    let now = at("2026-11-10T12:00:00Z");
    let names: Vec<String> = (0..8).map(|n| format!("worker {n}")).collect();
    let held = futures::future::join_all(names.iter().map(|name| take(&store, name, now))).await;
    assert_eq!(held.iter().flatten().count(), 1);
}

#[tokio::test]
async fn a_lease_taken_in_a_transaction_that_is_dropped_was_never_held() {
    let store = Store::new().await;
    let now = at("2026-11-10T12:00:00Z");
    let tx = store.system().await;
    assert!(acquire(&tx, "region us-east", "a", (now, TERM)).await.unwrap().is_some());
    drop(tx);
    assert_eq!(take(&store, "b", now).await.unwrap().epoch, 1);
}

#[tokio::test]
async fn what_is_given_back_is_free_at_once_and_nothing_else() {
    let store = Store::new().await;
    let now = at("2026-11-10T12:00:00Z");
    let lease = |name: &'static str, holder: &'static str| {
        let store = &store;
        async move {
            let tx = store.system().await;
            let lease = acquire(&tx, name, holder, (now, TERM)).await.unwrap();
            tx.commit().await.unwrap();
            lease
        }
    };
    for (name, holder) in [("one", "a"), ("two", "a"), ("three", "c")] {
        assert!(lease(name, holder).await.is_some());
    }
    let tx = store.system().await;
    release_all(&tx, "a", now).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(lease("one", "b").await.unwrap().epoch, 2, "the epoch still tells the holders apart");
    assert_eq!(lease("two", "b").await.unwrap().epoch, 2);
    assert_eq!(lease("three", "b").await, None);
}
