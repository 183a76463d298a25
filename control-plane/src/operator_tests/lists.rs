//! Single things, the other lists, and the summary.

use serde_json::json;
use tenantry_kernel::{InstanceId, TenantId};

use super::support::Platform;

#[tokio::test]
async fn a_tenant_has_its_plan_and_its_counts_and_an_instance_its_history() {
    let platform = Platform::new().await.with_a_fleet().await;
    let id = |texts: Vec<String>| texts[0].parse::<uuid::Uuid>().unwrap();
    let tenant = TenantId::from_uuid(id(platform
        .texts("SELECT id::text FROM tenancy.tenants WHERE slug = 't-4'")
        .await));
    let query = "query($id: ID!) { tenant(id: $id) { slug planCode members instances } }";
    let answer = platform.ask(query, json!({ "id": tenant.to_string() })).await;
    assert_eq!(
        answer["tenant"],
        json!({ "slug": "t-4", "planCode": "starter", "members": 2, "instances": 20 })
    );
    for nothing in [platform.world.tenant_id().to_string(), "nonsense".to_owned()] {
        assert!(platform.ask(query, json!({ "id": nothing })).await["tenant"].is_null());
    }
    let query =
        "query($s: String) { tenants(search: $s) { totalCount nodes { slug planCode members instances } } }";
    let list = platform.ask(query, json!({ "s": tenant.to_string() })).await;
    assert_eq!(list["tenants"], json!({ "totalCount": 1, "nodes": [answer["tenant"]] }));
    for (search, wanted) in [("T-4", 111), ("tenant 50", 2), ("%", 0)] {
        assert_eq!(
            platform.ask(query, json!({ "s": search })).await["tenants"]["totalCount"],
            wanted,
            "{search}"
        );
    }

    let instance = InstanceId::from_uuid(id(platform
        .texts("SELECT id::text FROM provisioner.instances WHERE slug = 'i-4-2'")
        .await));
    let query = "query($id: ID!) { instance(id: $id) {
        tenantName slug desired phase generation observedGeneration failureCode failureRemedy nextAttemptAt deleteAt
        url events { phase message } } }";
    let answer = platform.ask(query, json!({ "id": instance.to_string() })).await;
    let shown = &answer["instance"];
    assert_eq!(shown["tenantName"], "Tenant 4");
    assert_eq!((&shown["phase"], &shown["desired"]), (&json!("FAILED"), &json!("RUNNING")));
    assert_eq!((&shown["failureCode"], &shown["failureRemedy"]), (&json!("boot"), &json!("Wait.")));
    assert!(shown["nextAttemptAt"].is_string() && shown["deleteAt"].is_null());
    assert_eq!((&shown["generation"], &shown["observedGeneration"]), (&json!(1), &json!(0)));
    assert_eq!(shown["url"], "http://i-4-2.eu-central.localhost:8081");
    assert_eq!(shown["events"].as_array().unwrap().len(), 3);
    platform.sql("UPDATE provisioner.instances SET deleted_at = now() WHERE slug = 'i-4-2'").await;
    for nothing in [instance.to_string(), "nonsense".to_owned()] {
        assert!(platform.ask(query, json!({ "id": nothing })).await["instance"].is_null());
    }
}

#[tokio::test]
async fn the_summary_and_the_totals_count_what_the_lists_show() {
    let platform = Platform::new().await.with_a_fleet().await;
    platform
        .sql(
            "SELECT graphile_worker.add_job('a_task') FROM generate_series(1, 30);
             UPDATE graphile_worker._private_jobs SET attempts = max_attempts WHERE id <= 7;
             INSERT INTO identity.captured_mail (recipient, subject, body, created_at)
               SELECT format('u%s@example.com', n % 2), 'S', 'B', now() FROM generate_series(1, 25) AS n",
        )
        .await;
    let dead = platform
        .texts("SELECT count(*)::text FROM graphile_worker.jobs WHERE attempts >= max_attempts")
        .await;
    let answer = platform
        .ask(
            "{ fleet { instances failed tenants deadJobs byPhase { phase count } }
               all: jobs(first: 2) { totalCount nodes { id } } dead: jobs(first: 2, deadOnly: true) { totalCount }
               mail: capturedMail(first: 2) { totalCount } some: capturedMail(recipient: \"U1@example.com \") { totalCount } }",
            json!({}),
        )
        .await;
    let dead: i64 = dead[0].parse().unwrap();
    assert!(dead > 0);
    assert_eq!(
        answer["fleet"],
        json!({ "instances": 10_000, "failed": 2_500, "tenants": 500, "deadJobs": dead, "byPhase": [
            { "phase": "QUEUED", "count": 2_500 }, { "phase": "READY", "count": 5_000 },
            { "phase": "FAILED", "count": 2_500 }] })
    );
    assert_eq!(answer["all"]["totalCount"], 30);
    assert_eq!(answer["all"]["nodes"].as_array().unwrap().len(), 2);
    assert_eq!(answer["dead"]["totalCount"], dead);
    assert_eq!((&answer["mail"]["totalCount"], &answer["some"]["totalCount"]), (&json!(25), &json!(13)));
}
