use tenantry_authz::{Action, Resource, ResourceKind, Role};
use tenantry_kernel::Kind;
use tenantry_store::{SystemRole, SystemTx, TenantTx};

use crate::support::{World, at};

const NOW: &str = "2026-11-10T12:00:00Z";

#[tokio::test]
async fn the_newest_available_version_of_each_plan_is_offered_by_rank() {
    let world = World::at(NOW).await;
    let mut admin =
        <sqlx::PgConnection as sqlx::Connection>::connect_with(&world.test_db.superuser).await.unwrap();
    sqlx::raw_sql(
        "INSERT INTO billing.plans SELECT code, 2, 'Pro two', rank, currency, 7000, included_executions,
           extra_execution_price, max_instances, max_members, concurrent_executions, cpu_millis, memory_mib,
           storage_mib, true FROM billing.plans WHERE code = 'pro';
         INSERT INTO billing.plans SELECT code, 2, 'Not yet', rank, currency, 1, included_executions,
           extra_execution_price, max_instances, max_members, concurrent_executions, cpu_millis, memory_mib,
           storage_mib, false FROM billing.plans WHERE code = 'starter'",
    )
    .execute(&mut admin)
    .await
    .unwrap();

    let plans = world.billing.plans().await.unwrap();
    let offered: Vec<_> = plans.iter().map(|p| (p.code.as_str(), p.version, p.base_price_minor)).collect();
    assert_eq!(offered, [("free", 1, 0), ("starter", 1, 2000), ("pro", 2, 7000), ("enterprise", 1, 50_000)]);
    assert_eq!(world.billing.plan("pro").await.unwrap().version, 2);

    let unknown = world.billing.plan("gold").await.unwrap_err();
    assert_eq!(unknown.kind(), Kind::Invalid);
    assert_eq!(unknown.remedy(), "Choose one of these plans: free, starter, pro, enterprise.");
}

#[tokio::test]
async fn a_subscription_keeps_its_version_and_gives_its_entitlement() {
    let world = World::at(NOW).await;
    let tenant = world.subscriber("starter", NOW).await;
    let ctx = world.ctx(tenant, Role::Owner);
    let subscription = world.billing.subscription(&ctx, tenant).await.unwrap();
    assert_eq!((subscription.plan.code.as_str(), subscription.started_at), ("starter", at(NOW)));

    let permit = ctx.permit(Action::Create, &Resource::new(ResourceKind::Instance, tenant)).unwrap();
    let tx = TenantTx::begin(&world.db, &permit).await.unwrap();
    let entitlement = world.billing.entitlement(&tx).await.unwrap();
    assert_eq!((entitlement.max_instances, entitlement.memory_mib), (1, 1280));
    assert!(entitlement.executions_beyond_allowed);

    // Another decision reads the same entitlement without waiting; the plan's end waits for both.
    let other = TenantTx::begin(&world.db, &permit).await.unwrap();
    world.billing.entitlement(&other).await.unwrap();
    let mut admin =
        <sqlx::PgConnection as sqlx::Connection>::connect_with(&world.test_db.superuser).await.unwrap();
    sqlx::raw_sql("SET lock_timeout = '200ms'").execute(&mut admin).await.unwrap();
    let ended = sqlx::raw_sql("UPDATE billing.subscriptions SET ended_at = started_at + interval '1 day'")
        .execute(&mut admin)
        .await
        .unwrap_err();
    assert!(ended.to_string().contains("lock timeout"), "{ended}");
}

#[tokio::test]
async fn a_second_plan_and_an_unknown_plan_are_refused_and_leave_nothing() {
    let world = World::at(NOW).await;
    let tenant = world.subscriber("free", NOW).await;
    for (plan, kind) in [("pro", Kind::Conflict), ("gold", Kind::Invalid)] {
        let tx = SystemTx::begin(&world.db, SystemRole::Onboarding).await.unwrap();
        let refused = world.billing.subscribe(&tx, tenant, plan, at(NOW)).await.unwrap_err();
        assert_eq!(refused.kind(), kind, "{refused:?}");
    }
    let ctx = world.ctx(tenant, Role::Owner);
    assert_eq!(world.billing.subscription(&ctx, tenant).await.unwrap().plan.code, "free");

    let without = world.tenant();
    let ctx = world.ctx(without, Role::Owner);
    assert_eq!(world.billing.subscription(&ctx, without).await.unwrap_err().kind(), Kind::NotFound);
}

#[tokio::test]
async fn each_question_asks_the_gate() {
    let world = World::at(NOW).await;
    let (mine, other) = (world.subscriber("free", NOW).await, world.subscriber("free", NOW).await);
    let ctx = world.ctx(mine, Role::Owner);
    assert_eq!(world.billing.subscription(&ctx, other).await.unwrap_err().kind(), Kind::NotFound);
    assert_eq!(world.billing.invoice_preview(&ctx, other).await.unwrap_err().kind(), Kind::NotFound);
    let (from, to) = (at("2026-11-01T00:00:00Z"), at("2026-12-01T00:00:00Z"));
    assert_eq!(world.billing.usage_totals(&ctx, other, from, to).await.unwrap_err().kind(), Kind::NotFound);
    // A viewer sees usage, not what it costs.
    let viewer = world.ctx(mine, Role::Viewer);
    assert!(world.billing.usage_totals(&viewer, mine, from, to).await.is_ok());
    assert_eq!(world.billing.invoice_preview(&viewer, mine).await.unwrap_err().kind(), Kind::NotFound);
}
