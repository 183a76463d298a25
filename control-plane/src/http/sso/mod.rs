//! What the protocols of single sign-on share, as browsers meet it: `GET /sso/start`, where a browser sets out for a
//! provider, the cookie that it comes back with, and what it is told.
//!
//! A browser is told one of a few codes and never why a provider was not believed: the log has that under the request's
//! id, and a test's result has it for the connection's administrators.
//!
//! A log-in stays with the browser that began it: a cookie of ten minutes holds a secret whose hash stands in the flow.
//! Without it, somebody could finish their own log-in in another's browser (RFC 9700, section 4.7).

#[cfg(test)]
pub(super) mod agent;
mod arrival;
pub(super) mod browser;
#[cfg(test)]
pub(super) mod peers;
mod start;
#[cfg(test)]
pub(super) mod world;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tenantry_authz::Ctx;
use tenantry_identity::FlowPurpose;
use tenantry_kernel::{Error, Kind};
use url::form_urlencoded;

pub(super) use arrival::arrived;
pub(super) use start::start;

/// The browser brings nothing that was begun here, or too late, or twice.
pub(super) const EXPIRED: &str = "SSO_EXPIRED";
/// The provider was not believed.
pub(super) const FAILED: &str = "SSO_FAILED";
/// The provider, or the person there, has said no.
pub(super) const DENIED: &str = "SSO_DENIED";
/// There is no such connection, or it cannot be used now.
pub(super) const NOT_FOUND: &str = "SSO_NOT_FOUND";
const RATE_LIMITED: &str = "RATE_LIMITED";
/// Our fault, for now.
const UNAVAILABLE: &str = "UNAVAILABLE";

/// Where somebody learns that it did not work: the log-in page, which leads on to where they were going by another way, or
/// the page that they came from.
pub(super) fn refused(ctx: &Ctx, (purpose, return_to): (FlowPurpose, &str), code: &str) -> Response {
    let logs_in = purpose == FlowPurpose::LogIn;
    let page = if logs_in { "/log-in" } else { return_to };
    let (page, fragment) = page.split_once('#').map_or((page, None), |(page, rest)| (page, Some(rest)));
    let mut told = form_urlencoded::Serializer::new(String::new());
    told.append_pair("problem", code).append_pair("request", &ctx.request().to_string());
    if logs_in && return_to != "/" {
        told.append_pair("next", return_to);
    }
    let told = told.finish();
    let join = if page.contains('?') { '&' } else { '?' };
    let fragment = fragment.map(|rest| format!("#{rest}")).unwrap_or_default();
    redirect(&format!("{page}{join}{told}{fragment}"))
}

/// As [`refused`], where nothing is known but that it did not work.
pub(super) fn refused_log_in(ctx: &Ctx, code: &str) -> Response {
    refused(ctx, (FlowPurpose::LogIn, "/"), code)
}

/// The code for an error of ours. Faults are logged, once.
pub(super) fn code_of(ctx: &Ctx, error: &Error) -> &'static str {
    match error.kind() {
        Kind::NotFound | Kind::Invalid | Kind::Conflict => NOT_FOUND,
        Kind::RateLimited => RATE_LIMITED,
        _ => {
            tracing::error!(request.id = %ctx.request(), error = ?error, "single sign-on failed");
            UNAVAILABLE
        }
    }
}

/// To another page, by GET whatever came before (RFC 9110, section 15.4.4).
pub(super) fn redirect(to: &str) -> Response {
    match HeaderValue::from_str(to) {
        Ok(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

pub(super) fn with_cookie(mut response: Response, cookie: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// A parameter's value; one that is given twice is not given.
pub(super) fn parameter(query: &str, name: &str) -> Option<String> {
    let mut values = form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name);
    let value = values.next()?.1.into_owned();
    (values.next().is_none() && !value.is_empty()).then_some(value)
}
