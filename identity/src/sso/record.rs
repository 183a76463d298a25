use tenantry_authz::Ctx;
use tenantry_kernel::{Result, TenantId};
use tenantry_store::{Transaction, audit};

use crate::members::record::Change;

/// Writes the audit row of a change to single sign-on, in the transaction of the change.
pub(super) async fn record(
    tx: &impl Transaction,
    ctx: &Ctx,
    (tenant, action, resource): (TenantId, &'static str, String),
    details: serde_json::Value,
    (before, after): Change,
) -> Result<()> {
    let entry = audit::Entry { tenant, action, resource, result: audit::OK, details };
    audit::append(tx, audit::By::ctx(ctx), entry.changing(before, after)).await
}
