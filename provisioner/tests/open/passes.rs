//! What passes to n8n and back: its log-in goes with the editor's own requests, and nowhere else.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use reqwest::Method;

use crate::browser::Browser;
use crate::world::{ACME, BOLT, SHOP, World};

#[tokio::test]
async fn the_log_in_goes_with_the_editors_paths_only() {
    let world = World::new().await;
    let browser = Browser::default();
    browser.open(&world, ACME, &world.ada).await;
    let mut cookies = browser.cookies(ACME);
    cookies.insert("mine".into(), "1".into());
    browser.set_cookies(ACME, cookies);
    for path in [
        "/rest/settings",
        "/rest/workflows/1?x=y",
        "/types/nodes.json",
        "/rest/oauth2-credential/callback?code=1",
    ] {
        browser.get(&world, ACME, path).await;
        assert_eq!(world.acme.last_cookies(), ["n8n-auth=jwt-1", "mine=1"], "{path}");
    }
    for path in [
        "/webhook/x",
        "/webhook-test/x",
        "/webhook-waiting/1",
        "/form/x",
        "/form-test/x",
        "/form-waiting/1",
        "/mcp/x",
        "/mcp-test/x",
        "/chat",
        "/",
        "/api/v1/workflows",
        "/assets/a.js",
        "/REST/settings",
        "//rest/settings",
        "/restx",
        "/rest/../webhook/x",
        "/%72est/settings",
        "/rest",
    ] {
        let answer = raw(&world, path, &browser.cookies(ACME), &[]).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
        assert_eq!(world.acme.last_cookies(), ["mine=1"], "{path}");
    }
    for (method, path) in [(Method::POST, "/webhook/x"), (Method::POST, "/form/x")] {
        browser.send(&world, (method, ACME, path), &[]).await;
        assert_eq!(world.acme.last_cookies(), ["mine=1"], "{path}");
    }
}

/// As it stands: clients tidy a target up.
async fn raw(world: &World, target: &str, cookies: &BTreeMap<String, String>, lines: &[&str]) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let cookies: Vec<String> = cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
    let mut head =
        format!("GET {target} HTTP/1.1\r\nHost: {ACME}:{}\r\nConnection: close\r\n", world.edge.port());
    if !cookies.is_empty() {
        head.push_str(&format!("Cookie: {}\r\n", cookies.join("; ")));
    }
    for line in lines {
        head.push_str(&format!("{line}\r\n"));
    }
    let mut socket = tokio::net::TcpStream::connect(world.edge).await.unwrap();
    socket.write_all(format!("{head}\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_log_in_that_a_client_claims_never_arrives() {
    let world = World::new().await;
    let stranger = Browser::default();
    stranger.open(&world, ACME, &world.ada).await;
    assert!(stranger.is_in(&world, ACME).await);
    // It is a good one: and yet.
    for path in ["/rest/login", "/rest/settings", "/webhook/x", "/"] {
        for line in [
            "Cookie: n8n-auth=jwt-1",
            "Cookie: a=b; n8n-auth=jwt-1",
            "Cookie: n8n-auth =jwt-1",
            "cOOkie: N8N-AUTH=jwt-1",
            "Cookie: =n8n-auth=jwt-1",
            "Cookie: a=b\r\nCookie: n8n-auth=jwt-1",
        ] {
            raw(&world, path, &BTreeMap::new(), &[line]).await;
            let arrived = world.acme.last_cookies();
            assert!(arrived.iter().all(|c| !c.to_lowercase().contains("n8n-auth")), "{line:?}: {arrived:?}");
        }
    }
    // Beside a live session, the edge's own replaces it.
    raw(&world, "/rest/settings", &stranger.cookies(ACME), &["Cookie: n8n-auth=evil"]).await;
    assert_eq!(world.acme.last_cookies(), ["n8n-auth=jwt-1"]);
    // `Connection` cannot take it away or smuggle it.
    raw(&world, "/rest/settings", &stranger.cookies(ACME), &["Connection: cookie"]).await;
    assert!(world.acme.last_cookies().iter().all(|c| c == "n8n-auth=jwt-1"));
}

#[tokio::test]
async fn a_tenants_code_sees_none_of_our_cookies_and_sets_none() {
    let world = World::new().await;
    let browser = Browser::default();
    browser.begin(&world, ACME, "").await;
    browser.open(&world, ACME, &world.ada).await;
    browser.begin(&world, ACME, "").await;
    assert!(browser.cookies(ACME).len() >= 2);
    let before = browser.cookies(ACME);
    for path in ["/webhook/x", "/form/x", "/", "/rest/settings", "/cookies"] {
        browser.get(&world, ACME, path).await;
        let arrived = world.acme.last_cookies();
        assert!(arrived.iter().all(|cookie| !cookie.contains("tenantry")), "{path}: {arrived:?}");
    }
    let answer = browser.get(&world, ACME, "/cookies").await;
    let set: Vec<_> = answer.headers().get_all("set-cookie").iter().collect();
    assert_eq!(set, ["mine=kept; Path=/"]);
    let mut after = browser.cookies(ACME);
    after.remove("mine");
    assert_eq!(after, before);
    assert!(
        world.acme.seen().iter().all(|(_, target, _)| !target.contains("tenantry")),
        "/.tenantry is the edge's own"
    );
}

#[tokio::test]
async fn a_session_is_good_on_its_own_host_only() {
    let world = World::new().await;
    let browser = Browser::default();
    browser.open(&world, ACME, &world.ada).await;
    for host in [SHOP, BOLT] {
        browser.set_cookies(host, browser.cookies(ACME));
        assert!(!browser.is_in(&world, host).await, "{host}");
    }
    assert!(browser.is_in(&world, ACME).await);
}

#[tokio::test]
async fn pages_of_neighbours_do_not_act_as_its_user() {
    let world = World::new().await;
    let browser = Browser::default();
    browser.open(&world, ACME, &world.ada).await;
    let neighbour = world.origin(SHOP);
    for headers in [
        vec![("origin", neighbour.as_str())],
        vec![("origin", "null")],
        vec![("sec-fetch-site", "same-site"), ("sec-fetch-mode", "no-cors")],
        vec![("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "cors")],
        vec![("sec-fetch-site", "same-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")],
    ] {
        for method in [Method::GET, Method::POST] {
            browser.send(&world, (method, ACME, "/rest/workflows"), &headers).await;
            assert!(world.acme.last_cookies().is_empty(), "{headers:?}");
        }
    }
    let own = world.origin(ACME);
    browser.send(&world, (Method::POST, ACME, "/rest/workflows"), &[("origin", &own)]).await;
    assert_eq!(world.acme.last_cookies(), ["n8n-auth=jwt-1"]);
}

#[tokio::test]
async fn many_requests_at_once_log_in_once() {
    let world = World::new().await;
    let browser = Browser::default();
    browser.open(&world, ACME, &world.ada).await;
    let all = (0..30).map(|_| browser.is_in(&world, ACME));
    assert!(futures::future::join_all(all).await.into_iter().all(|is_in| is_in));
    assert_eq!(world.acme.log_ins(), 1);
    // Another person uses the same one.
    let other = Browser::default();
    other.open(&world, ACME, &world.member(tenantry_authz::Role::Developer)).await;
    assert!(other.is_in(&world, ACME).await);
    assert_eq!(world.acme.log_ins(), 1);
}

#[tokio::test]
async fn a_log_in_that_n8n_forgot_is_made_anew_once() {
    let world = World::new().await;
    let browser = Browser::default();
    browser.open(&world, ACME, &world.ada).await;
    assert!(browser.is_in(&world, ACME).await);
    world.acme.forget();
    assert!(browser.is_in(&world, ACME).await, "the request was sent again");
    assert_eq!(world.acme.log_ins(), 2);
}

#[tokio::test]
async fn an_instance_that_refuses_everything_does_not_use_up_the_log_ins() {
    let world = World::new().await;
    let browser = Browser::default();
    browser.open(&world, ACME, &world.ada).await;
    world.acme.stubborn.store(true, Ordering::SeqCst);
    for _ in 0..20 {
        assert!(!browser.is_in(&world, ACME).await, "its 401 is passed on");
    }
    assert!(world.acme.log_ins() <= 4, "{} log-ins", world.acme.log_ins());
    world.acme.stubborn.store(false, Ordering::SeqCst);
    assert!(browser.is_in(&world, ACME).await);
}

/// n8n's editor takes itself for offline without it.
#[tokio::test]
async fn whoever_is_in_may_ask_for_its_pulse_and_nobody_else() {
    let world = World::new().await;
    let (browser, stranger) = (Browser::default(), Browser::default());
    browser.open(&world, ACME, &world.ada).await;
    assert_eq!(stranger.get(&world, ACME, "/healthz").await.status(), 404);
    let neighbour = [("sec-fetch-site", "same-site")];
    assert_eq!(browser.send(&world, (Method::GET, ACME, "/healthz"), &neighbour).await.status(), 404);
    for path in ["/healthz/readiness", "/HEALTHZ", "/metrics", "/healthz/"] {
        assert_eq!(browser.get(&world, ACME, path).await.status(), 404, "{path}");
    }
    assert!(world.acme.seen().is_empty());
    assert_eq!(browser.get(&world, ACME, "/healthz").await.status(), 200);
    assert!(world.acme.last_cookies().is_empty());
}

#[tokio::test]
async fn nobody_tries_passwords_through_the_edge() {
    let world = World::new().await;
    let browser = Browser::default();
    for path in ["/rest/login", "/rest//login", "/REST/Login/", "/rest/%6cogin"] {
        let answer = browser.send(&world, (Method::POST, ACME, path), &[]).await;
        assert_eq!(answer.status(), 401, "{path}");
        assert!(answer.text().await.unwrap().contains("portal"));
    }
    assert_eq!(world.acme.seen().len(), 0);
}

#[tokio::test]
async fn over_tls_the_cookies_are_bound_to_the_host() {
    let world = World::with_scheme("https").await;
    let browser = Browser::default();
    let code = browser.code(&world, ACME, &world.ada).await;
    let names: Vec<String> = browser.cookies(ACME).into_keys().collect();
    assert!(names.iter().all(|name| name.starts_with("__Host-tenantry_opening_")), "{names:?}");
    let answer = browser.redeem(&world, ACME, &code).await;
    let set = answer
        .headers()
        .get_all("set-cookie")
        .iter()
        .map(|v| v.to_str().unwrap())
        .find(|v| v.contains("_open="))
        .unwrap();
    for part in ["__Host-tenantry_open=", "; Path=/", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
        assert!(set.contains(part), "{set}");
    }
    assert!(!set.to_lowercase().contains("domain"));
    assert!(browser.is_in(&world, ACME).await);
    // Without the prefix it could come from a neighbour.
    let plain = browser.cookies(ACME).into_iter().map(|(k, v)| (k.replace("__Host-", ""), v)).collect();
    browser.set_cookies(ACME, plain);
    assert!(!browser.is_in(&world, ACME).await);
}
