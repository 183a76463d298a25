//! A tenant's transaction needs a permit: the tenant's id is not enough.
use tenantry_kernel::TenantId;
use tenantry_store::{Db, TenantTx};

async fn open(db: &Db, tenant: TenantId) {
    let _ = TenantTx::begin(db, &tenant).await; //~ E0308: mismatched types
}
