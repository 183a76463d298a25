//! Platform staff in a tenant, through the API as a whole: what they see, what the tenant sees of it, and how it ends.

use std::pin::pin;
use std::time::{Duration, Instant};

use async_graphql::Request;
use futures::{Stream, StreamExt};
use serde_json::{Value, json};
use tenantry_authz::{PlatformRole, Role};
use tenantry_kernel::TenantId;

use crate::graphql::{condition_loader, customer_schema};
use crate::test_world::{Person, TestApp};

struct Shop {
    test: TestApp,
    tenant: TenantId,
    ada: Person,
    sue: Person,
}

async fn shop() -> Shop {
    let test = TestApp::new().await;
    let tenant = test.tenant("acme", "pro").await;
    let ada = test.member("ada", tenant, Role::Owner).await;
    let sue = test.person("sue").await;
    sqlx::query("UPDATE identity.users SET platform_role = $2 WHERE id = $1")
        .bind(sue.id.uuid())
        .bind(PlatformRole::Support.as_str())
        .execute(&mut test.world.superuser().await)
        .await
        .unwrap();
    Shop { test, tenant, ada, sue }
}

impl Shop {
    async fn give(&self, level: &str) -> String {
        let answer = self
            .test
            .ask(
                &self.ada,
                &format!(
                    "mutation {{ grantSupportAccess(input: {{ tenantId: \"{}\", level: {level}, hours: 1,
                       reason: \"Look at the failing instance\" }}) {{ access {{ id active lastUsedAt grantedBy }}
                       problem {{ code }} }} }}",
                    self.tenant
                ),
            )
            .await;
        let access = &answer["data"]["grantSupportAccess"]["access"];
        assert_eq!((&access["active"], &access["grantedBy"]), (&json!(true), &json!("ada")), "{answer}");
        access["id"].as_str().unwrap().to_owned()
    }

    async fn revoke(&self, id: &str) {
        let answer = self
            .test
            .ask(
                &self.ada,
                &format!(
                    "mutation {{ revokeSupportAccess(input: {{ tenantId: \"{}\", id: \"{id}\" }})
                       {{ access {{ active revokedAt }} problem {{ code }} }} }}",
                    self.tenant
                ),
            )
            .await;
        assert_eq!(answer["data"]["revokeSupportAccess"]["access"]["active"], false, "{answer}");
    }

    async fn sue_asks(&self, of_tenant: &str) -> Value {
        self.test.ask(&self.sue, &format!("{{ tenant(id: \"{}\") {{ {of_tenant} }} }}", self.tenant)).await
    }

    async fn watch(&self, subscription: &str) -> impl Stream<Item = Value> + use<> {
        let session = self.sue.session();
        let ctx = session.context(&self.test.app).await.unwrap();
        let request = Request::new(format!("subscription {{ {subscription} }}"))
            .data(condition_loader(&self.test.app, &ctx))
            .data(ctx)
            .data(session);
        let responses = customer_schema(self.test.app.clone()).execute_stream(request);
        responses.map(|response| serde_json::to_value(response).unwrap())
    }
}

async fn next(stream: &mut (impl Stream<Item = Value> + Unpin)) -> Option<Value> {
    tokio::time::timeout(Duration::from_secs(20), stream.next()).await.expect("an event or the end")
}

/// Reads a stream until it has ended, and says how long that took.
async fn ends(stream: &mut (impl Stream<Item = Value> + Unpin)) -> Duration {
    let begun = Instant::now();
    while let Some(event) = next(stream).await {
        assert!(event["errors"].is_null(), "{event}");
    }
    begun.elapsed()
}

#[tokio::test]
async fn staff_reads_a_tenant_by_its_consent_and_the_tenant_sees_who_and_what() {
    let shop = shop().await;
    shop.test.instance(shop.tenant, "one").await;
    let hidden = shop.sue_asks("name").await;
    assert_eq!(hidden["errors"][0]["extensions"]["code"], "NOT_FOUND", "{hidden}");
    let id = shop.give("READ").await;
    let seen = shop
        .sue_asks("name viewerRole viewerRights instances { nodes { slug } } members { nodes { email } }")
        .await;
    assert_eq!(seen["errors"], Value::Null, "{seen}");
    let tenant = &seen["data"]["tenant"];
    assert_eq!(
        (&tenant["viewerRole"], &tenant["instances"]["nodes"][0]["slug"]),
        (&Value::Null, &json!("one"))
    );
    let rights = tenant["viewerRights"].as_array().unwrap();
    assert!(
        rights.contains(&json!("audit:view")) && !rights.contains(&json!("instance:operate")),
        "{rights:?}"
    );
    // They belong to nothing by it.
    let mine = shop.test.ask(&shop.sue, "{ viewer { memberships { role } } }").await;
    assert_eq!(mine["data"]["viewer"]["memberships"], json!([]), "{mine}");

    let trail = shop
        .test
        .ask(
            &shop.ada,
            &format!(
                "{{ tenant(id: \"{}\") {{ supportAccess {{ nodes {{ id kind level lastUsedAt }} }}
                     audit(first: 50) {{ nodes {{ action actor resource details }} }} }} }}",
                shop.tenant
            ),
        )
        .await;
    let node = &trail["data"]["tenant"]["supportAccess"]["nodes"][0];
    assert_eq!((&node["id"], &node["kind"], &node["level"]), (&json!(id), &json!("CONSENT"), &json!("READ")));
    assert!(node["lastUsedAt"].is_string(), "{node}");
    let rows = trail["data"]["tenant"]["audit"]["nodes"].as_array().unwrap();
    let viewed: Vec<_> = rows.iter().filter(|row| row["action"] == "support.viewed").collect();
    let kinds: std::collections::BTreeSet<_> =
        viewed.iter().map(|r| r["resource"].as_str().unwrap()).collect();
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["instance", "member", "tenant"]);
    for row in viewed {
        assert_eq!(row["actor"], format!("staff:{}", shop.sue.id));
        assert_eq!(row["details"]["supportAccess"], id);
    }
}

#[tokio::test]
async fn what_staff_changes_by_consent_is_marked_in_the_tenants_trail() {
    let shop = shop().await;
    let instance = shop.test.instance(shop.tenant, "one").await;
    let stop = format!(
        "mutation {{ stopInstance(input: {{ tenantId: \"{}\", id: \"{instance}\" }}) {{ instance {{ desired }} }} }}",
        shop.tenant
    );
    shop.give("READ").await;
    let refused = shop.test.ask(&shop.sue, &stop).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN", "{refused}");
    let id = shop.give("WRITE").await;
    let stopped = shop.test.ask(&shop.sue, &stop).await;
    assert_eq!(stopped["data"]["stopInstance"]["instance"]["desired"], "STOPPED", "{stopped}");
    let row: (String, Value) = sqlx::query_as(
        "SELECT actor, details FROM platform.audit WHERE tenant_id = $1 AND resource = $2 ORDER BY seq DESC LIMIT 1",
    )
    .bind(shop.tenant.uuid())
    .bind(instance.to_string())
    .fetch_one(&mut shop.test.world.superuser().await)
    .await
    .unwrap();
    assert_eq!((row.0, &row.1["supportAccess"]), (format!("staff:{}", shop.sue.id), &json!(id)));
    for kept in ["openUrl"] {
        // The address is shown; whoever follows it is asked for the right to open, which staff never has.
        let shown = shop.sue_asks(&format!("instance(id: \"{instance}\") {{ {kept} }}")).await;
        assert_eq!(shown["errors"], Value::Null, "{shown}");
    }
    let key = format!(
        "mutation {{ revealInstanceApiKey(input: {{ tenantId: \"{}\", id: \"{instance}\" }}) {{ apiKey }} }}",
        shop.tenant
    );
    let refused = shop.test.ask(&shop.sue, &key).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN", "{refused}");
}

#[tokio::test]
async fn live_sessions_of_staff_end_within_five_seconds_of_the_revocation() {
    let shop = shop().await;
    let instance = shop.test.instance(shop.tenant, "one").await;
    let id = shop.give("READ").await;
    let tenant = shop.tenant;
    let mut activity = pin!(
        shop.watch(&format!("tenantActivity(tenantId: \"{tenant}\") {{ instances usage members }}")).await
    );
    let mut progress = pin!(
        shop.watch(&format!("instanceProgress(tenantId: \"{tenant}\", id: \"{instance}\") {{ slug }}")).await
    );
    assert_eq!(next(&mut activity).await.unwrap()["data"]["tenantActivity"]["members"], true);
    assert_eq!(next(&mut progress).await.unwrap()["data"]["instanceProgress"]["slug"], "one");
    shop.revoke(&id).await;
    let begun = Instant::now();
    let hidden = shop.sue_asks("name").await;
    assert_eq!(hidden["errors"][0]["extensions"]["code"], "NOT_FOUND", "the next request: {hidden}");
    let (of_activity, of_progress) = tokio::join!(ends(&mut activity), ends(&mut progress));
    assert!(begun.elapsed() < Duration::from_secs(5), "{of_activity:?} {of_progress:?}");
}

#[tokio::test]
async fn live_sessions_of_staff_end_within_five_seconds_of_the_end_of_its_time() {
    let shop = shop().await;
    let instance = shop.test.instance(shop.tenant, "one").await;
    let id = shop.give("READ").await;
    let tenant = shop.tenant;
    let mut activity = pin!(
        shop.watch(&format!("tenantActivity(tenantId: \"{tenant}\") {{ instances usage members }}")).await
    );
    let mut progress = pin!(
        shop.watch(&format!("instanceProgress(tenantId: \"{tenant}\", id: \"{instance}\") {{ slug }}")).await
    );
    next(&mut activity).await.unwrap();
    next(&mut progress).await.unwrap();
    // Its time runs out without anybody's doing: no word of it is sent.
    let mut superuser = shop.test.world.superuser().await;
    sqlx::raw_sql("ALTER TABLE identity.support_access DISABLE TRIGGER support_access_announce")
        .execute(&mut superuser)
        .await
        .unwrap();
    sqlx::query(
        "UPDATE identity.support_access SET starts_at = now() - interval '1 hour', expires_at = now()",
    )
    .execute(&mut superuser)
    .await
    .unwrap();
    let begun = Instant::now();
    let (of_activity, of_progress) = tokio::join!(ends(&mut activity), ends(&mut progress));
    assert!(begun.elapsed() < Duration::from_secs(5), "{id}: {of_activity:?} {of_progress:?}");
}
