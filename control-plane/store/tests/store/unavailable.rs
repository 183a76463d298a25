//! A database that is away is told apart from a fault of ours: the caller may try again.

use std::time::Duration;

use sea_orm::ConnectionTrait;
use sqlx::postgres::PgConnectOptions;
use tenantry_kernel::Kind;
use tenantry_store::{Db, PoolSizes, SystemRole, SystemTx, TenantTx, Transaction, stmt};

use crate::support::*;

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let store = Store::new().await;
    let nowhere = PgConnectOptions::new().socket("/nonexistent").username("tenantry_app");
    let db = Db::connect(&nowhere, &nowhere, PoolSizes { app: 1, system: 1 });
    let permit = store.permit(store.world.tenant_id());
    let (tenant, system, ping) =
        tokio::join!(TenantTx::begin(&db, &permit), SystemTx::begin(&db, SystemRole::Jobs), db.ping());
    for error in [tenant.err(), system.err(), ping.err()] {
        let error = error.expect("nobody answers");
        assert_eq!(error.kind(), Kind::Unavailable, "{error:?}");
        assert!(!error.message().contains("nonexistent"), "the public learns no path");
    }
}

#[tokio::test]
async fn a_connection_killed_in_a_transaction_is_unavailable_and_the_pool_recovers() {
    let store = Store::sized(PoolSizes { app: 1, system: 1 }).await;
    let tenant = store.world.tenant_id();
    let mut superuser = store.world.superuser().await;
    for killed_before_commit in [false, true] {
        let tx = store.tx(tenant).await;
        publish(&tx, tenant, "lost").await;
        let pid = count(&tx, "SELECT pg_backend_pid()::int8 AS n", []).await;
        let killed: bool = sqlx::query_scalar("SELECT pg_terminate_backend($1::int4, 5000)")
            .bind(pid)
            .fetch_one(&mut superuser)
            .await
            .unwrap();
        assert!(killed);
        tokio::time::sleep(Duration::from_millis(50)).await;
        let error = if killed_before_commit {
            tx.commit().await.unwrap_err()
        } else {
            use tenantry_store::DbResultExt;
            tx.conn().query_one_raw(stmt("SELECT 1 AS n", [])).await.db().unwrap_err()
        };
        assert_eq!(error.kind(), Kind::Unavailable, "{error:?}");
    }
    assert_eq!(store.facts(&store.tx(tenant).await).await, 0, "a new connection, and nothing was kept");
}

#[tokio::test]
async fn a_mistake_of_ours_is_internal_and_says_nothing_to_the_public() {
    use tenantry_store::DbResultExt;
    let store = Store::new().await;
    let tx = store.tx(store.world.tenant_id()).await;
    let error = tx.conn().query_one_raw(stmt("SELECT FROM no.such_table", [])).await.db().unwrap_err();
    assert_eq!(error.kind(), Kind::Internal);
    assert!(!error.message().contains("such_table") && format!("{error:?}").contains("such_table"));
}

#[tokio::test]
async fn a_second_row_of_a_unique_kind_is_a_conflict() {
    use tenantry_store::DbResultExt;
    let store = Store::new().await;
    store.world.tenant("taken").await;
    let tx = store.system().await;
    let again = "INSERT INTO tenancy.tenants (id, slug, name, created_at) VALUES (gen_random_uuid(), 'taken', 'x', now())";
    let result = tx.conn().execute_raw(stmt(again, [])).await;
    let named = result.unique("tenants_slug_key", || tenantry_kernel::Error::conflict("The slug is taken."));
    assert_eq!(named.unwrap_err().message(), "The slug is taken.");
    let tx = store.system().await;
    let error = tx.conn().execute_raw(stmt(again, [])).await.db().unwrap_err();
    assert_eq!(error.kind(), Kind::Conflict);
}
