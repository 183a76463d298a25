use tenantry_kernel::{Secret, TenantId};

use super::refusal::Refusal;
use crate::sso::{ConnectionSettings, GitHubSettings, OidcSettings, Protocol};

/// A provider of OpenID Connect, and us as its client.
#[derive(Clone, Copy)]
pub(super) struct Provider<'a> {
    /// Whose addresses these are: what they cost counts against that tenant. `None`: the operator's own.
    pub(super) owner: Option<TenantId>,
    pub(super) settings: &'a OidcSettings,
    /// The last part of the redirect URI.
    pub(super) callback: &'a str,
    /// Without one we are a public client: PKCE alone binds the code to us.
    pub(super) secret: Option<&'a Secret>,
}

/// What a connection's provider speaks.
pub(super) enum Speaks<'a> {
    OpenIdConnect(Provider<'a>),
    GitHub(&'a GitHubSettings, &'a Secret),
}

/// # Errors
/// For a connection that is not ours to speak for.
pub(super) fn of(connection: &ConnectionSettings) -> Result<Speaks<'_>, Refusal> {
    match &connection.protocol {
        Protocol::Oidc { settings, secret } => {
            let secret = secret.as_ref();
            let callback = connection.callback.as_str();
            Ok(Speaks::OpenIdConnect(Provider { owner: connection.tenant, settings, callback, secret }))
        }
        Protocol::GitHub { settings, secret } => Ok(Speaks::GitHub(settings, secret)),
        Protocol::Saml(_) => Err(Refusal::OtherProtocol),
    }
}
