//! A transaction sees its tenant, leaves nothing behind when it is dropped, and says nothing to the next one.

use sea_orm::ConnectionTrait;
use tenantry_store::{PoolSizes, Transaction, outbox, stmt};

use crate::support::*;

#[tokio::test]
async fn a_transaction_sees_and_writes_its_own_tenant_only() {
    let store = Store::new().await;
    let (ours, theirs) = (store.world.tenant("ours").await, store.world.tenant("theirs").await);
    for (tenant, subject) in [(ours, "one"), (ours, "two"), (theirs, "three")] {
        let tx = store.tx(tenant).await;
        publish(&tx, tenant, subject).await;
        tx.commit().await.unwrap();
    }
    let tx = store.tx(ours).await;
    assert_eq!(tx.tenant(), ours);
    assert_eq!(store.facts(&tx).await, 2);
    assert_eq!(count(&tx, "SELECT count(*) AS n FROM tenancy.tenants", []).await, 1);
    let named = "SELECT count(*) AS n FROM platform.outbox WHERE tenant_id = $1";
    assert_eq!(count(&tx, named, [theirs.uuid().into()]).await, 0, "not even when it is asked for by name");
    let renamed = tx
        .conn()
        .execute_raw(stmt("UPDATE tenancy.tenants SET name = 'x' WHERE id = $1", [theirs.uuid().into()]))
        .await
        .unwrap();
    assert_eq!(renamed.rows_affected(), 0);
    let fact = outbox::Fact { tenant: theirs, topic: "t", subject: "s".to_owned(), payload: () };
    let refused = outbox::publish(&tx, at("2026-11-10T12:00:00Z"), &fact).await.unwrap_err();
    assert!(format!("{refused:?}").contains("row-level security"), "{refused:?}");
    drop(tx);
    assert_eq!(store.facts(&store.system().await).await, 3, "the system role sees all");
}

#[tokio::test]
async fn dropping_a_transaction_rolls_it_back() {
    // One connection: whatever was left open would be found by the next user.
    let store = Store::sized(PoolSizes { app: 1, system: 1 }).await;
    let tenant = store.world.tenant_id();
    let tx = store.tx(tenant).await;
    publish(&tx, tenant, "never").await;
    assert_eq!(store.facts(&tx).await, 1);
    drop(tx);
    assert_eq!(store.facts(&store.tx(tenant).await).await, 0);
    let system = store.system().await;
    publish(&system, tenant, "never").await;
    drop(system);
    assert_eq!(store.facts(&store.system().await).await, 0);
}

#[tokio::test]
async fn two_tenants_on_one_connection_never_meet() {
    let store = Store::sized(PoolSizes { app: 1, system: 1 }).await;
    let tenants = [store.world.tenant_id(), store.world.tenant_id()];
    for round in 1..=10i64 {
        for tenant in tenants {
            let tx = store.tx(tenant).await;
            publish(&tx, tenant, "turn").await;
            assert_eq!(store.facts(&tx).await, round, "its own facts alone");
            // Every second round is given up, written again and kept.
            if round % 2 == 0 {
                drop(tx);
                let tx = store.tx(tenant).await;
                assert_eq!(store.facts(&tx).await, round - 1);
                publish(&tx, tenant, "turn").await;
                tx.commit().await.unwrap();
            } else {
                tx.commit().await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn facts_are_claimed_once_and_in_order() {
    let store = Store::new().await;
    let tenant = store.world.tenant_id();
    let tx = store.tx(tenant).await;
    for subject in ["a", "b", "c"] {
        publish(&tx, tenant, subject).await;
    }
    tx.commit().await.unwrap();
    let first = store.system().await;
    let claimed = outbox::claim(&first, 2).await.unwrap();
    let subjects: Vec<_> = claimed.iter().map(|f| f.subject.as_str()).collect();
    assert_eq!(subjects, ["a", "b"]);
    let second = store.system().await;
    let rest = outbox::claim(&second, 10).await.unwrap();
    assert_eq!(rest.iter().map(|f| f.subject.as_str()).collect::<Vec<_>>(), ["c"], "the others are held");
    drop(second);
    let ids: Vec<_> = claimed.iter().map(|f| f.id).collect();
    outbox::mark_dispatched(&first, &ids, at("2026-11-10T12:01:00Z")).await.unwrap();
    first.commit().await.unwrap();
    let left = outbox::claim(&store.system().await, 10).await.unwrap();
    assert_eq!(
        left.iter().map(|f| f.subject.as_str()).collect::<Vec<_>>(),
        ["c"],
        "a dropped claim is free again"
    );
}
