use sea_orm::ConnectionTrait;
use tenantry_kernel::Result;
use tenantry_store::{DbResultExt, TenantTx, Transaction, stmt};

use super::SessionPolicy;

/// The tenant's limits.
pub(crate) async fn get(tx: &TenantTx) -> Result<SessionPolicy> {
    let row = tx
        .conn()
        .query_one_raw(stmt(
            "SELECT idle_minutes, absolute_minutes FROM identity.session_policies WHERE tenant_id = $1",
            [tx.tenant().uuid().into()],
        ))
        .await
        .db()?;
    let Some(row) = row else { return Ok(SessionPolicy::default()) };
    Ok(SessionPolicy {
        idle_minutes: row.try_get("", "idle_minutes").db()?,
        absolute_minutes: row.try_get("", "absolute_minutes").db()?,
    })
}

pub(crate) async fn set(tx: &TenantTx, policy: SessionPolicy) -> Result<()> {
    tx.conn()
        .execute_raw(stmt(
            "INSERT INTO identity.session_policies (tenant_id, idle_minutes, absolute_minutes) VALUES ($1, $2, $3)
             ON CONFLICT (tenant_id) DO UPDATE SET idle_minutes = $2, absolute_minutes = $3",
            [tx.tenant().uuid().into(), policy.idle_minutes.into(), policy.absolute_minutes.into()],
        ))
        .await
        .db()?;
    Ok(())
}
