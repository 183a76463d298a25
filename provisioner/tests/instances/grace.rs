//! A deleted instance keeps its data for its days of grace, and can be had back; after them nothing is left of it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tenantry_kernel::Kind;
use tenantry_provisioner::instances::{DeleteInstance, Desired, Instance};

use crate::driver::Mood;
use crate::shop::*;

/// No round runs: what is set now stays.
const AT_REST: &str = "lease_until IS NULL AND observed_generation = generation";

async fn kept(shop: &Shop, instance: &Instance) {
    shop.until(instance.id, &format!("phase = 'stopped' AND {AT_REST}")).await;
    let name = instance.id.to_string();
    assert!(!shop.driver.is_running(&name) && shop.driver.exists(&name), "stopped, its directory kept");
    assert_eq!(shop.databases(&[instance.id]).await.len(), 1, "its database is kept");
    assert_eq!(
        shop.number("SELECT count(*) FROM provisioner.instance_secrets").await,
        5,
        "its keys are kept"
    );
}

async fn nothing_left(shop: &Shop, instance: &Instance) {
    shop.until(instance.id, "phase = 'deleted' AND deleted_at IS NOT NULL").await;
    assert!(!shop.driver.exists(&instance.id.to_string()));
    assert!(shop.databases(&[instance.id]).await.is_empty());
}

/// Moves the end of the grace, and makes the instance due.
async fn ends(shop: &Shop, instance: &Instance, when: &str) {
    shop.set(instance.id, &format!("delete_at = {when}, next_attempt_at = now()")).await;
}

#[tokio::test]
async fn a_deleted_instance_is_kept_and_comes_back_as_it_was() {
    let shop = Shop::new().await;
    let worker = shop.worker("w");
    let made = shop.create("acme").await;
    let (owner, tenant, id) = (&shop.owner, shop.tenant, made.id);
    shop.until(id, &format!("phase = 'ready' AND {AT_REST}")).await;
    let first_ready = shop.texts("SELECT first_ready_at::text FROM provisioner.instances").await;

    let asked_at = shop.world.runtime.clock.now();
    let deleted = shop.delete_as(&made, false).await;
    assert_eq!((deleted.desired, deleted.generation), (Desired::Deleted, 2));
    let late = deleted.delete_at.unwrap() - (asked_at + GRACE);
    assert!((0..60).contains(&late.num_seconds()), "{:?}", deleted.delete_at);
    kept(&shop, &made).await;

    let again = shop.delete_as(&made, false).await;
    assert_eq!((again.generation, again.delete_at), (2, deleted.delete_at), "asking again changes nothing");
    for refused in
        [shop.instances.start(owner, tenant, id).await, shop.instances.stop(owner, tenant, id).await]
    {
        let error = refused.unwrap_err();
        assert_eq!((error.kind(), error.remedy()), (Kind::Conflict, "Restore it first."));
    }
    let (theirs, neighbour) = shop.neighbour().await;
    let taken = shop.instances.create(&neighbour, theirs, new_instance("acme"), None).await.unwrap_err();
    assert_eq!(taken.kind(), Kind::Conflict, "its address is kept too");
    let foreign = shop.instances.restore(&neighbour, theirs, id).await.unwrap_err();
    assert_eq!(foreign.kind(), Kind::NotFound);

    let (one, two) =
        tokio::join!(shop.instances.restore(owner, tenant, id), shop.instances.restore(owner, tenant, id));
    for restored in [one.unwrap(), two.unwrap()] {
        let state = (restored.desired, restored.generation, restored.delete_at);
        assert_eq!(state, (Desired::Running, 3, None), "restoring twice is once");
    }
    shop.until(id, &format!("phase = 'ready' AND {AT_REST}")).await;
    let calls = shop.driver.calls(&id.to_string());
    assert_eq!((calls.born, calls.destroy), (2, 0));
    assert_eq!(shop.texts("SELECT first_ready_at::text FROM provisioner.instances").await, first_ready);
    let told: Vec<_> =
        shop.instances.events(owner, tenant, id).await.unwrap().into_iter().map(|e| e.message).collect();
    assert!(told.iter().any(|m| m.starts_with("Deleted. It can be restored until")), "{told:?}");
    assert!(told.iter().any(|m| m.starts_with("Restored.")), "{told:?}");
    let audited = shop.texts("SELECT action FROM platform.audit ORDER BY seq").await;
    assert_eq!(audited, ["instance.create", "instance.delete", "instance.restore"]);
    shop.delete(&made).await;
    nothing_left(&shop, &made).await;
    worker.stop().await;
}

#[tokio::test]
async fn when_the_grace_ends_the_worker_wakes_and_the_data_goes() {
    let shop = Shop::new().await;
    let worker = shop.worker("w");
    let made = shop.create("acme").await;
    shop.until(made.id, "phase = 'ready'").await;
    shop.delete_as(&made, false).await;
    kept(&shop, &made).await;
    ends(&shop, &made, "now() + interval '2 seconds'").await;
    nothing_left(&shop, &made).await;
    let late =
        "SELECT (extract(epoch FROM removal_began_at - delete_at) * 1000)::int8 FROM provisioner.instances";
    // Without its own alarm it would be looked at every 15 seconds.
    let late = shop.number(late).await;
    assert!((0..10_000).contains(&late), "{late} ms");
    assert_eq!(shop.number("SELECT count(*) FROM provisioner.instance_secrets").await, 0);

    let error = shop.instances.restore(&shop.owner, shop.tenant, made.id).await.unwrap_err();
    assert_eq!((error.kind(), error.remedy()), (Kind::Conflict, "Create a new instance."));
    assert!(error.message().contains("cannot be restored any more"), "{}", error.message());
    let (theirs, neighbour) = shop.neighbour().await;
    let foreign = shop.instances.restore(&neighbour, theirs, made.id).await.unwrap_err();
    assert_eq!(foreign.kind(), Kind::NotFound);
    // The address is free for those whose it was; webhooks may still be called there.
    let taken = shop.instances.create(&neighbour, theirs, new_instance("acme"), None).await.unwrap_err();
    assert_eq!(taken.kind(), Kind::Conflict);
    shop.create("acme").await;
    worker.stop().await;
}

#[tokio::test]
async fn what_waits_can_be_deleted_at_once() {
    let shop = Shop::new().await;
    let worker = shop.worker("w");
    let made = shop.create("acme").await;
    shop.until(made.id, "phase = 'ready'").await;
    shop.delete_as(&made, false).await;
    kept(&shop, &made).await;
    let wrong = DeleteInstance { confirm_slug: "other".to_owned(), immediately: true };
    let refused = shop.instances.delete(&shop.owner, shop.tenant, made.id, wrong).await.unwrap_err();
    assert_eq!(refused.field(), Some("confirmSlug"));
    let going = shop.delete_as(&made, true).await;
    assert_eq!(going.generation, 3);
    let late = shop.instances.restore(&shop.owner, shop.tenant, made.id).await.unwrap_err();
    assert_eq!(late.kind(), Kind::Conflict);
    nothing_left(&shop, &made).await;
    worker.stop().await;
}

/// A restoration and the end of the grace at the same moment: one of them wins, wholly.
#[tokio::test]
async fn a_restoration_at_the_last_moment_is_whole_or_refused() {
    let shop = Shop::new().await;
    let worker = shop.worker("w");
    let mut made = Vec::new();
    for n in 0..6 {
        made.push(shop.create(&format!("i{n}")).await);
    }
    for instance in &made {
        shop.until(instance.id, "phase = 'ready'").await;
        shop.delete_as(instance, false).await;
    }
    let races = made.iter().zip([0u64, 30, 60, 80, 100, 200]).map(|(instance, millis)| {
        let shop = &shop;
        async move {
            shop.until(instance.id, &format!("phase = 'stopped' AND {AT_REST}")).await;
            ends(shop, instance, "clock_timestamp() + interval '80 milliseconds'").await;
            tokio::time::sleep(Duration::from_millis(millis)).await;
            let restored = shop.instances.restore(&shop.owner, shop.tenant, instance.id).await;
            match restored {
                Ok(_) => {
                    shop.until(instance.id, "phase = 'ready' AND removal_began_at IS NULL").await;
                    assert_eq!(shop.driver.calls(&instance.id.to_string()).destroy, 0);
                    assert_eq!(shop.databases(&[instance.id]).await.len(), 1);
                    shop.delete(instance).await;
                }
                Err(error) => assert_eq!(error.kind(), Kind::Conflict),
            }
            nothing_left(shop, instance).await;
        }
    });
    futures::future::join_all(races).await;
    worker.stop().await;
}

#[tokio::test]
async fn a_failed_instance_is_kept_too() {
    let shop = Shop::new().await;
    shop.driver.set(Mood::NoDiskSpace);
    let worker = shop.worker("w");
    let made = shop.create("acme").await;
    shop.until(made.id, "phase = 'failed' AND lease_until IS NULL").await;
    shop.delete_as(&made, false).await;
    shop.until(made.id, &format!("phase = 'stopped' AND failure_code IS NULL AND {AT_REST}")).await;
    assert_eq!(shop.databases(&[made.id]).await.len(), 1);
    shop.driver.set(Mood::Well);
    shop.instances.restore(&shop.owner, shop.tenant, made.id).await.unwrap();
    shop.until(made.id, "phase = 'ready'").await;
    shop.delete(&made).await;
    nothing_left(&shop, &made).await;
    worker.stop().await;
}

#[tokio::test]
async fn a_kept_instance_counts_for_the_plan_and_the_refusal_says_what_to_do() {
    let shop = Shop::new().await;
    shop.plan.max_instances.store(1, Ordering::SeqCst);
    let made = shop.create("acme").await;
    shop.delete_as(&made, false).await;
    let create = || shop.instances.create(&shop.owner, shop.tenant, new_instance("next"), None);
    let refused = create().await.unwrap_err();
    assert_eq!(refused.kind(), Kind::QuotaExceeded);
    assert!(refused.message().contains("1 are deleted and kept"), "{}", refused.message());
    assert!(refused.remedy().contains("immediately"), "{}", refused.remedy());
    shop.delete(&made).await;
    let worker = shop.worker("w");
    nothing_left(&shop, &made).await;
    worker.stop().await;
    create().await.unwrap();
}

/// The database itself refuses what the code must never do.
#[tokio::test]
async fn the_schema_knows_no_way_back_from_removal_and_no_removal_before_its_time() {
    let shop = Shop::new().await;
    let made = shop.create("acme").await;
    shop.delete_as(&made, false).await;
    let refused = |assignments: &'static str| {
        let shop = &shop;
        async move {
            let sql = sqlx::AssertSqlSafe(format!("UPDATE provisioner.instances SET {assignments}"));
            let error = sqlx::raw_sql(sql).execute(&mut shop.world.superuser().await).await.unwrap_err();
            assert!(error.to_string().contains("check constraint"), "{error}");
        }
    };
    refused("removal_began_at = now()").await;
    refused("delete_at = NULL").await;
    refused("desired = 'running'").await;
    shop.set(made.id, "delete_at = now() - interval '1 hour'").await;
    shop.set(made.id, "removal_began_at = now()").await;
    refused("desired = 'running', delete_at = NULL").await;
}
