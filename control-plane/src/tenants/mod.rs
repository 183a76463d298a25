//! Tenants: organisations that pay or are paid for. They stand above the three contexts, so making one is the
//! control plane's own workflow.

mod directory;
mod entity;
mod glass;
mod invited;
#[cfg(test)]
mod limit_tests;
mod ownership;
mod service;

use chrono::{DateTime, Utc};
use tenantry_kernel::TenantId;

pub use glass::BreakGlass;
pub use ownership::TransferOwnership;
pub use service::{CreateTenant, Tenants};

/// An organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    pub id: TenantId,
    pub slug: String,
    pub name: String,
    pub status: String,
    pub created_at: DateTime<Utc>,
}
