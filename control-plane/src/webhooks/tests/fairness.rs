use std::time::{Duration, Instant};

use super::world::{Receiver, Shop};

/// One tenant's receiver is slow and has a long queue; another's one event does not wait for it.
#[tokio::test]
async fn a_slow_receiver_delays_nobody_else() {
    let shop = Shop::new().await;
    let other = shop.another_tenant("quick").await;
    let (slow, quick) = (Receiver::start().await, Receiver::start().await);
    slow.takes(Duration::from_secs(3));
    shop.endpoint(&slow.url).await;
    shop.endpoint_of(other, &quick.url, &[]).await;
    let many: Vec<String> = (0..300).map(|n| format!("ins_{n}")).collect();
    shop.happens(&many.iter().map(String::as_str).collect::<Vec<_>>()).await;
    shop.happens_at(other, &["urgent"]).await;
    shop.dispatch().await;
    let stop = tokio_util::sync::CancellationToken::new();
    let signals = shop.test.app.signals.clone();
    let sending = tokio::spawn(crate::webhooks::send_webhooks(shop.hooks.clone(), signals, stop.clone()));
    let started = Instant::now();
    while quick.got().is_empty() {
        assert!(started.elapsed() < Duration::from_millis(1_500), "the quick one waits for the slow one");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    while slow.got().len() < 8 {
        assert!(started.elapsed() < Duration::from_millis(2_900), "the slow one has its share too");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(7), sending).await.unwrap().unwrap();
    assert_eq!(slow.most_at_once(), 8);
}

/// Failing endpoints of many tenants get half of the places at the most, and healthy ones go first.
#[tokio::test]
async fn failing_endpoints_do_not_take_all_the_places() {
    let shop = Shop::new().await;
    for n in 0..10 {
        let tenant = shop.another_tenant(&format!("failing-{n}")).await;
        shop.endpoint_of(tenant, "http://127.0.0.1:9/", &[]).await;
        shop.happens_at(tenant, &["a"; 20]).await;
    }
    shop.run("UPDATE webhooks.endpoints SET failing_since = now()").await;
    let (endpoint, _) = shop.endpoint("http://127.0.0.1:9/").await;
    shop.happens(&["a"; 20]).await;
    shop.dispatch().await;
    let room = crate::webhooks::claim::Room { all: 40, failing: 10 };
    let claimed = shop.hooks.claim(room).await.unwrap();
    let healthy = claimed.iter().filter(|c| c.endpoint == endpoint.id).count();
    assert_eq!((healthy, claimed.len() - healthy), (8, 10));
    // The ten are of ten tenants: they take turns.
    let tenants: std::collections::BTreeSet<_> = claimed.iter().map(|c| c.tenant).collect();
    assert_eq!(tenants.len(), 11);
}

/// Many endpoints do not give a tenant more than its bound.
#[tokio::test]
async fn a_tenants_endpoints_share_its_places() {
    let shop = Shop::new().await;
    for n in 0..5 {
        shop.endpoint(&format!("http://127.0.0.1:9/{n}")).await;
    }
    shop.happens(&["a"; 20]).await;
    shop.dispatch().await;
    let room = crate::webhooks::claim::Room { all: 128, failing: 64 };
    let claimed = shop.hooks.claim(room).await.unwrap();
    assert_eq!(claimed.len(), 24);
    let mut each = std::collections::BTreeMap::<_, usize>::new();
    for c in &claimed {
        *each.entry(c.endpoint).or_default() += 1;
    }
    assert_eq!(each.len(), 5, "each endpoint has some: {each:?}");
    assert!(shop.hooks.claim(room).await.unwrap().is_empty(), "the bound holds over claims");
}
