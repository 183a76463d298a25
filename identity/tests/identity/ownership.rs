//! Handing an organisation over.

use tenantry_authz::{Ctx, Role};
use tenantry_identity::*;
use tenantry_kernel::{Kind, TenantId, UserId};

use crate::world::*;

struct Scene {
    world: World,
    tenant: TenantId,
    owner: Ctx,
    heir: Ctx,
}

async fn scene() -> Scene {
    let world = World::new().await;
    let owner = world.logged_in("owner@example.com").await;
    let tenant = world.tenant_of(owner.user().unwrap()).await;
    let owner = world.again(&owner).await;
    let heir = world.logged_in("heir@example.com").await;
    let heir = world.join(&heir, (tenant, Role::Viewer)).await;
    Scene { world, tenant, owner, heir }
}

impl Scene {
    async fn transfer(&self, by: &Ctx, to: UserId, stay: bool) -> tenantry_kernel::Result<Member> {
        let input = TransferOwnership { tenant: self.tenant, to, confirmed: true, stay };
        self.world.identity.transfer_ownership(by, input).await
    }

    async fn role(&self, of: &Ctx) -> Option<Role> {
        self.world.again(of).await.role_in(self.tenant)
    }

    async fn actions(&self) -> Vec<String> {
        sqlx::query_scalar("SELECT action FROM platform.audit WHERE tenant_id = $1 ORDER BY seq")
            .bind(self.tenant.uuid())
            .fetch_all(&mut self.world.superuser().await)
            .await
            .unwrap()
    }
}

#[tokio::test]
async fn an_owner_hands_over_and_becomes_an_administrator() {
    let scene = scene().await;
    let heir = scene.heir.user().unwrap();
    let member = scene.transfer(&scene.owner, heir, false).await.unwrap();
    assert_eq!((member.user_id, member.role), (heir, Role::Owner.into()));
    assert_eq!(
        (scene.role(&scene.owner).await, scene.role(&scene.heir).await),
        (Some(Role::Admin), Some(Role::Owner))
    );
    assert_eq!(
        scene.actions().await,
        ["member.added", "member.role_changed", "member.role_changed", "tenant.ownership_transferred"]
    );
    let mails = scene.world.mail_to("heir@example.com").await;
    let told = mails.iter().filter(|mail| mail.subject.contains("owner of an organisation"));
    assert_eq!(told.count(), 1, "{mails:?}");
    // By the roles of now, whatever the request believed: no second time, and not back.
    let again = scene.transfer(&scene.owner, heir, false).await.unwrap_err();
    assert_eq!(
        (again.kind(), again.message()),
        (Kind::Forbidden, "Only an owner can hand the organisation over.")
    );
}

#[tokio::test]
async fn an_owner_may_stay_one() {
    let scene = scene().await;
    let heir = scene.heir.user().unwrap();
    scene.transfer(&scene.owner, heir, true).await.unwrap();
    assert_eq!(
        (scene.role(&scene.owner).await, scene.role(&scene.heir).await),
        (Some(Role::Owner), Some(Role::Owner))
    );
    let before = scene.actions().await;
    scene.transfer(&scene.owner, heir, true).await.unwrap();
    assert_eq!(scene.actions().await, before, "repeating it changes nothing");
    // To one who is an owner already: only the step back is left.
    scene.transfer(&scene.owner, heir, false).await.unwrap();
    assert_eq!(scene.role(&scene.owner).await, Some(Role::Admin));
}

#[tokio::test]
async fn nobody_else_hands_over_and_nothing_is_half_done() {
    let scene = scene().await;
    let (owner, heir) = (scene.owner.user().unwrap(), scene.heir.user().unwrap());
    let stranger = scene.world.logged_in("stranger@example.com").await;
    for (by, to, kind) in [
        (&scene.owner, owner, Kind::Invalid),
        (&scene.owner, stranger.user().unwrap(), Kind::NotFound),
        (&scene.heir, owner, Kind::Forbidden),
        (&stranger, heir, Kind::NotFound),
        (&scene.world.anonymous(), heir, Kind::Unauthenticated),
    ] {
        assert_eq!(scene.transfer(by, to, false).await.unwrap_err().kind(), kind);
    }
    assert_eq!(
        (scene.role(&scene.owner).await, scene.role(&scene.heir).await),
        (Some(Role::Owner), Some(Role::Viewer))
    );
    assert_eq!(scene.actions().await, ["member.added"]);
}

#[tokio::test]
async fn of_two_transfers_at_once_one_owner_hands_over_once() {
    let scene = scene().await;
    let other = scene.world.logged_in("other@example.com").await;
    let other = scene.world.join(&other, (scene.tenant, Role::Developer)).await;
    let (one, two) = tokio::join!(
        scene.transfer(&scene.owner, scene.heir.user().unwrap(), false),
        scene.transfer(&scene.owner, other.user().unwrap(), false)
    );
    assert_ne!(one.is_ok(), two.is_ok(), "{one:?} {two:?}");
    let owners = [scene.role(&scene.owner).await, scene.role(&scene.heir).await, scene.role(&other).await];
    assert_eq!(owners.iter().filter(|role| **role == Some(Role::Owner)).count(), 1, "{owners:?}");
}
