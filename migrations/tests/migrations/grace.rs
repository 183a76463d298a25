//! Instances that were deleted before there were days of grace.

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tenantry_testkit::TestDb;

const BEFORE: [&str; 5] = [
    include_str!("../../sql/m0001_platform.sql"),
    include_str!("../../sql/m0002_identity.sql"),
    include_str!("../../sql/m0003_tenancy.sql"),
    include_str!("../../sql/m0004_billing.sql"),
    include_str!("../../sql/m0005_provisioner.sql"),
];
const GRACE: &str = include_str!("../../sql/m0006_grace.sql");

#[tokio::test]
async fn what_was_deleted_before_goes_on_and_cannot_come_back() {
    let test_db = TestDb::empty().await;
    let mut owner = PgConnection::connect_with(&test_db.cluster.migrator).await.unwrap();
    // The queue, which one function calls, is not there.
    sqlx::raw_sql("SET check_function_bodies = off").execute(&mut owner).await.unwrap();
    for sql in BEFORE {
        sqlx::raw_sql(sql).execute(&mut owner).await.unwrap();
    }
    for (slug, desired, gone) in
        [("runs", "running", "NULL"), ("goes", "deleted", "NULL"), ("gone", "deleted", "now()")]
    {
        let sql = format!(
            "INSERT INTO provisioner.instances (id, tenant_id, region, slug, name, n8n_version, owner_email, owner_name,
                    cpu_millis, memory_mib, storage_mib, concurrency, desired, phase, next_attempt_at, created_at, deleted_at)
             VALUES (gen_random_uuid(), gen_random_uuid(), 'us-east', '{slug}', 'I', '1', 'a@b', 'A',
                    1, 1, 1, 1, '{desired}', 'ready', now(), now() - interval '1 day', {gone})"
        );
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut owner).await.unwrap();
    }
    // As the migrator does: one transaction.
    let mut tx = owner.begin().await.unwrap();
    sqlx::raw_sql(GRACE).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    let rows: Vec<(String, bool, bool)> = sqlx::query_as(
        "SELECT slug, coalesce(delete_at <= now(), false), removal_began_at IS NOT NULL
         FROM provisioner.instances ORDER BY slug",
    )
    .fetch_all(&mut owner)
    .await
    .unwrap();
    let seen: Vec<_> = rows.iter().map(|(slug, due, begun)| (slug.as_str(), *due, *begun)).collect();
    assert_eq!(seen, [("goes", true, true), ("gone", true, true), ("runs", false, false)]);
}
