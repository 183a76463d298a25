//! `GET /open`: the portal's half of opening an instance. A browser comes here from the instance's host and goes back
//! there with a code; whoever cannot is shown a page of the portal that says why.
//!
//! It answers with redirects only: to `/log-in`, to `/open-refused`, to the instance's page, or to the instance's own
//! host, whose address is made here and is never the asker's choice.

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use tenantry_authz::{Ctx, SESSION_TOO_OLD};
use tenantry_kernel::{Kind, Result};
use tenantry_provisioner::open::{AskToOpen, Issued};
use url::form_urlencoded;

use crate::app::App;

pub(super) async fn open(
    State(app): State<App>,
    Extension(ctx): Extension<Ctx>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    if !is_navigation(&headers) {
        return (StatusCode::BAD_REQUEST, "This address is to be opened in a browser's window.\n")
            .into_response();
    }
    let Some(ask) = asked(uri.query().unwrap_or_default()) else {
        return refused("invalid");
    };
    if ctx.user().is_err() {
        // As it came, encoded: the log-in page comes back here.
        let here = uri.path_and_query().map_or("/", |here| here.as_str());
        return redirect(&format!("/log-in?{}", encode("next", here)));
    }
    let instance = ask.instance;
    match app.opening.issue(&ctx, ask).await {
        Ok(Issued::Code { code, slug, region }) => {
            let host = app.public.instance(&slug, &region);
            redirect(&format!("{host}/.tenantry/open?{}", encode("code", code.expose())))
        }
        Ok(Issued::NotReady { tenant }) => match page_of(&app, &ctx, (tenant, instance)).await {
            Ok(page) => redirect(&page),
            Err(_) => refused("not-ready"),
        },
        Err(error) => match error.kind() {
            Kind::NotFound => refused("not-found"),
            Kind::Forbidden if error.code() == SESSION_TOO_OLD => refused("session-too-old"),
            Kind::Forbidden => refused("forbidden"),
            Kind::Invalid => refused("invalid"),
            _ => {
                tracing::error!(instance.id = %instance, error = ?error, "an instance could not be opened");
                refused("unavailable")
            }
        },
    }
}

/// What the edge sends a browser with. `None` for what no edge sends.
fn asked(query: &str) -> Option<AskToOpen> {
    let of = |name: &str| {
        let mut values = form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name);
        values.next().map(|(_, value)| value.into_owned())
    };
    Some(AskToOpen {
        instance: of("instance")?.parse().ok()?,
        browser: of("browser")?,
        target: of("to").unwrap_or_else(|| "/".to_owned()).parse().ok()?,
    })
}

async fn page_of(
    app: &App,
    ctx: &Ctx,
    (tenant, instance): (tenantry_kernel::TenantId, tenantry_kernel::InstanceId),
) -> Result<String> {
    let tenant = app.tenants.get(ctx, tenant).await?;
    Ok(format!("/t/{}/instances/{instance}", tenant.slug))
}

/// Not in a frame and not by a script: a browser that says what it fetches for fetches for its window.
fn is_navigation(headers: &HeaderMap) -> bool {
    let is = |name: &str, wanted: &str| headers.get(name).is_none_or(|value| value == wanted);
    is("sec-fetch-mode", "navigate") && is("sec-fetch-dest", "document")
}

fn refused(reason: &str) -> Response {
    redirect(&format!("/open-refused?{}", encode("reason", reason)))
}

fn encode(name: &str, value: &str) -> String {
    form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish()
}

fn redirect(to: &str) -> Response {
    match HeaderValue::from_str(to) {
        Ok(location) => (StatusCode::FOUND, [(header::LOCATION, location)]).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INSTANCE: &str = "ins_019a0000000070008000000000000000";

    #[test]
    fn what_no_edge_sends_is_refused() {
        let browser = "ab".repeat(32);
        let instance = tenantry_kernel::InstanceId::from_uuid(uuid::Uuid::nil()).to_string();
        let good = asked(&format!("instance={instance}&browser={browser}&to=%2Fworkflow%2F1")).unwrap();
        assert_eq!((good.browser.as_str(), good.target.as_str()), (browser.as_str(), "/workflow/1"));
        assert_eq!(asked(&format!("instance={instance}&browser={browser}")).unwrap().target.as_str(), "/");
        for bad in [
            String::new(),
            format!("instance={instance}"),
            format!("instance={INSTANCE}x&browser={browser}"),
            format!("instance={instance}&browser={browser}&to=%2F%2Fevil.example"),
            format!("instance={instance}&browser={browser}&to=https%3A%2F%2Fevil.example"),
            format!("instance={instance}&browser={browser}&to=%2F%0d%0aSet-Cookie:%20a=b"),
        ] {
            assert!(asked(&bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_next_page_is_one_value_however_it_is_written() {
        let written = encode("next", "/open?instance=a&browser=b&to=%2Fx\r\n");
        assert_eq!(written, "next=%2Fopen%3Finstance%3Da%26browser%3Db%26to%3D%252Fx%0D%0A");
    }
}
