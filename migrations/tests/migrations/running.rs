//! Running the migrations: once, again, and by two processes that start at the same moment.

use sqlx::{Connection, PgConnection};
use tenantry_migrations::migrate;
use tenantry_testkit::TestDb;

/// Everything the schema consists of, one line each.
async fn picture(test_db: &TestDb) -> Vec<String> {
    let mut superuser = PgConnection::connect_with(&test_db.superuser).await.unwrap();
    sqlx::query_scalar(
        "SELECT format('column %s.%s.%s %s %s %s', table_schema, table_name, column_name, data_type, is_nullable,
                       column_default)
         FROM information_schema.columns WHERE table_schema NOT IN ('pg_catalog', 'information_schema')
         UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname NOT IN ('pg_catalog')
         UNION ALL SELECT format('policy %s.%s %s %s %s', schemaname, tablename, policyname, roles, qual) FROM pg_policies
         UNION ALL SELECT format('constraint %s %s', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint
         UNION ALL SELECT format('function %s %s %s', oid::regprocedure, md5(prosrc), proacl) FROM pg_proc
                   WHERE pronamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema')
         UNION ALL SELECT format('relation %s %s', oid::regclass, relacl) FROM pg_class
                   WHERE relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
         UNION ALL SELECT format('migration %s %s', version, applied_at) FROM public.seaql_migrations
         UNION ALL SELECT format('plan %s', p) FROM billing.plans p
         ORDER BY 1",
    )
    .fetch_all(&mut superuser)
    .await
    .unwrap()
}

#[tokio::test]
async fn a_second_run_changes_nothing() {
    let test_db = TestDb::empty().await;
    migrate(&test_db.cluster.migrator).await.unwrap();
    let before = picture(&test_db).await;
    assert!(before.len() > 200, "{}", before.len());
    migrate(&test_db.cluster.migrator).await.unwrap();
    assert_eq!(picture(&test_db).await, before);
}

#[tokio::test]
async fn two_processes_that_start_at_once_take_turns() {
    let test_db = TestDb::empty().await;
    let (one, two) = tokio::join!(migrate(&test_db.cluster.migrator), migrate(&test_db.cluster.migrator));
    one.unwrap();
    two.unwrap();
    let reference = TestDb::new().await;
    let comparable = |lines: Vec<String>| -> Vec<String> {
        lines.into_iter().filter(|line| !line.starts_with("migration ")).collect()
    };
    assert_eq!(comparable(picture(&test_db).await), comparable(picture(&reference).await));
}

#[tokio::test]
async fn the_migrations_wait_for_whoever_migrates() {
    let test_db = TestDb::empty().await;
    let mut other = PgConnection::connect_with(&test_db.cluster.migrator).await.unwrap();
    sqlx::query("SELECT pg_advisory_lock(7358002)").execute(&mut other).await.unwrap();
    let options = test_db.cluster.migrator.clone();
    let waiting = tokio::spawn(async move { migrate(&options).await });
    let mut superuser = PgConnection::connect_with(&test_db.superuser).await.unwrap();
    let blocked = "SELECT EXISTS (SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database
                   WHERE l.locktype = 'advisory' AND NOT l.granted AND d.datname = current_database())";
    while !sqlx::query_scalar::<_, bool>(blocked).fetch_one(&mut superuser).await.unwrap() {
        assert!(!waiting.is_finished(), "it did not wait");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let touched: bool = sqlx::query_scalar("SELECT to_regnamespace('graphile_worker') IS NOT NULL")
        .fetch_one(&mut superuser)
        .await
        .unwrap();
    assert!(!touched, "nothing is done while another migrates");
    other.close().await.unwrap();
    waiting.await.unwrap().unwrap();
}
