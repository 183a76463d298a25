//! The staff's permit is no key to a tenant's transaction.
use tenantry_authz::PlatformPermit;
use tenantry_store::{Db, TenantTx};

async fn open(db: &Db, permit: &PlatformPermit) {
    let _ = TenantTx::begin(db, permit).await; //~ E0308: mismatched types
}
