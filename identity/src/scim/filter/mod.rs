//! Filters (RFC 7644, section 3.4.2.2): what they say, and whether a resource is meant.

mod parse;
#[cfg(test)]
mod tests;

use chrono::{DateTime, FixedOffset};
use serde_json::Value;

use super::fault::{ScimFault, ScimResult};
use super::path::{AttributePath, Document, Target, values};
use super::schema::{Attribute, Kind, ResourceType};

pub(crate) use parse::{brackets, filter};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Contains,
    StartsWith,
    EndsWith,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// A filter, as it is read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Filter {
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Not(Box<Filter>),
    Present(AttributePath),
    /// The value is text, true, false, a number or null.
    Compare(AttributePath, Operator, Value),
    /// `emails[type eq "work"]`: a value of which all of it holds.
    Within(AttributePath, Box<Filter>),
}

impl Filter {
    /// That every attribute is one of the type's, and is compared as its kind can be.
    ///
    /// # Errors
    /// `invalidFilter`.
    pub(crate) fn check(&self, of: &'static ResourceType) -> ScimResult<()> {
        match self {
            Self::And(all) | Self::Or(all) => all.iter().try_for_each(|one| one.check(of)),
            Self::Not(one) => one.check(of),
            Self::Present(path) => leaf(path, of).map(drop),
            Self::Compare(path, operator, value) => match leaf(path, of)? {
                Some(attribute) => comparable(attribute, *operator, value),
                None => Err(ScimFault::filter("An extension as a whole is compared with nothing.")),
            },
            Self::Within(path, inner) => match leaf(path, of)? {
                Some(attribute) => inner.check_inner(attribute),
                None => Err(ScimFault::filter("An extension has no values to look within.")),
            },
        }
    }

    /// As [`Self::check`], where attributes are the sub-attributes of this one.
    pub(crate) fn check_inner(&self, of: &'static Attribute) -> ScimResult<()> {
        match self {
            Self::And(all) | Self::Or(all) => all.iter().try_for_each(|one| one.check_inner(of)),
            Self::Not(one) => one.check_inner(of),
            Self::Present(path) => sub_of(of, path).map(drop),
            Self::Compare(path, operator, value) => comparable(sub_of(of, path)?, *operator, value),
            Self::Within(..) => Err(ScimFault::filter("Brackets stand within no brackets.")),
        }
    }

    /// Whether the resource is meant. What the type does not have has no value.
    pub(crate) fn matches(&self, document: &Document, of: &'static ResourceType) -> bool {
        match self {
            Self::And(all) => all.iter().all(|one| one.matches(document, of)),
            Self::Or(all) => all.iter().any(|one| one.matches(document, of)),
            Self::Not(one) => !one.matches(document, of),
            Self::Present(path) => found(document, path, of).1.into_iter().any(is_present),
            Self::Compare(path, operator, value) => {
                let (attribute, values) = found(document, path, of);
                holds((attribute, values), *operator, value)
            }
            Self::Within(path, inner) => {
                let Some(Target::Attribute { extension, attribute, .. }) = path.target(of) else {
                    return false;
                };
                values(document, (extension, attribute))
                    .into_iter()
                    .any(|it| inner.matches_value(it, attribute))
            }
        }
    }

    /// Whether one value of a complex attribute is meant.
    pub(crate) fn matches_value(&self, value: &Value, of: &'static Attribute) -> bool {
        match self {
            Self::And(all) => all.iter().all(|one| one.matches_value(value, of)),
            Self::Or(all) => all.iter().any(|one| one.matches_value(value, of)),
            Self::Not(one) => !one.matches_value(value, of),
            Self::Present(path) => sub_value(value, path, of).1.is_some_and(is_present),
            Self::Compare(path, operator, wanted) => {
                let (attribute, value) = sub_value(value, path, of);
                holds((attribute, value.into_iter().collect()), *operator, wanted)
            }
            Self::Within(..) => false,
        }
    }

    /// The text that a top-level attribute must equal for the filter to hold: by it resources are found by index.
    pub(crate) fn must_equal(&self, name: &str) -> Option<&str> {
        match self {
            Self::Compare(path, Operator::Equal, Value::String(value))
                if path.0.eq_ignore_ascii_case(name) =>
            {
                Some(value)
            }
            Self::And(all) => all.iter().find_map(|one| one.must_equal(name)),
            _ => None,
        }
    }
}

/// What is compared: an attribute's own value, or of a complex one its `value`. `None`: an extension.
fn leaf(path: &AttributePath, of: &'static ResourceType) -> ScimResult<Option<&'static Attribute>> {
    match path.target(of) {
        Some(Target::Attribute { attribute, sub, .. }) => Ok(Some(sub.unwrap_or(attribute))),
        Some(Target::Extension(_)) => Ok(None),
        None => Err(ScimFault::filter(format!("A {} has no attribute {:?}.", of.name, short(&path.0)))),
    }
}

fn sub_of(of: &'static Attribute, path: &AttributePath) -> ScimResult<&'static Attribute> {
    of.sub(&path.0)
        .ok_or_else(|| ScimFault::filter(format!("{} has no attribute {:?}.", of.name, short(&path.0))))
}

fn short(text: &str) -> String {
    text.chars().take(80).collect()
}

fn comparable(attribute: &'static Attribute, operator: Operator, value: &Value) -> ScimResult<()> {
    use Operator::{Equal, NotEqual};
    let compared = match attribute.kind {
        Kind::Complex(_) => attribute.sub("value").map(|it| it.kind),
        kind => Some(kind),
    };
    let good = match (compared, value) {
        (Some(_), Value::Null) => matches!(operator, Equal | NotEqual),
        (Some(Kind::Flag), Value::Bool(_)) => matches!(operator, Equal | NotEqual),
        (Some(Kind::Moment), Value::String(text)) => moment(text).is_some(),
        (Some(Kind::Text | Kind::Reference(_)), Value::String(_)) => true,
        _ => false,
    };
    if good {
        return Ok(());
    }
    Err(ScimFault::filter(format!("{} cannot be compared like that with such a value.", attribute.name)))
}

/// What a path finds in a resource. Of a complex attribute without a sub-attribute: the whole values.
fn found<'a>(
    document: &'a Document,
    path: &AttributePath,
    of: &'static ResourceType,
) -> (Option<&'static Attribute>, Vec<&'a Value>) {
    match path.target(of) {
        Some(Target::Attribute { extension, attribute, sub: None }) => {
            (Some(attribute), values(document, (extension, attribute)))
        }
        Some(Target::Attribute { extension, attribute, sub: Some(sub) }) => {
            let all = values(document, (extension, attribute));
            (Some(sub), all.into_iter().filter_map(|value| value.get(sub.name)).collect())
        }
        Some(Target::Extension(extension)) => (None, document.get(extension.id).into_iter().collect()),
        None => (None, Vec::new()),
    }
}

fn sub_value<'a>(
    value: &'a Value,
    path: &AttributePath,
    of: &'static Attribute,
) -> (Option<&'static Attribute>, Option<&'a Value>) {
    let sub = of.sub(&path.0);
    (sub, sub.and_then(|sub| value.get(sub.name)))
}

fn is_present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(all) => !all.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        _ => true,
    }
}

/// Whether one of the values is as wanted. `ne` holds where none is equal.
fn holds(
    (attribute, values): (Option<&'static Attribute>, Vec<&Value>),
    operator: Operator,
    wanted: &Value,
) -> bool {
    let Some(attribute) = attribute else { return operator == Operator::NotEqual && !wanted.is_null() };
    if wanted.is_null() {
        let any = values.into_iter().any(is_present);
        return if operator == Operator::Equal { !any } else { any };
    }
    // A complex value is compared by its `value` (RFC 7644, section 3.4.2.2, on `emails co "example.com"`).
    let (attribute, values): (_, Vec<&Value>) = match attribute.sub("value") {
        Some(sub) => (sub, values.into_iter().filter_map(|value| value.get(sub.name)).collect()),
        None => (attribute, values),
    };
    if operator == Operator::NotEqual {
        return !values.into_iter().any(|value| compare(attribute, (value, Operator::Equal, wanted)));
    }
    values.into_iter().any(|value| compare(attribute, (value, operator, wanted)))
}

fn compare(attribute: &Attribute, (value, operator, wanted): (&Value, Operator, &Value)) -> bool {
    match (value, wanted) {
        (Value::Bool(value), Value::Bool(wanted)) => operator == Operator::Equal && value == wanted,
        (Value::String(value), Value::String(wanted)) => {
            if matches!(attribute.kind, Kind::Moment) {
                return match (moment(value), moment(wanted)) {
                    (Some(value), Some(wanted)) => ordered(&value, operator, &wanted),
                    _ => false,
                };
            }
            let fold = |text: &String| if attribute.case_exact { text.clone() } else { text.to_lowercase() };
            let (value, wanted) = (fold(value), fold(wanted));
            match operator {
                Operator::Contains => value.contains(&wanted),
                Operator::StartsWith => value.starts_with(&wanted),
                Operator::EndsWith => value.ends_with(&wanted),
                _ => ordered(&value, operator, &wanted),
            }
        }
        _ => false,
    }
}

fn ordered<T: Ord>(value: &T, operator: Operator, wanted: &T) -> bool {
    match operator {
        Operator::Equal => value == wanted,
        Operator::Greater => value > wanted,
        Operator::GreaterOrEqual => value >= wanted,
        Operator::Less => value < wanted,
        Operator::LessOrEqual => value <= wanted,
        Operator::NotEqual | Operator::Contains | Operator::StartsWith | Operator::EndsWith => false,
    }
}

fn moment(text: &str) -> Option<DateTime<FixedOffset>> {
    DateTime::parse_from_rfc3339(text).ok()
}
