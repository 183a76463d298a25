use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, QueryResult, Value};
use tenantry_authz::Right;
use tenantry_kernel::{CredentialId, Error, Result, Secret, ServiceAccountId, TenantId, UserId};
use tenantry_store::{DbResultExt, Page, PageRequest, SystemTx, TenantTx, Transaction, stmt};

use super::model::{Credential, CredentialKind, ServiceAccount};
use crate::roles::AssignedRole;
use crate::{api_keys, token};

const SHOWN: &str = "id, name, role, custom_role_id, creator_name, created_at, disabled_at, last_used_at";
const CREDENTIAL: &str = "id, account_id, kind, hint, created_at, expires_at, last_used_at";

/// How many accounts the tenant has.
pub(crate) async fn count(tx: &TenantTx) -> Result<i64> {
    let sql =
        "SELECT count(*) AS n FROM identity.service_accounts WHERE tenant_id = $1 AND disabled_at IS NULL";
    let row = tx.conn().query_one_raw(stmt(sql, [tx.tenant().uuid().into()])).await.db()?;
    row.map_or(Ok(0), |row| row.try_get("", "n").db())
}

pub(crate) async fn insert(tx: &TenantTx, account: &ServiceAccount, creator: UserId) -> Result<()> {
    let (role, custom) = account.role.columns();
    tx.conn()
        .execute_raw(stmt(
            "INSERT INTO identity.service_accounts (id, tenant_id, name, role, custom_role_id, creator,
                                                    creator_name, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            [
                account.id.uuid().into(),
                tx.tenant().uuid().into(),
                account.name.clone().into(),
                role.into(),
                custom.into(),
                creator.uuid().into(),
                account.creator_name.clone().into(),
                account.created_at.into(),
            ],
        ))
        .await
        .db()?;
    Ok(())
}

/// The tenant's accounts, newest first. The cursor is the last one's id.
pub(crate) async fn list(tx: &TenantTx, page: &PageRequest) -> Result<Page<ServiceAccount>> {
    let after: Option<ServiceAccountId> = page
        .after
        .as_deref()
        .map(|c| c.parse().map_err(|_| Error::invalid("after", "That is not a cursor of this list.")))
        .transpose()?;
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            &format!(
                "SELECT {SHOWN} FROM identity.service_accounts
                 WHERE tenant_id = $1 AND disabled_at IS NULL AND ($2::uuid IS NULL OR id < $2)
                 ORDER BY id DESC LIMIT $3"
            ),
            [tx.tenant().uuid().into(), after.map(|id| id.uuid()).into(), page.limit_plus_one().into()],
        ))
        .await
        .db()?;
    Ok(Page::of(rows.iter().map(shown).collect::<Result<_>>()?, page))
}

/// An account, locked.
pub(crate) async fn find(tx: &TenantTx, id: ServiceAccountId) -> Result<Option<ServiceAccount>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            &format!(
                "SELECT {SHOWN} FROM identity.service_accounts
                 WHERE tenant_id = $1 AND id = $2 AND disabled_at IS NULL FOR UPDATE"
            ),
            [tx.tenant().uuid().into(), id.uuid().into()],
        ))
        .await
        .db()?;
    row.as_ref().map(shown).transpose()
}

/// Deletes an account: its credentials and tokens are gone, its name stays for the audit trail.
pub(crate) async fn disable(tx: &TenantTx, id: ServiceAccountId, at: DateTime<Utc>) -> Result<bool> {
    let (tenant, id) = (tx.tenant().uuid(), id.uuid());
    let credentials =
        "DELETE FROM identity.service_account_credentials WHERE tenant_id = $1 AND account_id = $2";
    tx.conn().execute_raw(stmt(credentials, [tenant.into(), id.into()])).await.db()?;
    let account = "UPDATE identity.service_accounts SET disabled_at = $3, custom_role_id = NULL
                   WHERE tenant_id = $1 AND id = $2 AND disabled_at IS NULL";
    let done = tx.conn().execute_raw(stmt(account, [tenant.into(), id.into(), at.into()])).await.db()?;
    Ok(done.rows_affected() > 0)
}

/// The credentials of these accounts, oldest first, by one statement.
pub(crate) async fn credentials(tx: &TenantTx, accounts: &[ServiceAccountId]) -> Result<Vec<Credential>> {
    let ids = accounts.iter().map(|id| id.uuid().to_string()).collect::<Vec<_>>().join(",");
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            &format!(
                "SELECT {CREDENTIAL} FROM identity.service_account_credentials
                 WHERE tenant_id = $1 AND account_id = ANY (string_to_array($2, ',')::uuid[]) ORDER BY id"
            ),
            [tx.tenant().uuid().into(), ids.into()],
        ))
        .await
        .db()?;
    rows.iter().map(credential).collect()
}

/// What is kept of a credential beside what is shown of it.
pub(crate) enum Proof<'a> {
    Secret(&'a Secret),
    PublicKey(&'a str),
}

pub(crate) async fn add_credential(
    tx: &TenantTx,
    new: &Credential,
    (creator, proof): (UserId, Proof<'_>),
) -> Result<()> {
    let (hash, pem) = match proof {
        Proof::Secret(secret) => (Some(token::hash(secret)), None),
        Proof::PublicKey(pem) => (None, Some(pem.to_owned())),
    };
    tx.conn()
        .execute_raw(stmt(
            "INSERT INTO identity.service_account_credentials
               (id, tenant_id, account_id, kind, hint, secret_hash, public_key, creator, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            [
                new.id.uuid().into(),
                tx.tenant().uuid().into(),
                new.account.uuid().into(),
                kind_word(new.kind).into(),
                new.hint.clone().into(),
                hash.into(),
                pem.into(),
                creator.uuid().into(),
                new.created_at.into(),
                new.expires_at.into(),
            ],
        ))
        .await
        .db()?;
    Ok(())
}

/// Takes away what somebody has added to the tenant's accounts whose roles are not in `keep` (built-in ones, and the
/// tenant's own), and the tokens that were got with it.
pub(crate) async fn remove_credentials_by(
    tx: &TenantTx,
    creator: UserId,
    (keep, keep_own): (Vec<String>, Vec<uuid::Uuid>),
) -> Result<u64> {
    let sql = "DELETE FROM identity.service_account_credentials c USING identity.service_accounts a
               WHERE c.tenant_id = $1 AND c.creator = $2 AND a.tenant_id = c.tenant_id AND a.id = c.account_id
                 AND NOT (a.role = ANY($3) OR (a.custom_role_id IS NOT NULL AND a.custom_role_id = ANY($4)))";
    let values: [Value; 4] = [tx.tenant().uuid().into(), creator.uuid().into(), keep.into(), keep_own.into()];
    let done = tx.conn().execute_raw(stmt(sql, values)).await.db()?;
    Ok(done.rows_affected())
}

/// That somebody has added a credential to an account, and so knows it.
pub(crate) struct Known {
    pub(crate) creator: UserId,
    /// The account's name and role.
    pub(crate) account: String,
    pub(crate) role: AssignedRole,
}

/// Who knows credentials of which of the tenant's accounts that are good now, each pair once.
pub(crate) async fn known(tx: &TenantTx, now: DateTime<Utc>) -> Result<Vec<Known>> {
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            "SELECT DISTINCT c.creator, a.id, a.name, a.role, a.custom_role_id
             FROM identity.service_account_credentials c
             JOIN identity.service_accounts a ON a.tenant_id = c.tenant_id AND a.id = c.account_id
             WHERE c.tenant_id = $1 AND a.disabled_at IS NULL AND (c.expires_at IS NULL OR c.expires_at > $2)
             ORDER BY a.id, c.creator",
            [tx.tenant().uuid().into(), now.into()],
        ))
        .await
        .db()?;
    let one = |row: &QueryResult| {
        let (role, own): (String, Option<uuid::Uuid>) =
            (row.try_get("", "role").db()?, row.try_get("", "custom_role_id").db()?);
        Ok(Known {
            creator: UserId::from_uuid(row.try_get("", "creator").db()?),
            account: row.try_get("", "name").db()?,
            role: AssignedRole::stored(&role, own)?,
        })
    };
    rows.iter().map(one).collect()
}

/// Takes a credential away, and the tokens that were got with it.
pub(crate) async fn remove_credential(
    tx: &TenantTx,
    account: ServiceAccountId,
    id: CredentialId,
) -> Result<bool> {
    let sql = "DELETE FROM identity.service_account_credentials
               WHERE tenant_id = $1 AND account_id = $2 AND id = $3";
    let values: [Value; 3] = [tx.tenant().uuid().into(), account.uuid().into(), id.uuid().into()];
    let done = tx.conn().execute_raw(stmt(sql, values)).await.db()?;
    Ok(done.rows_affected() > 0)
}

/// An account's credential as the token endpoint checks it.
pub(crate) struct Checkable {
    pub(crate) id: CredentialId,
    pub(crate) tenant: TenantId,
    pub(crate) secret_hash: Option<String>,
    pub(crate) public_key: Option<String>,
}

/// The credentials that a client can show now.
pub(crate) async fn checkable(
    tx: &SystemTx,
    (account, now): (ServiceAccountId, DateTime<Utc>),
) -> Result<Vec<Checkable>> {
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            "SELECT c.id, c.tenant_id, c.secret_hash, c.public_key FROM identity.service_account_credentials c
             JOIN identity.service_accounts a ON a.id = c.account_id
             WHERE a.id = $1 AND a.disabled_at IS NULL AND (c.expires_at IS NULL OR c.expires_at > $2)
             ORDER BY c.id",
            [account.uuid().into(), now.into()],
        ))
        .await
        .db()?;
    let one = |row: &QueryResult| {
        Ok(Checkable {
            id: CredentialId::from_uuid(row.try_get("", "id").db()?),
            tenant: TenantId::from_uuid(row.try_get("", "tenant_id").db()?),
            secret_hash: row.try_get("", "secret_hash").db()?,
            public_key: row.try_get("", "public_key").db()?,
        })
    };
    rows.iter().map(one).collect()
}

/// Uses an assertion up: `true` for exactly one caller, on whichever node.
pub(crate) async fn use_assertion(
    tx: &SystemTx,
    account: ServiceAccountId,
    (jti, until): (&str, DateTime<Utc>),
) -> Result<bool> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "INSERT INTO identity.client_assertions (account_id, jti_hash, expires_at) VALUES ($1, $2, $3)
             ON CONFLICT DO NOTHING",
            [account.uuid().into(), token::hash(&Secret::new(jti)).into(), until.into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected() > 0)
}

/// A token to be kept.
pub(crate) struct NewToken<'a> {
    pub(crate) token: &'a Secret,
    pub(crate) tenant: TenantId,
    pub(crate) account: ServiceAccountId,
    pub(crate) credential: CredentialId,
    pub(crate) scopes: Option<&'a [Right]>,
    pub(crate) at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
}

/// Keeps a token, and that its account and credential were used.
pub(crate) async fn insert_token(tx: &SystemTx, new: NewToken<'_>) -> Result<()> {
    let scopes: Option<Vec<String>> = new.scopes.map(|s| s.iter().map(Right::to_string).collect());
    tx.conn()
        .execute_raw(stmt(
            "WITH account AS (
               UPDATE identity.service_accounts SET last_used_at = $6 WHERE id = $3
             ), credential AS (
               UPDATE identity.service_account_credentials SET last_used_at = $6 WHERE id = $4
             )
             INSERT INTO identity.access_tokens
               (token_hash, tenant_id, account_id, credential_id, scopes, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            [
                token::hash(new.token).into(),
                new.tenant.uuid().into(),
                new.account.uuid().into(),
                new.credential.uuid().into(),
                scopes.into(),
                new.at.into(),
                new.expires_at.into(),
            ],
        ))
        .await
        .db()?;
    Ok(())
}

/// A token that is good now.
pub(crate) struct Found {
    pub(crate) account: ServiceAccountId,
    pub(crate) tenant: TenantId,
    pub(crate) scopes: Option<Vec<Right>>,
    pub(crate) grants: serde_json::Value,
}

/// The account's role as authentication reads what people hold.
const GRANTS: &str = "json_build_array(json_build_object('tenant', a.tenant_id, 'role', a.role,
    'custom', a.custom_role_id, 'version',
    (SELECT v.version FROM identity.policy_versions v
     WHERE v.tenant_id = a.tenant_id AND a.custom_role_id IS NOT NULL))) AS grants";

/// Whose a token is, if it, the credential that it was got with and the account are good now.
pub(crate) async fn by_token(tx: &SystemTx, (token, now): (&Secret, DateTime<Utc>)) -> Result<Option<Found>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            &format!(
                "SELECT t.account_id, t.tenant_id, t.scopes, {GRANTS} FROM identity.access_tokens t
                 JOIN identity.service_accounts a ON a.id = t.account_id
                 JOIN identity.service_account_credentials c ON c.id = t.credential_id
                 WHERE t.token_hash = $1 AND t.expires_at > $2 AND a.disabled_at IS NULL
                   AND (c.expires_at IS NULL OR c.expires_at > $2)"
            ),
            [token::hash(token).into(), now.into()],
        ))
        .await
        .db()?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Found {
        account: ServiceAccountId::from_uuid(row.try_get("", "account_id").db()?),
        tenant: TenantId::from_uuid(row.try_get("", "tenant_id").db()?),
        scopes: api_keys::repo::scopes(&row)?,
        grants: row.try_get("", "grants").db()?,
    }))
}

/// What an account holds now.
pub(crate) async fn held(tx: &SystemTx, account: ServiceAccountId) -> Result<Option<serde_json::Value>> {
    let sql =
        format!("SELECT {GRANTS} FROM identity.service_accounts a WHERE a.id = $1 AND a.disabled_at IS NULL");
    let row = tx.conn().query_one_raw(stmt(&sql, [account.uuid().into()])).await.db()?;
    row.map(|row| row.try_get("", "grants").db()).transpose()
}

/// Ends a token, if it is one of this account.
pub(crate) async fn delete_token(
    tx: &SystemTx,
    (account, token): (ServiceAccountId, &Secret),
) -> Result<bool> {
    let sql = "DELETE FROM identity.access_tokens WHERE token_hash = $1 AND account_id = $2";
    let done =
        tx.conn().execute_raw(stmt(sql, [token::hash(token).into(), account.uuid().into()])).await.db()?;
    Ok(done.rows_affected() > 0)
}

/// Forgets tokens and assertions that have expired.
pub(crate) async fn purge(tx: &SystemTx, now: DateTime<Utc>) -> Result<u64> {
    let mut gone = 0;
    for table in ["access_tokens", "client_assertions"] {
        let sql = format!("DELETE FROM identity.{table} WHERE expires_at <= $1");
        gone += tx.conn().execute_raw(stmt(&sql, [now.into()])).await.db()?.rows_affected();
    }
    Ok(gone)
}

fn shown(row: &QueryResult) -> Result<ServiceAccount> {
    let role: String = row.try_get("", "role").db()?;
    let custom: Option<uuid::Uuid> = row.try_get("", "custom_role_id").db()?;
    Ok(ServiceAccount {
        id: ServiceAccountId::from_uuid(row.try_get("", "id").db()?),
        name: row.try_get("", "name").db()?,
        role: AssignedRole::stored(&role, custom)?,
        creator_name: row.try_get("", "creator_name").db()?,
        created_at: row.try_get("", "created_at").db()?,
        disabled_at: row.try_get("", "disabled_at").db()?,
        last_used_at: row.try_get("", "last_used_at").db()?,
    })
}

fn kind_word(kind: CredentialKind) -> &'static str {
    match kind {
        CredentialKind::Secret => "secret",
        CredentialKind::PublicKey => "public_key",
    }
}

fn credential(row: &QueryResult) -> Result<Credential> {
    let kind: String = row.try_get("", "kind").db()?;
    Ok(Credential {
        id: CredentialId::from_uuid(row.try_get("", "id").db()?),
        account: ServiceAccountId::from_uuid(row.try_get("", "account_id").db()?),
        kind: if kind == "secret" { CredentialKind::Secret } else { CredentialKind::PublicKey },
        hint: row.try_get("", "hint").db()?,
        created_at: row.try_get("", "created_at").db()?,
        expires_at: row.try_get("", "expires_at").db()?,
        last_used_at: row.try_get("", "last_used_at").db()?,
    })
}
