//! What the first page of the fleet's table costs.

use std::time::Instant;

use serde_json::json;

use super::statements::Statements;
use super::support::Platform;

/// Every field that there is.
const PAGE: &str = "query($first: Int!, $search: String) {
  instances(first: $first, search: $search) {
    totalCount
    pageInfo { hasNextPage endCursor }
    edges { cursor node {
      tenantId tenantName tenantSlug id name slug region url n8NVersion phase desired generation observedGeneration
      attempts failureCode failureMessage failureRemedy nextAttemptAt createdAt readyAt deleteAt bootMillis
      events { at phase message }
    } }
  }
}";

const TENANTS: &str = "query($first: Int!) {
  tenants(first: $first) { totalCount nodes { id slug name status createdAt planCode members instances } }
}";

#[tokio::test]
async fn a_page_costs_a_fixed_number_of_statements_however_long_it_is() {
    let platform = Platform::new().await.with_a_fleet().await;
    let statements = Statements::listen();
    for (query, list, search, most) in [
        // The rows, their number, whose they are, their events.
        (PAGE, "instances", None, 4),
        // And which tenants the search finds.
        (PAGE, "instances", Some("Tenant 1"), 5),
        // The rows, their number, plans, members, instances.
        (TENANTS, "tenants", None, 5),
    ] {
        let mut numbers = Vec::new();
        for first in [5, 50] {
            let variables = match search {
                Some(search) => json!({ "first": first, "search": search }),
                None => json!({ "first": first }),
            };
            statements.take();
            let answer = platform.ask(query, variables).await;
            let run = statements.take();
            let rows = &answer[list];
            let number = rows["edges"].as_array().or_else(|| rows["nodes"].as_array()).unwrap().len();
            assert_eq!(number, first, "{answer}");
            assert_eq!(run.len(), most, "{run:#?}");
            numbers.push(run.len());
        }
        assert_eq!(numbers[0], numbers[1]);
    }
}

#[tokio::test]
async fn what_is_not_asked_for_is_not_read() {
    let platform = Platform::new().await.with_a_fleet().await;
    let statements = Statements::listen();
    for query in
        ["{ instances { nodes { id } } }", "{ tenants { nodes { id } } }", "{ jobs { nodes { id } } }"]
    {
        statements.take();
        platform.ask(query, json!({})).await;
        let run = statements.take();
        assert_eq!(run.len(), 1, "{query}: {run:#?}");
    }
    let through_a_fragment = "query { instances { ...page } }
        fragment page on FleetInstanceConnection { length: totalCount nodes { owner: tenantName } }";
    let answer = platform.ask(through_a_fragment, json!({})).await;
    assert_eq!(answer["instances"]["length"], 10_000);
    assert!(answer["instances"]["nodes"][0]["owner"].as_str().unwrap().starts_with("Tenant "));
    assert_eq!(statements.take().len(), 3);
}

#[tokio::test]
async fn the_newest_instances_are_found_by_index() {
    let platform = Platform::new().await.with_a_fleet().await;
    let page =
        "WHERE deleted_at IS NULL AND (created_at, id) < (now(), '80000000-0000-0000-0000-000000000000')
                ORDER BY created_at DESC, id DESC LIMIT 51";
    let plan =
        platform.texts(&format!("EXPLAIN SELECT * FROM provisioner.instances {page}")).await.join("\n");
    assert!(plan.contains("instances_fleet") && !plan.contains("Sort"), "{plan}");
}

/// Says how long it takes; a shared machine is no judge.
#[tokio::test]
async fn the_first_page_of_ten_thousand_instances_is_timed() {
    let platform = Platform::new().await.with_a_fleet().await;
    for (what, query, search) in [
        ("fleet, 50 of 10,000", PAGE, None),
        ("fleet, search by name", PAGE, Some("orders")),
        ("fleet, search by tenant", PAGE, Some("Tenant 1")),
        ("tenants, 50 of 500", TENANTS, None),
    ] {
        let mut best = f64::MAX;
        for _ in 0..10 {
            let variables = match search {
                Some(search) => json!({ "first": 50, "search": search }),
                None => json!({ "first": 50 }),
            };
            let begun = Instant::now();
            let answer = platform.ask(query, variables).await;
            best = best.min(begun.elapsed().as_secs_f64() * 1000.0);
            assert!(answer.is_object());
        }
        println!("{what}: {best:.1} ms (the best of ten)");
    }
}
