//! Reading what a client sends: names in their canonical case, values of the right kind, nothing that we do not know.

use serde_json::{Map, Value};

use super::fault::{ScimFault, ScimResult};
use super::path::Document;
use super::schema::{Attribute, Kind, ResourceType, find};

/// The longest text of an attribute.
const LONGEST: usize = 2_000;
/// Values of a multi-valued attribute: but for the members of a group.
const MOST_VALUES: usize = 100;
pub(crate) const MOST_MEMBERS: usize = 10_000;

/// Reads the body of a POST or PUT (RFC 7644, sections 3.3 and 3.5.1). What is read-only or unknown is left out, as is
/// what has no value.
///
/// # Errors
/// `invalidSyntax` for what is no resource of this type, `invalidValue` for values that cannot be.
pub(crate) fn read(of: &'static ResourceType, body: &Value) -> ScimResult<Document> {
    let body = body.as_object().ok_or_else(|| ScimFault::syntax("A resource is a JSON object."))?;
    let mut document = Document::new();
    let mut of_this_type = false;
    for (name, value) in body {
        if name.eq_ignore_ascii_case("schemas") {
            let named = |urn: &Value| urn.as_str().is_some_and(|urn| urn.eq_ignore_ascii_case(of.core.id));
            of_this_type = value.as_array().is_some_and(|urns| urns.iter().any(named));
            continue;
        }
        if let Some(extension) = of.extension(name) {
            let read = fields(extension.attributes, value)?;
            if !read.is_empty() {
                document.insert(extension.id.to_owned(), Value::Object(read));
            }
            continue;
        }
        let Some(attribute) = of.attribute(name).filter(|it| !it.is_read_only()) else { continue };
        if let Some(value) = value_of(attribute, value)?
            && document.insert(attribute.name.to_owned(), value).is_some()
        {
            return Err(ScimFault::syntax(format!("{} is given twice.", attribute.name)));
        }
    }
    if !of_this_type {
        return Err(ScimFault::syntax(format!("The attribute schemas must name {}.", of.core.id)));
    }
    Ok(document)
}

/// The fields of a complex value, or of an extension.
fn fields(attributes: &'static [Attribute], value: &Value) -> ScimResult<Map<String, Value>> {
    let mut read = Map::new();
    let given = match value {
        Value::Null => return Ok(read),
        Value::Object(given) => given,
        _ => return Err(ScimFault::value("A complex value is a JSON object.")),
    };
    for (name, value) in given {
        let Some(attribute) = find(attributes, name).filter(|it| !it.is_read_only()) else { continue };
        if let Some(value) = value_of(attribute, value)? {
            read.insert(attribute.name.to_owned(), value);
        }
    }
    Ok(read)
}

/// A value of an attribute, all of them where it has many. `None`: it has no value then (RFC 7643, section 2.5).
///
/// # Errors
/// `invalidValue` for one of another kind, or too long.
pub(crate) fn value_of(attribute: &'static Attribute, value: &Value) -> ScimResult<Option<Value>> {
    if !attribute.many {
        return one_of(attribute, value);
    }
    let given = match value {
        Value::Null => return Ok(None),
        Value::Array(given) => given.as_slice(),
        // One value where there may be many: it is clear what is meant.
        one => std::slice::from_ref(one),
    };
    let most = if attribute.name == "members" { MOST_MEMBERS } else { MOST_VALUES };
    if given.len() > most {
        return Err(ScimFault::value(format!("{} has at most {most} values.", attribute.name)));
    }
    let mut read = Vec::with_capacity(given.len());
    for value in given {
        read.extend(one_of(attribute, value)?);
    }
    one_primary(&read)?;
    Ok((!read.is_empty()).then_some(Value::Array(read)))
}

/// One value.
///
/// # Errors
/// `invalidValue` for one of another kind, or too long.
pub(crate) fn one_of(attribute: &'static Attribute, value: &Value) -> ScimResult<Option<Value>> {
    let wrong = |what: &str| Err(ScimFault::value(format!("{} is {what}.", attribute.name)));
    match (attribute.kind, value) {
        (_, Value::Null) => Ok(None),
        (Kind::Text | Kind::Reference(_) | Kind::Moment, Value::String(text)) => {
            if text.chars().count() > LONGEST || text.chars().any(char::is_control) {
                return wrong("a line of text of at most 2000 characters");
            }
            Ok(Some(value.clone()))
        }
        (Kind::Text | Kind::Reference(_) | Kind::Moment, _) => wrong("text"),
        (Kind::Flag, Value::Bool(_)) => Ok(Some(value.clone())),
        // As one large directory writes it.
        (Kind::Flag, Value::String(text)) if text.eq_ignore_ascii_case("true") => Ok(Some(true.into())),
        (Kind::Flag, Value::String(text)) if text.eq_ignore_ascii_case("false") => Ok(Some(false.into())),
        (Kind::Flag, _) => wrong("true or false"),
        (Kind::Complex(subs), _) => {
            let read = fields(subs, value)?;
            if let Some(lacking) = subs.iter().find(|sub| sub.required && !read.contains_key(sub.name)) {
                return wrong(&format!("without its {}", lacking.name));
            }
            Ok((!read.is_empty()).then_some(Value::Object(read)))
        }
    }
}

/// RFC 7643, section 2.4: the primary attribute value `true` appears no more than once.
pub(crate) fn one_primary(values: &[Value]) -> ScimResult<()> {
    let primary = values.iter().filter(|value| value.get("primary") == Some(&Value::Bool(true)));
    if primary.count() > 1 {
        return Err(ScimFault::value("At most one value is the primary one."));
    }
    Ok(())
}
