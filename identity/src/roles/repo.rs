use sea_orm::{ConnectionTrait, QueryResult};
use serde::Deserialize;
use tenantry_authz::{CustomRole, Right};
use tenantry_kernel::{Error, Result, RoleId, TenantId};
use tenantry_store::{DbResultExt, Page, PageRequest, TenantTx, Transaction, stmt};
use uuid::Uuid;

use super::TenantRole;

const SHOWN: &str = "r.id, r.name, r.description, r.rights, r.created_at, r.updated_at,
   (SELECT count(*) FROM identity.memberships m
    WHERE m.tenant_id = r.tenant_id AND m.custom_role_id = r.id) AS members";

fn shown(row: &QueryResult) -> Result<TenantRole> {
    let id = RoleId::from_uuid(row.try_get("", "id").db()?);
    let rights: Vec<String> = row.try_get("", "rights").db()?;
    let role = CustomRole { id, name: row.try_get("", "name").db()?, rights: known(&rights) };
    Ok(TenantRole {
        id,
        rights: role.all_rights(),
        name: role.name,
        description: row.try_get("", "description").db()?,
        member_count: row.try_get("", "members").db()?,
        created_at: row.try_get("", "created_at").db()?,
        updated_at: row.try_get("", "updated_at").db()?,
    })
}

/// The rights that this program knows. A right that a newer one wrote gives nothing here.
fn known(rights: &[String]) -> Vec<Right> {
    rights
        .iter()
        .filter_map(|text| text.parse::<Right>().ok().filter(|r| r.description().is_some()))
        .collect()
}

fn taken() -> Error {
    Error::invalid("name", "There is a role with this name already.")
        .with_remedy("Choose another name, or change that role.")
}

#[derive(Deserialize)]
struct StoredRole {
    id: Uuid,
    name: String,
    rights: Vec<String>,
}

/// All roles of a tenant's own with the version of its policy, of one moment.
pub(crate) async fn policy(tx: &impl Transaction, tenant: TenantId) -> Result<(i64, Vec<CustomRole>)> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT coalesce((SELECT version FROM identity.policy_versions WHERE tenant_id = $1), 0) AS version,
                    (SELECT coalesce(json_agg(json_build_object('id', id, 'name', name, 'rights', rights)
                                              ORDER BY id), '[]')
                     FROM identity.roles WHERE tenant_id = $1) AS roles",
            [tenant.uuid().into()],
        ))
        .await
        .db()?
        .ok_or_else(|| Error::internal("a statement returned no row"))?;
    let roles: serde_json::Value = row.try_get("", "roles").db()?;
    let roles: Vec<StoredRole> = serde_json::from_value(roles).map_err(Error::internal)?;
    let role =
        |r: StoredRole| CustomRole { id: RoleId::from_uuid(r.id), name: r.name, rights: known(&r.rights) };
    Ok((row.try_get("", "version").db()?, roles.into_iter().map(role).collect()))
}

/// These roles of tenants' own, one of each tenant, by one statement.
pub(crate) async fn each(
    tx: &impl Transaction,
    wanted: &[(TenantId, RoleId)],
) -> Result<Vec<(TenantId, CustomRole)>> {
    let (tenants, ids): (Vec<Uuid>, Vec<Uuid>) = wanted.iter().map(|(t, id)| (t.uuid(), id.uuid())).unzip();
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            "SELECT r.tenant_id, r.id, r.name, r.rights FROM unnest($1::uuid[], $2::uuid[]) AS w (tenant_id, id)
             JOIN identity.roles r ON r.tenant_id = w.tenant_id AND r.id = w.id",
            [tenants.into(), ids.into()],
        ))
        .await
        .db()?;
    let one = |row: &QueryResult| {
        let rights: Vec<String> = row.try_get("", "rights").db()?;
        let (id, name) = (RoleId::from_uuid(row.try_get("", "id").db()?), row.try_get("", "name").db()?);
        let tenant = TenantId::from_uuid(row.try_get("", "tenant_id").db()?);
        Ok((tenant, CustomRole { id, name, rights: known(&rights) }))
    };
    rows.iter().map(one).collect()
}

/// The tenant's own roles, oldest first. The cursor is the last one's id.
pub(crate) async fn list(tx: &TenantTx, page: &PageRequest) -> Result<Page<TenantRole>> {
    let after: Option<RoleId> = page
        .after
        .as_deref()
        .map(|c| c.parse().map_err(|_| Error::invalid("after", "That is not a cursor of this list.")))
        .transpose()?;
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            &format!(
                "SELECT {SHOWN} FROM identity.roles r
                 WHERE r.tenant_id = $1 AND ($2::uuid IS NULL OR r.id > $2) ORDER BY r.id LIMIT $3"
            ),
            [tx.tenant().uuid().into(), after.map(|id| id.uuid()).into(), page.limit_plus_one().into()],
        ))
        .await
        .db()?;
    Ok(Page::of(rows.iter().map(shown).collect::<Result<_>>()?, page))
}

/// These of the tenant's roles, by one statement.
pub(crate) async fn by_ids(tx: &TenantTx, ids: &[RoleId]) -> Result<Vec<TenantRole>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            &format!("SELECT {SHOWN} FROM identity.roles r WHERE r.tenant_id = $1 AND r.id = ANY($2)"),
            [tx.tenant().uuid().into(), ids.into()],
        ))
        .await
        .db()?;
    rows.iter().map(shown).collect()
}

/// A role of the tenant's own, locked.
pub(crate) async fn find(tx: &TenantTx, id: RoleId) -> Result<Option<TenantRole>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            &format!(
                "SELECT {SHOWN} FROM identity.roles r WHERE r.tenant_id = $1 AND r.id = $2 FOR UPDATE OF r"
            ),
            [tx.tenant().uuid().into(), id.uuid().into()],
        ))
        .await
        .db()?;
    row.as_ref().map(shown).transpose()
}

/// How many roles of its own the tenant has.
pub(crate) async fn count(tx: &TenantTx) -> Result<i64> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT count(*) AS n FROM identity.roles WHERE tenant_id = $1",
            [tx.tenant().uuid().into()],
        ))
        .await
        .db()?;
    row.map_or(Ok(0), |row| row.try_get("", "n").db())
}

fn texts(rights: &[Right]) -> Vec<String> {
    rights.iter().filter(|r| **r != Right::SEE_TENANT).map(ToString::to_string).collect()
}

pub(crate) async fn insert(tx: &TenantTx, role: &TenantRole) -> Result<()> {
    tx.conn()
        .execute_raw(stmt(
            "INSERT INTO identity.roles (id, tenant_id, name, description, rights, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $6)",
            [
                role.id.uuid().into(),
                tx.tenant().uuid().into(),
                role.name.clone().into(),
                role.description.clone().into(),
                texts(&role.rights).into(),
                role.created_at.into(),
            ],
        ))
        .await
        .unique("roles_name", taken)?;
    Ok(())
}

pub(crate) async fn update(tx: &TenantTx, role: &TenantRole) -> Result<bool> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "UPDATE identity.roles SET name = $3, description = $4, rights = $5, updated_at = $6
             WHERE tenant_id = $1 AND id = $2",
            [
                tx.tenant().uuid().into(),
                role.id.uuid().into(),
                role.name.clone().into(),
                role.description.clone().into(),
                texts(&role.rights).into(),
                role.updated_at.into(),
            ],
        ))
        .await
        .unique("roles_name", taken)?;
    Ok(done.rows_affected() > 0)
}

pub(crate) async fn delete(tx: &TenantTx, id: RoleId) -> Result<bool> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "DELETE FROM identity.roles WHERE tenant_id = $1 AND id = $2",
            [tx.tenant().uuid().into(), id.uuid().into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected() > 0)
}

/// Who holds a role or is invited to it, as people know them: at most eleven.
pub(crate) async fn holders(tx: &TenantTx, id: RoleId) -> Result<Vec<String>> {
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            "(SELECT name FROM identity.memberships WHERE tenant_id = $1 AND custom_role_id = $2
              ORDER BY name LIMIT 11)
             UNION ALL
             (SELECT 'the invitation of ' || email FROM identity.invitations
              WHERE tenant_id = $1 AND custom_role_id = $2 AND accepted_at IS NULL AND revoked_at IS NULL
              ORDER BY email LIMIT 11)
             UNION ALL
             (SELECT 'the service account ' || name FROM identity.service_accounts
              WHERE tenant_id = $1 AND custom_role_id = $2 ORDER BY name LIMIT 11)
             UNION ALL
             (SELECT 'the service account ' || name FROM identity.service_accounts
              WHERE tenant_id = $1 AND custom_role_id = $2 ORDER BY name LIMIT 11)
             LIMIT 11",
            [tx.tenant().uuid().into(), id.uuid().into()],
        ))
        .await
        .db()?;
    rows.iter().map(|row| row.try_get("", "name").db()).collect()
}

/// The names of members who hold one of these roles, at most `most`, highest roles first.
pub(crate) async fn names_of(
    tx: &TenantTx,
    (built_in, own): (Vec<String>, Vec<Uuid>),
    most: i64,
) -> Result<Vec<String>> {
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            "SELECT name FROM identity.memberships
             WHERE tenant_id = $1 AND (role = ANY($2) OR custom_role_id = ANY($3))
             ORDER BY array_position(ARRAY['owner', 'admin'], role), created_at, user_id LIMIT $4",
            [tx.tenant().uuid().into(), built_in.into(), own.into(), most.into()],
        ))
        .await
        .db()?;
    rows.iter().map(|row| row.try_get("", "name").db()).collect()
}
