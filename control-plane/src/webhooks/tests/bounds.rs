//! However much an endpoint holds, no transaction grows with it; and what it holds has a bound.

use tenantry_kernel::{Kind, WebhookEndpointId};
use tenantry_store::PageRequest;

use super::world::Shop;
use crate::webhooks::model::{AT_ONCE, MOST_KEPT, MOST_WAITING, OVERFLOWED};
use crate::webhooks::{DeliveryState, tidy};

/// So many deliveries to an endpoint that ended, or that wait, oldest first.
async fn held(shop: &Shop, id: WebhookEndpointId, (state, many): (&str, i64)) {
    let (tenant, id) = (shop.tenant.uuid(), id.uuid());
    let next = if state == "pending" { "now() + interval '1 hour'" } else { "NULL" };
    shop.run(&format!(
        "WITH made AS (
           INSERT INTO webhooks.messages (id, tenant_id, type, body, created_at)
           SELECT uuidv7(), '{tenant}', 'member.added', '{{}}', now() FROM generate_series(1, {many}) RETURNING id)
         INSERT INTO webhooks.deliveries
           (id, tenant_id, endpoint_id, message_id, state, next_attempt_at, give_up_at, created_at)
         SELECT uuidv7(), '{tenant}', '{id}', id, '{state}', {next}, now() + interval '1 day', now() FROM made"
    ))
    .await;
}

#[tokio::test]
async fn the_dead_are_replayed_some_thousands_in_a_transaction() {
    let shop = Shop::new().await;
    let (endpoint, _) = shop.endpoint("http://127.0.0.1:9/").await;
    held(&shop, endpoint.id, ("dead", 2 * AT_ONCE + 7)).await;
    let key = (shop.tenant, endpoint.id);
    let since = chrono::DateTime::UNIX_EPOCH;
    let replayed = shop.hooks.replay_dead(&shop.owner(), key, since).await.unwrap();
    assert_eq!(replayed, 2 * AT_ONCE.unsigned_abs() + 7);
    assert_eq!(shop.count("deliveries WHERE state = 'dead'").await, 0);
    // Each transaction is a record.
    let most: i64 = shop
        .value("SELECT max((details->>'deliveries')::bigint) FROM platform.audit WHERE action = 'webhook.replay'")
        .await;
    assert_eq!(most, AT_ONCE);
    assert_eq!(shop.hooks.replay_dead(&shop.owner(), key, since).await.unwrap(), 0);
}

#[tokio::test]
async fn a_deleted_endpoint_is_gone_at_once_and_its_rows_go_some_thousands_in_a_transaction() {
    let shop = Shop::new().await;
    let (endpoint, _) = shop.endpoint("http://127.0.0.1:9/").await;
    held(&shop, endpoint.id, ("delivered", 2 * AT_ONCE + 7)).await;
    let one = shop.deliveries(endpoint.id).await.remove(0).id;
    shop.hooks.delete(&shop.owner(), shop.tenant, endpoint.id).await.unwrap();
    let owner = shop.owner();
    for refused in [
        shop.hooks.endpoint(&owner, shop.tenant, endpoint.id).await.map(|_| ()),
        shop.hooks.replay(&owner, shop.tenant, one).await.map(|_| ()),
        shop.hooks.rotate(&owner, shop.tenant, endpoint.id).await.map(|_| ()),
        shop.hooks.delete(&owner, shop.tenant, endpoint.id).await,
    ] {
        assert_eq!(refused.unwrap_err().kind(), Kind::NotFound);
    }
    assert!(shop.deliveries(endpoint.id).await.is_empty());
    let sealed: String = shop.value("SELECT secret FROM webhooks.endpoints").await;
    assert_eq!(sealed, "", "its secret is not kept");
    let (again, _) = shop.endpoint("http://127.0.0.1:9/").await;
    shop.happens(&["a"]).await;
    shop.dispatch().await;
    let mut swept = Vec::new();
    while swept.last() != Some(&0) {
        let tx = shop.hooks.system().await.unwrap();
        swept.push(tidy::sweep(&tx).await.unwrap());
        tx.commit().await.unwrap();
    }
    let full = AT_ONCE.unsigned_abs();
    assert_eq!(swept, [full, full, 7 + 1, 0]);
    assert_eq!((shop.count("endpoints").await, shop.deliveries(again.id).await.len()), (1, 1));
}

#[tokio::test]
async fn what_comes_on_top_of_the_most_that_can_wait_is_dead_with_the_reason_and_can_be_replayed() {
    let shop = Shop::new().await;
    let (endpoint, _) = shop.endpoint("http://127.0.0.1:9/").await;
    held(&shop, endpoint.id, ("pending", MOST_WAITING - 1)).await;
    shop.happens(&["fits", "is too much", "is too much"]).await;
    shop.dispatch().await;
    let counts = shop.look(endpoint.id).await;
    assert_eq!((counts.pending, counts.dead), (MOST_WAITING, 2), "none is missing");
    let (key, page) = ((shop.tenant, endpoint.id), PageRequest::new(None, None));
    let only_dead = (Some(DeliveryState::Dead), &page);
    let rows = (shop.tenant, &[endpoint.id][..]);
    let mut pages = shop.hooks.deliveries(&shop.owner(), rows, only_dead).await.unwrap();
    let dead = pages.remove(&endpoint.id).unwrap().rows.remove(0);
    assert_eq!((dead.last_error.as_deref(), dead.next_attempt_at), (Some(OVERFLOWED), None));
    let refused = shop.hooks.send_test(&shop.owner(), key, None).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::QuotaExceeded);
    shop.hooks.replay(&shop.owner(), shop.tenant, dead.id).await.unwrap();
    assert_eq!(shop.look(endpoint.id).await.dead, 1);
}

#[tokio::test]
async fn above_its_bound_an_endpoints_oldest_ended_deliveries_go_and_none_that_waits() {
    let shop = Shop::new().await;
    let (endpoint, _) = shop.endpoint("http://127.0.0.1:9/").await;
    held(&shop, endpoint.id, ("pending", 10)).await;
    held(&shop, endpoint.id, ("dead", 5)).await;
    held(&shop, endpoint.id, ("delivered", MOST_KEPT)).await;
    let newest = shop.deliveries(endpoint.id).await.remove(0).id;
    shop.hooks.purge().await.unwrap();
    let counts = shop.look(endpoint.id).await;
    assert_eq!((counts.pending, counts.dead), (10, 0), "the dead were older");
    assert_eq!(shop.count("deliveries").await, MOST_KEPT);
    assert_eq!(shop.deliveries(endpoint.id).await[0].id, newest);
}
