//! Providers change their keys while people log in.

use std::time::Duration;

use chrono::TimeDelta;

use super::World;
use super::provider::{Key, Says};

#[tokio::test]
async fn a_new_key_is_looked_for_once_a_minute_and_an_old_one_is_forgotten() {
    let mut world = World::new().await;
    world.log_in(|_, _| {}).await.unwrap();
    assert_eq!(world.provider.times("keys"), 1);

    // The provider signs with a new key that it publishes beside the old one.
    let old = std::mem::replace(&mut world.key, Key::es256("second"));
    world.provider.publish(&[&old, &world.key]);
    world.log_in(|_, _| {}).await.unwrap();
    assert_eq!(world.provider.times("keys"), 2, "the unknown key made us look");
    world.log_in(|_, said| said.id_token = Some(old.sign(&old.header(), &said.claims))).await.unwrap();

    // Whoever shows us unknown keys now does not make us ask again,
    for _ in 0..5 {
        let forged = Key::es256("forged");
        let refused = world.log_in(|_, said| {
            said.id_token = Some(forged.sign(&forged.header(), &said.claims));
        });
        assert_eq!(refused.await.unwrap_err().code(), "unknown_key");
    }
    assert_eq!(world.provider.times("keys"), 2);

    // until a minute is over. And the old key, no longer published, is good for ten minutes at most.
    world.provider.publish(&[&world.key]);
    world.clock.advance(TimeDelta::seconds(61));
    world.log_in(|_, said| said.id_token = Some(old.sign(&old.header(), &said.claims))).await.unwrap();
    world.clock.advance(TimeDelta::minutes(10));
    let refused = world.log_in(|_, said| said.id_token = Some(old.sign(&old.header(), &said.claims))).await;
    assert_eq!(refused.unwrap_err().code(), "unknown_key");
    world.log_in(|_, _| {}).await.unwrap();
    assert_eq!(world.provider.times("metadata"), 1, "the addresses are known for an hour");
    world.clock.advance(TimeDelta::hours(1));
    world.log_in(|_, _| {}).await.unwrap();
    assert_eq!(world.provider.times("metadata"), 2);
}

#[tokio::test]
async fn of_many_log_ins_that_meet_a_new_key_one_asks() {
    let mut world = World::new().await;
    world.log_in(|_, _| {}).await.unwrap();
    let old = std::mem::replace(&mut world.key, Key::es256("second"));
    world.provider.publish(&[&old, &world.key]);
    let known = {
        let super::super::provider::Speaks::OpenIdConnect(provider) =
            super::super::provider::of(&world.connection).unwrap()
        else {
            panic!("it speaks OpenID Connect")
        };
        world.oidc.known(provider, &world.oidc.way(provider.owner)).await.unwrap()
    };
    let way = world.oidc.way(world.connection.tenant);
    let now = tenantry_kernel::Clock::now(&*world.clock);
    let tried = known.keys(&way, now).await.unwrap();
    let looks = (0..20).map(|_| known.other_keys(&way, &tried, now));
    for found in futures::future::join_all(looks).await {
        assert_eq!(found.unwrap().unwrap().keys().len(), 2);
    }
    assert_eq!(world.provider.times("keys"), 2);
}

#[tokio::test]
async fn keys_of_all_kinds_stand_beside_each_other() {
    let mut world = World::new().await;
    let ed = Key::ed25519("edwards");
    world.provider.publish(&[&world.key, &ed]);
    world.log_in(|_, _| {}).await.unwrap();
    world.key = ed;
    // Its at_hash would be of SHA-512.
    world
        .log_in(|_, said| {
            said.claims.as_object_mut().unwrap().remove("at_hash");
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn nobodys_keys_are_another_tenants() {
    let mut world = World::new().await;
    world.begin().await.unwrap();
    world.connection.tenant =
        Some(tenantry_kernel::TenantId::generate(&tenantry_kernel::SystemClock, &tenantry_kernel::OsEntropy));
    world.begin().await.unwrap();
    assert_eq!(world.provider.times("metadata"), 2);
    world.begin().await.unwrap();
    assert_eq!(world.provider.times("metadata"), 2);
}

/// Behind a provider that does not answer, nobody waits for all who came before.
#[tokio::test]
async fn who_waits_behind_others_waits_no_longer() {
    let world = World::new().await;
    world.provider.says("metadata", Says::Late(Duration::from_secs(60)));
    let began = std::time::Instant::now();
    let asked = (0..10).map(|_| world.begin());
    for refused in futures::future::join_all(asked).await {
        assert_eq!(refused.unwrap_err().code(), "slow");
    }
    // Two seconds is this world's patience; in turn it would have been twenty.
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}
