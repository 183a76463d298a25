use tenantry_kernel::{Secret, TenantId};

use crate::sso::{ConnectionSettings, GitHubSettings, OidcSettings, Protocol};

/// A provider of OpenID Connect, and us as its client.
#[derive(Clone, Copy)]
pub(super) struct Provider<'a> {
    /// Whose addresses these are: what they cost counts against that tenant. `None`: the operator's own.
    pub(super) owner: Option<TenantId>,
    pub(super) settings: &'a OidcSettings,
    /// Without one we are a public client: PKCE alone binds the code to us.
    pub(super) secret: Option<&'a Secret>,
}

/// What a connection's provider speaks.
pub(super) enum Speaks<'a> {
    OpenIdConnect(Provider<'a>),
    GitHub(&'a GitHubSettings, &'a Secret),
}

pub(super) fn of(connection: &ConnectionSettings) -> Speaks<'_> {
    match &connection.protocol {
        Protocol::Oidc { settings, secret } => {
            Speaks::OpenIdConnect(Provider { owner: connection.tenant, settings, secret: secret.as_ref() })
        }
        Protocol::GitHub { settings, secret } => Speaks::GitHub(settings, secret),
    }
}
