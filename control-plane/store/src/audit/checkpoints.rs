//! Signed statements of what a chain's newest record was. Who signs and checks them is the control plane; here are their
//! rows, and the text that is signed.

use chrono::{DateTime, SecondsFormat, Utc};
use sea_orm::{ConnectionTrait, DbErr, QueryResult};
use serde::{Deserialize, Serialize};
use tenantry_kernel::{Result, TenantId};

use super::append::take_turn;
use crate::{DbResultExt, SystemTx, Transaction, stmt};

/// That at `at` the chain's newest record was number `seq`, with this hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Checkpoint {
    pub tenant: TenantId,
    pub seq: i64,
    pub hash: String,
    pub at: DateTime<Utc>,
    pub key_id: String,
    /// Ed25519 over [`Checkpoint::message`], base64url without padding.
    pub signature: String,
}

impl Checkpoint {
    /// What is signed: one line a value, so that no two checkpoints have the same text.
    pub fn message(&self) -> String {
        let at = self.at.to_rfc3339_opts(SecondsFormat::Micros, true);
        let (tenant, seq, hash, key) = (self.tenant, self.seq, &self.hash, &self.key_id);
        format!("tenantry-audit-checkpoint-v1\n{tenant}\n{seq}\n{hash}\n{at}\n{key}\n")
    }

    fn of_row(row: &QueryResult) -> std::result::Result<Self, DbErr> {
        Ok(Self {
            tenant: TenantId::from_uuid(row.try_get("", "tenant_id")?),
            seq: row.try_get("", "seq")?,
            hash: row.try_get("", "hash")?,
            at: row.try_get("", "at")?,
            key_id: row.try_get("", "key_id")?,
            signature: row.try_get("", "signature")?,
        })
    }
}

/// A public key that signed or signs checkpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    pub key_id: String,
    /// 32 bytes of Ed25519, base64url without padding.
    pub public_key: String,
    pub created_at: DateTime<Utc>,
}

/// Makes a key known. Repeating it changes nothing.
pub async fn add_key(tx: &SystemTx, key: &PublicKey) -> Result<()> {
    let sql = "INSERT INTO platform.audit_keys (key_id, public_key, created_at) VALUES ($1, $2, $3)
               ON CONFLICT DO NOTHING";
    let values = [key.key_id.as_str().into(), key.public_key.as_str().into(), key.created_at.into()];
    tx.conn().execute_raw(stmt(sql, values)).await.db()?;
    Ok(())
}

/// All keys, newest first.
pub async fn keys(tx: &impl Transaction) -> Result<Vec<PublicKey>> {
    let sql =
        "SELECT key_id, public_key, created_at FROM platform.audit_keys ORDER BY created_at DESC, key_id";
    let rows = tx.conn().query_all_raw(stmt(sql, [])).await.db()?;
    let key = |row: &QueryResult| {
        Ok(PublicKey {
            key_id: row.try_get("", "key_id")?,
            public_key: row.try_get("", "public_key")?,
            created_at: row.try_get("", "created_at")?,
        })
    };
    rows.iter().map(key).collect::<std::result::Result<_, DbErr>>().db()
}

/// Tenants whose chain has grown and that are due: grown since before `before`, or by `many` records. The oldest first.
pub async fn due(tx: &SystemTx, (before, many): (DateTime<Utc>, i64), most: i64) -> Result<Vec<TenantId>> {
    let sql = "SELECT u.tenant_id FROM platform.audit_unsealed u
               WHERE u.since <= $1
                  OR (SELECT max(a.seq) FROM platform.audit a WHERE a.tenant_id = u.tenant_id)
                     - coalesce((SELECT max(c.seq) FROM platform.audit_checkpoints c WHERE c.tenant_id = u.tenant_id), 0)
                     >= $2
               ORDER BY u.since LIMIT $3";
    let rows = tx.conn().query_all_raw(stmt(sql, [before.into(), many.into(), most.into()])).await.db()?;
    rows.iter()
        .map(|row| Ok(TenantId::from_uuid(row.try_get("", "tenant_id")?)))
        .collect::<std::result::Result<_, DbErr>>()
        .db()
}

/// The chain's newest record, held until the transaction ends: nobody appends meanwhile. `None` for an empty chain.
pub async fn hold_head(tx: &SystemTx, tenant: TenantId) -> Result<Option<(i64, String)>> {
    Ok(Some(take_turn(tx, tenant).await?).filter(|(seq, _)| *seq > 0))
}

/// Keeps a checkpoint of the head that the transaction holds. One for the same record stays as it is.
pub async fn keep(tx: &SystemTx, checkpoint: &Checkpoint) -> Result<()> {
    let tenant = checkpoint.tenant.uuid();
    let sql = "INSERT INTO platform.audit_checkpoints (tenant_id, seq, hash, at, key_id, signature)
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
    let values = [
        tenant.into(),
        checkpoint.seq.into(),
        checkpoint.hash.as_str().into(),
        checkpoint.at.into(),
        checkpoint.key_id.as_str().into(),
        checkpoint.signature.as_str().into(),
    ];
    tx.conn().execute_raw(stmt(sql, values)).await.db()?;
    let sql = "DELETE FROM platform.audit_unsealed WHERE tenant_id = $1";
    tx.conn().execute_raw(stmt(sql, [tenant.into()])).await.db()?;
    Ok(())
}

/// A tenant's checkpoints of records after the first number up to the second, oldest first.
pub async fn span(
    tx: &impl Transaction,
    tenant: TenantId,
    (after, upto): (i64, i64),
    most: i64,
) -> Result<Vec<Checkpoint>> {
    let sql = "SELECT * FROM platform.audit_checkpoints
               WHERE tenant_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4";
    let values = [tenant.uuid().into(), after.into(), upto.into(), most.into()];
    let rows = tx.conn().query_all_raw(stmt(sql, values)).await.db()?;
    rows.iter().map(Checkpoint::of_row).collect::<std::result::Result<_, _>>().db()
}

/// A tenant's newest checkpoint.
pub async fn last(tx: &impl Transaction, tenant: TenantId) -> Result<Option<Checkpoint>> {
    let sql = "SELECT * FROM platform.audit_checkpoints WHERE tenant_id = $1 ORDER BY seq DESC LIMIT 1";
    let row = tx.conn().query_one_raw(stmt(sql, [tenant.uuid().into()])).await.db()?;
    row.as_ref().map(Checkpoint::of_row).transpose().db()
}
