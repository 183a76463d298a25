//! Who is let through, by host and by path.

use crate::world::{HOST, World};

#[tokio::test]
async fn hosts() {
    let world = World::new().await;
    for host in
        [HOST, "acme.eu-central.localhost:8080", "ACME.eu-Central.LOCALHOST", "acme.eu-central.localhost."]
    {
        let answer = world.get("/", host).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{host}: {answer}");
    }
    let before = world.hits();
    for host in [
        "localhost",
        "127.0.0.1",
        "eu-central.localhost",
        "other.eu-central.localhost",
        "acme.us-east.localhost",
        "x.acme.eu-central.localhost",
        "acme.eu-central.localhost.evil.example",
        "acme.eu-central.evillocalhost",
        "acme.eu-central.localhost:x",
        "",
    ] {
        let answer = world.get("/", host).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{host}: {answer}");
        assert!(answer.contains("No n8n at this address"));
    }
    // None, two, two that differ.
    for head in [
        "GET / HTTP/1.1\r\nConnection: close\r\n\r\n".to_owned(),
        format!("GET / HTTP/1.1\r\nHost: {HOST}\r\nHost: evil.example\r\nConnection: close\r\n\r\n"),
        format!(
            "GET http://other.eu-central.localhost/ HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n"
        ),
    ] {
        let answer = world.raw(&head).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{head}: {answer}");
    }
    assert_eq!(world.hits(), before);
    let answer = world.get(&format!("http://{HOST}/rest"), HOST).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "absolute target: {answer}");
}

#[tokio::test]
async fn hidden_paths_never_reach_the_instance() {
    let world = World::new().await;
    for path in [
        "/metrics",
        "/metrics/",
        "/METRICS",
        "//metrics",
        "///metrics//",
        "/%6detrics",
        "/%256detrics",
        "/metrics?a=b",
        "/./metrics",
        "/x/../metrics",
        "/%2e/metrics",
        "/x/%2e%2e/metrics",
        "/%2fmetrics",
        "/metrics;x",
        "/\\metrics",
        "/metrics#x",
        "/healthz",
        "/healthz/readiness",
        "/rest/owner/setup",
        "/REST/owner//setup/",
        "/rest/%6Fwner/setup",
        "/rest%2fowner/setup",
        "/rest/owner/anything",
        "/setup",
    ] {
        let answer = world.get(path, HOST).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
    }
    for target in ["/metrics\u{a0}", "/\u{a0}", "*"] {
        let answer = world.get(target, HOST).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{target}: {answer}");
    }
    assert!(
        world
            .raw(b"GET /metrics\xa0 HTTP/1.1\r\nHost: acme.eu-central.localhost\r\nConnection: close\r\n\r\n")
            .await
            .starts_with("HTTP/1.1 400")
    );
    assert_eq!(world.hits(), 0);
    for path in ["/rest/login", "/webhook/metrics", "/", "/rest/settings"] {
        assert!(world.get(path, HOST).await.starts_with("HTTP/1.1 200"), "{path}");
    }
}

#[tokio::test]
async fn connect_is_refused() {
    let world = World::new().await;
    let answer = world
        .raw(format!("CONNECT {HOST}:80 HTTP/1.1\r\nHost: {HOST}:80\r\nConnection: close\r\n\r\n"))
        .await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert_eq!(world.hits(), 0);
}
