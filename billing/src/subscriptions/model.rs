use chrono::{DateTime, Utc};
use tenantry_kernel::SubscriptionId;

use crate::Plan;

/// A tenant's running plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Subscription {
    pub id: SubscriptionId,
    pub plan: Plan,
    pub started_at: DateTime<Utc>,
}

/// What a tenant may use now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entitlement {
    pub plan_code: String,
    pub max_instances: i32,
    pub max_members: i32,
    pub concurrent_executions: i32,
    pub cpu_millis: i32,
    pub memory_mib: i32,
    pub storage_mib: i32,
    /// Billable executions a calendar month.
    pub included_executions: i64,
    /// Whether more than the included may run, at a price.
    pub executions_beyond_allowed: bool,
}

impl From<Plan> for Entitlement {
    fn from(plan: Plan) -> Self {
        Self {
            max_instances: plan.max_instances,
            max_members: plan.max_members,
            concurrent_executions: plan.concurrent_executions,
            cpu_millis: plan.cpu_millis,
            memory_mib: plan.memory_mib,
            storage_mib: plan.storage_mib,
            included_executions: plan.included_executions,
            executions_beyond_allowed: plan.extra_execution_price.is_some(),
            plan_code: plan.code,
        }
    }
}
