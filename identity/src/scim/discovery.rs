//! What the interface can do (RFC 7643, section 5; RFC 7644, section 4).

use serde_json::{Value, json};

use super::fault::ScimFault;
use super::query::MOST;
use super::schema;
use crate::Identity;

impl Identity {
    /// `/ServiceProviderConfig`
    pub fn scim_config(base: &str) -> Value {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
            "patch": { "supported": true },
            "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
            "filter": { "supported": true, "maxResults": MOST },
            "changePassword": { "supported": false },
            "sort": { "supported": false },
            "etag": { "supported": true },
            "authenticationSchemes": [{
                "type": "oauthbearertoken",
                "name": "Provisioning token",
                "description": "A token of the organisation's page for provisioning, as a bearer token (RFC 6750).",
                "specUri": "https://www.rfc-editor.org/info/rfc6750",
                "primary": true,
            }],
            "meta": { "resourceType": "ServiceProviderConfig", "location": format!("{base}/ServiceProviderConfig") },
        })
    }

    /// `/Schemas`, or one of them.
    ///
    /// # Errors
    /// 404 for one that there is not.
    pub fn scim_schemas(base: &str, id: Option<&str>) -> Result<Value, ScimFault> {
        listed(schema::schemas(base), ("schema", id))
    }

    /// `/ResourceTypes`, or one of them.
    ///
    /// # Errors
    /// 404 for one that there is not.
    pub fn scim_resource_types(base: &str, id: Option<&str>) -> Result<Value, ScimFault> {
        listed(schema::resource_types(base), ("resource type", id))
    }
}

fn listed(all: Vec<(&'static str, Value)>, (what, id): (&str, Option<&str>)) -> Result<Value, ScimFault> {
    if let Some(id) = id {
        let found = all.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(id));
        return found.map(|(_, one)| one).ok_or_else(|| ScimFault::not_found(what));
    }
    Ok(json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": all.len(),
        "startIndex": 1,
        "itemsPerPage": all.len(),
        "Resources": all.into_iter().map(|(_, one)| one).collect::<Vec<_>>(),
    }))
}
