//! What may not be null and is: the null goes up to where one may stand (GraphQL, section 6.4.4).
//!
//! The library leaves a field that failed and may not be null out of its object, so that a client gets an object that
//! its schema says cannot be. Here the answer of a request with errors is put right, by the schema's own types. What
//! has no errors is not looked at.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::parser::types::{
    BaseType, ExecutableDocument, OperationType, Selection, SelectionSet, Type, TypeKind,
    TypeSystemDefinition,
};
use async_graphql::parser::{parse_query, parse_schema};
use async_graphql::{PathSegment, Response, Value};

use super::document::chosen;

/// The types of an API's fields.
#[derive(Debug, Default)]
pub(super) struct Types {
    of: HashMap<String, HashMap<String, Type>>,
    query: String,
    mutation: String,
    subscription: String,
}

/// What was asked for, as far as an answer's form depends on it.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    pub(super) text: Arc<str>,
    pub(super) operation_name: Option<String>,
}

impl Types {
    /// Reads a schema. What cannot be read is left out, and answers stay as the library makes them.
    pub(super) fn read(sdl: &str) -> Self {
        let mut types = Self {
            of: HashMap::new(),
            query: "Query".to_owned(),
            mutation: "Mutation".to_owned(),
            subscription: "Subscription".to_owned(),
        };
        let Ok(document) = parse_schema(sdl) else {
            tracing::error!("the schema cannot be read: nulls stay where they are");
            return types;
        };
        for definition in document.definitions {
            match definition {
                TypeSystemDefinition::Schema(schema) => {
                    let name = |it: Option<async_graphql::Positioned<async_graphql::Name>>| {
                        it.map(|n| n.node.to_string())
                    };
                    types.query = name(schema.node.query).unwrap_or(types.query);
                    types.mutation = name(schema.node.mutation).unwrap_or(types.mutation);
                    types.subscription = name(schema.node.subscription).unwrap_or(types.subscription);
                }
                TypeSystemDefinition::Type(definition) => {
                    let fields = match definition.node.kind {
                        TypeKind::Object(object) => object.fields,
                        TypeKind::Interface(interface) => interface.fields,
                        _ => continue,
                    };
                    let fields = fields
                        .into_iter()
                        .map(|field| (field.node.name.node.to_string(), field.node.ty.node));
                    types.of.insert(definition.node.name.node.to_string(), fields.collect());
                }
                TypeSystemDefinition::Directive(_) => {}
            }
        }
        types
    }

    /// Lets the nulls of what failed go up to where they may stand.
    pub(super) fn settle(&self, shape: &Shape, response: &mut Response) {
        if response.errors.is_empty() || response.data == Value::Null {
            return;
        }
        let Ok(document) = parse_query(&*shape.text) else { return };
        for error in &response.errors {
            if let Some(along) = self.along(&document, shape, &error.path)
                && settle(&mut response.data, &error.path, &along)
            {
                response.data = Value::Null;
                return;
            }
        }
    }

    /// The types of the places on the way to a path's end.
    fn along<'a>(
        &'a self,
        document: &'a ExecutableDocument,
        shape: &Shape,
        path: &[PathSegment],
    ) -> Option<Vec<&'a Type>> {
        let operation = chosen(document, shape.operation_name.as_deref())?;
        let root = match operation.ty {
            OperationType::Query => &self.query,
            OperationType::Mutation => &self.mutation,
            OperationType::Subscription => &self.subscription,
        };
        let mut sets = vec![(&operation.selection_set.node, root.as_str())];
        let mut along: Vec<&Type> = Vec::with_capacity(path.len());
        for segment in path {
            let (ty, next) = match segment {
                PathSegment::Field(key) => self.field(document, &sets, key)?,
                PathSegment::Index(_) => match &along.last()?.base {
                    BaseType::List(item) => (&**item, sets),
                    BaseType::Named(_) => return None,
                },
            };
            along.push(ty);
            sets = next;
        }
        Some(along)
    }

    /// The type of the field with this key in the answer, and what is selected of it.
    fn field<'a>(
        &'a self,
        document: &'a ExecutableDocument,
        sets: &[(&'a SelectionSet, &'a str)],
        key: &str,
    ) -> Option<(&'a Type, Vec<(&'a SelectionSet, &'a str)>)> {
        let (mut ty, mut next) = (None, Vec::new());
        let mut open = sets.to_vec();
        while let Some((set, parent)) = open.pop() {
            for selection in &set.items {
                match &selection.node {
                    Selection::Field(field) if field.node.response_key().node == key => {
                        let found = self.of.get(parent)?.get(field.node.name.node.as_str())?;
                        ty = Some(found);
                        next.push((&field.node.selection_set.node, named(found)));
                    }
                    Selection::Field(_) => {}
                    Selection::InlineFragment(inline) => {
                        let on =
                            inline.node.type_condition.as_ref().map_or(parent, |on| on.node.on.node.as_str());
                        open.push((&inline.node.selection_set.node, on));
                    }
                    Selection::FragmentSpread(spread) => {
                        let fragment = &document.fragments.get(&spread.node.fragment_name.node)?.node;
                        open.push((
                            &fragment.selection_set.node,
                            fragment.type_condition.node.on.node.as_str(),
                        ));
                    }
                }
            }
        }
        ty.map(|ty| (ty, next))
    }
}

fn named(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(item) => named(item),
    }
}

/// Sets the null where it may stand, and says whether this value itself must become null.
fn settle(value: &mut Value, path: &[PathSegment], types: &[&Type]) -> bool {
    let (Some((segment, path)), Some((ty, types))) = (path.split_first(), types.split_first()) else {
        return false;
    };
    let child = match (&mut *value, segment) {
        (Value::Object(fields), PathSegment::Field(key)) => fields.get_mut(key.as_str()),
        (Value::List(items), PathSegment::Index(index)) => items.get_mut(*index),
        _ => return false,
    };
    let is_null = match child {
        None | Some(Value::Null) => true,
        Some(child) => settle(child, path, types),
    };
    if !is_null || !ty.nullable {
        return is_null;
    }
    match (value, segment) {
        (Value::Object(fields), PathSegment::Field(key)) => {
            fields.insert(async_graphql::Name::new(key), Value::Null);
        }
        (Value::List(items), PathSegment::Index(index)) => {
            if let Some(item) = items.get_mut(*index) {
                *item = Value::Null;
            }
        }
        _ => {}
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::{ServerError, value};

    const SDL: &str = "type Query { must: Thing! may: Thing list: [Thing!] holes: [Thing] any: Any }
        type Thing { must: Int! may: Int deep: Thing! } union Any = Thing";

    fn settled(text: &str, data: Value, path: Vec<PathSegment>) -> Value {
        let mut response = Response::new(data);
        let mut error = ServerError::new("failed", None);
        error.path = path;
        response.errors = vec![error];
        let shape = Shape { text: Arc::from(text), operation_name: None };
        Types::read(SDL).settle(&shape, &mut response);
        response.data
    }

    fn at(path: &[&str]) -> Vec<PathSegment> {
        let segment =
            |it: &&str| it.parse().map_or_else(|_| PathSegment::Field((*it).to_owned()), PathSegment::Index);
        path.iter().map(segment).collect()
    }

    #[test]
    fn a_null_goes_up_to_where_one_may_stand() {
        for (text, data, path, wanted) in [
            ("{ a: may { may } must { must } }", value!({ "a": null }), at(&["must"]), Value::Null),
            (
                "{ may { may must } }",
                value!({ "may": { "may": 1 } }),
                at(&["may", "must"]),
                value!({ "may": null }),
            ),
            ("{ x: must { may must } }", value!({ "x": { "may": 1 } }), at(&["x", "must"]), Value::Null),
            (
                "{ may { deep { must } } }",
                value!({ "may": { "deep": null } }),
                at(&["may", "deep", "must"]),
                value!({ "may": null }),
            ),
            (
                "{ list { must may } }",
                value!({ "list": [{ "must": 1 }, { "may": 1 }] }),
                at(&["list", "1", "must"]),
                value!({ "list": null }),
            ),
            (
                "{ holes { must may } }",
                value!({ "holes": [{ "must": 1 }, { "may": 1 }] }),
                at(&["holes", "1", "must"]),
                value!({ "holes": [{ "must": 1 }, null] }),
            ),
            (
                "{ any { ...F } } fragment F on Thing { y: must }",
                value!({ "any": { "z": 1 } }),
                at(&["any", "y"]),
                value!({ "any": null }),
            ),
            (
                "{ may { may } }",
                value!({ "may": { "may": null } }),
                at(&["may", "may"]),
                value!({ "may": { "may": null } }),
            ),
        ] {
            assert_eq!(settled(text, data, path), wanted, "{text}");
        }
    }
}
