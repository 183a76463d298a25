use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, QueryResult};
use tenantry_authz::Role;
use tenantry_kernel::{Error, Result, ScimGroupId, ScimUserId, UserId};
use tenantry_store::{DbResultExt, Page, PageRequest, TenantTx, Transaction, stmt};
use uuid::Uuid;

use super::{ProvisionedGroup, ProvisionedUser, Provisioning};
use crate::roles::AssignedRole;

/// What is set, or what counts where nothing was.
pub(crate) async fn read(tx: &TenantTx) -> Result<Provisioning> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT enabled, role, custom_role_id FROM identity.scim_connections WHERE tenant_id = $1",
            [tx.tenant().uuid().into()],
        ))
        .await
        .db()?;
    let Some(row) = row else { return Ok(Provisioning::default()) };
    // A role of the tenant's own that is gone: the least counts.
    Ok(Provisioning {
        enabled: row.try_get("", "enabled").db()?,
        role: role(&row)?.unwrap_or(Role::Viewer.into()),
    })
}

pub(crate) async fn write(tx: &TenantTx, set: Provisioning, at: DateTime<Utc>) -> Result<()> {
    let (text, own) = set.role.columns();
    tx.conn()
        .execute_raw(stmt(
            "INSERT INTO identity.scim_connections (tenant_id, enabled, role, custom_role_id, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $5)
             ON CONFLICT (tenant_id) DO UPDATE SET enabled = EXCLUDED.enabled, role = EXCLUDED.role,
               custom_role_id = EXCLUDED.custom_role_id, updated_at = EXCLUDED.updated_at",
            [tx.tenant().uuid().into(), set.enabled.into(), text.into(), own.into(), at.into()],
        ))
        .await
        .db()?;
    Ok(())
}

/// The columns `role` and `custom_role_id`, of which both may be empty, or the second where the role is gone.
pub(crate) fn role(row: &QueryResult) -> Result<Option<AssignedRole>> {
    let text: Option<String> = row.try_get("", "role").db()?;
    let own: Option<Uuid> = row.try_get("", "custom_role_id").db()?;
    match (text.as_deref(), own) {
        (None, _) | (Some("custom"), None) => Ok(None),
        (Some(text), own) => AssignedRole::stored(text, own).map(Some),
    }
}

/// The directory's people, newest first. The cursor is the last one's id.
pub(crate) async fn users(tx: &TenantTx, page: &PageRequest) -> Result<Page<ProvisionedUser>> {
    let after: Option<ScimUserId> = cursor(page)?;
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            "SELECT id, user_name, email, active, CASE WHEN active THEN user_id END AS member, updated_at
             FROM identity.scim_users
             WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
            [tx.tenant().uuid().into(), after.map(|id| id.uuid()).into(), page.limit_plus_one().into()],
        ))
        .await
        .db()?;
    let one = |row: &QueryResult| {
        let member: Option<Uuid> = row.try_get("", "member").db()?;
        Ok(ProvisionedUser {
            id: ScimUserId::from_uuid(row.try_get("", "id").db()?),
            user_name: row.try_get("", "user_name").db()?,
            email: row.try_get("", "email").db()?,
            active: row.try_get("", "active").db()?,
            member: member.map(UserId::from_uuid),
            updated_at: row.try_get("", "updated_at").db()?,
        })
    };
    Ok(Page::of(rows.iter().map(one).collect::<Result<_>>()?, page))
}

const GROUP: &str = "g.id, g.display_name, g.role, g.custom_role_id, g.updated_at,
  (SELECT count(*) FROM identity.scim_group_members m WHERE m.tenant_id = g.tenant_id AND m.group_id = g.id) AS members";

/// The directory's groups, newest first. The cursor is the last one's id.
pub(crate) async fn groups(tx: &TenantTx, page: &PageRequest) -> Result<Page<ProvisionedGroup>> {
    let after: Option<ScimGroupId> = cursor(page)?;
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            &format!(
                "SELECT {GROUP} FROM identity.scim_groups g
                 WHERE g.tenant_id = $1 AND ($2::uuid IS NULL OR g.id < $2) ORDER BY g.id DESC LIMIT $3"
            ),
            [tx.tenant().uuid().into(), after.map(|id| id.uuid()).into(), page.limit_plus_one().into()],
        ))
        .await
        .db()?;
    Ok(Page::of(rows.iter().map(group_of).collect::<Result<_>>()?, page))
}

pub(crate) async fn group(tx: &TenantTx, id: ScimGroupId) -> Result<Option<ProvisionedGroup>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            &format!("SELECT {GROUP} FROM identity.scim_groups g WHERE g.tenant_id = $1 AND g.id = $2"),
            [tx.tenant().uuid().into(), id.uuid().into()],
        ))
        .await
        .db()?;
    row.as_ref().map(group_of).transpose()
}

fn group_of(row: &QueryResult) -> Result<ProvisionedGroup> {
    Ok(ProvisionedGroup {
        id: ScimGroupId::from_uuid(row.try_get("", "id").db()?),
        display_name: row.try_get("", "display_name").db()?,
        role: role(row)?,
        member_count: row.try_get("", "members").db()?,
        updated_at: row.try_get("", "updated_at").db()?,
    })
}

/// Gives a group a role, or none.
pub(crate) async fn map(tx: &TenantTx, id: ScimGroupId, role: Option<AssignedRole>) -> Result<bool> {
    let (text, own) = role.map_or((None, None), |role| {
        let (text, own) = role.columns();
        (Some(text), own)
    });
    let done = tx
        .conn()
        .execute_raw(stmt(
            "UPDATE identity.scim_groups SET role = $3, custom_role_id = $4 WHERE tenant_id = $1 AND id = $2",
            [tx.tenant().uuid().into(), id.uuid().into(), text.into(), own.into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected() > 0)
}

/// The roles of the groups that somebody is in.
pub(crate) async fn roles_of(tx: &TenantTx, user: ScimUserId) -> Result<Vec<AssignedRole>> {
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            "SELECT DISTINCT g.role, g.custom_role_id FROM identity.scim_group_members m
             JOIN identity.scim_groups g ON g.tenant_id = m.tenant_id AND g.id = m.group_id
             WHERE m.tenant_id = $1 AND m.user_id = $2 AND g.role IS NOT NULL",
            [tx.tenant().uuid().into(), user.uuid().into()],
        ))
        .await
        .db()?;
    let roles = rows.iter().map(role).collect::<Result<Vec<_>>>()?;
    Ok(roles.into_iter().flatten().collect())
}

fn cursor<T: std::str::FromStr>(page: &PageRequest) -> Result<Option<T>> {
    let wrong = |_| Error::invalid("after", "That is not a cursor of this list.");
    page.after.as_deref().map(|cursor| cursor.parse().map_err(wrong)).transpose()
}
