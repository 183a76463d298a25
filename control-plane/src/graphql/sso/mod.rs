//! Single sign-on: connections to identity providers and domains, for a tenant; ways in, for everybody.

mod connections;
mod domains;
mod saml;
mod setup;
#[cfg(test)]
mod tests;
mod ways_in;

pub(crate) use connections::{SsoConnection, SsoMutation, connections};
pub(crate) use domains::{SsoDomain, SsoDomainMutation, domains};
pub(crate) use saml::SsoCertificateMutation;
pub(crate) use setup::{SsoSetup, SsoSetupMutation, to_set_up};
pub(crate) use ways_in::{SsoLinkMutation, UnreachableTenant, WayIn, unreachable, ways_in};

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use tenantry_identity as identity;
use tenantry_identity::ProviderSettings;
use tenantry_kernel::ConnectionId;

use super::error::Problem;
use crate::app::App;

/// How the portal and a provider of OpenID Connect are told of each other.
#[derive(SimpleObject)]
pub(crate) struct SsoSettings {
    /// Exactly as the provider says it. Empty until somebody gives it.
    issuer: String,
    client_id: String,
    /// Whether there is a client secret. It is sealed, and no answer has it.
    has_secret: bool,
    scopes: Vec<String>,
    /// Under which names the provider says the address, the name and the groups.
    email_claim: String,
    name_claim: String,
    groups_claim: String,
    /// For the provider: where it sends browsers back to.
    redirect_uri: String,
    /// For the provider: where it says that somebody has logged out (OpenID Connect Back-Channel Logout 1.0).
    back_channel_logout_uri: String,
}

impl SsoSettings {
    /// Null for a connection of another protocol.
    fn of(app: &App, connection: &identity::Connection) -> Option<Self> {
        let portal = &app.public.portal;
        let ProviderSettings::Oidc(settings) = &connection.settings else { return None };
        Some(Self {
            issuer: settings.issuer.clone(),
            client_id: settings.client_id.clone(),
            has_secret: connection.has_secret,
            scopes: settings.scopes.clone(),
            email_claim: settings.claims.email.clone(),
            name_claim: settings.claims.name.clone(),
            groups_claim: settings.claims.groups.clone(),
            redirect_uri: format!("{portal}/oidc/callback/{}", connection.id),
            back_channel_logout_uri: format!("{portal}/oidc/back-channel-logout/{}", connection.id),
        })
    }
}

/// What a test of a connection saw.
#[derive(SimpleObject)]
pub(crate) struct SsoTest {
    at: DateTime<Utc>,
    passed: bool,
    /// Why not.
    reason: Option<String>,
    /// Who it was at the provider.
    subject: Option<String>,
    email: Option<String>,
    email_verified: bool,
    name: Option<String>,
    groups: Vec<String>,
    /// How the provider says that the person has proven who they are (RFC 8176).
    methods: Vec<String>,
}

impl From<identity::TestResult> for SsoTest {
    fn from(test: identity::TestResult) -> Self {
        Self {
            at: test.at,
            passed: test.passed,
            reason: test.reason,
            subject: test.subject,
            email: test.email,
            email_verified: test.email_verified,
            name: test.name,
            groups: test.groups,
            methods: test.methods,
        }
    }
}

/// Where to send the browser for a test.
#[derive(SimpleObject)]
pub(crate) struct SsoTestPayload {
    /// Works once, for ten minutes.
    start_url: Option<String>,
    problem: Option<Problem>,
}

fn test_begun(outcome: Result<tenantry_kernel::Secret, Problem>) -> SsoTestPayload {
    match outcome {
        Ok(ticket) => SsoTestPayload {
            start_url: Some(format!("/sso/start?ticket={}", ticket.expose())),
            problem: None,
        },
        Err(problem) => SsoTestPayload { start_url: None, problem: Some(problem) },
    }
}

/// A path of the portal where a log-in by a connection begins.
fn start_url(connection: ConnectionId) -> String {
    format!("/sso/start?connection={connection}")
}
