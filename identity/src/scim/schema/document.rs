//! `/Schemas` and `/ResourceTypes` (RFC 7643, sections 6 and 7; RFC 7644, section 4).

use serde_json::{Map, Value, json};

use super::{ALL, Attribute, Kind, Schema};

/// The schemas, each with its id.
pub(crate) fn schemas(base: &str) -> Vec<(&'static str, Value)> {
    let each = ALL.iter().flat_map(|it| std::iter::once(it.core).chain(it.extensions.iter().copied()));
    each.map(|schema| (schema.id, schema_of(schema, base))).collect()
}

/// The types of resources, each with its id.
pub(crate) fn resource_types(base: &str) -> Vec<(&'static str, Value)> {
    let extensions = |it: &[&Schema]| -> Vec<Value> {
        it.iter().map(|extension| json!({ "schema": extension.id, "required": false })).collect()
    };
    let one = |it: &&'static super::ResourceType| {
        let document = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": it.name,
            "name": it.name,
            "endpoint": it.endpoint,
            "description": it.about,
            "schema": it.core.id,
            "schemaExtensions": extensions(it.extensions),
            "meta": { "resourceType": "ResourceType", "location": format!("{base}/ResourceTypes/{}", it.name) },
        });
        (it.name, document)
    };
    ALL.iter().map(one).collect()
}

fn schema_of(schema: &Schema, base: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
        "id": schema.id,
        "name": schema.name,
        "description": schema.about,
        "attributes": schema.attributes.iter().map(attribute).collect::<Vec<_>>(),
        "meta": { "resourceType": "Schema", "location": format!("{base}/Schemas/{}", schema.id) },
    })
}

fn attribute(it: &Attribute) -> Value {
    let kind = match it.kind {
        Kind::Text => "string",
        Kind::Flag => "boolean",
        Kind::Moment => "dateTime",
        Kind::Reference(_) => "reference",
        Kind::Complex(_) => "complex",
    };
    let mut shown: Map<String, Value> = Map::new();
    let mut put = |name: &str, value: Value| drop(shown.insert(name.to_owned(), value));
    put("name", it.name.into());
    put("type", kind.into());
    put("multiValued", it.many.into());
    put("description", it.about.into());
    put("required", it.required.into());
    put("mutability", it.mutability.into());
    put("returned", it.returned.into());
    if matches!(it.kind, Kind::Text | Kind::Reference(_)) {
        put("caseExact", it.case_exact.into());
        put("uniqueness", it.uniqueness.into());
    }
    if !it.canonical.is_empty() {
        put("canonicalValues", it.canonical.into());
    }
    match it.kind {
        Kind::Reference(types) => put("referenceTypes", types.into()),
        Kind::Complex(subs) => put("subAttributes", subs.iter().map(attribute).collect()),
        _ => {}
    }
    Value::Object(shown)
}
