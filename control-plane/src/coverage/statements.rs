//! A list costs no statement for each of its rows: with fifty as many as with five.

use serde_json::Value;
use sqlx::AssertSqlSafe;

use super::fixture::Fixture;
use crate::operator_tests::statements::Statements;

/// Lists of an organisation, with every field of a row that is no list with pages of its own; the table whose rows they
/// show; and what differs from row to row, as JSON in SQL.
const LISTS: &[(&str, &str, &str)] = &[
    (
        "instances(first: 100) { nodes { id name url phase health resources { memoryMib } failure { code } } }",
        "provisioner.instances",
        "'id', gen_random_uuid(), 'slug', 'copy-' || n",
    ),
    (
        "instances(first: 100, filter: {region: \"us-east\"}, orderBy: {by: NAME}) { nodes { id health } }",
        "provisioner.instances",
        "'id', gen_random_uuid(), 'slug', 'copy-' || n",
    ),
    (
        "members(first: 100) { nodes { userId email role customRole { id name } } }",
        "identity.memberships",
        "'user_id', (SELECT id FROM identity.users WHERE email = 'copy' || n || '@example.com')",
    ),
    (
        "invitations(first: 100) { nodes { id email role customRole { id } invitedBy } }",
        "identity.invitations",
        "'id', gen_random_uuid(), 'email', 'copy' || n || '@example.com'",
    ),
    (
        "roles(first: 100) { nodes { id name rights memberCount } }",
        "identity.roles",
        "'id', gen_random_uuid(), 'name', 'copy ' || n",
    ),
    (
        "apiKeys(first: 100) { nodes { id name scopes createdBy lastUsedAt } }",
        "identity.api_keys",
        "'id', gen_random_uuid(), 'name', 'copy ' || n",
    ),
    (
        "serviceAccounts(first: 100) { nodes { id name role customRole { id } credentials { id hint } } }",
        "identity.service_accounts",
        "'id', gen_random_uuid(), 'name', 'copy ' || n",
    ),
    (
        "webhookEndpoints(first: 100) { nodes { id url pending dead } }",
        "webhooks.endpoints",
        "'id', gen_random_uuid(), 'url', 'https://hooks.example.com/' || n",
    ),
    (
        "supportAccess(first: 100) { nodes { id reason active } }",
        "identity.support_access",
        "'id', gen_random_uuid()",
    ),
    (
        "auditStreams { id target pending }",
        "platform.audit_streams",
        "'id', gen_random_uuid(), 'target', 'copy' || n || '.example.com:6514'",
    ),
];

/// How many statements more a loader may need for its parts.
const SPLIT: usize = 4;

async fn run(fixture: &Fixture, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut fixture.test.world.superuser().await).await.unwrap();
}

#[tokio::test]
async fn a_list_of_fifty_costs_what_a_list_of_five_costs() {
    let statements = Statements::listen();
    let fixture = Fixture::new().await;
    let owner = fixture.test.member("lister", fixture.ids.tenant, tenantry_authz::Role::Owner).await;
    run(
        &fixture,
        "INSERT INTO identity.users (id, email, name, created_at)
        SELECT gen_random_uuid(), 'copy' || n || '@example.com', 'C', now() FROM generate_series(1, 50) n"
            .to_owned(),
    )
    .await;
    for (list, table, differs) in LISTS {
        let query = format!("{{ tenant(id: \"{}\") {{ {list} }} }}", fixture.ids.tenant);
        let copy = |from: u32, to: u32| {
            format!(
                "INSERT INTO {table} SELECT (jsonb_populate_record(t, jsonb_build_object({differs}))).*
                 FROM {table} t, generate_series({from}, {to}) n
                 WHERE t.ctid = (SELECT min(ctid) FROM {table})"
            )
        };
        let present: i64 = sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
            .fetch_one(&mut fixture.test.world.superuser().await)
            .await
            .unwrap();
        assert!(present > 0, "{table} has no row to copy");
        if present < 5 {
            run(&fixture, copy(1, 4)).await;
        }
        // What is known only after a first time (sessions, policies, plans) is asked for before counting.
        fixture.test.ask(&owner, &query).await;
        statements.take();
        let few = fixture.test.ask(&owner, &query).await;
        let for_few = statements.take();
        if present < 50 {
            run(&fixture, copy(5, 49)).await;
        }
        statements.take();
        let many = fixture.test.ask(&owner, &query).await;
        let for_many = statements.take();
        assert!(few["errors"].is_null() && many["errors"].is_null(), "{list}: {few}");
        let rows = |answer: &Value| {
            let list = answer["data"]["tenant"].as_object().unwrap().values().next().unwrap();
            list.as_array().or_else(|| list["nodes"].as_array()).unwrap().len()
        };
        assert!(rows(&many) >= rows(&few), "{list}");
        assert!(rows(&many) >= 45, "{list}: {}", rows(&many));
        // A loader gathers for a millisecond: on a slow machine it asks in two or three parts. One a row would be 45 more.
        assert!(for_many.len() <= for_few.len() + SPLIT, "{list}\n{for_few:#?}\n{for_many:#?}");
        if *table == "provisioner.instances" {
            run(&fixture, "DELETE FROM provisioner.instances WHERE slug LIKE 'copy-%'".to_owned()).await;
        }
    }
}
