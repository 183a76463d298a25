//! Reading in a tenant needs a permit too.
use tenantry_kernel::TenantId;
use tenantry_store::{Db, TenantRead};

async fn open(db: &Db, tenant: TenantId) {
    let _ = TenantRead::begin(db, &tenant).await; //~ E0308: mismatched types
}
