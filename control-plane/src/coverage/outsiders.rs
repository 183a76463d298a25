//! Every operation by every role of another tenant: what is not theirs is not there, whatever they call it.

use serde_json::Value;
use tenantry_authz::PlatformRole;
use tenantry_kernel::TenantId;

use super::fixture::{Fixture, Ids, Somebody, code, own};
use super::table::{ADMIN, OPERATIONS, Operation, ROUTES};

/// What is no id at all, or one of something else. None may tell more than that there is nothing.
const MALFORMED: &[&str] = &[
    "",
    " ",
    "ten_",
    "ten_0",
    "ten_00000000000000000000000000",
    "ten_ZZZZZZZZZZZZZZZZZZZZZZZZZZ",
    "ten_8zzzzzzzzzzzzzzzzzzzzzzzzz",
    "TEN_01h455vb4pex5vsknk084sn02q",
    "ins_01h455vb4pex5vsknk084sn02q",
    "usr_01h455vb4pex5vsknk084sn02q",
    "00000000-0000-0000-0000-000000000000",
    "0188a5eb-5c56-7ba2-9a4d-9ba2010a0057",
    "{0188a5eb-5c56-7ba2-9a4d-9ba2010a0057}",
    "1",
    "-1",
    "9223372036854775808",
    "null",
    "undefined",
    "../../etc/passwd",
    "' OR '1'='1",
    "'; DROP TABLE identity.users; --",
    "ten_01h455vb4pex5vsknk084sn02q' OR true --",
    "%",
    "*",
    "ten_01h455vb4pex5vsknk084sn02q\u{0}",
    "ten_01h455vb4pex5vsknk084sn02q\n",
    "ten_０１h455vb4pex5vsknk084sn02q",
    "tеn_01h455vb4pex5vsknk084sn02q",
    "\u{202e}ten_01h455vb4pex5vsknk084sn02q",
    "💥",
];

struct Outside {
    fixture: Fixture,
    everybody: Vec<Somebody>,
    theirs: TenantId,
    /// With all that can be asked of each operation.
    documents: Vec<(&'static Operation, String)>,
}

async fn outside() -> Outside {
    let fixture = Fixture::new().await;
    let theirs = fixture.test.tenant("theirs", "enterprise").await;
    let everybody = fixture.everybody(theirs, "theirs").await;
    let (types, own) = (fixture.types().await, own());
    let document = |operation: &'static Operation| {
        let name = operation.name();
        let (of, field) = name.split_once('.').unwrap();
        let select = match types.field(of, field) {
            Some(field) => types.deep(&field.of, &own).0,
            None => panic!("{name} is no field any more"),
        };
        (operation, operation.document(&select))
    };
    let documents = OPERATIONS.iter().map(document).collect();
    Outside { fixture, everybody, theirs, documents }
}

/// Nothing of anybody's: nulls, and what the problem is.
fn is_empty(data: &Value) -> bool {
    match data {
        Value::Null => true,
        Value::Array(items) => items.iter().all(is_empty),
        // What the asker has said themselves, and what came of it.
        Value::Object(fields) => {
            let said: &[&str] = if fields.contains_key("index") { &["index", "id", "email"] } else { &[] };
            let said = |name: &str| name == "__typename" || name == "problem" || said.contains(&name);
            fields.iter().all(|(name, value)| said(name) || is_empty(value))
        }
        _ => false,
    }
}

/// The answer as its asker sees it, but for what differs with each request anyway.
fn seen(ids: &Ids, answer: &Value) -> String {
    ids.mask(answer)
}

#[tokio::test]
async fn what_is_another_tenants_is_answered_like_what_is_not_there() {
    let o = outside().await;
    let nowhere = Ids::made_up(o.fixture.test.world.tenant_id());
    let mut told = Vec::new();
    for who in &o.everybody {
        for (operation, document) in &o.documents {
            let name = format!("{} by {}", operation.name(), who.name);
            let real = o.fixture.ask(who, &o.fixture.ids.fill(document)).await;
            let made_up = o.fixture.ask(who, &nowhere.fill(document)).await;
            if code(&real) != "NOT_FOUND" || !is_empty(&real["data"]) {
                told.push(format!("{name}: {real}"));
            }
            if seen(&o.fixture.ids, &real) != seen(&nowhere, &made_up) {
                told.push(format!("{name}: {real} but {made_up}"));
            }
        }
    }
    assert!(told.is_empty(), "{told:#?}");
}

/// With their own tenant's id and another's thing in it, each role is told what it is told of nothing.
#[tokio::test]
async fn anothers_thing_in_ones_own_tenant_is_not_there() {
    let o = outside().await;
    let foreign = Ids { tenant: o.theirs, things: o.fixture.ids.things.clone() };
    let made_up = Ids::made_up(o.theirs);
    let mut told = Vec::new();
    for who in &o.everybody {
        for (operation, document) in &o.documents {
            let names_a_thing = foreign.things.iter().any(|(thing, ..)| document.contains(thing));
            if !names_a_thing {
                continue;
            }
            let name = format!("{} by {}", operation.name(), who.name);
            let real = o.fixture.ask(who, &foreign.fill(document)).await;
            let nothing = o.fixture.ask(who, &made_up.fill(document)).await;
            let hidden = ["NOT_FOUND", "FORBIDDEN"].contains(&code(&real)) && is_empty(&real["data"]);
            // Replaying the dead of an endpoint that is not there replays none, wherever it is.
            if !hidden || (who.name == "owner" && code(&real) != "NOT_FOUND") {
                told.push(format!("{name}: {real}"));
            }
            if seen(&foreign, &real) != seen(&made_up, &nothing) {
                told.push(format!("{name}: {real} but {nothing}"));
            }
        }
    }
    assert!(told.is_empty(), "{told:#?}");
}

#[tokio::test]
async fn ids_of_every_wrong_form_are_not_there_either() {
    let o = outside().await;
    let who = o.everybody.iter().find(|who| who.name == "owner").unwrap();
    let huge = "x".repeat(20_000);
    let forms: Vec<&str> = MALFORMED.iter().copied().chain([huge.as_str()]).collect();
    let mut told = Vec::new();
    for (operation, document) in &o.documents {
        for form in &forms {
            // As the tenant's id, and as the id of something in one's own tenant.
            let form = serde_json::to_string(form).unwrap();
            let mut tries = vec![document.replace("$tenant", &form)];
            if o.fixture.ids.things.iter().any(|(thing, ..)| document.contains(thing)) {
                let own = serde_json::to_string(&o.theirs.to_string()).unwrap();
                let mut text = document.replace("$tenant", &own);
                for (thing, ..) in &o.fixture.ids.things {
                    text = text.replace(thing, &form);
                }
                tries.push(text);
            }
            for text in tries {
                let answer = o.fixture.ask(who, &o.fixture.ids.fill(&text)).await;
                if code(&answer) != "NOT_FOUND" || !is_empty(&answer["data"]) {
                    let form: String = form.chars().take(60).collect();
                    told.push(format!("{} with {form}: {answer}", operation.name()));
                }
            }
        }
    }
    assert!(told.is_empty(), "{told:#?}");
}

/// A federated gateway asks by id alone: null, for what is another's as for what is not there.
#[tokio::test]
async fn entities_of_another_tenant_are_null() {
    let o = outside().await;
    for who in &o.everybody {
        for ids in [&o.fixture.ids, &Ids::made_up(o.fixture.test.world.tenant_id())] {
            let query = "{ _entities(representations: [{ __typename: \"Tenant\", id: $tenant },
                { __typename: \"Instance\", id: $instance }]) { ... on Tenant { id slug } ... on Instance { id slug } } }";
            let answer = o.fixture.ask(who, &ids.fill(query)).await;
            assert_eq!(
                answer["data"]["_entities"],
                serde_json::json!([null, null]),
                "{}: {answer}",
                who.name
            );
        }
    }
}

#[tokio::test]
async fn routes_answer_of_anothers_tenant_as_of_none() {
    let o = outside().await;
    let nowhere = o.fixture.test.world.tenant_id();
    let ask = async |who: &Somebody, path: &str, tenant: &str| {
        let address = path.replace("$tenant", tenant);
        let request = axum::http::Request::get(address)
            .header("cookie", who.person.cookie())
            .body(axum::body::Body::empty())
            .unwrap();
        let response = o.fixture.test.send(request).await;
        let status = response.status().as_u16();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        (status, body)
    };
    // A session's cookie is of a person, as a member.
    for who in &o.everybody[..5] {
        for (name, path, _) in ROUTES {
            let real = ask(who, path, &o.fixture.ids.tenant.to_string()).await;
            let made_up = ask(who, path, &nowhere.to_string()).await;
            assert_eq!((real.0, real.1["code"].as_str()), (404, Some("NOT_FOUND")), "{name} by {}", who.name);
            assert_eq!(o.fixture.ids.mask(&real.1), Ids::made_up(nowhere).mask(&made_up.1), "{name}");
            for form in ["", "ten_0", "%27%20OR%201%3D1", "%00", "0188a5eb-5c56-7ba2-9a4d-9ba2010a0057"] {
                let (status, body) = ask(who, path, form).await;
                assert!([400, 404].contains(&status), "{name} with {form:?}: {status} {body}");
            }
        }
    }
}

#[tokio::test]
async fn the_operators_api_is_not_there_for_customers() {
    let o = outside().await;
    let nowhere = Ids::made_up(o.fixture.test.world.tenant_id());
    for who in &o.everybody {
        for (name, document, _) in ADMIN {
            let real = o.fixture.ask_admin(&who.ctx, &o.fixture.ids.fill(document)).await;
            let made_up = o.fixture.ask_admin(&who.ctx, &nowhere.fill(document)).await;
            // Programs are no staff, and are told to log in as such.
            let wanted = if who.ctx.user().is_ok() { "NOT_FOUND" } else { "UNAUTHENTICATED" };
            assert_eq!(code(&real), wanted, "{name} by {}: {real}", who.name);
            assert!(is_empty(&real["data"]), "{name} by {}: {real}", who.name);
            assert_eq!(seen(&o.fixture.ids, &real), seen(&nowhere, &made_up), "{name} by {}", who.name);
        }
    }
}

/// No platform role by itself reaches into a tenant.
#[tokio::test]
async fn staff_without_consent_is_an_outsider() {
    let o = outside().await;
    let mut everybody = o.everybody.into_iter();
    let mut who = everybody.next().unwrap();
    for role in PlatformRole::ALL {
        who.ctx = o.fixture.staff(*role).await;
        for (operation, document) in &o.documents {
            let answer = o.fixture.ask(&who, &o.fixture.ids.fill(document)).await;
            assert_eq!(code(&answer), "NOT_FOUND", "{} by {role}: {answer}", operation.name());
            assert!(is_empty(&answer["data"]), "{} by {role}: {answer}", operation.name());
        }
    }
}
