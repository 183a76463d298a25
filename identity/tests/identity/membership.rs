//! Changing what members are, and losing them.

use tenantry_authz::{Ctx, Role};
use tenantry_identity::*;
use tenantry_kernel::{Kind, OsEntropy, TenantId, UserId};

use crate::world::*;

struct Shop {
    world: World,
    tenant: TenantId,
    owner: Ctx,
}

async fn shop() -> Shop {
    let world = World::new().await;
    let ada = world.logged_in("ada@example.com").await;
    let tenant = world.tenant_of(ada.user().unwrap()).await;
    let owner = world.again(&ada).await;
    Shop { world, tenant, owner }
}

impl Shop {
    async fn member(&self, email: &str, role: Role) -> Ctx {
        let ctx = self.world.logged_in(email).await;
        self.world.join(&ctx, (self.tenant, role)).await
    }

    async fn change(&self, by: &Ctx, who: &Ctx, role: Role) -> tenantry_kernel::Result<Member> {
        let input = ChangeMemberRole { tenant: self.tenant, user: who.user().unwrap(), role: role.into() };
        self.world.identity.change_member_role(by, input).await
    }

    async fn remove(&self, by: &Ctx, who: &Ctx) -> tenantry_kernel::Result<()> {
        self.world.identity.remove_member(by, self.tenant, who.user().unwrap()).await
    }

    async fn owners(&self) -> i64 {
        sqlx::query_scalar(
            "SELECT count(*) FROM identity.memberships WHERE tenant_id = $1 AND role = 'owner'",
        )
        .bind(self.tenant.uuid())
        .fetch_one(&mut self.world.superuser().await)
        .await
        .unwrap()
    }
}

#[tokio::test]
async fn roles_change_and_only_owners_reach_owners() {
    let shop = shop().await;
    let bob = shop.member("bob@example.com", Role::Viewer).await;
    let admin = shop.member("carl@example.com", Role::Admin).await;
    let changed = shop.change(&admin, &bob, Role::Developer).await.unwrap();
    assert_eq!((changed.email.as_str(), changed.role), ("bob@example.com", Role::Developer.into()));
    assert_eq!(
        shop.change(&admin, &bob, Role::Developer).await.unwrap(),
        changed,
        "repeating changes nothing"
    );
    assert_eq!(shop.change(&admin, &bob, Role::Owner).await.unwrap_err().kind(), Kind::Forbidden);
    assert_eq!(shop.change(&admin, &shop.owner, Role::Viewer).await.unwrap_err().kind(), Kind::Forbidden);
    assert_eq!(shop.remove(&admin, &shop.owner).await.unwrap_err().kind(), Kind::Forbidden);
    assert_eq!(shop.change(&bob, &admin, Role::Viewer).await.unwrap_err().kind(), Kind::Forbidden);
    assert_eq!(shop.remove(&bob, &admin).await.unwrap_err().kind(), Kind::Forbidden);
    shop.change(&shop.owner, &bob, Role::Owner).await.unwrap();
    assert_eq!(shop.owners().await, 2);
    let audited: Vec<serde_json::Value> = sqlx::query_scalar(
        "SELECT details FROM platform.audit WHERE action = 'member.role_changed' ORDER BY seq",
    )
    .fetch_all(&mut shop.world.superuser().await)
    .await
    .unwrap();
    assert_eq!(audited.len(), 2, "each change once");
    assert_eq!((&audited[1]["from"], &audited[1]["to"]), (&"developer".into(), &"owner".into()));
}

#[tokio::test]
async fn a_built_in_role_with_a_right_that_one_lacks_is_neither_given_nor_taken() {
    let shop = shop().await;
    let admin = shop.member("carl@example.com", Role::Admin).await;
    let bill = shop.member("bill@example.com", Role::Billing).await;
    let bob = shop.member("bob@example.com", Role::Viewer).await;
    // Billing changes the plan, which an administrator may not.
    let refused = shop.change(&admin, &bob, Role::Billing).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Forbidden);
    assert_eq!(refused.access().unwrap().missing, "subscription:manage");
    assert_eq!(shop.change(&admin, &admin, Role::Billing).await.unwrap_err().kind(), Kind::Forbidden);
    assert_eq!(shop.change(&admin, &bill, Role::Viewer).await.unwrap_err().kind(), Kind::Forbidden);
    assert_eq!(shop.remove(&admin, &bill).await.unwrap_err().kind(), Kind::Forbidden);
    let identity = &shop.world.identity;
    let invite =
        InviteMember { tenant: shop.tenant, email: "x@example.com".into(), role: Role::Billing.into() };
    assert_eq!(identity.invite_member(&admin, invite.clone()).await.unwrap_err().kind(), Kind::Forbidden);
    let account =
        CreateServiceAccount { tenant: shop.tenant, name: "Robot".into(), role: Role::Billing.into() };
    assert_eq!(identity.create_service_account(&admin, account).await.unwrap_err().kind(), Kind::Forbidden);
    // An owner may, and an administrator does not touch what came of it.
    let open = identity.invite_member(&shop.owner, invite).await.unwrap();
    let resent = identity.resend_invitation(&admin, shop.tenant, open.id).await;
    assert_eq!(resent.unwrap_err().kind(), Kind::Forbidden);
    let revoked = identity.revoke_invitation(&admin, shop.tenant, open.id).await;
    assert_eq!(revoked.unwrap_err().kind(), Kind::Forbidden);
    shop.change(&shop.owner, &bob, Role::Billing).await.unwrap();
}

#[tokio::test]
async fn who_no_longer_manages_members_gives_no_role_however_small() {
    let shop = shop().await;
    let admin = shop.member("carl@example.com", Role::Admin).await;
    let bob = shop.member("bob@example.com", Role::Viewer).await;
    let invite =
        InviteMember { tenant: shop.tenant, email: "x@example.com".into(), role: Role::Viewer.into() };
    let open = shop.world.identity.invite_member(&admin, invite).await.unwrap();
    shop.change(&shop.owner, &admin, Role::Developer).await.unwrap();
    // A developer has all of a viewer's rights. What he offered fell, and the request of before does nothing.
    let resent = shop.world.identity.resend_invitation(&shop.owner, shop.tenant, open.id).await;
    assert_eq!(resent.unwrap_err().kind(), Kind::NotFound);
    assert_eq!(shop.remove(&admin, &bob).await.unwrap_err().kind(), Kind::Forbidden);
}

#[tokio::test]
async fn who_is_removed_or_leaves_is_out_with_the_next_request() {
    let shop = shop().await;
    let bob = shop.member("bob@example.com", Role::Admin).await;
    let carl = shop.member("carl@example.com", Role::Billing).await;
    let input =
        InviteMember { tenant: shop.tenant, email: "x@example.com".into(), role: Role::Viewer.into() };
    shop.world.identity.invite_member(&bob, input).await.unwrap();
    let token = shop.world.token_mailed_to("x@example.com").await;
    shop.remove(&shop.owner, &bob).await.unwrap();
    assert_eq!(shop.world.again(&bob).await.role_in(shop.tenant), None, "its session lives on, without this");
    let dead = shop.world.identity.invitation(&shop.world.anonymous(), &token).await.unwrap();
    assert!(dead.is_none(), "what he invited fell with him");
    // The request that was on its way with the old roles.
    assert_eq!(shop.change(&bob, &carl, Role::Viewer).await.unwrap_err().kind(), Kind::NotFound);
    assert_eq!(shop.remove(&shop.owner, &bob).await.unwrap_err().kind(), Kind::NotFound, "again");
    // Leaving needs no right but to be there.
    shop.remove(&carl, &carl).await.unwrap();
    assert_eq!(shop.remove(&carl, &carl).await.unwrap_err().kind(), Kind::NotFound);
    let facts: i64 =
        sqlx::query_scalar("SELECT count(*) FROM platform.outbox WHERE topic = 'member.removed'")
            .fetch_one(&mut shop.world.superuser().await)
            .await
            .unwrap();
    assert_eq!(facts, 2);
}

#[tokio::test]
async fn strangers_find_no_member() {
    let shop = shop().await;
    let eve = shop.world.logged_in("eve@example.com").await;
    let hers = shop.world.tenant_of(eve.user().unwrap()).await;
    let eve = shop.world.again(&eve).await;
    assert_eq!(shop.change(&eve, &shop.owner, Role::Viewer).await.unwrap_err().kind(), Kind::NotFound);
    assert_eq!(shop.remove(&eve, &shop.owner).await.unwrap_err().kind(), Kind::NotFound);
    // A foreign person in one's own tenant, and somebody who does not exist.
    for user in [shop.owner.user().unwrap(), UserId::generate(&*shop.world.clock, &OsEntropy)] {
        let input = ChangeMemberRole { tenant: hers, user, role: Role::Viewer.into() };
        assert_eq!(
            shop.world.identity.change_member_role(&eve, input).await.unwrap_err().kind(),
            Kind::NotFound
        );
        assert_eq!(
            shop.world.identity.remove_member(&eve, hers, user).await.unwrap_err().kind(),
            Kind::NotFound
        );
    }
    let nobody = shop.world.anonymous();
    assert_eq!(shop.remove(&shop.owner, &shop.owner).await.unwrap_err().kind(), Kind::Conflict);
    let input = ChangeMemberRole { tenant: hers, user: eve.user().unwrap(), role: Role::Viewer.into() };
    let error = shop.world.identity.change_member_role(&nobody, input).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unauthenticated);
}

#[tokio::test]
async fn the_last_owner_cannot_be_lost() {
    let shop = shop().await;
    let last = shop.change(&shop.owner, &shop.owner, Role::Admin).await.unwrap_err();
    assert_eq!((last.kind(), last.remedy()), (Kind::Conflict, "Make somebody else an owner first."));
    assert_eq!(shop.remove(&shop.owner, &shop.owner).await.unwrap_err().kind(), Kind::Conflict);
    // Of two owners that go at once, whichever way, one stays.
    for round in 0..6 {
        let bob = shop.member(&format!("bob{round}@example.com"), Role::Owner).await;
        let owner = shop.world.again(&shop.owner).await;
        let (one, two) = match round % 3 {
            0 => tokio::join!(shop.remove(&owner, &owner), shop.remove(&bob, &bob)),
            1 => tokio::join!(shop.remove(&owner, &bob), shop.remove(&bob, &owner)),
            _ => {
                let demote = async |by: &Ctx, who: &Ctx| shop.change(by, who, Role::Admin).await.map(|_| ());
                tokio::join!(demote(&owner, &bob), demote(&bob, &owner))
            }
        };
        assert_ne!(one.is_ok(), two.is_ok(), "{round}: {one:?} {two:?}");
        assert_eq!(shop.owners().await, 1, "{round}");
        // Ada is the owner of the next round.
        sqlx::query("DELETE FROM identity.memberships WHERE tenant_id = $1")
            .bind(shop.tenant.uuid())
            .execute(&mut shop.world.superuser().await)
            .await
            .unwrap();
        shop.world.join(&shop.owner, (shop.tenant, Role::Owner)).await;
    }
}

#[tokio::test]
async fn watchers_of_the_tenant_are_told() {
    let shop = shop().await;
    let mut listener = sqlx::postgres::PgListener::connect_with(&sqlx::PgPool::connect_lazy_with(
        shop.world.test_db.superuser.clone(),
    ))
    .await
    .unwrap();
    listener.listen("tenantry_tenant").await.unwrap();
    let input =
        InviteMember { tenant: shop.tenant, email: "x@example.com".into(), role: Role::Viewer.into() };
    let id = shop.world.identity.invite_member(&shop.owner, input).await.unwrap().id;
    let word = format!("members {}", shop.tenant.uuid());
    assert_eq!(listener.recv().await.unwrap().payload(), word);
    shop.world.identity.revoke_invitation(&shop.owner, shop.tenant, id).await.unwrap();
    assert_eq!(listener.recv().await.unwrap().payload(), word);
    shop.member("bob@example.com", Role::Viewer).await;
    assert_eq!(listener.recv().await.unwrap().payload(), word);
}
