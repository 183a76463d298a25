use axum::response::Response;
use tenantry_authz::Ctx;
use tenantry_identity::{Arrival, FlowPurpose};
use tenantry_kernel::Result;

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
        Ok(Arrival::TestDone { return_to } | Arrival::Linked { return_to }) => redirect(&return_to),
        Ok(Arrival::LinkNeeded { token }) => redirect(&format!("/sso/link#token={}", token.expose())),
        Ok(Arrival::Refused(why)) => refused(ctx, began, why.code()),
        Err(error) => refused(ctx, began, code_of(ctx, &error)),
    }
}
