//! No field and no route that nobody has thought about.

use std::collections::BTreeSet;

use super::fixture::{Fixture, own};
use super::selection::Types;
use super::table::{ADMIN, OPERATIONS, ROUTES};

/// A line is `what # why`: a field as `Type.field`, with `*` for any one part, or a route as `METHOD /path`. What starts
/// with `admin ` is of the operators' schema.
const REVIEWED: &str = include_str!("../../operations-reviewed.txt");

fn reviewed() -> Vec<(&'static str, &'static str)> {
    let lines = REVIEWED.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let parts = lines.map(|line| line.split_once('#').unwrap_or((line, "")));
    parts.map(|(what, why)| (what.trim(), why.trim())).collect()
}

fn matches(pattern: &str, name: &str) -> bool {
    let part = |pattern: &str, part: &str| match pattern.strip_prefix('*') {
        Some(end) => part.ends_with(end),
        None => pattern == part,
    };
    match (pattern.split_once('.'), name.split_once('.')) {
        (Some((p, q)), Some((of, field))) => part(p, of) && part(q, field),
        _ => pattern == name,
    }
}

/// What none of the reviewed lines covers, and the lines that cover nothing.
fn compare(
    all: &BTreeSet<String>,
    tried: &BTreeSet<String>,
    lines: &[&'static str],
) -> (Vec<String>, Vec<&'static str>) {
    let open: Vec<&String> = all.difference(tried).collect();
    let forgotten = open.iter().filter(|name| !lines.iter().any(|line| matches(line, name)));
    let stale = lines.iter().filter(|line| !open.iter().any(|name| matches(line, name)));
    (forgotten.map(|name| (*name).clone()).collect(), stale.copied().collect())
}

/// All fields that the attempts of `outsiders` select.
fn tried(types: &Types) -> BTreeSet<String> {
    let own = own();
    let mut tried = own.clone();
    for operation in OPERATIONS {
        let name = operation.name();
        let (of, field) = name.split_once('.').unwrap();
        let field = types.field(of, field).unwrap_or_else(|| panic!("{name} is no field any more"));
        tried.extend(types.deep(&field.of, &own).1);
    }
    tried
}

#[test]
fn each_reviewed_line_says_why() {
    let lines = reviewed();
    assert!(lines.iter().all(|(_, why)| why.len() >= 10), "{lines:?}");
    let unique: BTreeSet<_> = lines.iter().map(|(what, _)| what).collect();
    assert_eq!(unique.len(), lines.len());
    assert!(matches("*Connection.edges", "MemberConnection.edges") && !matches("*.id", "Plan.name"));
    assert!(matches("Plan.*", "Plan.name") && !matches("Plan.*", "PlanSubscription.id"));
}

#[tokio::test]
async fn each_field_of_the_customers_schema_is_tried_or_reviewed() {
    let fixture = Fixture::new().await;
    let types = fixture.types().await;
    let lines: Vec<_> = reviewed().iter().map(|(what, _)| *what).filter(|what| is_customers(what)).collect();
    let (forgotten, stale) = compare(&types.all(), &tried(&types), &lines);
    assert!(
        forgotten.is_empty(),
        "nobody tried these as an outsider: add them to coverage/table.rs, or review them in \
         operations-reviewed.txt: {forgotten:#?}"
    );
    assert!(stale.is_empty(), "these reviewed lines cover nothing: {stale:?}");
}

fn is_customers(what: &str) -> bool {
    !what.starts_with("admin ") && !what.contains('/')
}

#[tokio::test]
async fn each_operation_of_the_operators_schema_is_tried_or_reviewed() {
    let fixture = Fixture::new().await;
    let types = fixture.admin_types().await;
    let roots = |name: &String| name.starts_with("Query.") || name.starts_with("Mutation.");
    let all: BTreeSet<String> = types.all().into_iter().map(|n| as_root(&n)).filter(roots).collect();
    assert!(all.len() > 10, "the schema was not read: {all:?}");
    let tried = ADMIN.iter().map(|(name, ..)| (*name).to_owned()).collect();
    let lines: Vec<_> = reviewed().iter().filter_map(|(what, _)| what.strip_prefix("admin ")).collect();
    let (forgotten, stale) = compare(&all, &tried, &lines);
    assert!(forgotten.is_empty(), "nobody tried these as a customer: {forgotten:?}");
    assert!(stale.is_empty(), "these reviewed lines cover nothing: {stale:?}");
    let gone: Vec<_> = tried.difference(&all).collect();
    assert!(gone.is_empty(), "these are no fields any more: {gone:?}");
}

/// The operators' root types have names of their own.
fn as_root(name: &str) -> String {
    name.replace("AdminQuery.", "Query.").replace("AdminMutation.", "Mutation.")
}

#[tokio::test]
async fn each_route_is_tried_or_reviewed() {
    let fixture = Fixture::new().await;
    let document: serde_json::Value =
        serde_json::from_str(&crate::http::openapi_document().unwrap()).unwrap();
    // That the document has every route of the router is a test of its own.
    let mut all = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        all.extend(
            item.as_object().unwrap().keys().map(|method| format!("{} {path}", method.to_uppercase())),
        );
    }
    let tried = ROUTES.iter().map(|(name, ..)| (*name).to_owned()).collect();
    let lines: Vec<_> = reviewed().iter().map(|(what, _)| *what).filter(|what| what.contains('/')).collect();
    let (forgotten, stale) = compare(&all, &tried, &lines);
    assert!(forgotten.is_empty(), "nobody tried these routes as an outsider: {forgotten:?}");
    assert!(stale.is_empty(), "these reviewed lines cover nothing: {stale:?}");
    drop(fixture);
}
