//! Durable jobs: rows of the queue, added in the caller's transaction, run at least once.
//!
//! The queue is `graphile_worker`; why it and not another is told in `docs/adr`. A job carries ids, never a
//! secret: whoever reads the queue learns nothing.

use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;
use serde::Serialize;
use tenantry_kernel::{Error, Kind, Result};

use crate::{DbResultExt, Page, PageRequest, SystemTx, Transaction, stmt};

/// A job to add. `key` makes it unique: a second job with the key replaces the first while that waits.
#[derive(Debug, Clone)]
pub struct Job<P> {
    pub task: &'static str,
    pub payload: P,
    pub key: Option<String>,
    pub run_at: Option<DateTime<Utc>>,
}

/// Adds a job that starts once the transaction has committed.
pub async fn enqueue<P: Serialize + Send + Sync>(tx: &impl Transaction, job: Job<P>) -> Result<()> {
    let payload = serde_json::to_value(&job.payload).map_err(Error::internal)?;
    tx.conn()
        .execute_raw(stmt(
            "SELECT platform.enqueue($1, $2::json, $3, $4)",
            [job.task.into(), payload.into(), job.key.into(), job.run_at.into()],
        ))
        .await
        .db()?;
    Ok(())
}

/// A job as the operator sees it.
#[derive(Debug, Clone)]
pub struct JobRow {
    pub id: i64,
    pub task: String,
    pub attempts: i32,
    pub max_attempts: i32,
    pub run_at: DateTime<Utc>,
    pub locked_at: Option<DateTime<Utc>>,
    pub last_error: Option<String>,
}

impl JobRow {
    /// Out of attempts: it runs again only when an operator says so.
    pub fn is_dead(&self) -> bool {
        self.attempts >= self.max_attempts && self.locked_at.is_none()
    }
}

/// Jobs, newest first. With `dead_only`, those that are out of attempts.
pub async fn list(tx: &SystemTx, request: &PageRequest, dead_only: bool) -> Result<Page<JobRow>> {
    let before: i64 = match &request.after {
        Some(cursor) => {
            cursor.parse().map_err(|_| Error::invalid("after", "That is not a cursor of this list."))?
        }
        None => i64::MAX,
    };
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            "SELECT id, task_identifier, attempts::int4 AS attempts, max_attempts::int4 AS max_attempts, run_at,
                    locked_at, last_error
             FROM graphile_worker.jobs
             WHERE id < $1 AND (NOT $2 OR (attempts >= max_attempts AND locked_at IS NULL))
             ORDER BY id DESC LIMIT $3",
            [before.into(), dead_only.into(), request.limit_plus_one().into()],
        ))
        .await
        .db()?;
    let rows = rows
        .into_iter()
        .map(|row| {
            Ok(JobRow {
                id: row.try_get("", "id")?,
                task: row.try_get("", "task_identifier")?,
                attempts: row.try_get("", "attempts")?,
                max_attempts: row.try_get("", "max_attempts")?,
                run_at: row.try_get("", "run_at")?,
                locked_at: row.try_get("", "locked_at")?,
                last_error: row.try_get("", "last_error")?,
            })
        })
        .collect::<std::result::Result<Vec<_>, sea_orm::DbErr>>()
        .db()?;
    Ok(Page::of(rows, request))
}

/// How many jobs there are. With `dead_only`, of those that are out of attempts.
pub async fn count(tx: &SystemTx, dead_only: bool) -> Result<i64> {
    let sql = "SELECT count(*) AS n FROM graphile_worker.jobs
               WHERE NOT $1 OR (attempts >= max_attempts AND locked_at IS NULL)";
    let row = tx.conn().query_one_raw(stmt(sql, [dead_only.into()])).await.db()?;
    row.map_or(Ok(0), |row| row.try_get("", "n").db())
}

/// What a retry found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retried {
    pub task: String,
    /// How often it had been tried.
    pub attempts: i32,
    /// Whether anything had to be changed: not for one that is about to run anyway.
    pub changed: bool,
}

/// Lets a job that waits or failed run again now, with its attempts given back. Repeating it changes nothing.
///
/// # Errors
/// `NotFound` for a job that is done or unknown, `Conflict` for one that is running.
pub async fn retry(tx: &SystemTx, id: i64) -> Result<Retried> {
    let running = || {
        Error::conflict("The job is running right now.").with_remedy(
            "Wait until it has ended. If it fails, it is tried again by itself; retry it when it is dead.",
        )
    };
    let sql = "SELECT task_identifier, attempts::int4 AS attempts, locked_at IS NOT NULL AS running,
                      attempts = 0 AND run_at <= now() AS due
               FROM graphile_worker.jobs WHERE id = $1";
    let Some(row) = tx.conn().query_one_raw(stmt(sql, [id.into()])).await.db()? else {
        return Err(Error::new(Kind::NotFound, "There is no such job: it is done, or there never was one.")
            .with_remedy("Reload the list."));
    };
    if row.try_get::<bool>("", "running").db()? {
        return Err(running());
    }
    let mut retried = Retried {
        task: row.try_get("", "task_identifier").db()?,
        attempts: row.try_get("", "attempts").db()?,
        changed: false,
    };
    if row.try_get::<bool>("", "due").db()? {
        return Ok(retried);
    }
    let done = tx
        .conn()
        .query_all_raw(stmt(
            "SELECT id FROM graphile_worker.reschedule_jobs(ARRAY[$1]::bigint[], run_at => now(), attempts => 0)",
            [id.into()],
        ))
        .await
        .db()?;
    if done.is_empty() {
        // A worker has taken it in between.
        return Err(running());
    }
    retried.changed = true;
    Ok(retried)
}
