//! From what was asked for to what runs: everything that is refused before execution is refused here, whatever the
//! transport.

use std::sync::Arc;

use async_graphql::parser::types::{OperationType, Selection};
use async_graphql::{Name, Request, Response, Value as ConstValue, Variables};
use serde_json::{Map, Value};
use tenantry_authz::{Actor, Ctx};

use super::answer::Refusal;
use super::document::{Document, Readings};
use super::nulls::{Shape, Types};
use super::params::Params;
use super::persisted::{AllowList, Remembered, Unknown, find};
use crate::app::App;
use crate::graphql::{Budget, MAX_ITEMS, MAX_MUTATIONS, condition_loader, tidy};

/// Which API: what one refuses, the other may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    Customers,
    Operators,
}

/// By which way a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Single,
    Batch,
    /// A socket, which takes subscriptions only.
    Socket,
    /// Server-sent events.
    Events,
}

/// Mutations that a person makes alone, mostly before anybody knows who it is. Several at once serve only somebody who
/// guesses.
const ALONE: [&str; 14] = [
    "signUp",
    "logIn",
    "completeLogIn",
    "startPasskeyLogIn",
    "logInWithPasskey",
    "challengePasskey",
    "prove",
    "confirmTotp",
    "verifyEmail",
    "requestPasswordReset",
    "resetPassword",
    "resendVerification",
    "changePassword",
    "completeOperatorSetup",
];

/// An operation that may run.
pub(super) struct Prepared {
    pub(super) request: Request,
    pub(super) kind: Option<OperationType>,
    pub(super) roots: Vec<String>,
    pub(super) shape: Shape,
    /// Whether it is to be remembered by its hash if it proves valid.
    pub(super) remember: bool,
    /// For how many entities it asks.
    pub(super) entities: usize,
}

impl Prepared {
    pub(super) fn is_mutation(&self) -> bool {
        self.kind == Some(OperationType::Mutation)
    }
}

/// What the requests of one endpoint share.
#[derive(Clone)]
pub(super) struct Rules {
    pub(super) app: App,
    pub(super) which: Which,
    pub(super) remembered: Remembered,
    readings: Readings,
    types: Arc<Types>,
}

impl Rules {
    pub(super) fn new(app: App, which: Which, sdl: &str) -> Self {
        Self {
            app,
            which,
            remembered: Remembered::default(),
            readings: Readings::default(),
            types: Arc::new(Types::read(sdl)),
        }
    }

    /// Reads, measures and judges one operation.
    ///
    /// # Errors
    /// The answer that says why it does not run.
    pub(super) fn prepare(
        &self,
        ctx: &Ctx,
        params: Params,
        (way, budget): (Way, &Budget),
    ) -> Result<Prepared, Box<Response>> {
        let no = |refusal: Refusal<'_>| Box::new(tidy(refusal.response(), ctx.request()));
        let named =
            find((params.query.as_deref(), params.extensions.as_ref()), &self.remembered, self.allowed())
                .map_err(|unknown| no(unknown_document(&unknown)))?;
        let read = self.readings.read(&named.text, params.operation_name.as_deref());
        let document = read.map_err(|refused| {
            let mut response = Refusal { message: &refused.message, ..BAD_DOCUMENT }.response();
            if let (Some(at), Some(error)) = (refused.at, response.errors.first_mut()) {
                error.locations.push(at);
            }
            Box::new(tidy(response, ctx.request()))
        })?;
        if document.introspects && self.is_guarded(ctx) {
            return Err(no(INTROSPECTION_OFF));
        }
        if let Some(refusal) = misplaced(&document, way) {
            return Err(no(refusal));
        }
        let variables = params.variables.unwrap_or_default();
        if let Some(name) = missing(&document, &variables) {
            let message = format!("The variable ${name} must have a value.");
            return Err(no(Refusal { message: &message, ..NO_VARIABLE }));
        }
        let entities = entities(&document, &variables);
        if entities > MAX_ITEMS {
            return Err(no(TOO_MANY_ENTITIES));
        }
        let mut request = Request::new(&*named.text)
            .variables(Variables::from_json(Value::Object(variables)))
            .data(ctx.clone())
            .data(condition_loader(&self.app, ctx))
            .data(budget.times(entities));
        request.operation_name.clone_from(&params.operation_name);
        let (kind, roots) = (document.kind(), document.operation.map(|it| it.roots).unwrap_or_default());
        request.set_parsed_query(document.parsed);
        let shape = Shape { text: named.text, operation_name: params.operation_name };
        Ok(Prepared { request, kind, roots, shape, remember: named.remember, entities })
    }

    /// An answer as this person may have it.
    pub(super) fn finish(&self, ctx: &Ctx, shape: &Shape, response: Response) -> Response {
        let mut response = tidy(response, ctx.request());
        self.types.settle(shape, &mut response);
        if self.is_guarded(ctx) {
            for error in &mut response.errors {
                // The schema's names are not for guessing.
                if let Some(at) = error.message.find(" Did you mean") {
                    error.message.truncate(at);
                }
            }
        }
        response
    }

    /// Whether nothing of the schema is told to whoever asks.
    fn is_guarded(&self, ctx: &Ctx) -> bool {
        !self.app.api.anonymous_introspection && matches!(ctx.actor(), Actor::Anonymous)
    }

    fn allowed(&self) -> Option<&AllowList> {
        // Platform staff explore their API in the console.
        self.app.api.allow_list.as_deref().filter(|_| self.which == Which::Customers)
    }
}

/// Whether such an operation does not go this way.
fn misplaced(document: &Document, way: Way) -> Option<Refusal<'static>> {
    let kind = document.kind();
    if way == Way::Socket {
        // Of a document that could mean several, none is a guess.
        let all = document.parsed.operations.iter();
        let only = all.clone().all(|(_, operation)| operation.node.ty == OperationType::Subscription);
        return (!only).then_some(SOCKET);
    }
    match kind? {
        OperationType::Subscription if way != Way::Events => Some(NOT_BY_POST),
        OperationType::Mutation if way == Way::Events => Some(NOT_BY_EVENTS),
        OperationType::Mutation => {
            let roots = &document.operation.as_ref()?.roots;
            let alone = roots.iter().any(|root| ALONE.contains(&root.as_str()));
            if alone && (way == Way::Batch || roots.len() > 1) {
                return Some(ALONE_ONLY);
            }
            (roots.len() > MAX_MUTATIONS).then_some(TOO_MANY_MUTATIONS)
        }
        _ => None,
    }
}

/// A variable without the value that it must have: such a request is not executed (GraphQL, section 6.1.2).
fn missing<'a>(document: &'a Document, variables: &Map<String, Value>) -> Option<&'a str> {
    let required = &document.operation.as_ref()?.required;
    required.iter().find(|name| variables.get(*name).is_none_or(Value::is_null)).map(String::as_str)
}

/// For how many entities a federated request asks.
fn entities(document: &Document, variables: &Map<String, Value>) -> usize {
    let asks = document.operation.as_ref().is_some_and(|it| it.roots.iter().any(|root| root == "_entities"));
    if !asks {
        return 0;
    }
    let of_variable = |name: Name| {
        let length = variables.get(name.as_str()).and_then(Value::as_array).map_or(1, Vec::len);
        Ok::<_, ()>(ConstValue::List(vec![ConstValue::Null; length]))
    };
    let operations =
        document.parsed.operations.iter().map(|(_, operation)| &operation.node.selection_set.node);
    let fragments = document.parsed.fragments.values().map(|fragment| &fragment.node.selection_set.node);
    let mut sets: Vec<_> = operations.chain(fragments).collect();
    let mut count = 0usize;
    while let Some(set) = sets.pop() {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) if field.node.name.node == "_entities" => {
                    let given = field.node.get_argument("representations").map(|value| value.node.clone());
                    count += match given.map(|value| value.into_const_with(of_variable)) {
                        Some(Ok(ConstValue::List(items))) => items.len(),
                        _ => 1,
                    };
                }
                Selection::Field(field) => sets.push(&field.node.selection_set.node),
                Selection::InlineFragment(inline) => sets.push(&inline.node.selection_set.node),
                Selection::FragmentSpread(_) => {}
            }
        }
    }
    count
}

fn unknown_document(unknown: &Unknown) -> Refusal<'static> {
    match unknown {
        Unknown::NotFound => Refusal {
            code: "PERSISTED_QUERY_NOT_FOUND",
            message: "PersistedQueryNotFound",
            remedy: "Send the document once together with its hash; after that the hash alone is enough.",
        },
        Unknown::Unsupported => Refusal {
            code: "PERSISTED_QUERY_NOT_SUPPORTED",
            message: "PersistedQueryNotSupported",
            remedy: "Name a document as {\"version\": 1, \"sha256Hash\": \"<64 hexadecimal digits>\"}.",
        },
        Unknown::Mismatch => Refusal {
            code: "BAD_REQUEST",
            message: "The hash is not the SHA-256 of the document.",
            remedy: "Hash the very text that is sent, as UTF-8.",
        },
        Unknown::NotAllowed => Refusal {
            code: "OPERATION_NOT_ALLOWED",
            message: "This installation runs only the operations that its operator has listed.",
            remedy: "Ask the operator to list this operation.",
        },
    }
}

const BAD_DOCUMENT: Refusal<'static> = Refusal {
    code: "BAD_REQUEST",
    message: "",
    remedy: "Correct the GraphQL document: the message and location say where.",
};
const NO_VARIABLE: Refusal<'static> = Refusal {
    code: "BAD_REQUEST",
    message: "",
    remedy: "Send it in `variables`, by its name without the dollar sign.",
};
const INTROSPECTION_OFF: Refusal<'static> = Refusal {
    code: "INTROSPECTION_OFF",
    message: "The schema is shown to those who are logged in.",
    remedy: "Log in or send an API key; or read schema.graphql, which comes with the product.",
};
const SOCKET: Refusal<'static> = Refusal {
    code: "BAD_REQUEST",
    message: "A socket takes valid subscriptions only: send queries and mutations by POST.",
    remedy: "Send queries and mutations by POST to the same address.",
};
const NOT_BY_POST: Refusal<'static> = Refusal {
    code: "BAD_REQUEST",
    message: "A subscription has more than one answer, and this way has one.",
    remedy: "Send the header Accept: text/event-stream, or use a socket (graphql-transport-ws).",
};
const NOT_BY_EVENTS: Refusal<'static> = Refusal {
    code: "BAD_REQUEST",
    message: "A mutation is not answered by events.",
    remedy: "Send mutations by POST with Accept: application/graphql-response+json.",
};
const ALONE_ONLY: Refusal<'static> = Refusal {
    code: "BAD_REQUEST",
    message: "Signing up, logging in and what is done with a password or a mailed link go one at a time.",
    remedy: "Send this mutation by itself: one field, not in a batch.",
};
const TOO_MANY_MUTATIONS: Refusal<'static> = Refusal {
    code: "BAD_REQUEST",
    message: "An operation makes at most ten mutations.",
    remedy: "Send fewer at once, or use a mutation on many things, such as inviteMembers.",
};
const TOO_MANY_ENTITIES: Refusal<'static> = Refusal {
    code: "BAD_REQUEST",
    message: "At most 50 entities are resolved at once.",
    remedy: "Ask for fewer representations in a request.",
};

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str, way: Way) -> bool {
        misplaced(&Readings::default().read(text, None).unwrap(), way).is_some()
    }

    #[test]
    fn what_people_do_alone_is_neither_batched_nor_doubled() {
        let one = "mutation { logIn(input: {}) { ok } }";
        assert!(!refused(one, Way::Single));
        assert!(refused(one, Way::Batch));
        for two in [
            "mutation { a: logIn { ok } b: logIn { ok } }",
            "mutation { ...F logIn { ok } } fragment F on Mutation { b: logIn { ok } }",
            "mutation { createTenant { ok } ... on Mutation { signUp { ok } } }",
        ] {
            assert!(refused(two, Way::Single), "{two}");
        }
        assert!(!refused("mutation { a: stopInstance { ok } b: stopInstance { ok } }", Way::Batch));
        let many: String = (0..11).map(|n| format!("a{n}: stopInstance {{ ok }} ")).collect();
        assert!(refused(&format!("mutation {{ {many} }}"), Way::Single));
    }

    #[test]
    fn each_kind_has_its_ways() {
        let (query, mutation, subscription) = ("{ a }", "mutation { a }", "subscription { a }");
        for (text, way, no) in [
            (query, Way::Single, false),
            (query, Way::Events, false),
            (query, Way::Socket, true),
            (mutation, Way::Single, false),
            (mutation, Way::Events, true),
            (mutation, Way::Socket, true),
            (subscription, Way::Single, true),
            (subscription, Way::Batch, true),
            (subscription, Way::Events, false),
            (subscription, Way::Socket, false),
        ] {
            assert_eq!(refused(text, way), no, "{text} {way:?}");
        }
    }

    #[test]
    fn entities_are_counted_however_they_are_asked_for() {
        let of = |text: &str, variables: serde_json::Value| {
            entities(&Readings::default().read(text, None).unwrap(), variables.as_object().unwrap())
        };
        let none = || serde_json::json!({});
        assert_eq!(of("{ plans { code } }", none()), 0);
        assert_eq!(
            of(
                "query($r: [_Any!]!) { _entities(representations: $r) { id } }",
                serde_json::json!({ "r": [1, 2, 3] })
            ),
            3
        );
        let twice = "{ _entities(representations: [{}, {}]) { id } ...F } fragment F on Query { x: _entities(representations: [{}]) { id } }";
        assert_eq!(of(twice, none()), 3);
    }
}
