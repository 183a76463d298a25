//! Every function of the repository, run where it must find nothing: in another tenant, in none, and as the bare
//! application role. The list of functions is checked against the repository's own text, so none is forgotten.

use std::collections::BTreeSet;

use sea_orm::ActiveValue::Set;
use sea_orm::ConnectionTrait;
use sqlx::postgres::PgPoolOptions;
use tenantry_authz::{Action, Resource, ResourceKind, Role};
use tenantry_kernel::{Error, InstanceId, Kind, OsEntropy, Result, TenantId};
use tenantry_store::{Conn, Db, PageRequest, PoolSizes, TenantTx, Transaction, stmt};
use tenantry_testkit::World;

use super::entity::{ActiveModel, Model};
use super::repo;
use super::{Desired, Phase};

struct Fixture {
    world: World,
    db: Db,
    tenant: TenantId,
    id: InstanceId,
    row: Model,
}

fn new_row(world: &World, tenant: TenantId, slug: &str) -> ActiveModel {
    let id = InstanceId::generate(&*world.runtime.clock, &OsEntropy);
    let now = world.runtime.clock.now();
    ActiveModel {
        id: Set(id.uuid()),
        tenant_id: Set(tenant.uuid()),
        region: Set("us-east".into()),
        slug: Set(slug.into()),
        name: Set("Ours".into()),
        n8n_version: Set("1".into()),
        owner_email: Set("ada@example.com".into()),
        owner_name: Set("Ada".into()),
        cpu_millis: Set(1),
        memory_mib: Set(1),
        storage_mib: Set(1),
        concurrency: Set(1),
        desired: Set(Desired::Running.as_str().into()),
        phase: Set(Phase::Ready.as_str().into()),
        next_attempt_at: Set(now),
        created_at: Set(now),
        ..Default::default()
    }
}

/// One tenant with an instance that has an event and a secret.
async fn fixture() -> Fixture {
    let world = World::new().await;
    let db = Db::connect(
        &world.test_db.cluster.app,
        &world.test_db.cluster.system,
        PoolSizes { app: 4, system: 4 },
    );
    let tenant = world.tenant_id();
    let tx = begin(&world, &db, tenant).await;
    let row = repo::insert(&tx, new_row(&world, tenant, "ours")).await.unwrap();
    let (id, now) = (row.instance_id(), world.runtime.clock.now());
    repo::add_event(&tx, (tenant, id), (now, Phase::Ready), "Ready.").await.unwrap();
    repo::put_secret(&tx, (tenant, id), ("api_key", "sealed".into()), now).await.unwrap();
    tx.commit().await.unwrap();
    Fixture { world, db, tenant, id, row }
}

async fn begin(world: &World, db: &Db, tenant: TenantId) -> TenantTx {
    let permit = world
        .member(tenant, Role::Owner)
        .permit(Action::View, &Resource::new(ResourceKind::Instance, tenant))
        .unwrap();
    TenantTx::begin(db, &permit).await.unwrap()
}

/// What a function found or did: rows seen or changed.
fn rows<T>(result: Result<T>, number: impl FnOnce(T) -> usize) -> usize {
    match result {
        Ok(value) => number(value),
        Err(error) if error.kind() == Kind::NotFound => 0,
        Err(error) if refused(&error) => 0,
        Err(error) => panic!("an unforeseen error: {error:?}"),
    }
}

fn refused(error: &Error) -> bool {
    format!("{error:?}").contains("row-level security")
}

/// Runs each function that takes any transaction. Whatever is written is written for the fixture's tenant. Each
/// write has a savepoint of its own: a refusal ends the transaction it is in.
async fn generic(tx: &impl Transaction, fixture: &Fixture) -> Vec<(&'static str, usize)> {
    let (tenant, id, now) = (fixture.tenant, fixture.id, fixture.world.runtime.clock.now());
    let mut found = vec![
        // Places are no secret; how many instances of others they have is.
        (
            "regions",
            rows(repo::regions(tx).await, |regions| {
                usize::try_from(regions.iter().map(|r| r.used).sum::<i64>()).unwrap()
            }),
        ),
        // That a region exists is no secret either; which of its addresses others have is.
        (
            "addresses",
            rows(repo::addresses(tx, "us-east", vec!["ours".into()], (None, now)).await, |taken| {
                taken.unwrap().len()
            }),
        ),
        ("secret", rows(repo::secret(tx, id, "api_key").await, |secret| usize::from(secret.is_some()))),
    ];
    savepoint(tx, "SAVEPOINT s").await;
    let event = repo::add_event(tx, (tenant, id), (now, Phase::Failed), "forged").await;
    found.push(("add_event", rows(event, |()| 1)));
    savepoint(tx, "ROLLBACK TO SAVEPOINT s").await;
    for name in ["api_key", "owner_password"] {
        let put = repo::put_secret(tx, (tenant, id), (name, "forged".into()), now).await;
        found.push(("put_secret", rows(put, |()| 1)));
        savepoint(tx, "ROLLBACK TO SAVEPOINT s").await;
    }
    found
}

async fn savepoint(tx: &impl Transaction, sql: &str) {
    tx.conn().execute_raw(stmt(sql, [])).await.unwrap();
}

/// Runs each function that takes a tenant's transaction.
async fn bound(tx: &TenantTx, fixture: &Fixture) -> Vec<(&'static str, usize)> {
    let now = fixture.world.runtime.clock.now();
    let tomorrow = now + chrono::TimeDelta::days(1);
    let mut found = vec![
        ("get", rows(repo::get(tx, fixture.id, false).await, |_| 1)),
        ("get", rows(repo::get(tx, fixture.id, true).await, |_| 1)),
        ("of", rows(repo::of(tx, &[fixture.id]).await, |found| found.len())),
        ("list", rows(repo::list(tx, &PageRequest::new(None, None)).await, |page| page.rows.len())),
        ("count_for_update", rows(repo::count_for_update(tx).await, |n| usize::try_from(n).unwrap())),
        ("events", rows(repo::events(tx, &[fixture.id], 100).await, |events| events.len())),
        (
            "set_desired",
            rows(
                repo::set_desired(tx, &fixture.row, (Desired::Deleted, Some(tomorrow)), now).await,
                |changed| usize::from(changed.desired == Desired::Deleted),
            ),
        ),
        ("count_kept", rows(repo::count_kept(tx, now).await, |n| usize::try_from(n).unwrap())),
        ("get_even_gone", rows(repo::get_even_gone(tx, fixture.id).await, |_| 1)),
    ];
    savepoint(tx, "SAVEPOINT i").await;
    let row = new_row(&fixture.world, fixture.tenant, "forged");
    found.push(("insert", rows(repo::insert(tx, row).await, |_| 1)));
    savepoint(tx, "ROLLBACK TO SAVEPOINT i").await;
    found
}

async fn everything(tx: &TenantTx, fixture: &Fixture) -> Vec<(&'static str, usize)> {
    let mut found = generic(tx, fixture).await;
    found.extend(bound(tx, fixture).await);
    found
}

#[tokio::test]
async fn each_function_of_the_repository_is_in_this_test() {
    let fixture = fixture().await;
    let tx = begin(&fixture.world, &fixture.db, fixture.tenant).await;
    let tested: BTreeSet<_> = everything(&tx, &fixture).await.into_iter().map(|(name, _)| name).collect();
    let written: BTreeSet<_> = include_str!("repo.rs")
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("pub(crate) async fn "))
        .filter_map(|rest| rest.split(['(', '<']).next())
        .collect();
    assert!(written.len() > 10, "{written:?}");
    assert_eq!(tested, written, "a function that is not run as the wrong tenant");
}

#[tokio::test]
async fn in_its_own_tenant_each_function_finds_its_row() {
    let fixture = fixture().await;
    let tx = begin(&fixture.world, &fixture.db, fixture.tenant).await;
    for (function, rows) in everything(&tx, &fixture).await {
        assert_eq!(rows, 1, "{function}");
    }
}

#[tokio::test]
async fn in_another_tenant_each_function_finds_nothing() {
    let fixture = fixture().await;
    let tx = begin(&fixture.world, &fixture.db, fixture.world.tenant_id()).await;
    for (function, rows) in everything(&tx, &fixture).await {
        assert_eq!(rows, 0, "{function}");
    }
    tx.commit().await.unwrap();
    unchanged(&fixture).await;
}

/// The second wall alone: the code believes to be in the right tenant, PostgreSQL knows better.
#[tokio::test]
async fn row_level_security_alone_stops_each_function() {
    let fixture = fixture().await;
    for setting in [String::new(), fixture.world.tenant_id().uuid().to_string()] {
        let tx = begin(&fixture.world, &fixture.db, fixture.tenant).await;
        let set = stmt("SELECT set_config('app.tenant_id', $1, true)", [setting.clone().into()]);
        tx.conn().execute_raw(set).await.unwrap();
        for (function, rows) in everything(&tx, &fixture).await {
            assert_eq!(rows, 0, "{function} with the tenant set to {setting:?}");
        }
        tx.commit().await.unwrap();
        unchanged(&fixture).await;
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
    for table in ["instances", "instance_secrets", "instance_events"] {
        let sql = format!("SELECT count(*) AS n FROM provisioner.{table}");
        let row = tx.conn().query_one_raw(stmt(&sql, [])).await.unwrap().unwrap();
        assert_eq!(row.try_get::<i64>("", "n").unwrap(), 0, "{table}");
    }
    // No tenant's instance is deleted by the application, not even its own: only a worker does that.
    let refused = tx.conn().execute_raw(stmt("DELETE FROM provisioner.instances", [])).await.unwrap_err();
    assert!(refused.to_string().contains("permission denied"), "{refused}");
}

/// An event or secret that names one tenant and hangs on another's instance is refused by the schema itself.
#[tokio::test]
async fn nothing_of_one_tenant_can_be_hung_on_the_instance_of_another() {
    let fixture = fixture().await;
    let other = fixture.world.tenant_id();
    let now = fixture.world.runtime.clock.now();
    for write in ["event", "secret"] {
        let tx = begin(&fixture.world, &fixture.db, other).await;
        let done = if write == "event" {
            repo::add_event(&tx, (other, fixture.id), (now, Phase::Failed), "forged").await
        } else {
            repo::put_secret(&tx, (other, fixture.id), ("owner_password", "forged".into()), now).await
        };
        let error = done.expect_err(write);
        assert!(format!("{error:?}").contains("foreign key"), "{write}: {error:?}");
    }
}

async fn unchanged(fixture: &Fixture) {
    let tx = begin(&fixture.world, &fixture.db, fixture.tenant).await;
    assert_eq!(repo::get(&tx, fixture.id, false).await.unwrap(), fixture.row);
    assert_eq!(repo::events(&tx, &[fixture.id], 100).await.unwrap()[&fixture.id].len(), 1);
    assert_eq!(repo::secret(&tx, fixture.id, "api_key").await.unwrap().as_deref(), Some("sealed"));
    assert_eq!(repo::secret(&tx, fixture.id, "owner_password").await.unwrap(), None);
}
