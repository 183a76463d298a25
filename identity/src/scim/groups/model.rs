use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tenantry_kernel::{ScimGroupId, ScimUserId};

use crate::roles::AssignedRole;
use crate::scim::answer::{Meta, location, whole};
use crate::scim::fault::{ScimFault, ScimResult};
use crate::scim::path::Document;
use crate::scim::schema::{GROUP, USER};

/// A row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ScimGroup {
    pub(crate) id: ScimGroupId,
    pub(crate) display_name: String,
    pub(crate) external_id: Option<String>,
    /// What its members become.
    pub(crate) role: Option<AssignedRole>,
    pub(crate) version: i64,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

/// What a description says.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) display_name: String,
    pub(super) external_id: Option<String>,
    /// Each once, in order.
    pub(super) members: Vec<ScimUserId>,
}

impl Described {
    /// # Errors
    /// `invalidValue` without a displayName, or with a member that is no user.
    pub(super) fn of(document: &Document) -> ScimResult<Self> {
        let text = |name: &str| document.get(name).and_then(Value::as_str);
        let display_name = text("displayName").unwrap_or_default().to_owned();
        if display_name.trim().is_empty() || display_name.chars().count() > 256 {
            return Err(ScimFault::value("displayName has 1 to 256 characters."));
        }
        let external_id = text("externalId").map(str::to_owned);
        if external_id.as_ref().is_some_and(|id| id.chars().count() > 1024) {
            return Err(ScimFault::value("externalId has at most 1024 characters."));
        }
        let given = document.get("members").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let mut members = given.iter().map(member).collect::<ScimResult<Vec<_>>>()?;
        members.sort_unstable();
        members.dedup();
        Ok(Self { display_name, external_id, members })
    }
}

fn member(value: &Value) -> ScimResult<ScimUserId> {
    let id = value.get("value").and_then(Value::as_str);
    id.and_then(|id| id.parse().ok()).ok_or_else(no_user)
}

pub(super) fn no_user() -> ScimFault {
    ScimFault::value(
        "A member is named by the id of a user, in value. Groups within groups are not supported.",
    )
}

impl ScimGroup {
    /// The attributes, as a PATCH changes them.
    pub(super) fn document(&self, base: &str, members: &[ScimUserId]) -> Document {
        let mut document = Document::new();
        document.insert("displayName".to_owned(), self.display_name.as_str().into());
        if let Some(external) = &self.external_id {
            document.insert("externalId".to_owned(), external.as_str().into());
        }
        if !members.is_empty() {
            let each = members.iter().map(|id| {
                let id = id.to_string();
                let at = location(USER, base, &id);
                json!({ "value": id, "$ref": at, "type": "User" })
            });
            document.insert("members".to_owned(), each.collect());
        }
        document
    }

    /// The whole resource.
    pub(super) fn resource(self, base: &str, members: &[ScimUserId]) -> Document {
        let attributes = self.document(base, members);
        let meta = Meta {
            id: self.id.to_string(),
            external_id: self.external_id.as_deref(),
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        };
        whole(GROUP, base, meta, attributes)
    }
}
