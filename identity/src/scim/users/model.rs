use chrono::{DateTime, Utc};
use serde_json::Value;
use tenantry_kernel::{ScimUserId, UserId};

use crate::scim::answer::{Meta, whole};
use crate::scim::fault::{ScimFault, ScimResult};
use crate::scim::path::Document;
use crate::scim::schema::USER;
use crate::users::Email;

/// A row: what is looked up by in columns, the rest as the directory has it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ScimUser {
    pub(crate) id: ScimUserId,
    pub(crate) user_name: String,
    pub(crate) external_id: Option<String>,
    pub(crate) email: String,
    pub(crate) active: bool,
    /// The person, once they are a member.
    pub(crate) person: Option<UserId>,
    /// Their account's address and name as a member, once the directory has deactivated them.
    pub(crate) was: Option<(String, String)>,
    /// Whether the member's role comes from the groups.
    pub(crate) role_given: bool,
    /// Without `externalId` and `active`.
    pub(crate) attributes: Document,
    pub(crate) version: i64,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

/// What the product needs of a description.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) user_name: String,
    pub(super) external_id: Option<String>,
    pub(super) email: Email,
    pub(super) active: bool,
    pub(super) attributes: Document,
}

impl Described {
    /// # Errors
    /// `invalidValue` without a userName, or without an address that mail can be sent to.
    pub(super) fn of(document: Document) -> ScimResult<Self> {
        let mut attributes = document;
        let external_id = match attributes.remove("externalId") {
            Some(Value::String(text)) if text.chars().count() <= 1024 => Some(text),
            None => None,
            Some(_) => return Err(ScimFault::value("externalId has at most 1024 characters.")),
        };
        let active = match attributes.remove("active") {
            Some(Value::Bool(active)) => active,
            _ => true,
        };
        let user_name = attributes.get("userName").and_then(Value::as_str).unwrap_or_default().to_owned();
        if user_name.trim().is_empty() || user_name.chars().count() > 256 {
            return Err(ScimFault::value("userName has 1 to 256 characters."));
        }
        let email = address(&attributes).unwrap_or(&user_name);
        let email = email.parse().map_err(|_| {
            ScimFault::value(
                "A user has an e-mail address: in emails, the primary one first, or as userName.",
            )
        })?;
        Ok(Self { user_name, external_id, email, active, attributes })
    }
}

/// The primary address, or else the first.
fn address(attributes: &Document) -> Option<&str> {
    let all = attributes.get("emails")?.as_array()?;
    let primary = all.iter().find(|one| one.get("primary") == Some(&Value::Bool(true)));
    primary.or(all.first())?.get("value")?.as_str()
}

impl ScimUser {
    /// The attributes, as a PATCH changes them.
    pub(super) fn document(&self) -> Document {
        let mut document = self.attributes.clone();
        document.insert("active".to_owned(), self.active.into());
        if let Some(external) = &self.external_id {
            document.insert("externalId".to_owned(), external.as_str().into());
        }
        document
    }

    /// The whole resource, with the groups that the person is in.
    pub(super) fn resource(self, base: &str, groups: Vec<Value>) -> Document {
        let mut attributes = self.attributes;
        attributes.insert("active".to_owned(), self.active.into());
        if !groups.is_empty() {
            attributes.insert("groups".to_owned(), groups.into());
        }
        let meta = Meta {
            id: self.id.to_string(),
            external_id: self.external_id.as_deref(),
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        };
        whole(USER, base, meta, attributes)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scim::document::read;

    fn described(mut body: Value) -> ScimResult<Described> {
        body["schemas"] = json!(["urn:ietf:params:scim:schemas:core:2.0:User"]);
        read(USER, &body).and_then(Described::of)
    }

    #[test]
    fn a_person_is_known_by_the_primary_address_or_the_first_or_the_name() {
        for (body, wanted) in [
            (json!({ "userName": "ada", "emails": [{ "value": "A@Example.com" }] }), "a@example.com"),
            (
                json!({ "USERNAME": "ada", "emails": [{ "value": "a@example.com" },
                        { "value": "b@example.com", "primary": true }] }),
                "b@example.com",
            ),
            (json!({ "userName": "Ada@Example.com" }), "ada@example.com"),
        ] {
            let it = described(body).unwrap();
            assert_eq!(it.email.as_str(), wanted);
            assert!(it.active, "who is made is active unless it is said otherwise");
        }
        for body in [
            json!({ "emails": [{ "value": "a@example.com" }] }),
            json!({ "userName": " ", "emails": [{ "value": "a@example.com" }] }),
            json!({ "userName": "ada" }),
            json!({ "userName": "ada", "emails": [{ "value": "nobody" }] }),
            json!({ "userName": "ada", "emails": [{ "type": "work" }] }),
            json!({ "userName": 7, "emails": [{ "value": "a@example.com" }] }),
            json!({ "userName": "ada\n", "emails": [{ "value": "a@example.com" }] }),
        ] {
            assert_eq!(described(body.clone()).unwrap_err().kind, Some("invalidValue"), "{body}");
        }
    }

    #[test]
    fn what_is_unknown_or_read_only_is_not_kept() {
        let it = described(json!({
            "userName": "ada@example.com", "id": "x", "meta": { "version": "y" }, "groups": [{ "value": "z" }],
            "password": "hunter2", "colour": "blue", "name": { "givenName": "Ada", "colour": "blue" },
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "department": "D", "colour": "blue" },
        }))
        .unwrap();
        let kept = serde_json::to_value(&it.attributes).unwrap();
        assert_eq!(
            kept,
            json!({
                "userName": "ada@example.com", "name": { "givenName": "Ada" },
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "department": "D" },
            })
        );
        let twice = json!({ "userName": "a@example.com", "username": "b@example.com" });
        assert_eq!(described(twice).unwrap_err().kind, Some("invalidSyntax"));
        let other =
            json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "userName": "a@b.c" });
        assert_eq!(read(USER, &other).unwrap_err().kind, Some("invalidSyntax"));
    }
}
