//! Keyed requests: who comes first runs, all others get the first one's answer (draft-ietf-httpapi-idempotency-key-header).
//!
//! This keeps marks and sealed text and knows neither keys nor answers. Beside [`idempotency`](crate::idempotency), which
//! keeps a write's result in the write's own transaction, this is for whole requests: a row says that one began, and
//! the answer is put there after the request's own transactions have committed. A process that dies in between leaves
//! the row `running`; after a while that means that nobody knows what became of it.

use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;
use tenantry_kernel::{Error, Result};

use crate::{DbResultExt, SystemTx, Transaction, stmt};

/// What is known of a request with this mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// Nobody was here before: run it.
    Won,
    Lost(Before),
}

/// The request that came first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Before {
    pub fingerprint: String,
    pub progress: Progress,
    pub began_at: DateTime<Utc>,
}

/// How far it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    Running,
    /// It ended, and whether it did anything is not known.
    Unknown,
    /// It ended with this, sealed.
    Kept(String),
}

/// Claims a mark. Of any number of requests at once, on any node, one wins. A row from before `forgotten_before` counts
/// as gone.
///
/// # Errors
/// `Unavailable` when the database does not answer.
pub async fn claim(
    tx: &SystemTx,
    (id, fingerprint): (&str, &str),
    (now, forgotten_before): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Claim> {
    let won = tx
        .conn()
        .execute_raw(stmt(
            "INSERT INTO platform.request_keys AS k (id, fingerprint, state, created_at) VALUES ($1, $2, 'running', $3)
             ON CONFLICT (id) DO UPDATE
             SET fingerprint = excluded.fingerprint, state = 'running', answer = NULL, created_at = excluded.created_at
             WHERE k.created_at < $4",
            [id.into(), fingerprint.into(), now.into(), forgotten_before.into()],
        ))
        .await
        .db()?;
    if won.rows_affected() == 1 {
        return Ok(Claim::Won);
    }
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT fingerprint, state, answer, created_at FROM platform.request_keys WHERE id = $1",
            [id.into()],
        ))
        .await
        .db()?;
    // It was given back between the two statements: whoever asks again wins.
    let Some(row) = row else { return Err(Error::conflict("The request with this key has just ended.")) };
    let answer: Option<String> = row.try_get("", "answer").db()?;
    let state: String = row.try_get("", "state").db()?;
    let progress = match (state.as_str(), answer) {
        ("running", _) => Progress::Running,
        ("kept", Some(answer)) => Progress::Kept(answer),
        _ => Progress::Unknown,
    };
    Ok(Claim::Lost(Before {
        fingerprint: row.try_get("", "fingerprint").db()?,
        progress,
        began_at: row.try_get("", "created_at").db()?,
    }))
}

/// What becomes of a claim when its request has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The answer, sealed: others get it too.
    Keep(String),
    /// Nothing was done: whoever asks again begins anew.
    Forget,
    /// Something may have been done.
    Unknown,
}

/// Ends a claim that was won at `began_at`. One that another has taken over since stays as it is.
///
/// # Errors
/// `Unavailable` when the database does not answer: then the row stays `running`.
pub async fn end(tx: &SystemTx, (id, began_at): (&str, DateTime<Utc>), ending: &Ending) -> Result<()> {
    let mine = "WHERE id = $1 AND created_at = $2 AND state = 'running'";
    let (sql, answer) = match ending {
        Ending::Forget => (format!("DELETE FROM platform.request_keys {mine}"), None),
        Ending::Unknown => (format!("UPDATE platform.request_keys SET state = 'unknown' {mine}"), None),
        Ending::Keep(answer) => {
            (format!("UPDATE platform.request_keys SET state = 'kept', answer = $3 {mine}"), Some(answer))
        }
    };
    let mut values = vec![id.into(), began_at.into()];
    values.extend(answer.map(|answer| answer.clone().into()));
    tx.conn().execute_raw(stmt(&sql, values)).await.db()?;
    Ok(())
}

/// Forgets requests that began before a moment.
///
/// # Errors
/// `Unavailable` when the database does not answer.
pub async fn purge(tx: &SystemTx, before: DateTime<Utc>) -> Result<u64> {
    let done = tx
        .conn()
        .execute_raw(stmt("DELETE FROM platform.request_keys WHERE created_at < $1", [before.into()]))
        .await
        .db()?;
    Ok(done.rows_affected())
}
