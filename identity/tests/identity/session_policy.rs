//! A tenant's limits on sessions.

use chrono::TimeDelta;
use tenantry_authz::{Action, Ctx, PlatformRole, Resource, ResourceKind, Role, SESSION_TOO_OLD};
use tenantry_identity::*;
use tenantry_kernel::{Kind, Secret, TenantId};

use crate::world::*;

/// Somebody in a strict tenant and in another.
struct Scene {
    world: World,
    strict: TenantId,
    other: TenantId,
    token: Secret,
}

async fn scene(idle: Option<i32>, absolute: Option<i32>) -> Scene {
    let world = World::new().await;
    world.person("ada@example.com").await;
    let (token, user) = world.session("ada@example.com").await;
    let (strict, other) = (world.tenant_of(user.id).await, world.tenant_of(user.id).await);
    let ada = world.as_holder_of(&token).await;
    let policy = SessionPolicy { idle_minutes: idle, absolute_minutes: absolute };
    assert_eq!(world.identity.set_session_policy(&ada, strict, policy).await.unwrap(), policy);
    Scene { world, strict, other, token }
}

impl Scene {
    /// The next request of the session.
    async fn ctx(&self) -> Ctx {
        self.world.as_holder_of(&self.token).await
    }

    /// What a request of the session is answered in the strict tenant: a code, or nothing where it may act.
    async fn refused(&self) -> Option<&'static str> {
        let ctx = self.ctx().await;
        assert_eq!(may(&ctx, self.other), None, "the other tenant goes on");
        may(&ctx, self.strict)
    }
}

fn may(ctx: &Ctx, tenant: TenantId) -> Option<&'static str> {
    let permit = ctx.permit(Action::View, &Resource::new(ResourceKind::Tenant, tenant));
    permit.err().map(|error| error.code())
}

#[tokio::test]
async fn a_session_that_was_idle_too_long_is_refused_there_for_good_and_nowhere_else() {
    let mut scene = scene(Some(30), None).await;
    for _ in 0..6 {
        scene.world.clock.advance(TimeDelta::minutes(28));
        assert_eq!(scene.refused().await, None, "busy for three hours");
    }
    scene.world.clock.advance(TimeDelta::minutes(30));
    let error = scene.ctx().await;
    let error = error.permit(Action::View, &Resource::new(ResourceKind::Tenant, scene.strict)).unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Forbidden, SESSION_TOO_OLD));
    assert_eq!(error.remedy(), "Log out, then log in again. Your other organisations go on without it.");
    for minutes in [0, 1, 2, 20] {
        scene.world.clock.advance(TimeDelta::minutes(minutes));
        assert_eq!(scene.refused().await, Some(SESSION_TOO_OLD), "coming back does not undo the break");
    }
    scene.token = scene.world.session("ada@example.com").await.0;
    assert_eq!(scene.refused().await, None, "a new log-in does");
}

#[tokio::test]
async fn what_is_asked_without_anybody_there_does_not_count_as_use() {
    let scene = scene(Some(30), None).await;
    for _ in 0..29 {
        scene.world.clock.advance(TimeDelta::minutes(1));
        let who = scene.world.identity.authenticate_unattended(&scene.token).await.unwrap().unwrap();
        assert_eq!(who.grants.len(), 2);
        assert!(scene.world.identity.alive(who.session).await.unwrap().is_some());
    }
    scene.world.clock.advance(TimeDelta::minutes(1));
    assert_eq!(scene.refused().await, Some(SESSION_TOO_OLD));
}

#[tokio::test]
async fn a_session_ends_there_so_long_after_the_log_in_however_busy() {
    let scene = scene(None, Some(60)).await;
    for _ in 0..59 {
        scene.world.clock.advance(TimeDelta::minutes(1));
        assert_eq!(scene.refused().await, None);
    }
    scene.world.clock.advance(TimeDelta::minutes(1));
    assert_eq!(scene.refused().await, Some(SESSION_TOO_OLD));
    // The other way to look, which open editors and sockets are asked by, says the same.
    let ctx = scene.ctx().await;
    assert_eq!(may(&scene.world.again(&ctx).await, scene.strict), Some(SESSION_TOO_OLD));
}

#[tokio::test]
async fn a_limit_counts_at_once_for_sessions_that_are_there_and_so_does_its_end() {
    let scene = scene(None, None).await;
    scene.world.clock.advance(TimeDelta::hours(3));
    assert_eq!(scene.refused().await, None);
    let set = async |by: &Ctx, absolute_minutes| {
        let policy = SessionPolicy { idle_minutes: None, absolute_minutes };
        scene.world.identity.set_session_policy(by, scene.strict, policy).await
    };
    let ada = scene.world.proven(&scene.ctx().await);
    set(&ada, Some(120)).await.unwrap();
    set(&ada, Some(120)).await.unwrap();
    assert_eq!(scene.refused().await, Some(SESSION_TOO_OLD));
    assert_eq!(
        set(&scene.ctx().await, None).await.unwrap_err().code(),
        SESSION_TOO_OLD,
        "not by this session"
    );
    let newer = scene.world.logged_in_again("ada@example.com").await;
    set(&newer, None).await.unwrap();
    assert_eq!(scene.refused().await, None);
    let changes: Vec<(serde_json::Value, serde_json::Value)> = sqlx::query_as(
        "SELECT before, after FROM platform.audit WHERE action = 'tenant.session_policy_changed' ORDER BY seq",
    )
    .fetch_all(&mut scene.world.superuser().await)
    .await
    .unwrap();
    let facts =
        |absolute: Option<i32>| serde_json::json!({ "idleMinutes": null, "absoluteMinutes": absolute });
    assert_eq!(changes, [(facts(None), facts(Some(120))), (facts(Some(120)), facts(None))]);
}

#[tokio::test]
async fn who_may_not_decide_sees_the_limits_and_strangers_nothing() {
    let scene = scene(Some(30), Some(600)).await;
    let wanted = SessionPolicy { idle_minutes: Some(30), absolute_minutes: Some(600) };
    let viewer = scene.world.logged_in("viewer@example.com").await;
    let stranger = scene.world.identity.session_policy(&viewer, scene.strict).await.unwrap_err();
    assert_eq!(stranger.kind(), Kind::NotFound);
    for role in [Role::Viewer, Role::Admin] {
        sqlx::query("DELETE FROM identity.memberships WHERE user_id = $1")
            .bind(viewer.user().unwrap().uuid())
            .execute(&mut scene.world.superuser().await)
            .await
            .unwrap();
        let member = scene.world.join(&viewer, (scene.strict, role)).await;
        assert_eq!(scene.world.identity.session_policy(&member, scene.strict).await.unwrap(), wanted);
        let set = scene.world.identity.set_session_policy(&member, scene.strict, SessionPolicy::default());
        assert_eq!(set.await.unwrap_err().kind(), Kind::Forbidden, "{role}");
    }
    let ada = scene.ctx().await;
    let bad = SessionPolicy { idle_minutes: Some(4), absolute_minutes: None };
    let error = scene.world.identity.set_session_policy(&ada, scene.strict, bad).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (Kind::Invalid, Some("idleMinutes")));
}

#[tokio::test]
async fn an_administrator_ends_a_members_sessions_here_and_nowhere_else() {
    let scene = scene(None, None).await;
    let owner = scene.ctx().await;
    let (owner_id, world) = (owner.user().unwrap(), &scene.world);
    let bob = world.logged_in("bob@example.com").await;
    let admin = world.join(&bob, (scene.strict, Role::Admin)).await;
    let eve = world.logged_in("eve@example.com").await;
    world.join(&eve, (scene.strict, Role::Developer)).await;
    let eve = world.join(&eve, (scene.other, Role::Developer)).await;
    let end = async |by: &Ctx, whom: &Ctx| {
        world.identity.end_member_sessions(by, scene.strict, whom.user().unwrap()).await
    };

    assert_eq!(end(&eve, &bob).await.unwrap_err().kind(), Kind::Forbidden);
    let error = end(&admin, &owner).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Forbidden, "an owner's are not an administrator's to end");
    let stranger = world.logged_in("stranger@example.com").await;
    assert_eq!(end(&admin, &stranger).await.unwrap_err().kind(), Kind::NotFound);
    assert_eq!(may(&world.again(&eve).await, scene.strict), None);

    end(&admin, &eve).await.unwrap();
    let now = world.again(&eve).await;
    assert_eq!((may(&now, scene.strict), may(&now, scene.other)), (Some(SESSION_TOO_OLD), None));
    world.clock.advance(TimeDelta::seconds(1));
    let newer = world.logged_in_again("eve@example.com").await;
    assert_eq!((may(&newer, scene.strict), may(&newer, scene.other)), (None, None));
    let audited: Vec<(String, String)> =
        sqlx::query_as("SELECT actor, resource FROM platform.audit WHERE action = 'member.sessions_ended'")
            .fetch_all(&mut world.superuser().await)
            .await
            .unwrap();
    assert_eq!(audited, [(bob.user().unwrap().to_string(), eve.user().unwrap().to_string())]);
    assert_eq!(scene.world.again(&owner).await.user().unwrap(), owner_id);
}

#[tokio::test]
async fn platform_staff_keep_to_the_limits_as_well() {
    let scene = scene(None, Some(60)).await;
    let world = &scene.world;
    let staff = world.logged_in("staff@example.com").await;
    sqlx::query("UPDATE identity.users SET platform_role = $1 WHERE email = 'staff@example.com'")
        .bind(PlatformRole::Support.as_str())
        .execute(&mut world.superuser().await)
        .await
        .unwrap();
    let grant = GrantAccess {
        tenant: scene.strict,
        level: Level::Read,
        reason: "Look".into(),
        starts_at: None,
        hours: 24,
    };
    world.identity.grant_support_access(&scene.ctx().await, grant).await.unwrap();
    assert_eq!(may(&world.again(&staff).await, scene.strict), None);
    world.clock.advance(TimeDelta::minutes(60));
    assert_eq!(may(&world.again(&staff).await, scene.strict), Some("NOT_FOUND"));
    let newer = world.logged_in_again("staff@example.com").await;
    assert_eq!(may(&newer, scene.strict), None);
}
