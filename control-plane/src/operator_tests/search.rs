//! A search finds an instance by its name, its address, its tenant's, or a whole id.

use serde_json::{Value, json};
use tenantry_kernel::{InstanceId, TenantId};

use super::support::Platform;

const COUNT: &str = "query($s: String, $r: String, $p: InstancePhase, $t: ID) {
  instances(first: 5, search: $s, region: $r, phase: $p, tenantId: $t, sort: SLUG, descending: false) {
    totalCount nodes { id slug tenantName }
  }
}";

async fn found(platform: &Platform, variables: Value) -> i64 {
    platform.ask(COUNT, variables).await["instances"]["totalCount"].as_i64().unwrap()
}

#[tokio::test]
async fn instances_are_found_by_each_kind_of_search_and_filter() {
    let platform = Platform::new().await.with_a_fleet().await;
    platform
        .sql(
            "UPDATE provisioner.instances SET name = '50% off_\\x' WHERE slug = 'i-7-7';
             UPDATE tenancy.tenants SET name = 'Acme & Söhne' WHERE slug = 't-9'",
        )
        .await;
    let one = async |sql: &str| platform.texts(sql).await.remove(0).parse::<uuid::Uuid>().unwrap();
    let instance = one("SELECT id::text FROM provisioner.instances WHERE slug = 'i-8-8'").await;
    let tenant = one("SELECT id::text FROM tenancy.tenants WHERE slug = 't-9'").await;
    let tenant_id = TenantId::from_uuid(tenant).to_string();
    for (search, wanted) in [
        // Part of a name, without regard to case: seven of each twenty, and one has another name.
        ("RDER", 3_499),
        (" zoo ", 1_500),
        // Part of an address.
        ("i-8-8", 1),
        ("-500-", 20),
        // A tenant's name and address.
        ("Acme & S", 20),
        ("t-9", 220),
        // A whole id, of either.
        (&InstanceId::from_uuid(instance).to_string(), 1),
        (&instance.to_string(), 1),
        (&tenant_id, 20),
        // Wildcards are letters here.
        ("%", 1),
        ("50% off_", 1),
        ("_\\x", 1),
        ("0__o", 0),
        ("' OR true --", 0),
        ("no such thing", 0),
    ] {
        assert_eq!(found(&platform, json!({ "s": search })).await, wanted, "{search}");
    }
    for blank in [json!({}), json!({ "s": "  " })] {
        assert_eq!(found(&platform, blank).await, 10_000);
    }
    assert_eq!(found(&platform, json!({ "t": tenant_id })).await, 20);
    assert_eq!(found(&platform, json!({ "t": tenant_id, "r": "us-east", "p": "READY" })).await, 2);
    assert_eq!(found(&platform, json!({ "r": "atlantis" })).await, 0);
    let page = platform.ask(COUNT, json!({ "s": "Acme" })).await;
    let rows = page["instances"]["nodes"].as_array().unwrap();
    assert_eq!(rows.len(), 5);
    assert!(rows.iter().all(|n| n["tenantName"] == "Acme & Söhne"), "{page}");
}

#[tokio::test]
async fn a_search_that_cannot_be_is_refused_with_a_remedy() {
    let platform = Platform::new().await;
    for variables in [json!({ "s": "a\u{0}b" }), json!({ "s": "x".repeat(121) }), json!({ "r": "a\u{0}" })] {
        let staff = platform.world.staff(tenantry_authz::PlatformRole::Admin);
        let answer = platform.ask_as(staff, COUNT, variables).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID", "{answer}");
    }
}
