use sea_orm::{ConnectionTrait, QueryResult};
use tenantry_kernel::{Result, ScimGroupId, ScimUserId};
use tenantry_store::{DbResultExt, TenantTx, Transaction, stmt};
use uuid::Uuid;

use super::ScimGroup;
use crate::scim::connection::repo::role;
use crate::scim::query::Window;

const COLUMNS: &str =
    "g.id, g.display_name, g.external_id, g.role, g.custom_role_id, g.version, g.created_at, g.updated_at";

/// By what resources are looked up.
#[derive(Debug, Clone)]
pub(crate) enum By<'a> {
    Everything,
    Id(ScimGroupId),
    DisplayName(&'a str),
    ExternalId(&'a str),
}

pub(crate) async fn insert(tx: &TenantTx, group: &ScimGroup) -> Result<()> {
    tx.conn()
        .execute_raw(stmt(
            "INSERT INTO identity.scim_groups (id, tenant_id, display_name, external_id, version, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $6)",
            [
                group.id.uuid().into(),
                tx.tenant().uuid().into(),
                group.display_name.clone().into(),
                group.external_id.clone().into(),
                group.version.into(),
                group.created_at.into(),
            ],
        ))
        .await
        .db()?;
    Ok(())
}

/// Writes what the directory says. The role is the tenant's to say.
pub(crate) async fn update(tx: &TenantTx, group: &ScimGroup) -> Result<bool> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "UPDATE identity.scim_groups SET display_name = $3, external_id = $4, version = $5, updated_at = $6
             WHERE tenant_id = $1 AND id = $2",
            [
                tx.tenant().uuid().into(),
                group.id.uuid().into(),
                group.display_name.clone().into(),
                group.external_id.clone().into(),
                group.version.into(),
                group.updated_at.into(),
            ],
        ))
        .await
        .db()?;
    Ok(done.rows_affected() > 0)
}

pub(crate) async fn delete(tx: &TenantTx, id: ScimGroupId) -> Result<bool> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "DELETE FROM identity.scim_groups WHERE tenant_id = $1 AND id = $2",
            [tx.tenant().uuid().into(), id.uuid().into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected() > 0)
}

pub(crate) async fn find(tx: &TenantTx, id: ScimGroupId) -> Result<Option<ScimGroup>> {
    Ok(by(tx, By::Id(id)).await?.pop())
}

/// How many there are.
pub(crate) async fn count(tx: &TenantTx) -> Result<i64> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT count(*) AS n FROM identity.scim_groups WHERE tenant_id = $1",
            [tx.tenant().uuid().into()],
        ))
        .await
        .db()?;
    row.map_or(Ok(0), |row| row.try_get("", "n").db())
}

/// A part of all of them, oldest first.
pub(crate) async fn part(tx: &TenantTx, window: Window) -> Result<Vec<ScimGroup>> {
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            &format!(
                "SELECT {COLUMNS} FROM identity.scim_groups g WHERE g.tenant_id = $1 ORDER BY g.id LIMIT $2 OFFSET $3"
            ),
            [tx.tenant().uuid().into(), window.count.into(), window.skip.into()],
        ))
        .await
        .db()?;
    rows.iter().map(shown).collect()
}

/// Those that have something, oldest first.
pub(crate) async fn by(tx: &TenantTx, by: By<'_>) -> Result<Vec<ScimGroup>> {
    let (condition, value): (&str, sea_orm::Value) = match by {
        By::Everything => ("$2::text IS NULL", None::<String>.into()),
        By::Id(id) => ("g.id = $2", id.uuid().into()),
        By::DisplayName(name) => ("lower(g.display_name) = lower($2)", name.into()),
        By::ExternalId(id) => ("g.external_id = $2", id.into()),
    };
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            &format!("SELECT {COLUMNS} FROM identity.scim_groups g WHERE g.tenant_id = $1 AND {condition} ORDER BY g.id"),
            [tx.tenant().uuid().into(), value],
        ))
        .await
        .db()?;
    rows.iter().map(shown).collect()
}

/// The members of these groups: of which group, and who.
pub(crate) async fn members(tx: &TenantTx, groups: &[ScimGroupId]) -> Result<Vec<(ScimGroupId, ScimUserId)>> {
    let groups: Vec<Uuid> = groups.iter().map(|id| id.uuid()).collect();
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            "SELECT group_id, user_id FROM identity.scim_group_members
             WHERE tenant_id = $1 AND group_id = ANY($2) ORDER BY group_id, user_id",
            [tx.tenant().uuid().into(), groups.into()],
        ))
        .await
        .db()?;
    let one = |row: &QueryResult| {
        let (group, user) = (row.try_get("", "group_id").db()?, row.try_get("", "user_id").db()?);
        Ok((ScimGroupId::from_uuid(group), ScimUserId::from_uuid(user)))
    };
    rows.iter().map(one).collect()
}

/// Puts users into a group: those of the tenant, and who is in it stays in it.
pub(crate) async fn add(tx: &TenantTx, group: ScimGroupId, users: &[ScimUserId]) -> Result<u64> {
    let users: Vec<Uuid> = users.iter().map(|id| id.uuid()).collect();
    let done = tx
        .conn()
        .execute_raw(stmt(
            "INSERT INTO identity.scim_group_members (tenant_id, group_id, user_id)
             SELECT g.tenant_id, g.id, u.id FROM identity.scim_groups g
             JOIN identity.scim_users u ON u.tenant_id = g.tenant_id AND u.id = ANY($3)
             WHERE g.tenant_id = $1 AND g.id = $2
             ON CONFLICT DO NOTHING",
            [tx.tenant().uuid().into(), group.uuid().into(), users.into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected())
}

/// Takes users out of a group.
pub(crate) async fn take(tx: &TenantTx, group: ScimGroupId, users: &[ScimUserId]) -> Result<u64> {
    let users: Vec<Uuid> = users.iter().map(|id| id.uuid()).collect();
    let done = tx
        .conn()
        .execute_raw(stmt(
            "DELETE FROM identity.scim_group_members WHERE tenant_id = $1 AND group_id = $2 AND user_id = ANY($3)",
            [tx.tenant().uuid().into(), group.uuid().into(), users.into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected())
}

fn shown(row: &QueryResult) -> Result<ScimGroup> {
    Ok(ScimGroup {
        id: ScimGroupId::from_uuid(row.try_get("", "id").db()?),
        display_name: row.try_get("", "display_name").db()?,
        external_id: row.try_get("", "external_id").db()?,
        role: role(row)?,
        version: row.try_get("", "version").db()?,
        created_at: row.try_get("", "created_at").db()?,
        updated_at: row.try_get("", "updated_at").db()?,
    })
}
