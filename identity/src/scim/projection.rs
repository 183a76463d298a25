//! What of a resource is answered with: `attributes` and `excludedAttributes` (RFC 7644, section 3.9).

use serde_json::Value;

use super::fault::ScimFault;
use super::path::{AttributePath, Document, Target};
use super::schema::ResourceType;

/// A client's wish. By default everything.
#[derive(Debug, Clone, Default)]
pub struct Projection {
    only: Vec<String>,
    without: Vec<String>,
}

impl Projection {
    /// From the two parameters, each a list with commas.
    ///
    /// # Errors
    /// `invalidValue` where both are given: they exclude each other.
    pub fn new(only: Vec<String>, without: Vec<String>) -> Result<Self, ScimFault> {
        let clean = |all: Vec<String>| -> Vec<String> {
            let each = all.iter().flat_map(|list| list.split(',')).map(str::trim).filter(|it| !it.is_empty());
            each.take(100).map(str::to_owned).collect()
        };
        let (only, without) = (clean(only), clean(without));
        if !only.is_empty() && !without.is_empty() {
            return Err(ScimFault::value("attributes and excludedAttributes exclude each other."));
        }
        Ok(Self { only, without })
    }

    /// Leaves in a resource what is asked for. `schemas` and what is always returned stay. What the type does not have is
    /// asked for in vain.
    pub(crate) fn apply(&self, of: &'static ResourceType, document: Document) -> Document {
        if !self.only.is_empty() {
            let mut kept = Document::new();
            for name in ["schemas", "id"] {
                if let Some(value) = document.get(name) {
                    kept.insert(name.to_owned(), value.clone());
                }
            }
            for path in &self.only {
                if let Some(target) = AttributePath(path.clone()).target(of) {
                    keep(&document, &mut kept, target);
                }
            }
            return kept;
        }
        let mut rest = document;
        for path in &self.without {
            if let Some(target) = AttributePath(path.clone()).target(of) {
                leave_out(&mut rest, target);
            }
        }
        rest
    }
}

fn keep(document: &Document, kept: &mut Document, target: Target) {
    let (extension, attribute, sub) = match target {
        Target::Extension(schema) => {
            if let Some(value) = document.get(schema.id) {
                kept.insert(schema.id.to_owned(), value.clone());
            }
            return;
        }
        Target::Attribute { extension, attribute, sub } => (extension, attribute, sub),
    };
    let (from, into) = match extension {
        None => (Some(document), Some(kept)),
        Some(schema) => {
            let from = document.get(schema.id).and_then(Value::as_object);
            let into = match from {
                Some(_) => {
                    kept.entry(schema.id).or_insert_with(|| Value::Object(Document::new())).as_object_mut()
                }
                None => None,
            };
            (from, into)
        }
    };
    let (Some(value), Some(into)) = (from.and_then(|from| from.get(attribute.name)), into) else { return };
    let Some(sub) = sub else {
        into.insert(attribute.name.to_owned(), value.clone());
        return;
    };
    let part = |value: &Value| {
        let value = value.get(sub.name)?.clone();
        Some(Document::from_iter([(sub.name.to_owned(), value)]))
    };
    match (value, into.get_mut(attribute.name)) {
        // Asked for as a whole, or another part of it, before.
        (Value::Object(_), Some(Value::Object(present))) => present.extend(part(value).into_iter().flatten()),
        (Value::Array(values), Some(Value::Array(present))) => {
            let both = present.iter_mut().filter_map(Value::as_object_mut).zip(values);
            both.for_each(|(present, value)| present.extend(part(value).into_iter().flatten()));
        }
        (Value::Array(values), _) => {
            let parts = values.iter().map(|value| Value::Object(part(value).unwrap_or_default())).collect();
            into.insert(attribute.name.to_owned(), Value::Array(parts));
        }
        _ => drop(into.insert(attribute.name.to_owned(), Value::Object(part(value).unwrap_or_default()))),
    }
}

fn leave_out(document: &mut Document, target: Target) {
    match target {
        Target::Extension(schema) => drop(document.remove(schema.id)),
        Target::Attribute { attribute, .. } if attribute.returned == "always" => {}
        Target::Attribute { extension, attribute, sub } => {
            let holder = match extension {
                None => Some(document),
                Some(schema) => document.get_mut(schema.id).and_then(Value::as_object_mut),
            };
            let Some(holder) = holder else { return };
            let Some(sub) = sub else {
                holder.remove(attribute.name);
                return;
            };
            match holder.get_mut(attribute.name) {
                Some(Value::Object(value)) => drop(value.remove(sub.name)),
                Some(Value::Array(values)) => {
                    values
                        .iter_mut()
                        .filter_map(Value::as_object_mut)
                        .for_each(|it| drop(it.remove(sub.name)));
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scim::schema::USER;

    fn seen(only: &[&str], without: &[&str]) -> Value {
        let list = |all: &[&str]| all.iter().map(|it| (*it).to_owned()).collect();
        let Value::Object(document) = json!({
            "schemas": ["s"], "id": "1", "userName": "a", "title": "t",
            "name": { "familyName": "F", "givenName": "G" },
            "emails": [{ "value": "a@b", "type": "work" }, { "value": "c@d" }],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "department": "D", "division": "V" },
        }) else {
            return Value::Null;
        };
        Value::Object(Projection::new(list(only), list(without)).unwrap().apply(USER, document))
    }

    #[test]
    fn what_is_asked_for_is_answered_and_what_is_excluded_is_not() {
        let base = json!({ "schemas": ["s"], "id": "1" });
        let with = |more: Value| {
            let (Value::Object(mut all), Value::Object(more)) = (base.clone(), more) else {
                return Value::Null;
            };
            all.extend(more);
            Value::Object(all)
        };
        assert_eq!(seen(&["USERNAME, colour"], &[]), with(json!({ "userName": "a" })));
        assert_eq!(seen(&["name.familyName"], &[]), with(json!({ "name": { "familyName": "F" } })));
        assert_eq!(
            seen(&["name.familyName,name.givenName"], &[])["name"],
            json!({ "familyName": "F", "givenName": "G" })
        );
        assert_eq!(
            seen(&["emails.type", "emails.value"], &[])["emails"][0],
            json!({ "value": "a@b", "type": "work" })
        );
        let urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        assert_eq!(seen(&[&format!("{urn}:division")], &[]), with(json!({ urn: { "division": "V" } })));
        assert_eq!(seen(&[urn], &[])[urn]["department"], "D");
        let less = seen(&[], &["id,schemas,title,emails.type,name.givenName", urn]);
        assert_eq!(
            less,
            with(
                json!({ "userName": "a", "name": { "familyName": "F" }, "emails": [{ "value": "a@b" }, { "value": "c@d" }] })
            )
        );
        assert!(Projection::new(vec!["a".into()], vec!["b".into()]).is_err());
    }
}
