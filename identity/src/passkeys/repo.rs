use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, QueryResult, Value};
use serde_json::Value as Json;
use tenantry_kernel::{Error, PasskeyId, Result, Secret, UserId};
use tenantry_store::{DbResultExt, SystemTx, Transaction, stmt};

use super::Passkey;
use crate::token;

/// A passkey with its public key.
pub(crate) struct Stored {
    pub(crate) passkey: Passkey,
    pub(crate) credential: Json,
}

/// What a challenge was given out for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Register,
    /// By a passkey alone: whose it is, is not known before.
    LogIn,
    /// A second factor, or a fresh proof.
    Assert,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Purpose::Register => "register",
            Purpose::LogIn => "log_in",
            Purpose::Assert => "assert",
        }
    }
}

async fn run(tx: &SystemTx, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<u64> {
    Ok(tx.conn().execute_raw(stmt(sql, values)).await.db()?.rows_affected())
}

fn of_row(row: &QueryResult) -> Result<Stored> {
    Ok(Stored {
        passkey: Passkey {
            id: PasskeyId::from_uuid(row.try_get("", "id").db()?),
            name: row.try_get("", "name").db()?,
            created_at: row.try_get("", "created_at").db()?,
            last_used_at: row.try_get("", "last_used_at").db()?,
        },
        credential: row.try_get("", "credential").db()?,
    })
}

/// A person's passkeys, oldest first.
pub(crate) async fn of_user(tx: &SystemTx, user: UserId) -> Result<Vec<Stored>> {
    let sql = "SELECT id, name, credential, created_at, last_used_at FROM identity.passkeys
         WHERE user_id = $1 ORDER BY id";
    let rows = tx.conn().query_all_raw(stmt(sql, [user.uuid().into()])).await.db()?;
    rows.iter().map(of_row).collect()
}

/// A person's passkey by what its authenticator calls it. Somebody else's is not found.
pub(crate) async fn by_credential(
    tx: &SystemTx,
    user: UserId,
    credential_id: &str,
) -> Result<Option<Stored>> {
    let sql = "SELECT id, name, credential, created_at, last_used_at FROM identity.passkeys
         WHERE user_id = $1 AND credential_id = $2";
    let row = tx.conn().query_one_raw(stmt(sql, [user.uuid().into(), credential_id.into()])).await.db()?;
    row.as_ref().map(of_row).transpose()
}

/// A credential that was registered just now.
pub(crate) struct NewPasskey<'a> {
    pub(crate) passkey: &'a Passkey,
    pub(crate) user: UserId,
    pub(crate) credential_id: &'a str,
    pub(crate) credential: &'a Json,
}

/// # Errors
/// `Conflict` for a credential that is registered already, whoever's it is.
pub(crate) async fn insert(tx: &SystemTx, new: NewPasskey<'_>) -> Result<()> {
    tx.conn()
        .execute_raw(stmt(
            "INSERT INTO identity.passkeys (id, user_id, credential_id, name, credential, created_at)
             VALUES ($1, $2, $3, $4, $5, $6)",
            [
                new.passkey.id.uuid().into(),
                new.user.uuid().into(),
                new.credential_id.into(),
                new.passkey.name.as_str().into(),
                new.credential.clone().into(),
                new.passkey.created_at.into(),
            ],
        ))
        .await
        .unique("passkeys_credential_id_key", || {
            Error::conflict("This passkey is registered already.").with_remedy("Use it, or make another one.")
        })?;
    Ok(())
}

/// Puts a use down. `false` when the counter did not grow since: of an original and its copy at once, one is refused.
pub(crate) async fn used(
    tx: &SystemTx,
    (id, credential, counter): (PasskeyId, &Json, u32),
    at: DateTime<Utc>,
) -> Result<bool> {
    let sql = "UPDATE identity.passkeys SET credential = $2, counter = $3, last_used_at = $4
         WHERE id = $1 AND (counter < $3 OR (counter = 0 AND $3 = 0))";
    let counter = i64::from(counter);
    Ok(run(tx, sql, [id.uuid().into(), credential.clone().into(), counter.into(), at.into()]).await? > 0)
}

/// `false` where the person has no such passkey.
pub(crate) async fn rename(tx: &SystemTx, (user, id): (UserId, PasskeyId), name: &str) -> Result<bool> {
    let sql = "UPDATE identity.passkeys SET name = $3 WHERE id = $2 AND user_id = $1";
    Ok(run(tx, sql, [user.uuid().into(), id.uuid().into(), name.into()]).await? > 0)
}

/// `false` where the person has no such passkey.
pub(crate) async fn delete(tx: &SystemTx, (user, id): (UserId, PasskeyId)) -> Result<bool> {
    let sql = "DELETE FROM identity.passkeys WHERE id = $2 AND user_id = $1";
    Ok(run(tx, sql, [user.uuid().into(), id.uuid().into()]).await? > 0)
}

pub(crate) async fn delete_all(tx: &SystemTx, user: UserId) -> Result<u64> {
    run(tx, "DELETE FROM identity.passkeys WHERE user_id = $1", [user.uuid().into()]).await
}

pub(crate) async fn insert_challenge(
    tx: &SystemTx,
    (token, purpose): (&Secret, Purpose),
    user: Option<UserId>,
    (state, expires_at): (Json, DateTime<Utc>),
) -> Result<()> {
    let sql = "INSERT INTO identity.passkey_challenges (token_hash, purpose, user_id, state, expires_at)
         VALUES ($1, $2, $3, $4, $5)";
    let values = [
        token::hash(token).into(),
        purpose.as_str().into(),
        user.map(UserId::uuid).into(),
        state.into(),
        expires_at.into(),
    ];
    run(tx, sql, values).await.map(drop)
}

/// Takes a challenge, so that nobody takes it again. `None` for one that is unknown, of another purpose or person, too
/// old, or taken before.
pub(crate) async fn take_challenge(
    tx: &SystemTx,
    (token, purpose): (&Secret, Purpose),
    user: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<Option<Json>> {
    let sql = "DELETE FROM identity.passkey_challenges
         WHERE token_hash = $1 AND purpose = $2 AND user_id IS NOT DISTINCT FROM $3 AND expires_at > $4
         RETURNING state";
    let values =
        [token::hash(token).into(), purpose.as_str().into(), user.map(UserId::uuid).into(), now.into()];
    let row = tx.conn().query_one_raw(stmt(sql, values)).await.db()?;
    row.map(|row| row.try_get("", "state").db()).transpose()
}
