//! `/.tenantry/open` itself: where it leads, and what it does not take.

use reqwest::Method;
use tenantry_provisioner::edge::Route;

use crate::browser::{Browser, location};
use crate::world::{ACME, World};

#[tokio::test]
async fn it_leads_to_the_instances_own_pages_only() {
    let world = World::new().await;
    let browser = Browser::default();
    for to in [
        "https%3A%2F%2Fevil.example",
        "%2F%2Fevil.example",
        "%2F%5Cevil.example",
        "%5C%5Cevil.example",
        "evil",
        "%2F%09%2Fevil.example",
        "javascript%3Aalert(1)",
        "",
        "%2F%0d%0aSet-Cookie%3A%20a%3Db",
        "%2F%00",
        "%20%2F",
    ] {
        let answer = browser.look(&world, ACME, &format!("/.tenantry/open?to={to}")).await;
        assert_eq!((answer.status().as_u16(), location(&answer)), (400, ""), "{to}");
        assert!(!answer.headers().contains_key("set-cookie"), "{to}");
    }
    assert!(browser.cookies(ACME).is_empty());
}

#[tokio::test]
async fn nonsense_for_a_code_is_refused() {
    let world = World::new().await;
    let browser = Browser::default();
    browser.begin(&world, ACME, "").await;
    for code in ["", "x", "%0d%0aSet-Cookie:a=b", "%27%20OR%201=1", &"a".repeat(6000), "%ff%00", "x&code=y"] {
        let answer = browser.look(&world, ACME, &format!("/.tenantry/open?code={code}")).await;
        assert_eq!(answer.status(), 403, "{code}");
        assert!(!answer.headers().contains_key("set-cookie"), "{code}");
        let text = answer.text().await.unwrap();
        assert!(text.contains("Try again") && !text.contains("OR"), "{text}");
    }
}

#[tokio::test]
async fn it_is_for_a_browsers_window() {
    let world = World::new().await;
    let browser = Browser::default();
    let open = "/.tenantry/open";
    for (method, headers) in [
        (Method::GET, vec![("sec-fetch-dest", "iframe"), ("sec-fetch-mode", "navigate")]),
        (Method::GET, vec![("sec-fetch-dest", "image"), ("sec-fetch-mode", "no-cors")]),
        (Method::GET, vec![("sec-fetch-dest", "empty"), ("sec-fetch-mode", "cors")]),
        (Method::POST, vec![]),
        (Method::PUT, vec![]),
    ] {
        let answer = browser.send(&world, (method, ACME, open), &headers).await;
        assert_eq!(answer.status(), 400, "{headers:?}");
        assert!(!answer.headers().contains_key("set-cookie"));
    }
    // A browser that does not say is let through.
    assert_eq!(browser.get(&world, ACME, open).await.status(), 302);
}

#[tokio::test]
async fn nothing_below_it_reaches_the_instance() {
    let world = World::new().await;
    let browser = Browser::default();
    for path in [
        "/.tenantry",
        "/.tenantry/",
        "/.tenantry/x",
        "/.TENANTRY/open",
        "/%2etenantry/open",
        "//.tenantry/open",
        "/a/..%2f.tenantry/open",
    ] {
        let answer = browser.get(&world, ACME, path).await;
        assert_eq!(answer.status(), 404, "{path}");
    }
    assert_eq!(world.acme.seen().len(), 0);
}

#[tokio::test]
async fn an_instance_that_is_not_there_yet_says_so() {
    let world = World::new().await;
    let browser = Browser::default();
    world.routes.set("acme", "us-east", Route::NotReady { phase: "starting".into(), detail: None });
    let answer = browser.look(&world, ACME, "/.tenantry/open").await;
    assert_eq!(answer.status(), 503);
    assert!(answer.text().await.unwrap().contains("starting"));
}
