//! What a user and a group have, as RFC 7643 describes attributes. One table says it: reading, filtering, patching and
//! the documents of `/Schemas` all follow it.

mod definitions;
mod document;

pub(crate) use definitions::{ALL, GROUP, USER};
pub(crate) use document::{resource_types, schemas};

/// The type of an attribute's values (RFC 7643, section 2.3), as far as it is used here.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Text,
    Flag,
    Moment,
    /// With the types of resources that it may point to.
    Reference(&'static [&'static str]),
    Complex(&'static [Attribute]),
}

/// An attribute and its characteristics (RFC 7643, section 7).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attribute {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) kind: Kind,
    pub(crate) many: bool,
    pub(crate) required: bool,
    pub(crate) case_exact: bool,
    pub(crate) mutability: &'static str,
    pub(crate) returned: &'static str,
    pub(crate) uniqueness: &'static str,
    pub(crate) canonical: &'static [&'static str],
}

impl Attribute {
    pub(crate) fn is_read_only(&self) -> bool {
        self.mutability == "readOnly"
    }

    pub(crate) fn sub(&self, name: &str) -> Option<&'static Attribute> {
        match self.kind {
            Kind::Complex(subs) => find(subs, name),
            _ => None,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Schema {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) attributes: &'static [Attribute],
}

/// A kind of resource, with its schemas.
#[derive(Debug)]
pub(crate) struct ResourceType {
    pub(crate) name: &'static str,
    /// Where its resources are, beneath the base.
    pub(crate) endpoint: &'static str,
    pub(crate) about: &'static str,
    pub(crate) core: &'static Schema,
    pub(crate) extensions: &'static [&'static Schema],
}

impl ResourceType {
    /// An attribute of the core schema, or one that every resource has.
    pub(crate) fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        find(self.core.attributes, name).or_else(|| find(definitions::COMMON, name))
    }

    pub(crate) fn extension(&self, urn: &str) -> Option<&'static Schema> {
        self.extensions.iter().copied().find(|schema| schema.id.eq_ignore_ascii_case(urn))
    }
}

/// Names of attributes are compared without regard to case (RFC 7643, section 2.1).
pub(crate) fn find(attributes: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}
