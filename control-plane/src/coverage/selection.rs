//! What can be asked of a field, from the schema itself.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// A field as the schema has it.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) name: String,
    /// The type's name, without lists and non-null.
    pub(super) of: String,
    has_first: bool,
    needs_arguments: bool,
}

/// The object types of a schema with their fields.
#[derive(Debug)]
pub(super) struct Types(BTreeMap<String, Vec<Field>>);

const INTROSPECTION: &str = "{ __schema { types { kind name fields(includeDeprecated: true) {
    name args { name defaultValue type { kind } } type { ...T } } } } }
    fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";
const DEEPEST: usize = 4;

impl Types {
    pub(super) const QUERY: &'static str = INTROSPECTION;

    pub(super) fn of(introspected: &Value) -> Self {
        let types = introspected["__schema"]["types"].as_array().expect("a schema");
        let objects = types.iter().filter(|t| t["kind"] == "OBJECT");
        let named = objects.map(|t| (text(&t["name"]), t["fields"].as_array().unwrap()));
        let ours = named.filter(|(name, _)| !name.starts_with("__"));
        Self(ours.map(|(name, fields)| (name, fields.iter().map(field).collect())).collect())
    }

    pub(super) fn field(&self, of: &str, name: &str) -> Option<&Field> {
        self.0.get(of)?.iter().find(|f| f.name == name)
    }

    /// Every `Type.field`.
    pub(super) fn all(&self) -> BTreeSet<String> {
        let fields = |(of, fields): (&String, &Vec<Field>)| -> Vec<String> {
            fields.iter().map(|f| format!("{of}.{}", f.name)).collect()
        };
        self.0.iter().flat_map(fields).collect()
    }

    /// As much as can be asked of a type without arguments, but for what is an operation of its own; and what that is.
    pub(super) fn deep(&self, of: &str, own: &BTreeSet<String>) -> (String, BTreeSet<String>) {
        let mut covered = BTreeSet::new();
        let select = self.select(of, own, (&mut vec![of.to_owned()], &mut covered));
        (select, covered)
    }

    fn select(
        &self,
        of: &str,
        own: &BTreeSet<String>,
        (above, covered): (&mut Vec<String>, &mut BTreeSet<String>),
    ) -> String {
        let Some(fields) = self.0.get(of) else { return String::new() };
        let mut parts = vec!["__typename".to_owned()];
        for field in fields {
            let name = format!("{of}.{}", field.name);
            let composite = self.0.contains_key(&field.of);
            let skip = field.needs_arguments
                || own.contains(&name)
                || field.name == "edges"
                || (composite
                    && (above.len() > DEEPEST || above.contains(&field.of) || field.of == "Tenant"));
            if skip {
                continue;
            }
            let first = if field.has_first { "(first: 1)" } else { "" };
            let inner = if composite {
                above.push(field.of.clone());
                let inner = self.select(&field.of, own, (above, covered));
                above.pop();
                inner
            } else {
                String::new()
            };
            covered.insert(name);
            parts.push(format!("{}{first} {inner}", field.name));
        }
        format!("{{ {} }}", parts.join(" "))
    }

    /// Enough of a field to run it.
    pub(super) fn least(&self, field: &Field) -> &'static str {
        match self.0.get(&field.of) {
            None => "",
            Some(fields) if fields.iter().any(|f| f.name == "outcomes") => {
                "{ outcomes { problem { code message remedy } } }"
            }
            Some(_) => "{ __typename }",
        }
    }
}

fn field(of: &Value) -> Field {
    let arguments = of["args"].as_array().unwrap();
    let required = |a: &&Value| a["type"]["kind"] == "NON_NULL" && a["defaultValue"].is_null();
    let mut kind = &of["type"];
    while !kind["ofType"].is_null() {
        kind = &kind["ofType"];
    }
    Field {
        name: text(&of["name"]),
        of: text(&kind["name"]),
        has_first: arguments.iter().any(|a| a["name"] == "first"),
        needs_arguments: arguments.iter().any(|a| required(&a)),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
