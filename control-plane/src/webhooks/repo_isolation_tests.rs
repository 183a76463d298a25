//! Every function of the repository, run where it must find nothing. The list is checked against the repository's own text.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ConnectionTrait;
use sqlx::Row;
use tenantry_authz::{Action, Resource, ResourceKind, Role};
use tenantry_kernel::{DeliveryId, Error, Kind, MessageId, OsEntropy, Result, TenantId, WebhookEndpointId};
use tenantry_store::{Db, PageRequest, PoolSizes, TenantTx, Transaction, stmt};
use tenantry_testkit::World;

use super::endpoints::NewEndpoint;
use super::feed::FeedQuery;
use super::model::Endpoint;
use super::repo;

struct Fixture {
    world: World,
    db: Db,
    tenant: TenantId,
    endpoint: Endpoint,
    delivery: DeliveryId,
    now: DateTime<Utc>,
}

fn new_endpoint(url: &str) -> NewEndpoint {
    NewEndpoint { url: url.to_owned(), description: String::new(), event_types: vec![] }
}

/// One tenant with an endpoint, a dead delivery of a test, and one message in its feed.
async fn fixture() -> Fixture {
    let world = World::new().await;
    let cluster = &world.test_db.cluster;
    let db = Db::connect(&cluster.app, &cluster.system, PoolSizes { app: 4, system: 4 });
    let (tenant, now) = (world.tenant_id(), world.runtime.clock.now());
    let id = WebhookEndpointId::generate(&*world.runtime.clock, &OsEntropy);
    let delivery = DeliveryId::generate(&*world.runtime.clock, &OsEntropy);
    let tx = begin(&world, &db, tenant).await;
    repo::insert(&tx, id, (&new_endpoint("https://a.example.com/"), "1:sealed", now)).await.unwrap();
    repo::insert_test(&tx, test_message(&world, (id, delivery))).await.unwrap();
    let endpoint = repo::get(&tx, id, false).await.unwrap();
    tx.commit().await.unwrap();
    let mut superuser = world.superuser().await;
    for sql in [
        "UPDATE webhooks.deliveries SET state = 'dead', next_attempt_at = NULL",
        "INSERT INTO webhooks.feeds (tenant_id, last_position) SELECT tenant_id, 1 FROM webhooks.endpoints",
        "INSERT INTO webhooks.messages (id, tenant_id, position, type, body, created_at)
         SELECT gen_random_uuid(), tenant_id, 1, 't', '{}', now() FROM webhooks.endpoints",
    ] {
        sqlx::query(sql).execute(&mut superuser).await.unwrap();
    }
    Fixture { world, db, tenant, endpoint, delivery, now }
}

fn test_message(
    world: &World,
    (endpoint, delivery): (WebhookEndpointId, DeliveryId),
) -> repo::TestMessage<'static> {
    let now = world.runtime.clock.now();
    repo::TestMessage {
        delivery,
        message: MessageId::generate(&*world.runtime.clock, &OsEntropy),
        endpoint,
        name: "webhook.test",
        body: "{}",
        at: now,
        give_up_at: now + TimeDelta::days(3),
    }
}

async fn begin(world: &World, db: &Db, tenant: TenantId) -> TenantTx {
    let webhooks = Resource::new(ResourceKind::Webhook, tenant);
    let permit = world.member(tenant, Role::Owner).permit(Action::Manage, &webhooks).unwrap();
    TenantTx::begin(db, &permit).await.unwrap()
}

/// What a function found or did: rows seen or changed. A refusal by the database is none.
fn rows<T>(result: Result<T>, number: impl FnOnce(T) -> u64) -> u64 {
    let refused = |e: &Error| {
        let text = format!("{e:?}");
        text.contains("row-level security") || text.contains("foreign key")
    };
    match result {
        Ok(value) => number(value),
        Err(error) if error.kind() == Kind::NotFound || refused(&error) => 0,
        Err(error) => panic!("an unforeseen error: {error:?}"),
    }
}

async fn savepoint(tx: &TenantTx, sql: &str) {
    tx.conn().execute_raw(stmt(sql, [])).await.unwrap();
}

/// Runs each function. Every write has a savepoint of its own, so that none undoes what another looks for.
async fn everything(tx: &TenantTx, f: &Fixture) -> Vec<(&'static str, u64)> {
    let (id, now, later) = (f.endpoint.id, f.now, f.now + TimeDelta::days(3));
    let page = PageRequest::new(None, None);
    let number = |n: usize| u64::try_from(n).unwrap();
    let query = FeedQuery { after: 0, types: vec![], limit: 10 };
    let mut found = vec![
        ("count", rows(repo::count(tx).await, |n| u64::try_from(n).unwrap())),
        ("get", rows(repo::get(tx, id, false).await, |_| 1)),
        ("get", rows(repo::get(tx, id, true).await, |_| 1)),
        ("list", rows(repo::list(tx, &page).await, |page| number(page.rows.len()))),
        ("delivery", rows(repo::delivery(tx, f.delivery, false).await, |_| 1)),
        ("delivery", rows(repo::delivery(tx, f.delivery, true).await, |_| 1)),
        ("deliveries", rows(repo::deliveries(tx, (&[id], None), &page).await, |pages| number(pages.len()))),
        ("feed", rows(repo::feed(tx, &query).await, |rows| number(rows.len()))),
        ("feed_bounds", rows(repo::feed_bounds(tx).await, |(last, _)| u64::try_from(last).unwrap())),
    ];
    let mut write = async |name: &'static str, which: u8| {
        savepoint(tx, "SAVEPOINT s").await;
        let n = match which {
            0 => rows(repo::rotate(tx, id, ("1:forged", later)).await, |n| n),
            1 => rows(repo::replay(tx, f.delivery, (now, later)).await, |n| n),
            2 => rows(repo::replay_dead(tx, (id, DateTime::UNIX_EPOCH), (now, later)).await, |n| n),
            3 => rows(repo::delete(tx, id, now).await, |n| n),
            _ => {
                let forged = DeliveryId::generate(&*f.world.runtime.clock, &OsEntropy);
                rows(repo::insert_test(tx, test_message(&f.world, (id, forged))).await, |()| 1)
            }
        };
        savepoint(tx, "ROLLBACK TO SAVEPOINT s").await;
        found.push((name, n));
    };
    for (name, which) in [("rotate", 0), ("replay", 1), ("replay_dead", 2), ("delete", 3), ("insert_test", 4)]
    {
        write(name, which).await;
    }
    found
}

#[tokio::test]
async fn each_function_of_the_repository_is_in_this_test() {
    let f = fixture().await;
    let tx = begin(&f.world, &f.db, f.tenant).await;
    let mut tested: BTreeSet<_> = everything(&tx, &f).await.into_iter().map(|(name, _)| name).collect();
    // These have tests of their own below; a lock finds nothing.
    tested.extend(["insert", "update", "lock"]);
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
    let f = fixture().await;
    let tx = begin(&f.world, &f.db, f.tenant).await;
    for (function, rows) in everything(&tx, &f).await {
        assert_eq!(rows, 1, "{function}");
    }
}

#[tokio::test]
async fn in_another_tenant_each_function_finds_nothing() {
    let f = fixture().await;
    let tx = begin(&f.world, &f.db, f.world.tenant_id()).await;
    for (function, rows) in everything(&tx, &f).await {
        assert_eq!(rows, 0, "{function}");
    }
    let forged = Endpoint { url: "https://forged.example.com/".to_owned(), ..f.endpoint.clone() };
    repo::update(&tx, &forged).await.unwrap();
    tx.commit().await.unwrap();
    unchanged(&f).await;
}

/// The second wall alone: the code believes to be in the right tenant, PostgreSQL knows better.
#[tokio::test]
async fn row_level_security_alone_stops_each_function() {
    let f = fixture().await;
    for setting in [String::new(), f.world.tenant_id().uuid().to_string()] {
        let tx = begin(&f.world, &f.db, f.tenant).await;
        let set = stmt("SELECT set_config('app.tenant_id', $1, true)", [setting.clone().into()]);
        tx.conn().execute_raw(set).await.unwrap();
        for (function, rows) in everything(&tx, &f).await {
            assert_eq!(rows, 0, "{function} with the tenant set to {setting:?}");
        }
        let forged = Endpoint { url: "https://forged.example.com/".to_owned(), ..f.endpoint.clone() };
        repo::update(&tx, &forged).await.unwrap();
        savepoint(&tx, "SAVEPOINT i").await;
        let id = WebhookEndpointId::generate(&*f.world.runtime.clock, &OsEntropy);
        let new = new_endpoint("https://b.example.com/");
        let refused = repo::insert(&tx, id, (&new, "1:sealed", f.now)).await.unwrap_err();
        assert!(format!("{refused:?}").contains("row-level security"), "{refused:?}");
        savepoint(&tx, "ROLLBACK TO SAVEPOINT i").await;
        tx.commit().await.unwrap();
        unchanged(&f).await;
    }
}

#[tokio::test]
async fn the_bare_application_role_finds_nothing() {
    let f = fixture().await;
    let mut app = f.world.app().await;
    for table in ["endpoints", "feeds", "messages", "deliveries"] {
        let sql = sqlx::AssertSqlSafe(format!("SELECT count(*) AS n FROM webhooks.{table}"));
        let row = sqlx::query(sql).fetch_one(&mut app).await.unwrap();
        assert_eq!(row.get::<i64, _>("n"), 0, "{table}");
    }
    // What was told stays told: no request can change or delete a message.
    for sql in ["UPDATE webhooks.messages SET body = '{}'", "DELETE FROM webhooks.messages"] {
        let refused = sqlx::query(sql).execute(&mut app).await.unwrap_err();
        assert!(refused.to_string().contains("permission denied"), "{refused}");
    }
}

async fn unchanged(f: &Fixture) {
    let tx = begin(&f.world, &f.db, f.tenant).await;
    assert_eq!(
        repo::get(&tx, f.endpoint.id, false).await.unwrap(),
        Endpoint { pending: 0, dead: 1, ..f.endpoint.clone() }
    );
    assert_eq!(repo::count(&tx).await.unwrap(), 1);
    let page = PageRequest::new(None, None);
    assert_eq!(
        repo::deliveries(&tx, (&[f.endpoint.id], None), &page).await.unwrap()[&f.endpoint.id].rows.len(),
        1
    );
    let sealed: String = sqlx::query_scalar("SELECT secret FROM webhooks.endpoints")
        .fetch_one(&mut f.world.superuser().await)
        .await
        .unwrap();
    assert_eq!(sealed, "1:sealed");
}
