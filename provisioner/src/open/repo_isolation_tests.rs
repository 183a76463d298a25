//! Every function of the repository, run where it must find nothing: in another tenant, in none, and as the bare
//! application role. The list of functions is checked against the repository's own text, so none is forgotten.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ConnectionTrait;
use sqlx::postgres::PgPoolOptions;
use tenantry_authz::{Action, Resource, ResourceKind, Role};
use tenantry_kernel::{InstanceId, OsEntropy, Result, SessionId, TenantId, UserId};
use tenantry_store::{Conn, Db, PoolSizes, SystemRole, SystemTx, TenantTx, Transaction, stmt};
use tenantry_testkit::World;

use super::repo::{self, Holder, StoredCode};

const KEPT: &str = "aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11";
const NEW: &str = "bb22bb22bb22bb22bb22bb22bb22bb22bb22bb22bb22bb22bb22bb22bb22bb22";

struct Fixture {
    world: World,
    db: Db,
    tenant: TenantId,
    holder: Holder,
    now: DateTime<Utc>,
}

/// One tenant with an instance, a code and a session.
async fn fixture() -> Fixture {
    let world = World::new().await;
    let cluster = &world.test_db.cluster;
    let db = Db::connect(&cluster.app, &cluster.system, PoolSizes { app: 4, system: 4 });
    let (clock, tenant) = (&*world.runtime.clock, world.tenant_id());
    let instance = InstanceId::generate(clock, &OsEntropy);
    sqlx::query(
        "INSERT INTO provisioner.instances (id, tenant_id, region, slug, name, n8n_version, owner_email, owner_name,
            cpu_millis, memory_mib, storage_mib, concurrency, desired, phase, next_attempt_at, created_at)
         VALUES ($1, $2, 'us-east', 'ours', 'Ours', '1', 'a@b', 'A', 1, 1, 1, 1, 'running', 'ready', now(), now())",
    )
    .bind(instance.uuid())
    .bind(tenant.uuid())
    .execute(&mut world.superuser().await)
    .await
    .unwrap();
    let now = clock.now();
    let holder = Holder {
        tenant,
        instance,
        user: UserId::generate(clock, &OsEntropy),
        session: SessionId::generate(clock, &OsEntropy),
        expires_at: now + TimeDelta::hours(1),
    };
    let fixture = Fixture { world, db, tenant, holder, now };
    let tx = begin(&fixture, tenant).await;
    repo::add_code(&tx, KEPT, &code(&fixture), now).await.unwrap();
    repo::add_session(&tx, KEPT, &fixture.holder, now).await.unwrap();
    tx.commit().await.unwrap();
    fixture
}

fn code(fixture: &Fixture) -> StoredCode {
    StoredCode { holder: fixture.holder.clone(), browser_hash: KEPT.to_owned(), target: "/".to_owned() }
}

async fn begin(fixture: &Fixture, tenant: TenantId) -> TenantTx {
    let resource = Resource::new(ResourceKind::Instance, tenant);
    let permit = fixture.world.member(tenant, Role::Owner).permit(Action::View, &resource).unwrap();
    TenantTx::begin(&fixture.db, &permit).await.unwrap()
}

/// What a function found or did. A refusal by the database counts as nothing; each write has a savepoint of its own.
async fn rows<T>(
    tx: &impl Transaction,
    work: impl Future<Output = Result<T>>,
    number: impl FnOnce(T) -> usize,
) -> usize {
    tx.conn().execute_raw(stmt("SAVEPOINT s", [])).await.unwrap();
    let result = work.await;
    tx.conn().execute_raw(stmt("ROLLBACK TO SAVEPOINT s", [])).await.unwrap();
    match result {
        Ok(value) => number(value),
        Err(error) => {
            let text = format!("{error:?}");
            assert!(text.contains("row-level security") || text.contains("permission denied"), "{text}");
            0
        }
    }
}

/// Those that take any transaction.
async fn generic(tx: &impl Transaction, fixture: &Fixture) -> Vec<(&'static str, usize)> {
    let late = fixture.now + TimeDelta::days(1);
    let count = |n: u64| usize::try_from(n).unwrap();
    vec![
        (
            "door",
            rows(tx, repo::door(tx, fixture.holder.instance), |found| usize::from(found.is_some())).await,
        ),
        ("take_code", rows(tx, repo::take_code(tx, KEPT), |found| usize::from(found.is_some())).await),
        ("session", rows(tx, repo::session(tx, KEPT), |found| usize::from(found.is_some())).await),
        ("end_session", rows(tx, repo::end_session(tx, KEPT), count).await),
        ("purge", rows(tx, repo::purge(tx, late), |n| count(n).div_ceil(2)).await),
    ]
}

/// Those that take a tenant's.
async fn bound(tx: &TenantTx, fixture: &Fixture) -> Vec<(&'static str, usize)> {
    let code = code(fixture);
    vec![
        ("add_code", rows(tx, repo::add_code(tx, NEW, &code, fixture.now), |()| 1).await),
        ("add_session", rows(tx, repo::add_session(tx, NEW, &fixture.holder, fixture.now), |()| 1).await),
    ]
}

#[tokio::test]
async fn each_function_of_the_repository_is_in_this_test() {
    let fixture = fixture().await;
    let tx = begin(&fixture, fixture.tenant).await;
    let mut found = generic(&tx, &fixture).await;
    found.extend(bound(&tx, &fixture).await);
    let tested: BTreeSet<_> = found.into_iter().map(|(name, _)| name).collect();
    let written: BTreeSet<_> = include_str!("repo.rs")
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("pub(crate) async fn "))
        .filter_map(|rest| rest.split(['(', '<']).next())
        .collect();
    assert!(written.len() >= 7, "{written:?}");
    assert_eq!(tested, written, "a function that is not run as the wrong tenant");
}

#[tokio::test]
async fn in_its_own_place_each_function_finds_its_row() {
    let fixture = fixture().await;
    let system = SystemTx::begin(&fixture.db, SystemRole::Opening).await.unwrap();
    for (function, rows) in generic(&system, &fixture).await {
        assert_eq!(rows, 1, "{function}");
    }
    let tx = begin(&fixture, fixture.tenant).await;
    for (function, rows) in bound(&tx, &fixture).await {
        assert_eq!(rows, 1, "{function}");
    }
}

#[tokio::test]
async fn in_another_tenant_and_in_none_each_function_finds_nothing() {
    let fixture = fixture().await;
    for setting in [fixture.world.tenant_id().uuid().to_string(), String::new()] {
        // The code believes to be in the right tenant; PostgreSQL knows better.
        let tx = begin(&fixture, fixture.tenant).await;
        let set = stmt("SELECT set_config('app.tenant_id', $1, true)", [setting.clone().into()]);
        tx.conn().execute_raw(set).await.unwrap();
        let mut found = generic(&tx, &fixture).await;
        found.extend(bound(&tx, &fixture).await);
        for (function, rows) in found {
            assert_eq!(rows, 0, "{function} with the tenant set to {setting:?}");
        }
    }
}

struct Bare(Conn);

impl Transaction for Bare {
    fn conn(&self) -> &Conn {
        &self.0
    }
}

#[tokio::test]
async fn the_bare_application_role_finds_nothing() {
    let fixture = fixture().await;
    let options = fixture.world.test_db.cluster.app.clone();
    let pool = PgPoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
    let tx = Bare(Conn::begin(&pool).await.unwrap());
    for (function, rows) in generic(&tx, &fixture).await {
        assert_eq!(rows, 0, "{function}");
    }
}

/// A code or session that names one tenant and hangs on another's instance is refused by the schema itself.
#[tokio::test]
async fn nothing_of_one_tenant_can_be_hung_on_the_instance_of_another() {
    let fixture = fixture().await;
    let other = fixture.world.tenant_id();
    let tx = begin(&fixture, other).await;
    let holder = Holder { tenant: other, ..fixture.holder.clone() };
    let error = repo::add_session(&tx, NEW, &holder, fixture.now).await.unwrap_err();
    assert!(format!("{error:?}").contains("foreign key"), "{error:?}");
}
