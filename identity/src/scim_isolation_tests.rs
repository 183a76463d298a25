//! Every function of the repositories of provisioning, run where it must find nothing: in another tenant, with none set, and
//! what is the system's as the bare application role.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ConnectionTrait;
use serde_json::{Map, json};
use tenantry_authz::{Action, Resource, ResourceKind, Role};
use tenantry_kernel::{Result, ScimGroupId, ScimTokenId, ScimUserId, Secret, TenantId, UserId};
use tenantry_store::{Db, PageRequest, PoolSizes, SystemRole, SystemTx, TenantTx, Transaction, stmt};
use tenantry_testkit::World;

use crate::scim::repos::{connection, groups, users};
use crate::scim::{Provisioning, ScimToken, tokens};

const SOURCES: [(&str, &str); 4] = [
    ("connection", include_str!("scim/connection/repo.rs")),
    ("groups", include_str!("scim/groups/repo.rs")),
    ("tokens", include_str!("scim/tokens/repo.rs")),
    ("users", include_str!("scim/users/repo.rs")),
];

struct Fixture {
    world: World,
    db: Db,
    tenant: TenantId,
    token: ScimToken,
    user: users::ScimUser,
    group: groups::ScimGroup,
    secret: Secret,
}

async fn fixture() -> Fixture {
    let world = World::new().await;
    let cluster = &world.test_db.cluster;
    let db = Db::connect(&cluster.app, &cluster.system, PoolSizes { app: 8, system: 8 });
    let tenant = world.tenant("acme").await;
    let (clock, entropy) = (&*world.runtime.clock, &*world.runtime.entropy);
    let maker = UserId::generate(clock, entropy);
    sqlx::query(
        "WITH u AS (INSERT INTO identity.users (id, email, name, created_at) VALUES ($1, 'a@example.com', 'A', now())
                    RETURNING *)
         INSERT INTO identity.memberships (tenant_id, user_id, role, email, name, created_at)
         SELECT $2, id, 'owner', email, name, now() FROM u",
    )
    .bind(maker.uuid())
    .bind(tenant.uuid())
    .execute(&mut world.superuser().await)
    .await
    .unwrap();
    // PostgreSQL keeps microseconds.
    let now = DateTime::from_timestamp_micros(clock.now().timestamp_micros()).unwrap();
    let secret = Secret::random(entropy, 32);
    let token = ScimToken {
        id: ScimTokenId::generate(clock, entropy),
        name: "Directory".to_owned(),
        prefix: "tnt_scm_012345".to_owned(),
        maker,
        maker_name: "A".to_owned(),
        created_at: now,
        expires_at: now + TimeDelta::days(1),
        last_used_at: None,
        last_used_from: None,
        revoked_at: None,
    };
    let user = users::ScimUser {
        id: ScimUserId::generate(clock, entropy),
        user_name: "ada".to_owned(),
        external_id: Some("x".to_owned()),
        email: "ada@example.com".to_owned(),
        active: true,
        person: None,
        was: None,
        role_given: false,
        attributes: Map::from_iter([("userName".to_owned(), json!("ada"))]),
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let group = groups::ScimGroup {
        id: ScimGroupId::generate(clock, entropy),
        display_name: "Engineers".to_owned(),
        external_id: None,
        role: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    Fixture { db, tenant, token, user, group, secret, world }
}

impl Fixture {
    async fn begin(&self, tenant: TenantId) -> TenantTx {
        let owner = self.world.member(tenant, Role::Owner);
        let resource = Resource::new(ResourceKind::Provisioning, tenant);
        TenantTx::begin(&self.db, &owner.permit(Action::View, &resource).unwrap()).await.unwrap()
    }

    /// What makes rows.
    async fn insert(&self, tx: &TenantTx) -> Vec<(&'static str, Result<()>)> {
        let set = Provisioning { enabled: true, role: Role::Developer.into() };
        let mut done = vec![("tokens::insert", tokens::repo::insert(tx, &self.token, &self.secret).await)];
        if done.iter().all(|(_, done)| done.is_ok()) {
            done.push(("connection::write", connection::write(tx, set, self.token.created_at).await));
            done.push(("users::insert", users::insert(tx, &self.user).await));
            done.push(("groups::insert", groups::insert(tx, &self.group).await));
        }
        done
    }

    /// What changes rows; each says whether it did.
    async fn changed(&self, tx: &TenantTx) -> Vec<(&'static str, bool)> {
        let (user, group) = (self.user.id, self.group.id);
        vec![
            ("users::update", users::update(tx, &self.user).await.unwrap()),
            ("users::link", users::link(tx, &self.user).await.unwrap()),
            ("groups::update", groups::update(tx, &self.group).await.unwrap()),
            ("groups::add", groups::add(tx, group, &[user]).await.unwrap() > 0),
            ("connection::map", connection::map(tx, group, Some(Role::Viewer.into())).await.unwrap()),
        ]
    }

    /// What only looks; a member is in the group.
    async fn seen(&self, tx: &TenantTx) -> Vec<(&'static str, usize)> {
        let (user, group, now) = (self.user.id, self.group.id, self.token.created_at);
        let page = PageRequest::new(None, None);
        let window = || crate::scim::repos::Window { skip: 0, count: 10 };
        let count = |n: i64| usize::try_from(n).unwrap();
        vec![
            ("connection::read", connection::read(tx).await.unwrap().enabled.into()),
            ("connection::users", connection::users(tx, &page).await.unwrap().rows.len()),
            ("connection::groups", connection::groups(tx, &page).await.unwrap().rows.len()),
            ("connection::group", connection::group(tx, group).await.unwrap().is_some().into()),
            ("connection::roles_of", connection::roles_of(tx, user).await.unwrap().len()),
            ("tokens::list", tokens::repo::list(tx, &page).await.unwrap().rows.len()),
            ("tokens::find", tokens::repo::find(tx, self.token.id).await.unwrap().is_some().into()),
            ("users::find", users::find(tx, user).await.unwrap().is_some().into()),
            ("users::count", count(users::count(tx).await.unwrap())),
            ("users::part", users::part(tx, window()).await.unwrap().len()),
            ("users::by", users::by(tx, users::By::UserName("ADA")).await.unwrap().len()),
            ("users::of_group", users::of_group(tx, group).await.unwrap().len()),
            ("users::these", users::these(tx, &[user]).await.unwrap().len()),
            ("users::groups_of", users::groups_of(tx, &[user]).await.unwrap().len()),
            ("groups::find", groups::find(tx, group).await.unwrap().is_some().into()),
            ("groups::count", count(groups::count(tx).await.unwrap())),
            ("groups::part", groups::part(tx, window()).await.unwrap().len()),
            ("groups::by", groups::by(tx, groups::By::Everything).await.unwrap().len()),
            ("groups::members", groups::members(tx, &[group]).await.unwrap().len()),
            ("tokens::live", count(tokens::repo::live(tx, now).await.unwrap())),
        ]
    }

    /// What takes rows away; each says whether it did.
    async fn taken(&self, tx: &TenantTx) -> Vec<(&'static str, bool)> {
        let (user, group, at) = (self.user.id, self.group.id, self.token.created_at);
        vec![
            ("tokens::revoke", tokens::repo::revoke(tx, self.token.id, at).await.unwrap()),
            ("tokens::revoke_by", tokens::repo::revoke_by(tx, self.token.maker, at).await.unwrap() > 0),
            ("groups::take", groups::take(tx, group, &[user]).await.unwrap() > 0),
            ("groups::delete", groups::delete(tx, group).await.unwrap()),
            ("users::delete", users::delete(tx, user).await.unwrap()),
        ]
    }
}

#[tokio::test]
async fn what_a_directory_has_is_seen_and_changed_in_its_own_tenant_and_nowhere_else() {
    let fixture = fixture().await;
    let own = fixture.begin(fixture.tenant).await;
    let mut tested = BTreeSet::new();
    for (function, done) in fixture.insert(&own).await {
        done.expect(function);
        tested.insert(function);
    }
    for (function, changed) in fixture.changed(&own).await {
        assert!(changed, "{function}");
        tested.insert(function);
    }
    for (function, rows) in fixture.seen(&own).await {
        assert_eq!(rows, 1, "{function}");
        tested.insert(function);
    }
    own.commit().await.unwrap();
    let other = fixture.world.tenant_id();
    // In another tenant; then by the second wall alone: the code believes to be in the right tenant, PostgreSQL knows better.
    let settings = [None, Some(String::new()), Some(other.uuid().to_string())];
    for setting in settings {
        let tx = match &setting {
            None => fixture.begin(other).await,
            Some(setting) => {
                let tx = fixture.begin(fixture.tenant).await;
                let set = stmt("SELECT set_config('app.tenant_id', $1, true)", [setting.clone().into()]);
                tx.conn().execute_raw(set).await.unwrap();
                tx
            }
        };
        for (function, rows) in fixture.seen(&tx).await {
            assert_eq!(rows, 0, "{function} with {setting:?}");
        }
        for (function, changed) in fixture.changed(&tx).await.into_iter().chain(fixture.taken(&tx).await) {
            assert!(!changed, "{function} with {setting:?}");
        }
        if setting.is_some() {
            let (_, refused) = fixture.insert(&tx).await.remove(0);
            let refused = refused.unwrap_err();
            assert!(format!("{refused:?}").contains("row-level security"), "{refused:?}");
        }
    }
    let own = fixture.begin(fixture.tenant).await;
    for (function, taken) in fixture.taken(&own).await {
        // The second of two that revoke finds nothing left to do.
        assert_eq!(taken, function != "tokens::revoke_by", "{function}");
        tested.insert(function);
    }
    tested.extend(SYSTEM);
    let written: BTreeSet<String> = SOURCES
        .iter()
        .flat_map(|(noun, text)| {
            text.lines()
                .filter_map(|line| line.trim_start().strip_prefix("pub(crate) async fn "))
                .filter_map(|rest| rest.split(['(', '<']).next())
                .map(move |name| format!("{noun}::{name}"))
        })
        .collect();
    let tested: BTreeSet<String> = tested.into_iter().map(str::to_owned).collect();
    assert_eq!(tested, written, "a function that is not run where it must find nothing");
}

const SYSTEM: [&str; 3] = ["tokens::by_secret", "tokens::touch", "tokens::purge"];

/// Runs each system function in a transaction of its own, with whichever role `db` gives to the system.
async fn system_functions(fixture: &Fixture, db: &Db) -> Vec<(&'static str, Result<bool>)> {
    let now: DateTime<Utc> = fixture.token.created_at;
    let mut outcomes = Vec::new();
    let begin = async || SystemTx::begin(db, SystemRole::Authentication).await.unwrap();
    let tx = begin().await;
    let found = tokens::repo::by_secret(&tx, (&fixture.secret, now)).await;
    outcomes.push((SYSTEM[0], found.map(|found| found.is_some())));
    drop(tx);
    let tx = begin().await;
    outcomes.push((SYSTEM[1], tokens::repo::touch(&tx, fixture.token.id, (now, None)).await.map(|()| true)));
    // It holds the row until then.
    drop(tx);
    let tx = begin().await;
    let later = now + TimeDelta::days(9);
    outcomes.push((SYSTEM[2], tokens::repo::purge(&tx, later).await.map(|n| n == 1)));
    outcomes
}

#[tokio::test]
async fn what_the_system_does_with_tokens_the_bare_application_role_may_not() {
    let fixture = fixture().await;
    let own = fixture.begin(fixture.tenant).await;
    assert!(fixture.insert(&own).await.into_iter().all(|(_, done)| done.is_ok()));
    own.commit().await.unwrap();
    let cluster = &fixture.world.test_db.cluster;
    let bare = Db::connect(&cluster.app, &cluster.app, PoolSizes { app: 8, system: 8 });
    for (function, outcome) in system_functions(&fixture, &bare).await {
        let error = outcome.expect_err(function);
        assert!(format!("{error:?}").contains("permission denied"), "{function}: {error:?}");
    }
    for (function, outcome) in system_functions(&fixture, &fixture.db).await {
        assert!(outcome.unwrap(), "{function} does something");
    }
}
