//! `GET /oidc/callback/{connection}`: a browser comes back from a provider with a code.
//!
//! Each connection has an address of its own, so an answer that one provider was asked for comes to no other: a provider
//! that sends browsers on to another one would be given that one's code (RFC 9700, section 4.4).

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use tenantry_authz::Ctx;
use tenantry_identity::oidc::{Answer, Refusal};
use tenantry_identity::{ConnectionSettings, Flow};
use tenantry_kernel::Secret;

use crate::app::App;
use crate::http::sso::{
    DENIED, EXPIRED, FAILED, arrived, browser, code_of, parameter, refused, refused_log_in,
};

pub(in crate::http) async fn callback(
    State(app): State<App>,
    Extension(ctx): Extension<Ctx>,
    Path(connection): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let query = uri.query().unwrap_or_default();
    let state = parameter(query, "state").map(Secret::new);
    let (Some(state), Some(browser)) = (state, browser::secret(&headers, app.public.is_tls())) else {
        return refused_log_in(&ctx, EXPIRED);
    };
    let answer = Answer {
        code: parameter(query, "code"),
        iss: parameter(query, "iss"),
        error: parameter(query, "error"),
    };
    match app.identity.take_flow(&ctx, (&state, &browser)).await {
        Ok(Some((flow, settings))) if settings.callback != connection => {
            let reason = "another_connection: The answer came to the address of another connection.";
            if let Err(error) = app.identity.flow_failed(&ctx, &flow, reason).await {
                code_of(&ctx, &error);
            }
            refused(&ctx, (flow.purpose, &flow.return_to), FAILED)
        }
        Ok(Some((flow, settings))) => finish(&app, &ctx, (flow, settings), &answer).await,
        Ok(None) => refused_log_in(&ctx, EXPIRED),
        Err(error) => refused_log_in(&ctx, code_of(&ctx, &error)),
    }
}

async fn finish(
    app: &App,
    ctx: &Ctx,
    (flow, settings): (Flow, ConnectionSettings),
    answer: &Answer,
) -> Response {
    let (purpose, return_to) = (flow.purpose, flow.return_to.clone());
    let asserted = match app.oidc.complete(&settings, &flow, answer).await {
        Ok(asserted) => asserted,
        Err(why) => {
            let reason = format!("{}: {why}", why.code());
            if let Err(error) = app.identity.flow_failed(ctx, &flow, &reason).await {
                code_of(ctx, &error);
            }
            let code = if matches!(why, Refusal::ProviderSaid(_)) { DENIED } else { FAILED };
            return refused(ctx, (purpose, &return_to), code);
        }
    };
    let arrival = app.identity.arrive(ctx, flow, asserted).await;
    arrived((app, ctx), (purpose, &return_to), arrival)
}
