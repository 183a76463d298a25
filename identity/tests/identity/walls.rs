//! The second wall: what the application's database role sees when the code above it is wrong.

use sqlx::{Connection, Executor, PgConnection};

use crate::world::*;

#[tokio::test]
async fn the_application_role_sees_no_membership_without_its_tenant_and_people_never() {
    let world = World::new().await;
    world.person("ada@example.com").await;
    world.person("bob@example.com").await;
    let (_, ada) = world.session("ada@example.com").await;
    let (_, bob) = world.session("bob@example.com").await;
    let (hers, _his) = (world.tenant_of(ada.id).await, world.tenant_of(bob.id).await);
    let mut app = PgConnection::connect_with(&world.test_db.cluster.app).await.unwrap();

    let count = "SELECT count(*) FROM identity.memberships";
    assert_eq!(sqlx::query_scalar::<_, i64>(count).fetch_one(&mut app).await.unwrap(), 0, "no tenant");
    for tenant in ["", "00000000-0000-0000-0000-000000000000"] {
        sqlx::query("SELECT set_config('app.tenant_id', $1, false)")
            .bind(tenant)
            .execute(&mut app)
            .await
            .unwrap();
        assert_eq!(sqlx::query_scalar::<_, i64>(count).fetch_one(&mut app).await.unwrap(), 0, "{tenant:?}");
    }
    sqlx::query("SELECT set_config('app.tenant_id', $1, false)")
        .bind(hers.uuid().to_string())
        .execute(&mut app)
        .await
        .unwrap();
    assert_eq!(sqlx::query_scalar::<_, i64>(count).fetch_one(&mut app).await.unwrap(), 1, "its own");
    let moved = app.execute("UPDATE identity.memberships SET tenant_id = gen_random_uuid()").await;
    assert!(moved.unwrap_err().to_string().contains("row-level security"), "a row cannot leave its tenant");

    for table in [
        "users",
        "sessions",
        "email_tokens",
        "captured_mail",
        "totp",
        "recovery_codes",
        "passkeys",
        "passkey_challenges",
        "pending_log_ins",
        "factor_tries",
        "known_devices",
        "log_in_attempts",
    ] {
        for sql in [format!("SELECT FROM identity.{table}"), format!("DELETE FROM identity.{table}")] {
            let refused = app.execute(sqlx::AssertSqlSafe(sql.clone())).await.unwrap_err();
            assert!(refused.to_string().contains("permission denied"), "{sql}: {refused}");
        }
    }
}
