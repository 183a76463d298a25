use std::collections::BTreeSet;

use chrono::TimeDelta;
use tenantry_kernel::{Clock, Kind};

use super::world::{Got, Receiver, Shop};
use crate::webhooks::{DeliveryState, EndpointChange};

/// Three days of failures, then dead; a replay gives it three more.
#[tokio::test]
async fn a_receiver_that_fails_for_three_days_has_dead_deliveries_that_can_be_replayed() {
    let (shop, receiver) = (Shop::new().await, Receiver::start().await);
    let (endpoint, secret) = shop.endpoint(&receiver.url).await;
    receiver.answers(503);
    shop.happens(&["a", "b"]).await;
    let began = shop.clock.now();
    shop.work().await;
    let first = shop.deliveries(endpoint.id).await;
    assert!(first.iter().all(|d| d.state == DeliveryState::Pending && d.last_status == Some(503)));
    let pause = first[0].next_attempt_at.unwrap() - began;
    assert!((4..=6).contains(&pause.num_seconds()), "{pause}");
    shop.work_until(began + TimeDelta::hours(71)).await;
    assert_eq!(shop.look(endpoint.id).await.pending, 2, "it is still tried");
    shop.work_until(began + TimeDelta::hours(73)).await;
    let dead = shop.deliveries(endpoint.id).await;
    for delivery in &dead {
        assert_eq!(delivery.state, DeliveryState::Dead);
        assert!((15..=19).contains(&delivery.attempts), "{}", delivery.attempts);
        assert!(delivery.last_error.as_deref().unwrap().contains("503"));
        assert_eq!(delivery.next_attempt_at, None);
    }
    assert_eq!(shop.look(endpoint.id).await.dead, 2);
    let sent = receiver.got().len();
    shop.work_until(shop.clock.now() + TimeDelta::hours(24)).await;
    assert_eq!(receiver.got().len(), sent, "dead is dead");

    receiver.answers(204);
    let one = shop.hooks.replay(&shop.owner(), shop.tenant, dead[0].id).await.unwrap();
    assert_eq!(one.state, DeliveryState::Pending);
    let key = (shop.tenant, endpoint.id);
    let late = shop.hooks.replay_dead(&shop.owner(), key, began + TimeDelta::seconds(1)).await.unwrap();
    let rest = shop.hooks.replay_dead(&shop.owner(), key, began - TimeDelta::seconds(1)).await.unwrap();
    let again = shop.hooks.replay_dead(&shop.owner(), key, began - TimeDelta::seconds(1)).await.unwrap();
    assert_eq!((late, rest, again), (0, 1, 0));
    shop.work().await;
    assert!(shop.deliveries(endpoint.id).await.iter().all(|d| d.state == DeliveryState::Delivered));
    let ids: BTreeSet<_> = receiver.got().iter().map(Got::id).collect();
    assert_eq!(ids.len(), 2, "the ids stay over all attempts and replays");
    assert!(receiver.got().iter().all(|got| got.is_signed_with(&secret)));
    assert_eq!(shop.look(endpoint.id).await.failing_since, None);
}

/// Down for a day while something happens each hour: each event arrives, and a repeated one has its id.
#[tokio::test]
async fn a_receiver_that_is_down_for_a_day_misses_nothing() {
    let (shop, receiver) = (Shop::new().await, Receiver::start().await);
    let (endpoint, _) = shop.endpoint(&receiver.url).await;
    receiver.answers(500);
    let names: Vec<String> = (0..24).map(|hour| format!("ins_{hour}")).collect();
    for name in &names {
        shop.happens(&[name]).await;
        shop.work_until(shop.clock.now() + TimeDelta::hours(1)).await;
    }
    let failed: Vec<Got> = receiver.got();
    assert!(failed.len() > 100);
    receiver.answers(200);
    shop.work_until(shop.clock.now() + TimeDelta::hours(9)).await;
    let arrived: Vec<Got> = receiver.got().split_off(failed.len());
    let subjects: BTreeSet<_> = arrived.iter().map(Got::subject).collect();
    assert_eq!(subjects, names.iter().cloned().collect(), "no event is lost");
    assert_eq!(arrived.len(), 24, "and none comes twice once it was taken");
    for got in &arrived {
        let same = failed.iter().filter(|f| f.subject() == got.subject());
        assert!(same.into_iter().all(|f| f.id() == got.id() && f.body == got.body));
    }
    let counts = shop.look(endpoint.id).await;
    assert_eq!((counts.pending, counts.dead, counts.failing_since), (0, 0, None));
}

#[tokio::test]
async fn a_receiver_that_asks_for_time_gets_it() {
    let (shop, receiver) = (Shop::new().await, Receiver::start().await);
    let (endpoint, _) = shop.endpoint(&receiver.url).await;
    receiver.answers(429);
    receiver.asks_to_wait(1_000);
    shop.happens(&["a"]).await;
    shop.work().await;
    let pause = shop.deliveries(endpoint.id).await[0].next_attempt_at.unwrap() - shop.clock.now();
    assert!((899..=1_101).contains(&pause.num_seconds()), "{pause}");
}

#[tokio::test]
async fn gone_means_gone() {
    let (shop, receiver) = (Shop::new().await, Receiver::start().await);
    let (endpoint, _) = shop.endpoint(&receiver.url).await;
    let other = Receiver::start().await;
    let (heir, _) = shop.endpoint_of(shop.tenant, &other.url, &["webhook_endpoint.disabled"]).await;
    receiver.answers(410);
    shop.happens(&["a"]).await;
    shop.work().await;
    let disabled = shop.look(endpoint.id).await;
    assert_eq!((disabled.disabled_why.as_deref(), disabled.dead), (Some("gone"), 1));
    shop.happens(&["b"]).await;
    shop.work().await;
    assert_eq!(receiver.got().len(), 1, "nothing more is sent there");
    let told = other.got();
    assert_eq!(told.len(), 1, "and another endpoint hears of it");
    assert_eq!(told[0].json()["data"]["endpointId"], endpoint.id.to_string());
    assert_eq!(told[0].json()["data"]["reason"], "gone");
    let rows: i64 = shop.value("SELECT count(*) FROM platform.audit WHERE action = 'webhook.disable'").await;
    assert_eq!((rows, shop.look(heir.id).await.disabled_at), (1, None));
    let dead = shop.deliveries(endpoint.id).await.remove(0).id;
    let refused = shop.hooks.replay(&shop.owner(), shop.tenant, dead).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Conflict);
    let on = EndpointChange { disabled: Some(false), ..EndpointChange::default() };
    shop.hooks.update(&shop.owner(), (shop.tenant, endpoint.id), on).await.unwrap();
    receiver.answers(200);
    shop.hooks.replay(&shop.owner(), shop.tenant, dead).await.unwrap();
    assert_eq!(shop.work().await, 1);
}

#[tokio::test]
async fn an_endpoint_that_fails_for_five_days_is_disabled_once() {
    let (shop, receiver) = (Shop::new().await, Receiver::start().await);
    let (endpoint, _) = shop.endpoint(&receiver.url).await;
    receiver.answers(500);
    for _ in 0..5 {
        shop.happens(&["a"]).await;
        shop.work_until(shop.clock.now() + TimeDelta::hours(23)).await;
    }
    assert_eq!(shop.look(endpoint.id).await.disabled_at, None, "not yet five days");
    shop.work_until(shop.clock.now() + TimeDelta::hours(24)).await;
    let disabled = shop.look(endpoint.id).await;
    assert_eq!(disabled.disabled_why.as_deref(), Some("failing"));
    let facts: i64 =
        shop.value("SELECT count(*) FROM platform.outbox WHERE topic = 'webhook_endpoint.disabled'").await;
    assert_eq!(facts, 1);
    assert!(disabled.pending > 0, "what waited is kept for a while");
    shop.clock.advance(TimeDelta::days(4));
    shop.hooks.purge().await.unwrap();
    let given_up = shop.look(endpoint.id).await;
    assert_eq!(given_up.pending, 0);
    assert!(given_up.dead > 0);
}

/// One success between failures begins the count anew.
#[tokio::test]
async fn an_endpoint_that_works_now_and_then_stays() {
    let (shop, receiver) = (Shop::new().await, Receiver::start().await);
    let (endpoint, _) = shop.endpoint(&receiver.url).await;
    for day in 0..12 {
        receiver.answers(if day % 4 == 3 { 200 } else { 500 });
        shop.happens(&["a"]).await;
        shop.work_until(shop.clock.now() + TimeDelta::days(1)).await;
    }
    assert_eq!(shop.look(endpoint.id).await.disabled_at, None);
}
