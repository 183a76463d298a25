//! The fleet's queries, run where they must find nothing: they are for the system's role, and in a tenant's
//! transaction or as the bare application role row-level security leaves them nothing of others. The list of
//! functions is checked against the repository's own text, so none is forgotten.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use sea_orm::ConnectionTrait;
use sqlx::postgres::PgPoolOptions;
use tenantry_authz::{Action, Resource, ResourceKind, Role};
use tenantry_kernel::{InstanceId, TenantId};
use tenantry_store::{
    Conn, Db, PageRequest, PoolSizes, SearchText, SystemRole, SystemTx, TenantTx, Transaction, stmt,
};
use tenantry_testkit::World;

use super::model::{FleetFilter, FleetOrder, FleetSort, Search};
use super::repo;

struct Fixture {
    world: World,
    db: Db,
    tenant: TenantId,
    id: InstanceId,
}

/// One tenant with a failed instance that has an event.
async fn fixture() -> Fixture {
    let world = World::new().await;
    let cluster = &world.test_db.cluster;
    let db = Db::connect(&cluster.app, &cluster.system, PoolSizes { app: 2, system: 2 });
    let tenant = world.tenant_id();
    let id = InstanceId::generate(&*world.runtime.clock, &*world.runtime.entropy);
    let tx = SystemTx::begin(&db, SystemRole::Provisioner).await.unwrap();
    let now = world.runtime.clock.now();
    let values = || [id.uuid().into(), tenant.uuid().into(), now.into()];
    for sql in [
        "INSERT INTO provisioner.instances (id, tenant_id, region, slug, name, n8n_version, owner_email, owner_name,
                cpu_millis, memory_mib, storage_mib, concurrency, desired, phase, attempts, next_attempt_at, created_at)
         VALUES ($1, $2, 'us-east', 'ours', 'Ours', '1', 'a@b', 'A', 1, 1, 1, 1, 'running', 'failed', 3, $3, $3)",
        "INSERT INTO provisioner.instance_events (instance_id, tenant_id, at, phase, message)
         VALUES ($1, $2, $3, 'failed', 'No.')",
    ] {
        tx.conn().execute_raw(stmt(sql, values())).await.unwrap();
    }
    tx.commit().await.unwrap();
    Fixture { world, db, tenant, id }
}

/// Runs each function; gives how many rows it found or changed.
async fn everything(tx: &impl Transaction, fixture: &Fixture) -> Vec<(&'static str, usize)> {
    let now = fixture.world.runtime.clock.now();
    let page = PageRequest::new(None, None);
    let order = FleetOrder { sort: FleetSort::Name, descending: false };
    let count = |n: i64| usize::try_from(n).unwrap();
    let all = FleetFilter::default();
    let searched = FleetFilter {
        region: Some("us-east".into()),
        tenant: Some(fixture.tenant),
        search: Some(Search {
            text: SearchText::parse(Some("OUR")).unwrap().unwrap(),
            tenants: vec![fixture.tenant],
        }),
        ..FleetFilter::default()
    };
    let mut found = Vec::new();
    for filter in [&all, &searched] {
        found.push(("page", repo::page(tx, filter, order, &page).await.unwrap().rows.len()));
        found.push(("count", count(repo::count(tx, filter).await.unwrap())));
    }
    for lock in [false, true] {
        found.push(("get", usize::from(repo::get(tx, fixture.id, lock).await.unwrap().is_some())));
    }
    found.push(("by_phase", count(repo::by_phase(tx).await.unwrap().iter().map(|p| p.count).sum())));
    let tenants = repo::count_by_tenant(tx, &[fixture.tenant]).await.unwrap();
    found.push(("count_by_tenant", count(tenants.values().sum())));
    let events = repo::events(tx, &[fixture.id], 100).await.unwrap();
    found.push(("events", events.values().map(Vec::len).sum()));
    let later = now - TimeDelta::hours(1);
    found.push(("make_due", usize::from(repo::make_due(tx, fixture.id, later).await.unwrap())));
    found
}

async fn begin(fixture: &Fixture, tenant: TenantId) -> TenantTx {
    let permit = fixture
        .world
        .member(tenant, Role::Owner)
        .permit(Action::View, &Resource::new(ResourceKind::Instance, tenant))
        .unwrap();
    TenantTx::begin(&fixture.db, &permit).await.unwrap()
}

#[tokio::test]
async fn each_function_is_in_this_test_and_the_system_finds_the_row() {
    let fixture = fixture().await;
    let tx = SystemTx::begin(&fixture.db, SystemRole::Provisioner).await.unwrap();
    let found = everything(&tx, &fixture).await;
    let tested: BTreeSet<_> = found.iter().map(|(name, _)| *name).collect();
    let written: BTreeSet<_> = include_str!("repo.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("pub(crate) async fn "))
        .filter_map(|rest| rest.split(['(', '<']).next())
        .collect();
    assert_eq!(tested, written, "a function that is not run where it must find nothing");
    for (function, rows) in found {
        assert_eq!(rows, 1, "{function}");
    }
}

#[tokio::test]
async fn in_another_tenant_or_none_each_function_finds_nothing() {
    let fixture = fixture().await;
    let other = fixture.world.tenant_id();
    for setting in [String::new(), other.uuid().to_string()] {
        let tx = begin(&fixture, fixture.tenant).await;
        let set = stmt("SELECT set_config('app.tenant_id', $1, true)", [setting.clone().into()]);
        tx.conn().execute_raw(set).await.unwrap();
        for (function, rows) in everything(&tx, &fixture).await {
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
    for (function, rows) in everything(&tx, &fixture).await {
        assert_eq!(rows, 0, "{function}");
    }
}
