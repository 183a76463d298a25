use std::num::NonZeroU32;
use std::time::Duration;

use chrono::TimeDelta;
use tenantry_identity::*;
use tenantry_kernel::{Kind, Secret};

use crate::world::*;

fn attempt(email: &str) -> LogIn {
    LogIn { email: email.into(), password: Secret::new(OTHER_PASSWORD) }
}

async fn wait_of(world: &World, email: &str) -> Option<String> {
    match world.identity.log_in(&world.from("198.51.100.1"), attempt(email)).await {
        Ok(outcome) => {
            assert!(matches!(outcome, LogInOutcome::WrongCredentials), "{outcome:?}");
            None
        }
        Err(error) => {
            assert_eq!(error.kind(), Kind::RateLimited);
            assert_eq!(error.message(), "Too many failed attempts to log in to this account.");
            let (_, rest) = error.remedy().split_once("Wait ").unwrap();
            Some(rest.split_once(" seconds").unwrap().0.to_owned())
        }
    }
}

/// A product whose buckets per process are as good as none: what holds is counted in the database.
fn unlimited(world: &World) -> Identity {
    let many = Bucket::new(NonZeroU32::new(10_000).unwrap(), Duration::from_millis(1));
    world.with(|c| (c.throttling.account, c.throttling.address) = (many, many))
}

#[tokio::test]
async fn failures_of_an_account_make_growing_pauses_whether_it_exists_or_not() {
    let mut world = World::new().await;
    world.person("ada@example.com").await;
    world.identity = unlimited(&world);
    for email in ["nobody@example.com", "ada@example.com"] {
        for _ in 0..5 {
            assert_eq!(wait_of(&world, email).await, None);
        }
        for pause in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
            assert_eq!(wait_of(&world, email).await, Some(pause.to_string()), "{email}");
            // Who asks meanwhile makes it no longer.
            assert_eq!(wait_of(&world, email).await, Some(pause.to_string()), "{email}");
            world.clock.advance(TimeDelta::seconds(pause));
            assert_eq!(wait_of(&world, email).await, None, "the pause of {pause} is over");
        }
    }
    // The right password does not help during the pause, and starts anew after it.
    let right = || LogIn { email: "ada@example.com".into(), password: Secret::new(PASSWORD) };
    let error = world.identity.log_in(&world.anonymous(), right()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::RateLimited);
    world.clock.advance(TimeDelta::seconds(900));
    world.session("ada@example.com").await;
    for _ in 0..5 {
        assert_eq!(wait_of(&world, "ada@example.com").await, None);
    }
    assert_eq!(wait_of(&world, "ada@example.com").await, Some("1".into()));
    // A day without a try is forgotten, by the next try and by the clean-up.
    world.clock.advance(TimeDelta::days(1));
    assert_eq!(wait_of(&world, "ada@example.com").await, None);
    let kept = async || -> i64 {
        let sql = "SELECT count(*) FROM identity.log_in_attempts";
        sqlx::query_scalar(sql).fetch_one(&mut world.superuser().await).await.unwrap()
    };
    assert_eq!(kept().await, 2);
    world.identity.purge_expired().await.unwrap();
    assert_eq!(kept().await, 1);
}

#[tokio::test]
async fn many_guesses_at_once_on_several_nodes_are_five_and_no_more() {
    let world = World::new().await;
    world.person("ada@example.com").await;
    let nodes = [unlimited(&world), unlimited(&world)];
    let ctx = world.anonymous();
    let guesses = (0..24).map(|n| nodes[n % 2].log_in(&ctx, attempt("ada@example.com")));
    let outcomes = futures::future::join_all(guesses).await;
    let tried = outcomes.iter().filter(|o| matches!(o, Ok(LogInOutcome::WrongCredentials))).count();
    assert_eq!(tried, 5, "{outcomes:?}");
    assert!(outcomes.iter().all(|o| o.is_ok() || o.as_ref().unwrap_err().kind() == Kind::RateLimited));
}

#[tokio::test]
async fn a_new_password_by_mail_starts_anew() {
    let mut world = World::new().await;
    world.person("ada@example.com").await;
    world.identity = unlimited(&world);
    for _ in 0..5 {
        wait_of(&world, "ada@example.com").await;
    }
    assert_eq!(wait_of(&world, "ada@example.com").await, Some("1".into()));
    world.request_reset("ada@example.com").await;
    let link = world.token_mailed_to("ada@example.com").await;
    assert_eq!(world.reset(&link, PASSWORD).await.unwrap(), ResetOutcome::PasswordSet);
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
