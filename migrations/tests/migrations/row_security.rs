//! Every table with a tenant's rows is behind the second wall, and no table is forgotten.

use sqlx::{Connection, PgConnection, Row};
use tenantry_testkit::TestDb;

/// Tables that the application may read though their rows belong to no tenant. Each has been looked at: a price
/// list, a list of places, and the public keys that sign audit trails.
const OPEN: [&str; 3] = ["billing.plans", "platform.audit_keys", "provisioner.regions"];

/// Tables of tenants that no request reads at all: the application's role has no right on them.
const CLOSED: [&str; 2] = ["identity.access_tokens", "identity.certificate_alarms"];

const PROTECTED: &str = "
    SELECT c.oid, n.nspname || '.' || c.relname AS name, c.relrowsecurity, c.relforcerowsecurity,
           CASE WHEN c.oid = 'tenancy.tenants'::regclass THEN 'id' ELSE 'tenant_id' END AS tenant_column
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p')
      AND (c.oid = 'tenancy.tenants'::regclass
           OR EXISTS (SELECT 1 FROM pg_attribute a
                      WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped))
    ORDER BY 2";

#[tokio::test]
async fn each_table_with_a_tenant_is_behind_forced_row_level_security() {
    let test_db = TestDb::new().await;
    let mut superuser = PgConnection::connect_with(&test_db.superuser).await.unwrap();
    let tables = sqlx::query(PROTECTED).fetch_all(&mut superuser).await.unwrap();
    assert!(tables.len() >= 11, "the walk through the catalogue finds the tables: {}", tables.len());
    for table in tables {
        let name: String = table.get("name");
        assert!(table.get::<bool, _>("relrowsecurity"), "{name}: row-level security is off");
        assert!(table.get::<bool, _>("relforcerowsecurity"), "{name}: its owner is not bound");
        let policies = sqlx::query(
            "SELECT policyname::text AS name, array_to_string(roles, ',') AS roles, permissive, cmd, qual, with_check
             FROM pg_policies
             WHERE format('%I.%I', schemaname, tablename) = $1 ORDER BY 1",
        )
        .bind(&name)
        .fetch_all(&mut superuser)
        .await
        .unwrap();
        let summary: Vec<(&str, &str)> = policies.iter().map(|p| (p.get("name"), p.get("roles"))).collect();
        let expected = [
            ("owner_rows", "tenantry_migrator"),
            ("system_rows", "tenantry_system"),
            ("tenant_rows", "tenantry_app"),
        ];
        assert_eq!(summary, expected, "{name}");
        let (policy, condition) = (&policies[2], policies[2].get::<&str, _>("qual"));
        let kind: (&str, &str) = (policy.get("permissive"), policy.get("cmd"));
        assert_eq!(kind, ("PERMISSIVE", "ALL"), "{name}");
        let check: Option<&str> = policy.get("with_check");
        assert_eq!(check, None, "{name}: what may be written is what may be read");
        let column: String = table.get("tenant_column");
        assert!(condition.starts_with(&format!("({column} = ( SELECT ")), "{name}: {condition}");
        assert!(condition.contains("current_setting('app.tenant_id'::text, true)"), "{name}: {condition}");
    }
}

#[tokio::test]
async fn the_application_reaches_no_unprotected_table_that_was_not_looked_at() {
    let test_db = TestDb::new().await;
    let mut superuser = PgConnection::connect_with(&test_db.superuser).await.unwrap();
    let open: Vec<String> = sqlx::query_scalar(
        "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relrowsecurity
           AND n.nspname NOT IN ('pg_catalog', 'information_schema')
           AND (has_any_column_privilege('tenantry_app', c.oid, 'SELECT, INSERT, UPDATE')
                OR has_table_privilege('tenantry_app', c.oid, 'DELETE, TRUNCATE'))
         ORDER BY 1",
    )
    .fetch_all(&mut superuser)
    .await
    .unwrap();
    assert_eq!(open, OPEN);
    let writable: Vec<String> = sqlx::query_scalar(
        "SELECT t FROM unnest($1) AS t WHERE has_any_column_privilege('tenantry_app', t, 'INSERT, UPDATE')
            OR has_table_privilege('tenantry_app', t, 'DELETE, TRUNCATE')",
    )
    .bind(OPEN.map(str::to_owned).to_vec())
    .fetch_all(&mut superuser)
    .await
    .unwrap();
    assert_eq!(writable, Vec::<String>::new(), "what belongs to no tenant is read only");
}

#[tokio::test]
async fn without_a_tenant_the_application_sees_no_row_of_any_protected_table() {
    let test_db = TestDb::new().await;
    let mut superuser = PgConnection::connect_with(&test_db.superuser).await.unwrap();
    sqlx::raw_sql(
        "INSERT INTO tenancy.tenants (id, slug, name, created_at) VALUES (gen_random_uuid(), 'a', 'A', now());
         INSERT INTO platform.outbox (tenant_id, topic, subject, payload, created_at)
           SELECT id, 't', 's', '{}', now() FROM tenancy.tenants",
    )
    .execute(&mut superuser)
    .await
    .unwrap();
    let tables: Vec<String> = sqlx::query(PROTECTED)
        .fetch_all(&mut superuser)
        .await
        .unwrap()
        .iter()
        .map(|table| table.get("name"))
        .collect();
    let mut app = PgConnection::connect_with(&test_db.cluster.app).await.unwrap();
    for setting in [None, Some(String::new()), Some("00000000-0000-0000-0000-000000000000".to_owned())] {
        if let Some(setting) = &setting {
            sqlx::query("SELECT set_config('app.tenant_id', $1, false)")
                .bind(setting)
                .execute(&mut app)
                .await
                .unwrap();
        }
        for table in &tables {
            let sql = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
            let seen = sqlx::query_scalar::<_, i64>(sql).fetch_one(&mut app).await;
            if CLOSED.contains(&table.as_str()) {
                let refused = seen.unwrap_err().to_string();
                assert!(refused.contains("permission denied"), "{table}: {refused}");
                continue;
            }
            assert_eq!(seen.unwrap(), 0, "{table} with the tenant set to {setting:?}");
        }
    }
    // A setting that is no id is an error, never "all rows".
    sqlx::query("SELECT set_config('app.tenant_id', 'true', false)").execute(&mut app).await.unwrap();
    let refused = sqlx::query("SELECT FROM tenancy.tenants").execute(&mut app).await.unwrap_err();
    assert!(refused.to_string().contains("invalid input syntax for type uuid"), "{refused}");
}
