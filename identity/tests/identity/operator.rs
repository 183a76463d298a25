use chrono::TimeDelta;
use tenantry_authz::PlatformRole;
use tenantry_identity::*;
use tenantry_kernel::{Kind, Result, Secret};
use tenantry_store::PageRequest;

use crate::world::*;

async fn complete(world: &World, token: &Secret, password: &str) -> Result<ResetOutcome> {
    let input = CompleteSetup { token: token.clone(), password: Secret::new(password), name: "Grace".into() };
    world.identity.complete_operator_setup(&world.anonymous(), input).await
}

#[tokio::test]
async fn the_first_operator_comes_in_by_a_one_time_link() {
    let world = World::new().await;
    let older = world.identity.ensure_operator("Ops@Example.com").await.unwrap().unwrap();
    let newer = world.identity.ensure_operator("ops@example.com").await.unwrap().unwrap();
    assert!(newer.link.expose().starts_with("https://portal.example/operator-setup#token="));
    assert_eq!(
        complete(&world, &older.token, PASSWORD).await.unwrap(),
        ResetOutcome::InvalidLink,
        "replaced"
    );
    assert_eq!(complete(&world, &newer.token, "password1234").await.unwrap_err().field(), Some("password"));
    assert_eq!(complete(&world, &newer.token, PASSWORD).await.unwrap(), ResetOutcome::PasswordSet);
    assert_eq!(complete(&world, &newer.token, PASSWORD).await.unwrap(), ResetOutcome::InvalidLink, "used");
    assert!(world.identity.ensure_operator("ops@example.com").await.unwrap().is_none());
    assert!(world.identity.ensure_operator("other@example.com").await.unwrap().is_none());

    let (token, user) = world.session("ops@example.com").await;
    assert_eq!(user.name, "Grace");
    let who = world.identity.authenticate(&token).await.unwrap().unwrap();
    assert_eq!((who.platform_role, who.grants.len()), (Some(PlatformRole::Admin), 0));
    let ctx = world.as_holder_of(&token).await;
    assert!(world.identity.captured_mail(&ctx, None, &PageRequest::new(None, None)).await.is_ok());
}

#[tokio::test]
async fn the_set_up_link_expires_and_its_address_can_be_corrected() {
    let world = World::new().await;
    let setup = world.identity.ensure_operator("typo@example.com").await.unwrap().unwrap();
    world.clock.advance(TimeDelta::hours(24));
    assert_eq!(complete(&world, &setup.token, PASSWORD).await.unwrap(), ResetOutcome::Expired);
    let setup = world.identity.ensure_operator("ops@example.com").await.unwrap().unwrap();
    assert_eq!(complete(&world, &setup.token, PASSWORD).await.unwrap(), ResetOutcome::PasswordSet);
    world.session("ops@example.com").await;
    assert!(matches!(world.log_in("typo@example.com", PASSWORD).await, LogInOutcome::WrongCredentials));
}

/// Whoever owns the mailbox of the operator's address must not thereby own the platform.
#[tokio::test]
async fn mail_is_no_way_into_an_operator_account_that_is_not_set_up() {
    let world = World::new().await;
    let setup = world.identity.ensure_operator("ops@example.com").await.unwrap().unwrap();
    world.sign_up("ops@example.com").await;
    world.request_reset("ops@example.com").await;
    assert!(world.mail_to("ops@example.com").await.is_empty());
    assert!(matches!(world.log_in("ops@example.com", PASSWORD).await, LogInOutcome::WrongCredentials));
    assert_eq!(complete(&world, &setup.token, PASSWORD).await.unwrap(), ResetOutcome::PasswordSet);
}

#[tokio::test]
async fn a_customers_address_cannot_become_the_operators() {
    let world = World::new().await;
    world.person("ada@example.com").await;
    let error = world.identity.ensure_operator("ada@example.com").await.unwrap_err();
    assert_eq!(error.kind(), Kind::Conflict);
    world.identity.ensure_operator("ops@example.com").await.unwrap().unwrap();
    assert_eq!(world.identity.ensure_operator("ada@example.com").await.unwrap_err().kind(), Kind::Conflict);
}

#[tokio::test]
async fn captured_mail_is_for_staff_with_the_right() {
    let world = World::new().await;
    let page = PageRequest::new(None, None);
    let denied = world.identity.captured_mail(&world.anonymous(), None, &page).await.unwrap_err();
    assert_eq!(denied.kind(), Kind::Unauthenticated);
    let denied = world.identity.captured_mail(&world.as_member(vec![]), None, &page).await.unwrap_err();
    assert_eq!(denied.kind(), Kind::NotFound);
    for i in 0..3 {
        world.sign_up(&format!("p{i}@example.com")).await;
    }
    world.run_jobs().await;
    let staff = world.as_operator();
    let two = PageRequest::new(Some(2), None);
    let first = world.identity.captured_mail(&staff, None, &two).await.unwrap();
    assert_eq!((first.rows.len(), first.has_next), (2, true));
    let rest = PageRequest::new(Some(2), first.rows.last().map(|m| m.id.to_string()));
    let rest = world.identity.captured_mail(&staff, None, &rest).await.unwrap();
    assert_eq!((rest.rows.len(), rest.has_next), (1, false));
    assert_eq!(rest.rows[0].recipient, "p0@example.com");
}
