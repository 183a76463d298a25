//! A world for one test: its own database, a clock that stands still, tenants with a plan.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tenantry_authz::{Actor, Assurance, Ctx, Gate, Grant, Origin, Role, Runtime};
use tenantry_billing::{Billing, UsageEvent};
use tenantry_kernel::{InstanceId, ManualClock, OsEntropy, SessionId, TenantId, UserId};
use tenantry_store::{Db, PoolSizes, SystemRole, SystemTx};
use tenantry_testkit::TestDb;

pub(crate) struct World {
    pub(crate) test_db: TestDb,
    pub(crate) db: Db,
    pub(crate) billing: Billing,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) runtime: Runtime,
}

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

impl World {
    pub(crate) async fn at(now: &str) -> Self {
        let test_db = TestDb::new().await;
        let sizes = PoolSizes { app: 4, system: 24 };
        let db = Db::connect(&test_db.cluster.app, &test_db.cluster.system, sizes);
        let clock = Arc::new(ManualClock::new(at(now)));
        let entropy = Arc::new(OsEntropy);
        let runtime = Runtime {
            gate: Arc::new(Gate::built_in().await.unwrap()),
            clock: clock.clone(),
            entropy: entropy.clone(),
            denials: None,
        };
        let billing = Billing::new(db.clone(), clock.clone(), entropy);
        Self { test_db, db, billing, clock, runtime }
    }

    pub(crate) fn tenant(&self) -> TenantId {
        TenantId::generate(&*self.clock, &OsEntropy)
    }

    pub(crate) fn instance(&self) -> InstanceId {
        InstanceId::generate(&*self.clock, &OsEntropy)
    }

    /// A request of a member of the tenant.
    pub(crate) fn ctx(&self, tenant: TenantId, role: Role) -> Ctx {
        let actor = Actor::User {
            id: UserId::generate(&*self.clock, &OsEntropy),
            session: SessionId::generate(&*self.clock, &OsEntropy),
            platform_role: None,
        };
        Ctx::new(self.runtime.clone(), actor, vec![Grant::new(tenant, role)], Origin::default())
            .with_assurance(Assurance::proved(self.runtime.clock.now()))
    }

    /// A tenant that has had the plan since then.
    pub(crate) async fn subscriber(&self, plan: &str, since: &str) -> TenantId {
        let tenant = self.tenant();
        let tx = SystemTx::begin(&self.db, SystemRole::Onboarding).await.unwrap();
        self.billing.subscribe(&tx, tenant, plan, at(since)).await.unwrap();
        tx.commit().await.unwrap();
        tenant
    }
}

/// Successful, billable executions `ids` of one workflow, stopped at that moment.
pub(crate) fn events(
    (tenant, instance): (TenantId, InstanceId),
    workflow: &str,
    ids: std::ops::Range<i64>,
    stopped_at: DateTime<Utc>,
) -> Vec<UsageEvent> {
    ids.map(|execution_id| UsageEvent {
        tenant,
        instance,
        epoch: 1,
        execution_id,
        workflow_id: workflow.to_owned(),
        mode: "webhook".to_owned(),
        status: "success".to_owned(),
        billable: true,
        started_at: stopped_at - TimeDelta::seconds(1),
        stopped_at,
    })
    .collect()
}
