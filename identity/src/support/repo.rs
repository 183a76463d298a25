use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, QueryResult};
use serde::Deserialize;
use tenantry_authz::Grant;
use tenantry_kernel::{Error, Result, SupportAccessId, TenantId, UserId};
use tenantry_store::{DbResultExt, Page, PageRequest, SystemTx, TenantTx, Transaction, stmt};

use super::model::{AccessKind, Level, SupportAccess};
use crate::session_policy::sql::breaks_policy;

const SHOWN: &str =
    "a.id, a.tenant_id, a.kind, a.level, a.reason, a.granted_by_name, a.created_at, a.starts_at,
                     a.expires_at, a.revoked_at,
                     (SELECT max(u.last_at) FROM platform.support_uses u
                           WHERE u.tenant_id = a.tenant_id AND u.access_id = a.id) AS last_used_at";

/// An access to be written.
pub(crate) struct NewAccess<'a> {
    pub(crate) access: &'a SupportAccess,
    pub(crate) by: UserId,
}

/// Writes a tenant's consent.
pub(crate) async fn insert(tx: &TenantTx, new: NewAccess<'_>) -> Result<()> {
    let a = new.access;
    tx.conn()
        .execute_raw(stmt(
            "INSERT INTO identity.support_access
               (id, tenant_id, level, reason, granted_by, granted_by_name, created_at, starts_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            [
                a.id.uuid().into(),
                tx.tenant().uuid().into(),
                a.level.as_str().into(),
                a.reason.clone().into(),
                new.by.uuid().into(),
                a.granted_by.clone().into(),
                a.created_at.into(),
                a.starts_at.into(),
                a.expires_at.into(),
            ],
        ))
        .await
        .db()?;
    Ok(())
}

/// Writes that somebody broke the glass.
pub(crate) async fn insert_broken(tx: &SystemTx, new: NewAccess<'_>, slug: &str) -> Result<()> {
    let a = new.access;
    tx.conn()
        .execute_raw(stmt(
            "INSERT INTO identity.support_access
               (id, tenant_id, kind, level, reason, granted_by, granted_by_name, holder, tenant_slug, created_at,
                starts_at, expires_at)
             VALUES ($1, $2, 'break-glass', 'read', $3, $4, $5, $4, $6, $7, $8, $9)",
            [
                a.id.uuid().into(),
                a.tenant.uuid().into(),
                a.reason.clone().into(),
                new.by.uuid().into(),
                a.granted_by.clone().into(),
                slug.into(),
                a.created_at.into(),
                a.starts_at.into(),
                a.expires_at.into(),
            ],
        ))
        .await
        .db()?;
    Ok(())
}

/// An access of the tenant's, locked.
pub(crate) async fn find(tx: &TenantTx, id: SupportAccessId) -> Result<Option<SupportAccess>> {
    one(
        tx,
        &format!(
            "SELECT {SHOWN} FROM identity.support_access a WHERE a.tenant_id = $1 AND a.id = $2 FOR UPDATE"
        ),
        (tx.tenant(), id),
    )
    .await
}

/// Broken glass of any tenant, locked, for a member of staff.
pub(crate) async fn find_broken(
    tx: &SystemTx,
    tenant: TenantId,
    id: SupportAccessId,
) -> Result<Option<SupportAccess>> {
    one(
        tx,
        &format!(
            "SELECT {SHOWN} FROM identity.support_access a WHERE a.tenant_id = $1 AND a.id = $2 AND a.holder IS NOT NULL FOR UPDATE"
        ),
        (tenant, id),
    )
    .await
}

async fn one(
    tx: &impl Transaction,
    sql: &str,
    (tenant, id): (TenantId, SupportAccessId),
) -> Result<Option<SupportAccess>> {
    let row = tx.conn().query_one_raw(stmt(sql, [tenant.uuid().into(), id.uuid().into()])).await.db()?;
    row.as_ref().map(shown).transpose()
}

/// How many accesses of the tenant's have not ended.
pub(crate) async fn count_open(tx: &TenantTx, now: DateTime<Utc>) -> Result<i64> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT count(*) AS n FROM identity.support_access
             WHERE tenant_id = $1 AND revoked_at IS NULL AND expires_at > $2 AND kind = 'consent'",
            [tx.tenant().uuid().into(), now.into()],
        ))
        .await
        .db()?;
    row.map_or(Ok(0), |row| row.try_get("", "n").db())
}

/// Whether this person's broken glass of the tenant is still open.
pub(crate) async fn is_broken_by(
    tx: &SystemTx,
    (tenant, holder): (TenantId, UserId),
    now: DateTime<Utc>,
) -> Result<bool> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT FROM identity.support_access
             WHERE tenant_id = $1 AND holder = $2 AND revoked_at IS NULL AND expires_at > $3",
            [tenant.uuid().into(), holder.uuid().into(), now.into()],
        ))
        .await
        .db()?;
    Ok(row.is_some())
}

/// Ends an access of the tenant's.
pub(crate) async fn revoke(tx: &TenantTx, id: SupportAccessId, at: DateTime<Utc>) -> Result<bool> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "UPDATE identity.support_access SET revoked_at = $3
             WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL",
            [tx.tenant().uuid().into(), id.uuid().into(), at.into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected() > 0)
}

/// Ends broken glass of any tenant, for a member of staff.
pub(crate) async fn end_broken(
    tx: &SystemTx,
    (tenant, id): (TenantId, SupportAccessId),
    at: DateTime<Utc>,
) -> Result<bool> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "UPDATE identity.support_access SET revoked_at = $3
             WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL AND holder IS NOT NULL",
            [tenant.uuid().into(), id.uuid().into(), at.into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected() > 0)
}

/// The tenant's accesses, newest first. The cursor is the last one's id.
pub(crate) async fn list(tx: &TenantTx, page: &PageRequest) -> Result<Page<SupportAccess>> {
    let sql = format!(
        "SELECT {SHOWN} FROM identity.support_access a
         WHERE a.tenant_id = $1 AND ($2::uuid IS NULL OR a.id < $2) ORDER BY a.id DESC LIMIT $3"
    );
    let values = [tx.tenant().uuid().into(), after(page)?.into(), page.limit_plus_one().into()];
    let rows = tx.conn().query_all_raw(stmt(&sql, values)).await.db()?;
    Ok(Page::of(rows.iter().map(shown).collect::<Result<_>>()?, page))
}

/// The accesses to all tenants, newest first; with `active_at`, those that let somebody in at that moment.
pub(crate) async fn list_all(
    tx: &SystemTx,
    page: &PageRequest,
    active_at: Option<DateTime<Utc>>,
) -> Result<Page<SupportAccess>> {
    let sql = format!(
        "SELECT {SHOWN}, a.holder FROM identity.support_access a
         WHERE ($1::uuid IS NULL OR a.id < $1)
           AND ($2::timestamptz IS NULL OR (a.revoked_at IS NULL AND a.starts_at <= $2 AND a.expires_at > $2))
         ORDER BY a.id DESC LIMIT $3"
    );
    let values = [after(page)?.into(), active_at.into(), page.limit_plus_one().into()];
    let rows = tx.conn().query_all_raw(stmt(&sql, values)).await.db()?;
    Ok(Page::of(rows.iter().map(shown).collect::<Result<_>>()?, page))
}

/// Whom to tell that the glass was broken: the owners of the tenant.
pub(crate) async fn owners(tx: &SystemTx, tenant: TenantId) -> Result<Vec<UserId>> {
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            "SELECT u.id FROM identity.memberships m JOIN identity.users u ON u.id = m.user_id
             WHERE m.tenant_id = $1 AND m.role = 'owner' ORDER BY u.id",
            [tenant.uuid().into()],
        ))
        .await
        .db()?;
    rows.iter()
        .map(|row| row.try_get("", "id").map(UserId::from_uuid))
        .collect::<std::result::Result<_, _>>()
        .db()
}

/// What the mail about broken glass says.
pub(crate) struct Alarm {
    pub(crate) to: String,
    pub(crate) slug: String,
    pub(crate) by: String,
    pub(crate) reason: String,
    pub(crate) from: DateTime<Utc>,
    pub(crate) until: DateTime<Utc>,
}

/// What to write to one of the owners. `None`: they are gone.
pub(crate) async fn alarm(tx: &SystemTx, access: SupportAccessId, to: UserId) -> Result<Option<Alarm>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT u.email, a.tenant_slug, a.granted_by_name, a.reason, a.starts_at, a.expires_at
             FROM identity.support_access a, identity.users u
             WHERE a.id = $1 AND a.kind = 'break-glass' AND u.id = $2",
            [access.uuid().into(), to.uuid().into()],
        ))
        .await
        .db()?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Alarm {
        to: row.try_get("", "email").db()?,
        slug: row.try_get("", "tenant_slug").db()?,
        by: row.try_get("", "granted_by_name").db()?,
        reason: row.try_get("", "reason").db()?,
        from: row.try_get("", "starts_at").db()?,
        until: row.try_get("", "expires_at").db()?,
    }))
}

/// The part of authentication's statement that reads what lets a member of staff into tenants now, one access a
/// tenant: the widest, consent before broken glass. NULL for everybody else. A session that breaks the tenant's limits lets
/// in nobody. The arguments are SQL; `session` is as in `held::grants_of`, with `platform_role`.
pub(crate) fn grants(session: &str, now: &str) -> String {
    let (user, platform_role) = (format!("{session}.user_id"), format!("{session}.platform_role"));
    format!(
        "CASE WHEN {platform_role} IN ('platform-admin', 'platform-support') THEN (
           SELECT json_agg(json_build_object('tenant', o.tenant_id, 'level', o.level, 'id', o.id)) FROM (
             SELECT DISTINCT ON (a.tenant_id) a.tenant_id, a.level, a.id FROM identity.support_access a
             LEFT JOIN identity.session_policies p ON p.tenant_id = a.tenant_id
             WHERE a.revoked_at IS NULL AND a.starts_at <= {now} AND a.expires_at > {now} AND NOT ({broken})
               AND (a.kind = 'consent' OR (a.holder = {user} AND {platform_role} = 'platform-admin'))
             ORDER BY a.tenant_id, a.level DESC, a.kind DESC, a.expires_at DESC) o) END",
        broken = breaks_policy(session, now)
    )
}

#[derive(Deserialize)]
struct StoredGrant {
    tenant: uuid::Uuid,
    level: String,
    id: uuid::Uuid,
}

/// What `grants` read.
pub(crate) fn of_row(row: &QueryResult) -> Result<Vec<Result<Grant>>> {
    let stored: Option<serde_json::Value> = row.try_get("", "support").db()?;
    let Some(stored) = stored else { return Ok(Vec::new()) };
    let stored: Vec<StoredGrant> = serde_json::from_value(stored).map_err(Error::internal)?;
    let grant = |g: StoredGrant| {
        let role = Level::parse(&g.level)?.role();
        Ok(Grant::support(TenantId::from_uuid(g.tenant), role, SupportAccessId::from_uuid(g.id)))
    };
    Ok(stored.into_iter().map(grant).collect())
}

fn after(page: &PageRequest) -> Result<Option<uuid::Uuid>> {
    let parse = |cursor: &str| -> Result<SupportAccessId> {
        cursor.parse().map_err(|_| Error::invalid("after", "That is not a cursor of this list."))
    };
    Ok(page.after.as_deref().map(parse).transpose()?.map(|id| id.uuid()))
}

fn shown(row: &QueryResult) -> Result<SupportAccess> {
    let (kind, level): (String, String) = (row.try_get("", "kind").db()?, row.try_get("", "level").db()?);
    Ok(SupportAccess {
        id: SupportAccessId::from_uuid(row.try_get("", "id").db()?),
        tenant: TenantId::from_uuid(row.try_get("", "tenant_id").db()?),
        kind: AccessKind::parse(&kind)?,
        level: Level::parse(&level)?,
        reason: row.try_get("", "reason").db()?,
        granted_by: row.try_get("", "granted_by_name").db()?,
        created_at: row.try_get("", "created_at").db()?,
        starts_at: row.try_get("", "starts_at").db()?,
        expires_at: row.try_get("", "expires_at").db()?,
        revoked_at: row.try_get("", "revoked_at").db()?,
        last_used_at: row.try_get("", "last_used_at").db()?,
    })
}
