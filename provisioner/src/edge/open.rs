//! The paths that the edge answers itself while an instance is open, and what passes with n8n's log-in.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use http::header::{
    CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION, REFERRER_POLICY, SET_COOKIE, USER_AGENT,
};
use http::request::Parts;
use http::{Method, StatusCode};
use tenantry_authz::Origin;
use tenantry_kernel::{InstanceId, Secret};
use url::form_urlencoded;

use super::cookies::Cookies;
use super::hidden::reaches;
use super::intent::{after_sign_in, first_segment, is_as_user, is_navigation, is_own, is_page, is_pulse};
use super::n8n_session::N8nSessions;
use super::page::{Page, wants_html};
use super::visitors::{Visitor, Visitors};
use crate::open::{Opening, Redeem, Target, browser_hash};

const OPEN: &str = "/.tenantry/open";
const OWN: &[&[&str]] = &[&[".tenantry"]];
const LOG_OUT: &[&[&str]] = &[&["rest", "logout"]];
const LOG_IN: &[&[&str]] = &[&["rest", "login"]];
/// How people get in: what the edge needs beside its routes.
pub struct Door {
    /// The portal's address, without a slash at its end.
    pub portal: String,
    pub opening: Opening,
    /// For n8n's log-in: follows no redirect.
    pub http: reqwest::Client,
}

pub(super) struct Doorkeeper {
    portal: String,
    opening: Opening,
    pub(super) visitors: Arc<Visitors>,
    pub(super) sessions: N8nSessions,
    cookies: Cookies,
}

/// Where a request goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) instance: InstanceId,
    pub(super) port: u16,
    /// The instance's public name and port.
    pub(super) authority: &'a str,
}

/// What becomes of a request.
pub(super) enum Admission {
    /// Answered here.
    Answer(Response),
    /// Goes on as anybody's.
    Stranger,
    /// Goes on with n8n's log-in.
    Visitor { visitor: Visitor, log_in: Secret },
}

impl Doorkeeper {
    pub(super) fn new(door: Door, tls: bool) -> Self {
        Self {
            portal: door.portal.trim_end_matches('/').to_owned(),
            visitors: Arc::new(Visitors::new(door.opening.clone())),
            sessions: N8nSessions::new(door.opening.clone(), door.http),
            opening: door.opening,
            cookies: Cookies { tls },
        }
    }

    pub(super) async fn admit(&self, head: &Parts, place: Place<'_>) -> Admission {
        let (path, headers, method) = (head.uri.path(), &head.headers, &head.method);
        if reaches(path, OWN) {
            return Admission::Answer(self.own(head, place).await);
        }
        if method == Method::POST && reaches(path, LOG_OUT) {
            return Admission::Answer(self.log_out(head, place).await);
        }
        if method == Method::POST && reaches(path, LOG_IN) {
            // Nobody but the edge knows the password, and five attempts a minute lock the account for all.
            return Admission::Answer(refuse_log_in());
        }
        if is_pulse(method, path) {
            return match self.live_visitor(headers, place.instance).await {
                Ok(Some(_)) if is_own(method, headers, place.authority) => Admission::Stranger,
                Ok(_) => Admission::Answer(nothing(headers)),
                Err(answer) => Admission::Answer(*answer),
            };
        }
        let page = is_page(head);
        if !(page || is_as_user(path) && is_own(method, headers, place.authority)) {
            return Admission::Stranger;
        }
        let visitor = match self.live_visitor(headers, place.instance).await {
            Ok(visitor) => visitor,
            Err(answer) => return Admission::Answer(*answer),
        };
        match visitor {
            Some(_) if page => Admission::Stranger,
            Some(visitor) => match self.sessions.cookie(place.instance, place.port).await {
                Ok(log_in) => Admission::Visitor { visitor, log_in },
                Err(error) => {
                    tracing::warn!(instance.id = %place.instance, error = ?error, "the edge cannot log in to the instance");
                    let page = Page::new(
                        StatusCode::SERVICE_UNAVAILABLE,
                        "This n8n lets nobody in right now",
                        error.message(),
                    );
                    Admission::Answer(page.retry(30).answer(wants_html(headers)))
                }
            },
            None if page => Admission::Answer(self.let_in(head)),
            None => Admission::Stranger,
        }
    }

    /// The first of the browser's sessions that is good.
    async fn live_visitor(
        &self,
        headers: &HeaderMap,
        instance: InstanceId,
    ) -> Result<Option<Visitor>, Box<Response>> {
        for token in self.cookies.sessions(headers) {
            let visitor = Visitor::new(&token, instance);
            match self.visitors.is_live(&visitor).await {
                Ok(true) => return Ok(Some(visitor)),
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(instance.id = %instance, error = ?error, "nobody can be let in");
                    return Err(Box::new(unavailable(headers)));
                }
            }
        }
        Ok(None)
    }

    /// Sends somebody who wants to see the editor to the portal; whoever has just left is asked first.
    fn let_in(&self, head: &Parts) -> Response {
        let uri = &head.uri;
        let sign_in = first_segment(uri.path()) == "signin";
        if sign_in && self.cookies.has_left(&head.headers) {
            return Page::new(
                StatusCode::OK,
                "You have left this n8n",
                "You are still logged in at the portal.",
            )
            .link(OPEN, "Open it again")
            .link(format!("{}/home", self.portal), "Go to the portal")
            .answer(true);
        }
        let wanted = if sign_in {
            after_sign_in(uri.query())
        } else {
            uri.path_and_query().map(|p| p.as_str().to_owned())
        };
        let target: Target = wanted.and_then(|text| text.parse().ok()).unwrap_or_else(Target::home);
        redirect(&format!("{OPEN}?{}", encode(&[("to", target.as_str())])), [])
    }

    async fn own(&self, head: &Parts, place: Place<'_>) -> Response {
        let headers = &head.headers;
        if head.uri.path() != OPEN {
            return nothing(headers);
        }
        if head.method != Method::GET || !is_navigation(headers) {
            return Page::new(
                StatusCode::BAD_REQUEST,
                "Bad request",
                "This address is to be opened in a browser's window.",
            )
            .answer(wants_html(headers));
        }
        let query = head.uri.query().unwrap_or_default();
        let parameter = |name: &str| {
            form_urlencoded::parse(query.as_bytes())
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
        };
        match parameter("code") {
            Some(code) => self.redeem(head, place.instance, &Secret::new(code)).await,
            None => self.begin(headers, place.instance, parameter("to")),
        }
    }

    /// Marks the browser and sends it to the portal.
    fn begin(&self, headers: &HeaderMap, instance: InstanceId, to: Option<String>) -> Response {
        let Ok(target) = to.map_or_else(|| Ok(Target::home()), |to| to.parse::<Target>()) else {
            return Page::new(StatusCode::BAD_REQUEST, "Bad request", "That is not a page of this n8n.")
                .link(OPEN, "Open its first page")
                .answer(wants_html(headers));
        };
        let browser = self.opening.random();
        let hash = browser_hash(&browser);
        let query =
            encode(&[("instance", &instance.to_string()), ("browser", &hash), ("to", target.as_str())]);
        redirect(
            &format!("{}/open?{query}", self.portal),
            [self.cookies.opening(tag(&hash), &browser), self.cookies.back()],
        )
    }

    /// Changes a code into a session.
    async fn redeem(&self, head: &Parts, instance: InstanceId, code: &Secret) -> Response {
        let headers = &head.headers;
        let browsers = self.cookies.openings(headers);
        let redeem = Redeem { code, instance, browsers: &browsers, origin: origin(head) };
        match self.opening.redeem(redeem).await {
            Ok(Some(visit)) => {
                // Other tabs may still be on their way: their marks stay.
                let done = self.cookies.opened(tag(&visit.browser));
                redirect(visit.target.as_str(), [done, self.cookies.session(&visit.token)])
            }
            // A second tab, or the way back through the history: whoever is in stays in.
            Ok(None) if matches!(self.live_visitor(headers, instance).await, Ok(Some(_))) => {
                redirect("/", [])
            }
            Ok(None) => Page::new(
                StatusCode::FORBIDDEN,
                "This way in is not good any more",
                "It works once, for a minute, in the browser that asked for it.",
            )
            .link(OPEN, "Try again")
            .answer(wants_html(headers)),
            Err(error) => {
                tracing::warn!(instance.id = %instance, error = ?error, "nobody can be let in");
                unavailable(headers)
            }
        }
    }

    /// n8n's own "sign out": ends this browser's session and no other's. n8n's log-in, which others use, stays.
    async fn log_out(&self, head: &Parts, place: Place<'_>) -> Response {
        let headers = &head.headers;
        if !is_own(&head.method, headers, place.authority) {
            return json(
                StatusCode::FORBIDDEN,
                r#"{"code":403,"message":"This request comes from another site."}"#,
            );
        }
        let mut left = false;
        for token in self.cookies.sessions(headers) {
            let visitor = Visitor::new(&token, place.instance);
            // The editor calls it too when it finds that its session has ended: that is nobody's leaving.
            left |= matches!(self.visitors.is_live(&visitor).await, Ok(true));
            if self.visitors.end(&visitor).await.is_err() {
                return unavailable(headers);
            }
        }
        let mut response = json(StatusCode::OK, r#"{"data":{"loggedOut":true}}"#);
        set(&mut response, [self.cookies.no_session(), left.then(|| self.cookies.left()).flatten()]);
        response
    }
}

/// Where a request came from, as the portal has it too.
fn origin(head: &Parts) -> Origin {
    let agent = head.headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
    Origin {
        address: head.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip()),
        user_agent: agent.map(|text| text.chars().take(256).collect()),
    }
}

/// Tells an opening from others of the same browser.
fn tag(browser_hash: &str) -> &str {
    browser_hash.get(..8).unwrap_or(browser_hash)
}

fn refuse_log_in() -> Response {
    json(
        StatusCode::UNAUTHORIZED,
        r#"{"code":401,"message":"The way in is through the portal: load this page again."}"#,
    )
}

fn nothing(headers: &HeaderMap) -> Response {
    Page::new(StatusCode::NOT_FOUND, "Not found", "There is nothing at this path.")
        .answer(wants_html(headers))
}

fn unavailable(headers: &HeaderMap) -> Response {
    Page::new(StatusCode::SERVICE_UNAVAILABLE, "Not available right now", "Please try again in a moment.")
        .retry(5)
        .answer(wants_html(headers))
}

fn json(status: StatusCode, text: &'static str) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn encode(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn redirect(to: &str, cookies: impl IntoIterator<Item = Option<HeaderValue>>) -> Response {
    let mut response = Response::new(Body::empty());
    let Ok(location) = HeaderValue::from_str(to) else {
        *response.status_mut() = StatusCode::BAD_REQUEST;
        return response;
    };
    *response.status_mut() = StatusCode::FOUND;
    let headers = response.headers_mut();
    headers.insert(LOCATION, location);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // The address may hold a code.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    set(&mut response, cookies);
    response
}

fn set(response: &mut Response, cookies: impl IntoIterator<Item = Option<HeaderValue>>) {
    for cookie in cookies.into_iter().flatten() {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
}
