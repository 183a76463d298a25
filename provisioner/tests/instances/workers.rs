//! Workers: one start for each instance however many workers there are, and no write after the lease is lost.

use std::time::Duration;

use crate::driver::Mood;
use crate::shop::*;

#[tokio::test]
async fn two_workers_race_and_each_instance_starts_once() {
    let shop = Shop::new().await;
    let workers = [shop.worker("worker a"), shop.worker("worker b")];
    let mut made = Vec::new();
    for n in 0..5 {
        made.push(shop.create(&format!("i{n}")).await);
    }
    for instance in &made {
        shop.until(
            instance.id,
            "phase = 'ready' AND observed_generation = generation AND lease_until IS NULL",
        )
        .await;
        // How often it was told to start is not what counts: a worker that hangs for longer than its lease may
        // say so again, and the driver's lock makes it one process.
        let calls = shop.driver.calls(&instance.id.to_string());
        assert_eq!((calls.born, calls.stop, calls.destroy), (1, 0, 0));
        let key = shop.instances.api_key(&shop.owner, shop.tenant, instance.id).await.unwrap();
        assert_eq!(key.expose(), format!("key-of-{}", instance.id));
    }
    let ids: Vec<_> = made.iter().map(|i| i.id).collect();
    assert_eq!(shop.databases(&ids).await.len(), 5);
    let placed =
        "SELECT count(DISTINCT (slot, port)) FROM provisioner.instances WHERE broker_port = port + 1";
    assert_eq!(shop.number(placed).await, 5, "each has its own user and ports");
    let messages: Vec<String> = shop
        .instances
        .events(&shop.owner, shop.tenant, ids[0])
        .await
        .unwrap()
        .iter()
        .map(|e| e.phase.as_str().to_owned())
        .collect();
    assert_eq!(messages, ["queued", "database", "starting", "owner", "ready"], "each step is told once");

    for instance in &made {
        shop.delete(instance).await;
    }
    for id in &ids {
        shop.until(*id, "phase = 'deleted' AND deleted_at IS NOT NULL AND slot IS NULL").await;
        assert!(!shop.driver.exists(&id.to_string()));
        assert_eq!(shop.driver.calls(&id.to_string()).destroy, 1);
    }
    assert!(shop.databases(&ids).await.is_empty());
    assert_eq!(shop.number("SELECT count(*) FROM provisioner.instance_secrets").await, 0);
    for worker in workers {
        worker.stop().await;
    }
}

#[tokio::test]
async fn a_worker_that_has_lost_its_lease_writes_nothing() {
    let shop = Shop::new().await;
    shop.driver.set(Mood::Hanging);
    let worker = shop.worker("slow");
    let instance = shop.create("acme").await;
    let name = instance.id.to_string();
    while shop.driver.calls(&name).start == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // Another worker takes over while this one hangs in the driver.
    shop.set(
        instance.id,
        "lease_holder = 'other', lease_epoch = lease_epoch + 1, lease_until = now() + interval '1 hour'",
    )
    .await;
    let taken_over = shop.snapshot(instance.id).await;
    shop.driver.release();
    while shop.driver.calls(&name).born == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(shop.snapshot(instance.id).await, taken_over);

    // The other lets go: what was started is adopted, not started again.
    shop.driver.set(Mood::Well);
    shop.set(instance.id, "lease_until = NULL, next_attempt_at = now() - interval '1 second'").await;
    shop.until(instance.id, "phase = 'ready'").await;
    assert_eq!(shop.driver.calls(&name).born, 1);
    shop.delete(&instance).await;
    shop.until(instance.id, "phase = 'deleted'").await;
    worker.stop().await;
}

#[tokio::test]
async fn a_new_worker_adopts_what_runs() {
    let shop = Shop::new().await;
    let worker = shop.worker("w");
    let instance = shop.create("acme").await;
    shop.until(instance.id, "phase = 'ready'").await;
    worker.stop().await;
    // As after a kill: the row is still held by the dead worker's name.
    shop.set(instance.id, "lease_holder = 'w', lease_until = now() + interval '1 hour'").await;
    let worker = shop.worker("w");
    shop.until(instance.id, "phase = 'ready' AND lease_until IS NULL").await;
    let calls = shop.driver.calls(&instance.id.to_string());
    assert_eq!((calls.born, calls.stop, calls.destroy), (1, 0, 0));
    shop.delete(&instance).await;
    shop.until(instance.id, "phase = 'deleted'").await;
    worker.stop().await;
}

#[tokio::test]
async fn stopping_keeps_the_data_and_starting_takes_it_up_again() {
    let shop = Shop::new().await;
    let worker = shop.worker("w");
    let instance = shop.create("acme").await;
    let name = instance.id.to_string();
    shop.until(instance.id, "phase = 'ready'").await;
    shop.instances.stop(&shop.owner, shop.tenant, instance.id).await.unwrap();
    shop.until(instance.id, "phase = 'stopped'").await;
    assert!(!shop.driver.is_running(&name) && shop.driver.exists(&name));
    assert_eq!(shop.databases(&[instance.id]).await.len(), 1);
    shop.instances.start(&shop.owner, shop.tenant, instance.id).await.unwrap();
    shop.until(instance.id, "phase = 'ready'").await;
    let calls = shop.driver.calls(&name);
    assert_eq!((calls.born, calls.stop, calls.destroy), (2, 1, 0));
    shop.delete(&instance).await;
    shop.until(instance.id, "phase = 'deleted'").await;
    worker.stop().await;
}

#[tokio::test]
async fn a_wish_that_comes_during_a_boot_is_followed() {
    let shop = Shop::new().await;
    shop.driver.set(Mood::NeverReady);
    let worker = shop.worker("w");
    let instance = shop.create("acme").await;
    shop.until(instance.id, "phase = 'migrating'").await;
    shop.instances.stop(&shop.owner, shop.tenant, instance.id).await.unwrap();
    shop.until(instance.id, "phase = 'stopped' AND observed_generation = 2").await;
    shop.delete(&instance).await;
    shop.until(instance.id, "phase = 'deleted'").await;
    worker.stop().await;
}
