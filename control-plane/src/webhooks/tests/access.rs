use serde_json::{Value, json};
use tenantry_authz::Role;
use tenantry_kernel::Kind;
use tenantry_store::outbox::{self, Fact};
use tenantry_store::{PageRequest, SystemRole, SystemTx};

use super::world::{Receiver, Shop};
use crate::webhooks::{Delivery, EndpointChange, FeedQuery, NewEndpoint};

#[tokio::test]
async fn another_tenants_endpoints_and_deliveries_are_not_found() {
    let (shop, receiver) = (Shop::new().await, Receiver::start().await);
    let (endpoint, _) = shop.endpoint(&receiver.url).await;
    shop.happens(&["a"]).await;
    shop.work().await;
    let delivery = shop.deliveries(endpoint.id).await[0].id;
    let rival = shop.another_tenant("rival").await;
    let mallory = shop.owner_of(rival);
    let before = shop.look(endpoint.id).await;
    let since = shop.test.now() - chrono::TimeDelta::days(1);
    // With the other's tenant, and with their own and the other's ids.
    for tenant in [shop.tenant, rival] {
        let key = (tenant, endpoint.id);
        let hooks = &shop.hooks;
        let page = tenantry_store::PageRequest::new(None, None);
        let tried = [
            hooks.endpoint(&mallory, tenant, endpoint.id).await.map(|_| ()),
            hooks
                .update(&mallory, key, EndpointChange { disabled: Some(true), ..Default::default() })
                .await
                .map(|_| ()),
            hooks.rotate(&mallory, tenant, endpoint.id).await.map(|_| ()),
            hooks.delete(&mallory, tenant, endpoint.id).await,
            hooks.send_test(&mallory, key, None).await.map(|_| ()),
            hooks.replay(&mallory, tenant, delivery).await.map(|_| ()),
            hooks.replay_dead(&mallory, key, since).await.map(|_| ()),
        ];
        for (n, outcome) in tried.into_iter().enumerate() {
            assert_eq!(outcome.unwrap_err().kind(), Kind::NotFound, "operation {n} in {tenant}");
        }
        let list = hooks.deliveries(&mallory, (tenant, &[endpoint.id]), (None, &page)).await;
        assert!(list.map_or(true, |pages| pages.is_empty()));
    }
    assert_eq!(shop.look(endpoint.id).await, before);
}

#[tokio::test]
async fn who_may_look_may_not_change() {
    let (shop, receiver) = (Shop::new().await, Receiver::start().await);
    let (endpoint, _) = shop.endpoint(&receiver.url).await;
    for (role, kind) in [(Role::Billing, Kind::NotFound), (Role::Viewer, Kind::NotFound)] {
        let ctx = shop.test.world.member(shop.tenant, role);
        assert_eq!(
            shop.hooks.endpoint(&ctx, shop.tenant, endpoint.id).await.unwrap_err().kind(),
            kind,
            "{role}"
        );
        let gone = shop.hooks.delete(&ctx, shop.tenant, endpoint.id).await.unwrap_err();
        assert_eq!(gone.kind(), kind, "{role}");
    }
    let developer = shop.test.world.member(shop.tenant, Role::Developer);
    assert!(shop.hooks.rotate(&developer, shop.tenant, endpoint.id).await.is_ok());
}

/// The plan began: developers see no subscription.
async fn subscribed(shop: &Shop) {
    let tx = SystemTx::begin(&shop.test.app.db, SystemRole::Jobs).await.unwrap();
    let payload = json!({ "plan": "pro", "version": 1 });
    let (topic, subject) = ("subscription.started", "sub_1".to_owned());
    let fact = Fact { tenant: shop.tenant, topic, subject, payload };
    outbox::publish(&tx, shop.test.now(), &fact).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_delivery_is_without_data_for_who_may_not_see_what_it_is_about() {
    let (shop, receiver) = (Shop::new().await, Receiver::start().await);
    let (endpoint, _) = shop.endpoint(&receiver.url).await;
    subscribed(&shop).await;
    shop.happens(&["a"]).await;
    shop.work().await;
    let page = PageRequest::new(None, None);
    let seen = async |role: Role| {
        let ctx = shop.test.world.member(shop.tenant, role);
        let mut pages =
            shop.hooks.deliveries(&ctx, (shop.tenant, &[endpoint.id]), (None, &page)).await.unwrap();
        let mut rows = pages.remove(&endpoint.id).unwrap().rows;
        rows.sort_by_key(|d| d.event_type.clone());
        rows
    };
    let (owner, developer) = (seen(Role::Owner).await, seen(Role::Developer).await);
    let body = |d: &Delivery| serde_json::from_str::<Value>(&d.body).unwrap();
    assert_eq!(developer[0].event_type, "instance.start_requested");
    assert_eq!((&developer[0].body, &developer[0].log), (&owner[0].body, &owner[0].log), "what they see");
    let (whole, part) = (body(&owner[1]), body(&developer[1]));
    assert_eq!(whole["data"]["plan"], "pro");
    assert_eq!(part, json!({ "type": whole["type"], "timestamp": whole["timestamp"], "data": {} }));
    assert!(owner[1].log[0].response.is_some() && developer[1].log[0].response.is_none(), "it may repeat it");
    assert_eq!(developer[1].log[0].status, owner[1].log[0].status);
    let ctx = shop.test.world.member(shop.tenant, Role::Developer);
    let replayed = shop.hooks.replay(&ctx, shop.tenant, developer[1].id).await.unwrap();
    assert_eq!(body(&replayed)["data"], json!({}));
    shop.work().await;
    assert_eq!(receiver.got().last().unwrap().json(), whole, "what is sent is whole");
    // The feed says of the same that it was, and no more.
    let query = FeedQuery { after: 0, types: vec![], limit: 10 };
    let feed = shop.hooks.feed(&ctx, shop.tenant, &query).await.unwrap();
    let events: Vec<Value> = feed.rows.iter().map(|row| serde_json::from_str(&row.body).unwrap()).collect();
    let data = |name: &str| events.iter().find(|e| e["type"] == name).unwrap()["data"].clone();
    assert_eq!(data("subscription.started"), json!({}));
    assert_eq!(data("instance.start_requested")["instanceId"], "a");
}

#[tokio::test]
async fn nobody_has_events_sent_about_what_they_may_not_see() {
    let (shop, receiver) = (Shop::new().await, Receiver::start().await);
    let developer = shop.test.world.member(shop.tenant, Role::Developer);
    let texts = |types: &[&str]| types.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
    let create = async |n: usize, types: &[&str]| {
        let url = format!("http://127.0.0.1:9/{n}");
        let new = NewEndpoint { url, description: String::new(), event_types: texts(types) };
        shop.hooks.create(&developer, shop.tenant, new).await.map(|(endpoint, _)| endpoint)
    };
    for hidden in [&[][..], &["subscription.started"], &["instance.ready", "support.granted"]] {
        let refused = create(0, hidden).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Forbidden, "{hidden:?}");
        let access = refused.access().unwrap();
        assert!(["subscription:view", "support-access:view"].contains(&access.missing.as_str()));
        assert!(access.granted_by.contains(&"owner".to_owned()));
    }
    let own = create(1, &["instance.ready"]).await.unwrap();
    let change = async |id, change: EndpointChange| {
        shop.hooks.update(&developer, (shop.tenant, id), change).await.map_err(|e| e.kind())
    };
    let types = |types: &[&str]| EndpointChange { event_types: Some(texts(types)), ..Default::default() };
    assert_eq!(change(own.id, types(&[])).await, Err(Kind::Forbidden));
    assert_eq!(change(own.id, types(&["subscription.started"])).await, Err(Kind::Forbidden));
    assert!(change(own.id, types(&["instance.ready", "member.added"])).await.is_ok());
    // Another's endpoint, which gets all, is not led elsewhere; all else of it may be changed.
    let (all, _) = shop.endpoint(&receiver.url).await;
    let elsewhere = EndpointChange { url: Some("http://127.0.0.1:9/mine".into()), ..Default::default() };
    assert_eq!(change(all.id, elsewhere).await, Err(Kind::Forbidden));
    let text = EndpointChange { description: Some("CI".into()), ..Default::default() };
    assert!(change(all.id, text).await.is_ok());
    assert!(change(all.id, types(&["instance.ready", "subscription.started"])).await.is_ok(), "fewer");
}

#[tokio::test]
async fn at_most_twenty_endpoints_even_at_once_and_one_for_a_url() {
    let shop = Shop::new().await;
    let create = async |n: usize| {
        let new = NewEndpoint {
            url: format!("http://127.0.0.1:9/{n}"),
            description: " One \u{e9} ".to_owned(),
            event_types: vec![],
        };
        shop.hooks.create(&shop.owner(), shop.tenant, new).await
    };
    let made = futures::future::join_all((0..25).map(create)).await;
    let refused: Vec<_> =
        made.iter().filter_map(|m| m.as_ref().err()).map(tenantry_kernel::Error::kind).collect();
    assert_eq!(refused, [Kind::QuotaExceeded; 5]);
    assert_eq!(shop.count("endpoints").await, 20);
    let first = made.iter().flatten().next().unwrap().0.clone();
    assert_eq!(first.description, "One \u{e9}");
    shop.hooks.delete(&shop.owner(), shop.tenant, first.id).await.unwrap();
    let taken = made.iter().flatten().nth(1).unwrap().0.url.rsplit('/').next().unwrap().parse().unwrap();
    assert_eq!(create(taken).await.unwrap_err().kind(), Kind::Conflict);
    assert!(create(99).await.is_ok());
}

/// The whole way through the API, as a program would use it.
#[tokio::test]
async fn the_api_makes_tests_rotates_and_lists() {
    let (shop, receiver) = (Shop::new().await, Receiver::start().await);
    let ada = shop.test.member("ada", shop.tenant, Role::Developer).await;
    let (tenant, url) = (shop.tenant, &receiver.url);
    let made = shop
        .test
        .ask(&ada, &format!(
            "mutation {{ createWebhookEndpoint(input: {{tenantId: \"{tenant}\", url: \"{url}\", description: \"CI\", eventTypes: [\"instance.ready\"]}})
             {{ secret problem {{ code field message }} endpoint {{ id url description eventTypes disabledAt disabledReason pending dead secretRotatedUntil }} }} }}"
        ))
        .await;
    let made = &made["data"]["createWebhookEndpoint"];
    assert_eq!(made["problem"], Value::Null, "{made}");
    assert!(made["secret"].as_str().unwrap().starts_with("whsec_"));
    let id = made["endpoint"]["id"].as_str().unwrap();
    let problem = shop
        .test
        .ask(&ada, &format!(
            "mutation {{ createWebhookEndpoint(input: {{tenantId: \"{tenant}\", url: \"https://10.0.0.1/\", eventTypes: [\"instance.ready\"]}}) {{ secret problem {{ code field }} }} }}"
        ))
        .await;
    let expected = json!({ "secret": null, "problem": { "code": "INVALID", "field": "url" } });
    assert_eq!(problem["data"]["createWebhookEndpoint"], expected);
    let sent = shop
        .test
        .ask(&ada, &format!(
            "mutation {{ sendTestWebhook(input: {{tenantId: \"{tenant}\", id: \"{id}\", eventType: \"instance.ready\"}}) {{ delivery {{ id messageId state payload }} problem {{ code }} }} }}"
        ))
        .await;
    let sent = &sent["data"]["sendTestWebhook"]["delivery"];
    assert_eq!(
        (sent["state"].as_str(), sent["payload"]["type"].as_str()),
        (Some("PENDING"), Some("instance.ready"))
    );
    shop.hooks.send_due().await;
    let listed = shop
        .test
        .ask(&ada, &format!(
            "{{ tenant(id: \"{tenant}\") {{ webhookEventTypes {{ name description example }}
                webhookEndpoint(id: \"{id}\") {{ url }}
                webhookEndpoints {{ nodes {{ id deliveries(state: DELIVERED) {{ nodes {{ id messageId attempts lastStatus log {{ at status durationMillis responseBody error }} }} }} }} }} }} }}"
        ))
        .await;
    let listed = &listed["data"]["tenant"];
    let delivery = &listed["webhookEndpoints"]["nodes"][0]["deliveries"]["nodes"][0];
    assert_eq!(delivery["messageId"], sent["messageId"], "{listed}");
    assert_eq!((&delivery["lastStatus"], &delivery["log"][0]["status"]), (&json!(200), &json!(200)));
    assert!(listed["webhookEventTypes"].as_array().unwrap().len() > 10);
    assert_eq!(listed["webhookEndpoint"]["url"], *url);
    for (mutation, rest) in [
        ("updateWebhookEndpoint", ", description: \"b\"}) { endpoint { description } problem { code } }"),
        ("rotateWebhookSecret", "}) { secret endpoint { secretRotatedUntil } problem { code } }"),
        ("deleteWebhookEndpoint", "}) { ok problem { code } }"),
    ] {
        let done = shop
            .test
            .ask(
                &ada,
                &format!("mutation {{ {mutation}(input: {{tenantId: \"{tenant}\", id: \"{id}\"{rest} }}"),
            )
            .await;
        assert_eq!(done["data"][mutation]["problem"], Value::Null, "{done}");
    }
    assert_eq!(shop.count("endpoints WHERE deleted_at IS NULL").await, 0);
    let rows: Vec<String> =
        sqlx::query_scalar("SELECT action FROM platform.audit WHERE action LIKE 'webhook.%' ORDER BY seq")
            .fetch_all(&mut shop.test.world.superuser().await)
            .await
            .unwrap();
    assert_eq!(
        rows,
        ["webhook.create", "webhook.test", "webhook.update", "webhook.rotate", "webhook.delete"]
    );
}
