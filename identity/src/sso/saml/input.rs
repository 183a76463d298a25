use tenantry_kernel::{Error, Result, TenantId};

use super::super::model::one_line;
use super::settings::{SamlAttributes, SamlSettings};
use crate::Identity;
use crate::saml::IdentityProvider;

/// What somebody says of a provider. What is `None` stays; an empty name means the usual names, and an empty address
/// that the metadata is fetched from nowhere any more.
#[derive(Debug, Clone, Default)]
pub struct SamlInput {
    /// The document itself.
    pub metadata: Option<String>,
    /// Where it is: it is fetched at once, and again each day.
    pub metadata_url: Option<String>,
    pub email_attribute: Option<String>,
    pub name_attribute: Option<String>,
    pub groups_attribute: Option<String>,
    pub allows_idp_initiated: Option<bool>,
}

/// An input whose document was read, so that nothing is waited for inside a transaction.
pub(crate) struct SamlChange {
    provider: Option<IdentityProvider>,
    /// It was fetched, and not uploaded.
    pub(crate) fetched: bool,
    url: Option<Option<String>>,
    attributes: [Option<Option<String>>; 3],
    allows_idp_initiated: Option<bool>,
}

impl Identity {
    /// Reads the document that an input brings, or names. The caller has made sure that the actor may.
    ///
    /// # Errors
    /// `Invalid` with the field.
    pub(crate) async fn read_saml(&self, tenant: TenantId, input: SamlInput) -> Result<SamlChange> {
        let attribute = |field, name: Option<String>| match name.as_deref().map(str::trim) {
            None => Ok(None),
            Some("") => Ok(Some(None)),
            Some(name) => one_line(field, name, 200).map(|name| Some(Some(name))),
        };
        let attributes = [
            attribute("emailAttribute", input.email_attribute)?,
            attribute("nameAttribute", input.name_attribute)?,
            attribute("groupsAttribute", input.groups_attribute)?,
        ];
        let given = |text: Option<String>| text.map(|text| text.trim().to_owned());
        let document = given(input.metadata).filter(|text| !text.is_empty());
        let url = given(input.metadata_url).map(|url| (!url.is_empty()).then_some(url));
        let (provider, fetched) = match (document, &url) {
            (Some(_), Some(Some(_))) => {
                return Err(Error::invalid("metadataUrl", "The metadata is uploaded or fetched, not both.")
                    .with_remedy("Give the document, or the address where it is."));
            }
            (Some(text), _) => (Some(self.read_metadata(tenant, &text)?), false),
            (None, Some(Some(url))) => {
                let fetched = self.fetch_metadata(tenant, url).await;
                let wrong = |why: String| {
                    Error::invalid("metadataUrl", why).with_remedy(
                    "Give the address of the provider's metadata, which must be reachable from the internet, or upload it.",
                )
                };
                (Some(fetched.map_err(wrong)?), true)
            }
            (None, _) => (None, false),
        };
        Ok(SamlChange {
            provider,
            fetched,
            url,
            attributes,
            allows_idp_initiated: input.allows_idp_initiated,
        })
    }
}

impl SamlChange {
    /// The settings that come of it, over what is there.
    pub(crate) fn over(self, old: Option<&SamlSettings>) -> SamlSettings {
        let old = old.cloned().unwrap_or_else(|| SamlSettings {
            issuer: String::new(),
            sign_on: Vec::new(),
            certificates: Vec::new(),
            attributes: SamlAttributes::default(),
            allows_idp_initiated: false,
            metadata_url: None,
        });
        let [email, name, groups] = self.attributes;
        let attributes = SamlAttributes {
            email: email.unwrap_or(old.attributes.email),
            name: name.unwrap_or(old.attributes.name),
            groups: groups.unwrap_or(old.attributes.groups),
        };
        let settings = SamlSettings {
            attributes,
            allows_idp_initiated: self.allows_idp_initiated.unwrap_or(old.allows_idp_initiated),
            metadata_url: self.url.unwrap_or(old.metadata_url),
            ..old
        };
        match self.provider {
            Some(provider) => settings.with(provider),
            None => settings,
        }
    }
}
