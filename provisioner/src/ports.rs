//! What the provisioner needs of other contexts. `control-plane/src/wiring.rs` implements these.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tenantry_authz::Ctx;
use tenantry_kernel::{InstanceId, Result, SessionId, TenantId};
use tenantry_store::TenantTx;

/// What a tenant may have, as its plan says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceEntitlement {
    pub plan: String,
    pub max_instances: i64,
    pub concurrency: i32,
    pub cpu_millis: i32,
    pub memory_mib: i32,
    pub storage_mib: i32,
}

/// The tenant's entitlement, read in the transaction that uses it.
#[async_trait]
pub trait Entitlements: Send + Sync {
    async fn instances(&self, tx: &TenantTx) -> Result<InstanceEntitlement>;
}

/// One finished execution, as an instance reported it. Hostile input: the receiver validates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    pub tenant: TenantId,
    pub instance: InstanceId,
    pub epoch: i32,
    pub execution_id: i64,
    pub workflow_id: String,
    pub mode: String,
    pub status: String,
    pub billable: bool,
    pub started_at: DateTime<Utc>,
    pub stopped_at: DateTime<Utc>,
}

/// Where metered executions go. Recording one twice must count it once.
#[async_trait]
pub trait UsageSink: Send + Sync {
    async fn record(&self, executions: &[Execution]) -> Result<()>;
}

/// The portal's sessions: what the edge's own ones live on.
#[async_trait]
pub trait PortalSessions: Send + Sync {
    /// The context of a session's person as they are *now*. `None` once it was ended or ran out.
    async fn context(&self, session: SessionId) -> Result<Option<Ctx>>;
}
