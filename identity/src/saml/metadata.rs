//! A provider, from the metadata that a tenant's administrator uploads or names the address of.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use roxmltree::Node;
use serde::{Deserialize, Serialize};
use tenantry_kernel::{Error, Result};
use url::{Host, Url};

use super::certificate::Certificate;
use super::names::{DSIG, METADATA, POST, PROTOCOL, REDIRECT};
use super::screen::{Comments, screen};
use super::tree;

/// Of the document: a federation's, with thousands of providers, is not taken.
pub const MOST_METADATA: usize = 1024 * 1024;
const MOST_CERTIFICATES: usize = 10;

/// How a request travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Binding {
    Redirect,
    Post,
}

/// Where a provider takes requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    pub binding: Binding,
    pub location: String,
}

/// A tenant's identity provider. What stands here is believed: keys come from here and from nowhere else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityProvider {
    pub entity_id: String,
    /// At most one for each binding, and at least one.
    pub sign_on: Vec<Endpoint>,
    /// Each of them may have signed: so a provider changes its key without a night's work.
    pub certificates: Vec<Certificate>,
    /// Until when the metadata says that it holds. Nothing is refused for it.
    pub valid_until: Option<DateTime<Utc>>,
}

impl IdentityProvider {
    /// Reads a document with one entity that is an identity provider (SAML metadata, sections 2.3 and 2.4.3).
    ///
    /// A signature on it is not checked: there is nobody to know its key from. Whoever uploads it vouches for it, or the
    /// TLS of the address that they have named.
    ///
    /// # Errors
    /// `Invalid` for `metadata`, with what to change.
    pub fn from_metadata(text: &str) -> Result<Self> {
        if text.len() > MOST_METADATA {
            return Err(wrong("The metadata is larger than 1 MiB."));
        }
        let text =
            screen(text, Comments::Skipped).map_err(|e| wrong("This is not plain XML.").with_source(e))?;
        let document = tree::parse(text).map_err(|e| wrong("This is not XML.").with_source(e))?;
        let entity = entity(document.root_element())?;
        let entity_id = entity.attribute("entityID").unwrap_or_default();
        if entity_id.is_empty() || entity_id.len() > 1024 {
            return Err(wrong("The metadata has no entityID of 1 to 1,024 characters."));
        }
        let role = tree::children(entity, METADATA, "IDPSSODescriptor")
            .find(|role| {
                let protocols = role.attribute("protocolSupportEnumeration").unwrap_or_default();
                protocols.split_ascii_whitespace().any(|protocol| protocol == PROTOCOL)
            })
            .ok_or_else(|| wrong("The metadata is not that of a SAML 2.0 identity provider."))?;
        let valid_until = entity.attribute("validUntil").and_then(|t| DateTime::parse_from_rfc3339(t).ok());
        Ok(Self {
            entity_id: entity_id.to_owned(),
            sign_on: sign_on(role)?,
            certificates: certificates(role)?,
            valid_until: valid_until.map(|time| time.to_utc()),
        })
    }

    /// Where to send somebody by this binding.
    pub fn endpoint(&self, binding: Binding) -> Option<&Endpoint> {
        self.sign_on.iter().find(|endpoint| endpoint.binding == binding)
    }
}

fn entity<'a, 'i>(root: Node<'a, 'i>) -> Result<Node<'a, 'i>> {
    if root.has_tag_name((METADATA, "EntityDescriptor")) {
        return Ok(root);
    }
    let mut inside = tree::children(root, METADATA, "EntityDescriptor");
    match (root.has_tag_name((METADATA, "EntitiesDescriptor")), inside.next(), inside.next()) {
        (true, Some(only), None) => Ok(only),
        _ => Err(wrong("The metadata describes no entity, or several.")),
    }
}

fn sign_on(role: Node<'_, '_>) -> Result<Vec<Endpoint>> {
    let mut found: Vec<Endpoint> = Vec::new();
    for service in tree::children(role, METADATA, "SingleSignOnService") {
        let binding = match service.attribute("Binding") {
            Some(REDIRECT) => Binding::Redirect,
            Some(POST) => Binding::Post,
            _ => continue,
        };
        if found.iter().all(|endpoint| endpoint.binding != binding) {
            let location = service.attribute("Location").unwrap_or_default();
            found.push(Endpoint { binding, location: address(location)? });
        }
    }
    if found.is_empty() {
        Err(wrong("The metadata names no address for log-ins by redirect or POST."))
    } else {
        Ok(found)
    }
}

/// A browser is sent there with a request that names us: over TLS, or within this machine.
fn address(location: &str) -> Result<String> {
    let url =
        Url::parse(location).map_err(|e| wrong("An address for log-ins is not a URL.").with_source(e))?;
    let local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    let secure = url.scheme() == "https" || (url.scheme() == "http" && local);
    // Kept as it is written, since the provider compares it: so nothing in it may mean more than it shows.
    let plain = location.bytes().all(|b| b.is_ascii_graphic());
    if !secure || !plain || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some()
    {
        return Err(wrong(
            "An address for log-ins must begin with https:// and have no user name and no fragment.",
        ));
    }
    Ok(location.to_owned())
}

fn certificates(role: Node<'_, '_>) -> Result<Vec<Certificate>> {
    let mut found: Vec<Certificate> = Vec::new();
    let keys = tree::children(role, METADATA, "KeyDescriptor")
        .filter(|key| key.attribute("use").is_none_or(|use_of_key| use_of_key == "signing"))
        .flat_map(|key| key.descendants().filter(|node| node.has_tag_name((DSIG, "X509Certificate"))));
    for node in keys {
        let unreadable = || wrong("A certificate in the metadata cannot be read.");
        let packed = tree::text(node).map_err(|e| unreadable().with_source(e))?;
        let packed: String = packed.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        let der = STANDARD.decode(packed).map_err(|e| unreadable().with_source(e))?;
        let certificate = Certificate::from_der(&der)?;
        if !found.contains(&certificate) {
            found.push(certificate);
        }
    }
    if found.is_empty() || found.len() > MOST_CERTIFICATES {
        return Err(wrong("The metadata must have 1 to 10 certificates for signing."));
    }
    Ok(found)
}

fn wrong(message: &str) -> Error {
    Error::invalid("metadata", message)
        .with_remedy("Take the metadata from your identity provider again, unchanged.")
}
