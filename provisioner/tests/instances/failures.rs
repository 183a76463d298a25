//! What goes wrong is told with its remedy, tried again ever more slowly, and never costs data.

use std::time::Duration;

use chrono::TimeDelta;
use tenantry_kernel::Kind;
use tenantry_provisioner::fleet::Fleet;
use tenantry_provisioner::instances::{Failure, Phase};
use tenantry_provisioner::worker::InstanceDatabases;

use crate::driver::Mood;
use crate::shop::*;

async fn failure(shop: &Shop, id: tenantry_kernel::InstanceId) -> Failure {
    shop.instances.get(&shop.owner, shop.tenant, id).await.unwrap().failure.expect("a failure")
}

#[tokio::test]
async fn a_full_disk_is_told_with_its_remedy_and_tried_ever_more_slowly() {
    let shop = Shop::new().await;
    shop.driver.set(Mood::NoDiskSpace);
    let worker = shop.worker("w");
    let instance = shop.create("acme").await;
    for attempt in 1..=4i64 {
        shop.until(
            instance.id,
            &format!("phase = 'failed' AND attempts = {attempt} AND lease_until IS NULL"),
        )
        .await;
        let pause = shop
            .number(
                "SELECT (extract(epoch FROM i.next_attempt_at - e.at) * 1000)::int8 FROM provisioner.instances i
                 JOIN provisioner.instance_events e ON e.instance_id = i.id ORDER BY e.id DESC LIMIT 1",
            )
            .await;
        let least = 1000 << (attempt - 1);
        assert!((least..=least * 5 / 4).contains(&pause), "attempt {attempt}: {pause} ms");
        shop.set(instance.id, "next_attempt_at = now() - interval '1 second'").await;
    }
    let failed = failure(&shop, instance.id).await;
    assert_eq!(failed.code, "no_disk_space");
    assert!(failed.message.contains("3 MiB of free disk space"), "{}", failed.message);
    assert!(failed.remedy.contains("Free disk space"), "{}", failed.remedy);
    let events = shop.instances.events(&shop.owner, shop.tenant, instance.id).await.unwrap();
    assert!(events.iter().any(|e| e.phase == Phase::Failed && e.message == failed.message));

    // The cause is gone: the next attempt is a success and the failure is forgotten.
    shop.driver.set(Mood::Well);
    let admin = shop.world.staff(tenantry_authz::PlatformRole::Admin);
    if let Err(error) = Fleet::new(shop.db.clone()).retry(&admin, instance.id).await {
        assert_eq!(error.kind(), Kind::Conflict, "the worker was faster: {error:?}");
    }
    shop.until(instance.id, "phase = 'ready' AND failure_code IS NULL").await;
    shop.delete(&instance).await;
    shop.until(instance.id, "phase = 'deleted'").await;
    worker.stop().await;
}

#[tokio::test]
async fn a_failed_instance_can_be_deleted() {
    let shop = Shop::new().await;
    shop.driver.set(Mood::NoDiskSpace);
    let worker = shop.worker("w");
    let instance = shop.create("acme").await;
    shop.until(instance.id, "phase = 'failed'").await;
    assert_eq!(shop.databases(&[instance.id]).await.len(), 1, "its database was made before");
    shop.delete(&instance).await;
    shop.until(instance.id, "phase = 'deleted' AND deleted_at IS NOT NULL").await;
    assert!(shop.databases(&[instance.id]).await.is_empty());
    worker.stop().await;
}

#[tokio::test]
async fn a_taken_port_is_told_and_another_is_chosen_after_a_pause() {
    let shop = Shop::new().await;
    shop.driver.set(Mood::PortTaken);
    let worker = shop.worker("w");
    let instance = shop.create("acme").await;
    shop.until(instance.id, "phase = 'failed' AND attempts = 1 AND port IS NULL AND broker_port IS NULL")
        .await;
    let failed = failure(&shop, instance.id).await;
    assert_eq!(failed.code, "port_taken");
    assert_eq!(failed.remedy, "Another port is chosen by itself.");
    assert_eq!(shop.driver.calls(&instance.id.to_string()).start, 1, "not tried without a pause");
    shop.driver.set(Mood::Well);
    shop.until(instance.id, "phase = 'ready' AND port IS NOT NULL AND failure_code IS NULL").await;
    shop.delete(&instance).await;
    shop.until(instance.id, "phase = 'deleted'").await;
    worker.stop().await;
}

#[tokio::test]
async fn a_boot_without_end_is_given_up() {
    let shop = Shop::new().await;
    shop.driver.set(Mood::NeverReady);
    let databases = InstanceDatabases::new(shop.world.test_db.cluster.provisioner.clone());
    let worker = shop.worker_with("w", databases, TimeDelta::seconds(1));
    let instance = shop.create("acme").await;
    shop.until(instance.id, "phase = 'failed' AND attempts = 1").await;
    let failed = failure(&shop, instance.id).await;
    assert_eq!(failed.code, "boot_timeout");
    assert!(failed.message.contains("after 1 seconds"), "{}", failed.message);
    assert!(!shop.driver.is_running(&instance.id.to_string()), "it does not go on using the processor");
    shop.driver.set(Mood::Well);
    shop.until(instance.id, "phase = 'ready' AND attempts = 1").await;
    shop.delete(&instance).await;
    shop.until(instance.id, "phase = 'deleted'").await;
    worker.stop().await;
}

#[tokio::test]
async fn a_process_that_dies_is_told_and_started_again() {
    let shop = Shop::new().await;
    let worker = shop.worker("w");
    let instance = shop.create("acme").await;
    let name = instance.id.to_string();
    shop.until(instance.id, "phase = 'ready' AND lease_until IS NULL").await;
    shop.driver.kill(&name);
    shop.set(instance.id, "next_attempt_at = now() - interval '1 second'").await;
    shop.until(instance.id, "failure_code = 'exited'").await;
    assert!(failure(&shop, instance.id).await.message.contains("killed by the test"));
    shop.until(instance.id, "phase = 'ready' AND failure_code IS NULL").await;
    assert_eq!(shop.driver.calls(&name).born, 2);
    shop.delete(&instance).await;
    shop.until(instance.id, "phase = 'deleted'").await;
    worker.stop().await;
}

#[tokio::test]
async fn without_the_database_server_nothing_is_started_stopped_or_destroyed() {
    let shop = Shop::new().await;
    let worker = shop.worker("w");
    let (dead, alive) = (shop.create("dead").await, shop.create("alive").await);
    for id in [dead.id, alive.id] {
        shop.until(id, "phase = 'ready' AND lease_until IS NULL").await;
    }
    worker.stop().await;
    let names = [dead.id.to_string(), alive.id.to_string()];
    shop.driver.kill(&names[0]);

    let worker = shop.worker_without_databases("w");
    for id in [dead.id, alive.id] {
        shop.set(id, "next_attempt_at = now() - interval '1 second', observed_generation = 0").await;
    }
    shop.until(dead.id, "failure_code = 'unknown_state'").await;
    assert!(!failure(&shop, dead.id).await.remedy.is_empty());
    shop.until(alive.id, "phase = 'ready' AND observed_generation = 1").await;
    for name in &names {
        let calls = shop.driver.calls(name);
        assert_eq!((calls.born, calls.stop, calls.destroy), (1, 0, 0));
    }
    assert_eq!(shop.databases(&[dead.id, alive.id]).await.len(), 2);

    // To be deleted: the process goes, but nothing says "deleted" while the database may be there.
    shop.delete(&alive).await;
    shop.until(alive.id, "failure_code = 'unknown_state'").await;
    assert_eq!(
        shop.number(
            "SELECT count(*) FROM provisioner.instances WHERE deleted_at IS NOT NULL OR phase = 'deleted'"
        )
        .await,
        0
    );
    worker.stop().await;

    // Due before a worker is there: what is set beside a running round may be overwritten by its end.
    shop.delete(&dead).await;
    for id in [dead.id, alive.id] {
        shop.set(id, "next_attempt_at = now() - interval '1 second'").await;
    }
    let worker = shop.worker("w");
    for id in [dead.id, alive.id] {
        shop.until(id, "phase = 'deleted'").await;
    }
    assert!(shop.databases(&[dead.id, alive.id]).await.is_empty());
    tokio::time::sleep(Duration::from_millis(10)).await;
    worker.stop().await;
}
