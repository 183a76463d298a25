use sea_orm::{ConnectionTrait, QueryResult};
use serde_json::Value;
use tenantry_kernel::{Error, Result, ScimGroupId, ScimUserId, UserId};
use tenantry_store::{DbResultExt, TenantTx, Transaction, stmt};
use uuid::Uuid;

use super::ScimUser;
use crate::scim::query::Window;

const COLUMNS: &str =
    "u.id, u.user_name, u.external_id, u.email, u.active, u.user_id, u.member_email, u.member_name, u.role_given,
  u.attributes, u.version, u.created_at, u.updated_at";

/// By what resources are looked up.
#[derive(Debug, Clone)]
pub(crate) enum By<'a> {
    Everything,
    Id(ScimUserId),
    UserName(&'a str),
    ExternalId(&'a str),
}

fn taken<T>(done: std::result::Result<T, sea_orm::DbErr>) -> Result<T> {
    let another = |what: &str| {
        Error::conflict(format!("Another user has this {what}."))
            .with_remedy("Change or delete that one first.")
    };
    match done {
        Err(error) if error.to_string().contains("scim_users_email") => {
            Err(error).unique("scim_users_email", || another("address"))
        }
        done => done.unique("scim_users_name", || another("userName")),
    }
}

pub(crate) async fn insert(tx: &TenantTx, user: &ScimUser) -> Result<()> {
    taken(
        tx.conn()
            .execute_raw(stmt(
                "INSERT INTO identity.scim_users (id, tenant_id, user_name, external_id, email, active, role_given,
                                                  attributes, version, created_at, updated_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)",
                [
                    user.id.uuid().into(),
                    tx.tenant().uuid().into(),
                    user.user_name.clone().into(),
                    user.external_id.clone().into(),
                    user.email.clone().into(),
                    user.active.into(),
                    user.role_given.into(),
                    Value::Object(user.attributes.clone()).into(),
                    user.version.into(),
                    user.created_at.into(),
                ],
            ))
            .await,
    )?;
    Ok(())
}

/// Writes what the directory says. Who the person is stays: see [`link`].
pub(crate) async fn update(tx: &TenantTx, user: &ScimUser) -> Result<bool> {
    let done = taken(
        tx.conn()
            .execute_raw(stmt(
                "UPDATE identity.scim_users SET user_name = $3, external_id = $4, email = $5, active = $6,
                        attributes = $7, version = $8, updated_at = $9
                 WHERE tenant_id = $1 AND id = $2",
                [
                    tx.tenant().uuid().into(),
                    user.id.uuid().into(),
                    user.user_name.clone().into(),
                    user.external_id.clone().into(),
                    user.email.clone().into(),
                    user.active.into(),
                    Value::Object(user.attributes.clone()).into(),
                    user.version.into(),
                    user.updated_at.into(),
                ],
            ))
            .await,
    )?;
    Ok(done.rows_affected() > 0)
}

/// Writes who the person is as a member.
pub(crate) async fn link(tx: &TenantTx, user: &ScimUser) -> Result<bool> {
    let (email, name) = user.was.clone().unzip();
    let done = tx
        .conn()
        .execute_raw(stmt(
            "UPDATE identity.scim_users SET user_id = $3, member_email = $4, member_name = $5, role_given = $6
             WHERE tenant_id = $1 AND id = $2",
            [
                tx.tenant().uuid().into(),
                user.id.uuid().into(),
                user.person.map(UserId::uuid).into(),
                email.into(),
                name.into(),
                user.role_given.into(),
            ],
        ))
        .await
        .unique("scim_users_person", || {
            Error::conflict("Another user of the directory is this member.")
                .with_remedy("Give the two different addresses, or delete one of them.")
        })?;
    Ok(done.rows_affected() > 0)
}

pub(crate) async fn delete(tx: &TenantTx, id: ScimUserId) -> Result<bool> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "DELETE FROM identity.scim_users WHERE tenant_id = $1 AND id = $2",
            [tx.tenant().uuid().into(), id.uuid().into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected() > 0)
}

pub(crate) async fn find(tx: &TenantTx, id: ScimUserId) -> Result<Option<ScimUser>> {
    Ok(by(tx, By::Id(id)).await?.pop())
}

/// How many there are.
pub(crate) async fn count(tx: &TenantTx) -> Result<i64> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT count(*) AS n FROM identity.scim_users WHERE tenant_id = $1",
            [tx.tenant().uuid().into()],
        ))
        .await
        .db()?;
    row.map_or(Ok(0), |row| row.try_get("", "n").db())
}

/// A part of all of them, oldest first.
pub(crate) async fn part(tx: &TenantTx, window: Window) -> Result<Vec<ScimUser>> {
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            &format!(
                "SELECT {COLUMNS} FROM identity.scim_users u WHERE u.tenant_id = $1 ORDER BY u.id LIMIT $2 OFFSET $3"
            ),
            [tx.tenant().uuid().into(), window.count.into(), window.skip.into()],
        ))
        .await
        .db()?;
    rows.iter().map(shown).collect()
}

/// Those that have something, oldest first.
pub(crate) async fn by(tx: &TenantTx, by: By<'_>) -> Result<Vec<ScimUser>> {
    let (condition, value): (&str, sea_orm::Value) = match by {
        By::Everything => ("$2::text IS NULL", None::<String>.into()),
        By::Id(id) => ("u.id = $2", id.uuid().into()),
        By::UserName(name) => ("lower(u.user_name) = lower($2)", name.into()),
        By::ExternalId(id) => ("u.external_id = $2", id.into()),
    };
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            &format!("SELECT {COLUMNS} FROM identity.scim_users u WHERE u.tenant_id = $1 AND {condition} ORDER BY u.id"),
            [tx.tenant().uuid().into(), value],
        ))
        .await
        .db()?;
    rows.iter().map(shown).collect()
}

/// Those who are in a group.
pub(crate) async fn of_group(tx: &TenantTx, group: ScimGroupId) -> Result<Vec<ScimUser>> {
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            &format!(
                "SELECT {COLUMNS} FROM identity.scim_group_members m
                 JOIN identity.scim_users u ON u.tenant_id = m.tenant_id AND u.id = m.user_id
                 WHERE m.tenant_id = $1 AND m.group_id = $2 ORDER BY u.id"
            ),
            [tx.tenant().uuid().into(), group.uuid().into()],
        ))
        .await
        .db()?;
    rows.iter().map(shown).collect()
}

/// These, as far as they are the tenant's.
pub(crate) async fn these(tx: &TenantTx, ids: &[ScimUserId]) -> Result<Vec<ScimUser>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            &format!(
                "SELECT {COLUMNS} FROM identity.scim_users u WHERE u.tenant_id = $1 AND u.id = ANY($2) ORDER BY u.id"
            ),
            [tx.tenant().uuid().into(), ids.into()],
        ))
        .await
        .db()?;
    rows.iter().map(shown).collect()
}

/// The groups that these are in: whose, which, and its name.
pub(crate) async fn groups_of(
    tx: &TenantTx,
    users: &[ScimUserId],
) -> Result<Vec<(ScimUserId, ScimGroupId, String)>> {
    let users: Vec<Uuid> = users.iter().map(|id| id.uuid()).collect();
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            "SELECT m.user_id, g.id, g.display_name FROM identity.scim_group_members m
             JOIN identity.scim_groups g ON g.tenant_id = m.tenant_id AND g.id = m.group_id
             WHERE m.tenant_id = $1 AND m.user_id = ANY($2) ORDER BY g.id",
            [tx.tenant().uuid().into(), users.into()],
        ))
        .await
        .db()?;
    let one = |row: &QueryResult| {
        let (user, group) = (row.try_get("", "user_id").db()?, row.try_get("", "id").db()?);
        Ok((
            ScimUserId::from_uuid(user),
            ScimGroupId::from_uuid(group),
            row.try_get("", "display_name").db()?,
        ))
    };
    rows.iter().map(one).collect()
}

fn shown(row: &QueryResult) -> Result<ScimUser> {
    let person: Option<Uuid> = row.try_get("", "user_id").db()?;
    let attributes: Value = row.try_get("", "attributes").db()?;
    let email: Option<String> = row.try_get("", "member_email").db()?;
    let name: Option<String> = row.try_get("", "member_name").db()?;
    let Value::Object(attributes) = attributes else {
        return Err(Error::internal("the attributes of a provisioned user are no object"));
    };
    Ok(ScimUser {
        id: ScimUserId::from_uuid(row.try_get("", "id").db()?),
        user_name: row.try_get("", "user_name").db()?,
        external_id: row.try_get("", "external_id").db()?,
        email: row.try_get("", "email").db()?,
        active: row.try_get("", "active").db()?,
        person: person.map(UserId::from_uuid),
        was: email.zip(name),
        role_given: row.try_get("", "role_given").db()?,
        attributes,
        version: row.try_get("", "version").db()?,
        created_at: row.try_get("", "created_at").db()?,
        updated_at: row.try_get("", "updated_at").db()?,
    })
}
