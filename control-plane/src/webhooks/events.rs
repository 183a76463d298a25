//! The public events: one table of their names, what they are about, and every field that they may carry.
//!
//! A fact's payload belongs to the context that writes it and may grow. What a customer's receiver relies on does not: only the
//! fields named here leave, under a name that stays.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};
use tenantry_authz::{Action, Ctx, Resource, ResourceKind, Right};
use tenantry_kernel::TenantId;
use tenantry_store::outbox::StoredFact;

/// A kind of event that can be subscribed to.
#[derive(Debug)]
pub(crate) struct EventType {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    /// The fact that it is made of.
    topic: &'static str,
    subject: Subject,
    /// The fields that are taken from the fact's payload, each with an example as JSON.
    fields: &'static [(&'static str, &'static str)],
}

/// What events are about.
#[derive(Debug, Clone, Copy)]
struct Subject {
    /// Under which name the fact's subject stands in the data.
    field: &'static str,
    example: &'static str,
    /// Who may not view things of this kind does not learn of them by their events.
    kind: ResourceKind,
}

const fn subject(field: &'static str, example: &'static str, kind: ResourceKind) -> Subject {
    Subject { field, example, kind }
}

/// What an endpoint gets when its owner asks for a test without naming a type.
pub(crate) const TEST: &str = "webhook.test";

const INSTANCE: Subject = subject("instanceId", "ins_01h455vb4pex5vsknk084sn02q", ResourceKind::Instance);
const MEMBER: Subject = subject("userId", "usr_01h455vb4pex5vsknk084sn02q", ResourceKind::Member);
const INVITATION: Subject = subject("invitationId", "inv_01h455vb4pex5vsknk084sn02q", ResourceKind::Member);
const KEY: Subject = subject("apiKeyId", "key_01h455vb4pex5vsknk084sn02q", ResourceKind::ApiKey);
const SERVICE_ACCOUNT: Subject =
    subject("serviceAccountId", "sva_01h455vb4pex5vsknk084sn02q", ResourceKind::ServiceAccount);
const ROLE: Subject = subject("roleId", "rol_01h455vb4pex5vsknk084sn02q", ResourceKind::Role);
const SUPPORT: Subject =
    subject("supportAccessId", "sup_01h455vb4pex5vsknk084sn02q", ResourceKind::SupportAccess);
const ENDPOINT: Subject = subject("endpointId", "whe_01h455vb4pex5vsknk084sn02q", ResourceKind::Webhook);
const TENANT: Subject = subject("tenantId", "ten_01h455vb4pex5vsknk084sn02q", ResourceKind::Tenant);
const SUBSCRIPTION: Subject =
    subject("subscriptionId", "sub_01h455vb4pex5vsknk084sn02q", ResourceKind::Subscription);
const PLACE: &[(&str, &str)] = &[("slug", "\"shop\""), ("region", "\"eu-central\"")];

const fn event(
    name: &'static str,
    topic: &'static str,
    (subject, fields): (Subject, &'static [(&'static str, &'static str)]),
    description: &'static str,
) -> EventType {
    EventType { name, topic, subject, fields, description }
}

/// Every event, in the order in which it is shown.
pub(crate) const TYPES: &[EventType] = &[
    event(
        "instance.created",
        "instance.create",
        (INSTANCE, PLACE),
        "An instance was ordered. It is being made.",
    ),
    event(
        "instance.ready",
        "instance.ready",
        (INSTANCE, PLACE),
        "An instance answers: n8n can be opened and its webhooks are served.",
    ),
    event(
        "instance.failed",
        "instance.failed",
        (INSTANCE, &[("slug", "\"shop\""), ("region", "\"eu-central\""), ("code", "\"exited\"")]),
        "An instance ended or did not start. It is tried again by itself.",
    ),
    event("instance.start_requested", "instance.start", (INSTANCE, PLACE), "Somebody started an instance."),
    event("instance.stop_requested", "instance.stop", (INSTANCE, PLACE), "Somebody stopped an instance."),
    event(
        "instance.stopped",
        "instance.stopped",
        (INSTANCE, PLACE),
        "An instance has stopped. Its data is kept.",
    ),
    event(
        "instance.deletion_requested",
        "instance.delete",
        (
            INSTANCE,
            &[("slug", "\"shop\""), ("region", "\"eu-central\""), ("deleteAt", "\"2026-11-28T12:00:00Z\"")],
        ),
        "Somebody deleted an instance. Until `deleteAt` it can be restored.",
    ),
    event("instance.restored", "instance.restore", (INSTANCE, PLACE), "A deleted instance was restored."),
    event("instance.deleted", "instance.deleted", (INSTANCE, PLACE), "An instance is gone with its data."),
    event(
        "member.added",
        "member.added",
        (MEMBER, &[("role", "\"developer\"")]),
        "Somebody became a member.",
    ),
    event(
        "member.role_changed",
        "member.role_changed",
        (MEMBER, &[("from", "\"developer\""), ("to", "\"admin\"")]),
        "A member has another role.",
    ),
    event(
        "member.removed",
        "member.removed",
        (MEMBER, &[("role", "\"developer\""), ("left", "false")]),
        "A member was removed, or left.",
    ),
    event(
        "invitation.created",
        "invitation.created",
        (INVITATION, &[("role", "\"developer\"")]),
        "Somebody was invited.",
    ),
    event(
        "invitation.revoked",
        "invitation.revoked",
        (INVITATION, &[("role", "\"developer\"")]),
        "An invitation was taken back.",
    ),
    event(
        "tenant.created",
        "tenant.create",
        (TENANT, &[("slug", "\"acme\""), ("plan", "\"team\"")]),
        "The organisation was made.",
    ),
    event(
        "subscription.started",
        "subscription.started",
        (SUBSCRIPTION, &[("plan", "\"team\""), ("version", "1")]),
        "A plan began.",
    ),
    event(
        "role.created",
        "role.created",
        (ROLE, &[("name", "\"Night shift\"")]),
        "A role of the organisation's own was made.",
    ),
    event(
        "role.updated",
        "role.changed",
        (ROLE, &[("name", "\"Night shift\"")]),
        "A role of the organisation's own was changed.",
    ),
    event(
        "role.deleted",
        "role.deleted",
        (ROLE, &[("name", "\"Night shift\"")]),
        "A role of the organisation's own was deleted.",
    ),
    event(
        "api_key.created",
        "api_key.created",
        (KEY, &[("name", "\"CI\""), ("prefix", "\"tk_live_ab12\"")]),
        "An API key was made.",
    ),
    event(
        "api_key.rotated",
        "api_key.rotated",
        (KEY, &[("name", "\"CI\""), ("prefix", "\"tk_live_ab12\"")]),
        "An API key got a new secret.",
    ),
    event(
        "api_key.revoked",
        "api_key.revoked",
        (KEY, &[("name", "\"CI\""), ("prefix", "\"tk_live_ab12\"")]),
        "An API key was revoked.",
    ),
    event(
        "service_account.created",
        "service_account.created",
        (SERVICE_ACCOUNT, &[("name", "\"deployer\"")]),
        "A service account was made.",
    ),
    event(
        "service_account.deleted",
        "service_account.deleted",
        (SERVICE_ACCOUNT, &[("name", "\"deployer\"")]),
        "A service account was deleted.",
    ),
    event(
        "support.granted",
        "support.granted",
        (SUPPORT, &[("level", "\"read\"")]),
        "Platform staff was let in.",
    ),
    event("support.revoked", "support.revoked", (SUPPORT, &[]), "Platform staff's access was taken back."),
    event(
        "support.glass_broken",
        "support.glass_broken",
        (SUPPORT, &[]),
        "Platform staff came in without consent, in an emergency.",
    ),
    event(
        "support.glass_ended",
        "support.glass_ended",
        (SUPPORT, &[]),
        "An emergency access of platform staff has ended.",
    ),
    event(
        "webhook_endpoint.disabled",
        "webhook_endpoint.disabled",
        (ENDPOINT, &[("reason", "\"failing\"")]),
        "An endpoint was disabled by itself: it answered 410 (`gone`), or nothing has succeeded there for five days (`failing`).",
    ),
];

/// The event of that name.
pub(crate) fn named(name: &str) -> Option<&'static EventType> {
    TYPES.iter().find(|t| t.name == name)
}

/// Whether an endpoint that has chosen these types gets such events. None chosen: all.
pub(crate) fn wants(chosen: &[String], event: &EventType) -> bool {
    chosen.is_empty() || chosen.iter().any(|name| name == event.name)
}

/// What somebody needs to see what an event is about. `None` for one that this program does not know.
fn right_to_see(name: &str) -> Option<Right> {
    if name == TEST {
        return Some(Right::new(ResourceKind::Webhook, Action::View));
    }
    named(name).map(EventType::right)
}

/// Whether somebody may see what an event is about.
pub(crate) fn may_see(ctx: &Ctx, tenant: TenantId, name: &str) -> bool {
    right_to_see(name).is_some_and(|right| ctx.may(right.action, &Resource::new(right.kind, tenant)))
}

/// An event's text for who may not see what it is about: that it happened, and when. `data` is empty.
pub(crate) fn without_data(body: &str) -> String {
    let mut event: Value = serde_json::from_str(body).unwrap_or_default();
    let mut part = |name: &str| event.get_mut(name).map(Value::take).unwrap_or_default();
    json!({ "type": part("type"), "timestamp": part("timestamp"), "data": {} }).to_string()
}

/// A fact as its tenant may hear it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Public {
    pub(crate) name: &'static str,
    /// The text that is signed and sent.
    pub(crate) body: String,
}

/// The largest text of one field. Fields are names, codes and moments; whatever is longer is cut.
const LONGEST: usize = 1_000;

/// A fact as its tenant may hear it; `None` for one that is nobody's business outside.
pub(crate) fn of_fact(fact: &StoredFact) -> Option<Public> {
    let event = TYPES.iter().find(|t| t.topic == fact.topic)?;
    let mut data = Map::new();
    data.insert("tenantId".to_owned(), fact.tenant.to_string().into());
    data.insert(event.subject.field.to_owned(), bounded(Value::String(fact.subject.clone())));
    for (field, _) in event.fields {
        // Plain values only: what nests has a form of its own that nobody promised.
        if let Some(value) = fact.payload.get(field).filter(|v| !v.is_object() && !v.is_array()) {
            data.insert((*field).to_owned(), bounded(value.clone()));
        }
    }
    Some(Public { name: event.name, body: body(event.name, fact.at, &Value::Object(data)) })
}

fn bounded(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.chars().take(LONGEST).collect()),
        value => value,
    }
}

/// The payload's form that Standard Webhooks recommends: type, timestamp, data.
fn body(name: &str, at: DateTime<Utc>, data: &Value) -> String {
    let timestamp = at.to_rfc3339_opts(SecondsFormat::Micros, true);
    json!({ "type": name, "timestamp": timestamp, "data": data }).to_string()
}

/// The text of a test: the type's example, or a word of greeting.
pub(crate) fn test_body(event: Option<&EventType>, at: DateTime<Utc>) -> Public {
    match event {
        Some(event) => Public { name: event.name, body: body(event.name, at, &event.example_data()) },
        None => {
            let data = json!({ "message": "It works: this is a test that somebody asked for." });
            Public { name: TEST, body: body(TEST, at, &data) }
        }
    }
}

impl EventType {
    /// What one needs to see what it is about, and to have it sent somewhere.
    pub(crate) fn right(&self) -> Right {
        Right::new(self.subject.kind, Action::View)
    }

    /// A whole payload, as a receiver would get it.
    pub(crate) fn example(&self) -> Value {
        json!({ "type": self.name, "timestamp": "2026-11-21T12:00:00.000000Z", "data": self.example_data() })
    }

    fn example_data(&self) -> Value {
        let mut data = Map::new();
        data.insert("tenantId".to_owned(), "ten_01h455vb4pex5vsknk084sn02q".into());
        data.insert(self.subject.field.to_owned(), self.subject.example.into());
        for (field, example) in self.fields {
            data.insert((*field).to_owned(), serde_json::from_str(example).unwrap_or(Value::Null));
        }
        Value::Object(data)
    }
}

#[cfg(test)]
mod tests {
    use tenantry_kernel::TenantId;
    use uuid::Uuid;

    use super::*;

    fn fact(topic: &str, payload: Value) -> StoredFact {
        StoredFact {
            id: 1,
            tenant: TenantId::from_uuid(Uuid::nil()),
            topic: topic.to_owned(),
            subject: "key_1".to_owned(),
            payload,
            at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn names_and_topics_are_once_each_and_examples_parse() {
        let mut names: Vec<_> = TYPES.iter().map(|t| t.name).collect();
        let mut topics: Vec<_> = TYPES.iter().map(|t| t.topic).collect();
        for list in [&mut names, &mut topics] {
            list.sort_unstable();
            let all = list.len();
            list.dedup();
            assert_eq!(list.len(), all);
        }
        for event in TYPES {
            assert!(
                event.name.split_once('.').is_some_and(|(a, b)| !a.is_empty() && !b.is_empty()),
                "{}",
                event.name
            );
            assert!(event.description.ends_with('.'), "{}", event.name);
            for (field, example) in event.fields {
                let value: Value = serde_json::from_str(example).unwrap_or_else(|e| panic!("{field}: {e}"));
                assert!(!value.is_null() && !value.is_object() && !value.is_array(), "{field}");
            }
            assert_eq!(event.example()["type"], event.name);
        }
    }

    #[test]
    fn each_event_is_about_something_that_can_be_viewed() {
        for event in TYPES {
            assert!(event.right().description().is_some(), "{}", event.name);
            let part: Value = serde_json::from_str(&without_data(&event.example().to_string())).unwrap();
            assert_eq!((&part["type"], &part["data"]), (&event.name.into(), &json!({})));
        }
        assert_eq!(right_to_see(TEST).unwrap().to_string(), "webhook:view");
        assert_eq!(right_to_see("no.such"), None, "what is not known is not shown");
    }

    #[test]
    fn only_named_plain_fields_leave() {
        let payload = json!({
            "name": "CI", "prefix": {"nested": 1}, "email": "ada@example.com", "secret": "s3cret",
            "hash": "abc", "createdBy": "usr_1",
        });
        let public = of_fact(&fact("api_key.created", payload)).unwrap();
        let sent: Value = serde_json::from_str(&public.body).unwrap();
        let expected = json!({
            "type": "api_key.created", "timestamp": "1970-01-01T00:00:00.000000Z",
            "data": { "tenantId": "ten_00000000000000000000000000", "apiKeyId": "key_1", "name": "CI" },
        });
        assert_eq!(sent, expected);
    }

    #[test]
    fn whatever_a_fact_holds_its_message_is_small_and_valid() {
        for payload in [
            Value::Null,
            json!([]),
            json!("text"),
            json!(1e300),
            json!({ "name": "x".repeat(1 << 20) }),
            json!({ "name": "\u{1F600}\"\\\u{7f}\u{202e}" }),
            json!({ "name": null }),
            json!({ "name": [1, [2]] }),
        ] {
            let public = of_fact(&fact("api_key.created", payload)).unwrap();
            assert!(public.body.len() < 10_000);
            serde_json::from_str::<Value>(&public.body).unwrap();
        }
    }

    #[test]
    fn facts_of_no_concern_to_customers_stay_inside() {
        assert_eq!(of_fact(&fact("instance.api_key.read", json!({}))), None);
        assert_eq!(of_fact(&fact("anything.else", json!({}))), None);
        assert!(named(TEST).is_none(), "a test is not subscribed to");
    }
}
