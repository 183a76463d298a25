//! A list costs no statement for each of its rows, nor for the lists in them: with fifty as many as with two.
//!
//! Exactly so many: a loader gathers all rows of a list before it asks, as a test's runtime runs on one thread.

use sqlx::AssertSqlSafe;

use super::fixture::Fixture;
use crate::operator_tests::statements::Statements;

/// A list of an organisation, with every field of a row, lists in it too.
struct List {
    field: &'static str,
    /// The table whose rows it shows, and what differs from row to row, as JSON in SQL.
    table: &'static str,
    differs: &'static str,
    /// How many statements it costs, however many rows there are: one for who asks, one for the rows (two where
    /// they are searched), and one for each thing beside them.
    statements: usize,
}

const fn list(
    field: &'static str,
    (table, differs): (&'static str, &'static str),
    statements: usize,
) -> List {
    List { field, table, differs, statements }
}

const INSTANCES: (&str, &str) = ("provisioner.instances", "'id', gen_random_uuid(), 'slug', 'copy-' || n");
const LISTS: &[List] = &[
    list("instances(first: $n) { nodes { id name url phase failure { code } } }", INSTANCES, 2),
    list("instances(first: $n) { nodes { id health resources { memoryMib } } }", INSTANCES, 3),
    list("instances(first: $n) { nodes { id events { phase message } } }", INSTANCES, 3),
    list("instances(first: $n) { nodes { id executions(first: 2) { nodes { id } } } }", INSTANCES, 3),
    list(
        "instances(first: $n, filter: {region: \"us-east\"}, orderBy: {by: NAME}) { nodes {
           id health events { at } executions(first: 2) { nodes { id } pageInfo { hasNextPage } } } }",
        INSTANCES,
        6,
    ),
    list(
        "members(first: $n) { nodes { userId email role customRole { id name } } }",
        (
            "identity.memberships",
            "'user_id', (SELECT id FROM identity.users WHERE email = 'copy' || n || '@example.com')",
        ),
        2,
    ),
    list(
        "invitations(first: $n) { nodes { id email role customRole { id } invitedBy } }",
        ("identity.invitations", "'id', gen_random_uuid(), 'email', 'copy' || n || '@example.com'"),
        2,
    ),
    list(
        "roles(first: $n) { nodes { id name rights memberCount } }",
        ("identity.roles", "'id', gen_random_uuid(), 'name', 'copy ' || n"),
        2,
    ),
    list(
        "apiKeys(first: $n) { nodes { id name scopes createdBy lastUsedAt } }",
        ("identity.api_keys", "'id', gen_random_uuid(), 'name', 'copy ' || n"),
        2,
    ),
    list(
        "serviceAccounts(first: $n) { nodes { id name role customRole { id } credentials { id hint } } }",
        ("identity.service_accounts", "'id', gen_random_uuid(), 'name', 'copy ' || n"),
        3,
    ),
    list(
        "webhookEndpoints(first: $n) { nodes { id url pending dead deliveries(first: 2) { nodes { id state } } } }",
        ("webhooks.endpoints", "'id', gen_random_uuid(), 'url', 'https://hooks.example.com/' || n"),
        3,
    ),
    list(
        "supportAccess(first: $n) { nodes { id reason active } }",
        ("identity.support_access", "'id', gen_random_uuid()"),
        2,
    ),
    list(
        "auditStreams { id target pending }",
        ("platform.audit_streams", "'id', gen_random_uuid(), 'target', 'copy' || n || '.example.com:6514'"),
        2,
    ),
];

async fn run(fixture: &Fixture, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut fixture.test.world.superuser().await).await.unwrap();
}

/// Copies the table's first row until there are so many.
async fn fill(fixture: &Fixture, list: &List, rows: i64) {
    let List { table, differs, .. } = list;
    let present: i64 = sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
        .fetch_one(&mut fixture.test.world.superuser().await)
        .await
        .unwrap();
    assert!(present > 0, "{table} has no row to copy");
    run(
        fixture,
        format!(
            "INSERT INTO {table} SELECT (jsonb_populate_record(t, jsonb_build_object({differs}))).*
             FROM {table} t, generate_series({}, {rows}) n WHERE t.ctid = (SELECT min(ctid) FROM {table})",
            present + 1
        ),
    )
    .await;
}

#[tokio::test]
async fn a_list_costs_the_same_statements_for_two_rows_and_for_fifty() {
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
    let mut wrong = Vec::new();
    for list in LISTS {
        for rows in [2, 50] {
            fill(&fixture, list, rows).await;
            let field = list.field.replace("$n", &rows.to_string());
            let query = format!("{{ tenant(id: \"{}\") {{ {field} }} }}", fixture.ids.tenant);
            // What is known only after a first time (sessions, policies, plans) is asked for before counting.
            fixture.test.ask(&owner, &query).await;
            statements.take();
            let answer = fixture.test.ask(&owner, &query).await;
            let heard = statements.take();
            assert!(answer["errors"].is_null(), "{field}: {answer}");
            let shown = answer["data"]["tenant"].as_object().unwrap().values().next().unwrap();
            let shown = shown.as_array().or_else(|| shown["nodes"].as_array()).unwrap().len();
            assert_eq!(i64::try_from(shown).unwrap(), rows, "{field}");
            if heard.len() != list.statements {
                let begins: Vec<&str> = heard.iter().map(|sql| sql.get(..60).unwrap_or(sql)).collect();
                wrong.push(format!("{field}: {}, not {} {begins:#?}", heard.len(), list.statements));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
