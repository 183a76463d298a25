//! What row-level security costs: the tenant is looked up once a statement and found by an index.

use sqlx::{Connection, PgConnection, Row};
use tenantry_testkit::TestDb;

/// The list of a tenant's instances as the API asks for it, with the tenant named and, beneath, by the policy alone.
const LISTS: [&str; 2] = [
    "SELECT * FROM provisioner.instances
     WHERE tenant_id = '00000000-0000-7000-8000-000000000007' AND deleted_at IS NULL ORDER BY id LIMIT 21",
    "SELECT * FROM provisioner.instances WHERE deleted_at IS NULL ORDER BY id LIMIT 21",
];

#[tokio::test]
async fn the_list_that_is_asked_most_finds_the_tenant_by_an_index() {
    let test_db = TestDb::new().await;
    let mut superuser = PgConnection::connect_with(&test_db.superuser).await.unwrap();
    sqlx::raw_sql(
        "INSERT INTO provisioner.instances (id, tenant_id, region, slug, name, n8n_version, owner_email, owner_name,
             cpu_millis, memory_mib, storage_mib, concurrency, desired, phase, next_attempt_at, created_at)
           SELECT gen_random_uuid(), format('00000000-0000-7000-8000-%s', lpad(t::text, 12, '0'))::uuid, 'us-east',
                  format('i-%s-%s', t, n), 'I', '1', 'a@b', 'A', 1, 1, 1, 1, 'stopped', 'stopped', now(), now()
           FROM generate_series(1, 200) AS t, generate_series(1, 25) AS n;
         ANALYZE",
    )
    .execute(&mut superuser)
    .await
    .unwrap();
    let mut app = PgConnection::connect_with(&test_db.cluster.app).await.unwrap();
    let mut tx = app.begin().await.unwrap();
    sqlx::query("SET LOCAL app.tenant_id = '00000000-0000-7000-8000-000000000007'")
        .execute(&mut *tx)
        .await
        .unwrap();
    for list in LISTS {
        let rows = sqlx::query(list).fetch_all(&mut *tx).await.unwrap();
        assert_eq!(rows.len(), 21, "{list}");
        let plan: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("EXPLAIN {list}")))
            .fetch_all(&mut *tx)
            .await
            .unwrap();
        let plan = plan.join("\n");
        let condition = plan.lines().find(|line| line.contains("Index Cond:")).unwrap_or_default();
        assert!(condition.contains("tenant_id ="), "no index leads to the tenant:\n{plan}");
        assert!(!plan.contains("Seq Scan on instances"), "{plan}");
    }
}

#[tokio::test]
async fn every_policy_reads_a_setting_once_a_statement() {
    let test_db = TestDb::new().await;
    let mut superuser = PgConnection::connect_with(&test_db.superuser).await.unwrap();
    let policies = sqlx::query(
        "SELECT format('%s on %s.%s', policyname, schemaname, tablename) AS name,
                concat_ws(' ', qual, with_check) AS condition
         FROM pg_policies ORDER BY 1",
    )
    .fetch_all(&mut superuser)
    .await
    .unwrap();
    let mut settings = 0;
    for policy in policies {
        let (name, condition): (String, String) = (policy.get("name"), policy.get("condition"));
        settings += usize::from(condition.contains("current_setting("));
        let each_row = outside_of_selects(&condition);
        assert!(!each_row.contains("current_setting("), "{name} reads a setting for each row: {condition}");
    }
    assert!(settings >= 11, "the walk finds the policies: {settings}");
}

/// What is left of a condition without its sub-selects, which are run once a statement.
fn outside_of_selects(condition: &str) -> String {
    let (mut left, mut rest) = (String::new(), condition);
    while let Some(start) = rest.find("( SELECT ") {
        left.push_str(&rest[..start]);
        let mut depth = 0;
        let end = rest[start..].find(|c| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            depth == 0
        });
        rest = end.map_or("", |end| &rest[start + end + 1..]);
    }
    left + rest
}

#[test]
fn a_setting_in_a_subselect_is_told_from_one_beside_it() {
    let good = "(tenant_id = ( SELECT (NULLIF(current_setting('a'::text), ''::text))::uuid AS \"nullif\"))";
    assert_eq!(outside_of_selects(good), "(tenant_id = )");
    let bad = "((a = ( SELECT 1)) AND (tenant_id = (current_setting('a'::text))::uuid))";
    assert!(outside_of_selects(bad).contains("current_setting("));
}
