//! Executions one by one, what the plan leaves, and the word that goes out when the ledger grows.

use sqlx::postgres::PgListener;
use tenantry_authz::Role;
use tenantry_kernel::Kind;
use tenantry_store::PageRequest;

use crate::support::*;

#[tokio::test]
async fn the_newest_come_first_and_pages_neither_repeat_nor_leave_out() {
    let world = World::at("2026-11-10T13:00:00Z").await;
    let tenant = world.subscriber("starter", "2026-11-01T00:00:00Z").await;
    let instance = world.instance();
    let mut batch = events((tenant, instance), "late", 1..4, at("2026-11-10T12:00:00Z"));
    batch.extend(events((tenant, instance), "early", 4..8, at("2026-11-10T11:00:00Z")));
    batch.extend(events((tenant, world.instance()), "other", 1..9, at("2026-11-10T12:30:00Z")));
    world.billing.record(&batch).await.unwrap();
    let ctx = world.ctx(tenant, Role::Viewer);
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let request = PageRequest::new(Some(2), after);
        let page = world.billing.executions(&ctx, (tenant, instance), &request).await.unwrap();
        after = page.rows.last().map(|row| row.cursor());
        seen.extend(page.rows.iter().map(|row| (row.id(), row.workflow_id.clone())));
        if !page.has_next {
            break;
        }
        // What comes in meanwhile is before the pages that are still to come.
        let new = events((tenant, instance), "new", 100..101, at("2026-11-10T12:59:00Z"));
        world.billing.record(&new).await.unwrap();
    }
    let expected =
        [(3, "late"), (2, "late"), (1, "late"), (7, "early"), (6, "early"), (5, "early"), (4, "early")];
    assert_eq!(seen, expected.map(|(id, wf)| (id.to_string(), wf.to_owned())));

    let page = PageRequest::new(None, None);
    let stranger = world.ctx(world.tenant(), Role::Owner);
    let refused = world.billing.executions(&stranger, (tenant, instance), &page).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::NotFound);
    let other = world.subscriber("free", "2026-11-01T00:00:00Z").await;
    let elsewhere = world.ctx(other, Role::Owner);
    let none = world.billing.executions(&elsewhere, (other, instance), &page).await.unwrap();
    assert!(none.rows.is_empty(), "another tenant's instance has no executions here");
    let strange = PageRequest::new(None, Some("x".to_owned()));
    let refused = world.billing.executions(&ctx, (tenant, instance), &strange).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Invalid);
}

#[tokio::test]
async fn allowances_count_the_billable_executions_of_the_running_month() {
    let world = World::at("2026-11-01T00:30:00Z").await;
    let tenant = world.subscriber("starter", "2026-10-01T00:00:00Z").await;
    let instance = world.instance();
    let mut batch = events((tenant, instance), "wf", 1..6, at("2026-10-31T23:59:59Z"));
    batch.extend(events((tenant, instance), "wf", 6..9, at("2026-11-01T00:10:00Z")));
    let mut free = events((tenant, instance), "wf", 9..12, at("2026-11-01T00:10:00Z"));
    free.iter_mut().for_each(|event| event.billable = false);
    batch.extend(free);
    world.billing.record(&batch).await.unwrap();
    // Also whoever may not see the subscription may see what is left of it.
    let allowances = world.billing.allowances(&world.ctx(tenant, Role::Viewer), tenant).await.unwrap();
    assert_eq!((allowances.max_instances, allowances.max_members), (1, 5));
    assert_eq!((allowances.billable_executions, allowances.included_executions), (3, 2500));
    let stranger = world.ctx(world.tenant(), Role::Owner);
    assert_eq!(world.billing.allowances(&stranger, tenant).await.unwrap_err().kind(), Kind::NotFound);
}

#[tokio::test]
async fn a_batch_is_one_word_to_each_tenant_and_a_repeat_is_none() {
    let world = World::at("2026-11-10T13:00:00Z").await;
    let (one, two) = (world.tenant(), world.tenant());
    let mut listener = PgListener::connect_with(world.db.system_pool()).await.unwrap();
    listener.listen(tenantry_store::notify::TENANT_CHANNEL).await.unwrap();
    let mut batch = events((one, world.instance()), "wf", 1..900, at("2026-11-10T12:00:00Z"));
    batch.extend(events((two, world.instance()), "wf", 1..50, at("2026-11-10T12:00:00Z")));
    world.billing.record(&batch).await.unwrap();
    world.billing.record(&batch).await.unwrap();
    let end = events((one, world.instance()), "wf", 1..2, at("2026-11-10T12:00:00Z"));
    world.billing.record(&end).await.unwrap();
    let mut said = Vec::new();
    for _ in 0..3 {
        said.push(listener.recv().await.unwrap().payload().to_owned());
    }
    said[..2].sort();
    let word = |tenant: tenantry_kernel::TenantId| format!("usage {}", tenant.uuid());
    let mut both = [word(one), word(two)];
    both.sort();
    assert_eq!((&said[..2], &said[2]), (&both[..], &word(one)));
}
