use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;
use tenantry_kernel::{Result, Secret, UserId};
use tenantry_store::{DbResultExt, SystemTx, Transaction, stmt};

use super::Purpose;
use crate::token;

/// A link that was looked at, not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    Live(UserId),
    Expired,
    /// Unknown, of another purpose, or used before: the three are never told apart.
    Invalid,
}

pub(crate) async fn insert(
    tx: &SystemTx,
    user: UserId,
    purpose: Purpose,
    (token, at): (&Secret, DateTime<Utc>),
) -> Result<()> {
    tx.conn()
        .execute_raw(stmt(
            "INSERT INTO identity.email_tokens (token_hash, user_id, purpose, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5)",
            [
                token::hash(token).into(),
                user.uuid().into(),
                purpose.as_str().into(),
                at.into(),
                (at + purpose.lifetime()).into(),
            ],
        ))
        .await
        .db()?;
    Ok(())
}

pub(crate) async fn find(
    tx: &SystemTx,
    purpose: Purpose,
    (token, now): (&Secret, DateTime<Utc>),
) -> Result<Found> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT user_id, expires_at > $3 AS live FROM identity.email_tokens
             WHERE token_hash = $1 AND purpose = $2 AND used_at IS NULL",
            [token::hash(token).into(), purpose.as_str().into(), now.into()],
        ))
        .await
        .db()?;
    let Some(row) = row else { return Ok(Found::Invalid) };
    if row.try_get("", "live").db()? {
        Ok(Found::Live(UserId::from_uuid(row.try_get("", "user_id").db()?)))
    } else {
        Ok(Found::Expired)
    }
}

/// Whose link it was, if it was used or replaced before.
pub(crate) async fn used(tx: &SystemTx, purpose: Purpose, token: &Secret) -> Result<Option<UserId>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT user_id FROM identity.email_tokens
             WHERE token_hash = $1 AND purpose = $2 AND used_at IS NOT NULL",
            [token::hash(token).into(), purpose.as_str().into()],
        ))
        .await
        .db()?;
    row.map(|row| Ok(UserId::from_uuid(row.try_get("", "user_id").db()?))).transpose()
}

/// Uses a link up: `true` for exactly one caller.
pub(crate) async fn consume(
    tx: &SystemTx,
    purpose: Purpose,
    (token, now): (&Secret, DateTime<Utc>),
) -> Result<bool> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "UPDATE identity.email_tokens SET used_at = $3
             WHERE token_hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3",
            [token::hash(token).into(), purpose.as_str().into(), now.into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected() > 0)
}

/// Makes a person's other links of a purpose void, once one of them was used or replaced.
pub(crate) async fn revoke(tx: &SystemTx, user: UserId, purpose: Purpose, at: DateTime<Utc>) -> Result<()> {
    tx.conn()
        .execute_raw(stmt(
            "UPDATE identity.email_tokens SET used_at = $3 WHERE user_id = $1 AND purpose = $2 AND used_at IS NULL",
            [user.uuid().into(), purpose.as_str().into(), at.into()],
        ))
        .await
        .db()?;
    Ok(())
}

/// Deletes links that expired before `before`.
pub(crate) async fn purge(tx: &SystemTx, before: DateTime<Utc>) -> Result<u64> {
    let done = tx
        .conn()
        .execute_raw(stmt("DELETE FROM identity.email_tokens WHERE expires_at < $1", [before.into()]))
        .await
        .db()?;
    Ok(done.rows_affected())
}
