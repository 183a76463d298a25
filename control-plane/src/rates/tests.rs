//! Nodes that share budgets in one database: each `Rates` here is a node, with pools of its own.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode};
use axum::response::Response;
use futures::StreamExt;
use tenantry_authz::{Actor, Role};
use tenantry_kernel::{ApiKeyId, OsEntropy, ServiceAccountId, TenantId, UserId};
use tenantry_store::{Db, PoolSizes};
use tenantry_testkit::World;

use super::{Allowed, Rates};
use crate::test_world::{Person, TestApp};

const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9));

fn allowed(requests: u32, window: Duration) -> Allowed {
    Allowed { address: requests, credential: requests, window }
}

/// A node on the test's database.
fn node(test: &TestApp, allowed: Allowed) -> Rates {
    let cluster = &test.world.test_db.cluster;
    let db = Db::connect(&cluster.app, &cluster.system, PoolSizes { app: 1, system: 3 });
    Rates::new(db, test.app.billing.clone(), allowed)
}

async fn passes(node: &Rates) -> bool {
    !node.address(CLIENT).await.unwrap().refused
}

/// How many requests a node lets through when eight clients at once ask until they are refused, or the time is up.
async fn hammer(node: Rates, until: Option<Instant>) -> u32 {
    let client = |_| {
        let node = node.clone();
        async move {
            let mut passed = 0;
            loop {
                match (passes(&node).await, until) {
                    (true, _) => passed += 1,
                    (false, None) => return passed,
                    (false, Some(_)) => tokio::time::sleep(Duration::from_millis(1)).await,
                }
                if until.is_some_and(|until| Instant::now() >= until) {
                    return passed;
                }
            }
        }
    };
    futures::stream::iter(0..8).map(client).buffer_unordered(8).fold(0, async |a, b| a + b).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_nodes_together_let_through_the_limit_and_not_one_more() {
    let test = TestApp::new().await;
    let allowed = allowed(500, Duration::from_secs(60));
    let (a, b) = (node(&test, allowed), node(&test, allowed));
    let (a, b) = tokio::join!(tokio::spawn(hammer(a, None)), tokio::spawn(hammer(b, None)));
    let (a, b) = (a.unwrap(), b.unwrap());
    assert_eq!(a + b, 500, "{a} and {b}");
    assert!(a > 0 && b > 0, "both served: {a} and {b}");
    assert!(!passes(&node(&test, allowed)).await, "nor does a third let another through");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_window_has_its_limit_and_no_node_takes_anything_over_into_the_next() {
    let test = TestApp::new().await;
    let allowed = allowed(40, Duration::from_secs(1));
    let (a, b) = (node(&test, allowed), node(&test, allowed));
    let until = Some(Instant::now() + Duration::from_millis(3500));
    let (a, b) = tokio::join!(tokio::spawn(hammer(a, until)), tokio::spawn(hammer(b, until)));
    let passed = a.unwrap() + b.unwrap();
    assert!((120..=160).contains(&passed), "three windows and the begun fourth, of 40 each: {passed}");
}

#[tokio::test]
async fn what_a_dead_node_held_is_lost_until_the_window_ends_and_never_counted_twice() {
    let test = TestApp::new().await;
    let window = Duration::from_secs(2);
    let begun = Instant::now();
    let dead = node(&test, allowed(100, window));
    assert!(passes(&dead).await);
    drop(dead);
    let other = node(&test, allowed(100, window));
    let passed = hammer(other.clone(), None).await;
    assert_eq!(passed, 100 - 8, "the first portion of eight went with its holder");
    let verdict = other.address(CLIENT).await.unwrap();
    assert!(verdict.refused && verdict.resets_in <= window, "{verdict:?}");
    tokio::time::sleep(verdict.resets_in + Duration::from_millis(50)).await;
    assert!(begun.elapsed() >= window);
    assert_eq!(hammer(other, None).await, 100, "the next window is whole");
}

#[tokio::test]
async fn a_limit_that_is_changed_holds_from_the_next_window_on() {
    let test = TestApp::new().await;
    assert!(passes(&node(&test, allowed(20, Duration::from_secs(60)))).await);
    let told_otherwise = node(&test, allowed(1000, Duration::from_secs(60)));
    assert_eq!(told_otherwise.address(CLIENT).await.unwrap().limit, 20);
    assert!(hammer(told_otherwise, None).await < 20, "nodes agree on the window's own limit");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_thousand_addresses_and_more_do_not_fill_the_memory_nor_forget_whom_it_knows() {
    let test = TestApp::new().await;
    let node = node(&test, allowed(3, Duration::from_secs(600)));
    let key = api_key(&test, test.world.tenant_id());
    for _ in 0..3 {
        assert!(!node.actor(&key).await[0].refused);
    }
    let all = (0..11_000u32).map(|n| {
        let (node, address) = (node.clone(), IpAddr::V4(Ipv4Addr::from(0x0B00_0000 + n)));
        async move { assert!(!node.address(address).await.unwrap().refused) }
    });
    futures::stream::iter(all).buffer_unordered(16).for_each(async |()| {}).await;
    assert!(node.remembered() <= 10_001 + 1, "{}", node.remembered());
    assert!(node.actor(&key).await[0].refused, "it has used its three");
    let first = IpAddr::V4(Ipv4Addr::from(0x0B00_0000));
    let again = node.address(first).await.unwrap();
    assert!(again.remaining < 3, "forgotten here, and known to the database: {again:?}");
}

#[tokio::test]
async fn without_the_database_a_node_lets_through_its_share_of_a_second() {
    let test = TestApp::new().await;
    let nowhere = test.world.test_db.cluster.system.clone().socket("/nonexistent");
    let db = Db::connect(&nowhere, &nowhere, PoolSizes { app: 1, system: 1 });
    let node = Rates::new(db, test.app.billing.clone(), allowed(600, Duration::from_secs(60)));
    assert_eq!(hammer(node.clone(), None).await, 10);
    let refused = node.address(CLIENT).await.unwrap();
    assert!(refused.refused && refused.resets_in <= Duration::from_secs(1), "{refused:?}");
}

fn api_key(test: &TestApp, tenant: TenantId) -> Actor {
    let clock = &*test.app.runtime.clock;
    let (id, maker) = (ApiKeyId::generate(clock, &OsEntropy), UserId::generate(clock, &OsEntropy));
    Actor::ApiKey { id, tenant, maker, scopes: Arc::new([]) }
}

#[tokio::test]
async fn a_tenants_programs_share_what_its_plan_allows_and_other_tenants_have_their_own() {
    let test = TestApp::new().await;
    let (acme, globex) = (test.tenant("acme", "starter").await, test.tenant("globex", "starter").await);
    sqlx::query("UPDATE billing.plans SET requests_per_minute = 10 WHERE code = 'starter'")
        .execute(&mut test.world.superuser().await)
        .await
        .unwrap();
    let node = node(&test, allowed(1000, Duration::from_secs(60)));
    let clock = &*test.app.runtime.clock;
    let account = Actor::ServiceAccount {
        id: ServiceAccountId::generate(clock, &OsEntropy),
        tenant: acme,
        scopes: None,
    };
    let programs = [api_key(&test, acme), api_key(&test, acme), account];
    let mut passed = 0;
    for round in 0..30 {
        let verdicts = node.actor(&programs[round % 3]).await;
        passed += u32::from(verdicts.iter().all(|v| !v.refused));
    }
    assert_eq!(passed, 10, "of three programs together");
    assert!(node.actor(&api_key(&test, globex)).await.iter().all(|v| !v.refused), "another tenant's");
    let (owner, stranger) = (test.world.member(acme, Role::Owner), test.world.stranger());
    assert!(node.actor(owner.actor()).await.iter().all(|v| !v.refused), "people are not programs");
    let status = node.status(&owner, acme).await.unwrap();
    let tenant = status.iter().find(|s| s.scope.as_str() == "tenant").unwrap();
    assert_eq!((tenant.limit, tenant.remaining), (10, 0));
    let person = status.iter().find(|s| s.scope.as_str() == "person").unwrap();
    assert_eq!((person.limit, person.remaining), (1000, 992), "a portion of eight counts as used");
    assert!(node.status(&stranger, acme).await.is_err(), "nobody else learns of it");
    assert!(node.status(&test.world.member(globex, Role::Owner), acme).await.is_err());
}

async fn from(test: &TestApp, client: &str, request: Request<Body>) -> Response {
    let mut request = request;
    request.extensions_mut().insert(ConnectInfo(SocketAddr::new(client.parse().unwrap(), 4711)));
    test.send(request).await
}

fn query() -> Request<Body> {
    Request::post("/graphql")
        .header("content-type", "application/json")
        .body(Body::from(r#"{"query": "{ plans { code } }"}"#))
        .unwrap()
}

fn header(response: &Response, name: &str) -> String {
    let value = response.headers().get(name).unwrap_or_else(|| panic!("no {name}"));
    value.to_str().unwrap().to_owned()
}

async fn json(response: Response) -> serde_json::Value {
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[tokio::test]
async fn answers_say_how_much_is_left_and_a_refusal_when_to_come_again() {
    let mut test = TestApp::new().await;
    let rates = node(&test, allowed(5, Duration::from_secs(60)));
    test.app.change(|services| services.rates = rates);
    for left in (0..5).rev() {
        let response = from(&test, "203.0.113.9", query()).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(header(&response, "ratelimit-limit"), "5");
        assert_eq!(header(&response, "ratelimit-remaining"), left.to_string());
        assert_eq!(header(&response, "ratelimit-policy"), r#"5;w=60;comment="address""#);
        assert!((50..=60).contains(&header(&response, "ratelimit-reset").parse::<u32>().unwrap()));
        assert!(response.headers().get("retry-after").is_none());
        assert!(json(response).await["data"]["plans"].is_array());
    }
    let refused = from(&test, "203.0.113.9", query()).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(header(&refused, "ratelimit-remaining"), "0");
    assert_eq!(header(&refused, "retry-after"), header(&refused, "ratelimit-reset"));
    assert!((50..=60).contains(&header(&refused, "retry-after").parse::<u32>().unwrap()));
    assert!(header(&refused, "x-request-id").starts_with("req_"));
    let error = &json(refused).await["errors"][0]["extensions"];
    assert_eq!(error["code"], "RATE_LIMITED");
    assert!(error["remedy"].as_str().unwrap().contains("Retry-After"));

    let rest = Request::get("/export/usage.csv").body(Body::empty()).unwrap();
    let refused = from(&test, "203.0.113.9", rest).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(header(&refused, "content-type"), "application/problem+json");
    assert_eq!(json(refused).await["code"], "RATE_LIMITED");

    for (other, status) in [
        ("203.0.113.10", StatusCode::OK),
        ("::ffff:203.0.113.9", StatusCode::TOO_MANY_REQUESTS),
        ("127.0.0.1", StatusCode::OK),
    ] {
        assert_eq!(from(&test, other, query()).await.status(), status, "{other}");
    }
    let health = Request::get("/healthz").body(Body::empty()).unwrap();
    assert_eq!(from(&test, "203.0.113.9", health).await.status(), StatusCode::OK, "health has no limit");
}

#[tokio::test]
async fn a_person_is_counted_over_all_log_ins_and_places_and_the_tightest_limit_is_told() {
    let mut test = TestApp::new().await;
    let tenant = test.tenant("acme", "pro").await;
    let anna = test.member("anna", tenant, Role::Owner).await;
    let again = test.logged_in(anna.id, "another-log-in".to_owned()).await;
    let rates = node(&test, Allowed { address: 100, credential: 3, window: Duration::from_secs(60) });
    test.app.change(|services| services.rates = rates);
    let by = |person: &Person| {
        let mut request = query();
        request.headers_mut().insert("cookie", person.cookie().parse().unwrap());
        request
    };
    let asked = [(&anna, "203.0.113.1"), (&again, "203.0.113.2"), (&anna, "203.0.113.3")];
    for (n, (person, address)) in asked.into_iter().enumerate() {
        let response = from(&test, address, by(person)).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(header(&response, "ratelimit-policy"), r#"3;w=60;comment="person""#);
        assert_eq!(header(&response, "ratelimit-remaining"), (2 - n).to_string());
    }
    for person in [&anna, &again] {
        let refused = from(&test, "203.0.113.4", by(person)).await;
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(header(&refused, "ratelimit-limit"), "3");
    }
    let bob = test.member("bob", tenant, Role::Owner).await;
    assert_eq!(from(&test, "203.0.113.4", by(&bob)).await.status(), StatusCode::OK, "another person");
    assert_eq!(from(&test, "203.0.113.4", query()).await.status(), StatusCode::OK, "nobody");
}

#[tokio::test]
async fn budgets_that_have_ended_are_thrown_away_and_the_application_has_no_way_to_them() {
    let test = TestApp::new().await;
    let node = node(&test, allowed(5, Duration::from_secs(1)));
    assert!(passes(&node).await);
    assert_eq!(tenantry_store::rates::purge(&test.app.db).await.unwrap(), 0, "its window is running");
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(tenantry_store::rates::purge(&test.app.db).await.unwrap(), 1);
    let mut bare = World::app(&test.world).await;
    let refused = sqlx::query("SELECT FROM platform.rate_windows").execute(&mut bare).await.unwrap_err();
    assert!(refused.to_string().contains("permission denied"), "{refused}");
}
