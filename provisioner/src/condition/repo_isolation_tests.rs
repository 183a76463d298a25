//! Every query on samples, run in its own tenant, in another, and where row-level security alone stands.

use std::collections::BTreeSet;

use sea_orm::ConnectionTrait;
use tenantry_authz::{Action, Resource, ResourceKind, Role};
use tenantry_kernel::{InstanceId, OsEntropy, TenantId};
use tenantry_store::{Db, PoolSizes, SystemRole, SystemTx, TenantTx, Transaction, stmt};
use tenantry_testkit::World;

use super::{Answer, Conditions, Health, Sample, repo};

struct Fixture {
    world: World,
    db: Db,
    tenant: TenantId,
    id: InstanceId,
}

async fn fixture() -> Fixture {
    let world = World::new().await;
    let cluster = &world.test_db.cluster;
    let db = Db::connect(&cluster.app, &cluster.system, PoolSizes { app: 2, system: 2 });
    let tenant = world.tenant_id();
    let id = InstanceId::generate(&*world.runtime.clock, &OsEntropy);
    sqlx::query(
        "INSERT INTO provisioner.instances (id, tenant_id, region, slug, name, n8n_version, owner_email, owner_name,
                cpu_millis, memory_mib, storage_mib, concurrency, desired, phase, next_attempt_at, created_at, ready_at)
         VALUES ($1, $2, 'us-east', 'ours', 'Ours', '1', 'a@b', 'A', 1000, 1024, 2048, 1, 'running', 'ready', now(),
                 now(), now() - interval '1 hour')",
    )
    .bind(id.uuid())
    .bind(tenant.uuid())
    .execute(&mut world.superuser().await)
    .await
    .unwrap();
    let fixture = Fixture { world, db, tenant, id };
    assert_eq!(record(&fixture, &fixture.db, sample(&fixture)).await.unwrap(), 1);
    fixture
}

fn sample(fixture: &Fixture) -> Sample {
    Sample {
        tenant: fixture.tenant,
        instance: fixture.id,
        answer: Answer::Ready,
        at: fixture.world.runtime.clock.now(),
        memory_mib: Some(400),
        cpu_millis: Some(30),
        storage_mib: None,
    }
}

async fn record(fixture: &Fixture, db: &Db, sample: Sample) -> tenantry_kernel::Result<u64> {
    let _ = fixture;
    let tx = SystemTx::begin(db, SystemRole::Provisioner).await?;
    let done = repo::record(&tx, &[sample]).await?;
    tx.commit().await?;
    Ok(done)
}

async fn tx(fixture: &Fixture, tenant: TenantId) -> TenantTx {
    let ctx = fixture.world.member(tenant, Role::Owner);
    let permit = ctx.permit(Action::View, &Resource::new(ResourceKind::Instance, tenant)).unwrap();
    TenantTx::begin(&fixture.db, &permit).await.unwrap()
}

async fn found(tx: &TenantTx, fixture: &Fixture) -> [usize; 2] {
    let seen = repo::of(tx, &[fixture.id]).await.unwrap();
    let sampled = seen.values().filter(|s| s.sample.is_some()).count();
    [seen.len() + sampled, usize::try_from(repo::count(tx).await.unwrap()).unwrap()]
}

#[test]
fn each_function_of_the_repository_is_in_this_test() {
    let written: BTreeSet<_> = include_str!("repo.rs")
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("pub(crate) async fn "))
        .filter_map(|rest| rest.split(['(', '<']).next())
        .collect();
    assert_eq!(written, BTreeSet::from(["of", "count", "record"]));
}

#[tokio::test]
async fn a_tenant_sees_its_own_samples_and_nobody_elses() {
    let fixture = fixture().await;
    assert_eq!(found(&tx(&fixture, fixture.tenant).await, &fixture).await, [2, 1]);
    let other = fixture.world.tenant_id();
    assert_eq!(found(&tx(&fixture, other).await, &fixture).await, [0, 0]);
    for setting in [String::new(), other.uuid().to_string()] {
        let tx = tx(&fixture, fixture.tenant).await;
        let set = stmt("SELECT set_config('app.tenant_id', $1, true)", [setting.into()]);
        tx.conn().execute_raw(set).await.unwrap();
        assert_eq!(found(&tx, &fixture).await, [0, 0]);
    }
}

#[tokio::test]
async fn the_application_writes_no_sample() {
    let fixture = fixture().await;
    let app = &fixture.world.test_db.cluster.app;
    let bare = Db::connect(app, app, PoolSizes { app: 1, system: 1 });
    let refused = record(&fixture, &bare, sample(&fixture)).await.unwrap_err();
    assert!(format!("{refused:?}").contains("permission denied"), "{refused:?}");
}

#[tokio::test]
async fn of_two_samplers_the_newer_word_stays_and_nothing_hangs_on_anothers_instance() {
    let fixture = fixture().await;
    let old = fixture.world.runtime.clock.now() - chrono::TimeDelta::minutes(5);
    let late = Sample { answer: Answer::None, at: old, ..sample(&fixture) };
    assert_eq!(record(&fixture, &fixture.db, late).await.unwrap(), 0);
    let conditions = Conditions::new(fixture.db.clone());
    let owner = fixture.world.member(fixture.tenant, Role::Viewer);
    let seen = conditions.of(&owner, fixture.tenant, &[fixture.id]).await.unwrap();
    let condition = &seen[&fixture.id];
    assert_eq!(condition.health, Health::Healthy);
    let resources = &condition.resources;
    assert_eq!((resources.memory_mib, resources.memory_limit_mib), (Some(400), 1024));
    assert_eq!((resources.cpu_millis, resources.cpu_limit_millis), (Some(30), 1000));
    assert_eq!((resources.storage_mib, resources.storage_limit_mib), (None, 2048));
    let forged = Sample { tenant: fixture.world.tenant_id(), ..sample(&fixture) };
    assert_eq!(record(&fixture, &fixture.db, forged).await.unwrap(), 0);
    let stranger = fixture.world.stranger();
    let refused = conditions.of(&stranger, fixture.tenant, &[fixture.id]).await.unwrap_err();
    assert_eq!(refused.kind(), tenantry_kernel::Kind::NotFound);
}
