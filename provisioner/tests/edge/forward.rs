//! Methods, bodies, targets and headers as the instance sees them.

use reqwest::Method;
use serde_json::Value;

use crate::world::{HOST, World};

fn header<'a>(seen: &'a Value, name: &str) -> Vec<&'a str> {
    seen["headers"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|h| h[0] == name)
        .map(|h| h[1].as_str().unwrap())
        .collect()
}

fn json(raw: &str) -> Value {
    serde_json::from_str(&raw[raw.find('{').unwrap()..=raw.rfind('}').unwrap()]).unwrap()
}

#[tokio::test]
async fn methods_bodies_and_targets_pass_unchanged() {
    let world = World::new().await;
    for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS] {
        let body = if method == Method::GET { "" } else { "some body" };
        let answer = world
            .http
            .request(method.clone(), world.url("/rest/a%2Fb?x=%20y&x=2"))
            .body(body)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.headers()["x-echo"], "1");
        let seen: Value = answer.json().await.unwrap();
        assert_eq!(seen["method"], method.as_str());
        assert_eq!(seen["target"], "/rest/a%2Fb?x=%20y&x=2");
        assert_eq!(seen["body"], body);
        assert!(header(&seen, "transfer-encoding").is_empty());
    }
    let head = world.http.head(world.url("/")).send().await.unwrap();
    assert_eq!(head.status(), 200);
}

#[tokio::test]
async fn host_is_kept_and_what_the_client_claims_is_replaced() {
    let world = World::new().await;
    let seen = json(
        &world
            .raw(
                "GET / HTTP/1.1\r\nHost: ACME.EU-Central.localhost.:9000\r\nX-Forwarded-For: 6.6.6.6\r\n\
                 X-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 1\r\n\
                 X-Forwarded-Prefix: /x\r\nForwarded: for=6.6.6.6;host=evil.example\r\nVia: 1.1 evil\r\n\
                 X-Real-IP: 6.6.6.6\r\nX-Mine: kept\r\nX-Hop: gone\r\n\
                 Connection: close, x-hop, x-forwarded-for, host\r\n\r\n",
            )
            .await,
    );
    let host = format!("{HOST}:9000");
    assert_eq!(header(&seen, "host"), [host.as_str()]);
    assert_eq!(header(&seen, "x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(header(&seen, "x-forwarded-host"), [host.as_str()]);
    assert_eq!(header(&seen, "x-forwarded-proto"), ["http"]);
    assert_eq!(header(&seen, "forwarded"), [format!("for=127.0.0.1;host=\"{host}\";proto=http").as_str()]);
    assert_eq!(header(&seen, "x-mine"), ["kept"]);
    for gone in ["x-forwarded-port", "x-forwarded-prefix", "via", "x-real-ip", "x-hop"] {
        assert!(header(&seen, gone).is_empty(), "{gone}");
    }
}

#[tokio::test]
async fn answers_do_not_name_the_software_and_cookies_stay_on_their_host() {
    let world = World::new().await;
    let answer = world.http.get(world.url("/headers")).send().await.unwrap();
    assert!(!answer.headers().contains_key("server"));
    assert!(!answer.headers().contains_key("x-powered-by"));
    assert!(!answer.headers().contains_key("via"));
    assert_eq!(answer.headers()["set-cookie"], "a=b; Path=/");
}

#[tokio::test]
async fn only_websocket_upgrades_pass() {
    let world = World::new().await;
    let seen = json(
        &world
            .raw(format!(
                "GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close, Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\
                 HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n"
            ))
            .await,
    );
    for gone in ["upgrade", "connection", "http2-settings"] {
        assert!(header(&seen, gone).is_empty(), "{gone}");
    }
}

#[tokio::test]
async fn one_message_cannot_be_read_as_two() {
    let world = World::new().await;
    // A length and an encoding: hyper drops the length, and the instance gets one request.
    let answer = world
        .raw(format!(
            "POST / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\nContent-Length: 4\r\n\
             Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: {HOST}\r\n\r\n"
        ))
        .await;
    assert!(!answer.contains("smuggled"), "{answer}");
    let seen = json(&answer);
    assert!(header(&seen, "content-length").is_empty());
    assert_eq!((&seen["body"], world.hits()), (&Value::from(""), 1));
    // Two lengths that differ.
    let answer = world
        .raw(format!(
            "POST / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde"
        ))
        .await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}
