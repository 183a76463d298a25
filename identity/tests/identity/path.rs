use chrono::TimeDelta;
use tenantry_authz::{Grant, Role};
use tenantry_identity::*;
use tenantry_kernel::Kind;
use tenantry_store::PageRequest;

use crate::world::*;

#[tokio::test]
async fn from_sign_up_to_owner_to_log_out() {
    let world = World::new().await;
    world.sign_up(" Ada@Example.com ").await;
    assert!(matches!(world.log_in("ada@example.com", PASSWORD).await, LogInOutcome::NotVerified));

    let mail = world.mail_to("ada@example.com").await.pop().unwrap();
    assert_eq!(mail.subject, "Confirm your e-mail address");
    assert!(mail.body.contains("https://portal.example/verify-email#token="), "{}", mail.body);
    assert_eq!(world.verify(&token_in(&mail.body)).await, VerifyOutcome::Verified);

    let (token, user) = world.session("ADA@example.com").await;
    assert_eq!((user.email.as_str(), user.name.as_str()), ("ada@example.com", "Ada Lovelace"));
    let ctx = world.as_holder_of(&token).await;
    assert!(ctx.grants().is_empty());
    assert_eq!(world.identity.viewer(&ctx).await.unwrap(), user);

    let (first, second) = (world.tenant_of(user.id).await, world.tenant_of(user.id).await);
    let ctx = world.as_holder_of(&token).await;
    let mut grants = ctx.grants().to_vec();
    grants.sort_by_key(|g| g.tenant);
    let mut wanted = [first, second].map(|tenant| Grant::new(tenant, Role::Owner));
    wanted.sort_by_key(|g| g.tenant);
    assert_eq!(grants, wanted, "one person in two tenants");
    let members = world.identity.members(&ctx, first, &PageRequest::new(None, None)).await.unwrap();
    assert_eq!(
        members.rows.iter().map(|m| (m.user_id, m.role)).collect::<Vec<_>>(),
        [(user.id, Role::Owner.into())]
    );

    world.identity.log_out(&ctx).await.unwrap();
    assert_eq!(world.identity.authenticate(&token).await.unwrap(), None);
    world.identity.log_out(&world.anonymous()).await.unwrap();
    assert_eq!(world.identity.viewer(&world.anonymous()).await.unwrap_err().kind(), Kind::Unauthenticated);
}

#[tokio::test]
async fn a_reset_sets_the_password_ends_all_sessions_and_tells_the_person() {
    let world = World::new().await;
    world.person("ada@example.com").await;
    let (laptop, _) = world.session("ada@example.com").await;
    let (phone, _) = world.session("ada@example.com").await;

    world.request_reset("ada@example.com").await;
    let link = world.token_mailed_to("ada@example.com").await;
    let weak = world.reset(&link, "password1234").await.unwrap_err();
    assert_eq!((weak.kind(), weak.field()), (Kind::Invalid, Some("password")));
    assert_eq!(world.reset(&link, OTHER_PASSWORD).await.unwrap(), ResetOutcome::PasswordSet, "still good");

    for token in [laptop, phone] {
        assert_eq!(world.identity.authenticate(&token).await.unwrap(), None);
    }
    assert!(matches!(world.log_in("ada@example.com", PASSWORD).await, LogInOutcome::WrongCredentials));
    assert!(matches!(world.log_in("ada@example.com", OTHER_PASSWORD).await, LogInOutcome::LoggedIn { .. }));
    assert_eq!(world.mail_to("ada@example.com").await.pop().unwrap().subject, "Your password was changed");
}

#[tokio::test]
async fn a_reset_proves_the_address_as_well() {
    let world = World::new().await;
    world.sign_up("ada@example.com").await;
    world.request_reset("ada@example.com").await;
    let link = world.token_mailed_to("ada@example.com").await;
    assert_eq!(world.reset(&link, OTHER_PASSWORD).await.unwrap(), ResetOutcome::PasswordSet);
    assert!(matches!(world.log_in("ada@example.com", OTHER_PASSWORD).await, LogInOutcome::LoggedIn { .. }));
}

#[tokio::test]
async fn sessions_end_when_idle_and_at_their_end_and_are_written_once_a_minute() {
    let world = World::new().await;
    world.person("ada@example.com").await;
    let seen = async || -> chrono::DateTime<chrono::Utc> {
        sqlx::query_scalar("SELECT max(last_seen_at) FROM identity.sessions")
            .fetch_one(&mut world.superuser().await)
            .await
            .unwrap()
    };
    let (token, _) = world.session("ada@example.com").await;
    let logged_in = seen().await;
    world.clock.advance(TimeDelta::seconds(59));
    assert!(world.identity.authenticate(&token).await.unwrap().is_some());
    assert_eq!(seen().await, logged_in);
    world.clock.advance(TimeDelta::seconds(1));
    assert!(world.identity.authenticate(&token).await.unwrap().is_some());
    assert_eq!(seen().await, logged_in + TimeDelta::minutes(1));

    // Busy to its end: a look each ten days.
    for _ in 0..2 {
        world.clock.advance(TimeDelta::days(10));
        assert!(world.identity.authenticate(&token).await.unwrap().is_some());
    }
    world.clock.advance(TimeDelta::days(10));
    assert!(world.identity.authenticate(&token).await.unwrap().is_none(), "30 days are over");

    let (token, _) = world.session("ada@example.com").await;
    world.clock.advance(TimeDelta::days(14));
    assert!(world.identity.authenticate(&token).await.unwrap().is_none(), "idle for 14 days");
    assert!(world.identity.purge_expired().await.unwrap() >= 2);
    assert_eq!(world.identity.purge_expired().await.unwrap(), 0);
}
