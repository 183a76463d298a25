use chrono::SubsecRound;
use sea_orm::ConnectionTrait;
use tenantry_kernel::{Result, TenantId};

use super::{By, Change, Facts, Record, record::FIRST, redact};
use crate::{DbResultExt, Transaction, stmt};

/// Appends an entry to its tenant's chain, in two statements. Appenders to one chain take turns until their
/// transactions end.
///
/// # Errors
/// `Unavailable` when the database does not answer.
pub async fn append(tx: &impl Transaction, by: By, change: impl Into<Change>) -> Result<()> {
    let Change { mut entry, before, after } = change.into();
    let by = by.marked(&mut entry);
    let (seq, prev_hash) = take_turn(tx, entry.tenant).await?;
    let facts = |facts: Option<Facts>| facts.map(|facts| redact(facts.into_value()));
    let mut record = Record {
        version: 2,
        tenant: entry.tenant,
        seq: seq + 1,
        // PostgreSQL keeps microseconds: hash what will be read back.
        at: by.at.trunc_subsecs(6),
        actor: by.actor,
        action: entry.action.to_owned(),
        resource: entry.resource,
        result: entry.result.to_owned(),
        origin: by.origin,
        user_agent: by.user_agent,
        request_id: by.request_id,
        details: redact(entry.details),
        before: facts(before),
        after: facts(after),
        prev_hash,
        hash: String::new(),
    };
    record.hash = record.digest()?;
    insert(tx, record).await
}

/// Takes the turn to append until the transaction ends. The newest record's number and hash; of none 0 and zeros.
pub(super) async fn take_turn(tx: &impl Transaction, tenant: TenantId) -> Result<(i64, String)> {
    let head = "SELECT seq, hash FROM platform.audit_head($1)";
    let row = tx.conn().query_one_raw(stmt(head, [tenant.uuid().into()])).await.db()?;
    match row {
        Some(row) => Ok((row.try_get("", "seq").db()?, row.try_get("", "hash").db()?)),
        None => Ok((0, FIRST.to_owned())),
    }
}

async fn insert(tx: &impl Transaction, record: Record) -> Result<()> {
    tx.conn()
        .execute_raw(stmt(
            "INSERT INTO platform.audit (tenant_id, seq, at, actor, action, resource, result, origin, request_id,
                                         details, prev_hash, hash, version, user_agent, before, after)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
            [
                record.tenant.uuid().into(),
                record.seq.into(),
                record.at.into(),
                record.actor.into(),
                record.action.into(),
                record.resource.into(),
                record.result.into(),
                record.origin.into(),
                record.request_id.into(),
                record.details.into(),
                record.prev_hash.into(),
                record.hash.into(),
                record.version.into(),
                record.user_agent.into(),
                record.before.into(),
                record.after.into(),
            ],
        ))
        .await
        .db()?;
    Ok(())
}
