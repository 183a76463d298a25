use std::pin::pin;
use std::time::Duration;

use async_graphql::Request;
use futures::{Stream, StreamExt};
use serde_json::{Value, json};
use tenantry_authz::Role;
use tenantry_kernel::TenantId;

use crate::graphql::customer_schema;
use crate::test_world::{Person, TestApp};

async fn watch(test: &TestApp, person: &Person, tenant: TenantId) -> impl Stream<Item = Value> + use<> {
    let session = person.session();
    let ctx = session.context(&test.app).await.unwrap();
    let query =
        format!("subscription {{ tenantActivity(tenantId: \"{tenant}\") {{ at instances usage members }} }}");
    let request = Request::new(query).data(ctx).data(session);
    let responses = customer_schema(test.app.clone()).execute_stream(request);
    responses.map(|response| serde_json::to_value(response).unwrap())
}

fn said(response: &Value) -> Value {
    let event = &response["data"]["tenantActivity"];
    json!([event["instances"], event["usage"], event["members"]])
}

async fn next(stream: &mut (impl Stream<Item = Value> + Unpin)) -> Option<Value> {
    tokio::time::timeout(Duration::from_secs(20), stream.next()).await.expect("an event or the end")
}

/// Nothing comes for so long.
async fn silent(stream: &mut (impl Stream<Item = Value> + Unpin), time: Duration) {
    let heard = tokio::time::timeout(time, stream.next()).await;
    assert!(heard.is_err(), "{heard:?}");
}

async fn until_listening(test: &TestApp) {
    let sql =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query ILIKE 'LISTEN%'";
    let mut superuser = test.world.superuser().await;
    while sqlx::query_scalar::<_, i64>(sql).fetch_one(&mut superuser).await.unwrap() == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_change_is_told_at_once_many_are_told_together_and_the_neighbours_are_not() {
    let test = TestApp::new().await;
    until_listening(&test).await;
    let (tenant, other) = (test.tenant("acme", "pro").await, test.tenant("bolt", "pro").await);
    let ada = test.member("ada", tenant, Role::Owner).await;
    let instance = test.instance(tenant, "one").await;
    let theirs = test.instance(other, "theirs").await;
    // What is still on its way is not of the time after the subscription.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut stream = pin!(watch(&test, &ada, tenant).await);
    assert_eq!(said(&next(&mut stream).await.unwrap()), json!([true, true, true]), "first of all");
    let at = test.now();
    test.executed((other, theirs), "wf", (1..9, at)).await;
    silent(&mut stream, Duration::from_millis(1500)).await;

    let begun = std::time::Instant::now();
    for n in 0..20 {
        test.executed((tenant, instance), "wf", (n * 10 + 1..n * 10 + 11, at)).await;
    }
    assert_eq!(said(&next(&mut stream).await.unwrap()), json!([false, true, false]));
    sqlx::query("UPDATE provisioner.instances SET phase = 'migrating' WHERE id = $1")
        .bind(instance.uuid())
        .execute(&mut test.world.superuser().await)
        .await
        .unwrap();
    let bob = test.member("bob", tenant, Role::Billing).await;
    let first = begun.elapsed();
    let mut told = said(&next(&mut stream).await.unwrap());
    if told[2] == json!(false) {
        // A part of the burst was told before the rest was written.
        let rest = said(&next(&mut stream).await.unwrap());
        told = json!([told[0] == true || rest[0] == true, told[1], rest[2]]);
    }
    assert_eq!((&told[0], &told[2]), (&json!(true), &json!(true)), "{told}");
    assert!(
        begun.elapsed() >= Duration::from_secs(1),
        "at most one a second: {first:?} {:?}",
        begun.elapsed()
    );

    // Who may not see members hears nothing of them.
    let mut stream = pin!(watch(&test, &bob, tenant).await);
    assert_eq!(said(&next(&mut stream).await.unwrap()), json!([true, true, false]));
    test.member("cid", tenant, Role::Viewer).await;
    silent(&mut stream, Duration::from_millis(1500)).await;
    // A lease or a settled attempt is nobody's news.
    sqlx::query("UPDATE provisioner.instances SET lease_epoch = lease_epoch + 1, attempts = 3")
        .execute(&mut test.world.superuser().await)
        .await
        .unwrap();
    silent(&mut stream, Duration::from_millis(1200)).await;
}

#[tokio::test]
async fn it_ends_with_the_membership_and_with_the_session() {
    let test = TestApp::new().await;
    until_listening(&test).await;
    let tenant = test.tenant("acme", "pro").await;
    let (ada, bob) =
        (test.member("ada", tenant, Role::Owner).await, test.member("bob", tenant, Role::Viewer).await);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let (mut of_ada, mut of_bob) =
        (pin!(watch(&test, &ada, tenant).await), pin!(watch(&test, &bob, tenant).await));
    next(&mut of_ada).await.unwrap();
    next(&mut of_bob).await.unwrap();
    let mut superuser = test.world.superuser().await;
    sqlx::query("DELETE FROM identity.memberships WHERE user_id = $1")
        .bind(bob.id.uuid())
        .execute(&mut superuser)
        .await
        .unwrap();
    let begun = std::time::Instant::now();
    assert_eq!(next(&mut of_bob).await, None);
    assert!(begun.elapsed() < Duration::from_secs(3), "the loss itself is a change: {:?}", begun.elapsed());
    assert_eq!(said(&next(&mut of_ada).await.unwrap()), json!([false, false, true]));
    sqlx::raw_sql("DELETE FROM identity.sessions").execute(&mut superuser).await.unwrap();
    let begun = std::time::Instant::now();
    assert_eq!(next(&mut of_ada).await, None);
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn somebody_else_may_not_watch() {
    let test = TestApp::new().await;
    let tenant = test.tenant("acme", "pro").await;
    let outsider = test.member("bob", test.tenant("bolt", "free").await, Role::Owner).await;
    let mut stream = pin!(watch(&test, &outsider, tenant).await);
    let refused = next(&mut stream).await.unwrap();
    assert_eq!(refused["errors"][0]["extensions"]["code"], "NOT_FOUND", "{refused}");
    assert_eq!(refused["data"], Value::Null);
}

#[tokio::test]
async fn an_answer_has_the_instances_condition_executions_and_what_is_left_of_the_plan() {
    let test = TestApp::new().await;
    let (tenant, other) = (test.tenant("acme", "starter").await, test.tenant("bolt", "free").await);
    let ada = test.member("ada", tenant, Role::Viewer).await;
    let (one, two) = (test.instance(tenant, "one").await, test.instance(tenant, "two").await);
    let theirs = test.instance(other, "theirs").await;
    for (instance, of, answer) in
        [(one, tenant, "ready"), (two, tenant, "listening"), (theirs, other, "none")]
    {
        sqlx::query(
            "INSERT INTO provisioner.instance_samples VALUES ($1, $2, $3, now(), 420, 35, NULL, now())",
        )
        .bind(instance.uuid())
        .bind(of.uuid())
        .bind(answer)
        .execute(&mut test.world.superuser().await)
        .await
        .unwrap();
    }
    test.executed((tenant, one), "wf", (1..26, test.now())).await;
    test.executed((other, theirs), "wf", (1..26, test.now())).await;
    let answer = test
        .ask(
            &ada,
            &format!(
                "{{ tenant(id: \"{tenant}\") {{
                     allowances {{ instances {{ used limit }} members {{ used limit }} executions {{ used limit }} }}
                     instances {{ nodes {{ slug health resources {{ memoryMib memoryLimitMib cpuMillis cpuLimitMillis
                       storageMib storageLimitMib measuredAt }}
                       executions(first: 2) {{ pageInfo {{ hasNextPage endCursor }} nodes {{ id workflowId status mode
                         billable startedAt stoppedAt }} }} }} }} }} }}"
            ),
        )
        .await;
    assert_eq!(answer["errors"], Value::Null, "{answer}");
    let tenant_node = &answer["data"]["tenant"];
    let allowances = json!({ "instances": { "used": 2, "limit": 1 }, "members": { "used": 1, "limit": 5 },
        "executions": { "used": 25, "limit": 2500 } });
    assert_eq!(tenant_node["allowances"], allowances);
    let nodes = tenant_node["instances"]["nodes"].as_array().unwrap();
    let health: Vec<&Value> = nodes.iter().map(|node| &node["health"]).collect();
    assert_eq!(health, [&json!("HEALTHY"), &json!("DEGRADED")]);
    let resources = &nodes[0]["resources"];
    assert_eq!((&resources["memoryMib"], &resources["memoryLimitMib"]), (&json!(420), &json!(1280)));
    assert_eq!((&resources["cpuMillis"], &resources["storageMib"]), (&json!(35), &Value::Null));
    assert!(resources["measuredAt"].is_string());
    let executions = &nodes[0]["executions"];
    assert_eq!(executions["nodes"][0]["id"], "25");
    assert_eq!(executions["nodes"][1]["id"], "24");
    assert_eq!(executions["pageInfo"]["hasNextPage"], true);
    assert_eq!(nodes[1]["executions"]["nodes"], json!([]));
}

#[tokio::test]
async fn the_conditions_of_a_whole_page_are_one_query() {
    let test = TestApp::new().await;
    let tenant = test.tenant("acme", "enterprise").await;
    let ada = test.member("ada", tenant, Role::Owner).await;
    for n in 0..30 {
        test.instance(tenant, &format!("i{n}")).await;
    }
    let ctx = ada.session().context(&test.app).await.unwrap();
    let loader = crate::graphql::condition_loader(&test.app, &ctx);
    let query = format!(
        "{{ tenant(id: \"{tenant}\") {{ instances(first: 30) {{ nodes {{ health resources {{ memoryMib }} }} }} }} }}"
    );
    let count = loader.loader().loads.clone();
    let response =
        customer_schema(test.app.clone()).execute(Request::new(query).data(ctx).data(loader)).await;
    assert!(response.errors.is_empty(), "{:?}", response.errors);
    // Sixty fields; a busy machine may not gather all of them at once.
    let loads = count.load(std::sync::atomic::Ordering::SeqCst);
    assert!((1..=3).contains(&loads), "{loads}");
}
