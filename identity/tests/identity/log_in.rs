use std::time::{Duration, Instant};

use chrono::TimeDelta;
use tenantry_identity::*;
use tenantry_kernel::Secret;

use crate::world::*;

#[tokio::test]
async fn a_log_in_renews_a_hash_made_with_older_parameters() {
    let world = World::new().await;
    world.person("ada@example.com").await;
    let stored = async || -> String {
        sqlx::query_scalar("SELECT password_hash FROM identity.users")
            .fetch_one(&mut world.superuser().await)
            .await
            .unwrap()
    };
    assert!(stored().await.contains("m=64,"));
    let stronger = world.with(|c| c.hashing.memory_kib = 256);
    let input = LogIn { email: "ada@example.com".into(), password: Secret::new(PASSWORD) };
    stronger.log_in(&world.anonymous(), input).await.unwrap();
    assert!(stored().await.contains("m=256,"));
    world.session("ada@example.com").await;
}

/// Hashing dominates and is done either way: without the decoy the unknown account answers at once. The least of
/// several tries, taken in turns, is what the work costs, whatever else the machine does.
#[tokio::test]
async fn an_unknown_account_takes_as_long_as_a_known_one() {
    let world = World::new().await;
    let identity = world.with(|c| c.hashing = Hashing { concurrency: 1, memory_kib: 65_536, iterations: 3 });
    let input =
        SignUp { email: "ada@example.com".into(), password: Secret::new(PASSWORD), name: "Ada".into() };
    identity.sign_up(&world.anonymous(), input).await.unwrap();
    let time = async |email: &str| {
        let input = LogIn { email: email.into(), password: Secret::new(OTHER_PASSWORD) };
        let start = Instant::now();
        identity.log_in(&world.anonymous(), input).await.unwrap();
        start.elapsed()
    };
    let (mut known, mut unknown) = (Duration::MAX, Duration::MAX);
    for _ in 0..8 {
        // Past the pause after failures.
        world.clock.advance(TimeDelta::minutes(20));
        known = known.min(time("ada@example.com").await);
        unknown = unknown.min(time("nobody@example.com").await);
    }
    assert!(unknown > known / 2 && unknown < known * 2, "known {known:?}, unknown {unknown:?}");
}
