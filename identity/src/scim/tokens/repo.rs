use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, QueryResult};
use tenantry_kernel::{Error, Result, ScimTokenId, Secret, TenantId, UserId};
use tenantry_store::{DbResultExt, Page, PageRequest, SystemTx, TenantTx, Transaction, stmt};

use super::ScimToken;
use crate::token;

const SHOWN: &str =
    "t.id, t.name, t.prefix, t.maker, t.maker_name, t.created_at, t.expires_at, t.last_used_at,
  t.last_used_from, t.revoked_at";

pub(crate) async fn insert(tx: &TenantTx, new: &ScimToken, secret: &Secret) -> Result<()> {
    tx.conn()
        .execute_raw(stmt(
            "INSERT INTO identity.scim_tokens (id, tenant_id, name, prefix, secret_hash, maker, maker_name,
                                               created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            [
                new.id.uuid().into(),
                tx.tenant().uuid().into(),
                new.name.clone().into(),
                new.prefix.clone().into(),
                token::hash(secret).into(),
                new.maker.uuid().into(),
                new.maker_name.clone().into(),
                new.created_at.into(),
                new.expires_at.into(),
            ],
        ))
        .await
        .db()?;
    Ok(())
}

/// How many tokens could be used now.
pub(crate) async fn live(tx: &TenantTx, now: DateTime<Utc>) -> Result<i64> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT count(*) AS n FROM identity.scim_tokens
             WHERE tenant_id = $1 AND revoked_at IS NULL AND expires_at > $2",
            [tx.tenant().uuid().into(), now.into()],
        ))
        .await
        .db()?;
    row.map_or(Ok(0), |row| row.try_get("", "n").db())
}

/// The tenant's tokens, newest first, those that are no longer good among them. The cursor is the last one's id.
pub(crate) async fn list(tx: &TenantTx, page: &PageRequest) -> Result<Page<ScimToken>> {
    let after: Option<ScimTokenId> = page
        .after
        .as_deref()
        .map(|c| c.parse().map_err(|_| Error::invalid("after", "That is not a cursor of this list.")))
        .transpose()?;
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            &format!(
                "SELECT {SHOWN} FROM identity.scim_tokens t
                 WHERE t.tenant_id = $1 AND ($2::uuid IS NULL OR t.id < $2) ORDER BY t.id DESC LIMIT $3"
            ),
            [tx.tenant().uuid().into(), after.map(|id| id.uuid()).into(), page.limit_plus_one().into()],
        ))
        .await
        .db()?;
    Ok(Page::of(rows.iter().map(shown).collect::<Result<_>>()?, page))
}

/// A token, locked.
pub(crate) async fn find(tx: &TenantTx, id: ScimTokenId) -> Result<Option<ScimToken>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            &format!(
                "SELECT {SHOWN} FROM identity.scim_tokens t WHERE t.tenant_id = $1 AND t.id = $2 FOR UPDATE OF t"
            ),
            [tx.tenant().uuid().into(), id.uuid().into()],
        ))
        .await
        .db()?;
    row.as_ref().map(shown).transpose()
}

/// Takes a token's power: its secret is gone.
pub(crate) async fn revoke(tx: &TenantTx, id: ScimTokenId, at: DateTime<Utc>) -> Result<bool> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "UPDATE identity.scim_tokens SET secret_hash = NULL, revoked_at = $3
             WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL",
            [tx.tenant().uuid().into(), id.uuid().into(), at.into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected() > 0)
}

/// Takes the power of all tokens that somebody made: they have left.
pub(crate) async fn revoke_by(tx: &TenantTx, maker: UserId, at: DateTime<Utc>) -> Result<u64> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "UPDATE identity.scim_tokens SET secret_hash = NULL, revoked_at = $3
             WHERE tenant_id = $1 AND maker = $2 AND revoked_at IS NULL",
            [tx.tenant().uuid().into(), maker.uuid().into(), at.into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected())
}

fn shown(row: &QueryResult) -> Result<ScimToken> {
    Ok(ScimToken {
        id: ScimTokenId::from_uuid(row.try_get("", "id").db()?),
        name: row.try_get("", "name").db()?,
        prefix: row.try_get("", "prefix").db()?,
        maker: UserId::from_uuid(row.try_get("", "maker").db()?),
        maker_name: row.try_get("", "maker_name").db()?,
        created_at: row.try_get("", "created_at").db()?,
        expires_at: row.try_get("", "expires_at").db()?,
        last_used_at: row.try_get("", "last_used_at").db()?,
        last_used_from: row.try_get("", "last_used_from").db()?,
        revoked_at: row.try_get("", "revoked_at").db()?,
    })
}

/// A token as its secret finds it, and its maker's role of this moment.
pub(crate) struct Found {
    pub(crate) token: ScimToken,
    pub(crate) tenant: TenantId,
    pub(crate) grants: serde_json::Value,
}

/// The token of a secret that is good now: its tenant's directory is connected, and its maker is a member.
pub(crate) async fn by_secret(
    tx: &SystemTx,
    (secret, now): (&Secret, DateTime<Utc>),
) -> Result<Option<Found>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            &format!(
                "SELECT {SHOWN}, t.tenant_id,
                   json_build_array(json_build_object('tenant', m.tenant_id, 'role', m.role,
                     'custom', m.custom_role_id, 'version',
                     (SELECT v.version FROM identity.policy_versions v
                      WHERE v.tenant_id = m.tenant_id AND m.custom_role_id IS NOT NULL))) AS grants
                 FROM identity.scim_tokens t
                 JOIN identity.scim_connections c ON c.tenant_id = t.tenant_id AND c.enabled
                 JOIN identity.memberships m ON m.tenant_id = t.tenant_id AND m.user_id = t.maker
                 WHERE t.secret_hash = $1 AND t.expires_at > $2"
            ),
            [token::hash(secret).into(), now.into()],
        ))
        .await
        .db()?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Found {
        token: shown(&row)?,
        tenant: TenantId::from_uuid(row.try_get("", "tenant_id").db()?),
        grants: row.try_get("", "grants").db()?,
    }))
}

/// Writes down that a token was used.
pub(crate) async fn touch(
    tx: &SystemTx,
    id: ScimTokenId,
    (at, from): (DateTime<Utc>, Option<String>),
) -> Result<()> {
    tx.conn()
        .execute_raw(stmt(
            "UPDATE identity.scim_tokens SET last_used_at = $2, last_used_from = $3 WHERE id = $1",
            [id.uuid().into(), at.into(), from.into()],
        ))
        .await
        .db()?;
    Ok(())
}

/// Forgets tokens that have been good for nothing since before `before`.
pub(crate) async fn purge(tx: &SystemTx, before: DateTime<Utc>) -> Result<u64> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "DELETE FROM identity.scim_tokens WHERE least(revoked_at, expires_at) < $1",
            [before.into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected())
}
