use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::sea_query::extension::postgres::PgExpr;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tenantry_kernel::{Error, Result, TenantId, UserId};
use tenantry_store::{DbResultExt, Page, PageRequest, SearchText, SystemTx, TenantTx, Transaction, stmt};

use super::Member;
use super::entity::{Column, Entity};
use crate::roles::AssignedRole;
use crate::users::Email;

/// The tenant's members by the age of their accounts. The cursor is the last row's user id.
pub(crate) async fn list(
    tx: &TenantTx,
    search: Option<&SearchText>,
    page: &PageRequest,
) -> Result<Page<Member>> {
    let mut query = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant().uuid()))
        .order_by_asc(Column::UserId)
        .limit(u64::from(page.first) + 1);
    if let Some(cursor) = &page.after {
        let after: UserId =
            cursor.parse().map_err(|_| Error::invalid("after", "That is not a cursor of this list."))?;
        query = query.filter(Column::UserId.gt(after.uuid()));
    }
    if let Some(search) = search {
        let part = |column: Column| Expr::col(column).ilike(search.pattern());
        query = query.filter(Condition::any().add(part(Column::Name)).add(part(Column::Email)));
    }
    let rows = query.all(tx.conn()).await.db()?;
    let members = rows.into_iter().map(Member::try_from).collect::<Result<Vec<_>>>()?;
    Ok(Page::of(members, page))
}

/// Adds an existing person to a tenant. `false` when there is no such person.
///
/// # Errors
/// `Forbidden` for whom the tenant's directory has deactivated there; `Conflict` for a member.
pub(crate) async fn add(
    tx: &SystemTx,
    tenant: TenantId,
    (user, role): (UserId, AssignedRole),
    at: DateTime<Utc>,
) -> Result<bool> {
    let (text, own) = role.columns();
    ensure_not_deactivated(tx, tenant, user).await?;
    let done = tx
        .conn()
        .execute_raw(stmt(
            "INSERT INTO identity.memberships (tenant_id, user_id, role, custom_role_id, email, name, created_at)
             SELECT $1, u.id, $3, $5, u.email, u.name, $4 FROM identity.users u WHERE u.id = $2",
            [tenant.uuid().into(), user.uuid().into(), text.into(), at.into(), own.into()],
        ))
        .await
        .unique("memberships_pkey", || Error::conflict("This person is already a member of the tenant."))?;
    Ok(done.rows_affected() > 0)
}

async fn ensure_not_deactivated(tx: &SystemTx, tenant: TenantId, user: UserId) -> Result<()> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT FROM identity.users u
             JOIN identity.scim_users s ON s.tenant_id = $1 AND NOT s.active AND s.email = u.email
             JOIN identity.scim_connections c ON c.tenant_id = s.tenant_id AND c.enabled
             WHERE u.id = $2",
            [tenant.uuid().into(), user.uuid().into()],
        ))
        .await
        .db()?;
    if row.is_none() {
        return Ok(());
    }
    Err(Error::forbidden("The organisation's directory has deactivated you there.")
        .with_remedy("Ask whoever runs your organisation's directory to activate you."))
}

/// Makes somebody a member again whom the directory had deactivated. Their address and name are those they left with:
/// people cannot be read from inside a tenant.
pub(crate) async fn put_back(
    tx: &TenantTx,
    (user, role): (UserId, AssignedRole),
    (email, name): (&Email, &str),
    at: DateTime<Utc>,
) -> Result<()> {
    let (text, own) = role.columns();
    tx.conn()
        .execute_raw(stmt(
            "INSERT INTO identity.memberships (tenant_id, user_id, role, custom_role_id, email, name, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            [
                tx.tenant().uuid().into(),
                user.uuid().into(),
                text.into(),
                own.into(),
                email.as_str().into(),
                name.into(),
                at.into(),
            ],
        ))
        .await
        .unique("memberships_pkey", || Error::conflict("This person is already a member of the tenant."))?;
    Ok(())
}

/// A member of the tenant, locked.
pub(crate) async fn find(tx: &TenantTx, user: UserId) -> Result<Option<Member>> {
    let row =
        Entity::find_by_id((tx.tenant().uuid(), user.uuid())).lock_exclusive().one(tx.conn()).await.db()?;
    row.map(Member::try_from).transpose()
}

pub(crate) async fn by_email(tx: &TenantTx, email: &Email) -> Result<Option<Member>> {
    let row = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant().uuid()))
        .filter(Column::Email.eq(email.as_str()))
        .one(tx.conn())
        .await
        .db()?;
    row.map(Member::try_from).transpose()
}

/// How many members a tenant has.
pub(crate) async fn count(tx: &impl Transaction, tenant: TenantId) -> Result<i64> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT count(*) AS n FROM identity.memberships WHERE tenant_id = $1",
            [tenant.uuid().into()],
        ))
        .await
        .db()?;
    row.map_or(Ok(0), |row| row.try_get("", "n").db())
}

/// How many owners the tenant has.
pub(crate) async fn owners(tx: &TenantTx) -> Result<i64> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT count(*) AS n FROM identity.memberships WHERE tenant_id = $1 AND role = 'owner'",
            [tx.tenant().uuid().into()],
        ))
        .await
        .db()?;
    row.map_or(Ok(0), |row| row.try_get("", "n").db())
}

pub(crate) async fn set_role(tx: &TenantTx, user: UserId, role: AssignedRole) -> Result<bool> {
    let (text, own) = role.columns();
    let done = tx
        .conn()
        .execute_raw(stmt(
            "UPDATE identity.memberships SET role = $3, custom_role_id = $4 WHERE tenant_id = $1 AND user_id = $2",
            [tx.tenant().uuid().into(), user.uuid().into(), text.into(), own.into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected() > 0)
}

/// From now on only sessions that are opened later are good in the tenant.
pub(crate) async fn end_sessions(tx: &TenantTx, user: UserId, at: DateTime<Utc>) -> Result<bool> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "UPDATE identity.memberships SET sessions_valid_from = $3 WHERE tenant_id = $1 AND user_id = $2",
            [tx.tenant().uuid().into(), user.uuid().into(), at.into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected() > 0)
}

pub(crate) async fn remove(tx: &TenantTx, user: UserId) -> Result<bool> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "DELETE FROM identity.memberships WHERE tenant_id = $1 AND user_id = $2",
            [tx.tenant().uuid().into(), user.uuid().into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected() > 0)
}

/// Whether a person is a member, asked where there is no permit: they are about to become one. With their
/// account, so that only whoever may read people can ask.
pub(crate) async fn is_member(tx: &SystemTx, tenant: TenantId, user: UserId) -> Result<bool> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT FROM identity.memberships m JOIN identity.users u ON u.id = m.user_id
             WHERE m.tenant_id = $1 AND m.user_id = $2",
            [tenant.uuid().into(), user.uuid().into()],
        ))
        .await
        .db()?;
    Ok(row.is_some())
}

/// Address and name of the member who has been an owner for longest.
pub(crate) async fn first_owner(tx: &SystemTx, tenant: TenantId) -> Result<Option<(String, String)>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT u.email, u.name FROM identity.memberships m JOIN identity.users u ON u.id = m.user_id
             WHERE m.tenant_id = $1 AND m.role = 'owner' ORDER BY m.created_at, m.user_id LIMIT 1",
            [tenant.uuid().into()],
        ))
        .await
        .db()?;
    row.map(|row| Ok((row.try_get("", "email").db()?, row.try_get("", "name").db()?))).transpose()
}

/// How many tenants a person owns. Whoever asks takes turns until their transactions end: what is counted here is
/// true at commit. With the account, so that only whoever may read people can ask.
pub(crate) async fn owned_for_update(tx: &SystemTx, user: UserId) -> Result<i64> {
    tx.conn()
        .execute_raw(stmt(
            "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
            [format!("identity owner {user}").into()],
        ))
        .await
        .db()?;
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT count(*) AS n FROM identity.memberships m JOIN identity.users u ON u.id = m.user_id
             WHERE m.user_id = $1 AND m.role = 'owner'",
            [user.uuid().into()],
        ))
        .await
        .db()?;
    row.map_or(Ok(0), |row| row.try_get("", "n").db())
}
