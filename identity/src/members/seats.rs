use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;
use tenantry_authz::{Action, Ctx, Resource, ResourceKind};
use tenantry_kernel::{Error, Kind, Result, TenantId};
use tenantry_store::{DbResultExt, TenantTx, Transaction, stmt};

use super::repo;
use crate::{Identity, invitations};

/// Whoever decides about a tenant's people takes turns until the transaction ends: who counts owners or seats
/// counts what is true at commit.
pub(crate) async fn lock(tx: &impl Transaction, tenant: TenantId) -> Result<()> {
    tx.conn()
        .execute_raw(stmt(
            "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
            [format!("identity members {tenant}").into()],
        ))
        .await
        .db()?;
    Ok(())
}

pub(crate) fn full(most: i64) -> Error {
    Error::new(
        Kind::QuotaExceeded,
        format!("The organisation's plan has room for {most} people, members and invited ones together."),
    )
}

impl Identity {
    /// How many of the plan's seats are taken: members, and invitations that can still be accepted.
    ///
    /// # Errors
    /// `NotFound` where the actor is no member.
    pub async fn seats_used(&self, ctx: &Ctx, tenant: TenantId) -> Result<i64> {
        // A number about the tenant, so whoever sees the tenant may see it.
        let permit = ctx.permit(Action::View, &Resource::new(ResourceKind::Tenant, tenant))?;
        let tx = TenantTx::begin(self.db(), &permit).await?;
        let taken = self.seats_taken(&tx, ctx.now()).await?;
        tx.commit().await?;
        Ok(taken)
    }

    pub(crate) async fn seats_taken(&self, tx: &TenantTx, now: DateTime<Utc>) -> Result<i64> {
        Ok(repo::count(tx, tx.tenant()).await? + invitations::repo::live(tx, now).await?)
    }
}
