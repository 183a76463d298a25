//! Rate limits around the APIs: a request is counted for its address before anybody looks who it is, then for its
//! credential and, where that is a program's, for its tenant. Each answer says how much is left
//! (`RateLimit-*`, draft-ietf-httpapi-ratelimit-headers-06); one that is refused is a 429 with `Retry-After`.

use std::net::IpAddr;

use axum::extract::{OriginalUri, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use tenantry_authz::Ctx;
use tenantry_kernel::{Error, Kind, RequestId};

use super::context::REQUEST_ID;
use super::cross_site::answer;
use super::problem::problem;
use super::scim;
use crate::app::App;
use crate::rates::{Verdict, tightest};

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Where a request comes from, as `count_address` found it.
#[derive(Clone, Copy)]
pub(super) struct ClientAddress(pub(super) IpAddr);

/// What the inner of the two layers found, for the outer to write.
#[derive(Clone)]
struct Verdicts(Vec<Verdict>);

/// The outer layer: before authentication, which costs a look into the database.
pub(super) async fn count_address(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let address = app.proxies.client_of(&request);
    let verdict = match address {
        Some(address) => app.rates.address(address).await,
        None => None,
    };
    let mut response = if verdict.is_some_and(|v| v.refused) {
        let id = RequestId::generate(&*app.runtime.clock, &*app.runtime.entropy);
        let mut refused = refusal(request.uri().path(), id);
        if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
            refused.headers_mut().insert(REQUEST_ID, id);
        }
        refused
    } else {
        if let Some(address) = address {
            request.extensions_mut().insert(ClientAddress(address));
        }
        next.run(request).await
    };
    let inner = response.extensions_mut().remove::<Verdicts>();
    let verdicts: Vec<Verdict> = verdict.into_iter().chain(inner.into_iter().flat_map(|v| v.0)).collect();
    if let Some(tightest) = tightest(&verdicts) {
        write(&mut response, tightest);
    }
    response
}

/// The inner layer: the request's `Ctx` is known.
pub(super) async fn count_actor(State(app): State<App>, request: Request, next: Next) -> Response {
    let Some(ctx) = request.extensions().get::<Ctx>() else {
        return next.run(request).await;
    };
    let verdicts = app.rates.actor(ctx.actor()).await;
    let mut response = if verdicts.iter().any(|v| v.refused) {
        // Within a nested router the path is what is left of it.
        let whole = request.extensions().get::<OriginalUri>().map_or(request.uri(), |original| &original.0);
        refusal(whole.path(), ctx.request())
    } else {
        next.run(request).await
    };
    // What was found further in is the newer.
    let verdicts = response.extensions_mut().remove::<Verdicts>().unwrap_or(Verdicts(verdicts));
    response.extensions_mut().insert(verdicts);
    response
}

/// Counts what else than its first operation a request has, or subscriptions that are begun on a connection. Gives the
/// refusal where there are too many.
pub(super) async fn count_more(app: &App, ctx: &Ctx, (path, more): (&str, usize)) -> Option<Response> {
    for _ in 0..more {
        let verdicts = app.rates.actor(ctx.actor()).await;
        if verdicts.iter().any(|v| v.refused) {
            let mut refused = refusal(path, ctx.request());
            refused.extensions_mut().insert(Verdicts(verdicts));
            return Some(refused);
        }
    }
    None
}

pub(super) const MESSAGE: &str = "Too many requests.";
pub(super) const REMEDY: &str =
    "Wait as many seconds as Retry-After says; RateLimit-Policy says what is allowed.";

fn refusal(path: &str, request: RequestId) -> Response {
    if path.ends_with("/graphql") {
        return answer(StatusCode::TOO_MANY_REQUESTS, Kind::RateLimited.code(), MESSAGE, REMEDY);
    }
    let error = Error::new(Kind::RateLimited, MESSAGE).with_remedy(REMEDY);
    if path.starts_with(scim::PATH) {
        return scim::fault(error, request);
    }
    problem(&error, request)
}

fn write(response: &mut Response, verdict: &Verdict) {
    let reset = verdict.reset_seconds();
    let headers = response.headers_mut();
    headers.insert(LIMIT, HeaderValue::from(verdict.limit));
    headers.insert(REMAINING, HeaderValue::from(verdict.remaining));
    headers.insert(RESET, HeaderValue::from(reset));
    let policy =
        format!("{};w={};comment=\"{}\"", verdict.limit, verdict.window.as_secs(), verdict.scope.as_str());
    if let Ok(policy) = HeaderValue::try_from(policy) {
        headers.insert(POLICY, policy);
    }
    if verdict.refused {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(reset.max(1)));
    }
}
