//! API keys: what they may do, from where, for how long, and how they end.

use std::net::IpAddr;

use chrono::TimeDelta;
use futures::future::join_all;
use tenantry_authz::{Action, Ctx, Origin, Resource, ResourceKind, Role};
use tenantry_identity::{ApiKey, ChangeMemberRole, CreateApiKey, NewSecret, RotateApiKey};
use tenantry_kernel::{Clock, Kind, Result, Secret, TenantId};
use tenantry_store::PageRequest;

use crate::world::World;

const HERE: &str = "203.0.113.7";

pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) owner: Ctx,
    pub(crate) tenant: TenantId,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        let world = World::new().await;
        let owner = world.logged_in("owner@example.com").await;
        let tenant = world.tenant_of(owner.user().unwrap()).await;
        let owner = world.again(&owner).await;
        Self { world, owner, tenant }
    }

    pub(crate) async fn member(&self, email: &str, role: Role) -> Ctx {
        let ctx = self.world.logged_in(email).await;
        self.world.join(&ctx, (self.tenant, role)).await
    }

    async fn make(&self, ctx: &Ctx, scopes: &[&str]) -> Result<NewSecret> {
        self.world.identity.create_api_key(&self.world.proven(ctx), self.wanted(scopes)).await
    }

    fn wanted(&self, scopes: &[&str]) -> CreateApiKey {
        CreateApiKey {
            tenant: self.tenant,
            name: "Deployments".to_owned(),
            scopes: scopes.iter().map(|s| (*s).to_owned()).collect(),
            expires_at: None,
            allowed_addresses: vec![],
        }
    }

    /// The program that holds a key, if it is let in.
    async fn with(&self, secret: &Secret) -> Option<Ctx> {
        self.with_from(secret, Some(HERE)).await
    }

    pub(crate) async fn with_from(&self, secret: &Secret, address: Option<&str>) -> Option<Ctx> {
        let origin = Origin { address: address.map(|a| a.parse::<IpAddr>().unwrap()), user_agent: None };
        let program = self.world.identity.authenticate_program(secret, &origin).await.unwrap()?;
        Some(Ctx::new(self.world.runtime.clone(), program.actor, program.grants, origin))
    }

    async fn rotate(&self, ctx: &Ctx, key: &ApiKey, overlap: Option<TimeDelta>) -> Result<NewSecret> {
        let input = RotateApiKey { tenant: self.tenant, id: key.id, overlap };
        self.world.identity.rotate_api_key(&self.world.proven(ctx), input).await
    }

    async fn listed(&self) -> Vec<ApiKey> {
        let page = PageRequest::new(Some(100), None);
        self.world.identity.api_keys(&self.owner, self.tenant, &page).await.unwrap().rows
    }

    fn may(&self, ctx: &Ctx, action: Action, kind: ResourceKind) -> std::result::Result<(), Kind> {
        ctx.permit(action, &Resource::new(kind, self.tenant)).map(|_| ()).map_err(|e| e.kind())
    }
}

#[tokio::test]
async fn a_key_does_what_is_in_its_scopes_and_says_which_one_lacks() {
    let scene = Scene::new().await;
    let made = scene.make(&scene.owner, &["tenant:view", "instance:view"]).await.unwrap();
    let program = scene.with(&made.secret).await.unwrap();
    assert_eq!(scene.may(&program, Action::View, ResourceKind::Instance), Ok(()));
    let refused =
        program.permit(Action::Create, &Resource::new(ResourceKind::Instance, scene.tenant)).unwrap_err();
    assert_eq!(refused.kind(), Kind::Forbidden);
    assert!(refused.message().contains("instance:create"), "{refused}");
    // Nothing that is a person's: no account, no organisation, no other key.
    assert_eq!(program.user().unwrap_err().kind(), Kind::Forbidden);
    // Nor anything elsewhere: its maker's other organisations are not the key's.
    let elsewhere = scene.world.tenant_of(scene.owner.user().unwrap()).await;
    let there = program.permit(Action::View, &Resource::new(ResourceKind::Tenant, elsewhere)).unwrap_err();
    assert_eq!(there.kind(), Kind::NotFound);
    assert_eq!(program.grants().len(), 1);
    assert_eq!(scene.with(&made.secret).await.unwrap().grants().len(), 1);
}

#[tokio::test]
async fn scopes_are_of_the_makers_rights() {
    let scene = Scene::new().await;
    let developer = scene.member("dev@example.com", Role::Developer).await;
    for (ctx, scopes, kind) in [
        (&developer, vec!["instance:delete"], Kind::Forbidden),
        (&developer, vec!["instance:view", "subscription:manage"], Kind::Forbidden),
        (&scene.owner, vec!["instance:fly"], Kind::Invalid),
        (&scene.owner, vec![], Kind::Invalid),
    ] {
        assert_eq!(scene.make(ctx, &scopes).await.unwrap_err().kind(), kind, "{scopes:?}");
    }
    let viewer = scene.member("viewer@example.com", Role::Viewer).await;
    // A viewer does not see that there are keys at all.
    assert_eq!(scene.make(&viewer, &["tenant:view"]).await.unwrap_err().kind(), Kind::NotFound);
    // A program makes no keys, whatever its scopes.
    let made = scene.make(&scene.owner, &["api-key:view", "api-key:manage"]).await.unwrap();
    let program = scene.with(&made.secret).await.unwrap();
    assert_eq!(scene.make(&program, &["api-key:view"]).await.unwrap_err().kind(), Kind::Forbidden);
    assert_eq!(scene.rotate(&program, &made.key, None).await.unwrap_err().kind(), Kind::Forbidden);
    assert_eq!(scene.listed().await.len(), 1);
}

#[tokio::test]
async fn a_typing_error_is_refused_without_the_database() {
    let scene = Scene::new().await;
    let made = scene.make(&scene.owner, &["tenant:view"]).await.unwrap();
    let right = made.secret.expose().to_owned();
    let last = if right.ends_with('0') { '1' } else { '0' };
    let wrong = format!("{}{last}", &right[..right.len() - 1]);
    // No connection can be had: whoever needs the database waits for it and fails.
    let away = scene.world.with(|config| {
        let nowhere = scene.world.test_db.cluster.app.clone().database("nowhere");
        config.db =
            tenantry_store::Db::connect(&nowhere, &nowhere, tenantry_store::PoolSizes { app: 1, system: 1 });
    });
    let origin = Origin::default();
    assert_eq!(away.authenticate_program(&Secret::new(wrong), &origin).await.unwrap(), None);
    assert_eq!(away.authenticate_program(&Secret::new("tnt_key_"), &origin).await.unwrap(), None);
    assert!(away.authenticate_program(&Secret::new(right), &origin).await.is_err());
}

#[tokio::test]
async fn a_key_that_was_revoked_or_has_expired_is_nobodys() {
    let scene = Scene::new().await;
    let identity = &scene.world.identity;
    let revoked = scene.make(&scene.owner, &["tenant:view"]).await.unwrap();
    let lasting = scene.make(&scene.owner, &["tenant:view"]).await.unwrap();
    let wanted = CreateApiKey {
        expires_at: Some(scene.world.clock.now() + TimeDelta::hours(1)),
        ..scene.wanted(&["tenant:view"])
    };
    let short = identity.create_api_key(&scene.owner, wanted).await.unwrap();
    for new in [&revoked, &lasting, &short] {
        assert!(scene.with(&new.secret).await.is_some());
    }
    let key = identity.revoke_api_key(&scene.owner, scene.tenant, revoked.key.id).await.unwrap();
    assert_eq!(key.revoked_at, Some(scene.world.clock.now()));
    assert!(scene.with(&revoked.secret).await.is_none());
    // Repeating it changes nothing, the moment among it; and a dead key is not rotated back to life.
    scene.world.clock.advance(TimeDelta::minutes(1));
    let again = identity.revoke_api_key(&scene.owner, scene.tenant, revoked.key.id).await.unwrap();
    assert_eq!(again.revoked_at, key.revoked_at);
    assert_eq!(scene.rotate(&scene.owner, &revoked.key, None).await.unwrap_err().kind(), Kind::Conflict);
    scene.world.clock.advance(TimeDelta::minutes(59));
    assert!(scene.with(&short.secret).await.is_none());
    assert_eq!(scene.rotate(&scene.owner, &short.key, None).await.unwrap_err().kind(), Kind::Conflict);
    assert_eq!(lasting.key.expires_at, lasting.key.created_at + TimeDelta::days(90));
    assert!(scene.with(&lasting.secret).await.is_some());
}

#[tokio::test]
async fn a_key_is_let_in_from_its_addresses_alone_and_says_where_it_was_used() {
    let scene = Scene::new().await;
    let wanted = CreateApiKey {
        allowed_addresses: vec!["203.0.113.0/24".to_owned(), "2001:db8::7".to_owned()],
        ..scene.wanted(&["tenant:view"])
    };
    let made = scene.world.identity.create_api_key(&scene.owner, wanted).await.unwrap();
    for refused in [Some("198.51.100.1"), Some("2001:db8::8"), None] {
        assert!(scene.with_from(&made.secret, refused).await.is_none(), "{refused:?}");
    }
    assert_eq!(scene.listed().await[0].last_used_at, None, "refusals are no use");
    assert!(scene.with_from(&made.secret, Some("::ffff:203.0.113.9")).await.is_some());
    let first = scene.listed().await.remove(0);
    assert_eq!(first.last_used_at, Some(scene.world.clock.now()));
    assert_eq!(first.last_used_from.as_deref(), Some("203.0.113.9"));
    // Once a minute is enough.
    scene.world.clock.advance(TimeDelta::seconds(59));
    assert!(scene.with_from(&made.secret, Some("2001:db8::7")).await.is_some());
    assert_eq!(scene.listed().await[0].last_used_at, first.last_used_at);
    scene.world.clock.advance(TimeDelta::seconds(1));
    assert!(scene.with_from(&made.secret, Some("2001:db8::7")).await.is_some());
    let second = scene.listed().await.remove(0);
    assert_eq!(second.last_used_at, Some(scene.world.clock.now()));
    assert_eq!(second.last_used_from.as_deref(), Some("2001:db8::7"));
    let wrong = CreateApiKey {
        allowed_addresses: vec!["203.0.113.7/24".to_owned()],
        ..scene.wanted(&["tenant:view"])
    };
    let refused = scene.world.identity.create_api_key(&scene.owner, wrong).await.unwrap_err();
    assert_eq!((refused.kind(), refused.field()), (Kind::Invalid, Some("allowedAddresses")));
}

#[tokio::test]
async fn a_key_falls_with_its_makers_role_and_dies_with_their_membership() {
    let scene = Scene::new().await;
    let identity = &scene.world.identity;
    let admin = scene.member("admin@example.com", Role::Admin).await;
    let made = scene.make(&admin, &["tenant:view", "instance:view", "instance:delete"]).await.unwrap();
    let program = scene.with(&made.secret).await.unwrap();
    assert_eq!(scene.may(&program, Action::Delete, ResourceKind::Instance), Ok(()));

    let user = admin.user().unwrap();
    let demote = ChangeMemberRole { tenant: scene.tenant, user, role: Role::Viewer.into() };
    identity.change_member_role(&scene.owner, demote).await.unwrap();
    let program = scene.with(&made.secret).await.unwrap();
    assert_eq!(scene.may(&program, Action::Delete, ResourceKind::Instance), Err(Kind::Forbidden));
    assert_eq!(scene.may(&program, Action::View, ResourceKind::Instance), Ok(()));

    identity.remove_member(&scene.owner, scene.tenant, user).await.unwrap();
    assert!(scene.with(&made.secret).await.is_none());
    // Coming back does not bring it back.
    scene.world.join(&admin, (scene.tenant, Role::Admin)).await;
    assert!(scene.with(&made.secret).await.is_none());
    assert!(scene.listed().await[0].revoked_at.is_some());
}

#[tokio::test]
async fn a_rotation_overlaps_and_a_second_one_ends_the_oldest() {
    let scene = Scene::new().await;
    let first = scene.make(&scene.owner, &["tenant:view"]).await.unwrap();
    scene.world.clock.advance(TimeDelta::days(30));
    let second = scene.rotate(&scene.owner, &first.key, None).await.unwrap();
    assert_eq!(second.key.id, first.key.id);
    assert_ne!(second.key.prefix, first.key.prefix);
    assert_eq!(second.key.expires_at, scene.world.clock.now() + TimeDelta::days(90), "as much time again");
    assert_eq!(second.key.rotated_until, Some(scene.world.clock.now() + TimeDelta::days(1)));
    assert!(scene.with(&first.secret).await.is_some() && scene.with(&second.secret).await.is_some());

    let third = scene.rotate(&scene.owner, &first.key, Some(TimeDelta::days(7))).await.unwrap();
    assert!(scene.with(&first.secret).await.is_none(), "the oldest is dead at once");
    assert!(scene.with(&second.secret).await.is_some() && scene.with(&third.secret).await.is_some());
    assert!(scene.listed().await[0].rotated_until.is_some());
    scene.world.clock.advance(TimeDelta::days(7));
    assert!(scene.with(&second.secret).await.is_none(), "the overlap is over");
    assert!(scene.with(&third.secret).await.is_some());
    assert_eq!(scene.listed().await[0].rotated_until, None);

    let fourth = scene.rotate(&scene.owner, &first.key, Some(TimeDelta::zero())).await.unwrap();
    assert_eq!(fourth.key.rotated_until, None);
    assert!(scene.with(&third.secret).await.is_none(), "no overlap was wanted");
    assert!(scene.with(&fourth.secret).await.is_some());
    let too_long = scene.rotate(&scene.owner, &first.key, Some(TimeDelta::days(8))).await.unwrap_err();
    assert_eq!(too_long.field(), Some("overlapSeconds"));
    let owner = scene.world.proven(&scene.owner);
    scene.world.identity.revoke_api_key(&owner, scene.tenant, first.key.id).await.unwrap();
    for secret in [&first.secret, &second.secret, &third.secret, &fourth.secret] {
        assert!(scene.with(secret).await.is_none());
    }
}

#[tokio::test]
async fn of_rotations_at_once_the_last_secret_and_the_one_before_it_work() {
    let scene = Scene::new().await;
    let first = scene.make(&scene.owner, &["tenant:view"]).await.unwrap();
    let rotated = join_all((0..4).map(|_| scene.rotate(&scene.owner, &first.key, None))).await;
    let mut good = usize::from(scene.with(&first.secret).await.is_some());
    for new in rotated {
        good += usize::from(scene.with(&new.unwrap().secret).await.is_some());
    }
    assert_eq!(good, 2);
}

#[tokio::test]
async fn members_manage_their_own_keys_and_who_manages_members_may_revoke_any() {
    let scene = Scene::new().await;
    let identity = &scene.world.identity;
    let developer = scene.member("dev@example.com", Role::Developer).await;
    let admin = scene.member("admin@example.com", Role::Admin).await;
    let owners = scene.make(&scene.owner, &["tenant:view", "tenant:delete"]).await.unwrap();
    let developers = scene.make(&developer, &["tenant:view"]).await.unwrap();

    let refused = identity.revoke_api_key(&developer, scene.tenant, owners.key.id).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Forbidden, "they see it, and may not touch it");
    // An administrator who could rotate an owner's key would be an owner.
    assert_eq!(scene.rotate(&admin, &owners.key, None).await.unwrap_err().kind(), Kind::Forbidden);
    assert_eq!(scene.rotate(&scene.owner, &developers.key, None).await.unwrap_err().kind(), Kind::Forbidden);
    assert!(scene.with(&owners.secret).await.is_some());
    assert!(scene.rotate(&developer, &developers.key, None).await.is_ok());
    assert!(identity.revoke_api_key(&admin, scene.tenant, owners.key.id).await.is_ok());
    assert!(identity.revoke_api_key(&developer, scene.tenant, developers.key.id).await.is_ok());

    // Somebody else's organisation: the same answer as for none.
    let stranger = scene.world.logged_in("eve@example.com").await;
    let own = scene.world.tenant_of(stranger.user().unwrap()).await;
    let stranger = scene.world.again(&stranger).await;
    for tenant in [own, scene.tenant] {
        let refused = identity.revoke_api_key(&stranger, tenant, owners.key.id).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::NotFound);
        let input = RotateApiKey { tenant, id: owners.key.id, overlap: None };
        assert_eq!(identity.rotate_api_key(&stranger, input).await.unwrap_err().kind(), Kind::NotFound);
        assert!(identity.api_keys(&stranger, scene.tenant, &PageRequest::new(None, None)).await.is_err());
    }
}

#[tokio::test]
async fn keys_are_bounded_also_when_they_are_made_at_once_and_come_in_pages() {
    let scene = Scene::new().await;
    let mut superuser = scene.world.superuser().await;
    sqlx::query(
        "INSERT INTO identity.api_keys (id, tenant_id, name, prefix, scopes, allowed_addresses, maker, maker_name,
                                        created_at, issued_at, expires_at)
         SELECT gen_random_uuid(), $1, 'k', 'tnt_key_', '{tenant:view}', '{}', $2, 'O', $3, $3, $3 + interval '90 days'
         FROM generate_series(1, 195)",
    )
    .bind(scene.tenant.uuid())
    .bind(scene.owner.user().unwrap().uuid())
    .bind(scene.world.clock.now())
    .execute(&mut superuser)
    .await
    .unwrap();
    let made = join_all((0..8).map(|_| scene.make(&scene.owner, &["tenant:view"]))).await;
    let refused: Vec<Kind> = made.iter().filter_map(|m| m.as_ref().err().map(|e| e.kind())).collect();
    assert_eq!(refused, [Kind::Conflict; 3]);
    let identity = &scene.world.identity;
    let mut seen = std::collections::BTreeSet::new();
    let mut page = PageRequest::new(Some(60), None);
    loop {
        let rows = identity.api_keys(&scene.owner, scene.tenant, &page).await.unwrap();
        seen.extend(rows.rows.iter().map(|key| key.id));
        if !rows.has_next {
            break;
        }
        page.after = rows.rows.last().map(|key| key.id.to_string());
    }
    assert_eq!(seen.len(), 200);
    // Expired ones are in nobody's way, and are forgotten in the end.
    scene.world.clock.advance(TimeDelta::days(90));
    assert!(scene.make(&scene.owner, &["tenant:view"]).await.is_ok());
    scene.world.clock.advance(TimeDelta::days(91));
    identity.purge_expired().await.unwrap();
    let left: i64 =
        sqlx::query_scalar("SELECT count(*) FROM identity.api_keys").fetch_one(&mut superuser).await.unwrap();
    assert_eq!(left, 1);
}

#[tokio::test]
async fn the_secret_is_in_the_answer_and_nowhere_else() {
    let scene = Scene::new().await;
    let made = scene.make(&scene.owner, &["tenant:view"]).await.unwrap();
    let rotated = scene.rotate(&scene.owner, &made.key, None).await.unwrap();
    let texts: Vec<String> = sqlx::query_scalar(
        "SELECT a::text FROM platform.audit a UNION ALL SELECT o::text FROM platform.outbox o
         UNION ALL SELECT k::text FROM identity.api_keys k UNION ALL SELECT s::text FROM identity.api_key_secrets s",
    )
    .fetch_all(&mut scene.world.superuser().await)
    .await
    .unwrap();
    assert!(
        texts.iter().any(|t| t.contains("api_key.created"))
            && texts.iter().any(|t| t.contains("api_key.rotated"))
    );
    for secret in [&made.secret, &rotated.secret] {
        let body = &secret.expose()[14..];
        assert!(!texts.iter().any(|text| text.contains(body)));
        assert!(!format!("{made:?} {rotated:?}").contains(body));
    }
}
