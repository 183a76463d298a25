use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, QueryResult, Value};
use tenantry_kernel::{Error, Result, Secret, TenantId, UserId};
use tenantry_store::{DbResultExt, SystemTx, TenantTx, Transaction, stmt};

use super::model::{Held, Method, Tries};
use crate::token;

/// Whether a person has a factor, as a condition; `user` is the column of the person's id.
pub(crate) fn has_factor(user: &str) -> String {
    format!(
        "(EXISTS (SELECT 1 FROM identity.totp f WHERE f.user_id = {user} AND f.confirmed_at IS NOT NULL)
          OR EXISTS (SELECT 1 FROM identity.passkeys f WHERE f.user_id = {user}))"
    )
}

/// The tenants of a person that demand a second factor, as one JSON value of a statement.
pub(crate) fn demanding(user: &str) -> String {
    format!(
        "(SELECT coalesce(json_agg(p.tenant_id), '[]')
          FROM identity.memberships m JOIN identity.log_in_policies p ON p.tenant_id = m.tenant_id
          WHERE m.user_id = {user} AND p.mfa_required)"
    )
}

async fn run(tx: &impl Transaction, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<u64> {
    Ok(tx.conn().execute_raw(stmt(sql, values)).await.db()?.rows_affected())
}

async fn one(
    tx: &impl Transaction,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Option<QueryResult>> {
    tx.conn().query_one_raw(stmt(sql, values)).await.db()
}

pub(crate) async fn held(tx: &SystemTx, user: UserId) -> Result<Held> {
    let sql = "SELECT EXISTS (SELECT 1 FROM identity.totp WHERE user_id = $1 AND confirmed_at IS NOT NULL) AS totp,
          (SELECT count(*) FROM identity.passkeys WHERE user_id = $1) AS passkeys,
          (SELECT count(*) FROM identity.recovery_codes WHERE user_id = $1 AND used_at IS NULL) AS recovery_codes";
    let row = one(tx, sql, [user.uuid().into()]).await?;
    let row = row.ok_or_else(|| Error::internal("a count has a row"))?;
    Ok(Held {
        totp: row.try_get("", "totp").db()?,
        passkeys: row.try_get("", "passkeys").db()?,
        recovery_codes: row.try_get("", "recovery_codes").db()?,
    })
}

/// A person's authenticator, confirmed or not.
pub(crate) struct StoredTotp {
    pub(crate) seed: String,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) confirmed_at: Option<DateTime<Utc>>,
}

pub(crate) async fn totp(tx: &SystemTx, user: UserId) -> Result<Option<StoredTotp>> {
    let sql = "SELECT seed, created_at, confirmed_at FROM identity.totp WHERE user_id = $1";
    let row = one(tx, sql, [user.uuid().into()]).await?;
    row.map(|row| {
        Ok(StoredTotp {
            seed: row.try_get("", "seed").db()?,
            created_at: row.try_get("", "created_at").db()?,
            confirmed_at: row.try_get("", "confirmed_at").db()?,
        })
    })
    .transpose()
}

/// Puts a new seed in place of one that was never confirmed. `false` where there is a confirmed one.
pub(crate) async fn begin_totp(
    tx: &SystemTx,
    user: UserId,
    (seed, at): (&str, DateTime<Utc>),
) -> Result<bool> {
    let sql = "INSERT INTO identity.totp AS t (user_id, seed, created_at) VALUES ($1, $2, $3)
         ON CONFLICT (user_id) DO UPDATE SET seed = excluded.seed, created_at = excluded.created_at, last_step = 0
         WHERE t.confirmed_at IS NULL";
    Ok(run(tx, sql, [user.uuid().into(), seed.into(), at.into()]).await? > 0)
}

/// Makes the seed a factor by its first code. `false` when it was confirmed, or replaced, meanwhile.
pub(crate) async fn confirm_totp(
    tx: &SystemTx,
    user: UserId,
    (seed, step, at): (&str, i64, DateTime<Utc>),
) -> Result<bool> {
    let sql = "UPDATE identity.totp SET confirmed_at = $4, last_step = $3
         WHERE user_id = $1 AND seed = $2 AND confirmed_at IS NULL";
    Ok(run(tx, sql, [user.uuid().into(), seed.into(), step.into(), at.into()]).await? > 0)
}

/// Takes a code of a step. `false` when one of this step or a later one was taken before: of many at once, one wins.
pub(crate) async fn take_step(tx: &SystemTx, user: UserId, step: i64) -> Result<bool> {
    let sql = "UPDATE identity.totp SET last_step = $2
         WHERE user_id = $1 AND last_step < $2 AND confirmed_at IS NOT NULL";
    Ok(run(tx, sql, [user.uuid().into(), step.into()]).await? > 0)
}

pub(crate) async fn delete_totp(tx: &SystemTx, user: UserId) -> Result<bool> {
    Ok(run(tx, "DELETE FROM identity.totp WHERE user_id = $1", [user.uuid().into()]).await? > 0)
}

/// Puts new recovery codes in place of all that there were.
pub(crate) async fn replace_codes(
    tx: &SystemTx,
    user: UserId,
    (macs, at): (&[String], DateTime<Utc>),
) -> Result<()> {
    delete_codes(tx, user).await?;
    let sql = "INSERT INTO identity.recovery_codes (user_id, code_mac, created_at)
         SELECT $1, unnest(string_to_array($2, ',')), $3";
    run(tx, sql, [user.uuid().into(), macs.join(",").into(), at.into()]).await.map(drop)
}

/// Uses a recovery code up. `false` for one that is unknown or used: of many at once, one wins.
pub(crate) async fn take_code(tx: &SystemTx, user: UserId, (mac, at): (&str, DateTime<Utc>)) -> Result<bool> {
    let sql = "UPDATE identity.recovery_codes SET used_at = $3
         WHERE user_id = $1 AND code_mac = $2 AND used_at IS NULL";
    Ok(run(tx, sql, [user.uuid().into(), mac.into(), at.into()]).await? > 0)
}

pub(crate) async fn delete_codes(tx: &SystemTx, user: UserId) -> Result<()> {
    run(tx, "DELETE FROM identity.recovery_codes WHERE user_id = $1", [user.uuid().into()]).await.map(drop)
}

/// A person's wrong codes in a row, locked until the transaction ends: whoever tries codes takes turns.
pub(crate) async fn tries(tx: &SystemTx, user: UserId) -> Result<Tries> {
    let sql = "INSERT INTO identity.factor_tries AS t (user_id) VALUES ($1)
         ON CONFLICT (user_id) DO UPDATE SET failures = t.failures
         RETURNING failures, locked_until";
    let row = one(tx, sql, [user.uuid().into()]).await?;
    let row = row.ok_or_else(|| Error::internal("a row that was just written is gone"))?;
    let failures: i32 = row.try_get("", "failures").db()?;
    Ok(Tries {
        failures: u32::try_from(failures).unwrap_or_default(),
        locked_until: row.try_get("", "locked_until").db()?,
    })
}

pub(crate) async fn set_tries(tx: &SystemTx, user: UserId, tries: Tries) -> Result<()> {
    let failures = i32::try_from(tries.failures).unwrap_or(i32::MAX);
    let sql = "UPDATE identity.factor_tries SET failures = $2, locked_until = $3 WHERE user_id = $1";
    run(tx, sql, [user.uuid().into(), failures.into(), tries.locked_until.into()]).await.map(drop)
}

/// A log-in that waits for its second factor.
pub(crate) struct Pending {
    pub(crate) user: UserId,
    pub(crate) methods: Vec<Method>,
    pub(crate) tries: i16,
}

pub(crate) async fn insert_pending(
    tx: &SystemTx,
    (token, user): (&Secret, UserId),
    methods: &[Method],
    (at, expires_at): (DateTime<Utc>, DateTime<Utc>),
) -> Result<()> {
    let sql = "INSERT INTO identity.pending_log_ins (token_hash, user_id, methods, created_at, expires_at)
         VALUES ($1, $2, string_to_array($3, ','), $4, $5)";
    let methods = Method::list(methods);
    run(
        tx,
        sql,
        [token::hash(token).into(), user.uuid().into(), methods.into(), at.into(), expires_at.into()],
    )
    .await
    .map(drop)
}

/// A log-in that can still be completed, locked.
pub(crate) async fn pending(tx: &SystemTx, token: &Secret, now: DateTime<Utc>) -> Result<Option<Pending>> {
    let sql = "SELECT user_id, array_to_string(methods, ',') AS methods, tries FROM identity.pending_log_ins
         WHERE token_hash = $1 AND expires_at > $2 FOR UPDATE";
    let row = one(tx, sql, [token::hash(token).into(), now.into()]).await?;
    row.map(|row| {
        let methods: String = row.try_get("", "methods").db()?;
        Ok(Pending {
            user: UserId::from_uuid(row.try_get("", "user_id").db()?),
            methods: Method::parse_list(&methods),
            tries: row.try_get("", "tries").db()?,
        })
    })
    .transpose()
}

pub(crate) async fn count_try(tx: &SystemTx, token: &Secret) -> Result<()> {
    let sql = "UPDATE identity.pending_log_ins SET tries = tries + 1 WHERE token_hash = $1";
    run(tx, sql, [token::hash(token).into()]).await.map(drop)
}

pub(crate) async fn end_pending(tx: &SystemTx, token: &Secret) -> Result<()> {
    let sql = "DELETE FROM identity.pending_log_ins WHERE token_hash = $1";
    run(tx, sql, [token::hash(token).into()]).await.map(drop)
}

/// Ends all log-ins of a person that wait: what they have shown counts no more.
pub(crate) async fn end_all_pending(tx: &SystemTx, user: UserId) -> Result<()> {
    let sql = "DELETE FROM identity.pending_log_ins WHERE user_id = $1";
    run(tx, sql, [user.uuid().into()]).await.map(drop)
}

/// The tenants that a person belongs to, locked: nobody joins them to another one meanwhile.
pub(crate) async fn tenants_of(tx: &SystemTx, user: UserId) -> Result<Vec<TenantId>> {
    // A membership refers to its person, so whoever adds one waits for this.
    run(tx, "SELECT 1 FROM identity.users WHERE id = $1 FOR UPDATE", [user.uuid().into()]).await?;
    let sql = "SELECT tenant_id FROM identity.memberships WHERE user_id = $1 ORDER BY tenant_id";
    let rows = tx.conn().query_all_raw(stmt(sql, [user.uuid().into()])).await.db()?;
    rows.iter().map(|row| Ok(TenantId::from_uuid(row.try_get("", "tenant_id").db()?))).collect()
}

/// Whether the tenant demands a second factor.
pub(crate) async fn mfa_required(tx: &TenantTx) -> Result<bool> {
    let sql = "SELECT mfa_required FROM identity.log_in_policies WHERE tenant_id = $1";
    let row = one(tx, sql, [tx.tenant().uuid().into()]).await?;
    row.map_or(Ok(false), |row| row.try_get("", "mfa_required").db())
}

pub(crate) async fn set_mfa_required(tx: &TenantTx, (required, at): (bool, DateTime<Utc>)) -> Result<()> {
    let sql = "INSERT INTO identity.log_in_policies (tenant_id, mfa_required, updated_at) VALUES ($1, $2, $3)
         ON CONFLICT (tenant_id) DO UPDATE SET mfa_required = excluded.mfa_required, updated_at = excluded.updated_at";
    run(tx, sql, [tx.tenant().uuid().into(), required.into(), at.into()]).await.map(drop)
}

/// Deletes what can be used no more.
pub(crate) async fn purge(tx: &SystemTx, now: DateTime<Utc>) -> Result<u64> {
    let pending =
        run(tx, "DELETE FROM identity.pending_log_ins WHERE expires_at <= $1", [now.into()]).await?;
    let challenges =
        run(tx, "DELETE FROM identity.passkey_challenges WHERE expires_at <= $1", [now.into()]).await?;
    Ok(pending + challenges)
}
