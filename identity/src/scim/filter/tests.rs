use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Filter, brackets, filter};
use crate::scim::path::Document;
use crate::scim::schema::{GROUP, USER};

fn person() -> Document {
    let value = json!({
        "id": "scu_1",
        "userName": "Bjensen",
        "active": true,
        "name": { "familyName": "O'Malley", "givenName": "Babs" },
        "emails": [
            { "value": "babs@Example.com", "type": "work", "primary": true },
            { "value": "babs@jensen.org", "type": "home" },
        ],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "department": "Tours" },
        "meta": { "resourceType": "User", "created": "2026-11-01T10:00:00Z" },
    });
    match value {
        Value::Object(fields) => fields,
        _ => Document::new(),
    }
}

fn says(text: &str) -> bool {
    let read = filter(text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
    read.check(USER).unwrap_or_else(|fault| panic!("{text}: {fault}"));
    read.matches(&person(), USER)
}

/// The examples of RFC 7644, figure 2 among them.
#[test]
fn filters_say_what_the_rfc_says() {
    for (text, wanted) in [
        (r#"userName eq "bjensen""#, true),
        (r#"USERNAME Eq "BJENSEN""#, true),
        (r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "B""#, true),
        (r#"name.familyName co "O'Malley""#, true),
        (r#"id eq "SCU_1""#, false),
        (r#"title pr"#, false),
        (r#"not (title pr)"#, true),
        (r#"title eq null"#, true),
        (r#"active eq true"#, true),
        (r#"active ne true"#, false),
        (r#"title ne "Boss""#, true),
        (r#"meta.created gt "2026-10-31T23:00:00-05:00""#, true),
        (r#"meta.created lt "2026-11-01T10:00:00+00:00""#, false),
        (r#"emails co "jensen.org""#, true),
        (r#"emails.type eq "work""#, true),
        (r#"emails[type eq "work" and value co "@example.com"]"#, true),
        (r#"emails[type eq "home" and primary eq true]"#, false),
        (r#"emails[type eq "home" and not (primary eq true)]"#, true),
        (r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "tours""#, true),
        (r#"userName eq "x" or userName eq "bjensen" and active eq false"#, false),
        (r#"(userName eq "x" or userName eq "bjensen") and active eq true"#, true),
        (r#"userName ew "sen" and userName gt "a" and userName le "bjensen""#, true),
        ("userName eq \"b\\u006aensen\"", true),
    ] {
        assert_eq!(says(text), wanted, "{text}");
    }
}

#[test]
fn what_is_no_filter_is_refused_as_one() {
    let deep = format!("{}title pr{}", "(".repeat(30), ")".repeat(30));
    let long = format!("userName eq \"{}\"", "x".repeat(5_000));
    let many = vec!["title pr"; 101].join(" or ");
    for text in [
        "",
        " ",
        "userName",
        "userName eq",
        "userName eq bjensen",
        "userName is \"x\"",
        "userName eq \"x",
        "userName eq \"x\" and",
        "(userName pr",
        "userName pr)",
        "emails[type eq \"work\"",
        "eq \"x\"",
        "userName eq [1]",
        "userName eq {}",
        "userName eq \"x\" \"y\"",
        "not userName pr",
        deep.as_str(),
        long.as_str(),
        many.as_str(),
    ] {
        assert_eq!(filter(text).unwrap_err().kind, Some("invalidFilter"), "{text}");
    }
    for text in [
        "colour eq \"x\"",
        "name.colour pr",
        "userName eq true",
        "active gt true",
        "active eq \"true\"",
        "meta.created gt \"yesterday\"",
        "emails[colour pr]",
        "emails[emails[value pr]]",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User eq \"x\"",
        "members pr",
    ] {
        assert_eq!(filter(text).unwrap().check(USER).unwrap_err().kind, Some("invalidFilter"), "{text}");
    }
    assert!(filter("members[value eq \"scu_1\"]").unwrap().check(GROUP).is_ok());
}

#[test]
fn what_must_be_equal_is_found_by_index_and_what_need_not_is_not() {
    let must = |text: &str| filter(text).unwrap().must_equal("userName").map(str::to_owned);
    assert_eq!(must(r#"userName eq "A""#).as_deref(), Some("A"));
    assert_eq!(must(r#"active eq true and username eq "A""#).as_deref(), Some("A"));
    for text in [r#"userName ne "A""#, r#"userName eq "A" or title pr"#, r#"not (userName eq "A")"#] {
        assert_eq!(must(text), None, "{text}");
    }
}

#[test]
fn brackets_end_outside_of_quotes() {
    assert_eq!(brackets(r#"type eq "a]b\"]" ].value"#), Some(17));
    assert_eq!(brackets(r#"type eq "a]"#), None);
}

proptest! {
    /// Whatever comes: a filter or a refusal, and never a panic or a hang.
    #[test]
    fn any_text_is_a_filter_or_refused(text in "\\PC{0,200}") {
        if let Ok(read) = filter(&text) {
            drop(read.check(USER));
            read.matches(&person(), USER);
        }
    }

    #[test]
    fn a_filter_and_its_negation_never_agree(name in "[a-z]{1,8}", active: bool) {
        let text = format!("userName eq \"{name}\" or active eq {active}");
        let read = filter(&text).unwrap();
        let not = Filter::Not(Box::new(read.clone()));
        prop_assert_ne!(read.matches(&person(), USER), not.matches(&person(), USER));
    }
}
