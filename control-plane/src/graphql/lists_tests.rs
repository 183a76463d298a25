use serde_json::{Value, json};
use tenantry_authz::Role;

use crate::test_world::{Person, TestApp};

async fn ask(test: &TestApp, person: &Person, query: String) -> Value {
    test.ask(person, &query).await
}

async fn slugs(test: &TestApp, person: &Person, tenant: &str, arguments: &str) -> (Vec<String>, Value) {
    let query = format!(
        "{{ tenant(id: \"{tenant}\") {{ instances({arguments}) {{ nodes {{ slug }} pageInfo {{ hasNextPage endCursor }} }} }} }}"
    );
    let answer = ask(test, person, query).await;
    let list = answer["data"]["tenant"]["instances"].clone();
    let slugs = list["nodes"].as_array().into_iter().flatten();
    (slugs.map(|node| node["slug"].as_str().unwrap().to_owned()).collect(), answer)
}

#[tokio::test]
async fn instances_are_found_and_sorted_and_pages_join_in_any_order() {
    let test = TestApp::new().await;
    let (tenant, other) = (test.tenant("acme", "pro").await, test.tenant("rival", "pro").await);
    let ada = test.member("ada", tenant, Role::Owner).await;
    for slug in ["delta", "alpha", "charlie", "bravo", "echo-alpha"] {
        test.instance(tenant, slug).await;
    }
    test.instance(other, "alpha-of-another").await;
    let id = tenant.to_string();
    let of = async |arguments: &str| slugs(&test, &ada, &id, arguments).await.0;
    assert_eq!(of("first: 20").await, ["delta", "alpha", "charlie", "bravo", "echo-alpha"]);
    assert_eq!(of("orderBy: {by: NAME}").await, ["alpha", "bravo", "charlie", "delta", "echo-alpha"]);
    assert_eq!(
        of("filter: {search: \"ALPHA\"}, orderBy: {by: SLUG, descending: true}").await,
        ["echo-alpha", "alpha"]
    );
    assert_eq!(of("filter: {region: \"us-east\", phase: READY}").await.len(), 5);
    assert!(of("filter: {phase: FAILED}").await.is_empty());
    assert!(of("filter: {search: \"%\"}").await.is_empty(), "a wildcard is a letter like others");

    for order in ["{by: NAME}", "{by: PHASE, descending: true}", "{by: CREATED_AT}"] {
        let (mut seen, mut after) = (Vec::new(), String::new());
        loop {
            let (page, answer) = slugs(&test, &ada, &id, &format!("first: 2, orderBy: {order}{after}")).await;
            seen.extend(page);
            let info = &answer["data"]["tenant"]["instances"]["pageInfo"];
            if info["hasNextPage"] == json!(false) {
                break;
            }
            after = format!(", after: {}", info["endCursor"]);
        }
        seen.sort();
        assert_eq!(seen, ["alpha", "bravo", "charlie", "delta", "echo-alpha"], "{order}");
    }
    let (_, answer) = slugs(&test, &ada, &id, "first: 1, orderBy: {by: NAME}").await;
    let cursor = answer["data"]["tenant"]["instances"]["pageInfo"]["endCursor"].clone();
    let (_, answer) = slugs(&test, &ada, &id, &format!("after: {cursor}, orderBy: {{by: SLUG}}")).await;
    assert_eq!(answer["errors"][0]["extensions"]["field"], "after", "a cursor of another order: {answer}");
}

#[tokio::test]
async fn members_are_found_by_a_part_of_their_name() {
    let test = TestApp::new().await;
    let tenant = test.tenant("acme", "pro").await;
    let ada = test.member("ada", tenant, Role::Owner).await;
    for name in ["bob", "bobby", "carol"] {
        test.member(name, tenant, Role::Viewer).await;
    }
    let query = |search: &str| {
        format!("{{ tenant(id: \"{tenant}\") {{ members(search: \"{search}\") {{ nodes {{ name }} }} }} }}")
    };
    let names = ask(&test, &ada, query("BOB")).await["data"]["tenant"]["members"]["nodes"].clone();
    assert_eq!(names, json!([{ "name": "bob" }, { "name": "bobby" }]));
    let bad = ask(&test, &ada, query(&"x".repeat(121))).await;
    assert_eq!(bad["errors"][0]["extensions"]["field"], "search");
}

#[tokio::test]
async fn an_entity_of_others_is_null_and_leaves_the_rest() {
    let test = TestApp::new().await;
    let (mine, foreign) = (test.tenant("acme", "pro").await, test.tenant("rival", "pro").await);
    let ada = test.member("ada", mine, Role::Owner).await;
    let (one, two) = (test.instance(mine, "one").await, test.instance(foreign, "two").await);
    let of = |name: &str, id: &dyn std::fmt::Display| format!("{{__typename: \"{name}\", id: \"{id}\"}}");
    let all = [
        of("Tenant", &mine),
        of("Tenant", &foreign),
        of("Tenant", &"nonsense"),
        of("Instance", &one),
        of("Instance", &two),
        of("Instance", &"ins_01h455vb4pex5vsknk084sn02q"),
    ];
    let query = format!(
        "{{ _entities(representations: [{}]) {{ ... on Tenant {{ slug }} ... on Instance {{ slug health }} }} }}",
        all.join(", ")
    );
    let answer = ask(&test, &ada, query.clone()).await;
    let found = &answer["data"]["_entities"];
    assert_eq!(found[0]["slug"], "acme", "{answer}");
    assert_eq!(found[3]["slug"], "one");
    for place in [1, 2, 4, 5] {
        assert_eq!(found[place], Value::Null, "{answer}");
    }
    let billing = test.member("bill", mine, Role::Billing).await;
    let seen = ask(&test, &billing, query).await["data"]["_entities"].clone();
    let direct = ask(
        &test,
        &billing,
        format!("{{ tenant(id: \"{mine}\") {{ instance(id: \"{one}\") {{ slug }} }} }}"),
    )
    .await;
    assert_eq!(seen[3].is_null(), direct["errors"].is_array(), "the gate says the same both ways");

    let many = vec![of("Tenant", &mine); 51].join(", ");
    let answer =
        ask(&test, &ada, format!("{{ _entities(representations: [{many}]) {{ ... on Tenant {{ id }} }} }}"))
            .await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_REQUEST");
    // Fifty of a wide selection count fifty times.
    let wide: String = (0..40).map(|n| format!("a{n}: subscription {{ plan {{ code }} }} ")).collect();
    let many = vec![of("Tenant", &mine); 50].join(", ");
    let query = format!("{{ _entities(representations: [{many}]) {{ ... on Tenant {{ {wide} }} }} }}");
    let answer = ask(&test, &ada, query).await;
    assert!(answer.get("data").is_none(), "{answer}");
}

/// Products of page sizes that would come round to nothing in 64 bits.
#[tokio::test]
async fn no_page_size_is_so_large_that_it_is_small() {
    let test = TestApp::new().await;
    let tenant = test.tenant("acme", "pro").await;
    let ada = test.member("ada", tenant, Role::Owner).await;
    let aliases: String = (0..4).map(|n| format!("a{n}: id ")).collect();
    let query = format!(
        "{{ tenant(id: \"{tenant}\") {{ instances(first: 2147483648) {{ nodes {{
            executions(first: 2147483648) {{ nodes {{ {aliases} }} }} }} }} }} }}"
    );
    let answer = ask(&test, &ada, query).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_REQUEST", "{answer}");
    assert!(answer.get("data").is_none());
}
