use std::num::NonZeroU32;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::TimeDelta;
use tenantry_authz::{Ctx, Role};
use tenantry_identity::*;
use tenantry_kernel::{Kind, OsEntropy, Result, Secret, TenantId, random_token};
use tenantry_store::PageRequest;

use crate::world::*;

/// Ada owns a tenant.
async fn ada(world: &World) -> (Ctx, TenantId) {
    let ada = world.logged_in("ada@example.com").await;
    let tenant = world.tenant_of(ada.user().unwrap()).await;
    (world.again(&ada).await, tenant)
}

async fn invite(
    world: &World,
    ctx: &Ctx,
    (tenant, email, role): (TenantId, &str, Role),
) -> Result<Invitation> {
    world.identity.invite_member(ctx, InviteMember { tenant, email: email.into(), role: role.into() }).await
}

async fn open(world: &World, ctx: &Ctx, tenant: TenantId) -> Vec<String> {
    let page = world.identity.invitations(ctx, tenant, &PageRequest::new(None, None)).await.unwrap();
    page.rows.into_iter().map(|i| i.email).collect()
}

async fn accept(world: &World, ctx: &Ctx, token: &Secret) -> AcceptOutcome {
    world.identity.accept_invitation(ctx, token).await.unwrap()
}

#[tokio::test]
async fn from_invitation_to_membership() {
    let world = World::new().await;
    let (ada, tenant) = ada(&world).await;
    let invited = invite(&world, &ada, (tenant, " Bob@Example.com ", Role::Developer)).await.unwrap();
    assert_eq!((invited.email.as_str(), invited.invited_by.as_str()), ("bob@example.com", "Ada Lovelace"));
    assert_eq!(open(&world, &ada, tenant).await, ["bob@example.com"]);
    assert_eq!(world.identity.seats_used(&ada, tenant).await.unwrap(), 2);

    let mail = world.mail_to("bob@example.com").await.pop().unwrap();
    assert!(mail.body.contains("https://portal.example/invitation#token="), "{}", mail.body);
    assert!(mail.body.contains("ada@example.com invites you") && mail.body.contains("as developer"));
    assert!(!mail.body.contains("Lovelace"), "nobody's chosen words");
    let token = token_in(&mail.body);
    let preview = world.identity.invitation(&world.anonymous(), &token).await.unwrap().unwrap();
    assert_eq!((preview.tenant, preview.role), (tenant, Role::Developer.into()));
    assert_eq!((preview.email.as_str(), preview.inviter_name.as_str()), ("bob@example.com", "Ada Lovelace"));

    let nobody = world.identity.accept_invitation(&world.anonymous(), &token).await.unwrap_err();
    assert_eq!(nobody.kind(), Kind::Unauthenticated);
    let bob = world.logged_in("bob@example.com").await;
    assert_eq!(accept(&world, &bob, &token).await, AcceptOutcome::Accepted(tenant));
    assert_eq!(accept(&world, &bob, &token).await, AcceptOutcome::Accepted(tenant), "a lost answer");
    let bob = world.again(&bob).await;
    assert_eq!(bob.role_in(tenant), Some(Role::Developer));
    assert!(open(&world, &ada, tenant).await.is_empty());
    assert!(world.identity.invitation(&world.anonymous(), &token).await.unwrap().is_none(), "used");
    let eve = world.logged_in("eve@example.com").await;
    assert_eq!(accept(&world, &eve, &token).await, AcceptOutcome::InvalidLink, "used");

    let trail: Vec<(String, String)> = sqlx::query_as(
        "SELECT a.action, o.payload::text FROM platform.audit a JOIN platform.outbox o
           ON o.subject = a.resource AND o.topic = a.action WHERE a.tenant_id = $1 ORDER BY a.seq",
    )
    .bind(tenant.uuid())
    .fetch_all(&mut world.superuser().await)
    .await
    .unwrap();
    let actions: Vec<&str> = trail.iter().map(|(action, _)| action.as_str()).collect();
    assert_eq!(actions, ["invitation.created", "member.added"]);
    assert!(trail.iter().all(|(_, fact)| !fact.contains('@')), "no address leaves with a fact: {trail:?}");
}

#[tokio::test]
async fn a_link_is_for_its_own_address_only_and_proves_it() {
    let world = World::new().await;
    let (ada, tenant) = ada(&world).await;
    invite(&world, &ada, (tenant, "bob@example.com", Role::Viewer)).await.unwrap();
    let token = world.token_mailed_to("bob@example.com").await;
    let eve = world.logged_in("eve@example.com").await;
    let other = AcceptOutcome::OtherAddress { masked: "b•••@example.com".to_owned() };
    assert_eq!(accept(&world, &eve, &token).await, other);

    let bob = world.logged_in("bob@example.com").await;
    let unproven = "UPDATE identity.users SET email_verified_at = NULL WHERE email = 'bob@example.com'";
    sqlx::raw_sql(unproven).execute(&mut world.superuser().await).await.unwrap();
    assert!(!world.identity.viewer(&bob).await.unwrap().email_verified);
    assert_eq!(accept(&world, &bob, &token).await, AcceptOutcome::Accepted(tenant));
    assert!(world.identity.viewer(&bob).await.unwrap().email_verified);
}

#[tokio::test]
async fn resending_and_revoking_kill_the_links_before() {
    let world = World::new().await;
    let (ada, tenant) = ada(&world).await;
    let id = invite(&world, &ada, (tenant, "bob@example.com", Role::Viewer)).await.unwrap().id;
    let first = world.token_mailed_to("bob@example.com").await;
    world.clock.advance(TimeDelta::days(3));
    let again = world.identity.resend_invitation(&ada, tenant, id).await.unwrap();
    assert_eq!(again.expires_at, tenantry_kernel::Clock::now(&*world.clock) + TimeDelta::days(7));
    let look =
        async |token: &Secret| world.identity.invitation(&world.anonymous(), token).await.unwrap().is_some();
    assert!(!look(&first).await, "dead at once, before the next mail is written");
    let second = world.token_mailed_to("bob@example.com").await;
    assert!(look(&second).await && !look(&first).await);

    world.identity.revoke_invitation(&ada, tenant, id).await.unwrap();
    world.identity.revoke_invitation(&ada, tenant, id).await.unwrap();
    assert!(!look(&second).await);
    let bob = world.logged_in("bob@example.com").await;
    for token in [&first, &second, &random_token(&OsEntropy), &Secret::new("\0")] {
        assert_eq!(accept(&world, &bob, token).await, AcceptOutcome::InvalidLink);
    }
    let gone = world.identity.resend_invitation(&ada, tenant, id).await.unwrap_err();
    assert_eq!(gone.kind(), Kind::NotFound);
    // A mail that was still to be written is not.
    let mails = world.mail_to("bob@example.com").await.len();
    world.identity.deliver_invitation(InvitationJob { invitation_id: id }).await.unwrap();
    assert_eq!(world.mail_to("bob@example.com").await.len(), mails);
}

#[tokio::test]
async fn an_invitation_expires_after_seven_days_and_can_be_sent_again() {
    let world = World::new().await;
    let (ada, tenant) = ada(&world).await;
    let id = invite(&world, &ada, (tenant, "bob@example.com", Role::Viewer)).await.unwrap().id;
    let late = world.token_mailed_to("bob@example.com").await;
    world.clock.advance(TimeDelta::days(7));
    let bob = world.logged_in("bob@example.com").await;
    assert_eq!(accept(&world, &bob, &late).await, AcceptOutcome::Expired);
    assert!(world.identity.invitation(&world.anonymous(), &late).await.unwrap().is_none());
    assert_eq!(world.identity.seats_used(&ada, tenant).await.unwrap(), 1, "it takes no seat any more");
    assert_eq!(open(&world, &ada, tenant).await, ["bob@example.com"], "it is still seen");

    world.identity.resend_invitation(&ada, tenant, id).await.unwrap();
    let fresh = world.token_mailed_to("bob@example.com").await;
    assert_eq!(accept(&world, &bob, &fresh).await, AcceptOutcome::Accepted(tenant));

    invite(&world, &ada, (tenant, "eve@example.com", Role::Viewer)).await.unwrap();
    world.clock.advance(TimeDelta::days(8));
    let ada = world.logged_in_again("ada@example.com").await;
    let anew = invite(&world, &ada, (tenant, "eve@example.com", Role::Admin)).await.unwrap();
    assert_eq!(anew.role, Role::Admin, "an expired one does not stand in the way");
    world.clock.advance(TimeDelta::days(38));
    world.identity.purge_expired().await.unwrap();
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM identity.invitations")
        .fetch_one(&mut world.superuser().await)
        .await
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn inviting_twice_is_one_invitation_and_members_are_not_invited() {
    let world = World::new().await;
    let (ada, tenant) = ada(&world).await;
    let first = invite(&world, &ada, (tenant, "bob@example.com", Role::Viewer)).await.unwrap();
    let again = invite(&world, &ada, (tenant, "BOB@example.com", Role::Viewer)).await.unwrap();
    assert_eq!(first, again);
    let other = invite(&world, &ada, (tenant, "bob@example.com", Role::Admin)).await.unwrap_err();
    assert_eq!(
        (other.kind(), other.message()),
        (Kind::Conflict, "This address is invited already, as viewer.")
    );
    let member = invite(&world, &ada, (tenant, "ada@example.com", Role::Viewer)).await.unwrap_err();
    assert_eq!((member.kind(), member.message()), (Kind::Conflict, "This person is a member already."));
    let bad = invite(&world, &ada, (tenant, "bob", Role::Viewer)).await.unwrap_err();
    assert_eq!(bad.field(), Some("email"));
    assert_eq!(world.mail_to("bob@example.com").await.len(), 1);

    let at_once = (0..6).map(|_| invite(&world, &ada, (tenant, "eve@example.com", Role::Viewer)));
    for outcome in futures::future::join_all(at_once).await {
        outcome.unwrap();
    }
    assert_eq!(open(&world, &ada, tenant).await.len(), 2);
}

#[tokio::test]
async fn a_role_above_ones_own_is_not_given() {
    let world = World::new().await;
    let (ada, tenant) = ada(&world).await;
    let bob = world.logged_in("bob@example.com").await;
    let admin = world.join(&bob, (tenant, Role::Admin)).await;
    let owner = invite(&world, &ada, (tenant, "next@example.com", Role::Owner)).await.unwrap();
    let refused = invite(&world, &admin, (tenant, "eve@example.com", Role::Owner)).await.unwrap_err();
    assert_eq!((refused.kind(), refused.remedy()), (Kind::Forbidden, "Ask an owner of the organisation."));
    let refused = world.identity.resend_invitation(&admin, tenant, owner.id).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Forbidden);
    let refused = world.identity.revoke_invitation(&admin, tenant, owner.id).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Forbidden);
    invite(&world, &admin, (tenant, "eve@example.com", Role::Admin)).await.unwrap();

    // What somebody may no longer give falls: by demotion, by removal.
    let demoted = ChangeMemberRole { tenant, user: bob.user().unwrap(), role: Role::Developer.into() };
    world.identity.change_member_role(&ada, demoted).await.unwrap();
    assert_eq!(open(&world, &ada, tenant).await, ["next@example.com"]);
    let stale = invite(&world, &admin, (tenant, "eve@example.com", Role::Viewer)).await.unwrap_err();
    assert_eq!(stale.kind(), Kind::Forbidden, "the request's roles are older than the demotion");
}

#[tokio::test]
async fn other_tenants_people_find_nothing_and_lesser_roles_may_not() {
    let world = World::new().await;
    let (ada, tenant) = ada(&world).await;
    let id = invite(&world, &ada, (tenant, "bob@example.com", Role::Viewer)).await.unwrap().id;
    let eve = world.logged_in("eve@example.com").await;
    let hers = world.tenant_of(eve.user().unwrap()).await;
    let eve = world.again(&eve).await;
    let page = PageRequest::new(None, None);
    // In the other tenant, and with the other's id in one's own.
    let kinds = [
        invite(&world, &eve, (tenant, "eve@example.com", Role::Owner)).await.unwrap_err().kind(),
        world.identity.invitations(&eve, tenant, &page).await.unwrap_err().kind(),
        world.identity.resend_invitation(&eve, tenant, id).await.unwrap_err().kind(),
        world.identity.resend_invitation(&eve, hers, id).await.unwrap_err().kind(),
        world.identity.revoke_invitation(&eve, tenant, id).await.unwrap_err().kind(),
        world.identity.revoke_invitation(&eve, hers, id).await.unwrap_err().kind(),
        world.identity.seats_used(&eve, tenant).await.unwrap_err().kind(),
    ];
    assert_eq!(kinds, [Kind::NotFound; 7]);
    let carl = world.logged_in("carl@example.com").await;
    for role in [Role::Developer, Role::Viewer] {
        sqlx::raw_sql("DELETE FROM identity.memberships WHERE email = 'carl@example.com'")
            .execute(&mut world.superuser().await)
            .await
            .unwrap();
        let carl = world.join(&carl, (tenant, role)).await;
        let kinds = [
            invite(&world, &carl, (tenant, "x@example.com", Role::Viewer)).await.unwrap_err().kind(),
            world.identity.invitations(&carl, tenant, &page).await.unwrap_err().kind(),
            world.identity.revoke_invitation(&carl, tenant, id).await.unwrap_err().kind(),
        ];
        assert_eq!(kinds, [Kind::Forbidden; 3], "{role}");
    }
    assert_eq!(open(&world, &ada, tenant).await.len(), 1);
}

#[tokio::test]
async fn members_and_invitations_together_stay_within_the_plan() {
    let world = World::new().await;
    let (ada, tenant) = ada(&world).await;
    world.plan.0.store(3, Ordering::SeqCst);
    let many: Vec<String> = (0..6).map(|i| format!("m{i}@example.com")).collect();
    let tries = many.iter().map(|email| invite(&world, &ada, (tenant, email, Role::Viewer)));
    let outcomes = futures::future::join_all(tries).await;
    assert_eq!(outcomes.iter().filter(|o| o.is_ok()).count(), 2, "with Ada three");
    for error in outcomes.iter().filter_map(|o| o.as_ref().err()) {
        assert_eq!(error.kind(), Kind::QuotaExceeded);
        assert!(error.message().contains("room for 3 people"), "{error}");
    }
    let free = open(&world, &ada, tenant).await;
    let id = outcomes.iter().find_map(|o| o.as_ref().ok()).unwrap().id;
    world.identity.revoke_invitation(&ada, tenant, id).await.unwrap();
    let next = many.iter().find(|m| !free.contains(m)).unwrap();
    invite(&world, &ada, (tenant, next, Role::Viewer)).await.unwrap();
}

#[tokio::test]
async fn two_who_accept_at_once_do_not_both_take_the_last_seat() {
    let world = World::new().await;
    let (ada, tenant) = ada(&world).await;
    let mut guests = vec![];
    for i in 0..4 {
        let email = format!("m{i}@example.com");
        invite(&world, &ada, (tenant, &email, Role::Viewer)).await.unwrap();
        let token = world.token_mailed_to(&email).await;
        guests.push((world.logged_in(&email).await, token));
    }
    // The plan became smaller since they were invited.
    world.plan.0.store(2, Ordering::SeqCst);
    let tries = guests.iter().map(|(guest, token)| world.identity.accept_invitation(guest, token));
    let outcomes = futures::future::join_all(tries).await;
    assert_eq!(outcomes.iter().filter(|o| o.is_ok()).count(), 1, "{outcomes:?}");
    let full = outcomes.iter().find_map(|o| o.as_ref().err()).unwrap();
    assert_eq!(full.kind(), Kind::QuotaExceeded);
    assert_eq!(full.remedy(), "Ask ada@example.com to make room, then follow the link again.");
    world.plan.0.store(5, Ordering::SeqCst);
    for (guest, token) in &guests {
        assert_eq!(
            accept(&world, guest, token).await,
            AcceptOutcome::Accepted(tenant),
            "the link stayed good"
        );
    }
}

#[tokio::test]
async fn of_accepting_and_revoking_at_once_one_wins() {
    let world = World::new().await;
    let (ada, tenant) = ada(&world).await;
    let bob = world.logged_in("bob@example.com").await;
    let id = invite(&world, &ada, (tenant, "bob@example.com", Role::Viewer)).await.unwrap().id;
    let token = world.token_mailed_to("bob@example.com").await;
    let (accepted, revoked) = tokio::join!(
        world.identity.accept_invitation(&bob, &token),
        world.identity.revoke_invitation(&ada, tenant, id)
    );
    let joined = accepted.unwrap() == AcceptOutcome::Accepted(tenant);
    assert_ne!(joined, revoked.is_ok());
    assert_eq!(world.again(&bob).await.role_in(tenant).is_some(), joined);
}

#[tokio::test]
async fn a_tenant_and_a_mailbox_cannot_be_used_to_flood() {
    let world = World::new().await;
    let (ada, tenant) = ada(&world).await;
    let two = Bucket::new(NonZeroU32::new(2).unwrap(), Duration::from_secs(3600));
    let identity = world.with(|c| c.throttling.invitations = two);
    let mut last = None;
    for i in 0..3 {
        let email = format!("m{i}@example.com");
        let input = InviteMember { tenant, email, role: Role::Viewer.into() };
        last = Some(identity.invite_member(&ada, input).await);
    }
    assert_eq!(last.unwrap().unwrap_err().kind(), Kind::RateLimited);
    let id = invite(&world, &ada, (tenant, "bob@example.com", Role::Viewer)).await.unwrap().id;
    let mut sent = 1;
    while world.identity.resend_invitation(&ada, tenant, id).await.is_ok() {
        sent += 1;
    }
    assert_eq!(sent, 5, "to one mailbox");
}

#[tokio::test]
async fn the_database_and_the_queue_hold_no_token_of_an_invitation() {
    let world = World::new().await;
    let (ada, tenant) = ada(&world).await;
    let id = invite(&world, &ada, (tenant, "bob@example.com", Role::Viewer)).await.unwrap().id;
    let jobs = world.jobs_of(SEND_INVITATION).await;
    assert_eq!(jobs, [serde_json::json!({ "invitation_id": id.to_string() })]);
    let token = world.token_mailed_to("bob@example.com").await;
    let stored: String = sqlx::query_scalar("SELECT i::text FROM identity.invitations i")
        .fetch_one(&mut world.superuser().await)
        .await
        .unwrap();
    assert!(!stored.contains(token.expose()), "{stored}");
}
