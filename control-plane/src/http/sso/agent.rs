//! A browser without a window: cookies by site, redirects, forms.

use std::collections::{BTreeMap, HashMap};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use tower::ServiceExt;
use url::Url;

use super::world::PORTAL;

/// How a browser marks what another site's page makes it send.
const ELSEWHERE: (&str, &str) = ("sec-fetch-site", "cross-site");

pub(in crate::http) struct Agent {
    router: Router,
    http: reqwest::Client,
    cookies: HashMap<String, BTreeMap<String, String>>,
}

/// Where it ended up.
#[derive(Debug)]
pub(in crate::http) struct Page {
    pub(in crate::http) url: Url,
    pub(in crate::http) body: String,
}

impl Page {
    /// What the page's address tells: the portal's own pages are not built here.
    pub(in crate::http) fn parameter(&self, name: &str) -> Option<String> {
        self.url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// The first form: where it goes and what it holds already.
    fn form(&self) -> (Url, Vec<(String, String)>) {
        let (_, rest) = self.body.split_once("<form").unwrap_or_else(|| panic!("no form: {self:?}"));
        let (form, _) = rest.split_once("</form>").unwrap();
        let (head, fields) = form.split_once('>').unwrap();
        let action = attribute(head, "action").unwrap_or_else(|| self.url.to_string());
        let hidden = fields.split("<input").skip(1).filter_map(|field| {
            let field = field.split_once('>').map_or(field, |(field, _)| field);
            Some((attribute(field, "name")?, attribute(field, "value")?))
        });
        (self.url.join(&action).unwrap(), hidden.collect())
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!("{name}=\""))?;
    let (value, _) = rest.split_once('"')?;
    Some(value.replace("&amp;", "&").replace("&#x2F;", "/").replace("&#43;", "+"))
}

/// Nothing but one exchange, for tests that look at it.
pub(in crate::http) struct Answer {
    pub(in crate::http) status: StatusCode,
    pub(in crate::http) headers: HeaderMap,
    pub(in crate::http) body: String,
}

impl Agent {
    pub(in crate::http) fn new(router: Router) -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(std::time::Duration::from_secs(30))
            .build()
            .unwrap();
        Self { router, http, cookies: HashMap::new() }
    }

    /// Opens an address, relative to the portal, and follows where it leads.
    pub(in crate::http) async fn open(&mut self, address: &str) -> Page {
        let url = Url::parse(PORTAL).unwrap().join(address).unwrap();
        self.follow(Method::GET, url, String::new()).await
    }

    /// Opens an address and stops before the first step to a site that begins with `stop`: the step's address.
    pub(in crate::http) async fn open_until(&mut self, address: &str, stop: &str) -> String {
        let mut url = Url::parse(PORTAL).unwrap().join(address).unwrap();
        for _ in 0..20 {
            let answer = self.exchange(Method::GET, &url, &[], String::new()).await;
            let to = answer.headers.get(header::LOCATION).unwrap_or_else(|| panic!("{url} leads nowhere"));
            url = url.join(to.to_str().unwrap()).unwrap();
            if url.as_str().starts_with(stop) {
                return url.into();
            }
        }
        panic!("twenty redirects, and none to {stop}")
    }

    /// Fills in the page's form.
    pub(in crate::http) async fn submit(&mut self, page: &Page, fields: &[(&str, &str)]) -> Page {
        let (url, hidden) = page.form();
        let body = form(
            hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(fields.iter().copied()),
        );
        if page.url.origin() == url.origin() {
            return self.follow(Method::POST, url, body).await;
        }
        let answer = self.post_from_elsewhere(&url, body).await;
        match answer.headers.get(header::LOCATION) {
            Some(to) => {
                let to = url.join(to.to_str().unwrap()).unwrap();
                self.follow(Method::GET, to, String::new()).await
            }
            None => Page { url, body: answer.body },
        }
    }

    /// As [`Self::submit`], up to the first step to an address that begins with `stop`.
    pub(in crate::http) async fn submit_until(
        &mut self,
        page: &Page,
        fields: &[(&str, &str)],
        stop: &str,
    ) -> String {
        let (url, hidden) = page.form();
        let body = form(
            hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(fields.iter().copied()),
        );
        let answer = self.exchange(Method::POST, &url, &[], body).await;
        let to = answer
            .headers
            .get(header::LOCATION)
            .unwrap_or_else(|| panic!("{} leads nowhere: {}", url, answer.body));
        let to = url.join(to.to_str().unwrap()).unwrap();
        if to.as_str().starts_with(stop) { to.into() } else { self.open_until(to.as_str(), stop).await }
    }

    /// A form that another site's page sends: `Lax` cookies are not with it (RFC 6265bis, section 5.8.3).
    pub(in crate::http) async fn post_from_elsewhere(&mut self, url: &Url, body: String) -> Answer {
        self.exchange(Method::POST, url, &[ELSEWHERE], body).await
    }

    async fn follow(&mut self, mut method: Method, mut url: Url, mut body: String) -> Page {
        for _ in 0..20 {
            let answer = self.exchange(method, &url, &[], body).await;
            let Some(to) = answer.headers.get(header::LOCATION) else {
                return Page { url, body: answer.body };
            };
            url = url.join(to.to_str().unwrap()).unwrap();
            (method, body) = (Method::GET, String::new());
        }
        panic!("twenty redirects, the last to {url}")
    }

    /// One request with the cookies of its site. A body is a form unless a header says otherwise.
    pub(in crate::http) async fn exchange(
        &mut self,
        method: Method,
        url: &Url,
        headers: &[(&str, &str)],
        body: String,
    ) -> Answer {
        let site = url.origin().ascii_serialization();
        let mut request = Request::builder().method(method.clone());
        let cookies = self.cookies.get(&site).into_iter().flatten();
        let cookies: Vec<String> = cookies.map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() && (method != Method::POST || !headers.contains(&ELSEWHERE)) {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        if method == Method::POST && headers.iter().all(|(name, _)| *name != "content-type") {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = if site == PORTAL {
            let path = url.query().map_or(url.path().to_owned(), |query| format!("{}?{query}", url.path()));
            let request = request.uri(path).body(Body::from(body)).unwrap();
            let response = self.router.clone().oneshot(request).await.unwrap();
            let (head, body) = response.into_parts();
            let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
            Answer {
                status: head.status,
                headers: head.headers,
                body: String::from_utf8_lossy(&body).into_owned(),
            }
        } else {
            let (head, ()) = request.body(()).unwrap().into_parts();
            let sent =
                self.http.request(method, url.clone()).headers(head.headers).body(body).send().await.unwrap();
            let (status, headers) = (sent.status(), sent.headers().clone());
            Answer { status, headers, body: sent.text().await.unwrap() }
        };
        self.keep(&site, &answer.headers);
        answer
    }

    fn keep(&mut self, site: &str, headers: &HeaderMap) {
        let jar = self.cookies.entry(site.to_owned()).or_default();
        for set in headers.get_all(header::SET_COOKIE) {
            let set = set.to_str().unwrap();
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            let gone = set.to_ascii_lowercase();
            if value.is_empty() || gone.contains("max-age=0") || gone.contains("expires=thu, 01 jan 1970") {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// A cookie of the portal's.
    pub(in crate::http) fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(PORTAL)?.get(name).map(String::as_str)
    }
}

pub(in crate::http) fn form<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}
