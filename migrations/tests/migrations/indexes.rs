//! Tenants' rows are found by index, also through the condition that row-level security adds.

use sqlx::{Connection, PgConnection};
use tenantry_testkit::TestDb;

/// Three hundred tenants with some thousands of rows.
const SEED: [&str; 4] = [
    "CREATE TEMPORARY TABLE t AS SELECT gen_random_uuid() AS id, n FROM generate_series(1, 300) AS n",
    "INSERT INTO provisioner.instances (id, tenant_id, region, slug, name, n8n_version, owner_email, owner_name,
            cpu_millis, memory_mib, storage_mib, concurrency, desired, phase, next_attempt_at, created_at)
       SELECT gen_random_uuid(), t.id, 'us-east', format('i-%s-%s', t.n, i), 'I', '1', 'a@b', 'A',
              1, 1, 1, 1, 'running', 'ready', now(), now() FROM t, generate_series(1, 20) AS i",
    "WITH people AS (INSERT INTO identity.users (id, email, name, created_at)
            SELECT gen_random_uuid(), format('u%s@example.com', u), 'U', now() FROM generate_series(1, 6000) AS u
            RETURNING id, email, name, substring(email from 2 for position('@' in email) - 2)::int AS number)
       INSERT INTO identity.memberships (tenant_id, user_id, role, email, name, created_at)
       SELECT t.id, p.id, 'viewer', p.email, p.name, now() FROM people p JOIN t ON t.n = p.number % 300 + 1",
    "INSERT INTO billing.usage_hourly (tenant_id, instance_id, workflow_id, hour, executions, billable, failed)
       SELECT t.id, t.id, 'wf', h, 1, 1, 0
       FROM t, generate_series('2026-11-01'::timestamptz, '2026-11-02', '1 hour') AS h",
];

/// The main list of each table, as its repository asks.
const LISTS: [(&str, &str); 3] = [
    (
        "provisioner.instances",
        "SELECT * FROM provisioner.instances WHERE tenant_id = $1 AND deleted_at IS NULL ORDER BY id LIMIT 21",
    ),
    (
        "identity.memberships",
        "SELECT * FROM identity.memberships WHERE tenant_id = $1 ORDER BY user_id LIMIT 21",
    ),
    (
        "billing.usage_hourly",
        "SELECT date_trunc('day', hour), sum(executions) FROM billing.usage_hourly
         WHERE tenant_id = $1 AND hour >= '2026-11-01' AND hour < '2026-11-02' GROUP BY 1",
    ),
];

async fn plan(app: &mut PgConnection, query: &str) -> String {
    let sql = sqlx::AssertSqlSafe(format!("EXPLAIN (COSTS OFF) {query}"));
    sqlx::query_scalar::<_, String>(sql).fetch_all(app).await.unwrap().join("\n")
}

#[tokio::test]
async fn a_tenants_rows_are_found_by_index_with_and_without_naming_the_tenant() {
    let test_db = TestDb::new().await;
    let mut owner = PgConnection::connect_with(&test_db.superuser).await.unwrap();
    for sql in SEED {
        sqlx::raw_sql(sql).execute(&mut owner).await.unwrap();
    }
    sqlx::raw_sql("ANALYZE provisioner.instances, identity.memberships, billing.usage_hourly")
        .execute(&mut owner)
        .await
        .unwrap();
    let tenant: String =
        sqlx::query_scalar("SELECT id::text FROM t LIMIT 1").fetch_one(&mut owner).await.unwrap();

    let mut app = PgConnection::connect_with(&test_db.cluster.app).await.unwrap();
    sqlx::query("SELECT set_config('app.tenant_id', $1, false)")
        .bind(&tenant)
        .execute(&mut app)
        .await
        .unwrap();
    for (table, list) in LISTS {
        let named = list.replace("$1", &format!("'{tenant}'"));
        let bare = format!("SELECT * FROM {table}");
        for query in [named.as_str(), bare.as_str()] {
            let plan = plan(&mut app, query).await;
            let indexed = plan.lines().any(|l| l.contains("Index Cond") && l.contains("tenant_id ="));
            assert!(indexed && !plan.contains("Seq Scan"), "{query}\n{plan}");
        }
        let sql = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        let seen: i64 = sqlx::query_scalar(sql).fetch_one(&mut app).await.unwrap();
        assert!((20..=25).contains(&seen), "{table}: its own rows and no other: {seen}");
    }
}
