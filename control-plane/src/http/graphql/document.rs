//! What can be said of a document before it runs: how large it is, what kind of operation it has, and which fields it
//! begins with.
//!
//! A document is small text that can mean much: brackets in brackets exhaust a parser's stack, and fragments that use
//! fragments twice each double with every line. Both are bounded here, before any other code walks the document.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::Name;
use async_graphql::parser::parse_query;
use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet,
};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::tokens::tokens;
use crate::graphql::{MAX_FRAGMENTS, MAX_NESTING, MAX_SELECTIONS, MAX_TOKENS};

/// A document that may run, and what it would do.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) parsed: ExecutableDocument,
    /// Of the operation that would run; `None` when the request does not say which.
    pub(super) operation: Option<Operation>,
    /// Whether a field of any operation tells of the schema: `__schema`, `__type` or `_service`.
    pub(super) introspects: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Operation {
    pub(super) kind: OperationType,
    /// The fields it begins with, aliases counted one by one, those in fragments too.
    pub(super) roots: Vec<String>,
    /// The variables that must have a value.
    pub(super) required: Vec<String>,
}

/// Why a document is not run.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) message: String,
    pub(super) at: Option<async_graphql::Pos>,
}

/// A document as it was read and measured, whichever of its operations runs.
#[derive(Debug)]
struct Read {
    parsed: ExecutableDocument,
    introspects: bool,
}

/// Documents that were read lately: clients send the same ones again and again, and reading one costs more than all
/// that is decided about it. Bounded by the length of their texts, as what was read of a text may be a hundred times as
/// large.
#[derive(Clone)]
pub(super) struct Readings(Arc<Cache<Box<str>, Arc<Read>, ByLength>>);

/// How many bytes of text are kept read.
const MOST_TEXT: u64 = 256 << 10;
/// The longest text that is.
const MOST_OF_ONE: usize = 8 << 10;

#[derive(Clone)]
struct ByLength;

impl Weighter<Box<str>, Arc<Read>> for ByLength {
    fn weight(&self, text: &Box<str>, _: &Arc<Read>) -> u64 {
        text.len() as u64 + 1
    }
}

impl Default for Readings {
    fn default() -> Self {
        Self(Arc::new(Cache::with_weighter(256, MOST_TEXT, ByLength)))
    }
}

impl Readings {
    /// Reads and measures a document, or finds it read.
    ///
    /// # Errors
    /// When it is no document, or larger than [`limits`](crate::graphql) allow.
    pub(super) fn read(&self, text: &str, operation_name: Option<&str>) -> Result<Document, Refused> {
        if let Some(read) = self.0.get(text) {
            return Ok(Document::of(read.parsed.clone(), read.introspects, operation_name));
        }
        let Read { parsed, introspects } = Read::of(text)?;
        if text.len() <= MOST_OF_ONE {
            self.0.insert(text.into(), Arc::new(Read { parsed: parsed.clone(), introspects }));
        }
        Ok(Document::of(parsed, introspects, operation_name))
    }
}

impl Read {
    fn of(text: &str) -> Result<Self, Refused> {
        check_text(text)?;
        let parsed = parse_query(text).map_err(|error| {
            let error = async_graphql::ServerError::from(error);
            Refused { at: error.locations.first().copied(), message: error.message }
        })?;
        let mut walk = Walk { document: &parsed, sizes: HashMap::new(), introspects: false };
        if parsed.fragments.len() > MAX_FRAGMENTS {
            return Err(too_large(&format!("A document has at most {MAX_FRAGMENTS} fragments.")));
        }
        let mut size = 0usize;
        for (_, operation) in parsed.operations.iter() {
            size = size.saturating_add(walk.size(&operation.node.selection_set.node)?);
        }
        if size > MAX_SELECTIONS {
            return Err(too_large(&format!(
                "With its fragments put in, a document has at most {MAX_SELECTIONS} selections."
            )));
        }
        let introspects = walk.introspects;
        Ok(Self { parsed, introspects })
    }
}

impl Document {
    fn of(parsed: ExecutableDocument, introspects: bool, operation_name: Option<&str>) -> Self {
        let operation = chosen(&parsed, operation_name).map(|operation| {
            let mut roots = Vec::new();
            collect_roots(&parsed, &operation.selection_set.node, &mut roots);
            Operation { kind: operation.ty, roots, required: required(operation) }
        });
        Self { parsed, operation, introspects }
    }

    pub(super) fn kind(&self) -> Option<OperationType> {
        self.operation.as_ref().map(|operation| operation.kind)
    }
}

fn check_text(text: &str) -> Result<(), Refused> {
    let (mut count, mut depth) = (0usize, 0usize);
    for token in tokens(text) {
        count += 1;
        match token {
            "{" | "[" | "(" => depth += 1,
            "}" | "]" | ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if count > MAX_TOKENS {
            return Err(too_large(&format!("A document has at most {MAX_TOKENS} tokens.")));
        }
        if depth > MAX_NESTING {
            return Err(too_large(&format!("A document's brackets nest at most {MAX_NESTING} deep.")));
        }
    }
    Ok(())
}

fn too_large(message: &str) -> Refused {
    Refused { message: message.to_owned(), at: None }
}

/// The operation that the request means, by the rules of GraphQL's specification, section 6.1.
pub(super) fn chosen<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Option<&'a OperationDefinition> {
    match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Some(&operation.node),
        (DocumentOperations::Single(_), Some(_)) => None,
        (DocumentOperations::Multiple(all), Some(name)) => all.get(name).map(|operation| &operation.node),
        (DocumentOperations::Multiple(all), None) if all.len() == 1 => {
            all.values().next().map(|operation| &operation.node)
        }
        (DocumentOperations::Multiple(_), None) => None,
    }
}

fn required(operation: &OperationDefinition) -> Vec<String> {
    let definitions = operation.variable_definitions.iter().map(|definition| &definition.node);
    let without_default = definitions.filter(|it| !it.var_type.node.nullable && it.default_value.is_none());
    without_default.map(|it| it.name.node.to_string()).collect()
}

struct Walk<'a> {
    document: &'a ExecutableDocument,
    /// Of each fragment; `None` while it is being measured.
    sizes: HashMap<&'a Name, Option<usize>>,
    introspects: bool,
}

impl<'a> Walk<'a> {
    /// How many selections these are with all fragments put in.
    fn size(&mut self, set: &'a SelectionSet) -> Result<usize, Refused> {
        let mut size = 0usize;
        for selection in &set.items {
            let of_one = match &selection.node {
                Selection::Field(field) => {
                    self.introspects |=
                        matches!(field.node.name.node.as_str(), "__schema" | "__type" | "_service");
                    self.size(&field.node.selection_set.node)?
                }
                Selection::InlineFragment(inline) => self.size(&inline.node.selection_set.node)?,
                Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node)?,
            };
            size = size.saturating_add(of_one).saturating_add(1);
        }
        Ok(size)
    }

    fn fragment(&mut self, name: &'a Name) -> Result<usize, Refused> {
        match self.sizes.get(name) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => return Err(too_large(&format!("The fragment {name} contains itself."))),
            None => {}
        }
        // One that is not there is found by validation.
        let Some(fragment) = self.document.fragments.get(name) else { return Ok(0) };
        self.sizes.insert(name, None);
        let size = self.size(&fragment.node.selection_set.node)?;
        self.sizes.insert(name, Some(size));
        Ok(size)
    }
}

fn collect_roots(document: &ExecutableDocument, set: &SelectionSet, roots: &mut Vec<String>) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => roots.push(field.node.name.node.to_string()),
            Selection::InlineFragment(inline) => {
                collect_roots(document, &inline.node.selection_set.node, roots)
            }
            Selection::FragmentSpread(spread) => {
                // Not endless: the document was measured.
                if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                    collect_roots(document, &fragment.node.selection_set.node, roots);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roots(text: &str, name: Option<&str>) -> Option<(OperationType, Vec<String>)> {
        Readings::default().read(text, name).unwrap().operation.map(|o| (o.kind, o.roots))
    }

    #[test]
    fn the_operation_is_the_one_that_would_run() {
        let two = "query A { a } mutation B { b: logIn { c } ...F ... on Mutation { d } } fragment F on Mutation { e }";
        let of = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        assert_eq!(roots(two, Some("A")), Some((OperationType::Query, of(&["a"]))));
        assert_eq!(roots(two, Some("B")), Some((OperationType::Mutation, of(&["logIn", "e", "d"]))));
        assert_eq!(roots(two, None), None);
        assert_eq!(roots(two, Some("C")), None);
        assert_eq!(roots("{ a }", Some("a")), None, "an operation without a name is not found by one");
    }

    #[test]
    fn small_texts_that_mean_much_are_refused_at_once() {
        let brackets = format!("{{ a(b: {}{}) }}", "[".repeat(100_000), "]".repeat(100_000));
        let fields = format!("{}{}", "{ a ".repeat(100_000), "}".repeat(100_000));
        let open = "{".repeat(100_000);
        // Each fragment uses the next one twice: 2^40 selections in 2 KiB.
        let doubling: String =
            (0..40).map(|n| format!("fragment F{n} on Query {{ ...F{} ...F{} }}\n", n + 1, n + 1)).collect();
        let doubling = format!("{{ ...F0 }} {doubling} fragment F40 on Query {{ __typename }}");
        let itself = "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }";
        let many: String = (0..300).map(|n| format!("fragment F{n} on Query {{ a }} ")).collect();
        let many = format!("{{ a }} {many}");
        let long = format!("{{ {} }}", "a ".repeat(MAX_TOKENS));
        for text in
            [&brackets, &fields, &open, &doubling, itself, &many, &long, "", "{", "{ a(b: \"\u{0}\") "]
        {
            assert!(Readings::default().read(text, None).is_err(), "{}", &text[..text.len().min(60)]);
        }
    }

    #[test]
    fn what_must_have_a_value_is_known() {
        let text = "query($a: ID!, $b: ID, $c: Int! = 1, $d: [ID!]!) { a }";
        assert_eq!(Readings::default().read(text, None).unwrap().operation.unwrap().required, ["a", "d"]);
    }

    #[test]
    fn what_tells_of_the_schema_is_seen_wherever_it_stands() {
        for (text, told) in [
            ("{ __typename a { __typename } }", false),
            ("{ __schema { types { name } } }", true),
            ("query A { a } query B { x: __type(name: \"A\") { name } }", true),
            ("{ ...F } fragment F on Query { ... on Query { _service { sdl } } }", true),
        ] {
            assert_eq!(Readings::default().read(text, None).unwrap().introspects, told, "{text}");
        }
    }
}
