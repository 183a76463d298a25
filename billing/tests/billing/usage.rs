use chrono::{TimeDelta, Utc};
use tenantry_authz::{Ctx, Role};
use tenantry_billing::{Recorded, UsageEvent, UsageGroup, UsageQuery, UsageRow, UsageTotals};
use tenantry_kernel::{Kind, TenantId};
use tenantry_store::PageRequest;

use crate::support::{World, at, events};

const NOW: &str = "2026-11-10T12:30:00Z";

fn november(group: UsageGroup) -> UsageQuery {
    UsageQuery { from: at("2026-11-01T00:00:00Z"), to: at("2026-12-01T00:00:00Z"), group, instance: None }
}

async fn totals(world: &World, tenant: TenantId) -> UsageTotals {
    let query = november(UsageGroup::Hour);
    let ctx = world.ctx(tenant, Role::Viewer);
    world.billing.usage_totals(&ctx, tenant, query.from, query.to).await.unwrap()
}

/// Every row, page by page.
async fn all(world: &World, ctx: &Ctx, tenant: TenantId, query: &UsageQuery) -> Vec<UsageRow> {
    let mut rows: Vec<UsageRow> = Vec::new();
    loop {
        let request = PageRequest::new(Some(2), rows.last().map(UsageRow::cursor));
        let page = world.billing.usage(ctx, tenant, query, &request).await.unwrap();
        rows.extend(page.rows);
        if !page.has_next {
            return rows;
        }
    }
}

#[tokio::test]
async fn what_is_reported_twice_counts_once() {
    let world = World::at(NOW).await;
    let tenant = world.subscriber("free", "2026-11-01T00:00:00Z").await;
    let instance = world.instance();
    let mut batch = events((tenant, instance), "wf", 1..11, at("2026-11-10T11:59:59Z"));
    batch.extend(events((tenant, instance), "wf", 5..8, at("2026-11-10T11:59:59Z")));
    assert_eq!(world.billing.record(&batch).await.unwrap(), Recorded { new: 10, known: 3, refused: 0 });
    assert_eq!(world.billing.record(&batch).await.unwrap(), Recorded { new: 0, known: 13, refused: 0 });
    assert_eq!(totals(&world, tenant).await, UsageTotals { executions: 10, billable: 10, failed: 0 });

    // After a restore the ids start again: another epoch, other executions.
    for event in &mut batch {
        event.epoch = 2;
    }
    assert_eq!(world.billing.record(&batch).await.unwrap().new, 10);
    assert_eq!(totals(&world, tenant).await.executions, 20);
    assert_eq!(world.billing.record(&[]).await.unwrap(), Recorded::default());
}

#[tokio::test]
async fn hostile_reports_are_bounded_and_counted() {
    let world = World::at(NOW).await;
    let tenant = world.subscriber("free", "2026-11-01T00:00:00Z").await;
    let instance = world.instance();
    let good = events((tenant, instance), "wf", 1..2, at(NOW)).remove(0);
    let batch = [
        UsageEvent {
            execution_id: 2,
            workflow_id: "a\0'; --".to_owned(),
            status: "error".to_owned(),
            ..good.clone()
        },
        UsageEvent {
            execution_id: 3,
            mode: "x".repeat(100_000),
            status: "crashed".to_owned(),
            ..good.clone()
        },
        UsageEvent { execution_id: 4, stopped_at: chrono::DateTime::<Utc>::MAX_UTC, ..good.clone() },
        UsageEvent { execution_id: 5, stopped_at: chrono::DateTime::<Utc>::MIN_UTC, ..good.clone() },
        UsageEvent { execution_id: 6, started_at: at(NOW) + TimeDelta::days(1), ..good.clone() },
        UsageEvent { execution_id: 0, ..good.clone() },
        UsageEvent { epoch: -1, ..good.clone() },
        UsageEvent { execution_id: 7, billable: false, ..good.clone() },
        good,
    ];
    assert_eq!(world.billing.record(&batch).await.unwrap(), Recorded { new: 7, known: 0, refused: 2 });
    // The one from before all time counts 35 days back, in October.
    assert_eq!(totals(&world, tenant).await, UsageTotals { executions: 6, billable: 5, failed: 2 });
}

#[tokio::test]
async fn twenty_writers_of_overlapping_batches_end_exact() {
    let world = World::at(NOW).await;
    let tenant = world.subscriber("free", "2026-11-01T00:00:00Z").await;
    let instances = [world.instance(), world.instance(), world.instance()];
    let mut everything = Vec::new();
    for (i, instance) in instances.iter().enumerate() {
        for hour in 0..4 {
            let first = 1 + hour * 100;
            let stopped = at(NOW) - TimeDelta::hours(hour);
            everything.extend(events(
                (tenant, *instance),
                &format!("wf{}", i % 2),
                first..first + 100,
                stopped,
            ));
        }
    }
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..20 {
        let billing = world.billing.clone();
        // Each has five sixths of everything, in an order of its own, in batches of an odd size.
        let mut mine: Vec<_> = everything
            .iter()
            .enumerate()
            .filter(|(i, _)| i % 6 != writer % 6)
            .map(|(_, e)| e.clone())
            .collect();
        mine.rotate_left(writer * 37);
        if writer % 2 == 0 {
            mine.reverse();
        }
        writers.spawn(async move {
            let mut new = 0;
            for batch in mine.chunks(61 + writer) {
                new += billing.record(batch).await.unwrap().new;
            }
            new
        });
    }
    let new: u64 = writers.join_all().await.into_iter().sum();
    assert_eq!(new, 1200);
    assert_eq!(totals(&world, tenant).await, UsageTotals { executions: 1200, billable: 1200, failed: 0 });

    // The roll-up says of every hour what the ledger says.
    let mut admin =
        <sqlx::PgConnection as sqlx::Connection>::connect_with(&world.test_db.superuser).await.unwrap();
    let differing: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM (
           SELECT instance_id, workflow_id, date_trunc('hour', stopped_at, 'UTC') AS hour, count(*) AS executions
           FROM billing.usage_events GROUP BY 1, 2, 3) e
         FULL JOIN billing.usage_hourly h USING (instance_id, workflow_id, hour)
         WHERE e.executions IS DISTINCT FROM h.executions",
    )
    .fetch_one(&mut admin)
    .await
    .unwrap();
    assert_eq!(differing, 0);
}

#[tokio::test]
async fn writers_of_different_executions_of_the_same_workflows_end_exact() {
    let world = World::at(NOW).await;
    let tenant = world.subscriber("free", "2026-11-01T00:00:00Z").await;
    let instance = world.instance();
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..20 {
        let billing = world.billing.clone();
        let mut mine = Vec::new();
        for workflow in 0..100 {
            // Different executions, so only the rows of the roll-up are shared.
            let id = 1 + writer * 100 + if writer % 2 == 0 { workflow } else { 99 - workflow };
            mine.extend(events((tenant, instance), &format!("wf{workflow}"), id..id + 1, at(NOW)));
        }
        writers.spawn(async move { billing.record(&mine).await.unwrap().new });
    }
    assert_eq!(writers.join_all().await.into_iter().sum::<u64>(), 2000);
    let ctx = world.ctx(tenant, Role::Viewer);
    let workflows = all(&world, &ctx, tenant, &november(UsageGroup::Workflow)).await;
    assert_eq!(workflows.len(), 100);
    assert!(workflows.iter().all(|r| r.executions == 20));
}

#[tokio::test]
async fn a_large_report_is_recorded_whole() {
    let world = World::at(NOW).await;
    let tenant = world.subscriber("free", "2026-11-01T00:00:00Z").await;
    let batch = events((tenant, world.instance()), "wf", 1..2502, at(NOW));
    assert_eq!(world.billing.record(&batch).await.unwrap().new, 2501);
    assert_eq!(totals(&world, tenant).await.executions, 2501);
}

#[tokio::test]
async fn usage_is_grouped_and_paged_without_gap_or_repeat() {
    let world = World::at(NOW).await;
    let tenant = world.subscriber("free", "2026-11-01T00:00:00Z").await;
    let (first, second) = (world.instance(), world.instance());
    for (instance, workflow, ids, stopped) in [
        (first, "a", 1..4, "2026-11-08T23:59:59Z"),
        (first, "a", 4..6, "2026-11-09T00:00:00Z"),
        (first, "b", 6..7, "2026-11-09T05:00:00Z"),
        (second, "a", 1..5, "2026-11-09T05:30:00Z"),
        (second, "c", 5..6, "2026-11-10T12:00:00Z"),
    ] {
        world.billing.record(&events((tenant, instance), workflow, ids, at(stopped))).await.unwrap();
    }
    let ctx = world.ctx(tenant, Role::Viewer);
    let by = async |group| all(&world, &ctx, tenant, &november(group)).await;

    let hours: Vec<_> = by(UsageGroup::Hour).await.iter().map(|r| (r.hour.unwrap(), r.executions)).collect();
    assert_eq!(
        hours,
        [
            (at("2026-11-08T23:00:00Z"), 3),
            (at("2026-11-09T00:00:00Z"), 2),
            (at("2026-11-09T05:00:00Z"), 5),
            (at("2026-11-10T12:00:00Z"), 1)
        ]
    );
    let days: Vec<_> = by(UsageGroup::Day).await.iter().map(|r| (r.hour.unwrap(), r.executions)).collect();
    assert_eq!(
        days,
        [(at("2026-11-08T00:00:00Z"), 3), (at("2026-11-09T00:00:00Z"), 7), (at("2026-11-10T00:00:00Z"), 1)]
    );
    let mut expected = [(first, 6), (second, 5)];
    expected.sort();
    let instances: Vec<_> =
        by(UsageGroup::Instance).await.iter().map(|r| (r.instance.unwrap(), r.executions)).collect();
    assert_eq!(instances, expected);
    let mut expected = [(first, "a", 5), (first, "b", 1), (second, "a", 4), (second, "c", 1)];
    expected.sort();
    let workflows = by(UsageGroup::Workflow).await;
    let workflows: Vec<_> = workflows
        .iter()
        .map(|r| (r.instance.unwrap(), r.workflow_id.as_deref().unwrap(), r.executions))
        .collect();
    assert_eq!(workflows, expected);

    let only = UsageQuery { instance: Some(first), ..november(UsageGroup::Day) };
    let days: Vec<_> = all(&world, &ctx, tenant, &only).await.iter().map(|r| r.executions).collect();
    assert_eq!(days, [3, 3]);
}

#[tokio::test]
async fn impossible_questions_are_invalid() {
    let world = World::at(NOW).await;
    let tenant = world.subscriber("free", "2026-11-01T00:00:00Z").await;
    let ctx = world.ctx(tenant, Role::Viewer);
    let page = PageRequest::new(None, None);
    let good = november(UsageGroup::Hour);
    let long = UsageQuery { to: good.from + TimeDelta::days(401), ..good.clone() };
    let backwards = UsageQuery { to: good.from, ..good.clone() };
    for query in [long, backwards] {
        assert_eq!(world.billing.usage(&ctx, tenant, &query, &page).await.unwrap_err().kind(), Kind::Invalid);
    }
    let foreign = PageRequest::new(None, Some("ins_x".to_owned()));
    assert_eq!(world.billing.usage(&ctx, tenant, &good, &foreign).await.unwrap_err().kind(), Kind::Invalid);
}
