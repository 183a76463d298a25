//! Who gets through, by running it.

use std::fmt::Write;
use std::path::Path;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use tenantry_authz::{PlatformRole, matrix};

use super::fixture::{Fixture, Somebody, code};
use super::selection::Types;
use super::table::{ADMIN, At, OPERATIONS, Operation, ROUTES};

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/operation-matrix.txt");
const HEAD: &str = "\
# Who gets through to which operation: each was run, in a tenant, as somebody of each role.
#   yes  allowed (what came of it is another matter)
#   no   refused: the answer names the right that lacks
#   -    hidden: answered as if it did not exist
# Programs: an API key of an owner with all scopes, a service account with the role admin. Made anew by
#   TENANTRY_UPDATE_MATRIX=1 cargo nextest run -p tenantry the_committed_matrix
";

/// What the operations of people alone answer to programs, whatever their rights.
const PEOPLE_ALONE: &str = "Only a person";

fn outcome(answer: &serde_json::Value) -> &'static str {
    match code(answer) {
        "NOT_FOUND" => "-",
        "FORBIDDEN" => "no",
        "INTERNAL" | "UNAVAILABLE" | "UNAUTHENTICATED" | "without a code" | "BAD_REQUEST" => "fault",
        _ => "yes",
    }
}

/// What somebody gets of an operation, and what is wrong about it.
async fn run(
    fixture: &Fixture,
    types: &Types,
    (who, operation): (&Somebody, &Operation),
) -> (&'static str, Option<String>) {
    if operation.at == At::Mutation {
        fixture.reset().await;
        fixture.give_key_to(who).await;
    }
    let (of, name) = (operation.name(), operation.field);
    let of = of.split_once('.').unwrap().0;
    let field = types.field(of, name).unwrap_or_else(|| panic!("{of}.{name} is no field any more"));
    let document = fixture.ids.fill(&operation.document(types.least(field)));
    let answer = fixture.ask(who, &document).await;
    let cell = outcome(&answer);
    let answer: String = answer.to_string().chars().take(300).collect();
    let agrees = cell != "fault" && agrees(fixture, (operation, who), (cell, &answer));
    let wrong =
        format!("{} by {} is {cell} and needs {}: {answer}", operation.name(), who.name, operation.right);
    (cell, (!agrees).then_some(wrong))
}

/// Whether the policy gives a role a right.
fn says(fixture: &Fixture, role: &str, right: &str) -> bool {
    let (resource, action) = right.split_once(':').unwrap();
    let rows = matrix::rows(&fixture.test.app.runtime.gate);
    let row = rows.iter().find(|row| row.role == role && row.resource == resource);
    row.unwrap_or_else(|| panic!("{role} and {right} are not in the policy")).actions.contains(&action)
}

/// Whether the policy file says the same, for the roles that the policy alone decides about.
fn agrees(
    fixture: &Fixture,
    (operation, who): (&Operation, &Somebody),
    (cell, answer): (&str, &str),
) -> bool {
    let by_policy = ["owner", "admin", "developer", "billing", "viewer", "support-read", "support-write"];
    if by_policy.contains(&who.name) {
        return (cell == "yes") == says(fixture, who.name, operation.right);
    }
    // A program with every right is refused only what is people's alone.
    who.name != "api-key" || cell != "no" || answer.contains(PEOPLE_ALONE)
}

async fn route(fixture: &Fixture, who: &Somebody, path: &str) -> &'static str {
    let address = path.replace("$tenant", &fixture.ids.tenant.to_string());
    let request = Request::get(address).header("cookie", who.person.cookie()).body(Body::empty()).unwrap();
    match fixture.test.send(request).await.status() {
        StatusCode::OK => "yes",
        StatusCode::FORBIDDEN => "no",
        StatusCode::NOT_FOUND => "-",
        other => panic!("{path} by {}: {other}", who.name),
    }
}

fn line(text: &mut String, (name, right): (&str, &str), cells: &[&str]) {
    write!(text, "{name:<42} {right:<24}").unwrap();
    for cell in cells {
        write!(text, " {cell:<9}").unwrap();
    }
    let end = text.trim_end().len();
    text.truncate(end);
    text.push('\n');
}

/// Columns are named by their role, shortened.
fn column(name: &str) -> String {
    name.replace("reseller-", "resell-")
        .replace("support", "sup")
        .replace("platform-", "")
        .replace("developer", "dev")
}

async fn rendered() -> (String, Vec<String>) {
    let fixture = Fixture::new().await;
    let types = fixture.types().await;
    let everybody = fixture.everybody(fixture.ids.tenant, "target").await;
    let columns: Vec<String> = everybody.iter().map(|who| column(who.name)).collect();
    let (mut text, mut wrong) = (HEAD.to_owned(), Vec::new());
    text.push_str("\n# The customers' API\n");
    line(&mut text, ("operation", "needs"), &columns.iter().map(String::as_str).collect::<Vec<_>>());
    for operation in OPERATIONS {
        let mut cells = Vec::new();
        for who in &everybody {
            let (cell, why) = run(&fixture, &types, (who, operation)).await;
            cells.push(cell);
            wrong.extend(why);
        }
        line(&mut text, (&operation.name(), operation.right), &cells);
    }
    text.push_str("\n# Routes that are not GraphQL, by members\n");
    let members = &everybody[..5];
    line(&mut text, ("route", "needs"), &columns[..5].iter().map(String::as_str).collect::<Vec<_>>());
    for (name, path, right) in ROUTES {
        let mut cells = Vec::new();
        for who in members {
            cells.push(route(&fixture, who, path).await);
        }
        line(&mut text, (name, right), &cells);
    }
    text.push_str("\n# The operators' API, by the platform's staff; no right of it reaches into a tenant\n");
    let columns: Vec<String> = PlatformRole::ALL.iter().map(|role| column(role.as_str())).collect();
    line(&mut text, ("operation", "needs"), &columns.iter().map(String::as_str).collect::<Vec<_>>());
    let mut staff = Vec::new();
    for role in PlatformRole::ALL {
        staff.push(fixture.staff(*role).await);
    }
    for (name, document, right) in ADMIN {
        let mut cells = Vec::new();
        for (ctx, role) in staff.iter().zip(PlatformRole::ALL) {
            fixture.reset().await;
            let answer = fixture.ask_admin(ctx, &fixture.ids.fill(document)).await;
            // Past the gate there may be no such thing; nothing is hidden from staff.
            let cell = match outcome(&answer) {
                "-" => "yes",
                cell => cell,
            };
            let has = says(&fixture, role.as_str(), right);
            if (cell == "yes") != has {
                wrong.push(format!("{name} by {role} is {cell} and needs {right}: {answer}"));
            }
            cells.push(cell);
        }
        line(&mut text, (name, right), &cells);
    }
    (text, wrong)
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the file is made anew when a person says so")]
async fn the_committed_matrix_is_what_the_api_answers() {
    let (text, wrong) = rendered().await;
    assert!(wrong.is_empty(), "{wrong:#?}");
    if std::env::var_os("TENANTRY_UPDATE_MATRIX").is_some() {
        std::fs::write(Path::new(COMMITTED), &text).unwrap();
    }
    let committed = std::fs::read_to_string(COMMITTED).unwrap_or_default();
    let differ: Vec<_> = text.lines().filter(|line| !committed.lines().any(|c| c == *line)).collect();
    assert_eq!(
        text, committed,
        "operation-matrix.txt is not what the API answers; these lines differ: {differ:#?}"
    );
}
