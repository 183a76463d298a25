use tenantry_kernel::{Error, Result, UserId};
use tenantry_store::TenantTx;

use super::repo;

/// Somebody stops being an owner of the tenant, and so one who comes in without the enforced connection.
///
/// # Errors
/// `Conflict` for the last such owner: nobody could come in if the provider were down.
pub(crate) async fn give_up_exemption(tx: &TenantTx, user: UserId) -> Result<()> {
    match repo::exempt(tx, user).await? {
        (false, _) => Ok(()),
        (true, 1) => {
            Err(Error::conflict("This owner alone can log in without the organisation's single sign-on.")
                .with_remedy("Choose another such owner first, in the settings of single sign-on."))
        }
        (true, _) => repo::remove_exempt(tx, user).await,
    }
}
