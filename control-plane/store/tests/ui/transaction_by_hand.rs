//! A transaction cannot be moved to another tenant, nor made of parts.
use tenantry_kernel::TenantId;
use tenantry_store::TenantTx;

fn move_to(tx: &mut TenantTx, tenant: TenantId) {
    tx.tenant = tenant; //~ E0616: field `tenant` of struct `TenantTx` is private
}
