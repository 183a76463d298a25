//! Keyed writes: made once, answered always the same.

use tenantry_kernel::{Kind, TenantId};
use tenantry_store::idempotency::{IdempotencyKey, Keyed, keep, replay};

use crate::support::*;

fn keyed<'a>(key: &'a IdempotencyKey, input: &'a &'static str) -> Keyed<'a, &'static str> {
    Keyed { key, actor: "usr_a", operation: "write", input, at: at("2026-11-10T12:00:00Z") }
}

/// A write as services make it: the answer kept for the key, or the write and its answer.
async fn write(store: &Store, tenant: TenantId, keyed: &Keyed<'_, &'static str>) -> String {
    let tx = store.tx(tenant).await;
    if let Some(answer) = replay::<_, String>(&tx, keyed).await.unwrap() {
        return answer;
    }
    publish(&tx, tenant, keyed.input).await;
    let answer = format!("answer {}", store.world.tenant_id());
    keep(&tx, keyed, &answer).await.unwrap();
    tx.commit().await.unwrap();
    answer
}

#[tokio::test]
async fn a_repeat_gets_the_first_answer_and_writes_nothing() {
    let store = Store::new().await;
    let tenant = store.world.tenant_id();
    let key: IdempotencyKey = "k".parse().unwrap();
    let first = write(&store, tenant, &keyed(&key, &"a")).await;
    assert_eq!(write(&store, tenant, &keyed(&key, &"a")).await, first);
    assert_eq!(store.facts(&store.tx(tenant).await).await, 1);
}

#[tokio::test]
async fn the_key_with_other_input_or_for_another_operation_is_refused() {
    let store = Store::new().await;
    let tenant = store.world.tenant_id();
    let key: IdempotencyKey = "k".parse().unwrap();
    write(&store, tenant, &keyed(&key, &"a")).await;
    let other_operation = Keyed { operation: "erase", ..keyed(&key, &"a") };
    for wrong in [keyed(&key, &"b"), other_operation] {
        let refused = replay::<_, String>(&store.tx(tenant).await, &wrong).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Conflict);
        assert!(refused.remedy().contains("new key"), "{}", refused.remedy());
    }
}

#[tokio::test]
async fn a_key_belongs_to_its_tenant_and_its_actor() {
    let store = Store::new().await;
    let (ours, theirs) = (store.world.tenant_id(), store.world.tenant_id());
    let key: IdempotencyKey = "k".parse().unwrap();
    let first = write(&store, ours, &keyed(&key, &"a")).await;
    assert_ne!(write(&store, theirs, &keyed(&key, &"a")).await, first);
    let other_actor = Keyed { actor: "usr_b", ..keyed(&key, &"a") };
    assert_ne!(write(&store, ours, &other_actor).await, first);
}

#[tokio::test]
async fn many_at_once_with_one_key_are_one_write() {
    let store = Store::new().await;
    let tenant = store.world.tenant_id();
    let key: IdempotencyKey = "k".parse().unwrap();
    let answers =
        futures::future::join_all((0..8).map(|_| async { write(&store, tenant, &keyed(&key, &"a")).await }))
            .await;
    assert!(answers.iter().all(|a| *a == answers[0]), "{answers:?}");
    assert_eq!(store.facts(&store.tx(tenant).await).await, 1);
}

#[tokio::test]
async fn a_write_that_was_given_up_is_made_by_the_next_call() {
    let store = Store::new().await;
    let tenant = store.world.tenant_id();
    let key: IdempotencyKey = "k".parse().unwrap();
    let tx = store.tx(tenant).await;
    keep(&tx, &keyed(&key, &"a"), &"lost").await.unwrap();
    drop(tx);
    assert_ne!(write(&store, tenant, &keyed(&key, &"a")).await, "lost");
    assert_eq!(store.facts(&store.tx(tenant).await).await, 1);
}

#[test]
fn a_key_has_1_to_255_characters() {
    assert!("".parse::<IdempotencyKey>().is_err());
    assert!("é".repeat(255).parse::<IdempotencyKey>().is_ok());
    assert!("k".repeat(256).parse::<IdempotencyKey>().is_err());
}
