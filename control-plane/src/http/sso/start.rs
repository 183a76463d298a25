//! `GET /sso/start`: with `connection` to log in by it (`return_to` says where to end), with `ticket` to test
//! one. `email` is a hint for the provider.

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use tenantry_authz::Ctx;
use tenantry_identity::{Ask, Protocol, SetOut, Start};
use tenantry_kernel::Secret;

use super::{FAILED, NOT_FOUND, browser, code_of, parameter, redirect, refused, refused_log_in, with_cookie};
use crate::app::App;
use crate::http::saml;

const LONGEST_HINT: usize = 254;

pub(in crate::http) async fn start(
    State(app): State<App>,
    Extension(ctx): Extension<Ctx>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    if !is_navigation(&headers) {
        return (StatusCode::BAD_REQUEST, "This address is to be opened in a browser's window.\n")
            .into_response();
    }
    // Another site must not send people into somebody's account, which its own log-in at a provider could be.
    if is_from_elsewhere(&headers) {
        return redirect("/log-in");
    }
    let query = uri.query().unwrap_or_default();
    let Some(ask) = asked(query) else { return refused_log_in(&ctx, NOT_FOUND) };
    match app.identity.start_sso(&ctx, ask).await {
        Ok(start) => set_out(&app, &ctx, (&start, parameter(query, "email")), &headers).await,
        Err(error) => refused_log_in(&ctx, code_of(&ctx, &error)),
    }
}

async fn set_out(
    app: &App,
    ctx: &Ctx,
    (start, hint): (&Start, Option<String>),
    headers: &HeaderMap,
) -> Response {
    let tls = app.public.is_tls();
    let secret = browser::secret_or_new(headers, tls, &*app.runtime.entropy);
    let out = match start.settings.protocol {
        Protocol::Saml(_) => by_saml(app, ctx, (start, &secret)).await,
        Protocol::Oidc { .. } | Protocol::GitHub { .. } => by_oidc(app, ctx, (start, hint, &secret)).await,
    };
    match out {
        Ok(response) => with_cookie(response, &browser::cookie(&secret, tls)),
        Err(code) => refused(ctx, (start.purpose, start.return_to()), code),
    }
}

async fn by_oidc(
    app: &App,
    ctx: &Ctx,
    (start, hint, secret): (&Start, Option<String>, &Secret),
) -> Result<Response, &'static str> {
    let hint = hint.filter(|hint| hint.len() <= LONGEST_HINT);
    match app.oidc.begin(&start.settings, secret.clone(), hint.as_deref()).await {
        Ok(begun) => {
            app.identity.begin_flow(ctx, start, &begun.secrets).await.map_err(|e| code_of(ctx, &e))?;
            Ok(redirect(&begun.address))
        }
        Err(why) => {
            let reason = format!("{}: {why}", why.code());
            if let Err(error) = app.identity.start_failed(ctx, start, &reason).await {
                code_of(ctx, &error);
            }
            Err(FAILED)
        }
    }
}

async fn by_saml(app: &App, ctx: &Ctx, (start, secret): (&Start, &Secret)) -> Result<Response, &'static str> {
    let out = app.identity.set_out_by_saml(ctx, start, secret.clone()).await;
    match out.map_err(|e| code_of(ctx, &e))? {
        SetOut::Redirect(address) => Ok(redirect(&address)),
        SetOut::Form(form) => Ok(saml::form(&form, &*app.runtime.entropy)),
    }
}

fn asked(query: &str) -> Option<Ask> {
    if let Some(ticket) = parameter(query, "ticket") {
        return Some(Ask::Test { ticket: Secret::new(ticket) });
    }
    let connection = parameter(query, "connection")?.parse().ok()?;
    Some(Ask::LogIn { connection, return_to: parameter(query, "return_to") })
}

/// A browser that says what it fetches for fetches for its window.
fn is_navigation(headers: &HeaderMap) -> bool {
    let is = |name: &str, wanted: &str| headers.get(name).is_none_or(|value| value == wanted);
    is("sec-fetch-mode", "navigate") && is("sec-fetch-dest", "document")
}

fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site" || site == "same-site")
}

#[cfg(test)]
mod tests {
    use tenantry_kernel::{ConnectionId, OsEntropy, SystemClock};

    use super::*;

    #[test]
    fn what_a_browser_can_ask_for() {
        let id = ConnectionId::generate(&SystemClock, &OsEntropy);
        assert!(matches!(
            asked(&format!("connection={id}&return_to=%2Ft%2Facme")),
            Some(Ask::LogIn { connection, return_to: Some(to) }) if connection == id && to == "/t/acme"
        ));
        assert!(matches!(asked("ticket=abc"), Some(Ask::Test { ticket }) if ticket.expose() == "abc"));
        for nothing in ["", "connection=", "connection=acme", &format!("connection={id}&connection={id}")] {
            assert!(asked(nothing).is_none(), "{nothing}");
        }
    }
}
