use axum::response::Response;
use tenantry_authz::Ctx;
use tenantry_identity::{Arrival, FactorKind, FlowPurpose};
use tenantry_kernel::Result;
use url::form_urlencoded;

use super::{code_of, redirect, refused, with_cookie};
use crate::app::App;
use crate::http::session;

/// Where a browser goes whom a provider has sent, and with which session.
pub(in crate::http) fn arrived(
    (app, ctx): (&App, &Ctx),
    began: (FlowPurpose, &str),
    arrival: Result<Arrival>,
) -> Response {
    match arrival {
        Ok(Arrival::LoggedIn { token, expires_at, return_to, .. }) => {
            let lifetime = expires_at - ctx.now();
            with_cookie(redirect(&return_to), &session::cookie(&token, lifetime, app.public.is_tls()))
        }
        Ok(Arrival::TestDone { return_to }) => redirect(&return_to),
        Ok(Arrival::LinkNeeded { token }) => redirect(&format!("/sso/link#token={}", token.expose())),
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
        Ok(Arrival::Refused(why)) => refused(ctx, began, why.code()),
        Err(error) => refused(ctx, began, code_of(ctx, &error)),
    }
}
