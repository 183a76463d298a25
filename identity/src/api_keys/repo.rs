use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, QueryResult};
use tenantry_authz::Right;
use tenantry_kernel::{ApiKeyId, Error, Result, Secret, TenantId, UserId};
use tenantry_store::{DbResultExt, Page, PageRequest, SystemTx, TenantTx, Transaction, stmt};

use super::ApiKey;
use crate::token;

const SHOWN: &str =
    "k.id, k.name, k.prefix, k.scopes, k.allowed_addresses, k.maker, k.maker_name, k.created_at,
  k.issued_at, k.expires_at, k.last_used_at, k.last_used_from, k.revoked_at,
  (SELECT s.valid_until FROM identity.api_key_secrets s
   WHERE s.tenant_id = k.tenant_id AND s.key_id = k.id AND s.valid_until IS NOT NULL) AS rotated_until";

/// How many keys could be used now.
pub(crate) async fn live(tx: &TenantTx, now: DateTime<Utc>) -> Result<i64> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT count(*) AS n FROM identity.api_keys
             WHERE tenant_id = $1 AND revoked_at IS NULL AND expires_at > $2",
            [tx.tenant().uuid().into(), now.into()],
        ))
        .await
        .db()?;
    row.map_or(Ok(0), |row| row.try_get("", "n").db())
}

pub(crate) async fn insert(tx: &TenantTx, key: &ApiKey, secret: &Secret) -> Result<()> {
    let scopes: Vec<String> = key.scopes.iter().map(Right::to_string).collect();
    let networks: Vec<String> = key.allowed_addresses.iter().map(ToString::to_string).collect();
    tx.conn()
        .execute_raw(stmt(
            "INSERT INTO identity.api_keys (id, tenant_id, name, prefix, scopes, allowed_addresses, maker, maker_name,
                                            created_at, issued_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10)",
            [
                key.id.uuid().into(),
                tx.tenant().uuid().into(),
                key.name.clone().into(),
                key.prefix.clone().into(),
                scopes.into(),
                networks.into(),
                key.maker.uuid().into(),
                key.maker_name.clone().into(),
                key.created_at.into(),
                key.expires_at.into(),
            ],
        ))
        .await
        .db()?;
    insert_secret(tx, key.id, secret).await
}

async fn insert_secret(tx: &TenantTx, id: ApiKeyId, secret: &Secret) -> Result<()> {
    tx.conn()
        .execute_raw(stmt(
            "INSERT INTO identity.api_key_secrets (secret_hash, tenant_id, key_id) VALUES ($1, $2, $3)",
            [token::hash(secret).into(), tx.tenant().uuid().into(), id.uuid().into()],
        ))
        .await
        .db()?;
    Ok(())
}

/// The tenant's keys, newest first, those that are no longer good among them. The cursor is the last one's id.
pub(crate) async fn list(tx: &TenantTx, page: &PageRequest) -> Result<Page<ApiKey>> {
    let after: Option<ApiKeyId> = page
        .after
        .as_deref()
        .map(|c| c.parse().map_err(|_| Error::invalid("after", "That is not a cursor of this list.")))
        .transpose()?;
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            &format!(
                "SELECT {SHOWN} FROM identity.api_keys k
                 WHERE k.tenant_id = $1 AND ($2::uuid IS NULL OR k.id < $2) ORDER BY k.id DESC LIMIT $3"
            ),
            [tx.tenant().uuid().into(), after.map(|id| id.uuid()).into(), page.limit_plus_one().into()],
        ))
        .await
        .db()?;
    Ok(Page::of(rows.iter().map(shown).collect::<Result<_>>()?, page))
}

/// A key, locked.
pub(crate) async fn find(tx: &TenantTx, id: ApiKeyId) -> Result<Option<ApiKey>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            &format!(
                "SELECT {SHOWN} FROM identity.api_keys k WHERE k.tenant_id = $1 AND k.id = $2 FOR UPDATE OF k"
            ),
            [tx.tenant().uuid().into(), id.uuid().into()],
        ))
        .await
        .db()?;
    row.as_ref().map(shown).transpose()
}

/// Gives a key its newest secret. The one before goes on working until `key.rotated_until`, if that is set; what was
/// before that one is dead.
pub(crate) async fn rotate(tx: &TenantTx, key: &ApiKey, secret: &Secret) -> Result<bool> {
    let (tenant, id) = (tx.tenant().uuid(), key.id.uuid());
    let done = tx
        .conn()
        .execute_raw(stmt(
            "UPDATE identity.api_keys SET prefix = $3, issued_at = $4, expires_at = $5
             WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL",
            [
                tenant.into(),
                id.into(),
                key.prefix.clone().into(),
                key.issued_at.into(),
                key.expires_at.into(),
            ],
        ))
        .await
        .db()?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    let dying = "DELETE FROM identity.api_key_secrets
                 WHERE tenant_id = $1 AND key_id = $2 AND (valid_until IS NOT NULL OR $3::timestamptz IS NULL)";
    let until = key.rotated_until;
    tx.conn().execute_raw(stmt(dying, [tenant.into(), id.into(), until.into()])).await.db()?;
    tx.conn()
        .execute_raw(stmt(
            "UPDATE identity.api_key_secrets SET valid_until = $3 WHERE tenant_id = $1 AND key_id = $2",
            [tenant.into(), id.into(), until.into()],
        ))
        .await
        .db()?;
    insert_secret(tx, key.id, secret).await?;
    Ok(true)
}

/// Takes a key's power: its secrets are gone.
pub(crate) async fn revoke(tx: &TenantTx, id: ApiKeyId, at: DateTime<Utc>) -> Result<bool> {
    let (tenant, id) = (tx.tenant().uuid(), id.uuid());
    let done = tx
        .conn()
        .execute_raw(stmt(
            "UPDATE identity.api_keys SET revoked_at = $3 WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL",
            [tenant.into(), id.into(), at.into()],
        ))
        .await
        .db()?;
    tx.conn()
        .execute_raw(stmt(
            "DELETE FROM identity.api_key_secrets WHERE tenant_id = $1 AND key_id = $2",
            [tenant.into(), id.into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected() > 0)
}

/// Takes the power of all keys that somebody made: they have left.
pub(crate) async fn revoke_by(tx: &TenantTx, maker: UserId, at: DateTime<Utc>) -> Result<u64> {
    let (tenant, maker) = (tx.tenant().uuid(), maker.uuid());
    tx.conn()
        .execute_raw(stmt(
            "DELETE FROM identity.api_key_secrets WHERE tenant_id = $1 AND key_id IN
               (SELECT id FROM identity.api_keys WHERE tenant_id = $1 AND maker = $2)",
            [tenant.into(), maker.into()],
        ))
        .await
        .db()?;
    let done = tx
        .conn()
        .execute_raw(stmt(
            "UPDATE identity.api_keys SET revoked_at = $3 WHERE tenant_id = $1 AND maker = $2 AND revoked_at IS NULL",
            [tenant.into(), maker.into(), at.into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected())
}

fn shown(row: &QueryResult) -> Result<ApiKey> {
    let networks: Vec<String> = row.try_get("", "allowed_addresses").db()?;
    Ok(ApiKey {
        id: ApiKeyId::from_uuid(row.try_get("", "id").db()?),
        name: row.try_get("", "name").db()?,
        prefix: row.try_get("", "prefix").db()?,
        scopes: scopes(row)?.unwrap_or_default(),
        allowed_addresses: networks
            .iter()
            .map(|n| n.parse().map_err(Error::internal))
            .collect::<Result<_>>()?,
        maker: UserId::from_uuid(row.try_get("", "maker").db()?),
        maker_name: row.try_get("", "maker_name").db()?,
        created_at: row.try_get("", "created_at").db()?,
        issued_at: row.try_get("", "issued_at").db()?,
        expires_at: row.try_get("", "expires_at").db()?,
        last_used_at: row.try_get("", "last_used_at").db()?,
        last_used_from: row.try_get("", "last_used_from").db()?,
        revoked_at: row.try_get("", "revoked_at").db()?,
        rotated_until: row.try_get("", "rotated_until").db()?,
    })
}

/// The column `scopes`. A right that the policy no longer knows is none.
pub(crate) fn scopes(row: &QueryResult) -> Result<Option<Vec<Right>>> {
    let texts: Option<Vec<String>> = row.try_get("", "scopes").db()?;
    Ok(texts.map(|texts| texts.iter().filter_map(|text| text.parse().ok()).collect()))
}

/// A key as its secret finds it, and its maker's role of this moment.
pub(crate) struct Found {
    pub(crate) key: ApiKey,
    pub(crate) tenant: TenantId,
    pub(crate) grants: serde_json::Value,
}

/// The key of a secret that is good now, if its maker is still a member.
pub(crate) async fn by_secret(
    tx: &SystemTx,
    (secret, now): (&Secret, DateTime<Utc>),
) -> Result<Option<Found>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            &format!(
                "SELECT {SHOWN}, k.tenant_id,
                   json_build_array(json_build_object('tenant', m.tenant_id, 'role', m.role,
                     'custom', m.custom_role_id, 'version',
                     (SELECT v.version FROM identity.policy_versions v
                      WHERE v.tenant_id = m.tenant_id AND m.custom_role_id IS NOT NULL))) AS grants
                 FROM identity.api_key_secrets u
                 JOIN identity.api_keys k ON k.id = u.key_id
                 JOIN identity.memberships m ON m.tenant_id = k.tenant_id AND m.user_id = k.maker
                 WHERE u.secret_hash = $1 AND (u.valid_until IS NULL OR u.valid_until > $2)
                   AND k.revoked_at IS NULL AND k.expires_at > $2"
            ),
            [token::hash(secret).into(), now.into()],
        ))
        .await
        .db()?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Found {
        key: shown(&row)?,
        tenant: TenantId::from_uuid(row.try_get("", "tenant_id").db()?),
        grants: row.try_get("", "grants").db()?,
    }))
}

/// Writes down that a key was used.
pub(crate) async fn touch(
    tx: &SystemTx,
    id: ApiKeyId,
    (at, from): (DateTime<Utc>, Option<String>),
) -> Result<()> {
    tx.conn()
        .execute_raw(stmt(
            "UPDATE identity.api_keys SET last_used_at = $2, last_used_from = $3 WHERE id = $1",
            [id.uuid().into(), at.into(), from.into()],
        ))
        .await
        .db()?;
    Ok(())
}

/// Forgets keys that have been good for nothing since before `before`.
pub(crate) async fn purge(tx: &SystemTx, before: DateTime<Utc>) -> Result<u64> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "DELETE FROM identity.api_keys WHERE least(revoked_at, expires_at) < $1",
            [before.into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected())
}
