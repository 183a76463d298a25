use async_graphql::{Context, Enum, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use tenantry_identity as identity;
use tenantry_identity::saml::{Binding, Certificate};
use tenantry_identity::{OidcInput, OwnCertificate, ProviderInput, ProviderSettings, SamlInput};
use tenantry_kernel::Error;

use super::connections::{SsoConnectionInput, SsoConnectionPayload, answered, whose};
use crate::app::App;
use crate::graphql::error::{Answer, request_of};

/// What a connection and its provider speak.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SsoProtocol {
    /// OpenID Connect.
    Oidc,
    /// SAML 2.0.
    Saml,
}

impl SsoProtocol {
    pub(super) fn of(connection: &identity::Connection) -> Self {
        match connection.settings {
            ProviderSettings::Oidc(_) => Self::Oidc,
            ProviderSettings::Saml(_) => Self::Saml,
        }
    }
}

/// Where a certificate of ours stands in its rotation.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "identity::KeyState")]
pub(crate) enum SsoCertificateState {
    /// Published in our metadata, and not used yet.
    Next,
    /// Signs, and is encrypted for.
    Current,
    /// Published no more; still opens what was encrypted for it.
    Previous,
}

/// A certificate that the provider signs with.
#[derive(SimpleObject)]
pub(crate) struct SsoCertificate {
    /// SHA-256, in hexadecimal.
    fingerprint: String,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
}

/// A certificate of ours, for the provider.
#[derive(SimpleObject)]
pub(crate) struct SsoOwnCertificate {
    /// SHA-256, in hexadecimal.
    fingerprint: String,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    state: SsoCertificateState,
    /// For providers that take no metadata.
    pem: String,
}

/// How the portal and a SAML provider are told of each other.
#[derive(SimpleObject)]
pub(crate) struct SsoSamlSettings {
    /// The provider's name for itself. Null until its metadata is known.
    entity_id: Option<String>,
    /// Where its metadata is fetched from, once a day. Null: it is uploaded.
    metadata_url: Option<String>,
    /// When it was last fetched and taken over.
    metadata_fetched_at: Option<DateTime<Utc>>,
    /// Why what was fetched last is not taken over.
    metadata_problem: Option<String>,
    /// Where people are sent.
    sso_url: Option<String>,
    certificates: Vec<SsoCertificate>,
    /// Under which names the provider sends the address, the name and the groups. Null: the usual names.
    email_attribute: Option<String>,
    name_attribute: Option<String>,
    groups_attribute: Option<String>,
    /// Whether people may come from the provider's own page, without setting out here.
    allows_idp_initiated: bool,
    /// For the provider: our entity id (audience).
    own_entity_id: String,
    /// For the provider: our assertion consumer service, by the POST binding.
    own_acs_url: String,
    /// For the provider: where our metadata is.
    own_metadata_url: String,
    own_certificates: Vec<SsoOwnCertificate>,
}

impl From<&Certificate> for SsoCertificate {
    fn from(certificate: &Certificate) -> Self {
        Self {
            fingerprint: certificate.fingerprint().to_owned(),
            starts_at: certificate.starts(),
            ends_at: certificate.ends(),
        }
    }
}

impl From<&OwnCertificate> for SsoOwnCertificate {
    fn from(own: &OwnCertificate) -> Self {
        Self {
            fingerprint: own.certificate.fingerprint().to_owned(),
            starts_at: own.certificate.starts(),
            ends_at: own.certificate.ends(),
            state: own.state.into(),
            pem: own.certificate.pem(),
        }
    }
}

impl SsoSamlSettings {
    /// Null for a connection of another protocol.
    pub(super) fn of(app: &App, connection: &identity::Connection) -> Option<Self> {
        let ProviderSettings::Saml(saml) = &connection.settings else { return None };
        let (own_entity_id, own_acs_url) = app.identity.saml_addresses(connection.id);
        let place = |binding| saml.sign_on.iter().find(|place| place.binding == binding);
        let sso = place(Binding::Redirect).or_else(|| place(Binding::Post));
        Some(Self {
            entity_id: (!saml.issuer.is_empty()).then(|| saml.issuer.clone()),
            metadata_url: saml.metadata_url.clone(),
            metadata_fetched_at: connection.metadata_fetched_at,
            metadata_problem: connection.metadata_problem.clone(),
            sso_url: sso.map(|place| place.location.clone()),
            certificates: saml.certificates.iter().map(SsoCertificate::from).collect(),
            email_attribute: saml.attributes.email.clone(),
            name_attribute: saml.attributes.name.clone(),
            groups_attribute: saml.attributes.groups.clone(),
            allows_idp_initiated: saml.allows_idp_initiated,
            own_metadata_url: own_entity_id.clone(),
            own_entity_id,
            own_acs_url,
            own_certificates: connection.own_certificates.iter().map(SsoOwnCertificate::from).collect(),
        })
    }
}

/// What somebody says of a SAML provider. What is left out stays.
#[derive(InputObject, Default)]
pub(crate) struct SsoSamlInput {
    /// The provider's metadata, unchanged: an XML document.
    metadata: Option<String>,
    /// Where it is, instead: it is fetched at once, and again each day. Empty: it is fetched no more.
    metadata_url: Option<String>,
    /// Under which names the provider sends what. Empty: the usual names.
    email_attribute: Option<String>,
    name_attribute: Option<String>,
    groups_attribute: Option<String>,
    /// Whether people may come from the provider's own page. Whoever can make somebody follow a link then logs them in to
    /// an account of their choice: allow it where the provider needs it.
    allows_idp_initiated: Option<bool>,
}

impl From<SsoSamlInput> for SamlInput {
    fn from(input: SsoSamlInput) -> Self {
        Self {
            metadata: input.metadata,
            metadata_url: input.metadata_url,
            email_attribute: input.email_attribute,
            name_attribute: input.name_attribute,
            groups_attribute: input.groups_attribute,
            allows_idp_initiated: input.allows_idp_initiated,
        }
    }
}

/// What an input says of a provider, in the words of one protocol.
pub(super) fn provider(
    oidc: OidcInput,
    saml: Option<SsoSamlInput>,
) -> tenantry_kernel::Result<ProviderInput> {
    match saml {
        None => Ok(oidc.into()),
        Some(_) if !oidc.is_empty() => {
            Err(Error::invalid("saml", "A connection speaks one protocol, not two.")
                .with_remedy("Leave out what is of the other protocol."))
        }
        Some(saml) => Ok(ProviderInput::Saml(saml.into())),
    }
}

#[derive(Default)]
pub(crate) struct SsoCertificateMutation;

#[Object]
impl SsoCertificateMutation {
    /// Announces a next certificate of ours, for a SAML connection: it stands in our metadata from now on. People go on
    /// logging in.
    async fn add_sso_certificate(
        &self,
        ctx: &Context<'_>,
        input: SsoConnectionInput,
    ) -> Result<SsoConnectionPayload> {
        let app = ctx.data::<App>()?;
        let whose = whose(ctx, (&input.tenant_id, &input.id))?;
        let added = app.identity.add_connection_certificate(request_of(ctx), whose).await;
        Ok(answered(app, added.outcome(ctx)?))
    }

    /// Uses the next certificate, once the provider has read our metadata. The one before it still opens what is encrypted
    /// for it.
    async fn use_sso_certificate(
        &self,
        ctx: &Context<'_>,
        input: SsoConnectionInput,
    ) -> Result<SsoConnectionPayload> {
        let app = ctx.data::<App>()?;
        let whose = whose(ctx, (&input.tenant_id, &input.id))?;
        let used = app.identity.use_connection_certificate(request_of(ctx), whose).await;
        Ok(answered(app, used.outcome(ctx)?))
    }

    /// Removes the previous certificate of ours.
    async fn remove_sso_certificate(
        &self,
        ctx: &Context<'_>,
        input: SsoConnectionInput,
    ) -> Result<SsoConnectionPayload> {
        let app = ctx.data::<App>()?;
        let whose = whose(ctx, (&input.tenant_id, &input.id))?;
        let removed = app.identity.remove_connection_certificate(request_of(ctx), whose).await;
        Ok(answered(app, removed.outcome(ctx)?))
    }

    /// Looks at the provider's metadata now, at its address. Certificates and addresses are taken over; a document of
    /// another provider is refused, and `metadataProblem` says so.
    async fn refresh_sso_metadata(
        &self,
        ctx: &Context<'_>,
        input: SsoConnectionInput,
    ) -> Result<SsoConnectionPayload> {
        let app = ctx.data::<App>()?;
        let whose = whose(ctx, (&input.tenant_id, &input.id))?;
        let looked = app.identity.refresh_connection_metadata(request_of(ctx), whose).await;
        Ok(answered(app, looked.outcome(ctx)?))
    }
}
