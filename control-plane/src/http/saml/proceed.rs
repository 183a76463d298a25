use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use tenantry_authz::Ctx;
use tenantry_identity::{ConnectionSettings, Flow};
use tenantry_kernel::Secret;

use crate::app::App;
use crate::http::sso::{EXPIRED, arrived, browser, code_of, parameter, refused, refused_log_in};

/// The browser comes with its cookie for what the provider's answer has left for it.
pub(in crate::http) async fn proceed(
    State(app): State<App>,
    Extension(ctx): Extension<Ctx>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let state = parameter(uri.query().unwrap_or_default(), "state").map(Secret::new);
    let (Some(state), Some(browser)) = (state, browser::secret(&headers, app.public.is_tls())) else {
        return refused_log_in(&ctx, EXPIRED);
    };
    match app.identity.take_flow(&ctx, (&state, &browser)).await {
        Ok(Some((flow, settings))) => finish((&app, &ctx), flow, &settings).await,
        Ok(None) => refused_log_in(&ctx, EXPIRED),
        Err(error) => refused_log_in(&ctx, code_of(&ctx, &error)),
    }
}

async fn finish((app, ctx): (&App, &Ctx), flow: Flow, settings: &ConnectionSettings) -> Response {
    let (purpose, return_to) = (flow.purpose, flow.return_to.clone());
    let arrival = match flow.said_by_saml(settings.tenant) {
        Ok(Some(asserted)) => app.identity.arrive(ctx, flow, asserted).await,
        // Nobody has answered: the browser was sent here by somebody else than the provider.
        Ok(None) => return refused(ctx, (purpose, &return_to), EXPIRED),
        Err(error) => Err(error),
    };
    arrived((app, ctx), (purpose, &return_to), arrival)
}
