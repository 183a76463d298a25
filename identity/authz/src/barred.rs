//! Tenants that somebody belongs to and cannot act in with this session: how they came in does not do there.

use tenantry_kernel::{ConnectionId, Error, TenantId};

/// The code of the errors.
pub const SSO_REQUIRED: &str = "SSO_REQUIRED";

/// Where the actor's session does not do. There is no grant for it: whatever asks finds nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Barred {
    pub tenant: TenantId,
    /// The connection that the tenant demands. `None`: the session came by another tenant's connection, which speaks for
    /// that tenant only.
    pub connection: Option<ConnectionId>,
}

impl Barred {
    pub(crate) fn error(self) -> Error {
        match self.connection {
            Some(connection) => Error::forbidden("This organisation lets people in by its single sign-on only.")
                .with_remedy(format!(
                    "Log in by the organisation's single sign-on: /sso/start?connection={connection}"
                )),
            None => Error::forbidden(
                "This session came by another organisation's single sign-on, and is good in that organisation only.",
            )
            .with_remedy("Log out, and log in with your own password."),
        }
        .with_code(SSO_REQUIRED)
    }
}
