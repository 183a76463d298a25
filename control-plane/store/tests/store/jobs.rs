//! Jobs are rows: there when their transaction is, and nobody's business but the system role's.

use sqlx::AssertSqlSafe;
use tenantry_kernel::Kind;
use tenantry_store::jobs::{Job, JobRow, count, enqueue, list, retry};
use tenantry_store::{PageRequest, Transaction};

use crate::support::*;

fn job(key: Option<&str>) -> Job<serde_json::Value> {
    let payload = serde_json::json!({ "id": "x" });
    Job { task: "test", payload, key: key.map(str::to_owned), run_at: None }
}

async fn add(tx: &impl Transaction, number: usize) {
    for _ in 0..number {
        enqueue(tx, job(None)).await.unwrap();
    }
}

async fn jobs(store: &Store) -> Vec<JobRow> {
    list(&store.system().await, &PageRequest::new(Some(100), None), false).await.unwrap().rows
}

/// Changes the queue's rows behind everyone's back.
async fn change(store: &Store, assignments: &str, id: i64) {
    let sql = format!("UPDATE graphile_worker._private_jobs SET {assignments} WHERE id = {id}");
    let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut store.world.superuser().await).await.unwrap();
    assert_eq!(done.rows_affected(), 1);
}

#[tokio::test]
async fn a_job_comes_and_goes_with_its_transaction() {
    let store = Store::new().await;
    let tenant = store.world.tenant_id();
    let tx = store.tx(tenant).await;
    add(&tx, 1).await;
    assert_eq!(jobs(&store).await.len(), 0, "not before the commit");
    drop(tx);
    assert_eq!(jobs(&store).await.len(), 0, "and not after a rollback");
    let tx = store.tx(tenant).await;
    add(&tx, 1).await;
    tx.commit().await.unwrap();
    let system = store.system().await;
    add(&system, 1).await;
    system.commit().await.unwrap();
    let rows = jobs(&store).await;
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|j| j.task == "test" && j.attempts == 0 && j.max_attempts == 12 && !j.is_dead()));
}

#[tokio::test]
async fn a_second_job_with_the_key_replaces_the_first() {
    let store = Store::new().await;
    for run_at in [None, Some(at("2030-01-01T00:00:00Z"))] {
        let tx = store.tx(store.world.tenant_id()).await;
        enqueue(&tx, Job { run_at, ..job(Some("only one")) }).await.unwrap();
        tx.commit().await.unwrap();
    }
    let rows = jobs(&store).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].run_at, at("2030-01-01T00:00:00Z"));
}

#[tokio::test]
async fn the_list_pages_from_the_newest() {
    let store = Store::new().await;
    let tx = store.system().await;
    add(&tx, 25).await;
    tx.commit().await.unwrap();
    let tx = store.system().await;
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = list(&tx, &PageRequest::new(Some(10), after.clone()), false).await.unwrap();
        assert!(page.rows.len() <= 10);
        seen.extend(page.rows.iter().map(|j| j.id));
        if !page.has_next {
            break;
        }
        after = page.rows.last().map(|j| j.id.to_string());
    }
    assert_eq!(seen.len(), 25);
    assert!(seen.is_sorted_by(|a, b| a > b));
    let nonsense = PageRequest::new(None, Some("x".to_owned()));
    assert_eq!(list(&tx, &nonsense, false).await.unwrap_err().kind(), Kind::Invalid);
}

#[tokio::test]
async fn a_dead_job_is_found_and_gets_its_attempts_back() {
    let store = Store::new().await;
    let tx = store.system().await;
    add(&tx, 3).await;
    tx.commit().await.unwrap();
    let dead = jobs(&store).await[1].id;
    change(&store, "attempts = max_attempts, last_error = 'no answer'", dead).await;

    let tx = store.system().await;
    let found = list(&tx, &PageRequest::new(None, None), true).await.unwrap().rows;
    assert_eq!(found.iter().map(|j| j.id).collect::<Vec<_>>(), [dead]);
    assert!(found[0].is_dead());
    assert_eq!(found[0].last_error.as_deref(), Some("no answer"));
    assert_eq!((count(&tx, false).await.unwrap(), count(&tx, true).await.unwrap()), (3, 1));
    let retried = retry(&tx, dead).await.unwrap();
    assert_eq!((retried.task.as_str(), retried.attempts, retried.changed), ("test", 12, true));
    tx.commit().await.unwrap();

    let tx = store.system().await;
    assert!(!retry(&tx, dead).await.unwrap().changed, "it is due already");
    assert_eq!(count(&tx, true).await.unwrap(), 0);
    assert_eq!(list(&tx, &PageRequest::new(None, None), true).await.unwrap().rows.len(), 0);
    let again = jobs(&store).await.into_iter().find(|j| j.id == dead).unwrap();
    assert_eq!(again.attempts, 0);
    assert!(again.run_at <= store.world.runtime.clock.now());
}

#[tokio::test]
async fn a_job_that_runs_or_is_unknown_cannot_be_retried() {
    let store = Store::new().await;
    let tx = store.system().await;
    add(&tx, 1).await;
    tx.commit().await.unwrap();
    let id = jobs(&store).await[0].id;
    change(&store, "locked_at = now(), locked_by = 'worker'", id).await;
    let tx = store.system().await;
    for (id, kind) in [(id, Kind::Conflict), (i64::MAX, Kind::NotFound)] {
        let refused = retry(&tx, id).await.unwrap_err();
        assert_eq!(refused.kind(), kind);
        assert!(!refused.remedy().is_empty());
    }
}
