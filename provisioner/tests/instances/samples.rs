//! How instances do, as a worker sees it with simulated processes.

use std::time::{Duration, Instant};

use tenantry_kernel::InstanceId;
use tenantry_provisioner::condition::{Condition, Conditions, Health};

use crate::shop::*;

async fn condition(shop: &Shop, id: InstanceId) -> Condition {
    let conditions = Conditions::new(shop.db.clone());
    conditions.of(&shop.owner, shop.tenant, &[id]).await.unwrap().remove(&id).unwrap()
}

async fn until(shop: &Shop, id: InstanceId, so: impl Fn(&Condition) -> bool) -> Condition {
    let begun = Instant::now();
    loop {
        let now = condition(shop, id).await;
        if so(&now) {
            return now;
        }
        assert!(begun.elapsed() < Duration::from_secs(40), "{now:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn what_runs_is_asked_and_measured_and_what_is_off_is_not() {
    let shop = Shop::new().await;
    let (instance, other) = (shop.create("acme").await, shop.create("other").await);
    let queued = condition(&shop, instance.id).await;
    assert_eq!((queued.health, queued.resources.memory_limit_mib), (Health::Off, 512));
    let worker = shop.worker("first");
    for id in [instance.id, other.id] {
        shop.until(id, "phase = 'ready'").await;
        assert_eq!(condition(&shop, id).await.health, Health::Healthy, "at once, by the worker's own look");
    }
    let measured = until(&shop, instance.id, |c| c.resources.measured_at.is_some()).await;
    assert_eq!(measured.health, Health::Healthy);
    assert_eq!(measured.resources.memory_mib, Some(300), "300 MiB less a byte is 300");
    assert_eq!(measured.resources.cpu_millis, None, "one count is no rate");
    let full =
        until(&shop, instance.id, |c| c.resources.cpu_millis.is_some() && c.resources.storage_mib.is_some())
            .await;
    // The simulated process uses a quarter of a processor.
    assert!((200..=300).contains(&full.resources.cpu_millis.unwrap()), "{full:?}");
    // 60 MiB of files, and a database of some more.
    assert!((66..=90).contains(&full.resources.storage_mib.unwrap()), "{full:?}");
    assert_eq!((full.resources.cpu_limit_millis, full.resources.storage_limit_mib), (500, 1024));

    // Its database goes: n8n answers, and is not ready. A new worker looks at once.
    worker.stop().await;
    shop.driver.unready(&instance.id.to_string());
    let worker = shop.worker("second");
    until(&shop, instance.id, |c| c.health == Health::Degraded).await;
    assert_eq!(condition(&shop, other.id).await.health, Health::Healthy, "the neighbour is well");

    shop.instances.stop(&shop.owner, shop.tenant, instance.id).await.unwrap();
    shop.until(instance.id, "phase = 'stopped'").await;
    let off = condition(&shop, instance.id).await;
    assert_eq!(off.health, Health::Off);
    assert_eq!((off.resources.memory_mib, off.resources.measured_at), (None, None));
    worker.stop().await;

    // Nobody looks any more: what was said grows old.
    shop.set(other.id, "ready_at = now() - interval '1 hour'").await;
    let age = "UPDATE provisioner.instance_samples SET answered_at = now() - interval '1 minute'";
    sqlx::raw_sql(age).execute(&mut shop.world.superuser().await).await.unwrap();
    assert_eq!(condition(&shop, other.id).await.health, Health::Unreachable);
}

#[tokio::test]
async fn two_samplers_of_one_instance_do_no_harm() {
    let shop = Shop::new().await;
    let workers = [shop.worker("one"), shop.worker("two")];
    let instance = shop.create("acme").await;
    shop.until(instance.id, "phase = 'ready'").await;
    until(&shop, instance.id, |c| c.resources.measured_at.is_some()).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(shop.number("SELECT count(*) FROM provisioner.instance_samples").await, 1);
    assert_eq!(condition(&shop, instance.id).await.health, Health::Healthy);
    for worker in workers {
        worker.stop().await;
    }
}
