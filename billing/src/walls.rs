//! The second wall by itself: every query of a repository, run for one tenant in a transaction that row-level
//! security bounds to another, or to none, finds no row. And the queries are quick: they go by index.

use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;
use sqlx::{Connection, PgConnection};
use tenantry_authz::{Action, Resource, ResourceKind, Role};
use tenantry_kernel::{InstanceId, TenantId};
use tenantry_store::{SystemRole, SystemTx, TenantTx, Transaction, stmt};

use crate::support::{World, at, events};
use crate::usage::repo::{Wanted, page, page_statement, totals};
use crate::usage::{Hours, UsageGroup, UsageTotals};
use crate::{executions, subscriptions, usage};

const GROUPS: [UsageGroup; 4] =
    [UsageGroup::Hour, UsageGroup::Day, UsageGroup::Instance, UsageGroup::Workflow];
const TABLES: [&str; 3] = ["billing.subscriptions", "billing.usage_events", "billing.usage_hourly"];

fn span() -> (DateTime<Utc>, DateTime<Utc>) {
    (at("2026-11-01T00:00:00Z"), at("2026-12-01T00:00:00Z"))
}

fn wanted(group: UsageGroup) -> Wanted {
    let (from, to) = span();
    Wanted { hours: Hours { from, to }, group, instance: None, after: None, limit: 100 }
}

fn executions_wanted(instance: InstanceId, after: Option<executions::Cursor>) -> executions::repo::Wanted {
    executions::repo::Wanted { instances: vec![instance], after, limit: 5 }
}

async fn world() -> (World, TenantId, InstanceId) {
    let world = World::at("2026-11-10T12:30:00Z").await;
    let tenant = world.subscriber("starter", "2026-11-01T00:00:00Z").await;
    let instance = world.instance();
    let batch = events((tenant, instance), "wf", 1..11, at("2026-11-10T12:00:00Z"));
    world.billing.record(&batch).await.unwrap();
    (world, tenant, instance)
}

async fn tx(world: &World, tenant: TenantId) -> TenantTx {
    let ctx = world.ctx(tenant, Role::Owner);
    let permit = ctx.permit(Action::View, &Resource::new(ResourceKind::Usage, tenant)).unwrap();
    TenantTx::begin(&world.db, &permit).await.unwrap()
}

/// How many rows each query of each repository gives.
async fn rows_of_each_query(tx: &TenantTx, instance: InstanceId) -> Vec<(String, usize)> {
    let mut found = vec![
        ("running".to_owned(), usize::from(subscriptions::repo::running(tx).await.unwrap().is_some())),
        (
            "running_held".to_owned(),
            usize::from(subscriptions::repo::running_held(tx).await.unwrap().is_some()),
        ),
        ("within".to_owned(), subscriptions::repo::within(tx, span()).await.unwrap().len()),
    ];
    let members = subscriptions::repo::max_members(tx, tx.tenant()).await.unwrap();
    found.push(("max_members".to_owned(), usize::from(members.is_some())));
    let requests = subscriptions::repo::requests_per_minute(tx, tx.tenant()).await.unwrap();
    found.push(("requests_per_minute".to_owned(), usize::from(requests.is_some())));
    let (from, to) = span();
    let sums = totals(tx, Hours { from, to }).await.unwrap();
    found.push(("totals".to_owned(), usize::from(sums != UsageTotals::default())));
    let newest = executions::repo::newest(tx, &executions_wanted(instance, None)).await.unwrap();
    found.push(("newest".to_owned(), usize::from(!newest.is_empty())));
    for group in GROUPS {
        found.push((format!("page by {group:?}"), page(tx, &wanted(group)).await.unwrap().len()));
    }
    found
}

#[tokio::test]
async fn every_query_in_the_right_tenant_finds_its_row_and_elsewhere_none() {
    let (world, tenant, instance) = world().await;
    let right = tx(&world, tenant).await;
    for (query, rows) in rows_of_each_query(&right, instance).await {
        assert_eq!(rows, 1, "{query}");
    }
    let other = world.subscriber("free", "2026-12-24T00:00:00Z").await;
    for setting in [other.uuid().to_string(), String::new()] {
        let wrong = tx(&world, tenant).await;
        let set = stmt("SELECT set_config('app.tenant_id', $1, true)", [setting.clone().into()]);
        wrong.conn().execute_raw(set).await.unwrap();
        for (query, rows) in rows_of_each_query(&wrong, instance).await {
            assert_eq!(rows, 0, "{query} with the tenant set to {setting:?}");
        }
    }
}

#[tokio::test]
async fn the_bare_application_role_sees_nothing_and_cannot_write_usage() {
    let (world, tenant, _) = world().await;
    let mut app = PgConnection::connect_with(&world.test_db.cluster.app).await.unwrap();
    for table in TABLES {
        let sql = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        let seen: i64 = sqlx::query_scalar(sql).fetch_one(&mut app).await.unwrap();
        assert_eq!(seen, 0, "{table}");
    }
    // Not even in its own tenant.
    let set = sqlx::AssertSqlSafe(format!("SET app.tenant_id = '{}'", tenant.uuid()));
    sqlx::raw_sql(set).execute(&mut app).await.unwrap();
    for write in [
        "INSERT INTO billing.usage_events SELECT * FROM billing.usage_events",
        "UPDATE billing.usage_events SET billable = false",
        "DELETE FROM billing.usage_events",
        "INSERT INTO billing.usage_hourly SELECT * FROM billing.usage_hourly",
        "UPDATE billing.usage_hourly SET billable = 0",
        "DELETE FROM billing.usage_hourly",
        "DELETE FROM billing.subscriptions",
        "UPDATE billing.plans SET base_price_minor = 0",
    ] {
        let refused = sqlx::raw_sql(write).execute(&mut app).await.unwrap_err();
        assert!(refused.to_string().contains("permission denied"), "{write}: {refused}");
    }
    // A subscription of another tenant cannot be written.
    let moved = "INSERT INTO billing.subscriptions (id, tenant_id, plan_code, plan_version, started_at)
                 VALUES (gen_random_uuid(), gen_random_uuid(), 'free', 1, now())";
    let refused = sqlx::raw_sql(moved).execute(&mut app).await.unwrap_err();
    assert!(refused.to_string().contains("row-level security"), "{refused}");
}

#[tokio::test]
async fn usage_is_found_by_index() {
    let (world, tenant, _) = world().await;
    // Sixty neighbours with a month of hours each.
    let mut owner = PgConnection::connect_with(&world.test_db.cluster.migrator).await.unwrap();
    sqlx::raw_sql(
        "INSERT INTO billing.usage_hourly
           SELECT t, t, 'wf', h, 1, 1, 0
           FROM (SELECT gen_random_uuid() AS t FROM generate_series(1, 60)) tenants,
                generate_series('2026-11-01'::timestamptz, '2026-11-30', '1 hour') AS h;
         ANALYZE billing.usage_hourly",
    )
    .execute(&mut owner)
    .await
    .unwrap();
    let tx = tx(&world, tenant).await;
    for group in GROUPS {
        let first = wanted(group);
        let row = page(&tx, &first).await.unwrap().remove(0);
        let after = usage::Cursor::parse(group, &row.cursor()).unwrap();
        for wanted in [wanted(group), Wanted { after: Some(after), ..first }] {
            let mut query = page_statement(&tx, &wanted);
            query.sql = format!("EXPLAIN (COSTS OFF) {}", query.sql);
            let plan = tx.conn().query_all_raw(query).await.unwrap();
            let plan: Vec<String> = plan.iter().map(|r| r.try_get("", "QUERY PLAN").unwrap()).collect();
            let plan = plan.join("\n");
            let indexed = plan.lines().any(|l| l.contains("Index Cond") && l.contains("tenant_id ="));
            assert!(indexed && !plan.contains("Seq Scan"), "{group:?}\n{plan}");
        }
    }
}

#[tokio::test]
async fn an_instances_newest_executions_are_found_by_the_index_of_their_order() {
    let (world, tenant, instance) = world().await;
    let mut owner = PgConnection::connect_with(&world.test_db.cluster.migrator).await.unwrap();
    // The tenant's other instance has many more, and all of them are newer.
    sqlx::query(
        "INSERT INTO billing.usage_events
           SELECT $1, $2, 1, n, 'wf', 'webhook', 'success', true, t, t, '2026-11-10T13:00:00Z'
           FROM generate_series(1, 20000) AS n, LATERAL (SELECT '2026-11-10T12:10:00Z'::timestamptz + n * interval '1 ms' AS t)",
    )
    .bind(tenant.uuid())
    .bind(world.instance().uuid())
    .execute(&mut owner)
    .await
    .unwrap();
    sqlx::raw_sql("ANALYZE billing.usage_events").execute(&mut owner).await.unwrap();
    let tx = tx(&world, tenant).await;
    let first = executions_wanted(instance, None);
    let last = executions::repo::newest(&tx, &first).await.unwrap().remove(&instance).unwrap().pop().unwrap();
    let after = executions::Cursor::parse(&last.cursor()).unwrap();
    for wanted in [first, executions_wanted(instance, Some(after))] {
        let mut query = executions::repo::newest_statement(&tx, &wanted);
        query.sql = format!("EXPLAIN (COSTS OFF) {}", query.sql);
        let plan = tx.conn().query_all_raw(query).await.unwrap();
        let plan: Vec<String> = plan.iter().map(|r| r.try_get("", "QUERY PLAN").unwrap()).collect();
        let plan = plan.join("\n");
        assert!(plan.contains("usage_events_newest") && !plan.contains("Sort"), "{plan}");
    }
}

#[tokio::test]
async fn a_report_that_is_cut_off_leaves_nothing_and_is_counted_when_it_comes_again() {
    let (world, tenant, _) = world().await;
    let batch = events((tenant, world.instance()), "wf", 1..8, at("2026-11-10T12:00:00Z"));
    let cut_off = SystemTx::begin(&world.db, SystemRole::Metering).await.unwrap();
    assert_eq!(usage::ledger::append(&cut_off, &batch, at("2026-11-10T12:30:00Z")).await.unwrap(), 7);
    drop(cut_off);
    let (from, to) = span();
    let hours = Hours { from, to };
    assert_eq!(totals(&tx(&world, tenant).await, hours).await.unwrap().executions, 10);
    assert_eq!(world.billing.record(&batch).await.unwrap().new, 7);
    assert_eq!(totals(&tx(&world, tenant).await, hours).await.unwrap().executions, 17);
}
