//! Queries of a tenant's domains.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, QueryResult};
use tenantry_kernel::{Error, Result};
use tenantry_store::{DbResultExt, TenantTx, Transaction, stmt};

use super::domains::{Domain, MOST_DOMAINS};

/// The tenant's domains by name. There are few.
pub(crate) async fn list(tx: &TenantTx) -> Result<Vec<Domain>> {
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            "SELECT name, record, created_at, checked_at, verified_at FROM identity.domains
             WHERE tenant_id = $1 ORDER BY name LIMIT $2",
            [tx.tenant().uuid().into(), MOST_DOMAINS.into()],
        ))
        .await
        .db()?;
    rows.iter().map(shown).collect()
}

/// A domain, locked.
pub(crate) async fn find(tx: &TenantTx, name: &str) -> Result<Option<Domain>> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT name, record, created_at, checked_at, verified_at FROM identity.domains
             WHERE tenant_id = $1 AND name = $2 FOR UPDATE",
            [tx.tenant().uuid().into(), name.into()],
        ))
        .await
        .db()?;
    row.as_ref().map(shown).transpose()
}

/// Adds a domain that is to be proven. `false` when it is there already.
pub(crate) async fn insert(tx: &TenantTx, domain: &Domain) -> Result<bool> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "INSERT INTO identity.domains (tenant_id, name, record, created_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (tenant_id, name) DO NOTHING",
            [
                tx.tenant().uuid().into(),
                domain.name.clone().into(),
                domain.record.clone().into(),
                domain.created_at.into(),
            ],
        ))
        .await
        .db()?;
    Ok(done.rows_affected() > 0)
}

/// Notes a look at the record. The first time that it was there counts.
///
/// # Errors
/// `Conflict` when another tenant has proven the domain.
pub(crate) async fn checked(tx: &TenantTx, name: &str, (at, found): (DateTime<Utc>, bool)) -> Result<()> {
    tx.conn()
        .execute_raw(stmt(
            "UPDATE identity.domains
             SET checked_at = $3, verified_at = CASE WHEN $4 THEN coalesce(verified_at, $3) ELSE verified_at END
             WHERE tenant_id = $1 AND name = $2",
            [tx.tenant().uuid().into(), name.into(), at.into(), found.into()],
        ))
        .await
        .unique("domains_verified", || {
            Error::conflict("Another organisation has proven this domain before.")
                .with_remedy("If it is yours, ask support: they ask the other one to give it up.")
        })?;
    Ok(())
}

pub(crate) async fn remove(tx: &TenantTx, name: &str) -> Result<bool> {
    let done = tx
        .conn()
        .execute_raw(stmt(
            "DELETE FROM identity.domains WHERE tenant_id = $1 AND name = $2",
            [tx.tenant().uuid().into(), name.into()],
        ))
        .await
        .db()?;
    Ok(done.rows_affected() > 0)
}

/// Whether a connection of the tenant is enforced, and how many domains it has proven.
pub(crate) async fn standing(tx: &TenantTx) -> Result<(bool, i64)> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT EXISTS (SELECT FROM identity.connections WHERE tenant_id = $1 AND enforced_at IS NOT NULL) AS enforced,
               (SELECT count(*) FROM identity.domains WHERE tenant_id = $1 AND verified_at IS NOT NULL) AS verified",
            [tx.tenant().uuid().into()],
        ))
        .await
        .db()?;
    row.map_or(Ok((false, 0)), |row| {
        Ok((row.try_get("", "enforced").db()?, row.try_get("", "verified").db()?))
    })
}

fn shown(row: &QueryResult) -> Result<Domain> {
    Ok(Domain {
        name: row.try_get("", "name").db()?,
        record: row.try_get("", "record").db()?,
        created_at: row.try_get("", "created_at").db()?,
        checked_at: row.try_get("", "checked_at").db()?,
        verified_at: row.try_get("", "verified_at").db()?,
    })
}
