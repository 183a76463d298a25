use std::num::NonZeroU32;
use std::time::Duration;

use chrono::TimeDelta;
use tenantry_identity::*;
use tenantry_kernel::{Kind, Secret};

use crate::world::*;

fn attempt(email: &str) -> LogIn {
    LogIn { email: email.into(), password: Secret::new(OTHER_PASSWORD) }
}

#[tokio::test]
async fn an_account_is_limited_from_everywhere_whether_it_exists_or_not() {
    let world = World::new().await;
    world.person("ada@example.com").await;
    for email in ["ada@example.com", "nobody@example.com"] {
        for i in 0..10 {
            let ctx = world.from(&format!("192.0.2.{i}"));
            let outcome = world.identity.log_in(&ctx, attempt(email)).await.unwrap();
            assert!(matches!(outcome, LogInOutcome::WrongCredentials));
        }
        let error = world.identity.log_in(&world.from("198.51.100.1"), attempt(email)).await.unwrap_err();
        assert_eq!(error.kind(), Kind::RateLimited);
        assert_eq!(error.message(), "Too many attempts to log in to this account.");
        assert_eq!(error.remedy(), "Wait 11 seconds, then try again.");
    }
    world.clock.advance(TimeDelta::seconds(11));
    world.session("ada@example.com").await;
}

#[tokio::test]
async fn an_address_is_limited_and_an_ipv6_network_counts_as_one() {
    let world = World::new().await;
    let two = Bucket::new(NonZeroU32::new(2).unwrap(), Duration::from_secs(60));
    for addresses in
        [["192.0.2.1", "192.0.2.1", "::ffff:192.0.2.1"], ["2001:db8::1", "2001:db8::2", "2001:db8::3"]]
    {
        let identity = world.with(|c| c.throttling.address = two);
        let mut last = None;
        for (i, address) in addresses.iter().enumerate() {
            last = Some(identity.log_in(&world.from(address), attempt(&format!("a{i}@example.com"))).await);
        }
        assert_eq!(last.unwrap().unwrap_err().kind(), Kind::RateLimited, "{addresses:?}");
        identity.log_in(&world.from("203.0.113.9"), attempt("b@example.com")).await.unwrap();
    }
}

#[tokio::test]
async fn a_mailbox_cannot_be_flooded() {
    let world = World::new().await;
    for _ in 0..5 {
        world.request_reset("ada@example.com").await;
    }
    let ctx = world.anonymous();
    let error = world.identity.request_password_reset(&ctx, "ADA@example.com".into()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::RateLimited);
    let error = world.sign_up_with("ada@example.com", PASSWORD).await.unwrap_err();
    assert_eq!(error.kind(), Kind::RateLimited);
    world.request_reset("other@example.com").await;
}
