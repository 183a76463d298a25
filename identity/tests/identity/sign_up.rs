use tenantry_identity::*;
use tenantry_kernel::{Kind, Secret};

use crate::world::*;

async fn subjects(world: &World, email: &str) -> Vec<String> {
    world.mail_to(email).await.into_iter().map(|m| m.subject).collect()
}

#[tokio::test]
async fn the_answer_is_the_same_with_and_without_an_account_and_the_mail_tells() {
    let world = World::new().await;
    world.person("ada@example.com").await;

    // `()` each time: nothing in the answer could differ.
    world.sign_up_with("ada@example.com", OTHER_PASSWORD).await.unwrap();
    world.sign_up_with("new@example.com", OTHER_PASSWORD).await.unwrap();
    world.request_reset("ada@example.com").await;
    world.request_reset("nobody@example.com").await;

    assert_eq!(
        subjects(&world, "ada@example.com").await,
        ["Confirm your e-mail address", "You already have an account", "Choose a new password"]
    );
    assert_eq!(subjects(&world, "new@example.com").await, ["Confirm your e-mail address"]);
    assert!(subjects(&world, "nobody@example.com").await.is_empty());
    assert!(
        matches!(world.log_in("ada@example.com", PASSWORD).await, LogInOutcome::LoggedIn { .. }),
        "unchanged"
    );

    let wrong = format!("{:?}", world.log_in("ada@example.com", OTHER_PASSWORD).await);
    assert_eq!(wrong, format!("{:?}", world.log_in("nobody@example.com", OTHER_PASSWORD).await));
    assert_eq!(wrong, format!("{:?}", world.log_in("no address", OTHER_PASSWORD).await));
    assert_eq!(
        wrong,
        format!("{:?}", world.log_in("new@example.com", PASSWORD).await),
        "unverified, wrong password"
    );
}

#[tokio::test]
async fn each_path_adds_one_job_that_holds_no_secret_and_no_address() {
    let world = World::new().await;
    world.person("ada@example.com").await;
    world.request_reset("ada@example.com").await;
    world.request_reset("nobody@example.com").await;
    let jobs = world.jobs().await;
    assert_eq!(jobs.len(), 2);
    for job in jobs {
        assert_eq!(job.as_object().unwrap().keys().collect::<Vec<_>>(), ["kind", "user_id"]);
        assert!(job["user_id"].as_str().unwrap().starts_with("usr_"));
    }
}

#[tokio::test]
async fn signing_up_again_with_the_same_password_sends_another_link() {
    let world = World::new().await;
    world.sign_up("ada@example.com").await;
    let first = world.token_mailed_to("ada@example.com").await;
    world.sign_up("ada@example.com").await;
    let second = world.token_mailed_to("ada@example.com").await;
    assert_ne!(first, second);
    assert_eq!(world.verify(&second).await, VerifyOutcome::Verified);
    assert_eq!(world.verify(&first).await, VerifyOutcome::AlreadyVerified, "void once the other was used");
    world.session("ada@example.com").await;
}

/// A stranger signs up with somebody's address and waits for them to open the account, or the other way round.
#[tokio::test]
async fn no_password_from_before_the_proof_survives_a_second_sign_up_with_another() {
    for follow_first_link in [true, false] {
        let world = World::new().await;
        world.sign_up_with("victim@example.com", "stranger waits at 7 doors").await.unwrap();
        let verify = world.token_mailed_to("victim@example.com").await;
        world.sign_up_with("victim@example.com", PASSWORD).await.unwrap();
        let mail = world.mail_to("victim@example.com").await.pop().unwrap();
        assert_eq!(mail.subject, "Choose your password");
        if follow_first_link {
            assert_eq!(world.verify(&verify).await, VerifyOutcome::Verified);
        }
        for password in ["stranger waits at 7 doors", PASSWORD] {
            let outcome = world.log_in("victim@example.com", password).await;
            assert!(matches!(outcome, LogInOutcome::WrongCredentials), "{password}");
        }
        let choose = token_in(&mail.body);
        assert_eq!(world.reset(&choose, OTHER_PASSWORD).await.unwrap(), ResetOutcome::PasswordSet);
        let outcome = world.log_in("victim@example.com", OTHER_PASSWORD).await;
        assert!(matches!(outcome, LogInOutcome::LoggedIn { .. }));
    }
}

#[tokio::test]
async fn bad_input_is_named_by_field() {
    let world = World::new().await;
    let cases = [
        ("no address", PASSWORD, "Ada", "email"),
        ("ada@example.com", "short", "Ada", "password"),
        ("ada@example.com", "password1234", "Ada", "password"),
        ("lovelace@example.com", "x-lovelace-77-moss-harbour", "Ada", "password"),
        ("ada@example.com", PASSWORD, "  ", "name"),
        ("ada@example.com", PASSWORD, "Ada\r\nBcc: all@example.com", "name"),
    ];
    for (email, password, name, field) in cases {
        let input = SignUp { email: email.into(), password: Secret::new(password), name: name.into() };
        let error = world.identity.sign_up(&world.anonymous(), input).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (Kind::Invalid, Some(field)), "{email} {password} {name}");
    }
    assert!(world.jobs().await.is_empty());
}

#[tokio::test]
async fn many_sign_ups_at_once_make_one_account() {
    let world = World::new().await;
    let tries = (0..4).map(|_| world.sign_up_with("ada@example.com", PASSWORD));
    for outcome in futures::future::join_all(tries).await {
        outcome.unwrap();
    }
    let people: i64 = sqlx::query_scalar("SELECT count(*) FROM identity.users")
        .fetch_one(&mut world.superuser().await)
        .await
        .unwrap();
    assert_eq!(people, 1);
    let token = world.token_mailed_to("ada@example.com").await;
    assert_eq!(world.verify(&token).await, VerifyOutcome::Verified);
    world.session("ada@example.com").await;
}
