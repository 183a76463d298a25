//! A tenant's connections: secrets, tests, changes, links for setting up.

use chrono::TimeDelta;
use tenantry_authz::{Grant, Role};
use tenantry_identity::*;
use tenantry_kernel::*;

use crate::sso_world::*;
use crate::world::*;

#[tokio::test]
async fn a_clients_secret_is_sealed_and_opens_for_the_protocol_alone() {
    let sso = Sso::ready().await;
    let stored: String = sqlx::query_scalar("SELECT secret FROM identity.connections WHERE id = $1")
        .bind(sso.id.uuid())
        .fetch_one(&mut sso.world.superuser().await)
        .await
        .unwrap();
    assert!(stored.starts_with("1:") && !stored.contains("client"), "{stored}");
    assert!(sso.connection().await.has_secret);
    let trail: String = sqlx::query_scalar(
        "SELECT string_agg(details::text || coalesce(after::text, ''), ' ') FROM platform.audit",
    )
    .fetch_one(&mut sso.world.superuser().await)
    .await
    .unwrap();
    assert!(trail.contains(ISSUER) && !trail.contains("client's secret"), "{trail}");

    let ask = Ask::LogIn { connection: sso.id, return_to: None };
    let start = sso.world.identity.start_sso(&sso.world.anonymous(), ask).await.unwrap();
    let Protocol::Oidc { settings, secret } = start.settings.protocol else { panic!("another protocol") };
    assert_eq!((settings.issuer.as_str(), secret), (ISSUER, Some(Secret::new("the client's secret"))));
}

#[tokio::test]
async fn nobody_logs_in_by_settings_that_no_test_has_passed_with() {
    let sso = Sso::new().await;
    let (identity, stranger) = (&sso.world.identity, sso.world.anonymous());
    let log_in = || Ask::LogIn { connection: sso.id, return_to: None };
    let refused = async || identity.start_sso(&stranger, log_in()).await.err().map(|e| e.kind());
    assert_eq!(refused().await, Some(Kind::NotFound), "a draft");
    assert_eq!(sso.connection().await.state(), ConnectionState::Draft);
    sso.own("acme.example").await;
    let known = async || identity.discover(&stranger, "ada@acme.example").await.unwrap();
    assert_eq!(known().await, None);

    sso.world.clock.advance(TimeDelta::seconds(1));
    sso.test().await;
    assert_eq!(refused().await, None);
    assert_eq!(known().await.map(|way| way.connection), Some(sso.id));
    assert_eq!(identity.discover(&stranger, "ada@other.example").await.unwrap(), None);
    let result = sso.connection().await.last_test.unwrap();
    assert!(result.passed && result.email.as_deref() == Some("owner@acme.example"));

    // Whoever was on the way when the settings changed proves nothing about the new ones.
    let ticket = identity.test_connection(&sso.owner, sso.who(), None).await.unwrap();
    let start = identity.start_sso(&stranger, Ask::Test { ticket: ticket.clone() }).await.unwrap();
    let again = identity.start_sso(&stranger, Ask::Test { ticket }).await;
    assert_eq!(again.unwrap_err().kind(), Kind::NotFound, "a ticket works once");
    let secrets = secrets();
    identity.begin_flow(&stranger, &start, &secrets).await.unwrap();
    sso.world.clock.advance(TimeDelta::seconds(1));
    let change = UpdateConnection {
        tenant: sso.tenant,
        id: sso.id,
        name: None,
        provider: OidcInput { client_id: Some("another".into()), ..OidcInput::default() }.into(),
    };
    let changed = identity.update_connection(&sso.owner, change).await.unwrap();
    assert_eq!(changed.state(), ConnectionState::Draft);
    let (flow, _) = identity.take_flow(&stranger, (&secrets.state, &secrets.browser)).await.unwrap().unwrap();
    let late = identity.arrive(&stranger, flow, sso.said("s", "owner@acme.example")).await.unwrap();
    assert!(matches!(late, Arrival::Refused(Refused::Changed)), "{late:?}");
    assert_eq!(refused().await, Some(Kind::NotFound));

    // A name is no setting.
    sso.world.clock.advance(TimeDelta::seconds(1));
    sso.test().await;
    let name = UpdateConnection {
        tenant: sso.tenant,
        id: sso.id,
        name: Some("Acme, renamed".into()),
        provider: OidcInput::default().into(),
    };
    let renamed = identity.update_connection(&sso.owner, name).await.unwrap();
    assert_eq!((renamed.name.as_str(), renamed.state()), ("Acme, renamed", ConnectionState::Tested));
}

#[tokio::test]
async fn a_failed_test_says_why_and_counts_for_nothing() {
    let sso = Sso::new().await;
    let (identity, stranger) = (&sso.world.identity, sso.world.anonymous());
    let ticket = identity.test_connection(&sso.owner, sso.who(), None).await.unwrap();
    let start = identity.start_sso(&stranger, Ask::Test { ticket }).await.unwrap();
    let secrets = secrets();
    identity.begin_flow(&stranger, &start, &secrets).await.unwrap();
    let (flow, _) = identity.take_flow(&stranger, (&secrets.state, &secrets.browser)).await.unwrap().unwrap();
    identity.flow_failed(&stranger, &flow, "wrong audience").await.unwrap();
    let connection = sso.connection().await;
    let result = connection.last_test.clone().unwrap();
    assert_eq!((result.passed, result.reason.as_deref()), (false, Some("wrong audience")));
    assert_eq!((connection.state(), connection.tested_at), (ConnectionState::Draft, None));
}

#[tokio::test]
async fn a_flow_is_taken_once_by_its_own_browser_within_ten_minutes() {
    let sso = Sso::ready().await;
    let (identity, stranger) = (&sso.world.identity, sso.world.anonymous());
    let set_out = async || {
        let ask = Ask::LogIn { connection: sso.id, return_to: Some("//evil.example".into()) };
        let start = identity.start_sso(&stranger, ask).await.unwrap();
        let secrets = secrets();
        identity.begin_flow(&stranger, &start, &secrets).await.unwrap();
        secrets
    };
    let out = set_out().await;
    let take = async |state: &Secret, browser: &Secret| {
        identity.take_flow(&stranger, (state, browser)).await.unwrap().map(|(flow, _)| flow)
    };
    let other = random_token(&OsEntropy);
    assert!(take(&out.state, &other).await.is_none(), "another browser");
    assert!(take(&other, &out.browser).await.is_none(), "another state");
    let flow = take(&out.state, &out.browser).await.expect("its own");
    assert_eq!((flow.nonce, flow.verifier, flow.return_to.as_str()), (out.nonce, out.verifier, "/home"));
    assert!(take(&out.state, &out.browser).await.is_none(), "once");

    let late = set_out().await;
    sso.world.clock.advance(TimeDelta::minutes(10));
    assert!(take(&late.state, &late.browser).await.is_none(), "ten minutes");
    let stored: i64 = sqlx::query_scalar("SELECT count(*) FROM identity.sso_flows")
        .fetch_one(&mut sso.world.superuser().await)
        .await
        .unwrap();
    assert_eq!(stored, 1);
    assert!(identity.purge_expired().await.unwrap() >= 1);
}

#[tokio::test]
async fn another_issuer_means_other_people() {
    let sso = Sso::ready().await;
    let ada = sso.logged_in(sso.said("ada", "ada@acme.example")).await;
    sso.world.clock.advance(TimeDelta::seconds(1));
    let change = UpdateConnection {
        tenant: sso.tenant,
        id: sso.id,
        name: None,
        provider: OidcInput { issuer: Some("https://evil.example".into()), ..OidcInput::default() }.into(),
    };
    sso.world.identity.update_connection(&sso.owner, change).await.unwrap();
    let tenantry_authz::Actor::User { session, .. } = *ada.actor() else { panic!("nobody") };
    assert_eq!(sso.world.identity.alive(session).await.unwrap(), None, "its sessions end");
    sso.world.clock.advance(TimeDelta::seconds(1));
    sso.test().await;
    // The new provider calls somebody else by the same name; that one does not come in as Ada.
    let arrival = sso.log_in(sso.said("ada", "mallory@acme.example")).await;
    let Arrival::LoggedIn { user, .. } = arrival else { panic!("{arrival:?}") };
    assert_ne!(user.id, ada.user().unwrap());
}

#[tokio::test]
async fn a_setup_link_sets_up_its_own_connection_and_nothing_else() {
    let sso = Sso::new().await;
    let (identity, it) = (&sso.world.identity, sso.world.anonymous());
    let (_, first) = identity.make_setup_link(&sso.owner, sso.who()).await.unwrap();
    let (connection, link) = identity.make_setup_link(&sso.owner, sso.who()).await.unwrap();
    assert_eq!(connection.setup_until, Some(sso.world.clock.now() + TimeDelta::days(7)));
    assert!(link.url.expose().starts_with("https://portal.example/sso/setup#token="));
    let (old, token) = (token_in(first.url.expose()), token_in(link.url.expose()));
    assert!(identity.connection_to_set_up(&it, &old).await.unwrap().is_none(), "the earlier one is void");
    assert_eq!(identity.connection_to_set_up(&it, &token).await.unwrap().unwrap().id, sso.id);

    sso.world.clock.advance(TimeDelta::seconds(1));
    let give = OidcInput { client_id: Some("by IT".into()), ..OidcInput::default() };
    let set = identity.set_up_connection(&it, (&token, give.clone().into())).await.unwrap();
    assert_eq!((oidc_of(&set).client_id.as_str(), set.name.as_str()), ("by IT", "Acme"));
    let ticket = identity.test_connection_to_set_up(&it, (&token, Some("/sso/setup"))).await.unwrap();
    let done = sso.arrive_at(Ask::Test { ticket }, sso.said("it", "it@acme.example")).await;
    assert!(matches!(done, Arrival::TestDone { .. }), "{done:?}");
    assert_eq!(
        (sso.audited("connection.setup_link_made").await, sso.audited("connection.updated").await),
        (2, 1)
    );

    // Once it is enforced, the link is good for nothing; and it ends by itself.
    sso.own("acme.example").await;
    sso.enforce(false).await.unwrap();
    assert!(identity.connection_to_set_up(&it, &token).await.unwrap().is_none());
    let refused = identity.set_up_connection(&it, (&token, give.clone().into())).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Conflict);
    identity.stop_enforcing_connection(&sso.owner, sso.who()).await.unwrap();
    assert!(identity.connection_to_set_up(&it, &token).await.unwrap().is_some());
    // Once somebody has come in, who that is is nothing for whoever has the link to say.
    identity.set_up_connection(&it, (&token, give.clone().into())).await.unwrap();
    sso.logged_in(sso.said("ada", "ada@acme.example")).await;
    let refused = identity.set_up_connection(&it, (&token, give.clone().into())).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Conflict);
    sso.world.clock.advance(TimeDelta::days(7));
    assert!(identity.connection_to_set_up(&it, &token).await.unwrap().is_none());
    let late = identity.set_up_connection(&it, (&token, give.into())).await.unwrap_err();
    assert_eq!(late.kind(), Kind::NotFound);

    let (_, link) = identity.make_setup_link(&sso.owner(), sso.who()).await.unwrap();
    identity.revoke_setup_link(&sso.owner(), sso.who()).await.unwrap();
    assert!(identity.connection_to_set_up(&it, &token_in(link.url.expose())).await.unwrap().is_none());
}

#[tokio::test]
async fn only_owners_decide_and_a_provider_makes_no_owner() {
    let sso = Sso::ready().await;
    let identity = &sso.world.identity;
    let admin = sso.world.as_member(vec![Grant::new(sso.tenant, Role::Admin)]);
    assert_eq!(identity.connections(&admin, sso.tenant).await.unwrap().len(), 1, "administrators see");
    let refused = identity.delete_connection(&admin, sso.who()).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Forbidden);
    let developer = sso.world.as_member(vec![Grant::new(sso.tenant, Role::Developer)]);
    assert_eq!(identity.connections(&developer, sso.tenant).await.unwrap_err().kind(), Kind::NotFound);
    let (stranger, _) = tenant(&sso.world, "stranger@other.example").await;
    let update = UpdateConnection { tenant: sso.tenant, id: sso.id, name: None, provider: oidc().into() };
    assert_eq!(identity.update_connection(&stranger, update).await.unwrap_err().kind(), Kind::NotFound);

    let owner = sso.people(true, Role::Owner, &[]).await.unwrap_err();
    assert_eq!((owner.kind(), owner.field()), (Kind::Invalid, Some("defaultRole")));
    let owner = sso.people(true, Role::Viewer, &[("admins", Role::Owner)]).await.unwrap_err();
    assert_eq!((owner.kind(), owner.field()), (Kind::Invalid, Some("roles")));
    identity.delete_connection(&sso.owner, sso.who()).await.unwrap();
    assert!(identity.connections(&sso.owner, sso.tenant).await.unwrap().is_empty());
}
