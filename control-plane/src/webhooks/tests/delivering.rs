use chrono::TimeDelta;
use serde_json::json;
use standardwebhooks::Webhook;
use tenantry_kernel::{Clock, Kind, Secret};
use tenantry_store::PageRequest;

use super::world::{Receiver, Shop};
use crate::webhooks::model::LOGGED;
use crate::webhooks::{DeliveryState, EndpointChange};

/// The receiver's side is the official library: it must accept what we send, and refuse what was touched.
#[tokio::test]
async fn the_official_library_accepts_what_is_sent() {
    let (shop, receiver) = (Shop::new().await, Receiver::start().await);
    let (endpoint, secret) = shop.endpoint(&receiver.url).await;
    shop.happens(&["ins_1"]).await;
    assert_eq!(shop.work().await, 1);
    let got = receiver.got().pop().unwrap();
    let library = Webhook::new(secret.expose()).unwrap();
    library.verify(&got.body, &got.headers).unwrap();
    assert!(library.verify(b"{}", &got.headers).is_err());
    let other = Webhook::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    assert!(other.verify(&got.body, &got.headers).is_err());
    assert_eq!(got.headers["content-type"], "application/json");
    let sent = got.json();
    assert_eq!(sent["type"], "instance.start_requested");
    let data = json!({ "tenantId": shop.tenant.to_string(), "instanceId": "ins_1", "slug": "shop", "region": "us-east" });
    assert_eq!(sent["data"], data, "and no e-mail address");
    let deliveries = shop.deliveries(endpoint.id).await;
    let [delivery] = deliveries.as_slice() else { panic!("{deliveries:?}") };
    assert_eq!(
        (delivery.state, delivery.attempts, delivery.last_status),
        (DeliveryState::Delivered, 1, Some(200))
    );
    assert_eq!(delivery.message.to_string(), got.id());
    let response = delivery.log[0].response.clone().unwrap();
    assert!(
        response.starts_with("this is 200 OK\u{fffd}xxx") && response.len() <= 2_060,
        "{}",
        response.len()
    );
}

/// The secret is sealed in the database and is in no log, fact or audit row.
#[tokio::test]
async fn a_secret_is_shown_once_and_kept_sealed() {
    let (shop, receiver) = (Shop::new().await, Receiver::start().await);
    let (_, secret) = shop.endpoint(&receiver.url).await;
    shop.happens(&["ins_1"]).await;
    shop.work().await;
    let bare = secret.expose().trim_start_matches("whsec_").to_owned();
    for table in [
        "webhooks.endpoints",
        "webhooks.deliveries",
        "webhooks.messages",
        "platform.audit",
        "platform.outbox",
    ] {
        let n: i64 =
            shop.value(&format!("SELECT count(*) FROM {table} t WHERE t::text LIKE '%{bare}%'")).await;
        assert_eq!(n, 0, "{table}");
    }
    let told: i64 =
        shop.value("SELECT count(*) FROM platform.audit a WHERE a::text LIKE '%of-the-path%'").await;
    assert_eq!(told, 0, "the trail tells the place and not the path");
}

#[tokio::test]
async fn both_secrets_sign_for_a_day_after_a_rotation() {
    let (shop, receiver) = (Shop::new().await, Receiver::start().await);
    let (endpoint, first) = shop.endpoint(&receiver.url).await;
    let (rotated, second) = shop.hooks.rotate(&shop.owner(), shop.tenant, endpoint.id).await.unwrap();
    assert_eq!(rotated.rotated_until, Some(shop.look(endpoint.id).await.rotated_until.unwrap()));
    let signed = async |subject: &str| {
        shop.happens(&[subject]).await;
        shop.work().await;
        let got = receiver.got().pop().unwrap();
        let by = |secret: &Secret| got.is_signed_with(secret);
        (by(&first), by(&second))
    };
    assert_eq!(signed("a").await, (true, true));
    let got = receiver.got().pop().unwrap();
    for secret in [&first, &second] {
        Webhook::new(secret.expose()).unwrap().verify(&got.body, &got.headers).unwrap();
    }
    shop.clock.advance(TimeDelta::hours(24) - TimeDelta::seconds(1));
    assert_eq!(signed("b").await, (true, true));
    shop.clock.advance(TimeDelta::seconds(2));
    assert_eq!(signed("c").await, (false, true));
    assert_eq!(shop.look(endpoint.id).await.rotated_until, None);
    let (_, third) = shop.hooks.rotate(&shop.owner(), shop.tenant, endpoint.id).await.unwrap();
    shop.hooks.rotate(&shop.owner(), shop.tenant, endpoint.id).await.unwrap();
    shop.happens(&["d"]).await;
    shop.work().await;
    let got = receiver.got().pop().unwrap();
    assert!(got.is_signed_with(&third) && !got.is_signed_with(&second), "two at the most");
}

/// A sender that was killed between sending and writing: the lease ends, it is sent again, under the same id.
#[tokio::test]
async fn a_killed_senders_delivery_is_sent_again_with_the_same_id() {
    let (shop, receiver) = (Shop::new().await, Receiver::start().await);
    let (endpoint, _) = shop.endpoint(&receiver.url).await;
    shop.happens(&["ins_1"]).await;
    shop.dispatch().await;
    let room = crate::webhooks::claim::Room { all: 10, failing: 5 };
    let claimed = shop.hooks.claim(room).await.unwrap();
    assert_eq!(claimed.len(), 1);
    assert_eq!(shop.hooks.send_due().await, 0, "it is another's");
    shop.clock.advance(TimeDelta::seconds(61));
    assert_eq!(shop.hooks.send_due().await, 1);
    // The first one was only slow: its answer comes late, and changes nothing.
    receiver.answers(500);
    for late in claimed {
        shop.hooks.attempt(late).await;
    }
    let deliveries = shop.deliveries(endpoint.id).await;
    assert_eq!((deliveries[0].state, deliveries[0].attempts), (DeliveryState::Delivered, 1));
    assert_eq!(shop.look(endpoint.id).await.failing_since, None, "nor the endpoint's health");
    let ids: Vec<_> = receiver.got().iter().map(super::world::Got::id).collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1]);
}

#[tokio::test]
async fn a_test_works_before_anything_has_happened_and_is_no_event() {
    let (shop, receiver) = (Shop::new().await, Receiver::start().await);
    let (endpoint, _) = shop.endpoint_of(shop.tenant, &receiver.url, &["member.added"]).await;
    let key = (shop.tenant, endpoint.id);
    for event_type in [None, Some("instance.ready"), Some("webhook.test")] {
        let sent = shop.hooks.send_test(&shop.owner(), key, event_type).await.unwrap();
        assert_eq!(sent.state, DeliveryState::Pending);
        shop.hooks.send_due().await;
        let got = receiver.got().pop().unwrap();
        assert_eq!(
            (got.id(), got.json()["type"].as_str()),
            (sent.message.to_string(), event_type.or(Some("webhook.test")))
        );
    }
    assert_eq!(shop.count("messages WHERE position IS NOT NULL").await, 0);
    let error = shop.hooks.send_test(&shop.owner(), key, Some("no.such")).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (Kind::Invalid, Some("eventType")));
    let off = EndpointChange { disabled: Some(true), ..EndpointChange::default() };
    shop.hooks.update(&shop.owner(), key, off).await.unwrap();
    assert_eq!(shop.hooks.send_test(&shop.owner(), key, None).await.unwrap_err().kind(), Kind::Conflict);
}

#[tokio::test]
async fn what_is_replayed_arrives_again_under_its_id() {
    let (shop, receiver) = (Shop::new().await, Receiver::start().await);
    let (endpoint, _) = shop.endpoint(&receiver.url).await;
    shop.happens(&["ins_1"]).await;
    shop.work().await;
    let id = shop.deliveries(endpoint.id).await[0].id;
    for _ in 0..LOGGED + 3 {
        let replayed = shop.hooks.replay(&shop.owner(), shop.tenant, id).await.unwrap();
        assert_eq!(replayed.state, DeliveryState::Pending);
        assert_eq!(shop.hooks.send_due().await, 1);
    }
    let delivery = shop.deliveries(endpoint.id).await.remove(0);
    assert_eq!((delivery.attempts, delivery.log.len()), (14, 10), "ten attempts are kept");
    assert!(delivery.log.is_sorted_by_key(|attempt| attempt.at));
    let ids: std::collections::BTreeSet<_> = receiver.got().iter().map(super::world::Got::id).collect();
    assert_eq!(ids.len(), 1);
    // While it is being sent, a replay changes nothing: it would be sent twice.
    shop.hooks.replay(&shop.owner(), shop.tenant, id).await.unwrap();
    let room = crate::webhooks::claim::Room { all: 10, failing: 5 };
    assert_eq!(shop.hooks.claim(room).await.unwrap().len(), 1);
    shop.hooks.replay(&shop.owner(), shop.tenant, id).await.unwrap();
    assert_eq!(shop.hooks.send_due().await, 0);
}

#[tokio::test]
async fn a_deleted_or_disabled_endpoint_gets_nothing_more() {
    let (shop, receiver) = (Shop::new().await, Receiver::start().await);
    let (endpoint, _) = shop.endpoint(&receiver.url).await;
    let key = (shop.tenant, endpoint.id);
    shop.happens(&["waits"]).await;
    shop.dispatch().await;
    let set = |disabled| EndpointChange { disabled: Some(disabled), ..EndpointChange::default() };
    shop.hooks.update(&shop.owner(), key, set(true)).await.unwrap();
    shop.happens(&["while it was disabled"]).await;
    assert_eq!((shop.work().await, receiver.got().len()), (0, 0));
    shop.hooks.update(&shop.owner(), key, set(false)).await.unwrap();
    assert_eq!(shop.work().await, 1, "what waited goes on; what happened meanwhile is in the feed");
    shop.happens(&["waits again"]).await;
    shop.dispatch().await;
    shop.hooks.delete(&shop.owner(), shop.tenant, endpoint.id).await.unwrap();
    assert_eq!((shop.work().await, shop.deliveries(endpoint.id).await.len()), (0, 0));
    shop.hooks.purge().await.unwrap();
    assert_eq!((shop.count("deliveries").await, shop.count("endpoints").await), (0, 0));
    let gone = shop.hooks.delete(&shop.owner(), shop.tenant, endpoint.id).await.unwrap_err();
    assert_eq!(gone.kind(), Kind::NotFound);
    assert_eq!(shop.count("messages").await, 3, "the feed keeps them");
}

#[tokio::test]
async fn pages_of_deliveries_hold_each_once_and_by_state() {
    let (shop, receiver) = (Shop::new().await, Receiver::start().await);
    let (endpoint, _) = shop.endpoint(&receiver.url).await;
    shop.happens(&["a", "b", "c", "d", "e"]).await;
    shop.work().await;
    receiver.answers(500);
    shop.happens(&["f", "g"]).await;
    shop.work().await;
    let page = async |state, after: Option<String>| {
        let request = PageRequest::new(Some(2), after);
        let rows = (shop.tenant, &[endpoint.id][..]);
        let mut pages = shop.hooks.deliveries(&shop.owner(), rows, (state, &request)).await.unwrap();
        pages.remove(&endpoint.id)
    };
    for (state, expected) in [
        (None, 7),
        (Some(DeliveryState::Delivered), 5),
        (Some(DeliveryState::Pending), 2),
        (Some(DeliveryState::Dead), 0),
    ] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let Some(found) = page(state, after).await else { break };
            seen.extend(found.rows.iter().map(|d| d.id));
            after = found.rows.last().map(|d| d.id.to_string());
            if !found.has_next {
                break;
            }
        }
        let each: std::collections::BTreeSet<_> = seen.iter().collect();
        assert_eq!((seen.len(), each.len()), (expected, expected), "{state:?}");
        assert!(seen.is_sorted_by(|a, b| a > b));
    }
    let counts = shop.look(endpoint.id).await;
    assert_eq!((counts.pending, counts.dead), (2, 0));
    assert!(shop.clock.now() >= counts.failing_since.unwrap());
}
