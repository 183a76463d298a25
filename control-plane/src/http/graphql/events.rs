//! Subscriptions as server-sent events: graphql-sse's "distinct connections mode", one operation a connection.
//!
//! Where a socket is not to be had (a proxy, a command line), the same subscriptions come as an ordinary answer that does
//! not end. Whoever asks is looked up anew before each event, as on a socket: the subscriptions do that themselves,
//! by the [`Session`].

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::stream::BoxStream;
use futures::{FutureExt, Stream, StreamExt};
use tenantry_authz::{Actor, Ctx};

use super::answer::{Answers, is_request_error, json, whole};
use super::live::Connection;
use super::negotiate::Form;
use super::nulls::Shape;
use super::params::Params;
use super::prepare::{Rules, Way};
use super::stream::unauthenticated;
use crate::graphql::{Budget, CustomerSchema};
use crate::http::session::Session;

/// Proxies end connections on which nothing comes, often after a minute.
const STILL_HERE: Duration = Duration::from_secs(12);

/// Answers with a stream of events, or at once with why not.
pub(super) async fn answer(
    (schema, rules): (CustomerSchema, Rules),
    (ctx, session): (Ctx, Session),
    params: Params,
) -> Response {
    if matches!(ctx.actor(), Actor::Anonymous) {
        return unauthenticated();
    }
    let connection = match rules.app.api.connections.admit(&ctx) {
        Ok(connection) => connection,
        Err(refused) => return *refused,
    };
    let prepared = match rules.prepare(&ctx, params, (Way::Events, &Budget::default())) {
        Ok(prepared) => prepared,
        Err(answer) => return whole(Form::GraphqlResponse, &Answers::Single(*answer)),
    };
    let shape = prepared.shape;
    let mut answers = schema.execute_stream(prepared.request.data(session)).fuse().boxed();
    // What validation finds is there at once, and is an answer with a status, not an event.
    let first = answers.next().now_or_never();
    if let Some(Some(response)) = first {
        let response = rules.finish(&ctx, &shape, response);
        if is_request_error(&response) {
            return whole(Form::GraphqlResponse, &Answers::Single(response));
        }
        let all = futures::stream::once(std::future::ready(response)).chain(answers);
        return stream((rules, ctx, shape), connection, all);
    }
    stream((rules, ctx, shape), connection, answers)
}

fn stream(
    (rules, ctx, shape): (Rules, Ctx, Shape),
    connection: Connection,
    answers: impl Stream<Item = async_graphql::Response> + Send + 'static,
) -> Response {
    let closing = rules.app.api.closing.clone();
    let next = answers.map(move |response| {
        let _held = &connection;
        format!("event: next\ndata: {}\n\n", json(&rules.finish(&ctx, &shape, response)))
    });
    // The empty `data:` belongs to it: browsers do not hand on an event without.
    let complete = futures::stream::once(std::future::ready("event: complete\ndata:\n\n".to_owned()));
    // When this process ends, the stream ends without `complete`: the operation is not, and the client comes again.
    let events = next.chain(complete).take_until(closing.cancelled_owned()).boxed();
    let mut response = Body::from_stream(kept_alive(events, STILL_HERE)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(Form::Events.content_type()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx would gather events before it passes them on.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    headers.append(header::VARY, HeaderValue::from_static("accept"));
    response
}

/// With a comment now and then, which clients pass over.
fn kept_alive(
    events: BoxStream<'static, String>,
    every: Duration,
) -> impl Stream<Item = Result<String, Infallible>> {
    futures::stream::unfold(events, move |mut events| async move {
        match tokio::time::timeout(every, events.next()).await {
            Ok(event) => event.map(|event| (Ok(event), events)),
            Err(_) => Some((Ok(":\n\n".to_owned()), events)),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_quiet_stream_says_that_it_is_still_there() {
        let quiet = futures::stream::pending::<String>().boxed();
        let mut frames = Box::pin(kept_alive(quiet, Duration::from_millis(2)));
        for _ in 0..3 {
            assert_eq!(frames.next().await.unwrap().unwrap(), ":\n\n");
        }
        let all: Vec<_> =
            kept_alive(futures::stream::iter(["a".to_owned()]).boxed(), STILL_HERE).collect().await;
        assert_eq!(all.len(), 1, "and ends when there is no more");
    }
}
