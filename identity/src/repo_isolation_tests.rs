//! Every function of identity's repositories, run where it must find nothing. Most need the system role, because
//! people stand above tenants: those are run as the bare application role. What takes a tenant's transaction is run
//! in another tenant and in none. The list is checked against the repositories' own text, so none is forgotten.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ConnectionTrait;
use tenantry_authz::{Action, Origin, Resource, ResourceKind, Right, Role};
use tenantry_kernel::{
    DeviceId, InvitationId, PasskeyId, Result, RoleId, Secret, SessionId, SupportAccessId, TenantId, UserId,
};
use tenantry_store::{Db, PageRequest, PoolSizes, SystemRole, SystemTx, TenantTx, Transaction, stmt};
use tenantry_testkit::World;

use crate::factors::Method;
use crate::links::Purpose;
use crate::{
    attempts, devices, factors, invitations, links, members, passkeys, roles, session_policy, sessions,
    support, users,
};

const SOURCES: [(&str, &str); 12] = [
    ("attempts", include_str!("attempts/repo.rs")),
    ("devices", include_str!("devices/repo.rs")),
    ("factors", include_str!("factors/repo.rs")),
    ("invitations", include_str!("invitations/repo.rs")),
    ("links", include_str!("links/repo.rs")),
    ("members", include_str!("members/repo.rs")),
    ("passkeys", include_str!("passkeys/repo.rs")),
    ("roles", include_str!("roles/repo.rs")),
    ("session_policy", include_str!("session_policy/repo.rs")),
    ("sessions", include_str!("sessions/repo.rs")),
    ("support", include_str!("support/repo.rs")),
    ("users", include_str!("users/repo.rs")),
];

/// The functions that a tenant's transaction may call.
const BOUND: [&str; 40] = [
    "factors::mfa_required",
    "factors::set_mfa_required",
    "invitations::insert",
    "invitations::inviters",
    "invitations::is_revoked",
    "invitations::list",
    "invitations::live",
    "invitations::open",
    "invitations::open_for",
    "invitations::renew",
    "invitations::revoke",
    "invitations::revoke_by",
    "invitations::set_role",
    "members::by_email",
    "members::count",
    "members::end_sessions",
    "members::find",
    "members::list",
    "members::owners",
    "members::put_back",
    "members::remove",
    "members::set_role",
    "roles::by_ids",
    "roles::count",
    "roles::delete",
    "roles::each",
    "roles::find",
    "roles::holders",
    "roles::insert",
    "roles::list",
    "roles::names_of",
    "roles::policy",
    "roles::update",
    "session_policy::get",
    "session_policy::set",
    "support::count_open",
    "support::find",
    "support::insert",
    "support::list",
    "support::revoke",
];

struct Fixture {
    world: World,
    db: Db,
    /// Where the system's transactions run with the application's role.
    bare: Db,
    tenant: TenantId,
    user: UserId,
}

async fn fixture() -> Fixture {
    let world = World::new().await;
    let cluster = &world.test_db.cluster;
    let sizes = PoolSizes { app: 2, system: 2 };
    let db = Db::connect(&cluster.app, &cluster.system, sizes);
    let bare = Db::connect(&cluster.app, &cluster.app, sizes);
    let tenant = world.tenant("acme").await;
    let user = UserId::generate(&*world.runtime.clock, &*world.runtime.entropy);
    let tx = SystemTx::begin(&db, SystemRole::Authentication).await.unwrap();
    assert!(users::repo::insert(&tx, person(user, world.runtime.clock.now())).await.unwrap());
    let now = world.runtime.clock.now();
    assert!(members::repo::add(&tx, tenant, (user, Role::Owner.into()), now).await.unwrap());
    tx.commit().await.unwrap();
    Fixture { world, db, bare, tenant, user }
}

fn person(id: UserId, at: DateTime<Utc>) -> users::entity::Model {
    users::entity::Model {
        id: id.uuid(),
        email: "ada@example.com".to_owned(),
        name: "Ada".to_owned(),
        password_hash: None,
        platform_role: None,
        email_verified_at: None,
        created_at: at,
    }
}

/// Runs each system function in a transaction of its own, with whichever role `db` gives to the system.
async fn system_functions(fixture: &Fixture, db: &Db) -> Vec<(&'static str, Result<()>)> {
    let (user, tenant, now) = (fixture.user, fixture.tenant, fixture.world.runtime.clock.now());
    let token = Secret::random(&*fixture.world.runtime.entropy, 32);
    let origin = Origin::default();
    let email: users::Email = "ada@example.com".parse().unwrap();
    let other: users::Email = "other@example.com".parse().unwrap();
    let idle = TimeDelta::days(1);
    let new_session = || sessions::repo::NewSession {
        id: SessionId::generate(&*fixture.world.runtime.clock, &*fixture.world.runtime.entropy),
        user,
        token: &token,
        origin: &origin,
        methods: &[Method::Password],
        at: now,
        expires_at: now + idle,
    };
    let liveness = || sessions::repo::Liveness { now, idle, touch_every: idle };
    let session = SessionId::from_uuid(user.uuid());
    let mut outcomes = Vec::new();
    macro_rules! run {
        ($name:literal, $tx:ident => $call:expr) => {{
            let $tx = SystemTx::begin(db, SystemRole::Authentication).await.unwrap();
            let outcome = $call.await.map(|_| ());
            outcomes.push(($name, outcome));
        }};
    }
    run!("factors::held", tx => factors::repo::held(&tx, user));
    run!("factors::totp", tx => factors::repo::totp(&tx, user));
    run!("factors::begin_totp", tx => factors::repo::begin_totp(&tx, user, ("seed", now)));
    run!("factors::confirm_totp", tx => factors::repo::confirm_totp(&tx, user, ("seed", 1, now)));
    run!("factors::take_step", tx => factors::repo::take_step(&tx, user, 1));
    run!("factors::delete_totp", tx => factors::repo::delete_totp(&tx, user));
    let macs = ["mac".to_owned()];
    run!("factors::replace_codes", tx => factors::repo::replace_codes(&tx, user, (&macs, now)));
    run!("factors::take_code", tx => factors::repo::take_code(&tx, user, ("mac", now)));
    run!("factors::delete_codes", tx => factors::repo::delete_codes(&tx, user));
    run!("factors::tries", tx => factors::repo::tries(&tx, user));
    run!("factors::set_tries", tx => factors::repo::set_tries(&tx, user, Default::default()));
    let (methods, span) = ([Method::Password], (now, now + idle));
    run!("factors::insert_pending", tx => factors::repo::insert_pending(&tx, (&token, user), &methods, span));
    run!("factors::pending", tx => factors::repo::pending(&tx, &token, now));
    run!("factors::count_try", tx => factors::repo::count_try(&tx, &token));
    run!("factors::end_pending", tx => factors::repo::end_pending(&tx, &token));
    run!("factors::end_all_pending", tx => factors::repo::end_all_pending(&tx, user));
    run!("factors::tenants_of", tx => factors::repo::tenants_of(&tx, user));
    run!("factors::purge", tx => factors::repo::purge(&tx, now));
    let key = passkeys::Passkey {
        id: PasskeyId::from_uuid(user.uuid()),
        name: "Laptop".to_owned(),
        created_at: now,
        last_used_at: None,
    };
    let json = serde_json::json!({});
    let new_key =
        || passkeys::repo::NewPasskey { passkey: &key, user, credential_id: "id", credential: &json };
    let (purpose, whose) = (passkeys::repo::Purpose::Assert, (user, key.id));
    run!("passkeys::of_user", tx => passkeys::repo::of_user(&tx, user));
    run!("passkeys::by_credential", tx => passkeys::repo::by_credential(&tx, user, "id"));
    run!("passkeys::insert", tx => passkeys::repo::insert(&tx, new_key()));
    run!("passkeys::used", tx => passkeys::repo::used(&tx, (key.id, &json, 1), now));
    run!("passkeys::rename", tx => passkeys::repo::rename(&tx, whose, "Phone"));
    run!("passkeys::delete", tx => passkeys::repo::delete(&tx, whose));
    run!("passkeys::delete_all", tx => passkeys::repo::delete_all(&tx, user));
    run!("passkeys::insert_challenge", tx => passkeys::repo::insert_challenge(
        &tx, (&token, purpose), Some(user), (json.clone(), now + idle)));
    run!("passkeys::take_challenge", tx => passkeys::repo::take_challenge(
        &tx, (&token, purpose), Some(user), now));
    run!("links::insert", tx => links::repo::insert(&tx, user, Purpose::Verify, (&token, now)));
    run!("links::find", tx => links::repo::find(&tx, Purpose::Verify, (&token, now)));
    run!("links::consume", tx => links::repo::consume(&tx, Purpose::Verify, (&token, now)));
    run!("links::revoke", tx => links::repo::revoke(&tx, user, Purpose::Verify, now));
    run!("links::purge", tx => links::repo::purge(&tx, now));
    run!("links::used", tx => links::repo::used(&tx, Purpose::Verify, &token));
    let invitation = InvitationId::from_uuid(user.uuid());
    run!("invitations::set_token", tx => invitations::repo::set_token(&tx, invitation, (&token, now)));
    run!("invitations::by_token", tx => invitations::repo::by_token(&tx, (&token, now)));
    run!("invitations::accept", tx => invitations::repo::accept(&tx, invitation, (user, now)));
    run!("invitations::purge", tx => invitations::repo::purge(&tx, now));
    run!("members::owned_for_update", tx => members::repo::owned_for_update(&tx, user));
    run!("members::is_member", tx => members::repo::is_member(&tx, tenant, user));
    run!("members::first_owner", tx => members::repo::first_owner(&tx, tenant));
    run!("members::add", tx => members::repo::add(&tx, fixture.world.tenant_id(), (user, Role::Owner.into()), now));
    run!("sessions::insert", tx => sessions::repo::insert(&tx, new_session()));
    run!("sessions::authenticate", tx => sessions::repo::authenticate((&tx, &fixture.world.runtime.gate), &token, liveness()));
    run!("sessions::delete", tx => sessions::repo::delete(&tx, session));
    run!("sessions::delete_all", tx => sessions::repo::delete_all(&tx, user));
    run!("sessions::delete_others", tx => sessions::repo::delete_others(&tx, user, session));
    let proof = || sessions::repo::Proof { token: &token, method: Method::Otp, at: now };
    run!("sessions::prove", tx => sessions::repo::prove(&tx, (user, session), proof()));
    let page = PageRequest::new(None, None);
    run!("sessions::list", tx => sessions::repo::list(&tx, (user, &page), (now, idle)));
    run!("sessions::rotate", tx => sessions::repo::rotate(&tx, (user, session), &token));
    run!("sessions::delete_own", tx => sessions::repo::delete_own(&tx, user, session));
    run!("sessions::delete_outside", tx => sessions::repo::delete_outside(&tx, user));
    run!("sessions::purge", tx => sessions::repo::purge(&tx, (now, idle)));
    let (device, fingerprint) = (DeviceId::from_uuid(user.uuid()), "f".repeat(64));
    let sighting = || devices::repo::Sighting {
        id: device,
        user,
        fingerprint: &fingerprint,
        name: "Firefox on Linux",
        address: None,
        at: now,
    };
    run!("devices::note", tx => devices::repo::note(&tx, sighting()));
    run!("devices::new_device", tx => devices::repo::new_device(&tx, device));
    run!("devices::purge", tx => devices::repo::purge(&tx, now));
    run!("attempts::count", tx => attempts::repo::count(&tx, &fingerprint, now));
    run!("attempts::clear", tx => attempts::repo::clear(&tx, &fingerprint));
    run!("attempts::purge", tx => attempts::repo::purge(&tx, now));
    let access = SupportAccessId::from_uuid(user.uuid());
    let broken = || an_access(fixture.world.tenant_id(), access, now);
    run!("support::insert_broken", tx => async {
        let access = broken();
        support::repo::insert_broken(&tx, support::repo::NewAccess { access: &access, by: user }, "acme").await
    });
    run!("support::find_broken", tx => support::repo::find_broken(&tx, tenant, access));
    run!("support::is_broken_by", tx => support::repo::is_broken_by(&tx, (tenant, user), now));
    run!("support::end_broken", tx => support::repo::end_broken(&tx, (tenant, access), now));
    run!("support::list_all", tx => support::repo::list_all(&tx, &page, Some(now)));
    run!("support::owners", tx => support::repo::owners(&tx, tenant));
    run!("support::alarm", tx => support::repo::alarm(&tx, access, user));
    run!("users::by_id", tx => users::repo::by_id(&tx, user));
    run!("users::by_email", tx => users::repo::by_email(&tx, &email));
    run!("users::insert", tx => users::repo::insert(&tx, person(UserId::from_uuid(tenant.uuid()), now)));
    run!("users::set_verified", tx => users::repo::set_verified(&tx, user, now));
    run!("users::set_password", tx => users::repo::set_password(&tx, user, "hash"));
    run!("users::drop_unproven_password", tx => users::repo::drop_unproven_password(&tx, user));
    run!("users::change_password", tx => users::repo::change_password(&tx, user, ("hash", "new")));
    run!("users::renew_hash", tx => users::repo::renew_hash(&tx, user, ("hash", "new")));
    run!("users::set_name", tx => users::repo::set_name(&tx, user, "Eve".to_owned()));
    run!("users::set_email", tx => users::repo::set_email(&tx, user, &other));
    run!("users::platform_admins", tx => users::repo::platform_admins(&tx));
    outcomes
}

#[tokio::test]
async fn each_function_of_the_repositories_is_in_this_test() {
    let fixture = fixture().await;
    let outcomes = system_functions(&fixture, &fixture.db).await;
    let mut tested: BTreeSet<String> = BOUND.iter().map(|name| (*name).to_owned()).collect();
    for (function, outcome) in outcomes {
        outcome.expect(function);
        tested.insert(function.to_owned());
    }
    let written: BTreeSet<String> = SOURCES
        .iter()
        .flat_map(|(noun, text)| {
            text.lines()
                .filter_map(|line| line.trim_start().strip_prefix("pub(crate) async fn "))
                .filter_map(|rest| rest.split(['(', '<']).next())
                .map(move |name| format!("{noun}::{name}"))
        })
        .collect();
    assert_eq!(tested, written, "a function that is not run where it must find nothing");
}

#[tokio::test]
async fn the_bare_application_role_may_not_do_what_the_system_does() {
    let fixture = fixture().await;
    for (function, outcome) in system_functions(&fixture, &fixture.bare).await {
        let error = outcome.expect_err(function);
        assert!(format!("{error:?}").contains("permission denied"), "{function}: {error:?}");
    }
}

fn an_access(tenant: TenantId, id: SupportAccessId, at: DateTime<Utc>) -> support::SupportAccess {
    support::SupportAccess {
        id,
        tenant,
        kind: support::AccessKind::Consent,
        level: support::Level::Read,
        reason: "A reason".to_owned(),
        granted_by: "Ada".to_owned(),
        created_at: at,
        starts_at: at,
        expires_at: at + TimeDelta::minutes(5),
        revoked_at: None,
        last_used_at: None,
    }
}

#[tokio::test]
async fn a_tenants_support_access_is_seen_and_ended_in_its_own_tenant_and_nowhere_else() {
    let fixture = fixture().await;
    let (user, now) = (fixture.user, fixture.world.runtime.clock.now());
    let id = SupportAccessId::from_uuid(user.uuid());
    let access = an_access(fixture.tenant, id, now);
    let new = || support::repo::NewAccess { access: &access, by: user };
    let page = PageRequest::new(None, None);
    let seen = async |tx: &TenantTx| {
        let listed = support::repo::list(tx, &page).await.unwrap().rows.len();
        let found = support::repo::find(tx, id).await.unwrap().is_some();
        (listed, found, support::repo::count_open(tx, now).await.unwrap())
    };
    let own = begin(&fixture, fixture.tenant).await;
    support::repo::insert(&own, new()).await.unwrap();
    assert_eq!(seen(&own).await, (1, true, 1));
    own.commit().await.unwrap();
    let other = fixture.world.tenant_id();
    let wrong = begin(&fixture, other).await;
    assert_eq!(seen(&wrong).await, (0, false, 0));
    assert!(!support::repo::revoke(&wrong, id, now).await.unwrap());
    drop(wrong);
    for setting in [String::new(), other.uuid().to_string()] {
        let walled = begin(&fixture, fixture.tenant).await;
        let set = stmt("SELECT set_config('app.tenant_id', $1, true)", [setting.clone().into()]);
        walled.conn().execute_raw(set).await.unwrap();
        assert_eq!(seen(&walled).await, (0, false, 0), "with the tenant set to {setting:?}");
        assert!(!support::repo::revoke(&walled, id, now).await.unwrap());
        let refused = support::repo::insert(&walled, new()).await.unwrap_err();
        assert!(format!("{refused:?}").contains("row-level security"), "{refused:?}");
    }
    let own = begin(&fixture, fixture.tenant).await;
    assert!(support::repo::revoke(&own, id, now).await.unwrap());
    assert_eq!(seen(&own).await, (1, true, 0));
    // A tenant gives consent; it breaks no glass, not even with SQL.
    let forged = stmt(
        "INSERT INTO identity.support_access (id, tenant_id, kind, level, reason, granted_by, granted_by_name,
           created_at, starts_at, expires_at)
         VALUES (gen_random_uuid(), $1, 'break-glass', 'read', 'r', $2, 'n', now(), now(), now() + interval '1 minute')",
        [fixture.tenant.uuid().into(), user.uuid().into()],
    );
    let refused = own.conn().execute_raw(forged).await.unwrap_err();
    assert!(refused.to_string().contains("permission denied"), "{refused}");
}

async fn begin(fixture: &Fixture, tenant: TenantId) -> TenantTx {
    let permit = fixture
        .world
        .member(tenant, Role::Owner)
        .permit(Action::View, &Resource::new(ResourceKind::Member, tenant))
        .unwrap();
    TenantTx::begin(&fixture.db, &permit).await.unwrap()
}

/// What a tenant has, as each function that only looks sees it.
async fn seen(tx: &TenantTx, fixture: &Fixture, invitation: InvitationId) -> Vec<(&'static str, i64)> {
    let page = PageRequest::new(None, None);
    let now = fixture.world.runtime.clock.now();
    let (ada, bob) = ("ada@example.com".parse().unwrap(), "bob@example.com".parse().unwrap());
    let tenant = fixture.tenant;
    let rows = |n: usize| i64::try_from(n).unwrap();
    vec![
        ("members::list", rows(members::repo::list(tx, None, &page).await.unwrap().rows.len())),
        ("members::count", members::repo::count(tx, tenant).await.unwrap()),
        ("members::owners", members::repo::owners(tx).await.unwrap()),
        ("members::find", members::repo::find(tx, fixture.user).await.unwrap().is_some().into()),
        ("members::by_email", members::repo::by_email(tx, &ada).await.unwrap().is_some().into()),
        ("invitations::inviters", rows(invitations::repo::inviters(tx).await.unwrap().len())),
        ("invitations::list", rows(invitations::repo::list(tx, &page).await.unwrap().rows.len())),
        ("invitations::live", invitations::repo::live(tx, now).await.unwrap()),
        ("invitations::open", invitations::repo::open(tx, invitation).await.unwrap().is_some().into()),
        ("invitations::open_for", invitations::repo::open_for(tx, &bob).await.unwrap().is_some().into()),
    ]
}

async fn invite(tx: &TenantTx, fixture: &Fixture) -> Result<InvitationId> {
    let now = fixture.world.runtime.clock.now();
    let inviter = members::Member {
        user_id: fixture.user,
        email: "ada@example.com".to_owned(),
        name: "Ada".to_owned(),
        role: Role::Owner.into(),
        joined_at: now,
    };
    let id = InvitationId::generate(&*fixture.world.runtime.clock, &*fixture.world.runtime.entropy);
    let email = "bob@example.com".parse().unwrap();
    let new = invitations::repo::NewInvitation {
        id,
        email: &email,
        role: Role::Viewer.into(),
        inviter: &inviter,
        at: now,
        expires_at: now + TimeDelta::days(7),
    };
    invitations::repo::insert(tx, new).await.map(|i| i.id)
}

#[tokio::test]
async fn a_tenants_people_are_seen_and_changed_in_their_own_tenant_and_nowhere_else() {
    let fixture = fixture().await;
    let (user, now) = (fixture.user, fixture.world.runtime.clock.now());
    let other = fixture.world.tenant_id();
    let own = begin(&fixture, fixture.tenant).await;
    let id = invite(&own, &fixture).await.unwrap();
    for (function, rows) in seen(&own, &fixture, id).await {
        assert_eq!(rows, 1, "{function}");
    }
    own.commit().await.unwrap();
    let wrong = begin(&fixture, other).await;
    for (function, rows) in seen(&wrong, &fixture, id).await {
        // It counts the tenant that it is told: the second wall alone bounds it.
        assert_eq!(rows, 0, "{function}");
    }
    drop(wrong);
    // The second wall alone: the code believes to be in the right tenant, PostgreSQL knows better.
    for setting in [String::new(), other.uuid().to_string()] {
        let tx = async || {
            let tx = begin(&fixture, fixture.tenant).await;
            let set = stmt("SELECT set_config('app.tenant_id', $1, true)", [setting.clone().into()]);
            tx.conn().execute_raw(set).await.unwrap();
            tx
        };
        let walled = tx().await;
        for (function, rows) in seen(&walled, &fixture, id).await {
            assert_eq!(rows, 0, "{function} with the tenant set to {setting:?}");
        }
        assert!(!members::repo::set_role(&walled, user, Role::Viewer.into()).await.unwrap());
        assert!(!members::repo::remove(&walled, user).await.unwrap());
        assert!(!members::repo::end_sessions(&walled, user, now).await.unwrap());
        assert!(!invitations::repo::set_role(&walled, id, Role::Admin.into()).await.unwrap());
        assert!(!invitations::repo::revoke(&walled, id, now).await.unwrap());
        assert_eq!(invitations::repo::revoke_by(&walled, user, Default::default(), now).await.unwrap(), 0);
        assert!(!invitations::repo::is_revoked(&walled, id).await.unwrap());
        assert!(invitations::repo::renew(&walled, id, now).await.is_err(), "no such row");
        drop(walled);
        let refused = invite(&tx().await, &fixture).await.unwrap_err();
        assert!(format!("{refused:?}").contains("row-level security"), "{refused:?}");
        let refused = put_back(&tx().await, user, now).await.unwrap_err();
        assert!(format!("{refused:?}").contains("row-level security"), "{refused:?}");
    }
    // Where they belong, the same calls do what they say.
    let own = begin(&fixture, fixture.tenant).await;
    assert!(invitations::repo::renew(&own, id, now + TimeDelta::days(9)).await.is_ok());
    assert!(invitations::repo::set_role(&own, id, Role::Viewer.into()).await.unwrap());
    assert!(invitations::repo::revoke(&own, id, now).await.unwrap());
    assert!(invitations::repo::is_revoked(&own, id).await.unwrap());
    assert!(invite(&own, &fixture).await.is_ok(), "revoked ones do not stand in the way");
    let keep = vec![Role::Viewer.as_str().to_owned()];
    assert_eq!(invitations::repo::revoke_by(&own, user, (keep, vec![]), now).await.unwrap(), 0);
    assert_eq!(invitations::repo::revoke_by(&own, user, Default::default(), now).await.unwrap(), 1);
    assert!(members::repo::end_sessions(&own, user, now).await.unwrap());
    assert!(members::repo::set_role(&own, user, Role::Viewer.into()).await.unwrap());
    assert!(members::repo::remove(&own, user).await.unwrap());
    assert!(put_back(&own, user, now).await.is_ok());
}

async fn put_back(tx: &TenantTx, user: UserId, at: DateTime<Utc>) -> Result<()> {
    let email = "ada@example.com".parse().unwrap();
    members::repo::put_back(tx, (user, Role::Viewer.into()), (&email, "Ada"), at).await
}

#[tokio::test]
async fn a_tenants_limits_of_sessions_are_seen_and_changed_in_their_own_tenant_and_nowhere_else() {
    let fixture = fixture().await;
    let policy = session_policy::SessionPolicy { idle_minutes: Some(5), absolute_minutes: Some(15) };
    let none = session_policy::SessionPolicy::default();
    let own = begin(&fixture, fixture.tenant).await;
    session_policy::repo::set(&own, policy).await.unwrap();
    assert_eq!(session_policy::repo::get(&own).await.unwrap(), policy);
    own.commit().await.unwrap();
    let other = fixture.world.tenant_id();
    assert_eq!(session_policy::repo::get(&begin(&fixture, other).await).await.unwrap(), none);
    for setting in [String::new(), other.uuid().to_string()] {
        let walled = begin(&fixture, fixture.tenant).await;
        let set = stmt("SELECT set_config('app.tenant_id', $1, true)", [setting.clone().into()]);
        walled.conn().execute_raw(set).await.unwrap();
        assert_eq!(
            session_policy::repo::get(&walled).await.unwrap(),
            none,
            "with the tenant set to {setting:?}"
        );
        let refused = session_policy::repo::set(&walled, none).await.unwrap_err();
        assert!(format!("{refused:?}").contains("row-level security"), "{refused:?}");
    }
    let own = begin(&fixture, fixture.tenant).await;
    assert_eq!(session_policy::repo::get(&own).await.unwrap(), policy);
}

fn a_role(id: RoleId, at: DateTime<Utc>) -> roles::TenantRole {
    roles::TenantRole {
        id,
        name: "Deployers".to_owned(),
        description: String::new(),
        rights: vec![Right::SEE_TENANT, "instance:operate".parse().unwrap()],
        member_count: 0,
        created_at: at,
        updated_at: at,
    }
}

/// What a tenant has of roles, as each function that only looks sees it.
async fn roles_seen(tx: &TenantTx, fixture: &Fixture, id: RoleId) -> Vec<(&'static str, i64)> {
    let page = PageRequest::new(None, None);
    let rows = |n: usize| i64::try_from(n).unwrap();
    let own = (vec![], vec![id.uuid()]);
    vec![
        ("roles::list", rows(roles::repo::list(tx, &page).await.unwrap().rows.len())),
        ("roles::by_ids", rows(roles::repo::by_ids(tx, &[id]).await.unwrap().len())),
        ("roles::count", roles::repo::count(tx).await.unwrap()),
        ("roles::each", rows(roles::repo::each(tx, &[(fixture.tenant, id)]).await.unwrap().len())),
        ("roles::find", roles::repo::find(tx, id).await.unwrap().is_some().into()),
        ("roles::holders", rows(roles::repo::holders(tx, id).await.unwrap().len())),
        ("roles::names_of", rows(roles::repo::names_of(tx, own, 5).await.unwrap().len())),
        // It reads the tenant that it is told: the second wall alone bounds it.
        ("roles::policy", rows(roles::repo::policy(tx, fixture.tenant).await.unwrap().1.len())),
    ]
}

#[tokio::test]
async fn a_tenants_roles_are_seen_and_changed_in_their_own_tenant_and_nowhere_else() {
    let fixture = fixture().await;
    let (user, now) = (fixture.user, fixture.world.runtime.clock.now());
    let id = RoleId::generate(&*fixture.world.runtime.clock, &*fixture.world.runtime.entropy);
    let role = a_role(id, now);
    let own = begin(&fixture, fixture.tenant).await;
    roles::repo::insert(&own, &role).await.unwrap();
    assert!(members::repo::set_role(&own, user, roles::AssignedRole::Custom(id)).await.unwrap());
    for (function, rows) in roles_seen(&own, &fixture, id).await {
        assert_eq!(rows, 1, "{function}");
    }
    own.commit().await.unwrap();
    let other = fixture.world.tenant_id();
    let wrong = begin(&fixture, other).await;
    for (function, rows) in roles_seen(&wrong, &fixture, id).await {
        assert_eq!(rows, 0, "{function}");
    }
    assert!(!roles::repo::update(&wrong, &role).await.unwrap());
    assert!(!roles::repo::delete(&wrong, id).await.unwrap());
    drop(wrong);
    // The second wall alone.
    for setting in [String::new(), other.uuid().to_string()] {
        let tx = async || {
            let tx = begin(&fixture, fixture.tenant).await;
            let set = stmt("SELECT set_config('app.tenant_id', $1, true)", [setting.clone().into()]);
            tx.conn().execute_raw(set).await.unwrap();
            tx
        };
        let walled = tx().await;
        for (function, rows) in roles_seen(&walled, &fixture, id).await {
            assert_eq!(rows, 0, "{function} with the tenant set to {setting:?}");
        }
        assert!(!roles::repo::update(&walled, &role).await.unwrap());
        assert!(!roles::repo::delete(&walled, id).await.unwrap());
        drop(walled);
        let another =
            roles::TenantRole { name: "Another".to_owned(), ..a_role(RoleId::from_uuid(user.uuid()), now) };
        let refused = roles::repo::insert(&tx().await, &another).await.unwrap_err();
        assert!(format!("{refused:?}").contains("row-level security"), "{refused:?}");
    }
    // No request writes a version: the trigger alone does.
    let own = begin(&fixture, fixture.tenant).await;
    let write = stmt("UPDATE identity.policy_versions SET version = 0", []);
    let refused = own.conn().execute_raw(write).await.unwrap_err();
    assert!(refused.to_string().contains("permission denied"), "{refused}");
    let own = begin(&fixture, fixture.tenant).await;
    assert!(roles::repo::update(&own, &role).await.unwrap());
    assert!(members::repo::set_role(&own, user, Role::Viewer.into()).await.unwrap());
    assert!(roles::repo::delete(&own, id).await.unwrap());
    assert_eq!(roles::repo::policy(&own, fixture.tenant).await.unwrap().0, 3, "made, changed, deleted");
}

#[tokio::test]
async fn what_a_tenant_demands_of_log_ins_is_seen_and_changed_in_it_and_nowhere_else() {
    let fixture = fixture().await;
    let now = fixture.world.runtime.clock.now();
    let own = begin(&fixture, fixture.tenant).await;
    assert!(!factors::repo::mfa_required(&own).await.unwrap());
    factors::repo::set_mfa_required(&own, (true, now)).await.unwrap();
    assert!(factors::repo::mfa_required(&own).await.unwrap());
    own.commit().await.unwrap();
    let other = fixture.world.tenant_id();
    assert!(!factors::repo::mfa_required(&begin(&fixture, other).await).await.unwrap());
    for setting in [String::new(), other.uuid().to_string()] {
        let walled = begin(&fixture, fixture.tenant).await;
        let set = stmt("SELECT set_config('app.tenant_id', $1, true)", [setting.clone().into()]);
        walled.conn().execute_raw(set).await.unwrap();
        assert!(!factors::repo::mfa_required(&walled).await.unwrap(), "with the tenant set to {setting:?}");
        let refused = factors::repo::set_mfa_required(&walled, (false, now)).await.unwrap_err();
        assert!(format!("{refused:?}").contains("row-level security"), "{refused:?}");
    }
}
