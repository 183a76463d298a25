//! From a provider's attributes to an e-mail address, a name and groups.

use super::assertion::Assertion;
use super::names::NAMEID_EMAIL;

/// Microsoft's providers send this link instead of the groups of somebody who is in more than 150.
const OVERAGE: &str = "http://schemas.microsoft.com/claims/groups.link";

/// An attribute as the provider sent it: its values in their order, none of them empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    pub name: String,
    pub friendly_name: Option<String>,
    pub values: Vec<String>,
}

/// Under which names a provider sends what. A name is compared exactly, with an attribute's `Name` first and with its
/// `FriendlyName` after that; of several names the first that is there counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeNames {
    pub email: Vec<String>,
    pub name: Vec<String>,
    pub given_name: Vec<String>,
    pub surname: Vec<String>,
    pub groups: Vec<String>,
}

/// What a person is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// None when the provider sends none, or several different ones: which of them is the person's is not ours to guess.
    pub email: Option<String>,
    pub name: Option<String>,
    /// In the provider's order, each once.
    pub groups: Vec<String>,
    /// The provider says that there are more groups than it sends: nothing may be taken away for a group that lacks.
    pub groups_incomplete: bool,
}

impl Default for AttributeNames {
    /// The names of AD FS and Entra ID, of LDAP (as OID, RFC 4519, RFC 2798, eduPerson), and those that Okta, Google and
    /// Keycloak have in their guides.
    fn default() -> Self {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            email: names(&[
                "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
                "http://schemas.xmlsoap.org/claims/EmailAddress",
                "urn:oid:0.9.2342.19200300.100.1.3",
                "urn:oid:1.2.840.113549.1.9.1",
                "email",
                "mail",
                "emailAddress",
            ]),
            name: names(&[
                "http://schemas.microsoft.com/identity/claims/displayname",
                "http://schemas.xmlsoap.org/claims/CommonName",
                "urn:oid:2.16.840.1.113730.3.1.241",
                "urn:oid:2.5.4.3",
                "displayName",
                "name",
                "cn",
            ]),
            given_name: names(&[
                "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname",
                "urn:oid:2.5.4.42",
                "givenName",
                "firstName",
            ]),
            surname: names(&[
                "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname",
                "urn:oid:2.5.4.4",
                "sn",
                "surname",
                "lastName",
            ]),
            groups: names(&[
                "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups",
                "http://schemas.xmlsoap.org/claims/Group",
                "urn:oid:1.3.6.1.4.1.5923.1.5.1.1",
                "groups",
                "memberOf",
            ]),
        }
    }
}

impl AttributeNames {
    /// What the assertion says about its subject. The address is as the provider wrote it, and not proven by us.
    pub fn read(&self, assertion: &Assertion) -> Profile {
        let values = |names: &[String]| find(&assertion.attributes, names);
        let first = |names: &[String]| values(names).into_iter().next();
        let name = first(&self.name).or_else(|| {
            let parts = [first(&self.given_name), first(&self.surname)];
            let whole = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
            (!whole.is_empty()).then_some(whole)
        });
        let subject = &assertion.subject;
        let mut emails = values(&self.email);
        if emails.is_empty() && subject.format.as_deref() == Some(NAMEID_EMAIL) {
            emails.push(subject.value.clone());
        }
        Profile {
            email: if emails.len() == 1 { emails.pop() } else { None },
            name,
            groups: values(&self.groups),
            groups_incomplete: assertion.attributes.iter().any(|attribute| attribute.name == OVERAGE),
        }
    }
}

/// The values under the first of the names that has any, each once.
fn find(attributes: &[Attribute], names: &[String]) -> Vec<String> {
    let by_name = |name: &String| collect(attributes, |attribute| &attribute.name == name);
    let by_friendly_name =
        |name: &String| collect(attributes, |attribute| attribute.friendly_name.as_ref() == Some(name));
    let mut found = names.iter().map(by_name).chain(names.iter().map(by_friendly_name));
    found.find(|values| !values.is_empty()).unwrap_or_default()
}

fn collect(attributes: &[Attribute], named: impl Fn(&Attribute) -> bool) -> Vec<String> {
    let mut values = Vec::new();
    for value in attributes.iter().filter(|attribute| named(attribute)).flat_map(|found| &found.values) {
        if !values.contains(value) {
            values.push(value.clone());
        }
    }
    values
}
