use serde_json::{Value, json};

use super::patch;
use crate::scim::fault::ScimResult;
use crate::scim::path::Document;
use crate::scim::schema::{GROUP, USER};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn object(value: Value) -> Document {
    match value {
        Value::Object(fields) => fields,
        _ => Document::new(),
    }
}

fn person() -> Document {
    object(json!({
        "userName": "ada",
        "active": true,
        "name": { "familyName": "Byron", "givenName": "Ada" },
        "emails": [{ "value": "ada@example.com", "type": "work", "primary": true }],
    }))
}

fn operations(all: Value) -> Value {
    json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": all })
}

fn patched(operation: Value) -> ScimResult<Value> {
    patch(USER, &person(), &operations(json!([operation]))).map(Value::Object)
}

#[test]
fn operations_do_what_the_rfc_says() {
    let all = |op: Value| patched(op.clone()).unwrap_or_else(|fault| panic!("{op}: {fault}"));
    let it = all(json!({ "op": "replace", "path": "name.familyName", "value": "Lovelace" }));
    assert_eq!(it["name"], json!({ "familyName": "Lovelace", "givenName": "Ada" }));
    // What is not given of a complex value stays.
    let it = all(json!({ "op": "replace", "path": "name", "value": { "familyName": "Lovelace" } }));
    assert_eq!(it["name"], json!({ "familyName": "Lovelace", "givenName": "Ada" }));
    let it = all(json!({ "op": "add", "value": { "title": "Countess", "name": { "formatted": "Ada B" } } }));
    assert_eq!((&it["title"], &it["name"]["formatted"]), (&json!("Countess"), &json!("Ada B")));
    let it = all(json!({ "op": "remove", "path": "name.givenName" }));
    assert_eq!(it["name"], json!({ "familyName": "Byron" }));
    let it = all(json!({ "op": "remove", "path": "name" }));
    assert!(it.get("name").is_none());
    let work = json!({ "value": "ada@example.com", "type": "work", "primary": true });
    let home = json!({ "value": "ada@home.example", "type": "home" });
    let it = all(json!({ "op": "add", "path": "emails", "value": [home, work] }));
    assert_eq!(it["emails"].as_array().unwrap().len(), 2, "one that is there is not added: {it}");
    let first = json!({ "value": "new@example.com", "primary": true });
    let it = all(json!({ "op": "add", "path": "emails", "value": first }));
    assert_eq!(it["emails"][0].get("primary"), None, "another is the primary one now");
    let it =
        all(json!({ "op": "replace", "path": "emails[type eq \"work\"].value", "value": "a@example.com" }));
    assert_eq!(it["emails"][0]["value"], "a@example.com");
    let it = all(
        json!({ "op": "replace", "path": "emails[type eq \"work\"]", "value": { "value": "b@example.com" } }),
    );
    assert_eq!(it["emails"], json!([{ "value": "b@example.com" }]));
    let it = all(json!({ "op": "add", "path": "emails[type eq \"home\"].value", "value": "c@example.com" }));
    assert_eq!(it["emails"][1], json!({ "type": "home", "value": "c@example.com" }));
    let it = all(json!({ "op": "replace", "path": format!("{ENTERPRISE}:department"), "value": "Engines" }));
    assert_eq!(it[ENTERPRISE], json!({ "department": "Engines" }));
    let it = all(json!({ "op": "add", "path": ENTERPRISE, "value": { "manager": { "value": "7" } } }));
    assert_eq!(it[ENTERPRISE], json!({ "manager": { "value": "7" } }));
    assert!(all(json!({ "op": "remove", "path": ENTERPRISE })).get(ENTERPRISE).is_none());
}

/// As large directories write it.
#[test]
fn operations_of_large_directories_are_understood() {
    let it = patched(json!({ "op": "Replace", "path": "active", "value": "False" })).unwrap();
    assert_eq!(it["active"], false);
    let it = patched(json!({ "op": "Replace", "value": { "active": false } })).unwrap();
    assert_eq!(it["active"], false);
    let dotted = json!({ "op": "Add", "value": {
        "name.givenName": "A", format!("{ENTERPRISE}:division"): "D", "colour": "blue", "groups": [] } });
    let it = patched(dotted).unwrap();
    assert_eq!((&it["name"]["givenName"], &it[ENTERPRISE]["division"]), (&json!("A"), &json!("D")));
    assert!(it.get("colour").is_none());
    let group = object(json!({ "displayName": "G", "members": [{ "value": "1" }, { "value": "2" }] }));
    let members = |op: Value| {
        let it = patch(GROUP, &group, &operations(json!([op]))).unwrap();
        let all = it.get("members").and_then(Value::as_array).cloned().unwrap_or_default();
        all.iter().map(|m| m["value"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(members(json!({ "op": "Remove", "path": "members", "value": [{ "value": "1" }] })), ["2"]);
    assert_eq!(members(json!({ "op": "remove", "path": "members[value eq \"2\"]" })), ["1"]);
    assert_eq!(members(json!({ "op": "remove", "path": "members[value eq \"9\"]" })), ["1", "2"]);
    assert_eq!(
        members(json!({ "op": "add", "path": "members", "value": [{ "value": "2" }, { "value": "3" }] })),
        ["1", "2", "3"]
    );
    assert_eq!(members(json!({ "op": "remove", "path": "members" })), Vec::<String>::new());
}

#[test]
fn what_cannot_be_done_says_why_and_changes_nothing() {
    for (operation, kind) in [
        (json!({ "op": "move", "path": "title" }), "invalidSyntax"),
        (json!({ "op": "remove" }), "noTarget"),
        (json!({ "op": "add", "path": "title" }), "invalidValue"),
        (json!({ "op": "add", "value": "x" }), "invalidValue"),
        (json!({ "op": "add", "path": 7, "value": "x" }), "invalidPath"),
        (json!({ "op": "add", "path": "colour", "value": "x" }), "invalidPath"),
        (json!({ "op": "add", "path": "emails[type eq \"work\"", "value": "x" }), "invalidPath"),
        (json!({ "op": "add", "path": "emails[type eq]", "value": "x" }), "invalidFilter"),
        (json!({ "op": "add", "path": "emails[colour eq \"x\"].value", "value": "x" }), "invalidFilter"),
        (json!({ "op": "add", "path": "title[x pr]", "value": "x" }), "invalidPath"),
        (json!({ "op": "add", "path": "emails[type pr]value", "value": "x" }), "invalidPath"),
        (json!({ "op": "replace", "path": "emails[type eq \"home\"].value", "value": "x" }), "noTarget"),
        (json!({ "op": "replace", "path": "title", "value": ["x"] }), "invalidValue"),
        (json!({ "op": "replace", "path": "active", "value": "perhaps" }), "invalidValue"),
        (json!({ "op": "replace", "path": "emails", "value": [{ "type": "work" }] }), "invalidValue"),
        (
            json!({ "op": "replace", "path": "emails",
                 "value": [{ "value": "a", "primary": true }, { "value": "b", "primary": true }] }),
            "invalidValue",
        ),
        (json!({ "op": "replace", "path": "id", "value": "x" }), "mutability"),
        (json!({ "op": "replace", "path": "meta.version", "value": "x" }), "mutability"),
        (json!({ "op": "add", "path": "groups", "value": [{ "value": "x" }] }), "mutability"),
        (json!({ "op": "remove", "path": "userName" }), "mutability"),
        (json!({ "op": "remove", "path": "active" }), "mutability"),
        (json!({ "op": "remove", "path": "emails[type eq \"work\"]" }), "mutability"),
    ] {
        assert_eq!(patched(operation.clone()).unwrap_err().kind, Some(kind), "{operation}");
    }
    for body in
        [json!({}), json!([]), operations(json!([])), operations(json!("x")), json!({ "Operations": [] })]
    {
        assert_eq!(patch(USER, &person(), &body).unwrap_err().kind, Some("invalidSyntax"), "{body}");
    }
}

/// Nothing interrupts the comparisons: what would take minutes is refused.
#[test]
fn a_change_costs_a_bounded_number_of_comparisons() {
    let members = |n: usize| -> Vec<Value> { (0..n).map(|n| json!({ "value": format!("u{n}") })).collect() };
    let group = object(json!({ "displayName": "Large", "members": members(9_000) }));
    let condition = |n: usize| format!("value eq \"u{n}\"");
    let one = |n: usize| json!({ "op": "remove", "path": format!("members[{}]", condition(n)) });
    let few = patch(GROUP, &group, &operations((0..50).map(one).collect())).unwrap();
    assert_eq!(few["members"].as_array().unwrap().len(), 8_950);
    let conditions: Vec<String> = (0..100).map(condition).collect();
    let slow = json!({ "op": "remove", "path": format!("members[{}]", conditions.join(" or ")) });
    let refused = patch(GROUP, &group, &operations(std::iter::repeat_n(slow, 100).collect())).unwrap_err();
    assert_eq!(refused.kind, Some("tooMany"));
    // Others beside them are found by their ids, however many.
    let more = json!([{ "op": "add", "path": "members", "value": members(10_000) }]);
    let grown = patch(GROUP, &group, &operations(more)).unwrap();
    assert_eq!(grown["members"].as_array().unwrap().len(), 10_000);
}
