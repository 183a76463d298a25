//! What a visitor gets when there is nothing to proxy to.

use tenantry_provisioner::edge::{EdgeConfig, Route, RouteTable};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::world::{HOST, World, instance};

#[tokio::test]
async fn not_ready_says_the_phase_and_reloads() {
    let world = World::new().await;
    world.routes.set(
        "acme",
        "eu-central",
        Route::NotReady { phase: "starting".into(), detail: Some("<b>migrating</b>".into()) },
    );
    let page =
        world.http.get(world.url("/workflow/1")).header("accept", "text/html,*/*").send().await.unwrap();
    assert_eq!(page.status(), 503);
    assert_eq!(page.headers()["retry-after"], "5");
    assert_eq!(page.headers()["cache-control"], "no-store");
    let body = page.text().await.unwrap();
    assert!(body.contains("starting") && body.contains("http-equiv=\"refresh\""));
    assert!(body.contains("&lt;b&gt;migrating") && !body.contains("<b>"));

    let text = world.http.post(world.url("/webhook/x")).body("{}").send().await.unwrap();
    assert_eq!(text.status(), 503);
    assert!(text.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
    assert!(text.text().await.unwrap().contains("starting"));
    assert_eq!(world.hits(), 0);
}

#[tokio::test]
async fn routes_are_replaced_removed_and_unknown_before_the_first_feed() {
    let world = World::new().await;
    world.routes.remove("acme", "eu-central");
    assert_eq!(world.http.get(world.url("/")).send().await.unwrap().status(), 404);
    world.routes.replace_all([("Acme".into(), "eu-central".into(), Route::Unavailable)]);
    assert_eq!(world.http.get(world.url("/")).send().await.unwrap().status(), 503);
    world.routes.replace_all([]);
    assert_eq!(world.http.get(world.url("/")).send().await.unwrap().status(), 404);
    assert_eq!(RouteTable::new().get("acme", "eu-central"), Route::Unavailable);
}

#[tokio::test]
async fn an_instance_that_refuses_or_breaks_off() {
    let world = World::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    world.routes.set("acme", "eu-central", Route::Ready { port, instance: instance() });
    let broken = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let _ = socket.read(&mut [0; 1024]).await;
        // Half a head, then nothing.
        socket.write_all(b"HTTP/1.1 200 OK\r\nX-").await.unwrap();
    });
    let answer = world.http.post(world.url("/")).body("x").send().await.unwrap();
    assert_eq!(answer.status(), 502);
    assert!(answer.text().await.unwrap().contains("broke off"));
    broken.await.unwrap();

    let answer = world.http.get(world.url("/")).send().await.unwrap();
    assert_eq!(answer.status(), 503);
    assert!(answer.headers().contains_key("retry-after"));
    let text = answer.text().await.unwrap();
    assert!(
        text.contains("not answering") && !text.contains(&port.to_string()) && !text.contains("127.0.0.1")
    );
    assert!(world.get("/", HOST).await.starts_with("HTTP/1.1 503"));
}

#[test]
fn the_public_address_leaves_out_the_default_port() {
    let mut config = EdgeConfig {
        base_domain: "localhost".into(),
        public_scheme: "http".into(),
        public_port: 8080,
        max_body: 1,
    };
    assert_eq!(config.public_url("acme", "eu"), "http://acme.eu.localhost:8080");
    (config.public_scheme, config.public_port) = ("https".into(), 443);
    assert_eq!(config.public_url("acme", "eu"), "https://acme.eu.localhost");
}
