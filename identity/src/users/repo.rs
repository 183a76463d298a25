use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use tenantry_kernel::{Result, UserId};
use tenantry_store::{DbResultExt, SystemTx, Transaction, stmt};

use super::Email;
use super::entity::{ActiveModel, Column, Entity, Model};

pub(crate) async fn by_id(tx: &SystemTx, id: UserId) -> Result<Option<Model>> {
    Entity::find_by_id(id.uuid()).one(tx.conn()).await.db()
}

pub(crate) async fn by_email(tx: &SystemTx, email: &Email) -> Result<Option<Model>> {
    Entity::find().filter(Column::Email.eq(email.as_str())).one(tx.conn()).await.db()
}

/// Adds a person, or says `false` when the address is taken: of two at once, one wins.
pub(crate) async fn insert(tx: &SystemTx, row: Model) -> Result<bool> {
    let row = ActiveModel {
        id: Set(row.id),
        email: Set(row.email),
        name: Set(row.name),
        password_hash: Set(row.password_hash),
        platform_role: Set(row.platform_role),
        email_verified_at: Set(row.email_verified_at),
        created_at: Set(row.created_at),
    };
    let added = Entity::insert(row)
        .on_conflict(sea_orm::sea_query::OnConflict::column(Column::Email).do_nothing().to_owned())
        .exec_without_returning(tx.conn())
        .await
        .db()?;
    Ok(added > 0)
}

/// Marks the address as the person's own. The first time counts.
pub(crate) async fn set_verified(tx: &SystemTx, id: UserId, at: DateTime<Utc>) -> Result<()> {
    tx.conn()
        .execute_raw(stmt(
            "UPDATE identity.users SET email_verified_at = coalesce(email_verified_at, $2) WHERE id = $1",
            [id.uuid().into(), at.into()],
        ))
        .await
        .db()?;
    Ok(())
}

pub(crate) async fn set_password(tx: &SystemTx, id: UserId, hash: &str) -> Result<()> {
    tx.conn()
        .execute_raw(stmt(
            "UPDATE identity.users SET password_hash = $2 WHERE id = $1",
            [id.uuid().into(), hash.into()],
        ))
        .await
        .db()?;
    Ok(())
}

/// Takes the password of an account whose address is not yet proven. `false` when it was proven meanwhile.
pub(crate) async fn drop_unproven_password(tx: &SystemTx, id: UserId) -> Result<bool> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "UPDATE identity.users SET password_hash = NULL
             WHERE id = $1 AND email_verified_at IS NULL AND platform_role IS NULL",
            [id.uuid().into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected() > 0)
}

/// Sets a new password if the old one is still the one that was checked. `false` when it changed meanwhile.
pub(crate) async fn change_password(tx: &SystemTx, id: UserId, (old, new): (&str, &str)) -> Result<bool> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "UPDATE identity.users SET password_hash = $3 WHERE id = $1 AND password_hash = $2",
            [id.uuid().into(), old.into(), new.into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected() > 0)
}

/// Replaces the hash only if it is still the one that was checked.
pub(crate) async fn renew_hash(tx: &SystemTx, id: UserId, (old, new): (&str, &str)) -> Result<()> {
    tx.conn()
        .execute_raw(stmt(
            "UPDATE identity.users SET password_hash = $3 WHERE id = $1 AND password_hash = $2",
            [id.uuid().into(), old.into(), new.into()],
        ))
        .await
        .db()?;
    Ok(())
}

/// Sets the name, also where tenants keep a copy of it. Where it is the same already, nothing is written, and nobody
/// is told of a change.
pub(crate) async fn set_name(tx: &SystemTx, id: UserId, name: String) -> Result<()> {
    tx.conn()
        .execute_raw(stmt(
            "WITH copied AS (UPDATE identity.memberships SET name = $2
                              WHERE user_id = $1 AND name IS DISTINCT FROM $2)
             UPDATE identity.users SET name = $2 WHERE id = $1 AND name IS DISTINCT FROM $2",
            [id.uuid().into(), name.into()],
        ))
        .await
        .db()?;
    Ok(())
}

pub(crate) async fn set_email(tx: &SystemTx, id: UserId, email: &Email) -> Result<()> {
    tx.conn()
        .execute_raw(stmt(
            "UPDATE identity.users SET email = $2 WHERE id = $1",
            [id.uuid().into(), email.as_str().into()],
        ))
        .await
        .unique("users_email_key", || {
            tenantry_kernel::Error::conflict("This e-mail address belongs to another account.")
        })?;
    Ok(())
}

/// The platform's administrators, oldest first.
pub(crate) async fn platform_admins(tx: &SystemTx) -> Result<Vec<Model>> {
    use sea_orm::QueryOrder;
    Entity::find()
        .filter(Column::PlatformRole.eq(tenantry_authz::PlatformRole::Admin.as_str()))
        .order_by_asc(Column::Id)
        .all(tx.conn())
        .await
        .db()
}
