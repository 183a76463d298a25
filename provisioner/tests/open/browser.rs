//! A browser: cookies for each host, and what it says of its requests.

use std::collections::BTreeMap;
use std::sync::Mutex;

use reqwest::{Method, Response};
use tenantry_authz::Ctx;
use tenantry_kernel::Result;
use tenantry_kernel::Secret;
use tenantry_provisioner::open::{AskToOpen, Issued};
use url::Url;

use crate::world::World;

#[derive(Default)]
pub(crate) struct Browser {
    jars: Mutex<BTreeMap<String, BTreeMap<String, String>>>,
}

/// What the edge sent it to the portal with.
pub(crate) struct Asked {
    pub(crate) instance: String,
    pub(crate) browser: String,
    pub(crate) to: String,
}

impl Browser {
    pub(crate) fn cookies(&self, host: &str) -> BTreeMap<String, String> {
        self.jars.lock().unwrap().get(host).cloned().unwrap_or_default()
    }

    pub(crate) fn set_cookies(&self, host: &str, cookies: BTreeMap<String, String>) {
        self.jars.lock().unwrap().insert(host.to_owned(), cookies);
    }

    fn header(&self, host: &str) -> String {
        self.cookies(host).iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join("; ")
    }

    /// A request with these headers, its cookies before them.
    pub(crate) async fn send(
        &self,
        world: &World,
        (method, host, path): (Method, &str, &str),
        headers: &[(&str, &str)],
    ) -> Response {
        let mut request = world.http.request(method, world.url(host, path));
        let cookies = self.header(host);
        if !cookies.is_empty() {
            request = request.header("cookie", cookies);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        let mut jars = self.jars.lock().unwrap();
        let jar = jars.entry(host.to_owned()).or_default();
        for set in response.headers().get_all("set-cookie") {
            let set = set.to_str().unwrap();
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            if set.contains("Max-Age=0") {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
        response
    }

    /// What the editor's scripts ask.
    pub(crate) async fn get(&self, world: &World, host: &str, path: &str) -> Response {
        self.send(world, (Method::GET, host, path), &[]).await
    }

    /// What somebody opens in a window.
    pub(crate) async fn look(&self, world: &World, host: &str, path: &str) -> Response {
        let headers = [
            ("accept", "text/html,application/xhtml+xml"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
        ];
        self.send(world, (Method::GET, host, path), &headers).await
    }

    /// The first step: the edge marks the browser and sends it to the portal.
    pub(crate) async fn begin(&self, world: &World, host: &str, query: &str) -> Asked {
        let answer = self.look(world, host, &format!("/.tenantry/open{query}")).await;
        assert_eq!(answer.status(), 302);
        let to = Url::parse(location(&answer)).unwrap();
        assert_eq!((to.origin().ascii_serialization().as_str(), to.path()), ("http://portal.test", "/open"));
        let of = |name: &str| to.query_pairs().find(|(k, _)| k == name).unwrap().1.into_owned();
        Asked { instance: of("instance"), browser: of("browser"), to: of("to") }
    }

    /// The first two: gives the code.
    pub(crate) async fn code(&self, world: &World, host: &str, ctx: &Ctx) -> Secret {
        let asked = self.begin(world, host, "").await;
        match ask(world, ctx, &asked).await.unwrap() {
            Issued::Code { code, .. } => code,
            Issued::NotReady { .. } => panic!("not ready"),
        }
    }

    pub(crate) async fn redeem(&self, world: &World, host: &str, code: &Secret) -> Response {
        self.look(world, host, &format!("/.tenantry/open?code={}", code.expose())).await
    }

    /// All three steps.
    pub(crate) async fn open(&self, world: &World, host: &str, ctx: &Ctx) {
        let code = self.code(world, host, ctx).await;
        let answer = self.redeem(world, host, &code).await;
        assert_eq!((answer.status().as_u16(), location(&answer)), (302, "/"));
    }

    /// Whether n8n knows it.
    pub(crate) async fn is_in(&self, world: &World, host: &str) -> bool {
        let answer = self.get(world, host, "/rest/login").await;
        assert!([200, 401].contains(&answer.status().as_u16()), "{}", answer.status());
        answer.status() == 200
    }
}

/// The portal's part.
pub(crate) async fn ask(world: &World, ctx: &Ctx, asked: &Asked) -> Result<Issued> {
    let ask = AskToOpen {
        instance: asked.instance.parse().unwrap(),
        browser: asked.browser.clone(),
        target: asked.to.parse()?,
    };
    world.opening.issue(ctx, ask).await
}

pub(crate) fn location(answer: &Response) -> &str {
    answer.headers().get("location").map_or("", |value| value.to_str().unwrap())
}
