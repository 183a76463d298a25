//! Us, as a provider sees us.

use openssl::pkey::{PKey, Private};
use tenantry_kernel::{Error, Result};

use super::certificate::Certificate;
use super::keys::{KeyPair, template};
use super::names::{DSIG, METADATA, NAMEID_EMAIL, POST, PROTOCOL, XMLENC, XMLENC11};
use super::tree::{escape, is_name};

/// One connection's side of ours.
#[derive(Debug, Clone)]
pub struct ServiceProvider {
    /// Our name at the provider: a URI, at most 1,024 characters. Assertions must have it as their audience.
    pub entity_id: String,
    /// The assertion consumer service: where responses go, and what they must say they are meant for.
    pub acs_url: String,
    pub keys: Keys,
}

/// Our pairs. A rotation has three steps: `next` is made and published; when the provider has read the metadata
/// again, `current` becomes `previous` and `next` becomes `current`; when nothing comes for `previous` any more, it goes.
#[derive(Debug, Clone)]
pub struct Keys {
    /// Signs what we send, and is the one that providers encrypt for.
    pub current: KeyPair,
    /// Published, so that providers know it before it is used. Opens what is encrypted for it already.
    pub next: Option<KeyPair>,
    /// Published no more; still opens what a provider with old metadata encrypts for it.
    pub previous: Option<KeyPair>,
}

impl Keys {
    pub(super) fn for_reading(&self) -> Vec<&PKey<Private>> {
        let others = [&self.next, &self.previous].into_iter().flatten();
        std::iter::once(&self.current).chain(others).map(KeyPair::private).collect()
    }

    fn published(&self) -> impl Iterator<Item = &Certificate> {
        std::iter::once(&self.current).chain(&self.next).map(KeyPair::certificate)
    }
}

impl ServiceProvider {
    /// Our metadata (SAML metadata, section 2.4.4), not signed.
    pub fn metadata(&self) -> String {
        self.document("", "")
    }

    /// Our metadata, signed by the current key. `id` is the document's ID: an XML name, new for each document.
    ///
    /// # Errors
    /// `Invalid` when `id` is no such name, `Internal` when it cannot be signed.
    pub fn signed_metadata(&self, id: &str) -> Result<String> {
        if !is_name(id) {
            return Err(Error::invalid("id", "The document's ID is no XML name."));
        }
        self.keys.current.sign_document(&self.document(&format!(r#" ID="{id}""#), &template(id)))
    }

    fn document(&self, id: &str, signature: &str) -> String {
        let published: Vec<&Certificate> = self.keys.published().collect();
        document((&self.entity_id, &self.acs_url), &published, (id, signature))
    }
}

/// Our metadata, not signed, by whoever has the certificates alone: current, and next if there is one.
pub fn published_metadata((entity_id, acs_url): (&str, &str), published: &[&Certificate]) -> String {
    document((entity_id, acs_url), published, ("", ""))
}

fn document(
    (entity_id, acs_url): (&str, &str),
    published: &[&Certificate],
    (id, signature): (&str, &str),
) -> String {
    let mut keys = String::new();
    for (use_of_key, methods) in [("signing", String::new()), ("encryption", encryption_methods())] {
        for certificate in published {
            let der = certificate.base64();
            keys += &format!(
                r#"<md:KeyDescriptor use="{use_of_key}"><ds:KeyInfo xmlns:ds="{DSIG}"><ds:X509Data><ds:X509Certificate>{der}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>{methods}</md:KeyDescriptor>"#
            );
        }
    }
    let (entity, acs) = (escape(entity_id), escape(acs_url));
    format!(
        r#"<md:EntityDescriptor xmlns:md="{METADATA}" entityID="{entity}"{id}>{signature}<md:SPSSODescriptor AuthnRequestsSigned="true" WantAssertionsSigned="true" protocolSupportEnumeration="{PROTOCOL}">{keys}<md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat><md:NameIDFormat>{NAMEID_EMAIL}</md:NameIDFormat><md:AssertionConsumerService Binding="{POST}" Location="{acs}" index="0" isDefault="true"/></md:SPSSODescriptor></md:EntityDescriptor>"#
    )
}

/// What we can open without a signature around it: a provider that reads this takes no other.
fn encryption_methods() -> String {
    let methods =
        [format!("{XMLENC11}aes256-gcm"), format!("{XMLENC11}aes128-gcm"), format!("{XMLENC}rsa-oaep-mgf1p")];
    methods.map(|name| format!(r#"<md:EncryptionMethod Algorithm="{name}"/>"#)).concat()
}
