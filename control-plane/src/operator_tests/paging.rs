//! Every order pages through all rows, ties and all, and a cursor is good for its own order only.

use serde_json::{Value, json};

use super::support::Platform;

const ORDERS: [(&str, &str); 6] = [
    ("CREATED_AT", "created_at"),
    ("NAME", "lower(name)"),
    ("SLUG", "slug"),
    ("REGION", "region"),
    ("PHASE", "phase"),
    ("ATTEMPTS", "attempts"),
];

const PAGE: &str = "query($after: String, $sort: FleetSort, $down: Boolean) {
  instances(first: 100, after: $after, sort: $sort, descending: $down) {
    pageInfo { hasNextPage hasPreviousPage endCursor } nodes { id }
  }
}";

async fn all(platform: &Platform, sort: &str, down: bool) -> Vec<String> {
    let (mut seen, mut after) = (Vec::new(), Value::Null);
    loop {
        let answer = platform.ask(PAGE, json!({ "after": after, "sort": sort, "down": down })).await;
        let page = &answer["instances"];
        let ids = page["nodes"].as_array().unwrap();
        seen.extend(ids.iter().map(|n| n["id"].as_str().unwrap().to_owned()));
        assert_eq!(page["pageInfo"]["hasPreviousPage"], !after.is_null());
        if page["pageInfo"]["hasNextPage"] == false {
            return seen;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

#[tokio::test]
async fn every_order_pages_through_all_rows_without_loss_or_repetition() {
    let platform = Platform::new().await.with_a_fleet().await;
    for (sort, key) in ORDERS {
        for (down, direction) in [(false, "ASC"), (true, "DESC")] {
            let seen = all(&platform, sort, down).await;
            let wanted = platform
                .texts(&format!(
                    "SELECT id::text FROM provisioner.instances ORDER BY {key} {direction}, id {direction}"
                ))
                .await;
            let wanted: Vec<String> = wanted
                .iter()
                .map(|id| tenantry_kernel::InstanceId::from_uuid(id.parse().unwrap()).to_string())
                .collect();
            assert_eq!(seen.len(), 10_000, "{sort} {direction}");
            assert!(seen == wanted, "{sort} {direction}: another order than PostgreSQL's");
        }
    }
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_order_only_and_nonsense_for_none() {
    let platform = Platform::new().await.with_a_fleet().await;
    let first = platform.ask(PAGE, json!({ "sort": "NAME", "down": true })).await;
    let cursor = &first["instances"]["pageInfo"]["endCursor"];
    for (after, sort, words) in [
        (cursor.clone(), "SLUG", "sorted by NAME, descending"),
        (json!("nonsense"), "NAME", "not a cursor"),
        (json!("7b7d"), "NAME", "not a cursor"),
        (json!(""), "NAME", "not a cursor"),
    ] {
        let variables = json!({ "after": after, "sort": sort, "down": true });
        let staff = platform.world.staff(tenantry_authz::PlatformRole::Admin);
        let answer = platform.ask_as(staff, PAGE, variables).await;
        let error = &answer["errors"][0];
        assert!(error["message"].as_str().unwrap().contains(words), "{answer}");
        assert_eq!(error["extensions"]["code"], "INVALID");
        assert_eq!(error["extensions"]["field"], "after");
        assert!(!error["extensions"]["remedy"].as_str().unwrap().is_empty());
    }
}

#[tokio::test]
async fn the_default_is_the_newest_first_and_the_longest_page_has_a_hundred() {
    let platform = Platform::new().await.with_a_fleet().await;
    // Asked for more, it is a page of a hundred, and counts as one.
    let query = "{ instances(first: 100000) { totalCount nodes { createdAt } } }";
    let answer = platform.ask(query, json!({})).await;
    let times: Vec<_> =
        answer["instances"]["nodes"].as_array().unwrap().iter().map(|n| &n["createdAt"]).collect();
    assert_eq!(times.len(), 100);
    assert!(times.iter().all(|t| t.as_str().unwrap().contains(".000006")), "{times:?}");
}
