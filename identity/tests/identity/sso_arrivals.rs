//! Whom a provider has sent, and what they may do then.

use std::sync::atomic::Ordering;

use chrono::TimeDelta;
use tenantry_authz::{Action, Actor, Resource, ResourceKind, Role, SSO_REQUIRED};
use tenantry_identity::*;
use tenantry_kernel::*;

use crate::sso_world::*;

#[tokio::test]
async fn somebody_new_from_a_proven_domain_joins_with_the_role_of_their_group() {
    let sso = Sso::ready().await;
    sso.people(true, Role::Viewer, &[("n8n-admins", Role::Admin), ("n8n", Role::Developer)]).await.unwrap();
    let said = |groups: &[&str]| Asserted {
        groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        ..sso.said("ada", "Ada@Acme.example")
    };
    let ada = sso.logged_in(said(&["n8n", "everybody"])).await;
    assert_eq!(ada.role_in(sso.tenant), Some(Role::Developer));
    let who = sso.world.identity.viewer(&ada).await.unwrap();
    assert_eq!(
        (who.email.as_str(), who.name.as_str(), who.email_verified),
        ("ada@acme.example", "Ada Lovelace", true)
    );
    assert_eq!((sso.audited("member.added").await, sso.audited("connection.logged_in").await), (2, 1));

    // The same person, whatever their address is called now; the role follows the groups, up and down.
    let renamed = Asserted { email: Some("ada.king@acme.example".into()), ..said(&["n8n", "n8n-admins"]) };
    let again = sso.logged_in(renamed).await;
    assert_eq!((again.user().unwrap(), again.role_in(sso.tenant)), (ada.user().unwrap(), Some(Role::Admin)));
    let invite =
        InviteMember { tenant: sso.tenant, email: "new@acme.example".into(), role: Role::Admin.into() };
    sso.world.identity.invite_member(&again, invite).await.unwrap();
    // Of groups that the provider does not name, one might be theirs: nothing is taken away.
    let overage = Asserted { groups_incomplete: true, ..said(&[]) };
    assert_eq!(sso.logged_in(overage).await.role_in(sso.tenant), Some(Role::Admin));
    let down = sso.logged_in(said(&[])).await;
    assert_eq!(down.role_in(sso.tenant), Some(Role::Viewer));
    let open: i64 = sqlx::query_scalar("SELECT count(*) FROM identity.invitations WHERE revoked_at IS NULL")
        .fetch_one(&mut sso.world.superuser().await)
        .await
        .unwrap();
    assert_eq!(
        (open, sso.audited("member.role_changed").await),
        (0, 2),
        "what a viewer could not give falls"
    );

    // Without a mapping what an owner decides stays.
    sso.people(true, Role::Billing, &[]).await.unwrap();
    assert_eq!(sso.logged_in(said(&["n8n-admins"])).await.role_in(sso.tenant), Some(Role::Viewer));
}

#[tokio::test]
async fn seats_and_switched_off_joining_keep_people_out_and_make_no_account() {
    let sso = Sso::ready().await;
    let refused = async |said: Asserted| match sso.log_in(said).await {
        Arrival::Refused(why) => why,
        other => panic!("{other:?}"),
    };
    sso.world.plan.0.store(1, Ordering::SeqCst);
    assert_eq!(refused(sso.said("ada", "ada@acme.example")).await, Refused::NoSeat);
    sso.world.plan.0.store(100, Ordering::SeqCst);
    sso.people(false, Role::Viewer, &[]).await.unwrap();
    assert_eq!(refused(sso.said("ada", "ada@acme.example")).await, Refused::NotAMember);
    assert_eq!(refused(Asserted { email: None, ..sso.said("ada", "") }).await, Refused::NoEmail);
    let people: i64 = sqlx::query_scalar("SELECT count(*) FROM identity.users")
        .fetch_one(&mut sso.world.superuser().await)
        .await
        .unwrap();
    assert_eq!(people, 1);
}

/// Whether an address elsewhere has an account is nothing that a tenant's provider could find out.
#[tokio::test]
async fn addresses_elsewhere_do_not_come_in_and_are_all_answered_alike() {
    let sso = Sso::ready().await;
    sso.world.person("bob@other.example").await;
    for email in ["bob@other.example", "nobody@other.example", "x@acme.example.evil.example"] {
        let arrival = sso.log_in(sso.said(email, email)).await;
        assert!(matches!(arrival, Arrival::Refused(Refused::ForeignDomain)), "{email}: {arrival:?}");
    }
    let unverified = Asserted { email_verified: false, ..sso.said("bob", "bob@other.example") };
    let arrival = sso.log_in(unverified).await;
    assert!(matches!(arrival, Arrival::Refused(Refused::EmailNotVerified)), "{arrival:?}");
    // Where the provider says that it is not verified, anybody could have registered with it.
    let denied =
        Asserted { email_verified: false, email_denied: true, ..sso.said("ceo", "ceo@acme.example") };
    let arrival = sso.log_in(denied).await;
    assert!(matches!(arrival, Arrival::Refused(Refused::EmailNotVerified)), "{arrival:?}");
    // For an address in its own proven domain the tenant itself vouches.
    let own = Asserted { email_verified: false, ..sso.said("eve", "eve@acme.example") };
    assert!(matches!(sso.log_in(own).await, Arrival::LoggedIn { .. }));
}

#[tokio::test]
async fn a_tenants_connection_speaks_for_that_tenant_only() {
    let sso = Sso::ready().await;
    let ada = sso.logged_in(sso.said("ada", "ada@acme.example")).await;
    // She is an owner elsewhere, and of the platform's staff.
    let (_, other) = tenant(&sso.world, "owner@other.example").await;
    sqlx::query(
        "WITH staff AS (UPDATE identity.users SET platform_role = 'platform-admin' WHERE id = $2)
         INSERT INTO identity.memberships (tenant_id, user_id, role, email, name, created_at)
         VALUES ($1, $2, 'owner', 'ada@acme.example', 'Ada', now())",
    )
    .bind(other.uuid())
    .bind(ada.user().unwrap().uuid())
    .execute(&mut sso.world.superuser().await)
    .await
    .unwrap();
    let ada = sso.logged_in(sso.said("ada", "ada@acme.example")).await;
    let view = |tenant| ada.permit(Action::View, &Resource::new(ResourceKind::Tenant, tenant)).map(|_| ());
    view(sso.tenant).unwrap();
    let refused = view(other).unwrap_err();
    assert_eq!((refused.kind(), refused.code()), (Kind::Forbidden, SSO_REQUIRED));
    assert!(ada.rights(other).next().is_none() && ada.role_in(other).is_none());
    assert!(matches!(ada.actor(), Actor::User { platform_role: None, .. }), "no staff");
    assert_eq!(ada.ensure_reaches(other).unwrap_err().code(), SSO_REQUIRED);
    ada.ensure_reaches(sso.tenant).unwrap();
    // The second look, by which open editors live, says the same.
    assert_eq!(sso.world.again(&ada).await.role_in(other), None);
    let stranger = view(TenantId::generate(&*sso.world.clock, &OsEntropy)).unwrap_err();
    assert_eq!(stranger.kind(), Kind::NotFound, "where she is nobody there is nothing");
}

#[tokio::test]
async fn a_provider_ends_its_sessions_and_each_message_counts_once() {
    let sso = Sso::ready().await;
    let said = |subject: &str, sid: &str| Asserted {
        provider_session: Some(sid.into()),
        ..sso.said(subject, &format!("{subject}@acme.example"))
    };
    let identity = &sso.world.identity;
    let alive = async |ctx: &tenantry_authz::Ctx| {
        let Actor::User { session, .. } = *ctx.actor() else { panic!("nobody") };
        identity.alive(session).await.unwrap().is_some()
    };
    let (one, two) = (sso.logged_in(said("ada", "1")).await, sso.logged_in(said("ada", "2")).await);
    let bob = sso.logged_in(said("bob", "3")).await;
    let hint = identity.provider_session(&one).await.unwrap().unwrap().id_token_hint;
    assert_eq!(hint, Some(Secret::new("header.payload.signature")));
    let until = sso.world.clock.now() + TimeDelta::minutes(5);
    let end = async |whose, jti| identity.provider_logged_out((sso.id, whose), (jti, until)).await.unwrap();
    assert_eq!(end((None, Some("1")), "a").await, Some(1));
    assert_eq!((alive(&one).await, alive(&two).await, alive(&bob).await), (false, true, true));
    assert_eq!(end((Some("ada"), None), "a").await, None, "the same message again");
    assert!(alive(&two).await);
    assert_eq!(end((None, None), "b").await, Some(0));
    assert_eq!(end((Some("ada"), None), "c").await, Some(1));
    assert_eq!((alive(&two).await, alive(&bob).await, alive(&sso.owner).await), (false, true, true));
}

#[tokio::test]
async fn what_a_connection_was_ends_with_it() {
    let sso = Sso::ready().await;
    let ada = sso.logged_in(sso.said("ada", "ada@acme.example")).await;
    sso.world.identity.delete_connection(&sso.owner, sso.who()).await.unwrap();
    let Actor::User { session, .. } = *ada.actor() else { panic!("nobody") };
    assert_eq!(sso.world.identity.alive(session).await.unwrap(), None);
    let left: i64 = sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM identity.provider_identities) + (SELECT count(*) FROM identity.sso_flows)
              + (SELECT count(*) FROM identity.connection_tickets)",
    )
    .fetch_one(&mut sso.world.superuser().await)
    .await
    .unwrap();
    assert_eq!(left, 0);
}
