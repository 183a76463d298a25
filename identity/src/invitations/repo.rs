use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, QueryResult};
use tenantry_kernel::{Error, InvitationId, Result, RoleId, Secret, TenantId, UserId};
use tenantry_store::{DbResultExt, Page, PageRequest, SystemTx, TenantTx, Transaction, stmt};
use uuid::Uuid;

use super::Invitation;
use super::model::{Found, State};
use crate::members::Member;
use crate::roles::AssignedRole;
use crate::token;
use crate::users::Email;

const SHOWN: &str = "id, email, role, custom_role_id, inviter_name, created_at, expires_at";
const OPEN: &str = "accepted_at IS NULL AND revoked_at IS NULL";

pub(crate) struct NewInvitation<'a> {
    pub(crate) id: InvitationId,
    pub(crate) email: &'a Email,
    pub(crate) role: AssignedRole,
    pub(crate) inviter: &'a Member,
    pub(crate) at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
}

pub(crate) async fn insert(tx: &TenantTx, new: NewInvitation<'_>) -> Result<Invitation> {
    let (text, own) = new.role.columns();
    let row = tx
        .conn()
        .query_one_raw(stmt(
            &format!(
                "INSERT INTO identity.invitations
                   (id, tenant_id, email, role, invited_by, inviter_name, inviter_email, created_at, expires_at,
                    custom_role_id)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING {SHOWN}"
            ),
            [
                new.id.uuid().into(),
                tx.tenant().uuid().into(),
                new.email.as_str().into(),
                text.into(),
                new.inviter.user_id.uuid().into(),
                new.inviter.name.clone().into(),
                new.inviter.email.clone().into(),
                new.at.into(),
                new.expires_at.into(),
                own.into(),
            ],
        ))
        .await
        .unique("invitations_open", || Error::conflict("This address is invited already."))?;
    one(row)
}

fn one(row: Option<QueryResult>) -> Result<Invitation> {
    row.as_ref().map(shown).transpose()?.ok_or_else(|| Error::internal("a statement returned no row"))
}

fn shown(row: &QueryResult) -> Result<Invitation> {
    let role: String = row.try_get("", "role").db()?;
    Ok(Invitation {
        id: InvitationId::from_uuid(row.try_get("", "id").db()?),
        email: row.try_get("", "email").db()?,
        role: AssignedRole::stored(&role, row.try_get("", "custom_role_id").db()?)?,
        invited_by: row.try_get("", "inviter_name").db()?,
        created_at: row.try_get("", "created_at").db()?,
        expires_at: row.try_get("", "expires_at").db()?,
    })
}

/// The tenant's open invitations, newest first, expired ones among them. The cursor is the last one's id.
pub(crate) async fn list(tx: &TenantTx, page: &PageRequest) -> Result<Page<Invitation>> {
    let after: Option<InvitationId> = page
        .after
        .as_deref()
        .map(|c| c.parse().map_err(|_| Error::invalid("after", "That is not a cursor of this list.")))
        .transpose()?;
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            &format!(
                "SELECT {SHOWN} FROM identity.invitations
                 WHERE tenant_id = $1 AND {OPEN} AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3"
            ),
            [tx.tenant().uuid().into(), after.map(|id| id.uuid()).into(), page.limit_plus_one().into()],
        ))
        .await
        .db()?;
    Ok(Page::of(rows.iter().map(shown).collect::<Result<_>>()?, page))
}

/// An invitation that was neither accepted nor revoked, by its id, locked.
pub(crate) async fn open(tx: &TenantTx, id: InvitationId) -> Result<Option<Invitation>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            &format!(
                "SELECT {SHOWN} FROM identity.invitations WHERE tenant_id = $1 AND id = $2 AND {OPEN} FOR UPDATE"
            ),
            [tx.tenant().uuid().into(), id.uuid().into()],
        ))
        .await
        .db()?;
    row.as_ref().map(shown).transpose()
}

/// As `open`, by the address.
pub(crate) async fn open_for(tx: &TenantTx, email: &Email) -> Result<Option<Invitation>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            &format!(
                "SELECT {SHOWN} FROM identity.invitations WHERE tenant_id = $1 AND email = $2 AND {OPEN} FOR UPDATE"
            ),
            [tx.tenant().uuid().into(), email.as_str().into()],
        ))
        .await
        .db()?;
    row.as_ref().map(shown).transpose()
}

/// Whether an invitation was revoked before.
pub(crate) async fn is_revoked(tx: &TenantTx, id: InvitationId) -> Result<bool> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT FROM identity.invitations WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NOT NULL",
            [tx.tenant().uuid().into(), id.uuid().into()],
        ))
        .await
        .db()?;
    Ok(row.is_some())
}

/// Gives an open invitation more time and takes its links' power: the next mail brings a new one.
pub(crate) async fn renew(tx: &TenantTx, id: InvitationId, expires_at: DateTime<Utc>) -> Result<Invitation> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            &format!(
                "UPDATE identity.invitations SET token_hash = NULL, expires_at = $3
                 WHERE tenant_id = $1 AND id = $2 AND {OPEN} RETURNING {SHOWN}"
            ),
            [tx.tenant().uuid().into(), id.uuid().into(), expires_at.into()],
        ))
        .await
        .db()?;
    one(row)
}

/// Takes an open invitation back.
pub(crate) async fn revoke(tx: &TenantTx, id: InvitationId, at: DateTime<Utc>) -> Result<bool> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            &format!(
                "UPDATE identity.invitations SET token_hash = NULL, revoked_at = $3
                 WHERE tenant_id = $1 AND id = $2 AND {OPEN}"
            ),
            [tx.tenant().uuid().into(), id.uuid().into(), at.into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected() > 0)
}

/// Makes an open invitation one to another role. Its links go on working.
pub(crate) async fn set_role(tx: &TenantTx, id: InvitationId, role: AssignedRole) -> Result<bool> {
    let (text, own) = role.columns();
    let done = tx
        .conn()
        .execute_raw(stmt(
            &format!(
                "UPDATE identity.invitations SET role = $3, custom_role_id = $4
                 WHERE tenant_id = $1 AND id = $2 AND {OPEN}"
            ),
            [tx.tenant().uuid().into(), id.uuid().into(), text.into(), own.into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected() > 0)
}

/// Takes back what somebody invited to roles that are not in `keep`: built-in ones, and the tenant's own.
pub(crate) async fn revoke_by(
    tx: &TenantTx,
    inviter: UserId,
    (keep, keep_own): (Vec<String>, Vec<Uuid>),
    at: DateTime<Utc>,
) -> Result<u64> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            &format!(
                "UPDATE identity.invitations SET token_hash = NULL, revoked_at = $4
                 WHERE tenant_id = $1 AND invited_by = $2 AND {OPEN}
                   AND NOT (role = ANY($3) OR (custom_role_id IS NOT NULL AND custom_role_id = ANY($5)))"
            ),
            [tx.tenant().uuid().into(), inviter.uuid().into(), keep.into(), at.into(), keep_own.into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected())
}

/// Who has invitations open.
pub(crate) async fn inviters(tx: &TenantTx) -> Result<Vec<UserId>> {
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            &format!("SELECT DISTINCT invited_by FROM identity.invitations WHERE tenant_id = $1 AND {OPEN}"),
            [tx.tenant().uuid().into()],
        ))
        .await
        .db()?;
    rows.iter().map(|row| Ok(UserId::from_uuid(row.try_get("", "invited_by").db()?))).collect()
}

/// How many invitations could be accepted now.
pub(crate) async fn live(tx: &TenantTx, now: DateTime<Utc>) -> Result<i64> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            &format!(
                "SELECT count(*) AS n FROM identity.invitations WHERE tenant_id = $1 AND {OPEN} AND expires_at > $2"
            ),
            [tx.tenant().uuid().into(), now.into()],
        ))
        .await
        .db()?;
    row.map_or(Ok(0), |row| row.try_get("", "n").db())
}

/// Gives an invitation the token of its newest link. `None` when it cannot be accepted any more.
pub(crate) async fn set_token(
    tx: &SystemTx,
    id: InvitationId,
    (token, now): (&Secret, DateTime<Utc>),
) -> Result<Option<Found>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            &format!(
                "UPDATE identity.invitations SET token_hash = $2
                 WHERE id = $1 AND {OPEN} AND expires_at > $3 RETURNING *, true AS live"
            ),
            [id.uuid().into(), token::hash(token).into(), now.into()],
        ))
        .await
        .db()?;
    row.as_ref().map(found).transpose()
}

pub(crate) async fn by_token(tx: &SystemTx, (token, now): (&Secret, DateTime<Utc>)) -> Result<Option<Found>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT *, expires_at > $2 AS live FROM identity.invitations WHERE token_hash = $1",
            [token::hash(token).into(), now.into()],
        ))
        .await
        .db()?;
    row.as_ref().map(found).transpose()
}

fn found(row: &QueryResult) -> Result<Found> {
    let role: String = row.try_get("", "role").db()?;
    let accepted_by: Option<uuid::Uuid> = row.try_get("", "accepted_by").db()?;
    let revoked_at: Option<DateTime<Utc>> = row.try_get("", "revoked_at").db()?;
    let role = match (role.as_str(), row.try_get("", "custom_role_id").db()?) {
        // It is over, and its role was deleted since: it gives nothing to anybody.
        ("custom", None) => AssignedRole::Custom(RoleId::from_uuid(Uuid::nil())),
        (role, own) => AssignedRole::stored(role, own)?,
    };
    let state = match accepted_by {
        Some(user) => State::AcceptedBy(UserId::from_uuid(user)),
        None if revoked_at.is_some() => State::Revoked,
        None if row.try_get("", "live").db()? => State::Open,
        None => State::Expired,
    };
    Ok(Found {
        id: InvitationId::from_uuid(row.try_get("", "id").db()?),
        tenant: TenantId::from_uuid(row.try_get("", "tenant_id").db()?),
        email: row.try_get("", "email").db()?,
        role,
        inviter_name: row.try_get("", "inviter_name").db()?,
        inviter_email: row.try_get("", "inviter_email").db()?,
        expires_at: row.try_get("", "expires_at").db()?,
        state,
    })
}

/// Uses an invitation up: `true` for exactly one caller.
pub(crate) async fn accept(
    tx: &SystemTx,
    id: InvitationId,
    (user, at): (UserId, DateTime<Utc>),
) -> Result<bool> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            &format!(
                "UPDATE identity.invitations SET accepted_at = $3, accepted_by = $2
                 WHERE id = $1 AND {OPEN} AND expires_at > $3"
            ),
            [id.uuid().into(), user.uuid().into(), at.into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected() > 0)
}

/// Forgets invitations that expired before `before`.
pub(crate) async fn purge(tx: &SystemTx, before: DateTime<Utc>) -> Result<u64> {
    let done = tx
        .conn()
        .execute_raw(stmt("DELETE FROM identity.invitations WHERE expires_at < $1", [before.into()]))
        .await
        .db()?;
    Ok(done.rows_affected())
}
