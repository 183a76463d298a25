use chrono::{DateTime, SubsecRound, Utc};
use tenantry_authz::{Action, Ctx, Resource, ResourceKind};
use tenantry_kernel::{Error, Result, SubscriptionId, TenantId};
use tenantry_store::outbox::{self, Fact};
use tenantry_store::{SystemTx, TenantTx, Transaction, audit};

use super::{Entitlement, Subscription, repo};
use crate::{Billing, plans};

impl Billing {
    /// Gives a tenant its first plan, in the transaction that makes the tenant.
    ///
    /// # Errors
    /// `Invalid` for an unknown plan, `Conflict` when the tenant has one already.
    pub async fn subscribe(
        &self,
        tx: &SystemTx,
        tenant: TenantId,
        plan_code: &str,
        at: DateTime<Utc>,
    ) -> Result<Subscription> {
        let plan = plans::repo::offered_by_code(tx, plan_code).await?;
        let id = SubscriptionId::generate(&*self.clock, &*self.entropy);
        // PostgreSQL keeps microseconds: answer what will be read back.
        let started_at = at.trunc_subsecs(6);
        repo::insert(tx, repo::NewSubscription { id, tenant, plan: &plan, started_at }).await?;
        let details = serde_json::json!({ "plan": plan.code, "version": plan.version });
        let fact = Fact { tenant, topic: "subscription.started", subject: id.to_string(), payload: &details };
        outbox::publish(tx, at, &fact).await?;
        let entry = audit::Entry {
            tenant,
            action: "subscription.start",
            resource: id.to_string(),
            result: "ok",
            details,
        };
        audit::append(tx, audit::By::system("billing", at), entry).await?;
        Ok(Subscription { id, plan, started_at })
    }

    /// The tenant's running subscription.
    ///
    /// # Errors
    /// `NotFound` for who may not view it, or when none runs.
    pub async fn subscription(&self, ctx: &Ctx, tenant: TenantId) -> Result<Subscription> {
        let permit = ctx.permit(Action::View, &Resource::new(ResourceKind::Subscription, tenant))?;
        let tx = TenantTx::begin(&self.db, &permit).await?;
        let row = repo::running(&tx).await?.ok_or_else(none_running)?;
        Ok(Subscription {
            id: SubscriptionId::from_uuid(row.id),
            plan: plans::repo::version(&tx, &row.plan_code, row.plan_version).await?,
            started_at: row.started_at,
        })
    }

    /// What the tenant may use, for a decision taken in this transaction.
    ///
    /// The subscription cannot end or change plan before the transaction does. Two deciders at once do not wait
    /// for each other here: whoever counts something against a limit serialises its own counting.
    ///
    /// # Errors
    /// `NotFound` when no subscription runs.
    pub async fn entitlement(&self, tx: &TenantTx) -> Result<Entitlement> {
        let row = repo::running_held(tx).await?.ok_or_else(none_running)?;
        Ok(plans::repo::version(tx, &row.plan_code, row.plan_version).await?.into())
    }

    /// How many members the tenant's plan allows, for a decision taken in this transaction, as [`Self::entitlement`].
    ///
    /// # Errors
    /// `NotFound` when no subscription runs.
    pub async fn max_members(&self, tx: &dyn Transaction, tenant: TenantId) -> Result<i64> {
        repo::max_members(tx, tenant).await?.ok_or_else(none_running)
    }

    /// How many API requests a minute the tenant's plan allows its programs.
    ///
    /// # Errors
    /// `NotFound` when no subscription runs.
    pub async fn requests_per_minute(&self, tx: &dyn Transaction, tenant: TenantId) -> Result<u32> {
        repo::requests_per_minute(tx, tenant).await?.ok_or_else(none_running)
    }
}

pub(super) fn none_running() -> Error {
    Error::not_found("subscription").with_remedy("Choose a plan for the tenant first.")
}
