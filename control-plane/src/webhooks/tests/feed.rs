use axum::body::Body;
use axum::http::{Request, StatusCode};
use chrono::TimeDelta;
use serde_json::Value;
use tenantry_authz::Role;
use tenantry_store::outbox::{self, Fact};
use tenantry_store::{SystemRole, SystemTx};

use super::world::{Got, Receiver, Shop};
use crate::test_world::Person;

async fn get(shop: &Shop, person: Option<&Person>, query: &str) -> (StatusCode, Value) {
    let mut request = Request::get(format!("/v1/events?{query}"));
    if let Some(person) = person {
        request = request.header("cookie", person.cookie());
    }
    let response = shop.test.send(request.body(Body::empty()).unwrap()).await;
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap())
}

fn subjects(page: &Value) -> Vec<&str> {
    page["events"].as_array().unwrap().iter().map(|e| e["data"]["instanceId"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_reader_with_a_cursor_gets_each_event_once_and_in_order() {
    let (shop, receiver) = (Shop::new().await, Receiver::start().await);
    let ada = shop.test.member("ada", shop.tenant, Role::Developer).await;
    shop.endpoint(&receiver.url).await;
    shop.happens(&["a", "b", "c", "d", "e"]).await;
    shop.work().await;
    let tenant = format!("tenant={}", shop.tenant);
    let (mut seen, mut ids, mut cursor) = (Vec::new(), Vec::new(), String::new());
    loop {
        let (status, page) = get(&shop, Some(&ada), &format!("{tenant}&limit=2&after={cursor}")).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        seen.extend(subjects(&page).into_iter().map(str::to_owned));
        ids.extend(page["events"].as_array().unwrap().iter().map(|e| e["id"].as_str().unwrap().to_owned()));
        cursor = page["cursor"].as_str().unwrap().to_owned();
        if page["hasMore"] == false {
            break;
        }
    }
    assert_eq!(seen, ["a", "b", "c", "d", "e"]);
    let mut sent: Vec<_> = receiver.got().iter().map(Got::id).collect();
    sent.sort();
    ids.sort();
    assert_eq!(ids, sent, "the ids that webhooks have");
    let (_, empty) = get(&shop, Some(&ada), &format!("{tenant}&after={cursor}")).await;
    assert_eq!((subjects(&empty).len(), empty["cursor"].as_str()), (0, Some(cursor.as_str())));
    shop.happens(&["f"]).await;
    shop.dispatch().await;
    let (_, next) = get(&shop, Some(&ada), &format!("{tenant}&after={cursor}")).await;
    assert_eq!(subjects(&next), ["f"]);
    assert_eq!(next["events"][0]["type"], "instance.start_requested");
    // What is not wanted is passed over, and the cursor with it.
    let (_, none) = get(&shop, Some(&ada), &format!("{tenant}&types=member.added,member.removed")).await;
    assert_eq!((subjects(&none).len(), none["cursor"].as_str()), (0, next["cursor"].as_str()));
}

/// A transaction that takes its number early and commits late: a reader who was past its number gets it all the same.
#[tokio::test]
async fn a_fact_that_commits_late_is_not_skipped() {
    let shop = Shop::new().await;
    let ada = shop.test.member("ada", shop.tenant, Role::Developer).await;
    let late = SystemTx::begin(&shop.test.app.db, SystemRole::Jobs).await.unwrap();
    let fact = Fact { tenant: shop.tenant, topic: "instance.start", subject: "late".to_owned(), payload: () };
    outbox::publish(&late, shop.test.now(), &fact).await.unwrap();
    shop.happens(&["early"]).await;
    shop.dispatch().await;
    let tenant = format!("tenant={}", shop.tenant);
    let (_, page) = get(&shop, Some(&ada), &tenant).await;
    assert_eq!(subjects(&page), ["early"]);
    let cursor = page["cursor"].as_str().unwrap().to_owned();
    late.commit().await.unwrap();
    shop.dispatch().await;
    let (_, page) = get(&shop, Some(&ada), &format!("{tenant}&after={cursor}")).await;
    assert_eq!(subjects(&page), ["late"]);
}

#[tokio::test]
async fn a_reader_who_was_away_too_long_is_told() {
    let shop = Shop::new().await;
    let ada = shop.test.member("ada", shop.tenant, Role::Developer).await;
    shop.happens(&["a", "b"]).await;
    shop.dispatch().await;
    shop.clock.advance(TimeDelta::days(31));
    shop.happens(&["c"]).await;
    shop.dispatch().await;
    shop.hooks.purge().await.unwrap();
    let tenant = format!("tenant={}", shop.tenant);
    // Sessions ended long ago by this clock; the gate is asked with a context of its own.
    let query = |after| crate::webhooks::FeedQuery { after, types: vec![], limit: 10 };
    let missed = shop.hooks.feed(&shop.owner(), shop.tenant, &query(1)).await.unwrap_err();
    assert_eq!(missed.kind(), tenantry_kernel::Kind::Conflict);
    let after = shop.hooks.feed(&shop.owner(), shop.tenant, &query(2)).await.unwrap();
    assert_eq!((after.rows.len(), after.next), (1, 3), "nothing after 2 was missed");
    let anew = shop.hooks.feed(&shop.owner(), shop.tenant, &query(0)).await.unwrap();
    assert_eq!(anew.rows.len(), 1);
    assert_eq!(get(&shop, Some(&ada), &format!("{tenant}&after=evc_1")).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn errors_are_problems() {
    let shop = Shop::new().await;
    let other = shop.another_tenant("rival").await;
    let ada = shop.test.member("ada", shop.tenant, Role::Developer).await;
    let viewer = shop.test.member("vera", shop.tenant, Role::Viewer).await;
    shop.happens(&["a"]).await;
    shop.dispatch().await;
    let tenant = format!("tenant={}", shop.tenant);
    for (query, status, field) in [
        (String::new(), 400, "tenant"),
        ("tenant=".to_owned(), 400, "tenant"),
        (format!("{tenant}&{tenant}"), 400, "query"),
        (format!("{tenant}&page=2"), 400, "query"),
        (format!("{tenant}&after=1"), 400, "after"),
        (format!("{tenant}&after=evc_-1"), 400, "after"),
        (format!("{tenant}&after=evc_2"), 400, "after"),
        (format!("{tenant}&after=evc_99999999999999999999"), 400, "after"),
        (format!("{tenant}&after=evc_1%27--"), 400, "after"),
        (format!("{tenant}&limit=0"), 400, "limit"),
        (format!("{tenant}&limit=501"), 400, "limit"),
        (format!("{tenant}&types=no.such"), 400, "eventTypes"),
        ("tenant=ten_nonsense".to_owned(), 404, ""),
        (format!("tenant={other}"), 404, ""),
    ] {
        let (answered, problem) = get(&shop, Some(&ada), &query).await;
        assert_eq!(answered.as_u16(), status, "{query}: {problem}");
        assert_eq!(problem["field"].as_str().unwrap_or_default(), field, "{query}: {problem}");
        assert!(!problem["remedy"].as_str().unwrap().is_empty());
    }
    assert_eq!(get(&shop, None, &tenant).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(get(&shop, Some(&viewer), &tenant).await.0, StatusCode::NOT_FOUND, "viewers see no webhooks");
}
