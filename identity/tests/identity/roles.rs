//! Roles that a tenant makes for itself: what they give at the next request, and what nobody can hand on with them.

use std::sync::Arc;

use sqlx::postgres::PgListener;
use tenantry_authz::*;
use tenantry_identity::*;
use tenantry_kernel::{Kind, OsEntropy, RoleId, TenantId, UserId};
use tenantry_store::PageRequest;

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

fn texts(rights: &[&str]) -> Vec<String> {
    rights.iter().map(|r| (*r).to_owned()).collect()
}

impl Shop {
    async fn create(&self, by: &Ctx, name: &str, rights: &[&str]) -> tenantry_kernel::Result<TenantRole> {
        let input = CreateRole {
            tenant: self.tenant,
            name: name.to_owned(),
            description: None,
            rights: texts(rights),
        };
        self.world.identity.create_role(by, input).await
    }

    async fn set_rights(&self, by: &Ctx, id: RoleId, rights: &[&str]) -> tenantry_kernel::Result<TenantRole> {
        let input = UpdateRole {
            tenant: self.tenant,
            id,
            name: None,
            description: None,
            rights: Some(texts(rights)),
        };
        self.world.identity.update_role(by, input).await
    }

    async fn give(
        &self,
        by: &Ctx,
        who: &Ctx,
        role: impl Into<AssignedRole>,
    ) -> tenantry_kernel::Result<Member> {
        let input = ChangeMemberRole { tenant: self.tenant, user: who.user().unwrap(), role: role.into() };
        self.world.identity.change_member_role(by, input).await
    }

    async fn member(&self, email: &str, role: Role) -> Ctx {
        let ctx = self.world.logged_in(email).await;
        self.world.join(&ctx, (self.tenant, role)).await
    }

    /// A member with a role of the tenant's own.
    async fn with(&self, email: &str, name: &str, rights: &[&str]) -> (Ctx, RoleId) {
        let role = self.create(&self.owner, name, rights).await.unwrap().id;
        let ctx = self.member(email, Role::Viewer).await;
        self.give(&self.owner, &ctx, AssignedRole::Custom(role)).await.unwrap();
        (self.world.again(&ctx).await, role)
    }

    async fn invite(&self, by: &Ctx, email: &str, role: AssignedRole) -> tenantry_kernel::Result<Invitation> {
        let input = InviteMember { tenant: self.tenant, email: email.into(), role };
        self.world.identity.invite_member(by, input).await
    }

    async fn version(&self) -> i64 {
        sqlx::query_scalar("SELECT version FROM identity.policy_versions WHERE tenant_id = $1")
            .bind(self.tenant.uuid())
            .fetch_one(&mut self.world.superuser().await)
            .await
            .unwrap()
    }

    async fn explain(
        &self,
        by: &Ctx,
        actor: Option<Subject>,
        right: &str,
    ) -> tenantry_kernel::Result<AccessExplanation> {
        let question = AccessQuestion { tenant: self.tenant, actor, right: right.parse().unwrap() };
        self.world.identity.explain_access(by, question).await
    }
}

fn may(ctx: &Ctx, tenant: TenantId, right: &str) -> bool {
    let right: Right = right.parse().unwrap();
    ctx.permit(right.action, &Resource::new(right.kind, tenant)).is_ok()
}

fn kind<T: std::fmt::Debug>(result: tenantry_kernel::Result<T>) -> Kind {
    result.unwrap_err().kind()
}

#[tokio::test]
async fn a_role_gives_what_it_includes_and_a_change_counts_at_the_next_request_on_every_node() {
    let shop = shop().await;
    let (bob, role) = shop.with("bob@example.com", "Deployers", &["instance:view", "instance:operate"]).await;
    assert_eq!(bob.rights_in(shop.tenant), ["tenant:view", "instance:view", "instance:operate"]);
    assert!(may(&bob, shop.tenant, "tenant:view"), "whoever is in it sees it");
    assert!(!may(&bob, shop.tenant, "instance:delete"));
    assert_eq!(bob.role_in(shop.tenant), None);

    // Another node: another gate, which knows nothing of what this one does.
    let gate = Arc::new(Gate::built_in().await.unwrap());
    let node = shop.world.with(|config| config.runtime.gate = gate.clone());
    let Actor::User { session, .. } = *bob.actor() else { panic!("nobody") };
    let there = async || {
        let who = node.alive(session).await.unwrap().unwrap();
        let runtime = Runtime { gate: gate.clone(), ..shop.world.runtime.clone() };
        Ctx::new(runtime, who.actor(), who.grants, Origin::default()).with_assurance(who.assurance)
    };
    assert!(may(&there().await, shop.tenant, "instance:operate"));
    assert_eq!(gate.policies(), 1);
    let before = shop.version().await;
    shop.set_rights(&shop.owner, role, &["instance:view", "usage:view"]).await.unwrap();
    assert_eq!(shop.version().await, before + 1);
    for ctx in [there().await, shop.world.again(&bob).await] {
        assert!(!may(&ctx, shop.tenant, "instance:operate"), "taken away");
        assert!(may(&ctx, shop.tenant, "usage:view"), "given");
    }
    assert_eq!(gate.policies(), 1, "one version of a tenant is kept");
    // A request that was on its way keeps the roles that it came with, as with built-in ones.
    assert!(may(&bob, shop.tenant, "instance:operate"));
    // And the session's own look-up by token reads the same.
    let token = shop.world.logged_in_again("bob@example.com").await;
    assert_eq!(token.rights_in(shop.tenant), ["tenant:view", "instance:view", "usage:view"]);
}

#[tokio::test]
async fn the_policy_of_a_version_is_read_once_and_again_after_it_had_to_make_room() {
    let shop = shop().await;
    let (bob, _) = shop.with("bob@example.com", "Deployers", &["instance:view"]).await;
    let gate = &shop.world.runtime.gate;
    let version = shop.version().await;
    let kept = gate.custom(shop.tenant, version).expect("at hand since the last request");
    assert_eq!(
        bob.held_in(shop.tenant)[0].role,
        HeldRole::Custom { id: kept.roles().next().unwrap().id, policy: kept.clone() }
    );
    shop.world.again(&bob).await;
    assert!(Arc::ptr_eq(&kept, &gate.custom(shop.tenant, version).unwrap()), "not read again");
    assert!(gate.custom(shop.tenant, version + 1).is_none(), "another version is not at hand");
    // Many other tenants' policies, each used more than once, push it out.
    for n in 0..9000_u128 {
        let other = TenantId::from_uuid(uuid::Uuid::from_u128(n + 1));
        gate.install(Arc::new(CustomPolicy::new(other, 1, vec![])));
        assert!((0..3).all(|_| gate.custom(other, 1).is_some()));
    }
    assert!(gate.policies() <= 4096, "{} policies at hand", gate.policies());
    assert!(gate.custom(shop.tenant, version).is_none(), "it was used least");
    let again = shop.world.again(&bob).await;
    assert_eq!(again.rights_in(shop.tenant), ["tenant:view", "instance:view"], "and is read anew");
}

/// A person in many tenants with a role of its own in each, which has instance:view; every second one has usage:view too.
async fn in_many(shop: &Shop, email: &str, tenants: usize) -> (Ctx, Vec<TenantId>) {
    let bob = shop.world.logged_in(email).await;
    let mut superuser = shop.world.superuser().await;
    let mut all = vec![];
    for n in 0..tenants {
        let tenant = TenantId::generate(&*shop.world.clock, &OsEntropy);
        let rights = if n % 2 == 0 { vec!["instance:view"] } else { vec!["instance:view", "usage:view"] };
        sqlx::query(
            "WITH t AS (INSERT INTO tenancy.tenants (id, slug, name, created_at) VALUES ($1, $2, $2, now())),
                  r AS (INSERT INTO identity.roles (id, tenant_id, name, description, rights, created_at, updated_at)
                        SELECT gen_random_uuid(), $1, 'Role ' || n, '', $3, now(), now()
                        FROM generate_series(1, 50) n RETURNING id)
             INSERT INTO identity.memberships (tenant_id, user_id, role, custom_role_id, email, name, created_at)
             SELECT $1, $4, 'custom', (SELECT id FROM r LIMIT 1), $5, 'B', now()",
        )
        .bind(tenant.uuid())
        .bind(format!("many-{n}"))
        .bind(rights)
        .bind(bob.user().unwrap().uuid())
        .bind(email)
        .execute(&mut superuser)
        .await
        .unwrap();
        all.push(tenant);
    }
    (shop.world.again(&bob).await, all)
}

#[tokio::test]
async fn who_is_in_many_tenants_takes_no_room_from_the_policies_of_others() {
    let shop = shop().await;
    let (kept, _) = shop.with("kept@example.com", "Deployers", &["instance:view"]).await;
    let gate = &shop.world.runtime.gate;
    let (version, before) = (shop.version().await, gate.policies());
    assert!(gate.custom(shop.tenant, version).is_some());
    // With fifty roles each, a hundred policies are more than all that the gate keeps.
    let (mut bob, tenants) = in_many(&shop, "bob@example.com", 100).await;
    for _ in 0..3 {
        bob = shop.world.again(&bob).await;
        for (n, tenant) in tenants.iter().enumerate() {
            assert!(may(&bob, *tenant, "instance:view"));
            assert_eq!(may(&bob, *tenant, "usage:view"), n % 2 == 1, "each by its own role");
            assert!(!may(&bob, *tenant, "instance:delete"));
        }
    }
    assert_eq!(gate.policies(), before, "he has brought them along");
    assert!(gate.custom(shop.tenant, version).is_some(), "others' are at hand as before");
    assert!(may(&shop.world.again(&kept).await, shop.tenant, "instance:view"));
    // A change counts at the next request all the same.
    sqlx::query("UPDATE identity.roles SET rights = '{usage:view}' WHERE tenant_id = $1")
        .bind(tenants[0].uuid())
        .execute(&mut shop.world.superuser().await)
        .await
        .unwrap();
    let bob = shop.world.again(&bob).await;
    assert!(may(&bob, tenants[0], "usage:view") && !may(&bob, tenants[0], "instance:view"));
}

#[tokio::test]
async fn who_is_in_few_tenants_has_their_policies_at_hand() {
    let shop = shop().await;
    let (_, tenants) = in_many(&shop, "bob@example.com", 8).await;
    assert_eq!(shop.world.runtime.gate.policies(), tenants.len());
}

#[tokio::test]
async fn of_two_changes_at_once_both_grow_the_version_and_the_last_one_stays() {
    let shop = shop().await;
    let (bob, role) = shop.with("bob@example.com", "Deployers", &["instance:view"]).await;
    let before = shop.version().await;
    let changes = (0..8).map(|n| {
        let rights: &[&str] = if n % 2 == 0 { &["usage:view"] } else { &["instance:view", "invoice:view"] };
        shop.set_rights(&shop.owner, role, rights)
    });
    let changed: Vec<TenantRole> =
        futures::future::join_all(changes).await.into_iter().map(|r| r.unwrap()).collect();
    let distinct = shop.version().await - before;
    assert!((1..=8).contains(&distinct), "{distinct} changes, as repeating one changes nothing");
    let now = shop.world.again(&bob).await.rights_in(shop.tenant);
    let stored =
        shop.world.identity.roles(&shop.owner, shop.tenant, &PageRequest::new(None, None)).await.unwrap();
    let stored: Vec<String> = stored.rows[0].rights.iter().map(ToString::to_string).collect();
    let sorted = |mut v: Vec<String>| {
        v.sort();
        v
    };
    assert_eq!(sorted(now), sorted(stored), "the gate's rules are those that are stored");
    assert_eq!(changed.len(), 8);
}

#[tokio::test]
async fn each_change_is_announced_with_its_version() {
    let shop = shop().await;
    let mut listener = PgListener::connect_with(shop.world.db.system_pool()).await.unwrap();
    listener.listen("tenantry_policy").await.unwrap();
    let role = shop.create(&shop.owner, "Deployers", &["instance:view"]).await.unwrap().id;
    shop.set_rights(&shop.owner, role, &["usage:view"]).await.unwrap();
    shop.world.identity.delete_role(&shop.owner, shop.tenant, role).await.unwrap();
    for version in 1..=3 {
        let said = listener.recv().await.unwrap();
        assert_eq!(said.payload(), format!("{version} {}", shop.tenant.uuid()));
    }
}

#[tokio::test]
async fn nobody_makes_changes_or_gives_a_role_with_rights_that_they_do_not_have() {
    let shop = shop().await;
    let admin = shop.member("carl@example.com", Role::Admin).await;
    let bob = shop.member("bob@example.com", Role::Viewer).await;
    // An administrator has no subscription:manage and no tenant:delete.
    for rights in [&["subscription:manage"][..], &["instance:view", "tenant:delete"]] {
        let denied = shop.create(&admin, "Above", rights).await.unwrap_err();
        assert_eq!(denied.kind(), Kind::Forbidden);
        let access = denied.access().expect("what lacks");
        assert!(rights.contains(&access.missing.as_str()) && access.granted_by.contains(&"owner".to_owned()));
    }
    let above = shop.create(&shop.owner, "Above", &["subscription:manage"]).await.unwrap().id;
    let below = shop.create(&admin, "Below", &["instance:view"]).await.unwrap().id;
    assert_eq!(kind(shop.set_rights(&admin, above, &["instance:view"]).await), Kind::Forbidden, "nor takes");
    assert_eq!(kind(shop.set_rights(&admin, below, &["tenant:delete"]).await), Kind::Forbidden);
    let deleted = shop.world.identity.delete_role(&admin, shop.tenant, above).await;
    assert_eq!(kind(deleted), Kind::Forbidden);
    assert_eq!(kind(shop.give(&admin, &bob, AssignedRole::Custom(above)).await), Kind::Forbidden);
    assert_eq!(
        kind(shop.invite(&admin, "x@example.com", AssignedRole::Custom(above)).await),
        Kind::Forbidden
    );
    shop.give(&admin, &bob, AssignedRole::Custom(below)).await.unwrap();
    // Who holds a role above one's own keeps it.
    shop.give(&shop.owner, &bob, AssignedRole::Custom(above)).await.unwrap();
    assert_eq!(kind(shop.give(&admin, &bob, Role::Viewer).await), Kind::Forbidden);
    let removed = shop.world.identity.remove_member(&admin, shop.tenant, bob.user().unwrap()).await;
    assert_eq!(kind(removed), Kind::Forbidden);
    // Developers and below have no role:manage at all.
    let developer = shop.member("dora@example.com", Role::Developer).await;
    assert_eq!(kind(shop.create(&developer, "Mine", &["instance:view"]).await), Kind::Forbidden);
    assert_eq!(kind(shop.set_rights(&developer, below, &["usage:view"]).await), Kind::Forbidden);
}

#[tokio::test]
async fn whoever_manages_roles_by_a_role_of_the_tenants_own_does_not_climb_with_it() {
    let shop = shop().await;
    let rights = ["role:view", "role:manage", "member:view", "member:manage", "instance:view"];
    let (bob, role) = shop.with("bob@example.com", "People", &rights).await;
    let eve = shop.member("eve@example.com", Role::Viewer).await;
    // Its own role, another one, a built-in one: never more than it has.
    assert_eq!(kind(shop.set_rights(&bob, role, &["tenant:delete"]).await), Kind::Forbidden);
    assert_eq!(kind(shop.create(&bob, "Climb", &["instance:delete"]).await), Kind::Forbidden);
    for above in [Role::Owner, Role::Admin, Role::Developer, Role::Billing] {
        assert_eq!(kind(shop.give(&bob, &bob, above).await), Kind::Forbidden, "{above}");
        assert_eq!(kind(shop.invite(&bob, "x@example.com", above.into()).await), Kind::Forbidden, "{above}");
    }
    // Viewers see usage, which it does not.
    assert_eq!(kind(shop.give(&bob, &eve, role_of(role)).await), Kind::Forbidden);
    // What it has it may hand on.
    let small = shop.create(&bob, "Small", &["instance:view"]).await.unwrap().id;
    shop.invite(&bob, "y@example.com", AssignedRole::Custom(small)).await.unwrap();
    // Every right of an owner still makes no owner.
    let all: Vec<String> = Right::all().map(|r| r.to_string()).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    shop.set_rights(&shop.owner, role, &all).await.unwrap();
    let bob = shop.world.again(&bob).await;
    assert_eq!(kind(shop.give(&bob, &eve, Role::Owner).await), Kind::Forbidden);
    assert_eq!(kind(shop.give(&bob, &shop.owner, Role::Viewer).await), Kind::Forbidden);
    shop.give(&bob, &eve, Role::Admin).await.unwrap();
    // A request that is older than its person's fall decides nothing.
    shop.give(&shop.owner, &bob, Role::Viewer).await.unwrap();
    assert_eq!(kind(shop.create(&bob, "Late", &["tenant:delete"]).await), Kind::Forbidden);
}

fn role_of(id: RoleId) -> AssignedRole {
    AssignedRole::Custom(id)
}

#[tokio::test]
async fn another_tenants_role_is_not_found_and_cannot_be_held() {
    let shop = shop().await;
    let eve = shop.world.logged_in("eve@example.com").await;
    let hers = shop.world.tenant_of(eve.user().unwrap()).await;
    let eve = shop.world.again(&eve).await;
    let mine = shop.create(&shop.owner, "Deployers", &["instance:view"]).await.unwrap().id;
    let identity = &shop.world.identity;
    let bob = shop.world.logged_in("bob@example.com").await;
    let bob = shop.world.join(&bob, (hers, Role::Viewer)).await;
    let change =
        ChangeMemberRole { tenant: hers, user: bob.user().unwrap(), role: AssignedRole::Custom(mine) };
    assert_eq!(kind(identity.change_member_role(&eve, change).await), Kind::NotFound);
    let invite =
        InviteMember { tenant: hers, email: "x@example.com".into(), role: AssignedRole::Custom(mine) };
    assert_eq!(kind(identity.invite_member(&eve, invite).await), Kind::NotFound);
    let rights = Some(texts(&["usage:view"]));
    for tenant in [shop.tenant, hers] {
        let update = UpdateRole { tenant, id: mine, name: None, description: None, rights: rights.clone() };
        assert_eq!(kind(identity.update_role(&eve, update).await), Kind::NotFound);
        assert_eq!(kind(identity.delete_role(&eve, tenant, mine).await), Kind::NotFound);
    }
    assert_eq!(kind(identity.roles(&eve, shop.tenant, &PageRequest::new(None, None)).await), Kind::NotFound);
    assert!(identity.roles_by_id(&eve, hers, &[mine]).await.unwrap().is_empty());
    let question = AccessQuestion { tenant: shop.tenant, actor: None, right: Right::SEE_TENANT };
    assert_eq!(kind(identity.explain_access(&eve, question).await), Kind::NotFound);
    // The schema itself refuses it.
    let refused = sqlx::query(
        "UPDATE identity.memberships SET role = 'custom', custom_role_id = $1 WHERE tenant_id = $2 AND user_id = $3",
    )
    .bind(mine.uuid())
    .bind(hers.uuid())
    .bind(bob.user().unwrap().uuid())
    .execute(&mut shop.world.superuser().await)
    .await
    .unwrap_err();
    assert!(refused.to_string().contains("memberships_custom_role"), "{refused}");
}

#[tokio::test]
async fn a_role_that_is_held_or_offered_is_not_deleted_and_says_by_whom() {
    let shop = shop().await;
    let (bob, role) = shop.with("bob@example.com", "Deployers", &["instance:view"]).await;
    let open = shop.invite(&shop.owner, "x@example.com", role_of(role)).await.unwrap();
    let identity = &shop.world.identity;
    let refused = identity.delete_role(&shop.owner, shop.tenant, role).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Conflict);
    assert!(refused.message().contains("x@example.com"), "{refused}");
    let name = identity.viewer(&bob).await.unwrap().name;
    assert!(refused.message().contains(&name), "{refused}");
    shop.give(&shop.owner, &bob, Role::Viewer).await.unwrap();
    assert_eq!(
        kind(identity.delete_role(&shop.owner, shop.tenant, role).await),
        Kind::Conflict,
        "still offered"
    );
    identity.revoke_invitation(&shop.owner, shop.tenant, open.id).await.unwrap();
    identity.delete_role(&shop.owner, shop.tenant, role).await.unwrap();
    assert_eq!(kind(identity.delete_role(&shop.owner, shop.tenant, role).await), Kind::NotFound);
    assert_eq!(kind(shop.give(&shop.owner, &bob, role_of(role)).await), Kind::NotFound);
}

#[tokio::test]
async fn an_invitation_to_a_role_of_ones_own_is_accepted_as_that_and_survives_the_roles_end() {
    let shop = shop().await;
    let role =
        shop.create(&shop.owner, "Deployers", &["instance:view", "instance:operate"]).await.unwrap().id;
    shop.invite(&shop.owner, "bob@example.com", role_of(role)).await.unwrap();
    let mail = shop.world.mail_to("bob@example.com").await;
    assert!(mail[0].body.contains("as Deployers"), "{}", mail[0].body);
    let token = token_in(&mail[0].body);
    let bob = shop.world.logged_in("bob@example.com").await;
    let accepted = shop.world.identity.accept_invitation(&bob, &token).await.unwrap();
    assert_eq!(accepted, AcceptOutcome::Accepted(shop.tenant));
    let bob = shop.world.again(&bob).await;
    assert!(may(&bob, shop.tenant, "instance:operate"));
    shop.give(&shop.owner, &bob, Role::Viewer).await.unwrap();
    shop.world.identity.delete_role(&shop.owner, shop.tenant, role).await.unwrap();
    let again = shop.world.identity.accept_invitation(&bob, &token).await.unwrap();
    assert_eq!(again, AcceptOutcome::Accepted(shop.tenant), "the same answer, and no role by it");
    assert_eq!(shop.world.again(&bob).await.role_in(shop.tenant), Some(Role::Viewer));
}

#[tokio::test]
async fn what_somebody_invited_to_falls_when_the_role_they_did_it_by_shrinks() {
    let shop = shop().await;
    let rights = ["member:view", "member:manage", "instance:view", "usage:view"];
    let (bob, role) = shop.with("bob@example.com", "People", &rights).await;
    let small = shop.create(&shop.owner, "Small", &["instance:view"]).await.unwrap().id;
    let wide = shop.create(&shop.owner, "Wide", &["instance:view", "usage:view"]).await.unwrap().id;
    shop.invite(&bob, "small@example.com", role_of(small)).await.unwrap();
    shop.invite(&bob, "wide@example.com", role_of(wide)).await.unwrap();
    shop.invite(&shop.owner, "other@example.com", role_of(wide)).await.unwrap();
    shop.set_rights(&shop.owner, role, &["member:view", "member:manage", "instance:view"]).await.unwrap();
    let open = shop.world.identity.invitations(&shop.owner, shop.tenant, &PageRequest::new(None, None)).await;
    let mut open: Vec<String> = open.unwrap().rows.into_iter().map(|i| i.email).collect();
    open.sort();
    assert_eq!(open, ["other@example.com", "small@example.com"]);
}

#[tokio::test]
async fn roles_are_bounded_named_once_and_repeating_a_change_changes_nothing() {
    let shop = shop().await;
    let first = shop.create(&shop.owner, "Deployers", &["instance:view", "instance:view"]).await.unwrap();
    let rights: Vec<String> = first.rights.iter().map(ToString::to_string).collect();
    assert_eq!(rights, ["tenant:view", "instance:view"]);
    for name in ["deployers", " DEPLOYERS ", "Owner", "", &"x".repeat(61)] {
        let refused = shop.create(&shop.owner, name, &["instance:view"]).await.unwrap_err();
        assert_eq!((refused.kind(), refused.field()), (Kind::Invalid, Some("name")), "{name}");
    }
    let refused = shop.create(&shop.owner, "Flyers", &["instance:fly"]).await.unwrap_err();
    assert_eq!((refused.kind(), refused.field()), (Kind::Invalid, Some("rights")));
    let version = shop.version().await;
    let same = shop.set_rights(&shop.owner, first.id, &["instance:view", "tenant:view"]).await.unwrap();
    assert_eq!((same, shop.version().await), (first.clone(), version));
    for n in 1..50 {
        shop.create(&shop.owner, &format!("Role {n}"), &[]).await.unwrap();
    }
    assert_eq!(kind(shop.create(&shop.owner, "One more", &[]).await), Kind::QuotaExceeded);
    let identity = &shop.world.identity;
    let page = identity.roles(&shop.owner, shop.tenant, &PageRequest::new(Some(30), None)).await.unwrap();
    let after = page.rows.last().unwrap().id.to_string();
    assert_eq!((page.rows.len(), page.has_next), (30, true));
    let rest =
        identity.roles(&shop.owner, shop.tenant, &PageRequest::new(Some(30), Some(after))).await.unwrap();
    assert_eq!((rest.rows.len(), rest.has_next), (20, false));
    let names: std::collections::BTreeSet<_> =
        page.rows.into_iter().chain(rest.rows).map(|r| r.name).collect();
    assert_eq!(names.len(), 50, "each once");
}

#[tokio::test]
async fn an_answer_of_the_gate_is_explained_by_the_engines_own_rule() {
    let shop = shop().await;
    let dora = shop.member("dora@example.com", Role::Developer).await;
    let (bob, role) = shop.with("bob@example.com", "Deployers", &["instance:view", "instance:operate"]).await;
    let allowed = shop.explain(&dora, None, "instance:operate").await.unwrap();
    assert_eq!(allowed.gate.rule.as_deref(), Some("p, developer, instance, operate"));
    assert!(allowed.gate.allowed && allowed.gate.missing.is_none());
    assert_eq!(allowed.gate.roles, ["developer"]);
    assert_eq!(allowed.granted_by, ["owner", "admin", "developer", "Deployers"]);
    let own = shop.explain(&bob, None, "instance:operate").await.unwrap();
    assert_eq!(own.gate.rule, Some(format!("p, {role}, instance, operate")));
    assert_eq!(own.gate.roles, ["Deployers"]);

    let denied = shop.explain(&bob, None, "instance:delete").await.unwrap();
    assert!(!denied.gate.allowed && denied.gate.rule.is_none());
    assert_eq!(denied.gate.missing.unwrap().to_string(), "instance:delete");
    assert_eq!(denied.granted_by, ["owner", "admin"]);
    let owner = shop.world.identity.viewer(&shop.owner).await.unwrap().name;
    assert_eq!(denied.who_can_grant, std::slice::from_ref(&owner));
    let admin = shop.member("carl@example.com", Role::Admin).await;
    let admin = shop.world.identity.viewer(&admin).await.unwrap().name;
    // An administrator gives what an administrator has, and no ownership.
    assert_eq!(
        shop.explain(&bob, None, "instance:delete").await.unwrap().who_can_grant,
        [owner.clone(), admin]
    );
    assert_eq!(shop.explain(&bob, None, "tenant:delete").await.unwrap().who_can_grant, [owner]);

    // The gate's own denial says the same.
    let refused =
        bob.permit(Action::Delete, &Resource::new(ResourceKind::Instance, shop.tenant)).unwrap_err();
    let access = refused.access().unwrap();
    assert_eq!((access.missing.as_str(), &access.granted_by), ("instance:delete", &denied.granted_by));
    // Where nothing is visible nothing is explained.
    let hidden = bob.permit(Action::View, &Resource::new(ResourceKind::Invoice, shop.tenant)).unwrap_err();
    assert_eq!((hidden.kind(), hidden.access()), (Kind::NotFound, None));
}

#[tokio::test]
async fn others_are_explained_to_who_sees_them() {
    let shop = shop().await;
    let dora = shop.member("dora@example.com", Role::Developer).await;
    let bill = shop.member("bill@example.com", Role::Billing).await;
    let about = Some(Subject::User(bill.user().unwrap()));
    let seen = shop.explain(&dora, about, "subscription:manage").await.unwrap();
    assert_eq!(seen.gate.rule.as_deref(), Some("p, billing, subscription, manage"));
    assert!(shop.explain(&bill, about, "subscription:manage").await.unwrap().gate.allowed, "about oneself");
    // Billing does not see members.
    let about = Some(Subject::User(dora.user().unwrap()));
    assert_eq!(kind(shop.explain(&bill, about, "instance:create").await), Kind::NotFound);
    // Somebody who is no member here, and nobody at all.
    let stranger = shop.world.logged_in("eve@example.com").await;
    for id in [stranger.user().unwrap(), UserId::generate(&*shop.world.clock, &OsEntropy)] {
        let asked = shop.explain(&shop.owner, Some(Subject::User(id)), "instance:create").await;
        assert_eq!(kind(asked), Kind::NotFound);
    }
    assert_eq!(kind(shop.explain(&stranger, None, "tenant:view").await), Kind::NotFound);
    // A right that no role has.
    let none = shop.explain(&shop.owner, None, "usage:delete").await.unwrap();
    assert!(!none.gate.allowed && none.granted_by.is_empty() && none.who_can_grant.is_empty());
}

#[tokio::test]
async fn keys_and_service_accounts_are_explained_and_hold_roles_like_people() {
    let shop = shop().await;
    let identity = &shop.world.identity;
    let dora = shop.member("dora@example.com", Role::Developer).await;
    let key = CreateApiKey {
        tenant: shop.tenant,
        name: "Deployments".to_owned(),
        scopes: texts(&["instance:view", "instance:operate"]),
        expires_at: None,
        allowed_addresses: vec![],
    };
    let key = identity.create_api_key(&dora, key).await.unwrap().key.id;
    let about = Some(Subject::ApiKey(key));
    let inside = shop.explain(&shop.owner, about, "instance:operate").await.unwrap();
    assert_eq!(inside.gate.rule.as_deref(), Some("p, developer, instance, operate"), "its maker's");
    let outside = shop.explain(&shop.owner, about, "instance:create").await.unwrap();
    assert!(outside.gate.out_of_scope && !outside.gate.allowed);
    assert!(outside.reason.contains("scopes"), "{}", outside.reason);
    // A viewer sees no keys.
    let vera = shop.member("vera@example.com", Role::Viewer).await;
    assert_eq!(kind(shop.explain(&vera, about, "instance:operate").await), Kind::NotFound);
    // Its maker falls: so does the key. It is revoked: nothing is left.
    shop.give(&shop.owner, &dora, Role::Viewer).await.unwrap();
    assert!(!shop.explain(&shop.owner, about, "instance:operate").await.unwrap().gate.allowed);
    shop.give(&shop.owner, &dora, Role::Developer).await.unwrap();
    identity.revoke_api_key(&shop.owner, shop.tenant, key).await.unwrap();
    let revoked = shop.explain(&shop.owner, about, "instance:view").await.unwrap();
    assert!(!revoked.gate.allowed && revoked.gate.roles.is_empty());

    let role =
        shop.create(&shop.owner, "Deployers", &["instance:view", "instance:operate"]).await.unwrap().id;
    let account = CreateServiceAccount { tenant: shop.tenant, name: "CI".to_owned(), role: role_of(role) };
    let account = identity.create_service_account(&shop.owner, account).await.unwrap().id;
    let about = Some(Subject::ServiceAccount(account));
    let own = shop.explain(&shop.owner, about, "instance:operate").await.unwrap();
    assert_eq!(own.gate.rule, Some(format!("p, {role}, instance, operate")));
    let refused = identity.delete_role(&shop.owner, shop.tenant, role).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Conflict);
    assert!(refused.message().contains("the service account CI"), "{refused}");
    identity.delete_service_account(&shop.owner, shop.tenant, account).await.unwrap();
    identity.delete_role(&shop.owner, shop.tenant, role).await.unwrap();
    assert_eq!(kind(shop.explain(&shop.owner, about, "instance:view").await), Kind::NotFound);
    // Nobody makes an account with a role above their own.
    let above = shop.create(&shop.owner, "Above", &["tenant:delete"]).await.unwrap().id;
    let admin = shop.member("carl@example.com", Role::Admin).await;
    for role in [role_of(above), Role::Owner.into()] {
        let account = CreateServiceAccount { tenant: shop.tenant, name: "Climber".to_owned(), role };
        assert_eq!(kind(identity.create_service_account(&admin, account).await), Kind::Forbidden);
    }
}
