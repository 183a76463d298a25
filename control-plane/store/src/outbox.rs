//! Facts for other contexts, written in the transaction that makes them true and dispatched at least once.

use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;
use serde::Serialize;
use tenantry_kernel::{Error, Result, TenantId};

use crate::{DbResultExt, SystemTx, Transaction, stmt};

/// A fact: `topic` is what happened (`instance.ready`), `subject` to what (a typed id).
#[derive(Debug, Clone)]
pub struct Fact<P> {
    pub tenant: TenantId,
    pub topic: &'static str,
    pub subject: String,
    pub payload: P,
}

/// A stored fact, as the dispatcher reads it.
#[derive(Debug, Clone)]
pub struct StoredFact {
    pub id: i64,
    pub tenant: TenantId,
    pub topic: String,
    pub subject: String,
    pub payload: serde_json::Value,
    pub at: DateTime<Utc>,
}

/// Writes a fact. Listeners of the channel `tenantry_outbox` are told at commit.
pub async fn publish<P: Serialize + Send + Sync>(
    tx: &impl Transaction,
    at: DateTime<Utc>,
    fact: &Fact<P>,
) -> Result<()> {
    let payload = serde_json::to_value(&fact.payload).map_err(Error::internal)?;
    tx.conn()
        .execute_raw(stmt(
            "INSERT INTO platform.outbox (tenant_id, topic, subject, payload, created_at) VALUES ($1, $2, $3, $4, $5)",
            [
                fact.tenant.uuid().into(),
                fact.topic.into(),
                fact.subject.clone().into(),
                payload.into(),
                at.into(),
            ],
        ))
        .await
        .db()?;
    Ok(())
}

/// The oldest facts not yet dispatched, locked until the transaction ends. Other dispatchers skip them.
pub async fn claim(tx: &SystemTx, most: i64) -> Result<Vec<StoredFact>> {
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            "SELECT id, tenant_id, topic, subject, payload, created_at FROM platform.outbox WHERE dispatched_at IS NULL
             ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED",
            [most.into()],
        ))
        .await
        .db()?;
    rows.into_iter()
        .map(|row| {
            Ok(StoredFact {
                id: row.try_get("", "id")?,
                tenant: TenantId::from_uuid(row.try_get("", "tenant_id")?),
                topic: row.try_get("", "topic")?,
                subject: row.try_get("", "subject")?,
                payload: row.try_get("", "payload")?,
                at: row.try_get("", "created_at")?,
            })
        })
        .collect::<std::result::Result<Vec<_>, sea_orm::DbErr>>()
        .db()
}

/// Marks facts as dispatched.
pub async fn mark_dispatched(tx: &SystemTx, ids: &[i64], at: DateTime<Utc>) -> Result<()> {
    tx.conn()
        .execute_raw(stmt(
            "UPDATE platform.outbox SET dispatched_at = $2 WHERE id = ANY($1)",
            [ids.to_vec().into(), at.into()],
        ))
        .await
        .db()?;
    Ok(())
}

/// Marks a fact that cannot be handed on, with the reason: it is looked at by a person, and holds up no other.
pub async fn set_aside(tx: &SystemTx, id: i64, (why, at): (&str, DateTime<Utc>)) -> Result<()> {
    tx.conn()
        .execute_raw(stmt(
            "UPDATE platform.outbox SET dispatched_at = $2, set_aside = $3 WHERE id = $1",
            [id.into(), at.into(), why.into()],
        ))
        .await
        .db()?;
    Ok(())
}

/// Forgets facts that were handed on before `before`, except those set aside; a bounded number at a time. How many.
pub async fn purge(tx: &SystemTx, before: DateTime<Utc>, most: i64) -> Result<u64> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "DELETE FROM platform.outbox WHERE id IN (
               SELECT id FROM platform.outbox WHERE dispatched_at < $1 AND set_aside IS NULL
               ORDER BY dispatched_at LIMIT $2)",
            [before.into(), most.into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected())
}
