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

/// An instance's own steps, and what of its executions a page has.
fn inside(node: &Value) -> (Vec<String>, Vec<String>, bool) {
    let texts = |list: &Value, field: &str| -> Vec<String> {
        list.as_array().unwrap().iter().map(|it| it[field].as_str().unwrap().to_owned()).collect()
    };
    let page = &node["executions"];
    let more = page["pageInfo"]["hasNextPage"].as_bool().unwrap();
    (texts(&node["events"], "message"), texts(&page["nodes"], "id"), more)
}

#[tokio::test]
async fn each_instance_of_a_list_has_its_own_steps_and_executions() {
    let test = TestApp::new().await;
    let (tenant, other) = (test.tenant("acme", "pro").await, test.tenant("rival", "pro").await);
    let ada = test.member("ada", tenant, Role::Owner).await;
    let (one, two) = (test.instance(tenant, "one").await, test.instance(tenant, "two").await);
    test.instance(tenant, "three").await;
    let foreign = test.instance(other, "foreign").await;
    for (tenant, instance, steps) in [(tenant, one, 2), (tenant, two, 1), (other, foreign, 3)] {
        sqlx::query(
            "INSERT INTO provisioner.instance_events (tenant_id, instance_id, at, phase, message)
             SELECT $1, $2, now(), 'ready', $3 || n FROM generate_series(1, $4) n",
        )
        .bind(tenant.uuid())
        .bind(instance.uuid())
        .bind(format!("{steps} of "))
        .bind(steps)
        .execute(&mut test.world.superuser().await)
        .await
        .unwrap();
    }
    test.executed((tenant, one), "wf", (1..4, test.now())).await;
    test.executed((tenant, two), "wf", (7..8, test.now())).await;
    test.executed((other, foreign), "wf", (20..30, test.now())).await;
    let list = |arguments: &str| {
        format!(
            "{{ tenant(id: \"{tenant}\") {{ instances {{ nodes {{ slug events {{ message }}
                executions({arguments}) {{ nodes {{ id }} pageInfo {{ hasNextPage endCursor }} }} }} }} }} }}"
        )
    };
    let answer = ask(&test, &ada, list("first: 2")).await;
    let nodes = answer["data"]["tenant"]["instances"]["nodes"].as_array().unwrap();
    let texts = |texts: &[&str]| texts.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
    let seen: Vec<_> = nodes.iter().map(inside).collect();
    assert_eq!(
        seen,
        [
            (texts(&["2 of 1", "2 of 2"]), texts(&["3", "2"]), true),
            (texts(&["1 of 1"]), texts(&["7"]), false),
            (vec![], vec![], false),
        ],
        "{answer}"
    );
    let after = nodes[0]["executions"]["pageInfo"]["endCursor"].as_str().unwrap();
    let answer = ask(&test, &ada, list(&format!("first: 2, after: \"{after}\""))).await;
    assert_eq!(inside(&answer["data"]["tenant"]["instances"]["nodes"][0]).1, ["1"]);
    let bad = ask(&test, &ada, list("after: \"nonsense\"")).await;
    assert_eq!(bad["errors"][0]["extensions"]["field"], "after", "{bad}");
}

/// Somebody who sees the usage of one organisation and not that of another.
#[tokio::test]
async fn a_list_that_one_may_not_see_leaves_those_of_another_organisation() {
    let test = TestApp::new().await;
    let (mine, hers) = (test.tenant("acme", "pro").await, test.tenant("rival", "pro").await);
    let ada = test.member("ada", mine, Role::Owner).await;
    let (one, two) = (test.instance(mine, "one").await, test.instance(hers, "two").await);
    sqlx::query(
        "WITH r AS (INSERT INTO identity.roles (id, tenant_id, name, description, rights, created_at, updated_at)
                    VALUES (gen_random_uuid(), $1, 'Looks', '', '{instance:view}', now(), now()) RETURNING id)
         INSERT INTO identity.memberships (tenant_id, user_id, role, custom_role_id, email, name, created_at)
         SELECT $1, $2, 'custom', id, 'ada', 'ada', now() FROM r",
    )
    .bind(hers.uuid())
    .bind(ada.id.uuid())
    .execute(&mut test.world.superuser().await)
    .await
    .unwrap();
    test.executed((mine, one), "wf", (1..2, test.now())).await;
    test.executed((hers, two), "wf", (1..2, test.now())).await;
    let list = "{ nodes { executions { nodes { id } } } }";
    let query = format!(
        "{{ a: _entities(representations: [{{__typename: \"Tenant\", id: \"{mine}\"}}]) {{ ... on Tenant {{ instances {list} }} }}
            b: _entities(representations: [{{__typename: \"Instance\", id: \"{two}\"}}]) {{ ... on Instance {{ slug }} }} }}"
    );
    let answer = ask(&test, &ada, query).await;
    assert_eq!(answer["data"]["b"][0]["slug"], "two", "{answer}");
    let ids = |tenant| {
        let (test, ada) = (&test, &ada);
        async move {
            let query = format!("{{ tenant(id: \"{tenant}\") {{ instances {list} }} }}");
            ask(test, ada, query).await
        }
    };
    assert_eq!(
        ids(mine).await["data"]["tenant"]["instances"]["nodes"][0]["executions"]["nodes"][0]["id"],
        "1"
    );
    assert_eq!(ids(hers).await["errors"][0]["extensions"]["code"], "NOT_FOUND");
    // Both in one answer, whose loader asks once for each.
    let both = format!(
        "{{ mine: tenant(id: \"{mine}\") {{ instances {list} }} hers: tenant(id: \"{hers}\") {{ slug instances {list} }} }}"
    );
    let answer = ask(&test, &ada, both).await;
    let errors = answer["errors"].as_array().unwrap();
    assert!(errors.iter().all(|error| error["path"][0] == "hers"), "{answer}");
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
