//! Every function of the repositories of single sign-on, run where it must find nothing: in another tenant, with none
//! set, and what is the system's as the bare application role.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ConnectionTrait;
use tenantry_authz::{Action, Resource, ResourceKind, Role};
use tenantry_kernel::{ConnectionId, Result, Secret, SessionId, TenantId, UserId};
use tenantry_store::{Db, PoolSizes, SystemRole, SystemTx, TenantTx, Transaction, stmt};
use tenantry_testkit::World;

use super::model::{Connection, RoleOfGroup, TestResult};
use super::saml::key_repo::{self, NewKey};
use super::saml::repo as saml_repo;
use super::system_repo::{NewLink, Provenance};
use super::{
    ClaimNames, ConnectionSettings, Domain, FlowPurpose, FlowSecrets, KeyState, OidcSettings, Protocol,
    ProviderSettings, SamlAttributes, SamlSettings, Start, domain_repo, repo, system_repo,
};
use crate::saml::{Certificate, KeyPair};

const SOURCES: [(&str, &str); 5] = [
    ("sso", include_str!("repo.rs")),
    ("domains", include_str!("domain_repo.rs")),
    ("system", include_str!("system_repo.rs")),
    ("saml_keys", include_str!("saml/key_repo.rs")),
    ("saml", include_str!("saml/repo.rs")),
];

/// The functions that a tenant's transaction may call.
const BOUND: [&str; 22] = [
    "domains::checked",
    "domains::find",
    "domains::insert",
    "domains::list",
    "domains::remove",
    "domains::standing",
    "saml_keys::advance",
    "saml_keys::insert",
    "saml_keys::remove_previous",
    "sso::count",
    "sso::delete",
    "sso::delete_setup",
    "sso::exempt",
    "sso::find",
    "sso::insert",
    "sso::insert_setup",
    "sso::insert_ticket",
    "sso::list",
    "sso::remove_exempt",
    "sso::set_enforced",
    "sso::set_people",
    "sso::update",
];

struct Fixture {
    world: World,
    db: Db,
    tenant: TenantId,
    user: UserId,
    connection: Connection,
    certificate: Certificate,
    domain: Domain,
    secret: Secret,
    now: DateTime<Utc>,
}

fn oidc() -> OidcSettings {
    OidcSettings {
        issuer: "https://login.example.com".to_owned(),
        client_id: "id".to_owned(),
        scopes: vec!["openid".to_owned()],
        claims: ClaimNames::default(),
    }
}

fn saml() -> SamlSettings {
    SamlSettings {
        issuer: "https://idp.example.com".to_owned(),
        sign_on: vec![],
        certificates: vec![],
        attributes: SamlAttributes::default(),
        allows_idp_initiated: false,
        metadata_url: Some("https://idp.example.com".to_owned()),
    }
}

async fn fixture() -> Fixture {
    let world = World::new().await;
    let cluster = &world.test_db.cluster;
    let db = Db::connect(&cluster.app, &cluster.system, PoolSizes { app: 8, system: 8 });
    let tenant = world.tenant("acme").await;
    let (clock, entropy) = (&*world.runtime.clock, &*world.runtime.entropy);
    let user = UserId::generate(clock, entropy);
    sqlx::query(
        "WITH u AS (INSERT INTO identity.users (id, email, name, created_at) VALUES ($1, 'a@example.com', 'A', now())
                    RETURNING *)
         INSERT INTO identity.memberships (tenant_id, user_id, role, email, name, created_at)
         SELECT $2, id, 'owner', email, name, now() FROM u",
    )
    .bind(user.uuid())
    .bind(tenant.uuid())
    .execute(&mut world.superuser().await)
    .await
    .unwrap();
    // PostgreSQL keeps microseconds.
    let now = DateTime::from_timestamp_micros(clock.now().timestamp_micros()).unwrap();
    let connection = Connection {
        id: ConnectionId::generate(clock, entropy),
        tenant,
        name: "Acme".to_owned(),
        settings: ProviderSettings::Oidc(oidc()),
        has_secret: true,
        jit: true,
        default_role: Role::Viewer,
        roles: vec![RoleOfGroup { group: "g".to_owned(), role: Role::Admin.into() }],
        created_at: now,
        settings_changed_at: now,
        tested_at: None,
        last_test: None,
        enforced_at: None,
        guests_too: false,
        exempt: vec![user],
        setup_until: None,
        own_certificates: vec![],
        metadata_fetched_at: None,
        metadata_problem: None,
    };
    let domain = Domain {
        name: "example.com".to_owned(),
        record: "tenantry-verify=1".to_owned(),
        created_at: now,
        checked_at: None,
        verified_at: None,
    };
    let secret = Secret::random(entropy, 32);
    let pair = KeyPair::generate("Tenantry", now, now + TimeDelta::days(1)).unwrap();
    let certificate = pair.certificate().clone();
    Fixture { db, tenant, user, connection, certificate, domain, secret, now, world }
}

impl Fixture {
    async fn begin(&self, tenant: TenantId) -> TenantTx {
        let owner = self.world.member(tenant, Role::Owner);
        let permit = owner.permit(Action::View, &Resource::new(ResourceKind::Sso, tenant)).unwrap();
        TenantTx::begin(&self.db, &permit).await.unwrap()
    }

    /// Believes to be in its own tenant; PostgreSQL knows better.
    async fn walled(&self, setting: &str) -> TenantTx {
        let tx = self.begin(self.tenant).await;
        let set = stmt("SELECT set_config('app.tenant_id', $1, true)", [setting.into()]);
        tx.conn().execute_raw(set).await.unwrap();
        tx
    }

    /// All that a tenant can have.
    async fn make(&self, tx: &TenantTx) {
        let id = self.connection.id;
        repo::insert(tx, &self.connection, Some("1:sealed".to_owned())).await.unwrap();
        repo::set_people(tx, &self.connection).await.unwrap();
        key_repo::insert(tx, self.key(KeyState::Current), self.now).await.unwrap();
        let until = self.now + TimeDelta::days(1);
        repo::insert_setup(tx, id, (&self.secret, self.now, until)).await.unwrap();
        repo::insert_ticket(tx, (self.tenant, id), (&self.secret, "/", until)).await.unwrap();
        assert!(domain_repo::insert(tx, &self.domain).await.unwrap());
        domain_repo::checked(tx, &self.domain.name, (self.now, true)).await.unwrap();
    }

    fn key(&self, state: KeyState) -> NewKey<'_> {
        let (connection, certificate) = (self.connection.id, &self.certificate);
        NewKey { connection, certificate, state, sealed: "1:sealed".to_owned() }
    }

    /// What a tenant has, as each function that only looks sees it.
    async fn seen(&self, tx: &TenantTx) -> Vec<(&'static str, i64)> {
        let rows = |n: usize| i64::try_from(n).unwrap();
        vec![
            ("sso::list", rows(repo::list(tx).await.unwrap().len())),
            ("sso::count", repo::count(tx).await.unwrap()),
            ("sso::find", repo::find(tx, self.connection.id).await.unwrap().is_some().into()),
            ("domains::list", rows(domain_repo::list(tx).await.unwrap().len())),
            ("domains::find", domain_repo::find(tx, &self.domain.name).await.unwrap().is_some().into()),
            ("domains::standing", domain_repo::standing(tx).await.unwrap().1),
        ]
    }
}

fn is_walled(outcome: Result<impl Sized>) -> bool {
    outcome.is_err_and(|error| format!("{error:?}").contains("row-level security"))
}

#[tokio::test]
async fn a_tenants_connections_are_seen_and_changed_in_their_own_tenant_and_nowhere_else() {
    let f = fixture().await;
    let id = f.connection.id;
    let own = f.begin(f.tenant).await;
    f.make(&own).await;
    for (function, rows) in f.seen(&own).await {
        assert_eq!(rows, 1, "{function}");
    }
    own.commit().await.unwrap();
    let other = f.world.tenant_id();
    for tx in [f.begin(other).await, f.walled("").await, f.walled(&other.uuid().to_string()).await] {
        for (function, rows) in f.seen(&tx).await {
            assert_eq!(rows, 0, "{function} in {}", tx.tenant());
        }
        assert_eq!(repo::exempt(&tx, f.user).await.unwrap(), (false, 0));
        assert!(!repo::update(&tx, &f.connection, None).await.unwrap());
        assert!(!repo::delete_setup(&tx, id).await.unwrap());
        assert_eq!(key_repo::advance(&tx, id).await.unwrap(), 0);
        assert!(!key_repo::remove_previous(&tx, id).await.unwrap());
        assert!(!repo::delete(&tx, id).await.unwrap());
        assert!(!domain_repo::remove(&tx, &f.domain.name).await.unwrap());
        domain_repo::checked(&tx, &f.domain.name, (f.now + TimeDelta::days(1), true)).await.unwrap();
        repo::remove_exempt(&tx, f.user).await.unwrap();
        repo::set_enforced(&tx, &Connection { exempt: vec![], ..f.connection.clone() }, None).await.unwrap();
        tx.commit().await.unwrap();
    }
    let none = String::new();
    let fresh = || Connection { id: ConnectionId::from_uuid(f.user.uuid()), ..f.connection.clone() };
    assert!(is_walled(repo::insert(&f.walled(&none).await, &fresh(), None).await));
    let until = f.now + TimeDelta::days(1);
    let ticket = (&Secret::new("another"), "/", until);
    assert!(is_walled(repo::insert_ticket(&f.walled(&none).await, (f.tenant, id), ticket).await));
    let setup = (&Secret::new("another"), f.now, until);
    assert!(is_walled(repo::insert_setup(&f.walled(&none).await, id, setup).await));
    assert!(is_walled(key_repo::insert(&f.walled(&none).await, f.key(KeyState::Next), f.now).await));
    assert!(is_walled(domain_repo::insert(&f.walled(&none).await, &f.domain).await));
    assert!(is_walled(repo::set_people(&f.walled(&none).await, &f.connection).await));

    // Nothing of it did anything, and where it belongs, it does.
    let own = f.begin(f.tenant).await;
    for (function, rows) in f.seen(&own).await {
        assert_eq!(rows, 1, "{function}");
    }
    let kept = domain_repo::find(&own, &f.domain.name).await.unwrap().unwrap();
    assert_eq!(kept.checked_at, Some(f.now));
    repo::set_enforced(&own, &f.connection, None).await.unwrap();
    assert_eq!(repo::exempt(&own, f.user).await.unwrap(), (true, 1));
    repo::remove_exempt(&own, f.user).await.unwrap();
    assert_eq!(repo::exempt(&own, f.user).await.unwrap(), (false, 0));
    assert_eq!(key_repo::advance(&own, id).await.unwrap(), 1, "the current one is the previous one");
    assert!(key_repo::remove_previous(&own, id).await.unwrap());
    assert!(repo::update(&own, &f.connection, None).await.unwrap());
    assert!(repo::delete_setup(&own, id).await.unwrap());
    assert!(domain_repo::remove(&own, &f.domain.name).await.unwrap());
    assert!(repo::delete(&own, id).await.unwrap());
}

/// Runs each system function in a transaction of its own, with whichever role `db` gives to the system.
async fn system_functions(f: &Fixture, db: &Db) -> Vec<(&'static str, Result<()>)> {
    let (id, user, tenant, now) = (f.connection.id, f.user, f.tenant, f.now);
    let token = &f.secret;
    let who = (id, "subject");
    let start = Start {
        settings: ConnectionSettings {
            connection: id,
            tenant: Some(tenant),
            name: "Acme".to_owned(),
            callback: id.to_string(),
            protocol: Protocol::Oidc { settings: oidc(), secret: None },
        },
        purpose: FlowPurpose::LogIn,
        return_to: "/".to_owned(),
    };
    let of = |text: &str| Secret::new(text);
    let secrets = FlowSecrets { browser: of("b"), state: of("s"), nonce: of("n"), verifier: of("v") };
    let session = SessionId::from_uuid(user.uuid());
    let new_link = || NewLink { connection: id, subject: "subject", user, return_to: "/" };
    let by =
        || Provenance { connection: id, reach: None, subject: "s", provider_session: None, id_token: None };
    let mut outcomes = Vec::new();
    macro_rules! run {
        ($name:literal, $tx:ident => $call:expr) => {{
            let $tx = SystemTx::begin(db, SystemRole::Authentication).await.unwrap();
            let outcome = $call.await.map(|_| ());
            outcomes.push(($name, outcome));
        }};
    }
    run!("system::begin_flow", tx => system_repo::begin_flow(&tx, (&start, &secrets), now));
    run!("system::take_flow", tx => system_repo::take_flow(&tx, (token, token), now));
    run!("system::take_ticket", tx => system_repo::take_ticket(&tx, (token, now)));
    run!("system::by_setup", tx => system_repo::by_setup(&tx, (token, now)));
    run!("system::has_people", tx => system_repo::has_people(&tx, id));
    run!("system::identity", tx => system_repo::identity(&tx, who));
    run!("system::insert_identity", tx => system_repo::insert_identity(&tx, who, (user, now)));
    run!("system::touch_identity", tx => system_repo::touch_identity(&tx, who, now));
    run!("system::is_tenants_own", tx => system_repo::is_tenants_own(&tx, tenant, user));
    run!("system::with_password", tx => system_repo::with_password(&tx, &[user]));
    run!("system::role_of", tx => system_repo::role_of(&tx, tenant, user));
    run!("system::insert_link", tx => system_repo::insert_link(&tx, new_link(), (token, now)));
    run!("system::link", tx => system_repo::link(&tx, (token, now)));
    run!("system::delete_link", tx => system_repo::delete_link(&tx, token));
    run!("system::session", tx => system_repo::session(&tx, session));
    run!("system::mark_session", tx => system_repo::mark_session(&tx, session, by()));
    run!("system::provenance", tx => system_repo::provenance(&tx, session));
    run!("system::end_sessions", tx => system_repo::end_sessions(&tx, id, (Some("s"), None)));
    run!("system::use_logout_token", tx => system_repo::use_logout_token(&tx, (id, token), now));
    let said = serde_json::Value::Null;
    run!("saml::sealed_keys", tx => saml_repo::sealed_keys(&tx, id));
    run!("saml::open_flow", tx => saml_repo::open_flow(&tx, (id, token), now));
    run!("saml::answer_flow", tx => saml_repo::answer_flow(&tx, (id, token), (said, now)));
    run!("saml::use_assertion", tx => saml_repo::use_assertion(&tx, (id, "key"), now));
    run!("saml::raise", tx => saml_repo::raise(&tx, (tenant, id), ("fingerprint", 7, now)));
    run!("saml::owner_address", tx => saml_repo::owner_address(&tx, (tenant, user)));
    run!("system::purge", tx => system_repo::purge(&tx, now));
    outcomes
}

/// Functions of the system that ask tables which the application's role may read too: the second wall bounds them.
async fn bounded(f: &Fixture, db: &Db) -> Vec<(&'static str, i64)> {
    let tx = SystemTx::begin(db, SystemRole::Authentication).await.unwrap();
    let found = system_repo::connection(&tx, f.connection.id).await.unwrap().is_some();
    let by_domain = system_repo::by_domain(&tx, &f.domain.name).await.unwrap().is_some();
    let owns = system_repo::owns_domain(&tx, f.tenant, &f.domain.name).await.unwrap();
    let test = TestResult::failed(f.now, "why");
    let tested = system_repo::set_test(&tx, f.connection.id, (&test, f.now)).await.unwrap();
    let whose = (f.tenant, f.user);
    system_repo::set_role(&tx, whose, Role::Owner.into()).await.unwrap();
    let (invitations, credentials) = system_repo::take_back(&tx, whose, f.now).await.unwrap();
    let tenant_of = saml_repo::tenant_of(&tx, f.connection.id).await.unwrap().is_some();
    let locked = saml_repo::locked(&tx, f.connection.id).await.unwrap().is_some();
    // It is of the other protocol until now.
    saml_repo::looked(&tx, (f.connection.id, &saml()), (None, f.now)).await.unwrap();
    let by_saml = stmt("UPDATE identity.connections SET kind = 'saml', metadata_looked_at = NULL", []);
    tx.conn().execute_raw(by_saml).await.unwrap();
    let due = saml_repo::due(&tx, (f.now, 10)).await.unwrap().len();
    let look = saml_repo::look(&tx, f.connection.id, (f.now, TimeDelta::zero())).await.unwrap().is_some();
    let page = saml_repo::page(&tx, (None, 10)).await.unwrap().len();
    let rows = |n: usize| i64::try_from(n).unwrap();
    vec![
        ("saml::tenant_of", tenant_of.into()),
        ("saml::locked", locked.into()),
        ("saml::looked", 0),
        ("saml::due", rows(due)),
        ("saml::look", look.into()),
        ("saml::page", rows(page)),
        ("system::connection", found.into()),
        ("system::by_domain", by_domain.into()),
        ("system::owns_domain", owns.into()),
        ("system::set_test", tested.into()),
        ("system::set_role", 0),
        ("system::take_back", i64::try_from(invitations + credentials).unwrap()),
    ]
}

#[tokio::test]
async fn each_function_of_the_repositories_is_in_this_test() {
    let f = fixture().await;
    let own = f.begin(f.tenant).await;
    f.make(&own).await;
    own.commit().await.unwrap();
    let mut tested: BTreeSet<String> = BOUND.iter().map(|name| (*name).to_owned()).collect();
    for (function, outcome) in system_functions(&f, &f.db).await {
        outcome.expect(function);
        tested.insert(function.to_owned());
    }
    tested.extend(bounded(&f, &f.db).await.into_iter().map(|(function, _)| function.to_owned()));
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
    let f = fixture().await;
    let own = f.begin(f.tenant).await;
    f.make(&own).await;
    own.commit().await.unwrap();
    let found = bounded(&f, &f.db).await;
    let of = |name: &str| found.iter().find(|(function, _)| *function == name).unwrap().1;
    for name in ["system::connection", "system::owns_domain", "saml::due", "saml::look", "saml::page"] {
        assert_eq!(of(name), 1, "{name}");
    }
    let cluster = &f.world.test_db.cluster;
    let bare = Db::connect(&cluster.app, &cluster.app, PoolSizes { app: 8, system: 8 });
    for (function, outcome) in system_functions(&f, &bare).await {
        let error = outcome.expect_err(function);
        assert!(format!("{error:?}").contains("permission denied"), "{function}: {error:?}");
    }
    for (function, rows) in bounded(&f, &bare).await {
        assert_eq!(rows, 0, "{function}");
    }
}
