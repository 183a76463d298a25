use chrono::TimeDelta;
use tenantry_identity::*;
use tenantry_kernel::{OsEntropy, Secret, random_token};

use crate::world::*;

#[tokio::test]
async fn a_verification_link_works_once_for_24_hours() {
    let world = World::new().await;
    world.sign_up("ada@example.com").await;
    let late = world.token_mailed_to("ada@example.com").await;
    world.clock.advance(TimeDelta::hours(24));
    assert_eq!(world.verify(&late).await, VerifyOutcome::Expired);

    // The way on: log in, get another.
    assert!(matches!(world.log_in("ada@example.com", PASSWORD).await, LogInOutcome::NotVerified));
    let fresh = world.token_mailed_to("ada@example.com").await;
    world.clock.advance(TimeDelta::hours(24) - TimeDelta::seconds(1));
    assert_eq!(world.verify(&fresh).await, VerifyOutcome::Verified);
    assert_eq!(world.verify(&fresh).await, VerifyOutcome::AlreadyVerified, "a second click");
    assert_eq!(world.verify(&late).await, VerifyOutcome::AlreadyVerified, "it did its work");
}

#[tokio::test]
async fn a_reset_link_works_once_for_an_hour() {
    let world = World::new().await;
    world.person("ada@example.com").await;
    world.request_reset("ada@example.com").await;
    let late = world.token_mailed_to("ada@example.com").await;
    world.clock.advance(TimeDelta::hours(1));
    assert_eq!(world.reset(&late, OTHER_PASSWORD).await.unwrap(), ResetOutcome::Expired);

    world.request_reset("ada@example.com").await;
    let first = world.token_mailed_to("ada@example.com").await;
    world.request_reset("ada@example.com").await;
    let second = world.token_mailed_to("ada@example.com").await;
    assert_eq!(world.reset(&first, OTHER_PASSWORD).await.unwrap(), ResetOutcome::PasswordSet);
    assert_eq!(world.reset(&first, PASSWORD).await.unwrap(), ResetOutcome::InvalidLink);
    assert_eq!(
        world.reset(&second, PASSWORD).await.unwrap(),
        ResetOutcome::InvalidLink,
        "void with the first"
    );
}

#[tokio::test]
async fn a_link_is_good_for_its_own_purpose_only() {
    let world = World::new().await;
    world.sign_up("ada@example.com").await;
    let verify = world.token_mailed_to("ada@example.com").await;
    world.request_reset("ada@example.com").await;
    let reset = world.token_mailed_to("ada@example.com").await;
    assert_eq!(world.reset(&verify, OTHER_PASSWORD).await.unwrap(), ResetOutcome::InvalidLink);
    assert_eq!(world.verify(&reset).await, VerifyOutcome::InvalidLink);
    let setup = CompleteSetup { token: reset, password: Secret::new(OTHER_PASSWORD), name: "Eve".into() };
    let outcome = world.identity.complete_operator_setup(&world.anonymous(), setup).await.unwrap();
    assert_eq!(outcome, ResetOutcome::InvalidLink);
}

#[tokio::test]
async fn unknown_links_and_sessions_are_refused_alike() {
    let world = World::new().await;
    for token in [random_token(&OsEntropy), Secret::new(""), Secret::new("' OR 1=1 --"), Secret::new("\0é")]
    {
        assert_eq!(world.verify(&token).await, VerifyOutcome::InvalidLink);
        assert_eq!(world.reset(&token, OTHER_PASSWORD).await.unwrap(), ResetOutcome::InvalidLink);
        assert_eq!(world.identity.authenticate(&token).await.unwrap(), None);
    }
}

#[tokio::test]
async fn of_many_uses_at_once_one_wins() {
    let world = World::new().await;
    world.sign_up("ada@example.com").await;
    let verify = world.token_mailed_to("ada@example.com").await;
    let outcomes = futures::future::join_all((0..6).map(|_| world.verify(&verify))).await;
    assert_eq!(outcomes.iter().filter(|o| **o == VerifyOutcome::Verified).count(), 1, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|o| **o == VerifyOutcome::AlreadyVerified).count(), 5, "{outcomes:?}");

    world.request_reset("ada@example.com").await;
    let reset = world.token_mailed_to("ada@example.com").await;
    let passwords = [PASSWORD, OTHER_PASSWORD, "seven copper lanterns hum", "quiet maple orbit 55"];
    let outcomes = futures::future::join_all(passwords.map(|p| world.reset(&reset, p))).await;
    let mut won = vec![];
    for (password, outcome) in passwords.iter().zip(&outcomes) {
        let works = matches!(world.log_in("ada@example.com", password).await, LogInOutcome::LoggedIn { .. });
        assert_eq!(works, matches!(outcome, Ok(ResetOutcome::PasswordSet)), "{password}: {outcome:?}");
        if works {
            won.push(password);
        }
    }
    assert_eq!(won.len(), 1, "{outcomes:?}");
}

#[tokio::test]
async fn the_database_holds_no_token_in_plain() {
    let world = World::new().await;
    world.person("ada@example.com").await;
    let (session, _) = world.session("ada@example.com").await;
    world.request_reset("ada@example.com").await;
    let reset = world.token_mailed_to("ada@example.com").await;
    let stored: Vec<String> = sqlx::query_scalar(
        "SELECT s::text FROM identity.sessions s UNION ALL SELECT t::text FROM identity.email_tokens t
         UNION ALL SELECT u::text FROM identity.users u UNION ALL SELECT j::text FROM graphile_worker._private_jobs j",
    )
    .fetch_all(&mut world.superuser().await)
    .await
    .unwrap();
    assert!(stored.len() >= 4);
    for row in stored {
        for secret in [session.expose(), reset.expose(), PASSWORD] {
            assert!(!row.contains(secret), "{row}");
        }
    }
}
