//! Opening n8n as a browser does: from the instance's address over the portal into the editor, with real n8n.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures::StreamExt;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use tenantry_system_tests::{Instance, Launch, N8n, Person, Product, Tenant, until, webhook_workflow};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{WebSocketStream, client_async};
use url::Url;

use crate::support::{serves, step};

/// After this, what was ended must be ended.
const SOON: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread")]
async fn the_editor_opens_from_the_portal_and_closes_with_it() -> Result<()> {
    let mut product = tokio::task::spawn_blocking(|| Product::start(Launch::default())).await??;
    println!("state: {}", product.state().display());
    let operator = product.operator().await?;
    let ada = step("Ada signs up", Person::join(&operator, "Ada")).await?;
    let bob = step("Bob signs up", Person::join(&operator, "Bob")).await?;
    let slug = format!("acme-{}", tenantry_system_tests::random_tag());
    let tenant = ada.create_tenant("Acme", &slug, "starter").await?;
    let made = ada.create_instance(&tenant, &slug, "eu-central").await?;
    step("what is not ready leads to its page", not_ready(&product, &ada, (&tenant, &made))).await?;
    let instance = step("an instance gets ready", serves(&product, &ada, &tenant, &made.id)).await?;
    let open_url = open_url(&ada, &tenant, &instance).await?;

    let mut nobody = Browser::new(&product, &instance, None)?;
    step("without a log-in it leads to the log-in page", async {
        let end = nobody.follow(&open_url).await?;
        ensure!(end.status() == StatusCode::FOUND || end.url().path() == "/log-in", "{}", end.url());
        ensure!(nobody.last.starts_with("/log-in?next=%2Fopen%3Finstance%3D"), "{}", nobody.last);
        ensure!(nobody.me().await?.0 == StatusCode::UNAUTHORIZED);
        Ok(())
    })
    .await?;
    let mut outsider = Browser::new(&product, &instance, bob.api.cookie())?;
    step("an outsider is told that there is nothing", async {
        outsider.follow(&open_url).await?;
        ensure!(outsider.last == "/open-refused?reason=not-found", "{}", outsider.last);
        ensure!(outsider.me().await?.0 == StatusCode::UNAUTHORIZED);
        Ok(())
    })
    .await?;

    let mut browser = Browser::new(&product, &instance, ada.api.cookie())?;
    step("the editor opens, logged in", async {
        let page = browser.follow(&open_url).await?;
        ensure!(
            page.status() == StatusCode::OK && page.url().path() == "/",
            "{} {}",
            page.status(),
            page.url()
        );
        ensure!(page.text().await?.contains("<title>n8n"), "that is not n8n's editor");
        let (status, me) = browser.me().await?;
        ensure!(status == StatusCode::OK, "{status}: {me}");
        ensure!(me["data"]["email"] == ada.email.as_str() && me["data"]["role"] == "global:owner", "{me}");
        let (status, pulse) = browser.ask(Method::GET, "/healthz", None).await?;
        ensure!(
            status == StatusCode::OK && pulse["status"] == "ok",
            "the editor takes itself for offline: {status} {pulse}"
        );
        ensure!(browser.jar.keys().all(|name| name == "tenantry_open"), "cookies: {:?}", browser.jar.keys());
        Ok(())
    })
    .await?;
    step("it works: a workflow is made as the editor makes it", async {
        let workflow =
            json!({ "name": "Mine", "nodes": [], "connections": {}, "settings": {}, "active": false });
        let (status, made) = browser.ask(Method::POST, "/rest/workflows", Some(workflow)).await?;
        ensure!(status == StatusCode::OK && made["data"]["id"].is_string(), "{status}: {made}");
        Ok(())
    })
    .await?;
    step("a workflow sees no cookie of ours", async {
        tells_nothing(&ada.open(&tenant, &instance, product.edge_port()).await?, &browser).await
    })
    .await?;

    step("n8n's own sign-out ends it here, and it opens again", async {
        let (status, body) = browser.ask(Method::POST, "/rest/logout", None).await?;
        ensure!(
            status == StatusCode::OK && body == json!({ "data": { "loggedOut": true } }),
            "{status}: {body}"
        );
        ensure!(browser.me().await?.0 == StatusCode::UNAUTHORIZED);
        browser.follow(&open_url).await?;
        ensure!(browser.me().await?.0 == StatusCode::OK, "n8n's log-in is still good");
        Ok(())
    })
    .await?;
    let mut push = step("the push channel opens", browser.push()).await?;
    step("a log-out at the portal ends it", async {
        ada.api.call("mutation { logOut { ok problem { code message remedy } } }", json!({})).await?;
        let out = Instant::now();
        until("n8n to be closed", SOON, async || {
            Ok((browser.me().await?.0 == StatusCode::UNAUTHORIZED).then_some(()))
        })
        .await?;
        println!("           closed {} ms after the log-out", out.elapsed().as_millis());
        let ended = async { while let Some(Ok(_)) = push.next().await {} };
        tokio::time::timeout(SOON, ended).await.context("the push channel is still open")?;
        println!("           its push channel after {} ms", out.elapsed().as_millis());
        browser.portal = ada.api.cookie();
        browser.follow(&open_url).await?;
        ensure!(browser.last.starts_with("/log-in?"), "{}", browser.last);
        Ok(())
    })
    .await?;
    product.stop()?;
    Ok(())
}

async fn open_url(person: &Person, tenant: &Tenant, instance: &Instance) -> Result<String> {
    let found = person
        .api
        .call(
            "query($t: ID!, $i: ID!) { tenant(id: $t) { instance(id: $i) { openUrl } } }",
            json!({ "t": tenant.id, "i": instance.id }),
        )
        .await?;
    let url = found["tenant"]["instance"]["openUrl"].as_str().context("openUrl")?.to_owned();
    ensure!(url == format!("{}/.tenantry/open", instance.url), "{url}");
    Ok(url)
}

async fn not_ready(product: &Product, ada: &Person, (tenant, instance): (&Tenant, &Instance)) -> Result<()> {
    let mut browser = Browser::new(product, instance, ada.api.cookie())?;
    let (browser_hash, portal) = ("ab".repeat(32), product.addresses().api.clone());
    let url = format!("{portal}/open?instance={}&browser={browser_hash}", instance.id);
    browser.follow(&url).await?;
    ensure!(browser.last == format!("/t/{}/instances/{}", tenant.slug, instance.id), "{}", browser.last);
    for bad in ["&to=%2F%2Fevil.example", "&to=https%3A%2F%2Fevil.example", "&to=%0d%0aSet-Cookie%3Aa%3Db"] {
        browser.follow(&format!("{url}{bad}")).await?;
        ensure!(browser.last == "/open-refused?reason=invalid", "{bad}: {}", browser.last);
    }
    Ok(())
}

/// A workflow that answers with the headers of its own call.
async fn tells_nothing(n8n: &N8n, browser: &Browser) -> Result<()> {
    let tell = json!({
        "id": "b", "name": "Tell", "type": "n8n-nodes-base.set", "typeVersion": 3.4, "position": [200, 0],
        "parameters": { "assignments": { "assignments": [
            { "id": "x", "name": "seen", "type": "string", "value": "={{ JSON.stringify($json.headers) }}" }] } }
    });
    n8n.activate(webhook_workflow("tell", Some(tell))).await?;
    n8n.call_when_published("tell").await?;
    let (status, seen) = browser.ask(Method::POST, "/webhook/tell", Some(json!({}))).await?;
    let text = seen.to_string();
    ensure!(status == StatusCode::OK && text.contains("mark=kept"), "{status}: {text}");
    ensure!(!text.contains("tenantry") && !text.contains("n8n-auth"), "{text}");
    Ok(())
}

/// A browser at two hosts: the portal's, where it is logged in or not, and the instance's.
struct Browser {
    http: reqwest::Client,
    portal: Option<String>,
    host: String,
    edge: u16,
    /// The instance's cookies.
    jar: BTreeMap<String, String>,
    /// The last place on the portal that it was sent to.
    last: String,
}

impl Browser {
    fn new(product: &Product, instance: &Instance, portal: Option<String>) -> Result<Self> {
        let url = Url::parse(&instance.url)?;
        let host = url.host_str().context("a host")?.to_owned();
        let edge = product.edge_port();
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .resolve(&host, ([127, 0, 0, 1], edge).into())
            .resolve("localhost", ([127, 0, 0, 1], product.addresses().api_port).into())
            .timeout(Duration::from_secs(30))
            .build()?;
        Ok(Self { http, portal, host, edge, jar: BTreeMap::new(), last: String::new() })
    }

    fn address(&self, path: &str) -> String {
        format!("http://{}:{}{path}", self.host, self.edge)
    }

    fn cookies(&self) -> String {
        self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    /// Opens an address in a window, and goes wherever it is sent until a page of n8n or the portal's own pages.
    async fn follow(&mut self, address: &str) -> Result<Response> {
        let mut next = Url::parse(address)?;
        for _ in 0..8 {
            let here = next.host_str() == Some(self.host.as_str());
            let mut request = self
                .http
                .get(next.clone())
                .header("accept", "text/html")
                .header("sec-fetch-mode", "navigate")
                .header("sec-fetch-dest", "document");
            let cookies = if here { self.cookies() } else { self.portal.clone().unwrap_or_default() };
            if !cookies.is_empty() {
                request = request.header("cookie", cookies);
            }
            let answer = request.send().await?;
            if here {
                self.keep(&answer);
            }
            let Some(location) = answer.headers().get("location") else { return Ok(answer) };
            let location = location.to_str()?.to_owned();
            if !here && location.starts_with('/') {
                self.last = location;
                return Ok(answer);
            }
            next = next.join(&location)?;
        }
        anyhow::bail!("it goes round in circles: {next}")
    }

    fn keep(&mut self, answer: &Response) {
        for set in answer.headers().get_all("set-cookie").iter().filter_map(|value| value.to_str().ok()) {
            let Some((name, value)) = set.split(';').next().and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            if set.contains("Max-Age=0") {
                self.jar.remove(name);
            } else {
                self.jar.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Result<(StatusCode, Value)> {
        let mut request = self
            .http
            .request(method, self.address(path))
            .header("cookie", format!("mark=kept; {}", self.cookies()))
            .header("origin", self.address(""))
            .header("sec-fetch-site", "same-origin");
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        Ok((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
    }

    /// Who n8n takes it for.
    async fn me(&self) -> Result<(StatusCode, Value)> {
        self.ask(Method::GET, "/rest/login", None).await
    }

    /// The channel by which n8n tells its editor what happens; it is open once it was held for some looks.
    async fn push(&self) -> Result<WebSocketStream<TcpStream>> {
        let mut request =
            self.address("/rest/push?pushRef=test").replace("http:", "ws:").into_client_request()?;
        request.headers_mut().insert("cookie", self.cookies().parse()?);
        request.headers_mut().insert("origin", self.address("").parse()?);
        let socket = TcpStream::connect(("127.0.0.1", self.edge)).await?;
        let (mut push, _) = client_async(request, socket).await?;
        let early = tokio::time::timeout(Duration::from_secs(3), push.next()).await;
        ensure!(
            early.is_err() || matches!(early, Ok(Some(Ok(ref m))) if !m.is_close()),
            "it closed: {early:?}"
        );
        Ok(push)
    }
}
