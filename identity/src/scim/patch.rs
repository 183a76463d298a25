//! Changing a resource in parts (RFC 7644, section 3.5.2).
//!
//! Beyond the RFC, because large directories do so: operations are named in any case; an operation without a path may name
//! its attributes by paths (`"name.givenName": …`); adding to `emails[type eq "work"].value` where there is no such
//! value makes one; removing from a multi-valued attribute with a value takes those values alone.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::document::{one_of, one_primary, value_of};
use super::fault::{ScimFault, ScimResult};
use super::filter::{Filter, Operator, brackets, filter};
use super::path::{AttributePath, Document, Target};
use super::schema::{Attribute, ResourceType, Schema};

const SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
const MOST_OPERATIONS: usize = 1_000;
/// Of comparisons, which nothing interrupts: enough for a hundred single members out of ten thousand.
const MOST_WORK: usize = 10_000_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Add,
    Replace,
    Remove,
}

const MEMBERS: &str = "members";
/// `a eq 1 or `
const SHORTEST_CONDITION: usize = 10;

/// Applies the operations of a PATCH to a resource: all of them, or none.
///
/// # Errors
/// `invalidSyntax` for what is no PATCH; `invalidPath`, `noTarget`, `invalidValue` and `mutability` for an operation
/// that cannot be done.
pub(crate) fn patch(of: &'static ResourceType, document: &Document, body: &Value) -> ScimResult<Document> {
    let named = |urn: &Value| urn.as_str().is_some_and(|urn| urn.eq_ignore_ascii_case(SCHEMA));
    if !field(body, "schemas").and_then(Value::as_array).is_some_and(|urns| urns.iter().any(named)) {
        return Err(ScimFault::syntax(format!("The attribute schemas must name {SCHEMA}.")));
    }
    let operations = field(body, "Operations").and_then(Value::as_array);
    let operations = operations.filter(|all| !all.is_empty() && all.len() <= MOST_OPERATIONS);
    let operations = operations
        .ok_or_else(|| ScimFault::syntax(format!("Operations has 1 to {MOST_OPERATIONS} operations.")))?;
    let mut patched = document.clone();
    let mut work = 0_usize;
    for operation in operations {
        work = work.saturating_add(cost(&patched, operation));
        if work > MOST_WORK {
            return Err(ScimFault::bad(
                "tooMany",
                "These are too many changes at once: send fewer operations.",
            ));
        }
        apply(of, &mut patched, operation)?;
    }
    // An extension without attributes is none.
    patched.retain(|_, value| !value.as_object().is_some_and(Map::is_empty));
    Ok(patched)
}

/// How many comparisons an operation may take, at the most: each value there is with each condition of the path, and
/// each value that is given once.
fn cost(document: &Document, operation: &Value) -> usize {
    let there: usize = document.values().filter_map(Value::as_array).map(Vec::len).sum();
    let conditions =
        field(operation, "path").and_then(Value::as_str).map_or(0, str::len) / SHORTEST_CONDITION;
    let given = field(operation, "value").map_or(0, values_in);
    there.saturating_mul(1 + conditions).saturating_add(given)
}

/// The lists in a value, which may be an object of attributes.
fn values_in(value: &Value) -> usize {
    match value {
        Value::Array(all) => all.len(),
        Value::Object(attributes) => attributes.values().filter_map(Value::as_array).map(Vec::len).sum(),
        _ => 1,
    }
}

fn field<'a>(body: &'a Value, name: &str) -> Option<&'a Value> {
    body.as_object()?.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn apply(of: &'static ResourceType, document: &mut Document, operation: &Value) -> ScimResult<()> {
    let verb = field(operation, "op").and_then(Value::as_str).unwrap_or_default();
    let verb = match verb.to_ascii_lowercase().as_str() {
        "add" => Verb::Add,
        "replace" => Verb::Replace,
        "remove" => Verb::Remove,
        _ => return Err(ScimFault::syntax("An operation's op is add, replace or remove.")),
    };
    let value = field(operation, "value");
    let path = match field(operation, "path") {
        None | Some(Value::Null) => None,
        Some(Value::String(path)) if path.is_empty() => None,
        Some(Value::String(path)) => Some(path.as_str()),
        Some(_) => return Err(ScimFault::path("A path is text.")),
    };
    match (path, verb) {
        (Some(path), _) => change(of, document, (verb, path, value)),
        (None, Verb::Remove) => Err(ScimFault::bad("noTarget", "What is to be removed is named by a path.")),
        (None, _) => {
            let given = value.and_then(Value::as_object);
            let given =
                given.ok_or_else(|| ScimFault::value("Without a path the value is a JSON object."))?;
            // What a path would refuse is left out, as in a whole resource: it says nothing about one attribute.
            let mut known = given.iter().filter(|(name, _)| is_writable(of, name));
            known.try_for_each(|(name, value)| change(of, document, (verb, name, Some(value))))
        }
    }
}

fn is_writable(of: &'static ResourceType, path: &str) -> bool {
    match Place::read(of, path).map(|place| place.target) {
        Ok(Target::Extension(_)) => true,
        Ok(Target::Attribute { attribute, .. }) => !attribute.is_read_only(),
        Err(_) => false,
    }
}

/// A path of a PATCH: an attribute, which of its values, and what of them.
struct Place {
    target: Target,
    filter: Option<Filter>,
}

impl Place {
    fn read(of: &'static ResourceType, path: &str) -> ScimResult<Self> {
        let unknown = || {
            let shown: String = path.chars().take(80).collect();
            ScimFault::path(format!("A {} has nothing at the path {shown:?}.", of.name))
        };
        let Some((name, rest)) = path.split_once('[') else {
            let target = AttributePath(path.trim().to_owned()).target(of).ok_or_else(unknown)?;
            return Ok(Self { target, filter: None });
        };
        let end = brackets(rest).ok_or_else(unknown)?;
        let (within, after) = rest.split_at_checked(end).ok_or_else(unknown)?;
        let sub = after.strip_prefix(']').unwrap_or_default();
        let whole = if sub.is_empty() || sub.starts_with('.') {
            format!("{name}{sub}")
        } else {
            return Err(unknown());
        };
        let target = AttributePath(whole).target(of).ok_or_else(unknown)?;
        let filter = filter(within)?;
        match target {
            Target::Attribute { attribute, .. } if attribute.many => filter.check_inner(attribute)?,
            _ => return Err(unknown()),
        }
        Ok(Self { target, filter: Some(filter) })
    }
}

fn change(
    of: &'static ResourceType,
    document: &mut Document,
    (verb, path, value): (Verb, &str, Option<&Value>),
) -> ScimResult<()> {
    let place = Place::read(of, path)?;
    let value = match (verb, value) {
        (Verb::Remove, value) => value.unwrap_or(&Value::Null),
        (_, Some(value)) => value,
        (_, None) => return Err(ScimFault::value("An operation that adds or replaces has a value.")),
    };
    let (extension, attribute, sub) = match place.target {
        Target::Extension(schema) => return whole_extension(of, document, (verb, schema, value)),
        Target::Attribute { extension, attribute, sub } => (extension, attribute, sub),
    };
    let fixed = sub.is_some_and(Attribute::is_read_only) || attribute.is_read_only();
    // The values of an immutable sub-attribute come and go with the whole.
    if fixed || (sub.is_some_and(|sub| sub.mutability == "immutable")) {
        return Err(ScimFault::mutability(format!("{path:?} cannot be changed.")));
    }
    let holder = match extension {
        None => document,
        Some(schema) => {
            let holder = document.entry(schema.id).or_insert_with(|| Value::Object(Map::new()));
            holder.as_object_mut().ok_or_else(|| ScimFault::value("An extension is a JSON object."))?
        }
    };
    let current = holder.remove(attribute.name);
    let changed = match (attribute.many, sub) {
        (true, _) => many(attribute, (current, sub, place.filter), (verb, value))?,
        (false, Some(sub)) => part(attribute, (current, sub), (verb, value))?,
        (false, None) => single(attribute, current, (verb, value))?,
    };
    match changed {
        Some(changed) => drop(holder.insert(attribute.name.to_owned(), changed)),
        None if attribute.required => {
            return Err(ScimFault::mutability(format!("{} cannot be without a value.", attribute.name)));
        }
        None => {}
    }
    Ok(())
}

/// An extension by its URN: its attributes are changed one by one, or all are gone.
fn whole_extension(
    of: &'static ResourceType,
    document: &mut Document,
    (verb, schema, value): (Verb, &'static Schema, &Value),
) -> ScimResult<()> {
    if verb == Verb::Remove {
        document.remove(schema.id);
        return Ok(());
    }
    let given = value.as_object().ok_or_else(|| ScimFault::value("An extension is a JSON object."))?;
    for (name, value) in given {
        let path = format!("{}:{name}", schema.id);
        if is_writable(of, &path) {
            change(of, document, (verb, &path, Some(value)))?;
        }
    }
    Ok(())
}

/// An attribute with one value. Of a complex one, what is not given stays (RFC 7644, section 3.5.2.3).
fn single(
    attribute: &'static Attribute,
    current: Option<Value>,
    (verb, value): (Verb, &Value),
) -> ScimResult<Option<Value>> {
    if verb == Verb::Remove {
        return Ok(None);
    }
    Ok(match (value_of(attribute, value)?, current) {
        (Some(Value::Object(given)), Some(Value::Object(mut present))) => {
            present.extend(given);
            Some(Value::Object(present))
        }
        (given, _) => given,
    })
}

/// A sub-attribute of a complex attribute with one value.
fn part(
    attribute: &'static Attribute,
    (current, sub): (Option<Value>, &'static Attribute),
    (verb, value): (Verb, &Value),
) -> ScimResult<Option<Value>> {
    let mut whole = match current {
        Some(Value::Object(whole)) => whole,
        _ => Map::new(),
    };
    set(&mut whole, sub, (verb, value))?;
    one_of(attribute, &Value::Object(whole))
}

fn set(
    whole: &mut Map<String, Value>,
    sub: &'static Attribute,
    (verb, value): (Verb, &Value),
) -> ScimResult<()> {
    let value = if verb == Verb::Remove { None } else { value_of(sub, value)? };
    match value {
        Some(value) => drop(whole.insert(sub.name.to_owned(), value)),
        None => drop(whole.remove(sub.name)),
    }
    Ok(())
}

/// An attribute with many values: all of them, or those that a filter means.
fn many(
    attribute: &'static Attribute,
    (current, sub, filter): (Option<Value>, Option<&'static Attribute>, Option<Filter>),
    (verb, value): (Verb, &Value),
) -> ScimResult<Option<Value>> {
    let mut values = match current {
        Some(Value::Array(values)) => values,
        _ => Vec::new(),
    };
    match (filter, sub) {
        (None, None) => values = all(attribute, values, (verb, value))?,
        (filter, sub) => {
            let meant = |value: &Value| filter.as_ref().is_none_or(|it| it.matches_value(value, attribute));
            if !values.iter().any(meant) {
                match (verb, filter.as_ref().and_then(|it| example(it, attribute))) {
                    (Verb::Add, Some(fresh)) => values.push(Value::Object(fresh)),
                    // What is not there is gone already.
                    (Verb::Remove, _) => {}
                    _ => return Err(ScimFault::bad("noTarget", "There is no value that the path means.")),
                }
            }
            values = some(attribute, (values, &meant, sub), (verb, value))?;
        }
    }
    one_primary(&values)?;
    Ok((!values.is_empty()).then_some(Value::Array(values)))
}

/// All values of an attribute: others beside them, instead of them, or none of them.
fn all(
    attribute: &'static Attribute,
    mut values: Vec<Value>,
    (verb, value): (Verb, &Value),
) -> ScimResult<Vec<Value>> {
    let given = match value_of(attribute, value)? {
        Some(Value::Array(given)) => given,
        _ => Vec::new(),
    };
    match verb {
        Verb::Replace => return Ok(given),
        Verb::Remove if value.is_null() => return Ok(Vec::new()),
        Verb::Remove => {
            let gone: HashSet<String> = given.iter().map(identity).collect();
            values.retain(|value| !gone.contains(&identity(value)));
            return Ok(values);
        }
        Verb::Add => {}
    }
    // What is there already is no change (section 3.5.2.1), and takes nothing from the others. Of two members, what they
    // are called makes no difference.
    let key = |value: &Value| if attribute.name == MEMBERS { identity(value) } else { value.to_string() };
    let mut there: HashSet<String> = values.iter().map(key).collect();
    let given: Vec<Value> = given.into_iter().filter(|value| there.insert(key(value))).collect();
    if given.iter().any(|value| value.get("primary") == Some(&Value::Bool(true))) {
        // RFC 7644, section 3.5.2: the primary value that was is it no longer.
        values.iter_mut().filter_map(Value::as_object_mut).for_each(|value| drop(value.remove("primary")));
    }
    values.extend(given);
    value_of(attribute, &Value::Array(values)).map(|all| match all {
        Some(Value::Array(all)) => all,
        _ => Vec::new(),
    })
}

/// What a value is of: two with the same are the same thing.
fn identity(value: &Value) -> String {
    value.get("value").unwrap_or(value).to_string()
}

/// The values there are, which of them are meant, and which sub-attribute of each.
type Meant<'a> = (Vec<Value>, &'a dyn Fn(&Value) -> bool, Option<&'static Attribute>);

/// The values that are meant, or a sub-attribute of each.
fn some(
    attribute: &'static Attribute,
    (values, meant, sub): Meant<'_>,
    (verb, value): (Verb, &Value),
) -> ScimResult<Vec<Value>> {
    let given = match sub {
        None if verb != Verb::Remove => one_of(attribute, &filled(attribute, value))?,
        _ => None,
    };
    let mut changed = Vec::with_capacity(values.len());
    for present in values {
        if !meant(&present) {
            changed.push(present);
            continue;
        }
        let Value::Object(mut whole) = present else { continue };
        match (verb, sub) {
            (_, Some(sub)) => {
                set(&mut whole, sub, (verb, value))?;
                changed.extend(one_of(attribute, &Value::Object(whole))?);
            }
            (Verb::Remove, None) => {}
            (Verb::Replace, None) => changed.extend(given.clone()),
            (Verb::Add, None) => {
                if let Some(Value::Object(given)) = &given {
                    whole.extend(given.clone());
                }
                changed.push(Value::Object(whole));
            }
        }
    }
    Ok(changed)
}

/// A plain value where a complex one is expected is its `value`.
fn filled(attribute: &Attribute, value: &Value) -> Value {
    if value.is_string() && attribute.sub("value").is_some() {
        return Value::Object(Map::from_iter([("value".to_owned(), value.clone())]));
    }
    value.clone()
}

/// The value that a filter describes, where it says only what equals what.
fn example(filter: &Filter, of: &'static Attribute) -> Option<Map<String, Value>> {
    match filter {
        Filter::Compare(AttributePath(name), Operator::Equal, value) if !value.is_null() => {
            Some(Map::from_iter([(of.sub(name)?.name.to_owned(), value.clone())]))
        }
        Filter::And(all) => {
            let each = all.iter().map(|one| example(one, of)).collect::<Option<Vec<_>>>()?;
            Some(each.into_iter().flatten().collect())
        }
        _ => None,
    }
}

#[cfg(test)]
#[path = "patch_tests.rs"]
mod tests;
