//! Enforced single sign-on: who comes in how, and that nobody can lock everybody out.

use chrono::TimeDelta;
use tenantry_authz::{Action, Ctx, Resource, ResourceKind, Role, SSO_REQUIRED};
use tenantry_identity::*;
use tenantry_kernel::*;

use crate::sso_world::*;

fn view(ctx: &Ctx, tenant: TenantId) -> Result<()> {
    ctx.permit(Action::View, &Resource::new(ResourceKind::Tenant, tenant)).map(|_| ())
}

#[tokio::test]
async fn enforcing_a_connection_that_could_lock_people_out_is_refused() {
    let sso = Sso::new().await;
    let world = &sso.world;
    let kind = async |exempt: Vec<UserId>| {
        let enforce = EnforceConnection { tenant: sso.tenant, id: sso.id, exempt, guests_too: false };
        world
            .identity
            .enforce_connection(&world.proven(&sso.owner), enforce)
            .await
            .err()
            .map(|e| (e.kind(), e.field()))
    };
    let owner = || vec![sso.owner.user().unwrap()];
    let conflict = Some((Kind::Conflict, None));
    assert_eq!(kind(owner()).await, conflict, "never tested");
    sso.test().await;
    assert_eq!(kind(owner()).await, conflict, "no domain");
    sso.own("acme.example").await;
    world.clock.advance(TimeDelta::days(8));
    assert_eq!(kind(owner()).await, conflict, "tested too long ago");
    sso.test().await;

    let nobody_exempt = Some((Kind::Invalid, Some("exempt")));
    assert_eq!(kind(vec![]).await, nobody_exempt);
    let member = world.logged_in("member@acme.example").await;
    let member = world.join(&member, (sso.tenant, Role::Admin)).await;
    assert_eq!(kind(vec![member.user().unwrap()]).await, nobody_exempt, "no owner");
    let (stranger, _) = tenant(world, "owner@other.example").await;
    assert_eq!(kind(vec![stranger.user().unwrap()]).await, nobody_exempt, "of another tenant");
    sqlx::query("UPDATE identity.users SET password_hash = NULL WHERE id = $1")
        .bind(member.user().unwrap().uuid())
        .execute(&mut world.superuser().await)
        .await
        .unwrap();
    sqlx::query("UPDATE identity.memberships SET role = 'owner' WHERE user_id = $1")
        .bind(member.user().unwrap().uuid())
        .execute(&mut world.superuser().await)
        .await
        .unwrap();
    assert_eq!(kind(vec![member.user().unwrap()]).await, nobody_exempt, "an owner without a password");
    assert_eq!(kind(owner()).await, None);
    assert_eq!(sso.connection().await.state(), ConnectionState::Enforced);
    assert_eq!(sso.audited("connection.enforced").await, 1);
}

#[tokio::test]
async fn members_come_in_by_the_connection_only_and_exempt_owners_by_password() {
    let sso = Sso::ready().await;
    let world = &sso.world;
    let join = async |email: &str, role| {
        let ctx = world.logged_in(email).await;
        world.join(&ctx, (sso.tenant, role)).await
    };
    let (member, guest) =
        (join("member@acme.example", Role::Admin).await, join("guest@other.example", Role::Viewer).await);
    let key = world
        .identity
        .create_api_key(
            &member,
            CreateApiKey {
                tenant: sso.tenant,
                name: "Deploy".into(),
                scopes: vec!["instance:view".into()],
                expires_at: None,
                allowed_addresses: vec![],
            },
        )
        .await
        .unwrap();
    let by_provider = sso.logged_in(sso.said("new", "new@acme.example")).await;
    sso.enforce(false).await.unwrap();

    let refused = view(&world.again(&member).await, sso.tenant).unwrap_err();
    assert_eq!((refused.kind(), refused.code()), (Kind::Forbidden, SSO_REQUIRED));
    assert!(refused.remedy().contains(&format!("/sso/start?connection={}", sso.id)));
    assert_eq!(world.again(&member).await.rights_in(sso.tenant), Vec::<String>::new());
    let fresh = world.logged_in_again("member@acme.example").await;
    assert_eq!(
        view(&fresh, sso.tenant).unwrap_err().code(),
        SSO_REQUIRED,
        "a new session by password neither"
    );
    assert_eq!(fresh.barred().len(), 1);
    view(&world.again(&by_provider).await, sso.tenant).unwrap();
    view(&world.again(&sso.owner).await, sso.tenant).unwrap();
    view(&world.again(&guest).await, sso.tenant).unwrap();
    let program = world.identity.authenticate_program(&key.secret, &Default::default()).await.unwrap();
    assert_eq!(program.unwrap().grants.len(), 1, "programs are not asked for single sign-on");

    sso.enforce(true).await.unwrap();
    assert_eq!(view(&world.again(&guest).await, sso.tenant).unwrap_err().code(), SSO_REQUIRED);
    let way = world.identity.discover(&world.anonymous(), "x@acme.example").await.unwrap().unwrap();
    assert!(way.enforced);

    world.identity.stop_enforcing_connection(&sso.owner, sso.who()).await.unwrap();
    for ctx in [&member, &guest, &sso.owner, &by_provider] {
        view(&world.again(ctx).await, sso.tenant).unwrap();
    }
}

#[tokio::test]
async fn what_is_enforced_does_not_change_and_keeps_an_owner_who_comes_in_without_it() {
    let sso = Sso::ready().await;
    let world = &sso.world;
    sso.enforce(false).await.unwrap();
    let update = UpdateConnection { tenant: sso.tenant, id: sso.id, name: None, provider: oidc().into() };
    let identity = &world.identity;
    assert_eq!(identity.update_connection(&sso.owner, update).await.unwrap_err().kind(), Kind::Conflict);
    assert_eq!(identity.delete_connection(&sso.owner, sso.who()).await.unwrap_err().kind(), Kind::Conflict);
    assert_eq!(identity.make_setup_link(&sso.owner, sso.who()).await.unwrap_err().kind(), Kind::Conflict);

    // A second owner, who is not exempt: the first cannot leave before somebody else can come in.
    let second = world.logged_in("second@acme.example").await;
    let second = world.join(&second, (sso.tenant, Role::Owner)).await;
    let first = sso.owner.user().unwrap();
    let leave = async || identity.remove_member(&sso.owner, sso.tenant, first).await;
    assert_eq!(leave().await.unwrap_err().kind(), Kind::Conflict);
    let exempt = vec![first, second.user().unwrap()];
    let enforce = EnforceConnection { tenant: sso.tenant, id: sso.id, exempt, guests_too: false };
    identity.enforce_connection(&sso.owner, enforce).await.unwrap();
    leave().await.unwrap();
    let second = world.again(&second).await;
    assert_eq!(identity.connections(&second, sso.tenant).await.unwrap()[0].exempt, [second.user().unwrap()]);

    // Another connection beside it is not enforced too.
    let create = CreateConnection { tenant: sso.tenant, name: "Other".into(), provider: oidc().into() };
    let other = identity.create_connection(&second, create).await.unwrap();
    sqlx::query("UPDATE identity.connections SET tested_at = $2 WHERE id = $1")
        .bind(other.id.uuid())
        .bind(world.clock.now())
        .execute(&mut world.superuser().await)
        .await
        .unwrap();
    let exempt = vec![second.user().unwrap()];
    let enforce = EnforceConnection { tenant: sso.tenant, id: other.id, exempt, guests_too: false };
    assert_eq!(identity.enforce_connection(&second, enforce).await.unwrap_err().kind(), Kind::Conflict);
}
