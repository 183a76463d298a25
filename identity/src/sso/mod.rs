//! Single sign-on: a tenant's connections to its identity providers, its domains, and what follows when a provider sends
//! somebody. Protocols are elsewhere (`oidc`, `saml`): they end in an [`Asserted`], which [`Identity::arrive`](crate::Identity::arrive)
//! judges, the same for each.
//!
//! Invariants:
//! - a tenant's connection speaks for that tenant: a session that came by it acts there and nowhere else, and never as
//!   the platform's staff;
//! - nobody takes over an account by an address that a provider names: it is tied by whoever logs in to it;
//! - nobody logs in by a connection whose present settings no test has passed with, and only such a one is enforced;
//! - while one is enforced its settings do not change but for certificates (`saml` says why), a proven domain stays, and
//!   an owner can come in without it;
//! - another issuer means other people: who they were is forgotten in the statement that changes it (`connections_moved`);
//! - a client's secret, and our private keys, are sealed under the tenant's key, and no answer of the API has them.
//!
//! Failure modes: the provider is away: people of an enforced connection do not come in, its exempt owners do, and can
//! stop enforcing it; what they had open goes on. Name servers are away: a domain is not proven now.

mod arrive;
mod assertion;
mod barred;
mod dns;
mod domain_repo;
mod domains;
mod exemption;
mod flow;
#[cfg(test)]
mod isolation_tests;
mod link;
mod model;
mod provider_sessions;
mod record;
mod repo;
mod roles;
mod saml;
mod service;
mod settings;
mod setup;
mod social;
pub(crate) mod system_repo;

pub use assertion::{Arrival, Ask, Asserted, Flow, FlowPurpose, FlowSecrets, Refused, Start};
pub(crate) use barred::{barred, barred_of};
pub use dns::{DnsTxt, TxtRecords};
pub use domains::Domain;
pub(crate) use exemption::give_up_exemption;
pub use link::LinkOutcome;
pub use model::{
    Connection, ConnectionState, CreateConnection, EnforceConnection, OidcInput, ProviderInput, RoleOfGroup,
    SetConnectionPeople, TestResult, UpdateConnection,
};
pub use provider_sessions::ProviderSession;
pub(crate) use saml::Ending;
pub use saml::{
    CertificateAlarm, KeyState, OwnCertificate, Received, SEND_CERTIFICATE_ALARM, SamlAnswer, SamlAttributes,
    SamlInput, SamlParties, SamlSettings, SetOut, TurnedAway,
};
pub use settings::{
    ClaimNames, ConnectionSettings, GitHubSettings, OidcSettings, Protocol, ProviderSettings, SocialProvider,
};
pub use setup::SetupLink;
pub use social::WayIn;
