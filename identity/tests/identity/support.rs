//! Platform staff in a tenant: by consent, by broken glass, never otherwise; and the tenant sees it.

use chrono::TimeDelta;
use serde_json::Value;
use tenantry_authz::{Action, Actor, Ctx, PlatformRole, Resource, ResourceKind, Role};
use tenantry_identity::*;
use tenantry_kernel::{Clock, Kind, Result, TenantId};
use tenantry_store::PageRequest;

use crate::world::*;

struct Shop {
    world: World,
    tenant: TenantId,
    ada: Ctx,
}

async fn shop() -> Shop {
    let world = World::new().await;
    let ada = world.logged_in("ada@example.com").await;
    let tenant = world.tenant_of(ada.user().unwrap()).await;
    let ada = world.again(&ada).await;
    Shop { world, tenant, ada }
}

impl Shop {
    /// Somebody of the platform's staff, logged in.
    async fn staff(&self, email: &str, role: PlatformRole) -> Ctx {
        let ctx = self.world.logged_in(email).await;
        sqlx::query("UPDATE identity.users SET platform_role = $2 WHERE id = $1")
            .bind(ctx.user().unwrap().uuid())
            .bind(role.as_str())
            .execute(&mut self.world.superuser().await)
            .await
            .unwrap();
        self.next(&ctx).await
    }

    /// The same person's next request.
    async fn next(&self, ctx: &Ctx) -> Ctx {
        let Actor::User { session, .. } = *ctx.actor() else { panic!("nobody") };
        let who = self.world.identity.alive(session).await.unwrap().expect("a live session");
        Ctx::new(self.world.runtime.clone(), who.actor(), who.grants, ctx.origin().clone())
            .with_assurance(who.assurance)
    }

    fn consent(&self, level: Level, hours: i32) -> GrantAccess {
        let reason = "Look at the failing invoice".to_owned();
        GrantAccess { tenant: self.tenant, level, reason, starts_at: None, hours }
    }

    async fn give(&self, level: Level, hours: i32) -> SupportAccess {
        self.world.identity.grant_support_access(&self.ada, self.consent(level, hours)).await.unwrap()
    }

    fn glass(&self, minutes: i32) -> BreakGlass {
        BreakGlass {
            tenant: self.tenant,
            slug: "acme".to_owned(),
            confirm_slug: "acme".to_owned(),
            reason: "The database of this tenant grows without end".to_owned(),
            minutes,
        }
    }

    /// What the gate says of an action in the tenant.
    async fn may(&self, who: &Ctx, action: Action, kind: ResourceKind) -> Option<Kind> {
        let permit = self.next(who).await.permit(action, &Resource::new(kind, self.tenant));
        permit.map(drop).err().map(|e| e.kind())
    }

    async fn looks(&self, who: &Ctx) -> Result<()> {
        let page = PageRequest::new(None, None);
        self.world.identity.members(&self.next(who).await, self.tenant, &page).await.map(drop)
    }

    /// Actor, action, resource and details, oldest first, of a chain.
    async fn trail(&self, of: uuid::Uuid) -> Vec<(String, String, String, Value)> {
        sqlx::query_as(
            "SELECT actor, action, resource, details FROM platform.audit
             WHERE tenant_id = $1 AND action LIKE 'support.%' ORDER BY seq",
        )
        .bind(of)
        .fetch_all(&mut self.world.superuser().await)
        .await
        .unwrap()
    }
}

#[tokio::test]
async fn staff_is_in_a_tenant_for_as_long_as_it_consents_and_no_further_than_it_consents() {
    use Action::{Create, Delete, Manage, Open, Operate, Update, View};
    use ResourceKind::{ApiKey, Audit, Instance, Member, SupportAccess as Access, Tenant, Webhook};
    let shop = shop().await;
    let staff = shop.staff("sue@example.com", PlatformRole::Support).await;
    let finance = shop.staff("fin@example.com", PlatformRole::Finance).await;
    let customer = shop.world.logged_in("bob@example.com").await;
    assert_eq!(shop.may(&staff, View, Tenant).await, Some(Kind::NotFound), "no consent yet");

    let read = shop.give(Level::Read, 1).await;
    assert_eq!(read.granted_by, "Ada Lovelace");
    for (action, kind) in [(View, Tenant), (View, Instance), (View, Member), (View, Audit), (View, Access)] {
        assert_eq!(shop.may(&staff, action, kind).await, None, "{action} {kind}");
    }
    for (action, kind) in [
        (Operate, Instance),
        (Open, Instance),
        (Create, Instance),
        (Delete, Instance),
        (Manage, Member),
        (Manage, Webhook),
        (Manage, ApiKey),
        (Manage, Access),
        (Update, Tenant),
    ] {
        assert_eq!(shop.may(&staff, action, kind).await, Some(Kind::Forbidden), "{action} {kind}");
    }
    for other in [&finance, &customer] {
        assert_eq!(shop.may(other, View, Tenant).await, Some(Kind::NotFound), "not of the support staff");
    }

    // The wider of two counts, and one of them ended is one left.
    let write = shop.give(Level::Write, 2).await;
    assert_eq!(shop.may(&staff, Operate, Instance).await, None);
    for (action, kind) in
        [(Open, Instance), (Delete, Instance), (Manage, Member), (Manage, ApiKey), (Manage, Webhook)]
    {
        assert_eq!(shop.may(&staff, action, kind).await, Some(Kind::Forbidden), "{action} {kind}");
    }
    assert_eq!(shop.next(&staff).await.support_in(shop.tenant), Some(write.id));
    let revoked = shop.world.identity.revoke_support_access(&shop.ada, shop.tenant, write.id).await.unwrap();
    assert_eq!(revoked.revoked_at, Some(shop.world.clock.now()));
    assert_eq!(shop.may(&staff, Operate, Instance).await, Some(Kind::Forbidden));
    let again = shop.world.identity.revoke_support_access(&shop.ada, shop.tenant, write.id).await.unwrap();
    assert_eq!(again, revoked, "repeating it changes nothing");

    // Time ends it as well, to the microsecond.
    shop.world.clock.advance(TimeDelta::hours(1) - TimeDelta::microseconds(1));
    assert_eq!(shop.may(&staff, View, Tenant).await, None);
    shop.world.clock.advance(TimeDelta::microseconds(1));
    assert_eq!(shop.may(&staff, View, Tenant).await, Some(Kind::NotFound));
    let actions: Vec<_> =
        shop.trail(shop.tenant.uuid()).await.into_iter().map(|(_, action, ..)| action).collect();
    assert_eq!(
        actions,
        ["support.granted", "support.granted", "support.revoked"],
        "the gate alone shows nothing"
    );
}

#[tokio::test]
async fn consent_that_begins_later_begins_then() {
    let shop = shop().await;
    let staff = shop.staff("sue@example.com", PlatformRole::Admin).await;
    let begins = shop.world.clock.now() + TimeDelta::hours(3);
    let later = GrantAccess { starts_at: Some(begins), ..shop.consent(Level::Read, 1) };
    let access = shop.world.identity.grant_support_access(&shop.ada, later).await.unwrap();
    assert!(!access.is_active(shop.world.clock.now()));
    assert_eq!(shop.may(&staff, Action::View, ResourceKind::Tenant).await, Some(Kind::NotFound));
    shop.world.clock.advance(TimeDelta::hours(3));
    assert_eq!(shop.may(&staff, Action::View, ResourceKind::Tenant).await, None);
}

#[tokio::test]
async fn the_tenant_sees_who_looked_by_which_access_once_an_hour_and_what_they_changed() {
    let shop = shop().await;
    let staff = shop.staff("sue@example.com", PlatformRole::Support).await;
    let access = shop.give(Level::Write, 4).await;
    for _ in 0..3 {
        shop.looks(&staff).await.unwrap();
    }
    // Several at once are one word as well.
    let looks = (0..6).map(|_| shop.looks(&staff));
    assert!(futures::future::join_all(looks).await.iter().all(Result::is_ok));
    let viewed = |trail: &[(String, String, String, Value)]| {
        trail.iter().filter(|(_, action, ..)| action == "support.viewed").count()
    };
    let trail = shop.trail(shop.tenant.uuid()).await;
    assert_eq!(viewed(&trail), 1, "{trail:?}");
    let (actor, _, resource, details) = trail.last().unwrap();
    assert_eq!(*actor, format!("staff:{}", staff.user().unwrap()));
    assert_eq!(
        (resource.as_str(), &details["supportAccess"]),
        ("member", &Value::from(access.id.to_string()))
    );

    // What is rolled back was seen too: a cursor of another list ends the call after its transaction began.
    let page = PageRequest::new(None, Some("nonsense".to_owned()));
    let me = shop.next(&staff).await;
    assert_eq!(
        shop.world.identity.support_access(&me, shop.tenant, &page).await.unwrap_err().kind(),
        Kind::Invalid
    );
    assert_eq!(viewed(&shop.trail(shop.tenant.uuid()).await), 2, "another kind of thing");
    shop.world.clock.advance(TimeDelta::hours(1));
    shop.looks(&staff).await.unwrap();
    assert_eq!(viewed(&shop.trail(shop.tenant.uuid()).await), 3, "another hour");
    let other = shop.staff("tom@example.com", PlatformRole::Admin).await;
    shop.looks(&other).await.unwrap();
    assert_eq!(viewed(&shop.trail(shop.tenant.uuid()).await), 4, "another member of staff");
    // The tenant's own people are not told of.
    shop.looks(&shop.ada).await.unwrap();
    assert_eq!(viewed(&shop.trail(shop.tenant.uuid()).await), 4);

    let listed = shop
        .world
        .identity
        .support_access(&shop.ada, shop.tenant, &PageRequest::new(None, None))
        .await
        .unwrap();
    let last = listed.rows[0].last_used_at.unwrap();
    assert_eq!((listed.rows.len(), last), (1, shop.world.clock.now()));
    let broken =
        shop.world.identity.support_access(&shop.ada, shop.tenant, &PageRequest::new(None, None)).await;
    assert!(broken.is_ok());
}

#[tokio::test]
async fn who_may_give_consent_and_what_it_must_say() {
    let shop = shop().await;
    let id = &shop.world.identity;
    for role in [Role::Developer, Role::Billing, Role::Viewer] {
        let bob = shop.world.logged_in(&format!("{role}@example.com")).await;
        let bob = shop.world.join(&bob, (shop.tenant, role)).await;
        let refused = id.grant_support_access(&bob, shop.consent(Level::Read, 1)).await.unwrap_err();
        // Whoever may not even see support access is told that there is none.
        assert!([Kind::Forbidden, Kind::NotFound].contains(&refused.kind()), "{role}: {refused:?}");
    }
    let admin = shop.world.logged_in("admin@example.com").await;
    let admin = shop.world.join(&admin, (shop.tenant, Role::Admin)).await;
    id.grant_support_access(&admin, shop.consent(Level::Read, 168)).await.unwrap();
    let eve = shop.world.logged_in("eve@example.com").await;
    let refused = id.grant_support_access(&eve, shop.consent(Level::Read, 1)).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::NotFound);
    for hours in [0, -1, 169] {
        let refused = id.grant_support_access(&shop.ada, shop.consent(Level::Read, hours)).await.unwrap_err();
        assert_eq!(refused.field(), Some("hours"));
    }
    // Whoever was removed while the request waited consents to nothing.
    sqlx::query("DELETE FROM identity.memberships WHERE user_id = $1")
        .bind(admin.user().unwrap().uuid())
        .execute(&mut shop.world.superuser().await)
        .await
        .unwrap();
    let late = id.grant_support_access(&admin, shop.consent(Level::Read, 1)).await.unwrap_err();
    assert_eq!(late.kind(), Kind::NotFound);
    for _ in 1..20 {
        shop.give(Level::Read, 1).await;
    }
    let full = id.grant_support_access(&shop.ada, shop.consent(Level::Read, 1)).await.unwrap_err();
    assert_eq!(full.kind(), Kind::QuotaExceeded);
    shop.world.clock.advance(TimeDelta::hours(2));
    shop.give(Level::Read, 1).await;
}

#[tokio::test]
async fn an_access_of_another_tenant_is_not_there() {
    let shop = shop().await;
    let access = shop.give(Level::Read, 1).await;
    let eve = shop.world.logged_in("eve@example.com").await;
    let theirs = shop.world.tenant_of(eve.user().unwrap()).await;
    let eve = shop.world.again(&eve).await;
    for tenant in [shop.tenant, theirs] {
        let refused = shop.world.identity.revoke_support_access(&eve, tenant, access.id).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::NotFound);
    }
    let list = shop.world.identity.support_access(&eve, theirs, &PageRequest::new(None, None)).await.unwrap();
    assert!(list.rows.is_empty());
    let staff = shop.staff("sue@example.com", PlatformRole::Support).await;
    assert_eq!(shop.next(&staff).await.support_in(theirs), None, "consent is one tenant's");
}

#[tokio::test]
async fn breaking_the_glass_is_for_platform_administrators_short_and_loud() {
    let shop = shop().await;
    let id = &shop.world.identity;
    let root = shop.staff("root@example.com", PlatformRole::Admin).await;
    let other = shop.staff("other@example.com", PlatformRole::Admin).await;
    let support = shop.staff("sue@example.com", PlatformRole::Support).await;
    for (who, wanted) in [(&support, Kind::Forbidden), (&shop.ada, Kind::NotFound)] {
        assert_eq!(id.break_glass(who, shop.glass(5)).await.unwrap_err().kind(), wanted);
    }
    let wrong = |change: fn(&mut BreakGlass)| {
        let mut glass = shop.glass(5);
        change(&mut glass);
        glass
    };
    for (glass, field) in [
        (wrong(|g| g.confirm_slug = "Acme".to_owned()), "confirmSlug"),
        (wrong(|g| g.reason = "because I say so  ".to_owned()), "reason"),
        (wrong(|g| g.minutes = 0), "minutes"),
        (wrong(|g| g.minutes = 61), "minutes"),
    ] {
        assert_eq!(id.break_glass(&root, glass).await.unwrap_err().field(), Some(field));
    }
    // A second owner, who is told as well.
    let bob = shop.world.logged_in("bob@example.com").await;
    shop.world.join(&bob, (shop.tenant, Role::Owner)).await;
    assert_eq!(shop.may(&root, Action::View, ResourceKind::Tenant).await, Some(Kind::NotFound));

    let access = id.break_glass(&root, shop.glass(60)).await.unwrap();
    assert_eq!((access.kind, access.level), (AccessKind::BreakGlass, Level::Read));
    assert_eq!(id.break_glass(&root, shop.glass(5)).await.unwrap_err().kind(), Kind::Conflict);
    assert_eq!(shop.may(&root, Action::View, ResourceKind::Tenant).await, None);
    assert_eq!(shop.may(&root, Action::Operate, ResourceKind::Instance).await, Some(Kind::Forbidden));
    for who in [&other, &support] {
        let seen = shop.may(who, Action::View, ResourceKind::Tenant).await;
        assert_eq!(seen, Some(Kind::NotFound), "it lets in the one who broke it");
    }
    shop.looks(&root).await.unwrap();

    let jobs = shop.world.jobs_of(SEND_GLASS_BROKEN).await;
    assert_eq!(jobs.len(), 2);
    assert!(jobs.iter().all(|j| !j.to_string().contains('@')), "the queue holds ids: {jobs:?}");
    for job in jobs {
        id.deliver_glass_broken(serde_json::from_value(job).unwrap()).await.unwrap();
    }
    for owner in ["ada@example.com", "bob@example.com"] {
        let mail = shop.world.mail_to(owner).await.pop().unwrap();
        assert!(mail.subject.contains("broke the glass"), "{}", mail.subject);
        for part in ["root@example.com", "grows without end", "https://portal.example/t/acme/support"] {
            assert!(mail.body.contains(part), "{part}: {}", mail.body);
        }
    }
    let actor = format!("staff:{}", root.user().unwrap());
    let trail = shop.trail(shop.tenant.uuid()).await;
    let told: Vec<_> = trail.iter().map(|(actor, action, ..)| (actor.clone(), action.as_str())).collect();
    assert_eq!(told, [(actor.clone(), "support.glass_broken"), (actor.clone(), "support.viewed")]);
    let platform = shop.trail(uuid::Uuid::nil()).await;
    assert_eq!((&platform[0].0, platform[0].1.as_str()), (&actor, "support.glass_broken"));
    assert_eq!(platform[0].3["tenant"], Value::from(shop.tenant.to_string()));
    let facts: Vec<String> = sqlx::query_scalar("SELECT topic FROM platform.outbox WHERE subject = $1")
        .bind(access.id.to_string())
        .fetch_all(&mut shop.world.superuser().await)
        .await
        .unwrap();
    assert_eq!(facts, ["support.glass_broken"]);

    // The tenant ends it; or the administrator; or the hour.
    id.revoke_support_access(&shop.ada, shop.tenant, access.id).await.unwrap();
    assert_eq!(shop.may(&root, Action::View, ResourceKind::Tenant).await, Some(Kind::NotFound));
    let second = id.break_glass(&root, shop.glass(60)).await.unwrap();
    assert_eq!(
        id.end_break_glass(&support, shop.tenant, second.id).await.unwrap_err().kind(),
        Kind::Forbidden
    );
    let ended = id.end_break_glass(&other, shop.tenant, second.id).await.unwrap();
    assert_eq!(id.end_break_glass(&other, shop.tenant, second.id).await.unwrap(), ended);
    assert_eq!(shop.may(&root, Action::View, ResourceKind::Tenant).await, Some(Kind::NotFound));
    id.break_glass(&root, shop.glass(60)).await.unwrap();
    shop.world.clock.advance(TimeDelta::minutes(60));
    assert_eq!(shop.may(&root, Action::View, ResourceKind::Tenant).await, Some(Kind::NotFound));
    // Consent is ended by the tenant, not by staff.
    let consent = shop.give(Level::Read, 1).await;
    let refused = id.end_break_glass(&root, shop.tenant, consent.id).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::NotFound);
}

#[tokio::test]
async fn of_two_who_break_it_at_once_each_gets_one_and_of_one_person_one() {
    let shop = shop().await;
    let root = shop.staff("root@example.com", PlatformRole::Admin).await;
    let tries = (0..5).map(|_| shop.world.identity.break_glass(&root, shop.glass(5)));
    let outcomes = futures::future::join_all(tries).await;
    assert_eq!(outcomes.iter().filter(|o| o.is_ok()).count(), 1, "{outcomes:?}");
    assert!(outcomes.iter().filter_map(|o| o.as_ref().err()).all(|e| e.kind() == Kind::Conflict));
}

#[tokio::test]
async fn staff_sees_what_lets_them_in_where() {
    let shop = shop().await;
    let id = &shop.world.identity;
    let support = shop.staff("sue@example.com", PlatformRole::Support).await;
    let finance = shop.staff("fin@example.com", PlatformRole::Finance).await;
    let first = shop.give(Level::Read, 1).await;
    // The list is in the order of their making, which a clock that stands still does not tell.
    shop.world.clock.advance(TimeDelta::seconds(1));
    let second = shop.give(Level::Write, 2).await;
    id.revoke_support_access(&shop.ada, shop.tenant, first.id).await.unwrap();
    let all = async |page: &PageRequest, active| id.all_support_access(&support, page, active).await.unwrap();
    let page = PageRequest::new(None, None);
    assert_eq!(all(&page, false).await.rows.len(), 2);
    let active = all(&page, true).await.rows;
    assert_eq!(active.iter().map(|a| a.id).collect::<Vec<_>>(), [second.id]);
    let one = all(&PageRequest::new(Some(1), None), false).await;
    assert!(one.has_next);
    let rest = all(&PageRequest::new(Some(1), Some(one.rows[0].id.to_string())), false).await;
    assert_eq!((rest.rows[0].id, rest.has_next), (first.id, false));
    assert_eq!(id.all_support_access(&finance, &page, true).await.unwrap_err().kind(), Kind::Forbidden);
    assert_eq!(id.all_support_access(&shop.ada, &page, true).await.unwrap_err().kind(), Kind::NotFound);
}
