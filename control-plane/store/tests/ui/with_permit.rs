//! The one way: it compiles, so what the other cases are refused for is not how they are compiled.
use tenantry_authz::Permit;
use tenantry_store::{Db, TenantRead, TenantTx};

pub async fn open(db: &Db, permit: &Permit) {
    let _ = TenantTx::begin(db, permit).await;
    let _ = TenantRead::begin(db, permit).await;
}
