use std::sync::Arc;

use async_graphql::{ObjectType, SubscriptionType};
use axum::Extension;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{OriginalUri, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use tenantry_authz::{Ctx, Grounds};
use tenantry_kernel::Error;
use tokio::sync::Semaphore;

use super::answer::{Refusal, code, whole};
use super::execute::{Schemas, Work};
use super::keyed::{self, Begun, NO_KEY_HERE, NOT_KEYED};
use super::negotiate::{Form, negotiate};
use super::params::{self, Asked, Malformed};
use super::prepare::{Rules, Which};
use super::{events, stream};
use crate::app::App;
use crate::graphql::{
    CustomerSchema, MAX_BODY, admin_schema, counted_admin_schema, counted_customer_schema, customer_schema,
};
use crate::http::context::Believed;
use crate::http::rates;
use crate::http::session::{self, Session};

/// The customers' API: queries, mutations, subscriptions.
pub(in crate::http) fn customers(app: &App) -> MethodRouter<App> {
    let (plain, counted) = (customer_schema(app.clone()), counted_customer_schema(app.clone()));
    let rules = Rules::new(app.clone(), Which::Customers, &plain.sdl());
    route(rules, Schemas { plain: plain.clone(), counted }, Some(plain))
}

/// The operators' API, which has no subscriptions.
pub(in crate::http) fn operators(app: &App) -> MethodRouter<App> {
    let (plain, counted) = (admin_schema(app.clone()), counted_admin_schema(app.clone()));
    let rules = Rules::new(app.clone(), Which::Operators, &plain.sdl());
    route(rules, Schemas { plain, counted }, None)
}

fn route<Q, M, S>(rules: Rules, schemas: Schemas<Q, M, S>, live: Option<CustomerSchema>) -> MethodRouter<App>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    let endpoint = Endpoint { rules, schemas, live };
    let by_get = endpoint.clone();
    post(
        move |Extension(ctx): Extension<Ctx>,
              believed: Option<Extension<Believed>>,
              OriginalUri(uri): OriginalUri,
              headers: HeaderMap,
              body: Result<Bytes, BytesRejection>| async move {
            endpoint.post((ctx, believed.is_some()), (uri.path(), &headers), body).await
        },
    )
    .merge(get(
        move |State(_): State<App>, Extension(ctx): Extension<Ctx>, request: Request| async move {
            by_get.get(ctx, request).await
        },
    ))
}

struct Endpoint<Q, M, S> {
    rules: Rules,
    schemas: Schemas<Q, M, S>,
    /// What can be subscribed to.
    live: Option<CustomerSchema>,
}

// Derived, it would ask the same of a schema's types.
impl<Q, M, S> Clone for Endpoint<Q, M, S> {
    fn clone(&self) -> Self {
        Self { rules: self.rules.clone(), schemas: self.schemas.clone(), live: self.live.clone() }
    }
}

impl<Q, M, S> Endpoint<Q, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    async fn post(
        self,
        (ctx, believed): (Ctx, bool),
        (path, headers): (&str, &HeaderMap),
        body: Result<Bytes, BytesRejection>,
    ) -> Response {
        let Some(form) = wanted(headers) else { return not_acceptable() };
        let body = match body {
            Ok(body) => body,
            Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                let message = format!("A request has at most {} KiB.", MAX_BODY / 1024);
                return Refusal { message: &message, ..TOO_LARGE }.http(form, StatusCode::PAYLOAD_TOO_LARGE);
            }
            Err(_) => return malformed(form, &Malformed("The body broke off.".to_owned())),
        };
        match params::of_body(&body) {
            Ok(Asked::Single(params)) if form == Form::Events => self.events(ctx, headers, *params).await,
            Ok(Asked::Batch(_)) if form == Form::Events => NO_BATCH.http(Form::Json, StatusCode::BAD_REQUEST),
            Ok(asked) => {
                let more = if let Asked::Batch(all) = &asked { all.len().saturating_sub(1) } else { 0 };
                match rates::count_more(&self.rules.app, &ctx, (path, more)).await {
                    Some(refused) => refused,
                    None => self.run((ctx, believed), (path, headers), (form, asked)).await,
                }
            }
            Err(wrong) => malformed(form, &wrong),
        }
    }

    async fn get(self, ctx: Ctx, request: Request) -> Response {
        let (parts, _) = request.into_parts();
        let upgrade = parts.headers.get(header::UPGRADE).and_then(|value| value.to_str().ok());
        if upgrade.is_some_and(|to| to.eq_ignore_ascii_case("websocket")) {
            let Some(schema) = self.live else {
                return NOTHING_LIVE.http(Form::Json, StatusCode::BAD_REQUEST);
            };
            let session = session_of(&self.rules.app, &ctx, &parts.headers);
            return stream::open((schema, self.rules), &ctx, session, parts).await;
        }
        let Some(form) = wanted(&parts.headers) else { return not_acceptable() };
        let params = match params::of_query_string(parts.uri.query().unwrap_or_default()) {
            Ok(params) => params,
            Err(wrong) => return malformed(form, &wrong),
        };
        if form == Form::Events {
            return self.events(ctx, &parts.headers, params).await;
        }
        let work = Work::new(&self.rules, &ctx, Asked::Single(Box::new(params)));
        if work.has_mutation() {
            let mut refused = NOT_BY_GET.http(form, StatusCode::METHOD_NOT_ALLOWED);
            refused.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
            return refused;
        }
        whole(form, &work.run(&self.schemas).await)
    }

    /// The same request of whoever it is now.
    async fn now(&self, ctx: &Ctx, headers: &HeaderMap) -> tenantry_kernel::Result<Ctx> {
        let app = &self.rules.app;
        let credential = session::token(headers, app.public.is_tls());
        app.context(&credential, ctx.origin().clone(), ctx.request()).await
    }

    async fn events(self, ctx: Ctx, headers: &HeaderMap, params: params::Params) -> Response {
        let Some(schema) = self.live else { return NOTHING_LIVE.http(Form::Json, StatusCode::BAD_REQUEST) };
        let session = session_of(&self.rules.app, &ctx, headers);
        events::answer((schema, self.rules), (ctx, session), params).await
    }

    async fn run(
        self,
        (mut ctx, believed): (Ctx, bool),
        (path, headers): (&str, &HeaderMap),
        (form, asked): (Form, Asked),
    ) -> Response {
        let key = match keyed::key_of(headers) {
            Ok(key) => key,
            Err(refusal) => return refusal.http(form, StatusCode::BAD_REQUEST),
        };
        let grounds = Grounds::default();
        ctx = if key.is_some() { ctx.gathering(&grounds) } else { ctx };
        let mut work = Work::new(&self.rules, &ctx, asked.clone());
        if believed && work.has_mutation() {
            // Who changes something is who it is now.
            ctx = match self.now(&ctx, headers).await {
                Ok(now) if key.is_some() => now.gathering(&grounds),
                Ok(now) => now,
                Err(error) => return fault(form, &ctx, &error),
            };
            work = Work::new(&self.rules, &ctx, asked.clone());
        }
        // What changes nothing may be repeated as it is.
        let Some(key) = key.filter(|_| work.has_mutation()) else {
            let mut answers = work.run(&self.schemas).await;
            if believed && answers.all().iter().any(is_refused) {
                // It may have been given since.
                ctx = match self.now(&ctx, headers).await {
                    Ok(now) => now,
                    Err(error) => return fault(form, &ctx, &error),
                };
                answers = Work::new(&self.rules, &ctx, asked).run(&self.schemas).await;
            }
            return whole(form, &answers);
        };
        if work.prepared().flat_map(|it| &it.roots).any(|root| NOT_KEYED.contains(&root.as_str())) {
            return NO_KEY_HERE.http(form, StatusCode::BAD_REQUEST);
        }
        let claimed = match keyed::begin(&self.rules.app, &ctx, (&key, path, &asked)).await {
            Ok(Begun::Run(claimed)) => claimed,
            Ok(Begun::Replay(answers)) => {
                let mut again = whole(form, &answers);
                again.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
                return again;
            }
            Ok(Begun::Refused(status, refusal)) => {
                let mut refused = refusal.http(form, status);
                if status == StatusCode::CONFLICT {
                    refused.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
                }
                return refused;
            }
            Err(error) => return fault(form, &ctx, &error),
        };
        // It goes on when its client goes away: whoever has begun must say how it ended.
        let done = tokio::spawn(async move {
            let answers = work.run(&self.schemas).await;
            claimed.end(&answers, &grounds).await;
            answers
        });
        match done.await {
            Ok(answers) => whole(form, &answers),
            Err(error) => fault(form, &ctx, &Error::internal(error)),
        }
    }
}

/// Whether something was not allowed, or not visible.
fn is_refused(response: &async_graphql::Response) -> bool {
    let codes =
        ["UNAUTHENTICATED", "FORBIDDEN", "NOT_FOUND", "MFA_REQUIRED", "SESSION_TOO_OLD", "SSO_REQUIRED"];
    response.errors.iter().filter_map(code).any(|code| codes.contains(&code))
}

fn wanted(headers: &HeaderMap) -> Option<Form> {
    negotiate(headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()))
}

/// Who is behind a connection that stays.
fn session_of(app: &App, ctx: &Ctx, headers: &HeaderMap) -> Session {
    Session {
        token: session::token(headers, app.public.is_tls()),
        origin: ctx.origin().clone(),
        streams: Arc::new(Semaphore::new(stream::MOST_STREAMS)),
    }
}

fn fault(form: Form, ctx: &Ctx, error: &Error) -> Response {
    tracing::error!(request.id = %ctx.request(), error = ?error, "who asks cannot be found, or what was kept for its key");
    Refusal { code: error.code(), message: error.message(), remedy: error.remedy() }
        .http(form, StatusCode::SERVICE_UNAVAILABLE)
}

fn malformed(form: Form, wrong: &Malformed) -> Response {
    Refusal {
        code: "BAD_REQUEST",
        message: &wrong.0,
        remedy: r#"Send a JSON object: {"query": "…", "variables": {…}}, or a list of at most ten."#,
    }
    .http(if form == Form::Events { Form::Json } else { form }, StatusCode::BAD_REQUEST)
}

fn not_acceptable() -> Response {
    Refusal {
        code: "NOT_ACCEPTABLE",
        message: "The answer can have none of the forms that the header Accept names.",
        remedy: "Accept application/graphql-response+json or application/json; for subscriptions, text/event-stream.",
    }
    .http(Form::Json, StatusCode::NOT_ACCEPTABLE)
}

const TOO_LARGE: Refusal<'static> = Refusal {
    code: "PAYLOAD_TOO_LARGE",
    message: "",
    remedy: "Send less at once; pass large values as variables, in several requests.",
};
const NOT_BY_GET: Refusal<'static> = Refusal {
    code: "METHOD_NOT_ALLOWED",
    message: "A mutation is not made by GET.",
    remedy: "Send it by POST.",
};
const NO_BATCH: Refusal<'static> = Refusal {
    code: "BAD_REQUEST",
    message: "A stream of events is of one operation.",
    remedy: "Open one stream for each subscription.",
};
const NOTHING_LIVE: Refusal<'static> = Refusal {
    code: "BAD_REQUEST",
    message: "This API has no subscriptions.",
    remedy: "Ask it at intervals.",
};
