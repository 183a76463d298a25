//! Keyed writes: the first answer is kept and given again; the same key with other input is refused.

use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use tenantry_kernel::{Error, Kind, Result};

use crate::{DbResultExt, SystemTx, TenantTx, Transaction, stmt};

/// A caller's key for one write: 1 to 255 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl std::str::FromStr for IdempotencyKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if (1..=255).contains(&text.chars().count()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::invalid("idempotencyKey", "An idempotency key has 1 to 255 characters."))
        }
    }
}

/// Which write is keyed, by whom, with what input.
pub struct Keyed<'a, I> {
    pub key: &'a IdempotencyKey,
    pub actor: &'a str,
    pub operation: &'static str,
    pub input: &'a I,
    pub at: DateTime<Utc>,
}

fn fingerprint<I: Serialize>(input: &I) -> Result<String> {
    let bytes = serde_json::to_vec(input).map_err(Error::internal)?;
    Ok(hex::encode(Sha256::digest(bytes)))
}

/// The answer kept for this key, if the write was made before. Others with the key wait until this
/// transaction ends.
///
/// # Errors
/// `Conflict` when the key was used for another operation or other input.
pub async fn replay<I: Serialize + Sync, T: DeserializeOwned>(
    tx: &TenantTx,
    keyed: &Keyed<'_, I>,
) -> Result<Option<T>> {
    let lock = format!("idempotency {} {} {}", tx.tenant(), keyed.actor, keyed.key.0);
    tx.conn()
        .execute_raw(stmt("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [lock.into()]))
        .await
        .db()?;
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT operation, fingerprint, answer FROM platform.idempotency_keys
             WHERE tenant_id = $1 AND actor = $2 AND key = $3",
            [tx.tenant().uuid().into(), keyed.actor.into(), keyed.key.0.clone().into()],
        ))
        .await
        .db()?;
    let Some(row) = row else { return Ok(None) };
    let operation: String = row.try_get("", "operation").db()?;
    let stored: String = row.try_get("", "fingerprint").db()?;
    if operation != keyed.operation || stored != fingerprint(keyed.input)? {
        return Err(Error::new(Kind::Conflict, "This idempotency key was used for another request.")
            .with_remedy("Use a new key for a new request; repeat a request with its own key and input."));
    }
    let answer: serde_json::Value = row.try_get("", "answer").db()?;
    serde_json::from_value(answer).map(Some).map_err(Error::internal)
}

/// Keeps the answer of a write, in the write's own transaction.
pub async fn keep<I: Serialize + Sync, T: Serialize + Sync>(
    tx: &TenantTx,
    keyed: &Keyed<'_, I>,
    answer: &T,
) -> Result<()> {
    tx.conn()
        .execute_raw(stmt(
            "INSERT INTO platform.idempotency_keys (tenant_id, actor, key, operation, fingerprint, answer, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            [
                tx.tenant().uuid().into(),
                keyed.actor.into(),
                keyed.key.0.clone().into(),
                keyed.operation.into(),
                fingerprint(keyed.input)?.into(),
                serde_json::to_value(answer).map_err(Error::internal)?.into(),
                keyed.at.into(),
            ],
        ))
        .await
        .db()?;
    Ok(())
}

/// Forgets answers kept before a moment.
pub async fn purge(tx: &SystemTx, before: DateTime<Utc>) -> Result<u64> {
    let done = tx
        .conn()
        .execute_raw(stmt("DELETE FROM platform.idempotency_keys WHERE created_at < $1", [before.into()]))
        .await
        .db()?;
    Ok(done.rows_affected())
}
