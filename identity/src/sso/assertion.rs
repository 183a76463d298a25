//! What stands between a protocol and everything else: the protocol checks what a provider says and hands it over as
//! [`Asserted`]; what follows from it is decided in `arrive.rs`, the same for every protocol.

use chrono::{DateTime, Utc};
use tenantry_kernel::{ConnectionId, Secret, SessionId, TenantId};

use crate::factors::FactorKind;
use crate::users::User;

/// What a provider said about a person, after the protocol has checked that it is the provider who said it, to us, now.
#[derive(Debug, Clone)]
pub struct Asserted {
    pub connection: ConnectionId,
    /// `None`: a provider that the installation offers to everybody.
    pub tenant: Option<TenantId>,
    /// Who it is at the provider, for good (`sub`).
    pub subject: String,
    pub email: Option<String>,
    /// What the provider itself says about the address.
    pub email_verified: bool,
    /// The provider says outright that nobody has verified the address.
    pub email_denied: bool,
    pub name: Option<String>,
    pub groups: Vec<String>,
    /// The provider says that there are more groups than it names: nobody loses a role for one that lacks.
    pub groups_incomplete: bool,
    /// How the provider says that the person has proven who they are (`amr`, RFC 8176).
    pub methods: Vec<String>,
    /// The provider's name for its session (`sid`).
    pub provider_session: Option<String>,
    pub id_token_hint: Option<Secret>,
}

/// What a way to a provider is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlowPurpose {
    LogIn,
    /// Somebody who sets a connection up sees what it says. Nobody is logged in.
    Test,
}

impl FlowPurpose {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::LogIn => "log_in",
            Self::Test => "test",
        }
    }

    pub(crate) fn stored(text: &str) -> tenantry_kernel::Result<Self> {
        match text {
            "log_in" => Ok(Self::LogIn),
            "test" => Ok(Self::Test),
            other => Err(tenantry_kernel::Error::internal(format!("no purpose of a flow: {other}"))),
        }
    }
}

/// What a browser asks for when it sets out.
#[derive(Debug, Clone)]
pub enum Ask {
    LogIn {
        connection: ConnectionId,
        /// A path of the portal to end at.
        return_to: Option<String>,
    },
    /// By a ticket from `testConnection`, which says which connection.
    Test { ticket: Secret },
}

/// That a browser may set out, and with which settings. Only [`Identity::start_sso`](crate::Identity::start_sso) makes one.
#[derive(Debug, Clone)]
pub struct Start {
    pub settings: super::ConnectionSettings,
    pub purpose: FlowPurpose,
    pub(crate) return_to: String,
}

/// What binds an answer to its question and its browser. All are random; of browser and state only hashes are kept.
#[derive(Debug, Clone)]
pub struct FlowSecrets {
    /// In a cookie of the browser that sets out.
    pub browser: Secret,
    pub state: Secret,
    pub nonce: Secret,
    /// Of PKCE (RFC 7636).
    pub verifier: Secret,
}

/// A browser on its way back from a provider. It is taken once.
#[derive(Debug, Clone)]
pub struct Flow {
    pub connection: ConnectionId,
    pub purpose: FlowPurpose,
    /// A path of the portal.
    pub return_to: String,
    pub nonce: Secret,
    pub verifier: Secret,
    pub created_at: DateTime<Utc>,
    /// What the provider has said, where its answer comes before the browser does (SAML).
    pub(crate) assertion: Option<serde_json::Value>,
}

/// What came of it.
#[derive(Debug, Clone)]
pub enum Arrival {
    LoggedIn {
        /// For the cookie: it is not stored and cannot be asked for again.
        token: Secret,
        session: SessionId,
        expires_at: DateTime<Utc>,
        user: User,
        return_to: String,
    },
    /// A provider for everybody says who the person is, and the person has a second factor of their own: the log-in waits
    /// for it, as after a password (`Identity::complete_log_in`).
    FactorNeeded {
        token: Secret,
        factors: Vec<FactorKind>,
        return_to: String,
    },
    /// The test has passed; its result stands with the connection.
    TestDone {
        return_to: String,
    },
    /// There is an account with this address, and it is not tied to the provider. Who proves that it is theirs by
    /// logging in can tie it with this token: the portal's `/sso/link#token=…`.
    LinkNeeded {
        token: Secret,
    },
    Refused(Refused),
}

/// Why somebody whom the provider has sent is not let in. The codes go into addresses of the portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The provider named no address that we could use.
    NoEmail,
    /// Nobody vouches for the address: neither the provider, nor the domain by being the tenant's.
    EmailNotVerified,
    /// New people come only from domains that the tenant has proven to be its own.
    ForeignDomain,
    /// The connection lets in only who is a member already.
    NotAMember,
    /// The plan has no room for another person.
    NoSeat,
    /// The connection was changed, or is gone, while the browser was away.
    Changed,
}

impl Refused {
    pub fn code(self) -> &'static str {
        match self {
            Self::NoEmail => "SSO_NO_EMAIL",
            Self::EmailNotVerified => "SSO_EMAIL_NOT_VERIFIED",
            Self::ForeignDomain => "SSO_FOREIGN_DOMAIN",
            Self::NotAMember => "SSO_NOT_A_MEMBER",
            Self::NoSeat => "SSO_NO_SEAT",
            Self::Changed => "SSO_CHANGED",
        }
    }
}
