//! Where the contexts meet: each port that one context declares is implemented here by another.

use async_trait::async_trait;
use tenantry_authz::{Ctx, Origin, Runtime};
use tenantry_billing::{Billing, UsageEvent};
use tenantry_identity::Identity;
use tenantry_identity::ports::Seats;
use tenantry_kernel::{Result, SessionId, TenantId};
use tenantry_provisioner::ports::{Entitlements, Execution, InstanceEntitlement, PortalSessions, UsageSink};
use tenantry_store::{TenantTx, Transaction};

/// The provisioner's view of billing.
#[derive(Clone)]
pub(crate) struct BillingPort(pub(crate) Billing);

#[async_trait]
impl Entitlements for BillingPort {
    async fn instances(&self, tx: &TenantTx) -> Result<InstanceEntitlement> {
        let plan = self.0.entitlement(tx).await?;
        Ok(InstanceEntitlement {
            plan: plan.plan_code,
            max_instances: i64::from(plan.max_instances),
            concurrency: plan.concurrent_executions,
            cpu_millis: plan.cpu_millis,
            memory_mib: plan.memory_mib,
            storage_mib: plan.storage_mib,
        })
    }
}

#[async_trait]
impl UsageSink for BillingPort {
    async fn record(&self, executions: &[Execution]) -> Result<()> {
        let events: Vec<UsageEvent> = executions.iter().map(usage_event).collect();
        self.0.record(&events).await.map(|_| ())
    }
}

/// Identity's view of billing.
#[async_trait]
impl Seats for BillingPort {
    async fn most(&self, tx: &dyn Transaction, tenant: TenantId) -> Result<i64> {
        self.0.max_members(tx, tenant).await
    }
}

fn usage_event(e: &Execution) -> UsageEvent {
    UsageEvent {
        tenant: e.tenant,
        instance: e.instance,
        epoch: e.epoch,
        execution_id: e.execution_id,
        workflow_id: e.workflow_id.clone(),
        mode: e.mode.clone(),
        status: e.status.clone(),
        billable: e.billable,
        started_at: e.started_at,
        stopped_at: e.stopped_at,
    }
}

/// The provisioner's view of identity.
#[derive(Clone)]
pub(crate) struct SessionPort {
    pub(crate) identity: Identity,
    pub(crate) runtime: Runtime,
}

#[async_trait]
impl PortalSessions for SessionPort {
    async fn context(&self, session: SessionId) -> Result<Option<Ctx>> {
        let known = self.identity.alive(session).await?;
        Ok(known.map(|known| {
            let actor = known.actor();
            Ctx::new(self.runtime.clone(), actor, known.grants, Origin::default())
                .with_assurance(known.assurance)
                .with_barred(known.barred)
                .with_reach(known.reach)
        }))
    }
}
