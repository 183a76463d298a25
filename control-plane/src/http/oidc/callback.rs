//! `GET /oidc/callback`: a browser comes back from a provider with a code.

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use tenantry_authz::Ctx;
use tenantry_identity::oidc::{Answer, Refusal};
use tenantry_identity::{Arrival, ConnectionSettings, FactorKind, Flow};
use tenantry_kernel::Secret;
use url::form_urlencoded;

use super::{
    DENIED, EXPIRED, FAILED, browser, code_of, parameter, redirect, refused, refused_log_in, with_cookie,
};
use crate::app::App;
use crate::http::session;

pub(in crate::http) async fn callback(
    State(app): State<App>,
    Extension(ctx): Extension<Ctx>,
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
    let not = |code: &str| refused(ctx, (purpose, &return_to), code);
    let asserted = match app.oidc.complete(&settings, &flow, answer).await {
        Ok(asserted) => asserted,
        Err(why) => {
            let reason = format!("{}: {why}", why.code());
            if let Err(error) = app.identity.flow_failed(ctx, &flow, &reason).await {
                code_of(ctx, &error);
            }
            return not(if matches!(why, Refusal::ProviderSaid(_)) { DENIED } else { FAILED });
        }
    };
    match app.identity.arrive(ctx, flow, asserted).await {
        Ok(Arrival::LoggedIn { token, expires_at, return_to, .. }) => {
            let lifetime = expires_at - ctx.now();
            with_cookie(redirect(&return_to), &session::cookie(&token, lifetime, app.public.is_tls()))
        }
        Ok(Arrival::TestDone { return_to } | Arrival::Linked { return_to }) => redirect(&return_to),
        Ok(Arrival::FactorNeeded { token, factors, return_to }) => {
            // In the fragment, which no server and no log gets to see.
            let kinds: Vec<&str> = factors.into_iter().map(FactorKind::code).collect();
            let told = form_urlencoded::Serializer::new(String::new())
                .append_pair("token", token.expose())
                .append_pair("factors", &kinds.join(" "))
                .append_pair("next", &return_to)
                .finish();
            redirect(&format!("/log-in/second-step#{told}"))
        }
        Ok(Arrival::LinkNeeded { token }) => redirect(&format!("/sso/link#token={}", token.expose())),
        Ok(Arrival::Refused(why)) => not(why.code()),
        Err(error) => not(code_of(ctx, &error)),
    }
}
