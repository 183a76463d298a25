//! Where an attribute is: `userName`, `name.familyName`, `urn:…:User:department` (RFC 7644, section 3.10).

use serde_json::{Map, Value};

use super::schema::{Attribute, ResourceType, Schema, find};

/// A resource as it is kept and answered with: names in their canonical case, extensions under their URNs.
pub(crate) type Document = Map<String, Value>;

/// A path as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AttributePath(pub(crate) String);

/// What a path means in a type of resource.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    /// An extension as a whole.
    Extension(&'static Schema),
    Attribute {
        /// The extension that it is of; none: of the core.
        extension: Option<&'static Schema>,
        attribute: &'static Attribute,
        sub: Option<&'static Attribute>,
    },
}

impl AttributePath {
    /// `None` for what the type does not have.
    pub(crate) fn target(&self, of: &'static ResourceType) -> Option<Target> {
        let text = self.0.as_str();
        if let Some(extension) = of.extension(text) {
            return Some(Target::Extension(extension));
        }
        let split = text.rsplit_once(':');
        let (extension, rest) = match split {
            None => (None, text),
            Some((urn, rest)) if urn.eq_ignore_ascii_case(of.core.id) => (None, rest),
            Some((urn, rest)) => (Some(of.extension(urn)?), rest),
        };
        let (name, sub) = rest.split_once('.').map_or((rest, None), |(name, sub)| (name, Some(sub)));
        let attribute = match extension {
            Some(extension) => find(extension.attributes, name)?,
            None => of.attribute(name)?,
        };
        let sub = match sub {
            Some(sub) => Some(attribute.sub(sub)?),
            None => None,
        };
        Some(Target::Attribute { extension, attribute, sub })
    }
}

/// The values at a place: none, one, or those of a multi-valued attribute.
pub(crate) fn values<'a>(
    document: &'a Document,
    (extension, attribute): (Option<&Schema>, &Attribute),
) -> Vec<&'a Value> {
    let within = match extension {
        Some(extension) => document.get(extension.id).and_then(Value::as_object),
        None => Some(document),
    };
    match within.and_then(|it| it.get(attribute.name)) {
        Some(Value::Array(values)) => values.iter().collect(),
        Some(value) => vec![value],
        None => Vec::new(),
    }
}
