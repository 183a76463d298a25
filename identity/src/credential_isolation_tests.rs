//! Every function of the repositories of API keys and service accounts, run where it must find nothing: in another
//! tenant, with none set, and what is the system's as the bare application role.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ConnectionTrait;
use tenantry_authz::{Action, Resource, ResourceKind, Right, Role};
use tenantry_kernel::{ApiKeyId, CredentialId, Result, Secret, ServiceAccountId, TenantId, UserId};
use tenantry_store::{Db, PageRequest, PoolSizes, SystemRole, SystemTx, TenantTx, Transaction, stmt};
use tenantry_testkit::World;

use crate::api_keys::{self, ApiKey};
use crate::service_accounts::{self, Credential, CredentialKind, ServiceAccount};

const SOURCES: [(&str, &str); 2] = [
    ("api_keys", include_str!("api_keys/repo.rs")),
    ("service_accounts", include_str!("service_accounts/repo.rs")),
];

/// The functions that a tenant's transaction may call.
const BOUND: [&str; 17] = [
    "api_keys::find",
    "api_keys::insert",
    "api_keys::list",
    "api_keys::live",
    "api_keys::revoke",
    "api_keys::revoke_by",
    "api_keys::rotate",
    "service_accounts::add_credential",
    "service_accounts::count",
    "service_accounts::credentials",
    "service_accounts::disable",
    "service_accounts::find",
    "service_accounts::insert",
    "service_accounts::known",
    "service_accounts::list",
    "service_accounts::remove_credential",
    "service_accounts::remove_credentials_by",
];

struct Fixture {
    world: World,
    db: Db,
    tenant: TenantId,
    user: UserId,
    key: ApiKey,
    account: ServiceAccount,
    credential: Credential,
    secret: Secret,
}

async fn fixture() -> Fixture {
    let world = World::new().await;
    let cluster = &world.test_db.cluster;
    let db = Db::connect(&cluster.app, &cluster.system, PoolSizes { app: 2, system: 2 });
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
    let secret = Secret::random(entropy, 32);
    let key = ApiKey {
        id: ApiKeyId::generate(clock, entropy),
        name: "key".to_owned(),
        prefix: "tnt_key_012345".to_owned(),
        scopes: vec![Right { kind: ResourceKind::Tenant, action: Action::View }],
        allowed_addresses: vec![],
        maker: user,
        maker_name: "A".to_owned(),
        created_at: now,
        issued_at: now,
        expires_at: now + TimeDelta::days(1),
        last_used_at: None,
        last_used_from: None,
        revoked_at: None,
        rotated_until: None,
    };
    let account = ServiceAccount {
        id: ServiceAccountId::generate(clock, entropy),
        name: "robot".to_owned(),
        role: Role::Viewer.into(),
        creator_name: "A".to_owned(),
        created_at: now,
        disabled_at: None,
        last_used_at: None,
    };
    let credential = Credential {
        id: CredentialId::generate(clock, entropy),
        account: account.id,
        kind: CredentialKind::Secret,
        hint: "tnt_sec_012345".to_owned(),
        created_at: now,
        expires_at: Some(now + TimeDelta::days(1)),
        last_used_at: None,
    };
    Fixture { db, tenant, user, key, account, credential, secret, world }
}

impl Fixture {
    async fn begin(&self, tenant: TenantId) -> TenantTx {
        let owner = self.world.member(tenant, Role::Owner);
        let permit = owner.permit(Action::View, &Resource::new(ResourceKind::ApiKey, tenant)).unwrap();
        TenantTx::begin(&self.db, &permit).await.unwrap()
    }

    async fn insert(&self, tx: &TenantTx) -> Vec<Result<()>> {
        let mut done = vec![api_keys::repo::insert(tx, &self.key, &self.secret).await];
        if done[0].is_ok() {
            done.push(service_accounts::repo::insert(tx, &self.account, self.user).await);
            let proof = service_accounts::repo::Proof::Secret(&self.secret);
            done.push(service_accounts::repo::add_credential(tx, &self.credential, (self.user, proof)).await);
        }
        done
    }

    /// What a tenant has, as each function that only looks sees it.
    async fn seen(&self, tx: &TenantTx) -> Vec<(&'static str, i64)> {
        let (page, now) = (PageRequest::new(None, None), self.key.created_at);
        let rows = |n: usize| i64::try_from(n).unwrap();
        let (key, account) = (self.key.id, self.account.id);
        vec![
            ("api_keys::list", rows(api_keys::repo::list(tx, &page).await.unwrap().rows.len())),
            ("api_keys::live", api_keys::repo::live(tx, now).await.unwrap()),
            ("api_keys::find", api_keys::repo::find(tx, key).await.unwrap().is_some().into()),
            (
                "service_accounts::list",
                rows(service_accounts::repo::list(tx, &page).await.unwrap().rows.len()),
            ),
            ("service_accounts::count", service_accounts::repo::count(tx).await.unwrap()),
            (
                "service_accounts::find",
                service_accounts::repo::find(tx, account).await.unwrap().is_some().into(),
            ),
            (
                "service_accounts::credentials",
                rows(service_accounts::repo::credentials(tx, &[account]).await.unwrap().len()),
            ),
            ("service_accounts::known", rows(service_accounts::repo::known(tx, now).await.unwrap().len())),
        ]
    }

    /// What each function that changes something says that it did.
    async fn changed(&self, tx: &TenantTx) -> Vec<(&'static str, bool)> {
        let (key, account, at) = (self.key.id, self.account.id, self.key.created_at);
        let credential = self.credential.id;
        let fresh = Secret::random(&*self.world.runtime.entropy, 32);
        let removed = service_accounts::repo::remove_credential(tx, account, credential).await.unwrap();
        if removed {
            // Back again, for the other function that takes it away.
            let proof = service_accounts::repo::Proof::Secret(&self.secret);
            let by = (self.user, proof);
            service_accounts::repo::add_credential(tx, &self.credential, by).await.unwrap();
        }
        vec![
            ("api_keys::rotate", api_keys::repo::rotate(tx, &self.key, &fresh).await.unwrap()),
            ("api_keys::revoke_by", api_keys::repo::revoke_by(tx, self.user, at).await.unwrap() > 0),
            ("service_accounts::remove_credential", removed),
            (
                "service_accounts::remove_credentials_by",
                service_accounts::repo::remove_credentials_by(tx, self.user, Default::default())
                    .await
                    .unwrap()
                    > 0,
            ),
            ("service_accounts::disable", service_accounts::repo::disable(tx, account, at).await.unwrap()),
            ("api_keys::revoke", api_keys::repo::revoke(tx, key, at).await.unwrap()),
        ]
    }
}

#[tokio::test]
async fn a_tenants_credentials_are_seen_and_changed_in_their_own_tenant_and_nowhere_else() {
    let fixture = fixture().await;
    let own = fixture.begin(fixture.tenant).await;
    assert!(fixture.insert(&own).await.into_iter().all(|done| done.is_ok()));
    for (function, rows) in fixture.seen(&own).await {
        assert_eq!(rows, 1, "{function}");
    }
    own.commit().await.unwrap();
    let other = fixture.world.tenant_id();
    let wrong = fixture.begin(other).await;
    for (function, rows) in fixture.seen(&wrong).await {
        assert_eq!(rows, 0, "{function}");
    }
    for (function, changed) in fixture.changed(&wrong).await {
        assert!(!changed, "{function}");
    }
    drop(wrong);
    // The second wall alone: the code believes to be in the right tenant, PostgreSQL knows better.
    for setting in [String::new(), other.uuid().to_string()] {
        let walled = async || {
            let tx = fixture.begin(fixture.tenant).await;
            let set = stmt("SELECT set_config('app.tenant_id', $1, true)", [setting.clone().into()]);
            tx.conn().execute_raw(set).await.unwrap();
            tx
        };
        let tx = walled().await;
        for (function, rows) in fixture.seen(&tx).await {
            assert_eq!(rows, 0, "{function} with the tenant set to {setting:?}");
        }
        for (function, changed) in fixture.changed(&tx).await {
            assert!(!changed, "{function} with the tenant set to {setting:?}");
        }
        drop(tx);
        let tx = walled().await;
        let refused = fixture.insert(&tx).await.remove(0).unwrap_err();
        assert!(format!("{refused:?}").contains("row-level security"), "{refused:?}");
    }
    let own = fixture.begin(fixture.tenant).await;
    for (function, changed) in fixture.changed(&own).await {
        // The second of two that revoke finds nothing left to do.
        assert_eq!(changed, function != "api_keys::revoke", "{function}");
    }
}

/// Runs each system function in a transaction of its own, with whichever role `db` gives to the system.
async fn system_functions(fixture: &Fixture, db: &Db) -> Vec<(&'static str, Result<bool>)> {
    let now: DateTime<Utc> = fixture.key.created_at;
    let (secret, account) = (&fixture.secret, fixture.account.id);
    let token = || service_accounts::repo::NewToken {
        token: secret,
        tenant: fixture.tenant,
        account,
        credential: fixture.credential.id,
        scopes: None,
        at: now,
        expires_at: now + TimeDelta::minutes(1),
    };
    let mut outcomes = Vec::new();
    macro_rules! run {
        ($name:literal, $tx:ident => $call:expr, $found:expr) => {{
            let $tx = SystemTx::begin(db, SystemRole::Authentication).await.unwrap();
            let outcome = $call.await.map($found);
            $tx.commit().await.unwrap();
            outcomes.push(($name, outcome));
        }};
    }
    run!("api_keys::by_secret", tx => api_keys::repo::by_secret(&tx, (secret, now)), |found| found.is_some());
    run!("api_keys::touch", tx => api_keys::repo::touch(&tx, fixture.key.id, (now, None)), |()| true);
    run!("api_keys::purge", tx => api_keys::repo::purge(&tx, now), |n| n == 0);
    run!("service_accounts::held", tx => service_accounts::repo::held(&tx, account), |found| found.is_some());
    run!("service_accounts::checkable", tx => service_accounts::repo::checkable(&tx, (account, now)), |f| f.len() == 1);
    run!("service_accounts::use_assertion",
        tx => service_accounts::repo::use_assertion(&tx, account, ("jti", now)), |used| used);
    run!("service_accounts::insert_token", tx => service_accounts::repo::insert_token(&tx, token()), |()| true);
    run!("service_accounts::by_token", tx => service_accounts::repo::by_token(&tx, (secret, now)), |f| f.is_some());
    run!("service_accounts::delete_token", tx => service_accounts::repo::delete_token(&tx, (account, secret)), |d| d);
    run!("service_accounts::purge", tx => service_accounts::repo::purge(&tx, now), |n| n == 1);
    outcomes
}

#[tokio::test]
async fn what_the_system_does_the_bare_application_role_may_not() {
    let fixture = fixture().await;
    let own = fixture.begin(fixture.tenant).await;
    assert!(fixture.insert(&own).await.into_iter().all(|done| done.is_ok()));
    own.commit().await.unwrap();
    let cluster = &fixture.world.test_db.cluster;
    let bare = Db::connect(&cluster.app, &cluster.app, PoolSizes { app: 1, system: 1 });
    for (function, outcome) in system_functions(&fixture, &bare).await {
        if function == "service_accounts::held" {
            assert!(!outcome.unwrap(), "a tenant's requests read this table, and no tenant is set");
            continue;
        }
        let error = outcome.expect_err(function);
        assert!(format!("{error:?}").contains("permission denied"), "{function}: {error:?}");
    }
    let mut tested: BTreeSet<String> = BOUND.iter().map(|name| (*name).to_owned()).collect();
    for (function, outcome) in system_functions(&fixture, &fixture.db).await {
        assert!(outcome.unwrap(), "{function} does something");
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
