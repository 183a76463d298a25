//! An account is tied to a provider by whoever proves that it is theirs.

use chrono::TimeDelta;
use tenantry_authz::{Actor, Ctx, Role};
use tenantry_identity::*;
use tenantry_kernel::*;

use crate::authenticator::code_at;
use crate::sso_world::*;
use crate::world::*;

fn needed(arrival: Arrival) -> Secret {
    match arrival {
        Arrival::LinkNeeded { token } => token,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_account_with_the_address_is_tied_only_by_whoever_logs_in_to_it() {
    let sso = Sso::ready().await;
    let (world, identity) = (&sso.world, &sso.world.identity);
    let before = world.logged_in("ada@acme.example").await;
    let said = || sso.said("ada", "ada@acme.example");
    world.clock.advance(TimeDelta::seconds(1));
    let token = needed(sso.log_in(said()).await);
    let confirm = async |ctx: &Ctx, token: &Secret| identity.confirm_link(ctx, token).await.unwrap();

    assert_eq!(confirm(&before, &token).await, LinkOutcome::LogInAgain, "an older session proves nothing");
    let nobody = identity.confirm_link(&world.anonymous(), &token).await.unwrap_err();
    assert_eq!(nobody.kind(), Kind::Unauthenticated);
    let bob = world.logged_in("bob@acme.example").await;
    assert_eq!(confirm(&bob, &token).await, LinkOutcome::OtherAccount);
    needed(sso.log_in(said()).await);

    let ada = world.logged_in_again("ada@acme.example").await;
    let linked = LinkOutcome::Linked { connection: sso.id, return_to: "/t/acme".into() };
    assert_eq!(confirm(&ada, &token).await, linked);
    assert_eq!(confirm(&ada, &token).await, LinkOutcome::InvalidLink, "once");
    let by_provider = sso.logged_in(said()).await;
    assert_eq!(by_provider.user().unwrap(), ada.user().unwrap());
    assert_eq!(by_provider.role_in(sso.tenant), Some(Role::Viewer), "and joined");
}

#[tokio::test]
async fn a_link_lasts_a_quarter_of_an_hour_and_a_providers_session_proves_nothing() {
    let sso = Sso::ready().await;
    let (world, identity) = (&sso.world, &sso.world.identity);
    world.person("ada@acme.example").await;
    let token = needed(sso.log_in(sso.said("ada", "ada@acme.example")).await);
    world.clock.advance(TimeDelta::minutes(15));
    let ada = world.logged_in_again("ada@acme.example").await;
    assert_eq!(identity.confirm_link(&ada, &token).await.unwrap(), LinkOutcome::InvalidLink);

    // Somebody whom the same provider has made: their session is the provider's word and nothing more.
    let eve = sso.logged_in(sso.said("eve", "eve@acme.example")).await;
    let token = needed(sso.log_in(sso.said("another eve", "eve@acme.example")).await);
    let refused = identity.confirm_link(&eve, &token).await.unwrap();
    assert_eq!(refused, LinkOutcome::LogInAgain);
}

#[tokio::test]
async fn an_account_that_only_this_tenant_ever_had_to_do_with_is_the_tenants_to_give() {
    let sso = Sso::ready().await;
    let mut superuser = sso.world.superuser().await;
    // As a directory of the tenant's makes them: without a password.
    let make = "INSERT INTO identity.users (id, email, name, created_at) VALUES ($1, $2, 'Made', now())";
    let join = "INSERT INTO identity.memberships (tenant_id, user_id, role, email, name, created_at)
                SELECT $1, id, $3, email, name, now() FROM identity.users WHERE id = $2";
    let (_, other) = tenant(&sso.world, "owner@other.example").await;
    let mut made = Vec::new();
    for (email, tenant, role) in [
        ("member@acme.example", Some(sso.tenant), "viewer"),
        ("owns@acme.example", Some(sso.tenant), "owner"),
        ("elsewhere@acme.example", Some(other), "viewer"),
        ("nowhere@acme.example", None, ""),
    ] {
        let id = UserId::generate(&*sso.world.clock, &OsEntropy);
        sqlx::query(make).bind(id.uuid()).bind(email).execute(&mut superuser).await.unwrap();
        if let Some(tenant) = tenant {
            let join = sqlx::query(join).bind(tenant.uuid()).bind(id.uuid()).bind(role);
            join.execute(&mut superuser).await.unwrap();
        }
        made.push((email, id));
    }
    let (first, rest) = made.split_first().unwrap();
    assert_eq!(sso.logged_in(sso.said("first", first.0)).await.user().unwrap(), first.1);
    for (email, _) in rest {
        needed(sso.log_in(sso.said(email, email)).await);
    }
}

fn social(code: &str) -> SocialProvider {
    let settings = GitHubSettings {
        client_id: "id".into(),
        site: "https://github.com".into(),
        api: "https://api.github.com".into(),
    };
    SocialProvider {
        code: code.into(),
        name: code.to_uppercase(),
        protocol: Protocol::GitHub { settings, secret: Secret::new("s") },
    }
}

#[tokio::test]
async fn a_provider_for_everybody_makes_accounts_and_takes_none() {
    let world = World::new().await;
    let identity = world.with(|config| config.social = vec![social("github")]);
    let way = identity.social_ways_in().remove(0);
    let said = |email: &str, verified| Asserted {
        connection: way.connection,
        tenant: None,
        subject: email.into(),
        email: Some(email.into()),
        email_verified: verified,
        email_denied: false,
        name: None,
        groups: Vec::new(),
        groups_incomplete: false,
        methods: Vec::new(),
        provider_session: None,
        id_token_hint: None,
    };
    let log_in = async |ctx: &Ctx, said| {
        let ask = Ask::LogIn { connection: way.connection, return_to: None };
        arrive(&identity, ctx, ask, said).await
    };
    let stranger = world.anonymous();
    let refused = log_in(&stranger, said("new@example.com", false)).await;
    assert!(matches!(refused, Arrival::Refused(Refused::EmailNotVerified)), "{refused:?}");
    let Arrival::LoggedIn { user, token, .. } = log_in(&stranger, said("new@example.com", true)).await else {
        panic!("not logged in")
    };
    assert_eq!((user.name.as_str(), user.email_verified), ("new", true));
    // It is the person's own way in: it reaches everywhere, and can tie others.
    world.as_holder_of(&token).await.ensure_reaches(TenantId::generate(&*world.clock, &OsEntropy)).unwrap();

    world.person("old@example.com").await;
    let proof = needed(log_in(&stranger, said("old@example.com", true)).await);
    let old = world.logged_in_again("old@example.com").await;
    let tied = identity.confirm_link(&old, &proof).await.unwrap();
    assert!(matches!(tied, LinkOutcome::Linked { .. }), "{tied:?}");
    let Arrival::LoggedIn { user, .. } = log_in(&stranger, said("old@example.com", false)).await else {
        panic!("not logged in")
    };
    assert_eq!(user.id, old.user().unwrap());
    // Once they have a second factor, it is asked for, whoever said the rest.
    let old = world.logged_in_again("old@example.com").await;
    let (key, _) = world.with_totp(&old).await;
    let Arrival::FactorNeeded { token, factors, .. } = log_in(&stranger, said("old@example.com", true)).await
    else {
        panic!("no second factor was asked for")
    };
    assert!(factors.contains(&FactorKind::Totp));
    world.clock.advance(TimeDelta::minutes(1));
    let code = FactorProof::Totp(code_at(&key, world.clock.now()));
    sqlx::query("UPDATE identity.users SET platform_role = 'platform-admin' WHERE email = 'old@example.com'")
        .execute(&mut world.superuser().await)
        .await
        .unwrap();
    let LogInOutcome::LoggedIn { user, token, .. } = world.second_step(&token, code).await.unwrap() else {
        panic!("not logged in")
    };
    assert_eq!(user.id, old.user().unwrap());
    // And whoever said the first half speaks for nobody of the platform's staff.
    let came = world.as_holder_of(&token).await;
    assert!(matches!(came.actor(), Actor::User { platform_role: None, .. }), "{:?}", came.actor());
    // One that is configured no more lets nobody in.
    let gone =
        world.identity.start_sso(&stranger, Ask::LogIn { connection: way.connection, return_to: None });
    assert_eq!(gone.await.unwrap_err().kind(), Kind::NotFound);
}
