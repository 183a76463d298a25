use tenantry_authz::Role;
use tenantry_billing::{InvoicePreview, LineKind};
use tenantry_kernel::TenantId;

use crate::support::{World, at, events};

const NOW: &str = "2026-11-20T08:00:00Z";

async fn preview(world: &World, tenant: TenantId) -> InvoicePreview {
    world.billing.invoice_preview(&world.ctx(tenant, Role::Billing), tenant).await.unwrap()
}

fn amounts(preview: &InvoicePreview) -> Vec<(LineKind, String, i64)> {
    preview.lines.iter().map(|l| (l.kind, l.quantity.to_string(), l.amount_minor)).collect()
}

#[tokio::test]
async fn a_starter_from_mid_month_with_executions_beyond() {
    let world = World::at(NOW).await;
    // 20.5 of 30 days: 2000 × 20.5 / 30 = 1366.67.
    let tenant = world.subscriber("starter", "2026-11-10T12:00:00Z").await;
    let batch = events((tenant, world.instance()), "wf", 1..2554, at("2026-11-10T12:30:00Z"));
    world.billing.record(&batch).await.unwrap();
    let preview = preview(&world, tenant).await;
    assert_eq!(preview.period_start, at("2026-11-01T00:00:00Z"));
    assert_eq!(preview.period_end, at("2026-12-01T00:00:00Z"));
    assert_eq!(preview.as_of, at(NOW));
    assert_eq!(preview.currency.as_str(), "EUR");
    // 53 beyond at 0.8 cents: 42.4.
    assert_eq!(
        amounts(&preview),
        [
            (LineKind::BasePrice, "0.683333".to_owned(), 1367),
            (LineKind::IncludedExecutions, "2500".to_owned(), 0),
            (LineKind::ExtraExecutions, "53".to_owned(), 42),
        ]
    );
    assert_eq!(preview.total_minor, 1409);
    let sentences: Vec<_> = preview.lines.iter().map(|l| l.explanation.as_str()).collect();
    assert_eq!(
        sentences,
        [
            "The Starter plan costs 20.00 EUR a month; from 10 November 2026 12:00:00 UTC to 1 December 2026 \
             00:00:00 UTC it runs 1,771,200 of the 2,592,000 seconds of November 2026, which comes to 13.67 EUR.",
            "The Starter plan includes 2,500 executions in November 2026, in full although it runs for a part of \
             the month; 2,500 of yours are covered.",
            "53 executions beyond the included at 0.008 EUR each, which comes to 0.42 EUR.",
        ]
    );
}

#[tokio::test]
async fn a_free_plan_shows_what_ran_beyond_at_no_price() {
    let world = World::at(NOW).await;
    let tenant = world.subscriber("free", "2026-10-03T00:00:00Z").await;
    let mut batch = events((tenant, world.instance()), "wf", 1..513, at("2026-11-02T00:00:00Z"));
    // Last month's and unbillable executions are no part of it.
    batch.extend(events((tenant, world.instance()), "wf", 1..101, at("2026-10-31T23:59:59Z")));
    let mut manual = events((tenant, world.instance()), "wf", 1..101, at("2026-11-02T00:00:00Z"));
    manual.iter_mut().for_each(|e| e.billable = false);
    batch.extend(manual);
    world.billing.record(&batch).await.unwrap();
    let preview = preview(&world, tenant).await;
    assert_eq!(
        amounts(&preview),
        [
            (LineKind::BasePrice, "1".to_owned(), 0),
            (LineKind::IncludedExecutions, "500".to_owned(), 0),
            (LineKind::ExtraExecutions, "12".to_owned(), 0),
        ]
    );
    assert_eq!(
        preview.lines[2].explanation,
        "Extra executions are not sold on the Free plan: 12 executions beyond the included, shown here and not \
         charged."
    );
    assert_eq!(preview.total_minor, 0);
}

#[tokio::test]
async fn a_plan_changed_within_the_month_has_a_base_line_a_span() {
    let world = World::at(NOW).await;
    let tenant = world.subscriber("starter", "2026-09-01T00:00:00Z").await;
    let mut admin =
        <sqlx::PgConnection as sqlx::Connection>::connect_with(&world.test_db.superuser).await.unwrap();
    // To Pro on the 11th at 10:20:30.
    sqlx::raw_sql(
        "UPDATE billing.subscriptions SET ended_at = '2026-11-11 10:20:30Z';
         INSERT INTO billing.subscriptions
           SELECT gen_random_uuid(), tenant_id, 'pro', 1, ended_at FROM billing.subscriptions",
    )
    .execute(&mut admin)
    .await
    .unwrap();
    let instance = world.instance();
    // 2,600 under Starter: 100 beyond. The hour of the change belongs to Pro, as do later ones.
    for (ids, stopped) in [
        (1..2601, "2026-11-11T09:59:59Z"),
        (2601..2611, "2026-11-11T10:05:00Z"),
        (2611..2621, "2026-11-20T07:59:59Z"),
    ] {
        world.billing.record(&events((tenant, instance), "wf", ids, at(stopped))).await.unwrap();
    }
    let preview = preview(&world, tenant).await;
    // 901,230 of 2,592,000 seconds: 2000 × 0.347697… = 695.39; the rest 6000 × 0.652302… = 3913.81.
    assert_eq!(
        amounts(&preview),
        [
            (LineKind::BasePrice, "0.347697".to_owned(), 695),
            (LineKind::IncludedExecutions, "2500".to_owned(), 0),
            (LineKind::ExtraExecutions, "100".to_owned(), 80),
            (LineKind::BasePrice, "0.652303".to_owned(), 3914),
            (LineKind::IncludedExecutions, "20".to_owned(), 0),
            (LineKind::ExtraExecutions, "0".to_owned(), 0),
        ]
    );
    assert_eq!(preview.total_minor, 695 + 80 + 3914);
    assert!(
        preview.lines[4].explanation.ends_with(
            "The 2,600 executions that ran earlier this month under another plan count against them."
        ),
        "{}",
        preview.lines[4].explanation
    );
}
