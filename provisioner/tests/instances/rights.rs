//! Who may do what with an instance: strangers learn nothing, viewers change nothing.

use tenantry_authz::{Ctx, PlatformRole, Role};
use tenantry_kernel::{Error, InstanceId, Kind, TenantId};
use tenantry_provisioner::fleet::{Fleet, FleetFilter, FleetOrder, FleetSort, Retried};
use tenantry_provisioner::instances::DeleteInstance;
use tenantry_store::PageRequest;

use crate::shop::*;

/// Each operation on one instance, by name, and how it failed.
async fn refusals(
    shop: &Shop,
    ctx: &Ctx,
    tenant: TenantId,
    id: InstanceId,
) -> Vec<(&'static str, Option<Error>)> {
    let instances = &shop.instances;
    let delete = |immediately| DeleteInstance { confirm_slug: "acme".to_owned(), immediately };
    vec![
        ("get", instances.get(ctx, tenant, id).await.err()),
        ("events", instances.events(ctx, tenant, id).await.err()),
        ("start", instances.start(ctx, tenant, id).await.err()),
        ("stop", instances.stop(ctx, tenant, id).await.err()),
        ("delete", instances.delete(ctx, tenant, id, delete(false)).await.err()),
        ("delete at once", instances.delete(ctx, tenant, id, delete(true)).await.err()),
        ("restore", instances.restore(ctx, tenant, id).await.err()),
        ("api_key", instances.api_key(ctx, tenant, id).await.err()),
    ]
}

#[tokio::test]
async fn another_tenants_instance_is_not_found_by_whichever_way_it_is_asked_for() {
    let shop = Shop::new().await;
    let ours = shop.create("acme").await;
    let before = shop.snapshot(ours.id).await;
    let (theirs, neighbour) = shop.neighbour().await;
    let ways = [
        ("their tenant, our instance", &neighbour, theirs),
        ("our tenant, their member", &neighbour, shop.tenant),
        ("nobody's member", &shop.world.stranger(), shop.tenant),
        ("staff have no right inside a tenant", &shop.world.staff(PlatformRole::Admin), shop.tenant),
    ];
    for (way, ctx, tenant) in ways {
        for (operation, error) in refusals(&shop, ctx, tenant, ours.id).await {
            let error = error.expect(operation);
            assert_eq!(error.kind(), Kind::NotFound, "{way}: {operation}");
        }
    }
    let missing = InstanceId::from_uuid(shop.tenant.uuid());
    let real = shop.instances.get(&neighbour, theirs, ours.id).await.unwrap_err();
    let unreal = shop.instances.get(&neighbour, theirs, missing).await.unwrap_err();
    assert_eq!(
        (real.message(), real.remedy()),
        (unreal.message(), unreal.remedy()),
        "nothing tells them apart"
    );
    let page = PageRequest::new(None, None);
    assert_eq!(shop.instances.list(&neighbour, theirs, &page).await.unwrap().rows.len(), 0);
    let listed = shop.instances.list(&neighbour, shop.tenant, &page).await.unwrap_err();
    assert_eq!(listed.kind(), Kind::NotFound);
    let made = shop.instances.create(&neighbour, shop.tenant, new_instance("mine"), None).await.unwrap_err();
    assert_eq!(made.kind(), Kind::NotFound);
    assert_eq!(shop.snapshot(ours.id).await, before);
}

#[tokio::test]
async fn a_viewer_sees_it_and_changes_nothing() {
    let shop = Shop::new().await;
    let ours = shop.create("acme").await;
    let before = shop.snapshot(ours.id).await;
    let viewer = shop.world.member(shop.tenant, Role::Viewer);
    for (operation, error) in refusals(&shop, &viewer, shop.tenant, ours.id).await {
        match operation {
            "get" | "events" => assert!(error.is_none(), "{operation}"),
            _ => {
                let error = error.expect(operation);
                assert_eq!(error.kind(), Kind::Forbidden, "{operation}");
                assert!(error.remedy().contains("owner"), "{operation}: {}", error.remedy());
            }
        }
    }
    let made = shop.instances.create(&viewer, shop.tenant, new_instance("more"), None).await.unwrap_err();
    assert_eq!(made.kind(), Kind::Forbidden);
    assert_eq!(shop.snapshot(ours.id).await, before);
}

#[tokio::test]
async fn the_fleet_is_the_staffs_and_nobody_elses() {
    let shop = Shop::new().await;
    let ours = shop.create("acme").await;
    let (theirs, neighbour) = shop.neighbour().await;
    shop.instances.create(&neighbour, theirs, new_instance("other"), None).await.unwrap();
    let (fleet, page) = (Fleet::new(shop.db.clone()), PageRequest::new(None, None));
    let order = FleetOrder { sort: FleetSort::CreatedAt, descending: false };
    let (all, elsewhere) = (
        FleetFilter::default(),
        FleetFilter { region: Some("eu-central".to_owned()), ..FleetFilter::default() },
    );
    let admin = shop.world.staff(PlatformRole::Admin);
    assert_eq!(fleet.list(&admin, &all, (order, &page)).await.unwrap().rows.len(), 2);
    assert_eq!(fleet.list(&admin, &elsewhere, (order, &page)).await.unwrap().rows.len(), 0);
    assert_eq!(fleet.retry(&admin, ours.id).await.unwrap_err().kind(), Kind::Conflict, "it did not fail");
    let fail = "phase = 'failed', next_attempt_at = now() + interval '1 hour'";
    shop.set(ours.id, fail).await;
    assert_eq!(fleet.retry(&admin, ours.id).await.unwrap(), Retried::MadeDue);
    assert_eq!(fleet.retry(&admin, ours.id).await.unwrap(), Retried::WasDue);
    for ctx in [&shop.owner, &neighbour, &shop.world.stranger()] {
        let refused = fleet.list(ctx, &all, (order, &page)).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::NotFound);
        let refused = fleet.retry(ctx, ours.id).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::NotFound);
    }
    let auditor = shop.world.staff(PlatformRole::Auditor);
    assert_eq!(fleet.retry(&auditor, ours.id).await.unwrap_err().kind(), Kind::Forbidden);
}
