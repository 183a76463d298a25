use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::call::{ScimCall, etag, names_version};
use super::path::Document;
use super::schema::ResourceType;

/// A resource, as its client gets it.
#[derive(Debug, Clone)]
pub struct ScimAnswer {
    pub body: Value,
    /// The header ETag.
    pub etag: String,
    /// Where the resource is.
    pub location: String,
}

impl ScimAnswer {
    /// Whether the client, by its If-None-Match, has this version already.
    pub fn is_known(&self, if_none_match: &str) -> bool {
        names_version(if_none_match, &self.etag)
    }
}

/// What every resource has beside its attributes.
pub(super) struct Meta<'a> {
    pub(super) id: String,
    pub(super) external_id: Option<&'a str>,
    pub(super) version: i64,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
}

/// The whole resource.
pub(super) fn whole(of: &'static ResourceType, base: &str, meta: Meta<'_>, attributes: Document) -> Document {
    let mut document = attributes;
    let moment = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let extensions = of.extensions.iter().filter(|schema| document.contains_key(schema.id));
    let schemas: Vec<Value> =
        std::iter::once(of.core).chain(extensions.copied()).map(|schema| schema.id.into()).collect();
    let location = location(of, base, &meta.id);
    document.insert("schemas".to_owned(), schemas.into());
    if let Some(external) = meta.external_id {
        document.insert("externalId".to_owned(), external.into());
    }
    document.insert(
        "meta".to_owned(),
        json!({
            "resourceType": of.name,
            "created": moment(meta.created_at),
            "lastModified": moment(meta.updated_at),
            "location": location,
            "version": etag(meta.version),
        }),
    );
    document.insert("id".to_owned(), meta.id.into());
    document
}

pub(super) fn location(of: &ResourceType, base: &str, id: &str) -> String {
    format!("{base}{}/{id}", of.endpoint)
}

/// The answer to a request about one resource.
pub(super) fn answer(
    of: &'static ResourceType,
    call: ScimCall<'_>,
    (version, document): (i64, Document),
) -> ScimAnswer {
    let id = document.get("id").and_then(Value::as_str).unwrap_or_default();
    let location = location(of, call.base, id);
    let body = Value::Object(call.projection.apply(of, document));
    ScimAnswer { body, etag: etag(version), location }
}
