//! What the roles are and own, read from PostgreSQL's own catalogue.

use sqlx::{Connection, PgConnection};
use tenantry_testkit::TestDb;

const SCHEMAS: [&str; 6] = ["billing", "identity", "platform", "provisioner", "tenancy", "webhooks"];

async fn names(test_db: &TestDb, sql: &'static str) -> Vec<String> {
    let mut superuser = PgConnection::connect_with(&test_db.superuser).await.unwrap();
    let schemas = SCHEMAS.map(str::to_owned).to_vec();
    sqlx::query_scalar(sql).bind(schemas).fetch_all(&mut superuser).await.unwrap()
}

#[tokio::test]
async fn no_role_of_the_product_stands_above_row_level_security() {
    let test_db = TestDb::new().await;
    let above = names(
        &test_db,
        "SELECT rolname::text FROM pg_roles
         WHERE rolname LIKE 'tenantry\\_%' AND (rolsuper OR rolbypassrls OR rolreplication) AND $1::text[] IS NOT NULL",
    )
    .await;
    assert_eq!(above, Vec::<String>::new());
    let makers = names(
        &test_db,
        "SELECT rolname::text FROM pg_roles
         WHERE rolname LIKE 'tenantry\\_%' AND (rolcreatedb OR rolcreaterole) AND $1::text[] IS NOT NULL",
    )
    .await;
    assert_eq!(makers, ["tenantry_provisioner"], "who may create databases and roles");
    let inherited = names(
        &test_db,
        "SELECT m.member::regrole::text || ' is in ' || m.roleid::regrole::text FROM pg_auth_members m
         WHERE m.member IN ('tenantry_app'::regrole, 'tenantry_system'::regrole) AND $1::text[] IS NOT NULL
         ORDER BY 1",
    )
    .await;
    // A seat that instances cannot take; it opens no row.
    let seats =
        ["tenantry_app", "tenantry_system"].map(|role| format!("{role} is in pg_use_reserved_connections"));
    assert_eq!(inherited, seats, "no other right comes in through another role");
}

#[tokio::test]
async fn the_application_and_the_system_role_own_nothing() {
    let test_db = TestDb::new().await;
    // `pg_shdepend` knows the owned objects of every database of the server.
    let owned = names(
        &test_db,
        "SELECT d.refobjid::regrole::text || ' owns ' || d.classid::regclass::text || ' ' || d.objid
         FROM pg_shdepend d
         WHERE d.refclassid = 'pg_authid'::regclass AND d.deptype = 'o'
           AND d.refobjid IN ('tenantry_app'::regrole, 'tenantry_system'::regrole) AND $1::text[] IS NOT NULL",
    )
    .await;
    assert_eq!(owned, Vec::<String>::new());
}

#[tokio::test]
async fn the_provisioner_has_no_right_in_the_products_database_and_cannot_even_enter() {
    let test_db = TestDb::new().await;
    let rights = names(
        &test_db,
        "SELECT d.classid::regclass::text || ' ' || d.objid FROM pg_shdepend d
         WHERE d.refclassid = 'pg_authid'::regclass AND d.deptype IN ('o', 'a', 'r')
           AND d.refobjid = 'tenantry_provisioner'::regrole AND $1::text[] IS NOT NULL
           AND d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())",
    )
    .await;
    assert_eq!(rights, Vec::<String>::new());
    let inside = test_db.cluster.provisioner.clone().database(&test_db.name);
    let refused = PgConnection::connect_with(&inside).await.unwrap_err();
    assert!(refused.to_string().contains("permission denied for database"), "{refused}");
}

#[tokio::test]
async fn the_public_has_nothing() {
    let test_db = TestDb::new().await;
    let granted = names(
        &test_db,
        "SELECT 'schema ' || n.nspname || ' ' || a.privilege_type
         FROM pg_namespace n, aclexplode(n.nspacl) a
         WHERE a.grantee = 0 AND (n.nspname = ANY($1) OR n.nspname = 'graphile_worker'
               OR n.nspname = 'public' AND a.privilege_type = 'CREATE')
         UNION ALL
         SELECT 'relation ' || c.oid::regclass || ' ' || a.privilege_type
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) a
         WHERE a.grantee = 0 AND n.nspname NOT IN ('pg_catalog', 'information_schema')
         UNION ALL
         -- PostgreSQL lets the public execute new functions unless that is revoked. A trigger's cannot be called.
         SELECT 'function ' || p.oid::regprocedure || ' ' || a.privilege_type
         FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace,
              aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
         WHERE a.grantee = 0 AND n.nspname = ANY($1) AND p.prorettype <> 'trigger'::regtype
         UNION ALL
         SELECT 'database ' || d.datname || ' ' || a.privilege_type
         FROM pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
         WHERE a.grantee = 0 AND d.datname = current_database()",
    )
    .await;
    assert_eq!(granted, Vec::<String>::new());
}

#[tokio::test]
async fn what_runs_with_the_owners_rights_is_listed_and_has_a_fixed_search_path() {
    let test_db = TestDb::new().await;
    let definers = names(
        &test_db,
        "SELECT p.oid::regproc || ' ' || array_to_string(p.proconfig, ',')
         FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
         WHERE p.prosecdef AND n.nspname = ANY($1) ORDER BY 1",
    )
    .await;
    assert_eq!(
        definers,
        [
            "identity.connection_gone",
            "identity.policy_changed",
            "platform.enqueue",
            "platform.prune_audit",
            "provisioner.guard_address"
        ]
        .map(|name| format!("{name} search_path=pg_catalog, pg_temp"))
    );
}

#[tokio::test]
async fn the_application_has_no_right_on_the_queue() {
    let test_db = TestDb::new().await;
    let mut app = PgConnection::connect_with(&test_db.cluster.app).await.unwrap();
    for sql in [
        "SELECT FROM graphile_worker.jobs",
        "SELECT FROM graphile_worker._private_jobs",
        "SELECT graphile_worker.add_job('x')",
    ] {
        let refused = sqlx::raw_sql(sql).execute(&mut app).await.unwrap_err();
        assert!(refused.to_string().contains("permission denied for schema"), "{sql}: {refused}");
    }
}
