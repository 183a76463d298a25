use serde_json::{Value, json};
use tenantry_authz::Role;
use tenantry_kernel::Kind;

use super::world::{Receiver, Shop};
use crate::webhooks::{EndpointChange, NewEndpoint};

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
        let list = hooks.deliveries(&mallory, key, (None, &page)).await;
        assert!(list.map_or(true, |page| page.rows.is_empty()));
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
            "mutation {{ createWebhookEndpoint(input: {{tenantId: \"{tenant}\", url: \"https://10.0.0.1/\", eventTypes: []}}) {{ secret problem {{ code field }} }} }}"
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
