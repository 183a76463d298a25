//! Subscriptions over WebSocket (graphql-transport-ws).

use std::sync::Arc;
use std::time::Duration;

use async_graphql::http::ALL_WEBSOCKET_PROTOCOLS;
use async_graphql::{Data, Executor, Request};
use async_graphql_axum::{GraphQLProtocol, GraphQLWebSocket};
use axum::extract::FromRequestParts;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use futures::stream::BoxStream;
use futures::{SinkExt, StreamExt};
use tenantry_authz::{Actor, Ctx};

use super::answer::Refusal;
use super::negotiate::Form;
use super::params::Params;
use super::prepare::{Rules, Way};
use crate::graphql::{Budget, CustomerSchema, MAX_BODY};
use crate::http::rates;
use crate::http::session::Session;

/// How many subscriptions one socket may have.
pub(super) const MOST_STREAMS: usize = 32;

/// Opens a socket, for those who are known.
pub(super) async fn open(
    (schema, rules): (CustomerSchema, Rules),
    ctx: &Ctx,
    session: Session,
    mut parts: Parts,
) -> Response {
    if matches!(ctx.actor(), Actor::Anonymous) {
        return unauthenticated();
    }
    let protocol = match GraphQLProtocol::from_request_parts(&mut parts, &()).await {
        Ok(protocol) => protocol,
        Err(status) => return status.into_response(),
    };
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    let connection = match rules.app.api.connections.admit(ctx) {
        Ok(connection) => connection,
        Err(refused) => return *refused,
    };
    upgrade.protocols(ALL_WEBSOCKET_PROTOCOLS).max_message_size(MAX_BODY).max_frame_size(MAX_BODY).on_upgrade(
        move |socket| {
            let sockets = rules.app.api.sockets.clone();
            let serving = serve(socket, SessionExecutor { schema, rules, session }, protocol);
            sockets.track_future(async move {
                let _held = connection;
                serving.await;
            })
        },
    )
}

pub(super) fn unauthenticated() -> Response {
    let error = tenantry_kernel::Error::unauthenticated();
    Refusal { code: error.code(), message: error.message(), remedy: error.remedy() }
        .http(Form::Json, axum::http::StatusCode::UNAUTHORIZED)
}

/// Serves a socket until either side ends it. When this process ends, the client is told to come again (1001, "going
/// away").
async fn serve(socket: WebSocket, executor: SessionExecutor, protocol: GraphQLProtocol) {
    let closing = executor.rules.app.api.closing.clone();
    let (mut sink, stream) = socket.split();
    let (out, mut queued) = futures::channel::mpsc::channel::<Message>(8);
    let stream = stream.take_until(closing.clone().cancelled_owned());
    let speak = GraphQLWebSocket::new_with_pair(out, stream, executor, protocol)
        .keepalive_timeout(Duration::from_secs(60))
        .serve();
    let write = async {
        while let Some(message) = queued.next().await {
            if sink.send(message).await.is_err() {
                return;
            }
        }
        if closing.is_cancelled() {
            let away = CloseFrame { code: close_code::AWAY, reason: "the server restarts".into() };
            let _ = sink.send(Message::Close(Some(away))).await;
        }
        let _ = sink.close().await;
    };
    futures::future::join(speak, write).await;
}

/// Runs a socket's operations as whoever its session is *now*: a log-out, a lost membership or a new password ends
/// what the socket may do.
#[derive(Clone)]
struct SessionExecutor {
    schema: CustomerSchema,
    rules: Rules,
    session: Session,
}

#[async_trait::async_trait]
impl Executor for SessionExecutor {
    async fn execute(&self, request: Request) -> async_graphql::Response {
        self.execute_stream(request, None).next().await.unwrap_or_default()
    }

    fn execute_stream(
        &self,
        request: Request,
        _data: Option<Arc<Data>>,
    ) -> BoxStream<'static, async_graphql::Response> {
        let this = self.clone();
        let begin = async move {
            let refused = |response| futures::stream::once(std::future::ready(response)).boxed();
            let Ok(permit) = this.session.streams.clone().try_acquire_owned() else {
                return refused(TOO_MANY.response());
            };
            let Ok(ctx) = this.session.context(&this.rules.app).await else {
                return refused(AWAY.response());
            };
            if this.rules.app.rates.actor(ctx.actor()).await.iter().any(|v| v.refused) {
                return refused(TOO_OFTEN.response());
            }
            let extensions = serde_json::to_value(&request.extensions).ok();
            let params = Params {
                query: Some(request.query),
                operation_name: request.operation_name,
                variables: request
                    .variables
                    .into_value()
                    .into_json()
                    .ok()
                    .and_then(|v| v.as_object().cloned()),
                extensions: extensions.and_then(|it| it.as_object().cloned()),
            };
            let prepared = match this.rules.prepare(&ctx, params, (Way::Socket, &Budget::default())) {
                Ok(prepared) => prepared,
                Err(answer) => return refused(*answer),
            };
            this.schema
                .execute_stream(prepared.request.data(this.session))
                .map(move |response| {
                    let _held = &permit;
                    this.rules.finish(&ctx, &prepared.shape, response)
                })
                .boxed()
        };
        futures::stream::once(begin).flatten().boxed()
    }
}

const TOO_MANY: Refusal<'static> = Refusal {
    code: "BAD_REQUEST",
    message: "This socket has as many subscriptions as it may: end one first.",
    remedy: "End a subscription, or open another socket.",
};
const TOO_OFTEN: Refusal<'static> = Refusal {
    code: "RATE_LIMITED",
    message: rates::MESSAGE,
    remedy: "Wait a minute before you subscribe again.",
};
const AWAY: Refusal<'static> = Refusal {
    code: "UNAVAILABLE",
    message: "The database is not answering right now: try again in a moment.",
    remedy: "Try again in a moment.",
};
