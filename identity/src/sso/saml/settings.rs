use serde::{Deserialize, Serialize};
use tenantry_store::audit::Facts;

use crate::saml::{AttributeNames, Certificate, Endpoint, IdentityProvider, ServiceProvider};

/// What is stored of a provider, and can be shown. Everything but the flags and names is from its metadata.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SamlSettings {
    /// The provider's entity id. It has the same key as an issuer of OpenID Connect, by which the database knows that
    /// another provider means other people (`connections_moved`). Empty until there is metadata.
    pub issuer: String,
    pub sign_on: Vec<Endpoint>,
    /// Each of them may have signed.
    pub certificates: Vec<Certificate>,
    pub attributes: SamlAttributes,
    /// Whether people may come from the provider's own page, without a request of ours.
    pub allows_idp_initiated: bool,
    /// Where the metadata is fetched from, if not uploaded.
    pub metadata_url: Option<String>,
}

/// Under which names the provider sends what. `None`: the usual names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SamlAttributes {
    pub email: Option<String>,
    pub name: Option<String>,
    pub groups: Option<String>,
}

impl SamlAttributes {
    pub(crate) fn names(&self) -> AttributeNames {
        let usual = AttributeNames::default();
        let chosen = |one: &Option<String>, usual: Vec<String>| match one {
            Some(name) => vec![name.clone()],
            None => usual,
        };
        AttributeNames {
            email: chosen(&self.email, usual.email),
            name: chosen(&self.name, usual.name),
            groups: chosen(&self.groups, usual.groups),
            ..usual
        }
    }
}

impl SamlSettings {
    /// Whether a test of one says as much about the other: all but the certificates and where they come from is the same.
    pub(crate) fn means_the_same(&self, other: &Self) -> bool {
        let other = Self {
            certificates: self.certificates.clone(),
            metadata_url: self.metadata_url.clone(),
            ..other.clone()
        };
        *self == other
    }

    pub(crate) fn is_complete(&self) -> bool {
        !self.issuer.is_empty() && !self.sign_on.is_empty() && !self.certificates.is_empty()
    }

    /// With what a document says.
    pub(super) fn with(self, provider: IdentityProvider) -> Self {
        Self {
            issuer: provider.entity_id,
            sign_on: provider.sign_on,
            certificates: provider.certificates,
            ..self
        }
    }

    pub(crate) fn provider(&self) -> IdentityProvider {
        IdentityProvider {
            entity_id: self.issuer.clone(),
            sign_on: self.sign_on.clone(),
            certificates: self.certificates.clone(),
            valid_until: None,
        }
    }
}

/// The two sides of a connection, with our keys open.
#[derive(Debug, Clone)]
pub struct SamlParties {
    pub sp: ServiceProvider,
    pub idp: IdentityProvider,
    pub attributes: AttributeNames,
    pub allows_idp_initiated: bool,
    /// Whether there is an address to look at the provider's metadata again.
    pub(crate) has_metadata_url: bool,
}

/// What the audit trail says of a provider.
pub(in super::super) fn facts(facts: Facts, settings: &SamlSettings) -> Facts {
    let certificates: Vec<String> =
        settings.certificates.iter().map(|certificate| certificate.fingerprint().to_owned()).collect();
    let places: Vec<String> = settings.sign_on.iter().map(|place| place.location.clone()).collect();
    facts
        .with("entityId", &settings.issuer)
        .with("signOnAddresses", places)
        .with("providerCertificates", certificates)
        .with("metadataUrl", settings.metadata_url.as_deref())
        .with("emailAttribute", settings.attributes.email.as_deref())
        .with("nameAttribute", settings.attributes.name.as_deref())
        .with("groupsAttribute", settings.attributes.groups.as_deref())
        .with("allowsIdpInitiated", settings.allows_idp_initiated)
}
