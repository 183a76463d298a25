//! Fresh proofs, what a tenant demands, and taking factors away.

use chrono::TimeDelta;
use tenantry_authz::{Action, Actor, Ctx, Resource, ResourceKind, Role, STEP_UP_REQUIRED};
use tenantry_identity::*;
use tenantry_kernel::*;

use crate::authenticator::code_at;
use crate::factors::ADA;
use crate::world::*;

const BOB: &str = "bob@example.com";
const EVE: &str = "eve@example.com";

fn make_key(tenant: TenantId) -> CreateApiKey {
    CreateApiKey {
        tenant,
        name: "CI".to_owned(),
        scopes: vec!["tenant:view".to_owned()],
        allowed_addresses: vec![],
        expires_at: None,
    }
}

fn password(text: &str) -> ProveWith {
    ProveWith::Password(Secret::new(text))
}

async fn prove(world: &World, ctx: &Ctx, with: ProveWith) -> Ctx {
    match world.identity.prove(ctx, with).await.unwrap() {
        ProveOutcome::Proved { token, .. } => world.as_holder_of(&token).await,
        ProveOutcome::Wrong => panic!("it is right"),
    }
}

#[tokio::test]
async fn a_proof_is_fresh_for_five_minutes_and_gives_the_session_another_token() {
    let world = World::new().await;
    world.person(ADA).await;
    let (token, ada) = world.session(ADA).await;
    let tenant = world.tenant_of(ada.id).await;
    let ctx = world.as_holder_of(&token).await;
    assert!(world.identity.create_api_key(&ctx, make_key(tenant)).await.is_ok(), "the log-in is a proof");
    world.clock.advance(TimeDelta::seconds(301));
    let ctx = world.as_holder_of(&token).await;
    for refused in [
        world.identity.create_api_key(&ctx, make_key(tenant)).await.map(drop),
        world.identity.start_totp(&ctx).await.map(drop),
        world.identity.start_passkey_registration(&ctx).await.map(drop),
        world.identity.set_mfa_required(&ctx, SetMfaRequired { tenant, required: true }).await.map(drop),
    ] {
        let refused = refused.unwrap_err();
        assert_eq!((refused.kind(), refused.code()), (Kind::Forbidden, STEP_UP_REQUIRED), "{refused:?}");
        assert!(refused.remedy().contains("prove"), "{}", refused.remedy());
    }
    // What is only looked at is not asked for.
    assert!(
        world.identity.members(&ctx, tenant, &tenantry_store::PageRequest::new(None, None)).await.is_ok()
    );
    let wrong = world.identity.prove(&ctx, password(OTHER_PASSWORD)).await.unwrap();
    assert!(matches!(wrong, ProveOutcome::Wrong));

    let fresh = prove(&world, &ctx, password(PASSWORD)).await;
    assert!(world.identity.authenticate(&token).await.unwrap().is_none(), "the token from before is dead");
    let session = |ctx: &Ctx| match ctx.actor() {
        Actor::User { session, .. } => *session,
        other => panic!("{other:?}"),
    };
    assert_eq!(session(&fresh), session(&ctx), "it is the same session");
    assert!(world.identity.create_api_key(&fresh, make_key(tenant)).await.is_ok());
    assert_eq!(world.methods().await, ["password"]);
    let (key, _) = world.with_totp(&fresh).await;
    let proof = ProveWith::Factor(FactorProof::Totp(code_at(&key, world.clock.now())));
    prove(&world, &fresh, proof).await;
    assert_eq!(world.methods().await, ["password", "otp"]);
}

#[tokio::test]
async fn an_ended_session_proves_nothing_and_programs_are_not_asked() {
    let world = World::new().await;
    let ada = world.logged_in(ADA).await;
    let tenant = world.tenant_of(ada.user().unwrap()).await;
    let ada = world.again(&ada).await;
    let key = world.identity.create_api_key(&ada, make_key(tenant)).await.unwrap();
    let program = world.identity.authenticate_program(&key.secret, ada.origin()).await.unwrap().unwrap();
    let program = Ctx::new(world.runtime.clone(), program.actor, program.grants, ada.origin().clone());
    assert!(program.ensure_proof().is_ok());
    let refused = world.identity.prove(&program, password(PASSWORD)).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Forbidden);
    world.identity.log_out(&ada).await.unwrap();
    let refused = world.identity.prove(&ada, password(PASSWORD)).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Unauthenticated);
}

#[tokio::test]
async fn whoever_has_nothing_to_prove_with_logs_in_again() {
    let world = World::new().await;
    let ada = world.logged_in(ADA).await;
    world.clock.advance(TimeDelta::minutes(6));
    sqlx::query("UPDATE identity.users SET password_hash = NULL")
        .execute(&mut world.superuser().await)
        .await
        .unwrap();
    assert!(world.again(&ada).await.ensure_proof().is_err());
}

#[tokio::test]
async fn a_tenant_demands_a_second_factor_and_who_lacks_one_sees_nothing_of_it() {
    let world = World::new().await;
    let ada = world.logged_in(ADA).await;
    let tenant = world.tenant_of(ada.user().unwrap()).await;
    let ada = world.again(&ada).await;
    let bob = world.logged_in(BOB).await;
    let bob = world.join(&bob, (tenant, Role::Admin)).await;
    let demand = |required| SetMfaRequired { tenant, required };
    let refused = world.identity.set_mfa_required(&ada, demand(true)).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Conflict, "nobody locks themselves out");
    let (key, _) = world.with_totp(&ada).await;
    let not_his = world.identity.set_mfa_required(&bob, demand(true)).await.unwrap_err();
    assert_eq!((not_his.kind(), not_his.code()), (Kind::Forbidden, "FORBIDDEN"));
    assert!(world.identity.set_mfa_required(&ada, demand(true)).await.unwrap());
    assert!(world.identity.set_mfa_required(&ada, demand(true)).await.unwrap(), "again: nothing changes");
    let changes: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM platform.audit WHERE action = 'tenant.mfa_required_changed'",
    )
    .fetch_one(&mut world.superuser().await)
    .await
    .unwrap();
    assert_eq!(changes, 1);

    let bob = world.again(&bob).await;
    let refused = world.identity.mfa_required(&bob, tenant).await.unwrap_err();
    assert_eq!((refused.kind(), refused.code()), (Kind::Forbidden, "MFA_REQUIRED"));
    assert!(bob.lacks_factor_in(tenant) && bob.rights_in(tenant).is_empty());
    let members = Resource::new(ResourceKind::Member, tenant);
    assert!(!bob.may(Action::View, &members));
    // His own account, and other tenants, are as before.
    let own = world.tenant_of(bob.user().unwrap()).await;
    let bob = world.again(&bob).await;
    assert!(world.identity.mfa_required(&bob, own).await.is_ok());
    // A stranger learns nothing by it.
    let eve = world.logged_in(EVE).await;
    assert_eq!(world.identity.mfa_required(&eve, tenant).await.unwrap_err().kind(), Kind::NotFound);
    // Whom the tenant's own identity provider vouches for counts; a provider for everybody does not.
    let update = async |reach: Option<TenantId>| {
        let update = "UPDATE identity.sessions SET methods = '{sso}', connection_id = user_id, provider_subject = 'bob', reach = $2
                      WHERE user_id = $1";
        sqlx::query(update)
            .bind(bob.user().unwrap().uuid())
            .bind(reach.map(TenantId::uuid))
            .execute(&mut world.superuser().await)
            .await
            .unwrap();
        world.again(&bob).await
    };
    assert!(!update(Some(tenant)).await.lacks_factor_in(tenant));
    let bob = update(None).await;
    assert!(bob.lacks_factor_in(tenant));
    world.with_totp(&bob).await;
    let bob = world.again(&bob).await;
    assert!(world.identity.mfa_required(&bob, tenant).await.unwrap());
    // The owner had one all along.
    let proof = ProveWith::Factor(FactorProof::Totp(code_at(&key, world.clock.now())));
    let ada = prove(&world, &ada, proof).await;
    assert!(!world.identity.set_mfa_required(&ada, demand(false)).await.unwrap());
    world.identity.remove_totp(&bob).await.unwrap();
    assert!(!world.again(&bob).await.lacks_factor_in(tenant));
}

#[tokio::test]
async fn factors_are_reset_by_the_only_tenant_of_a_member_and_by_the_platform() {
    let world = World::new().await;
    let ada = world.logged_in(ADA).await;
    let tenant = world.tenant_of(ada.user().unwrap()).await;
    let ada = world.again(&ada).await;
    let bob = world.logged_in(BOB).await;
    world.with_totp(&bob).await;
    let who = bob.user().unwrap();
    let reset = async || world.identity.reset_member_factors(&ada, tenant, who).await;
    assert_eq!(reset().await.unwrap_err().kind(), Kind::NotFound, "no member");
    let bob = world.join(&bob, (tenant, Role::Developer)).await;
    // Who is in another tenant too is protected by the same factors there.
    let other = world.tenant_of(who).await;
    assert_eq!(reset().await.unwrap_err().kind(), Kind::Conflict);
    sqlx::query("DELETE FROM identity.memberships WHERE tenant_id = $1")
        .bind(other.uuid())
        .execute(&mut world.superuser().await)
        .await
        .unwrap();
    // A member without the right, and one over whom one has none.
    let refused = world.identity.reset_member_factors(&bob, tenant, ada.user().unwrap()).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Forbidden);
    let waiting = world.first_step(BOB).await;
    reset().await.unwrap();
    assert!(
        matches!(world.log_in(BOB, PASSWORD).await, LogInOutcome::LoggedIn { .. }),
        "by the password alone"
    );
    let Actor::User { session, .. } = *bob.actor() else { panic!("nobody") };
    assert!(world.identity.alive(session).await.unwrap().is_none(), "his sessions are ended");
    let code = FactorProof::RecoveryCode(Secret::new("0000-0000-0000"));
    let late = world.second_step(&waiting, code).await.unwrap();
    assert!(matches!(late, LogInOutcome::LogInExpired), "{late:?}");
    assert!(world.mail_to(BOB).await.iter().any(|m| m.subject == "Your second factors were reset"));
    let trail = async || -> Vec<(String, uuid::Uuid)> {
        sqlx::query_as("SELECT actor, tenant_id FROM platform.audit WHERE action = 'member.factors_reset' ORDER BY tenant_id")
            .fetch_all(&mut world.superuser().await)
            .await
            .unwrap()
    };
    assert_eq!(trail().await, [(ada.user().unwrap().to_string(), tenant.uuid())]);

    let bob = world.logged_in_again(BOB).await;
    world.with_totp(&bob).await;
    let input = || ResetFactors {
        email: BOB.to_owned(),
        reason: "Called back on the number of the contract".to_owned(),
    };
    assert_eq!(world.identity.reset_factors(&ada, input()).await.unwrap_err().kind(), Kind::NotFound);
    let staff = world.as_operator();
    let short = ResetFactors { reason: "because".to_owned(), ..input() };
    assert_eq!(world.identity.reset_factors(&staff, short).await.unwrap_err().field(), Some("reason"));
    let nobody = ResetFactors { email: "nobody@example.com".to_owned(), ..input() };
    assert_eq!(world.identity.reset_factors(&staff, nobody).await.unwrap_err().kind(), Kind::NotFound);
    world.identity.reset_factors(&staff, input()).await.unwrap();
    assert!(matches!(world.log_in(BOB, PASSWORD).await, LogInOutcome::LoggedIn { .. }));
    let rows = trail().await;
    let by_staff: Vec<_> =
        rows.iter().filter(|(actor, _)| actor.starts_with("staff:")).map(|(_, of)| *of).collect();
    assert_eq!(by_staff, [uuid::Uuid::nil(), tenant.uuid()], "the platform's trail and the tenant's");
}
