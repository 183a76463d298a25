//! What a protocol needs to know of a connection.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenantry_kernel::{ConnectionId, Error, Result, Secret, TenantId};

use super::saml::{SamlParties, SamlSettings};

/// A connection as its protocol sees it, with its secret open.
#[derive(Debug, Clone)]
pub struct ConnectionSettings {
    pub connection: ConnectionId,
    /// Whose it is; `None`: one that the installation offers to everybody.
    pub tenant: Option<TenantId>,
    pub name: String,
    /// The last part of its redirect URI, which no other connection has: an answer that was meant for one is none for
    /// another (RFC 9700, section 4.4.2.2).
    pub callback: String,
    pub protocol: Protocol,
}

#[derive(Debug, Clone)]
pub enum Protocol {
    Oidc {
        settings: OidcSettings,
        secret: Option<Secret>,
    },
    /// OAuth 2 with GitHub's own API: it has no OpenID Connect for people.
    GitHub {
        settings: GitHubSettings,
        secret: Secret,
    },
    Saml(Box<SamlParties>),
}

/// What is stored of a tenant's provider, by protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProviderSettings {
    Oidc(OidcSettings),
    Saml(SamlSettings),
}

impl ProviderSettings {
    /// The column `kind`.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Oidc(_) => "oidc",
            Self::Saml(_) => "saml",
        }
    }

    pub(crate) fn stored(kind: &str, json: Value) -> Result<Self> {
        match kind {
            "oidc" => serde_json::from_value(json).map(Self::Oidc).map_err(Error::internal),
            "saml" => serde_json::from_value(json).map(Self::Saml).map_err(Error::internal),
            other => Err(Error::internal(format!("no protocol of a connection: {other}"))),
        }
    }

    pub(crate) fn to_json(&self) -> Result<Value> {
        match self {
            Self::Oidc(oidc) => serde_json::to_value(oidc),
            Self::Saml(saml) => serde_json::to_value(saml),
        }
        .map_err(Error::internal)
    }
}

/// OpenID Connect. This is what is stored of it, and can be shown; the client's secret is sealed beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OidcSettings {
    /// Exactly as the provider says it in its tokens (OpenID Connect Core 1.0, section 2).
    pub issuer: String,
    pub client_id: String,
    /// `openid` among them.
    pub scopes: Vec<String>,
    pub claims: ClaimNames,
}

/// Under which names the provider says what we want to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimNames {
    pub email: String,
    pub name: String,
    pub groups: String,
}

impl Default for ClaimNames {
    fn default() -> Self {
        Self { email: "email".into(), name: "name".into(), groups: "groups".into() }
    }
}

/// GitHub, or a GitHub Enterprise Server of the operator's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitHubSettings {
    pub client_id: String,
    /// `https://github.com`
    pub site: String,
    /// `https://api.github.com`
    pub api: String,
}

/// A provider that the installation offers to everybody, from the operator's configuration.
#[derive(Debug, Clone)]
pub struct SocialProvider {
    /// `google`, `microsoft`, `github`, or another word of lower-case letters, digits and hyphens. The accounts that are
    /// tied to it know it by this word.
    pub code: String,
    /// As the button says it.
    pub name: String,
    pub protocol: Protocol,
}
