//! Notifications: delivered to all who wait, also after the connection was killed.

use std::time::Duration;

use tenantry_store::notify::{Signal, Signals};
use tokio::sync::broadcast::Receiver;

use crate::support::*;

async fn next(receiver: &mut Receiver<Signal>, wanted: impl Fn(&Signal) -> bool) -> Signal {
    tokio::time::timeout(Duration::from_secs(10), async {
        loop {
            let signal = receiver.recv().await.unwrap();
            if wanted(&signal) {
                return signal;
            }
        }
    })
    .await
    .expect("a notification within ten seconds")
}

async fn say(store: &Store, subject: &str) {
    let tenant = store.world.tenant_id();
    let tx = store.tx(tenant).await;
    publish(&tx, tenant, subject).await;
    tx.commit().await.unwrap();
}

/// How many connections listen, and, with `kill`, their end.
async fn listeners(store: &Store, kill: bool) -> i64 {
    let sql = "SELECT count(*) FILTER (WHERE NOT $1 OR pg_terminate_backend(pid)) FROM pg_stat_activity
               WHERE datname = current_database() AND query ILIKE 'LISTEN%'";
    sqlx::query_scalar(sql).bind(kill).fetch_one(&mut store.world.superuser().await).await.unwrap()
}

async fn until_listening(store: &Store) {
    while listeners(store, false).await == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn everyone_who_waits_is_told_and_a_rollback_tells_nobody() {
    let store = Store::new().await;
    let signals = Signals::listen(store.db.system_pool().clone());
    let mut receivers = [signals.subscribe(), signals.subscribe()];
    until_listening(&store).await;
    let tenant = store.world.tenant_id();
    let tx = store.tx(tenant).await;
    publish(&tx, tenant, "never").await;
    drop(tx);
    say(&store, "first").await;
    for receiver in &mut receivers {
        let signal = next(receiver, |s| !s.payload.is_empty()).await;
        let expected = Signal { channel: "tenantry_outbox".into(), payload: "test.happened first".into() };
        assert_eq!(signal, expected);
    }
}

#[tokio::test]
async fn a_killed_connection_comes_back_and_wakes_everyone_once_it_listens_again() {
    let store = Store::new().await;
    let signals = Signals::listen(store.db.system_pool().clone());
    let mut receiver = signals.subscribe();
    until_listening(&store).await;
    say(&store, "before").await;
    next(&mut receiver, |s| s.payload == "test.happened before").await;

    assert_eq!(listeners(&store, true).await, 1);
    for channel in tenantry_store::notify::CHANNELS {
        next(&mut receiver, |s| s.channel == channel && s.payload.is_empty()).await;
    }
    // Woken means listening: what is said from now on arrives by itself.
    say(&store, "after").await;
    next(&mut receiver, |s| s.payload == "test.happened after").await;
}
