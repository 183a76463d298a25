use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use serde_json::Value;
use tenantry_authz::Ctx;
use tenantry_identity::{Identity, ScimCall, ScimFault, ScimProjection, ScimQuery};
use tenantry_kernel::Error;
use url::form_urlencoded;

use super::{PATH, answer};
use crate::app::App;

/// Where the interface is, as its clients see it.
pub(super) fn base(app: &App) -> String {
    format!("{}{PATH}", app.public.portal)
}

/// What a request says beside its body, and whose it is.
pub(super) struct Asked {
    app: App,
    ctx: Ctx,
    pub(super) base: String,
    projection: ScimProjection,
    pub(super) query: ScimQuery,
    if_match: Option<String>,
    pub(super) if_none_match: Option<String>,
}

impl FromRequestParts<App> for Asked {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        // `guard::attach` has put it there.
        let Some(ctx) = parts.extensions.get::<Ctx>().cloned() else {
            return Err(answer::fault(&Error::unauthenticated().into(), None));
        };
        let (projection, query) = parameters(parts.uri.query().unwrap_or_default())
            .map_err(|fault| answer::fault(&fault, Some(ctx.request())))?;
        let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Ok(Self {
            base: base(app),
            projection,
            query,
            if_match: text(header::IF_MATCH),
            if_none_match: text(header::IF_NONE_MATCH),
            app: app.clone(),
            ctx,
        })
    }
}

impl Asked {
    pub(super) fn identity(&self) -> &Identity {
        &self.app.identity
    }

    pub(super) fn call(&self) -> ScimCall<'_> {
        ScimCall {
            ctx: &self.ctx,
            base: &self.base,
            projection: &self.projection,
            if_match: self.if_match.as_deref(),
        }
    }

    pub(super) fn told(&self, answered: Result<Response, ScimFault>) -> Response {
        answered.unwrap_or_else(|fault| answer::fault(&fault, Some(self.ctx.request())))
    }
}

/// RFC 7644, sections 3.4.2 and 3.9. Parameters that we do not know count for nothing.
fn parameters(query: &str) -> Result<(ScimProjection, ScimQuery), ScimFault> {
    let (mut asked, mut only, mut without) = (ScimQuery::default(), Vec::new(), Vec::new());
    let number = |name: &'static str, text: &str| -> Result<Option<i64>, Error> {
        text.parse().map(Some).map_err(|_| Error::invalid(name, format!("{name} is a whole number.")))
    };
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match name.as_ref() {
            "filter" => asked.filter = Some(value.into_owned()),
            "startIndex" => asked.start_index = number("startIndex", &value)?,
            "count" => asked.count = number("count", &value)?,
            "attributes" => only.push(value.into_owned()),
            "excludedAttributes" => without.push(value.into_owned()),
            _ => {}
        }
    }
    Ok((ScimProjection::new(only, without)?, asked))
}

/// A body in JSON.
pub(super) struct Sent(pub(super) Value);

impl FromRequest<App> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let id = request.extensions().get::<Ctx>().map(Ctx::request);
        let told = |fault: ScimFault| answer::fault(&fault, id);
        ensure_json(request.headers()).map_err(told)?;
        let body = Bytes::from_request(request, app)
            .await
            .map_err(|_| told(wrong(413, None, "The body has more than a mebibyte, or broke off.")))?;
        let body = serde_json::from_slice(&body);
        body.map(Self).map_err(|_| told(wrong(400, Some("invalidSyntax"), "The body is no JSON.")))
    }
}

/// Directories say `application/scim+json` or `application/json`; some say nothing.
fn ensure_json(headers: &HeaderMap) -> Result<(), ScimFault> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).map(str::trim);
    let known = |kind: &str| {
        ["application/scim+json", "application/json"].iter().any(|it| kind.eq_ignore_ascii_case(it))
    };
    if kind.is_none_or(known) { Ok(()) } else { Err(wrong(415, None, "A body is application/scim+json.")) }
}

fn wrong(status: u16, kind: Option<&'static str>, detail: &str) -> ScimFault {
    ScimFault { status, kind, detail: detail.to_owned(), error: None }
}
