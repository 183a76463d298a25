//! Budgets of requests that all nodes share: a budget holds for a window, and a node takes portions of it.
//!
//! The row of a budget is the one place where portions are added up, under its lock, so all portions of a window
//! together never exceed what it allows. Windows are the database's: they begin with the first taking after the last
//! one ended, by the database's clock, and a node is told how long a window still lasts, never until when. So nodes'
//! clocks do not matter.
//!
//! Each function is one statement without a transaction around it: what it does is whole by itself.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, QueryResult};
use tenantry_kernel::{Error, Result};

use crate::{Conn, Db, DbResultExt, stmt};

/// How many requests a bucket has a window. The names of buckets are the caller's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    pub bucket: String,
    /// At least one.
    pub allowed: u32,
    /// Whole seconds.
    pub window: Duration,
}

/// What a node may hand out by itself until the window ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Portion {
    /// None is left when this is 0.
    pub granted: u32,
    /// What the running window allows: of the taking that began it.
    pub allowed: u32,
    /// What other takings can still get.
    pub left: u32,
    /// Counted from before the statement was sent, this ends no later than the window.
    pub ends_in: Duration,
}

/// Takes at most `want` of a budget, and at most an eighth of what is left, so that near the end nobody sits on much
/// that others could use.
///
/// # Errors
/// `Unavailable` when the database does not answer.
pub async fn take(db: &Db, budget: &Budget, want: u32) -> Result<Portion> {
    let row = conn(db)
        .await?
        .query_one_raw(stmt(
            "INSERT INTO platform.rate_windows AS w (bucket, ends_at, allowed, taken, portion)
             VALUES ($1, now() + make_interval(secs => $3), $2, least($4, ($2 + 7) / 8), least($4, ($2 + 7) / 8))
             ON CONFLICT (bucket) DO UPDATE SET (ends_at, allowed, taken, portion) = (
               SELECT CASE WHEN runs THEN w.ends_at ELSE EXCLUDED.ends_at END,
                      CASE WHEN runs THEN w.allowed ELSE EXCLUDED.allowed END,
                      CASE WHEN runs THEN w.taken + more ELSE EXCLUDED.taken END,
                      CASE WHEN runs THEN more ELSE EXCLUDED.portion END
               FROM (SELECT w.ends_at > now() AS runs, least($4, (w.allowed - w.taken + 7) / 8) AS more) AS held)
             RETURNING portion, allowed, allowed - taken AS left,
                       extract(epoch FROM ends_at - now())::float8 AS ends_in",
            [
                budget.bucket.as_str().into(),
                whole(budget.allowed).max(1).into(),
                budget.window.as_secs_f64().into(),
                whole(want).max(1).into(),
            ],
        ))
        .await
        .db()?
        .ok_or_else(|| Error::internal("an upsert returned no row"))?;
    Ok(Portion {
        granted: count(&row, "portion")?,
        allowed: count(&row, "allowed")?,
        left: count(&row, "left")?,
        ends_in: Duration::try_from_secs_f64(row.try_get("", "ends_in").db()?).unwrap_or_default(),
    })
}

/// A budget as the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub bucket: String,
    pub allowed: u32,
    /// What no node has taken yet.
    pub left: u32,
    pub ends_at: DateTime<Utc>,
}

/// Those of the buckets whose window is running.
///
/// # Errors
/// `Unavailable` when the database does not answer.
pub async fn look(db: &Db, buckets: &[String]) -> Result<Vec<Seen>> {
    let rows = conn(db)
        .await?
        .query_all_raw(stmt(
            "SELECT bucket, allowed, allowed - taken AS left, ends_at FROM platform.rate_windows
             WHERE bucket = ANY (ARRAY(SELECT jsonb_array_elements_text($1))) AND ends_at > now()",
            [serde_json::json!(buckets).into()],
        ))
        .await
        .db()?;
    rows.iter()
        .map(|row| {
            Ok(Seen {
                bucket: row.try_get("", "bucket").db()?,
                allowed: count(row, "allowed")?,
                left: count(row, "left")?,
                ends_at: row.try_get("", "ends_at").db()?,
            })
        })
        .collect()
}

/// Deletes budgets whose window ended, and says how many.
///
/// # Errors
/// `Unavailable` when the database does not answer.
pub async fn purge(db: &Db) -> Result<u64> {
    // Those that are being taken from at this moment begin a window anew and are not waited for.
    let done = conn(db)
        .await?
        .execute_raw(stmt(
            "DELETE FROM platform.rate_windows WHERE bucket IN
               (SELECT bucket FROM platform.rate_windows WHERE ends_at <= now() FOR UPDATE SKIP LOCKED)",
            [],
        ))
        .await
        .db()?;
    Ok(done.rows_affected())
}

async fn conn(db: &Db) -> Result<Conn> {
    Conn::single(db.system_pool()).await.db()
}

fn whole(n: u32) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX - 7)
}

fn count(row: &QueryResult, column: &str) -> Result<u32> {
    let n: i32 = row.try_get("", column).db()?;
    Ok(u32::try_from(n).unwrap_or(0))
}
