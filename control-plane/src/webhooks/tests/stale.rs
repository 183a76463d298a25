//! What one process has sent, and records when the endpoint is another by then.

use chrono::TimeDelta;
use tenantry_kernel::Clock;

use super::world::{Receiver, Shop};
use crate::webhooks::claim::{Claimed, Room};
use crate::webhooks::record::Verdict;
use crate::webhooks::{Attempt, DeliveryState, Endpoint, EndpointChange};

/// An endpoint that has failed for six days, and a delivery to it that another process has claimed.
async fn claimed(shop: &Shop, receiver: &Receiver) -> (Endpoint, Claimed) {
    let (endpoint, _) = shop.endpoint(&receiver.url).await;
    shop.happens(&["of the other process"]).await;
    shop.dispatch().await;
    shop.run("UPDATE webhooks.endpoints SET failing_since = now() - interval '6 days'").await;
    let mut claimed = shop.hooks.claim(Room { all: 1, failing: 1 }).await.unwrap();
    (endpoint, claimed.remove(0))
}

/// The other process records how its attempt ended, which began a while ago.
async fn record(shop: &Shop, claimed: &Claimed, verdict: Verdict) {
    let attempt = Attempt {
        at: shop.clock.now() - TimeDelta::seconds(20),
        status: Some(500),
        error: Some("The receiver answered.".to_owned()),
        millis: 1,
        response: None,
    };
    shop.hooks.record(claimed, verdict, &attempt).await.unwrap();
}

const ENDS: [Verdict; 2] = [Verdict::Failed { asked: None }, Verdict::Gone];

#[tokio::test]
async fn what_failed_before_an_endpoint_succeeded_does_not_disable_it() {
    for verdict in ENDS {
        let (shop, receiver) = (Shop::new().await, Receiver::start().await);
        let (endpoint, old) = claimed(&shop, &receiver).await;
        shop.happens(&["of this process"]).await;
        shop.work().await;
        assert_eq!(receiver.got().len(), 1);
        shop.clock.advance(TimeDelta::seconds(10));
        record(&shop, &old, verdict).await;
        let now = shop.look(endpoint.id).await;
        assert_eq!((now.disabled_at, now.failing_since), (None, None), "{verdict:?}");
        assert_eq!((now.pending, now.dead), (1, 0), "it is tried again");
        let delivered = shop.deliveries(endpoint.id).await;
        assert_eq!(delivered.iter().filter(|d| d.state == DeliveryState::Delivered).count(), 1);
    }
}

#[tokio::test]
async fn what_was_sent_to_another_address_or_before_it_was_enabled_says_nothing_of_an_endpoint() {
    let set = |disabled| EndpointChange { disabled: Some(disabled), ..EndpointChange::default() };
    let elsewhere = Receiver::start().await;
    let moved = EndpointChange { url: Some(elsewhere.url.clone()), ..EndpointChange::default() };
    for changes in [vec![set(true), set(false)], vec![moved]] {
        for verdict in ENDS {
            let (shop, receiver) = (Shop::new().await, Receiver::start().await);
            let (endpoint, old) = claimed(&shop, &receiver).await;
            for change in changes.clone() {
                shop.hooks.update(&shop.owner(), (shop.tenant, endpoint.id), change).await.unwrap();
            }
            record(&shop, &old, verdict).await;
            let now = shop.look(endpoint.id).await;
            assert_eq!((now.disabled_at, now.failing_since, now.pending), (None, None, 1), "{verdict:?}");
        }
    }
}

/// What does concern it counts, whatever the claim saw.
#[tokio::test]
async fn an_endpoint_that_began_to_fail_after_the_claim_is_disabled_by_its_row() {
    let (shop, receiver) = (Shop::new().await, Receiver::start().await);
    let (endpoint, _) = shop.endpoint(&receiver.url).await;
    shop.happens(&["a"]).await;
    shop.dispatch().await;
    let old = shop.hooks.claim(Room { all: 1, failing: 1 }).await.unwrap().remove(0);
    assert_eq!(old.failing_since, None);
    shop.run("UPDATE webhooks.endpoints SET failing_since = now() - interval '6 days'").await;
    record(&shop, &old, ENDS[0]).await;
    assert_eq!(shop.look(endpoint.id).await.disabled_why.as_deref(), Some("failing"));
}
