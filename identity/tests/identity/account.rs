//! What people change of their own account.

use tenantry_identity::*;
use tenantry_kernel::{Kind, Secret};
use tenantry_store::PageRequest;

use crate::world::*;

fn change(current: &str, new: &str) -> ChangePassword {
    ChangePassword { current: Secret::new(current), new: Secret::new(new) }
}

#[tokio::test]
async fn a_name_changes_wherever_it_is_shown() {
    let world = World::new().await;
    let ada = world.logged_in("ada@example.com").await;
    let tenant = world.tenant_of(ada.user().unwrap()).await;
    let ada = world.again(&ada).await;
    let user = world.identity.update_profile(&ada, " Countess of Lovelace ".into()).await.unwrap();
    assert_eq!(user.name, "Countess of Lovelace");
    let members = world.identity.members(&ada, tenant, &PageRequest::new(None, None)).await.unwrap().rows;
    assert_eq!(members[0].name, "Countess of Lovelace");
    let bad = world.identity.update_profile(&ada, "A\nB".into()).await.unwrap_err();
    assert_eq!(bad.field(), Some("name"));
    let nobody = world.identity.update_profile(&world.anonymous(), "X".into()).await.unwrap_err();
    assert_eq!(nobody.kind(), Kind::Unauthenticated);
}

#[tokio::test]
async fn a_name_that_stays_the_same_is_nobodys_news() {
    let world = World::new().await;
    let ada = world.logged_in("ada@example.com").await;
    let tenant = world.tenant_of(ada.user().unwrap()).await;
    let ada = world.again(&ada).await;
    world.identity.update_profile(&ada, "Ada".into()).await.unwrap();
    let written = async || {
        let sql =
            "SELECT xmin::text FROM identity.memberships UNION ALL SELECT xmin::text FROM identity.users";
        sqlx::query_scalar::<_, String>(sql).fetch_all(&mut world.superuser().await).await.unwrap()
    };
    let mut listener = sqlx::postgres::PgListener::connect_with(&sqlx::PgPool::connect_lazy_with(
        world.test_db.superuser.clone(),
    ))
    .await
    .unwrap();
    listener.listen("tenantry_tenant").await.unwrap();
    let before = written().await;
    let user = world.identity.update_profile(&ada, "Ada".into()).await.unwrap();
    assert_eq!((user.name.as_str(), written().await), ("Ada", before));
    // Notifications come in order: the first is that of a change.
    sqlx::query("SELECT pg_notify('tenantry_tenant', 'end')")
        .execute(&mut world.superuser().await)
        .await
        .unwrap();
    assert_eq!(listener.recv().await.unwrap().payload(), "end");
    world.identity.update_profile(&ada, "Countess".into()).await.unwrap();
    assert_eq!(listener.recv().await.unwrap().payload(), format!("members {}", tenant.uuid()));
}

#[tokio::test]
async fn a_password_is_changed_by_whoever_knows_it_and_the_other_sessions_end() {
    let world = World::new().await;
    world.person("ada@example.com").await;
    let (here, _) = world.session("ada@example.com").await;
    let (elsewhere, _) = world.session("ada@example.com").await;
    let ada = world.as_holder_of(&here).await;
    world.request_reset("ada@example.com").await;
    let reset = world.token_mailed_to("ada@example.com").await;

    let wrong = world.identity.change_password(&ada, change(OTHER_PASSWORD, PASSWORD)).await.unwrap_err();
    assert_eq!((wrong.kind(), wrong.field()), (Kind::Invalid, Some("currentPassword")));
    for weak in ["password1234", "short", PASSWORD] {
        let error = world.identity.change_password(&ada, change(PASSWORD, weak)).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (Kind::Invalid, Some("newPassword")), "{weak}");
    }
    assert!(world.identity.authenticate(&elsewhere).await.unwrap().is_some(), "nothing happened yet");

    let new = world.identity.change_password(&ada, change(PASSWORD, OTHER_PASSWORD)).await.unwrap();
    assert!(world.identity.authenticate(&here).await.unwrap().is_none(), "another token");
    let here = world.identity.authenticate(&new.token).await.unwrap().unwrap();
    assert_eq!(here.actor(), *ada.actor(), "the same session");
    assert!(world.identity.authenticate(&elsewhere).await.unwrap().is_none());
    assert!(matches!(world.log_in("ada@example.com", PASSWORD).await, LogInOutcome::WrongCredentials));
    assert!(matches!(world.log_in("ada@example.com", OTHER_PASSWORD).await, LogInOutcome::LoggedIn { .. }));
    assert_eq!(
        world.reset(&reset, PASSWORD).await.unwrap(),
        ResetOutcome::InvalidLink,
        "void with the change"
    );
    assert_eq!(world.mail_to("ada@example.com").await.pop().unwrap().subject, "Your password was changed");
    let nobody = world.identity.change_password(&world.anonymous(), change("a", "b")).await.unwrap_err();
    assert_eq!(nobody.kind(), Kind::Unauthenticated);
}

#[tokio::test]
async fn a_stolen_session_cannot_guess_the_password() {
    let world = World::new().await;
    let ada = world.logged_in("ada@example.com").await;
    let mut last = None;
    for _ in 0..11 {
        last = world.identity.change_password(&ada, change("not the password", OTHER_PASSWORD)).await.err();
    }
    assert_eq!(last.unwrap().kind(), Kind::RateLimited);
}

#[tokio::test]
async fn of_two_changes_at_once_one_wins() {
    let world = World::new().await;
    let ada = world.logged_in("ada@example.com").await;
    let (one, two) = tokio::join!(
        world.identity.change_password(&ada, change(PASSWORD, OTHER_PASSWORD)),
        world.identity.change_password(&ada, change(PASSWORD, "seven copper lanterns hum"))
    );
    assert_ne!(one.is_ok(), two.is_ok(), "{one:?} {two:?}");
    for (outcome, password) in [(one, OTHER_PASSWORD), (two, "seven copper lanterns hum")] {
        let works = matches!(world.log_in("ada@example.com", password).await, LogInOutcome::LoggedIn { .. });
        assert_eq!(works, outcome.is_ok());
    }
}

#[tokio::test]
async fn logging_out_everywhere_ends_all_of_ones_sessions_and_nobody_elses() {
    let world = World::new().await;
    world.person("ada@example.com").await;
    world.person("bob@example.com").await;
    let (one, _) = world.session("ada@example.com").await;
    let (two, _) = world.session("ada@example.com").await;
    let (bobs, _) = world.session("bob@example.com").await;
    let ada = world.as_holder_of(&one).await;
    world.identity.log_out_everywhere(&ada).await.unwrap();
    world.identity.log_out_everywhere(&ada).await.unwrap();
    world.identity.log_out_everywhere(&world.anonymous()).await.unwrap();
    for token in [one, two] {
        assert!(world.identity.authenticate(&token).await.unwrap().is_none());
    }
    assert!(world.identity.authenticate(&bobs).await.unwrap().is_some());
}

#[tokio::test]
async fn a_verification_is_sent_again_to_whom_it_helps_and_the_answer_tells_nothing() {
    let world = World::new().await;
    world.person("ada@example.com").await;
    world.sign_up("new@example.com").await;
    world.run_jobs().await;
    for email in ["ada@example.com", " NEW@example.com", "nobody@example.com"] {
        world.identity.resend_verification(&world.anonymous(), email.into()).await.unwrap();
    }
    assert_eq!(world.jobs().await.len(), 3, "the same work for each");
    let subjects = async |email: &str| world.mail_to(email).await.len();
    assert_eq!(subjects("ada@example.com").await, 1, "proven before");
    assert_eq!(subjects("nobody@example.com").await, 0);
    let mails = world.mail_to("new@example.com").await;
    assert_eq!(mails.len(), 2);
    assert_eq!(world.verify(&token_in(&mails[1].body)).await, VerifyOutcome::Verified);
    assert_eq!(world.verify(&token_in(&mails[1].body)).await, VerifyOutcome::AlreadyVerified);

    let bad = world.identity.resend_verification(&world.anonymous(), "new".into()).await.unwrap_err();
    assert_eq!(bad.field(), Some("email"));
    let mut last = Ok(());
    for _ in 0..6 {
        last = world.identity.resend_verification(&world.anonymous(), "x@example.com".into()).await;
    }
    assert_eq!(last.unwrap_err().kind(), Kind::RateLimited);
}

#[tokio::test]
async fn staff_and_unproven_addresses_are_told_apart_by_the_viewer() {
    let world = World::new().await;
    let ada = world.logged_in("ada@example.com").await;
    let user = world.identity.viewer(&ada).await.unwrap();
    assert!(user.email_verified && !user.is_staff);
    sqlx::raw_sql("UPDATE identity.users SET platform_role = 'platform-auditor', email_verified_at = NULL")
        .execute(&mut world.superuser().await)
        .await
        .unwrap();
    let user = world.identity.viewer(&ada).await.unwrap();
    assert!(!user.email_verified && user.is_staff);
}
