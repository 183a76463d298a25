//! What ends a session, and how soon.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use futures::{SinkExt, StreamExt};
use reqwest::Method;
use tenantry_authz::{Ctx, Role};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::browser::{Browser, location};
use crate::world::{ACME, SHOP, World};

/// What the product promises.
const SOON: Duration = Duration::from_secs(2);

async fn out_soon(world: &World, browser: &Browser) {
    let begun = Instant::now();
    while browser.is_in(world, ACME).await {
        assert!(begun.elapsed() < SOON, "still in after {SOON:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    println!("out after {} ms", begun.elapsed().as_millis());
}

async fn push(world: &World, browser: &Browser) -> Result<WebSocketStream<TcpStream>, Error> {
    let mut request =
        world.url(ACME, "/rest/push?pushRef=1").replace("http:", "ws:").into_client_request().unwrap();
    let cookies: Vec<String> = browser.cookies(ACME).iter().map(|(k, v)| format!("{k}={v}")).collect();
    request.headers_mut().insert("cookie", cookies.join("; ").parse().unwrap());
    request.headers_mut().insert("origin", world.origin(ACME).parse().unwrap());
    let socket = TcpStream::connect(world.edge).await.unwrap();
    client_async(request, socket).await.map(|(stream, _)| stream)
}

type Loss<'a> = Box<dyn Fn(&Ctx) + 'a>;

/// Ways to lose the way in.
fn losses(world: &World) -> Vec<(&'static str, Loss<'_>)> {
    vec![
        ("log-out", Box::new(|ctx: &Ctx| world.sessions.log_out(ctx))),
        (
            "a lost right",
            Box::new(|ctx: &Ctx| {
                world.sessions.change(ctx, &world.base.member(world.tenant, Role::Viewer));
            }),
        ),
        ("a lost membership", Box::new(|ctx: &Ctx| world.sessions.change(ctx, &world.base.stranger()))),
    ]
}

#[tokio::test]
async fn whoever_loses_the_way_in_is_out_within_two_seconds() {
    let world = World::new().await;
    for (what, lose) in losses(&world) {
        println!("{what}");
        let (browser, ctx) = (Browser::default(), world.member(Role::Developer));
        browser.open(&world, ACME, &ctx).await;
        assert!(browser.is_in(&world, ACME).await);
        lose(&ctx);
        out_soon(&world, &browser).await;
        // What was lost does not come back with the right.
        world.sessions.log_in(&ctx);
        assert!(!browser.is_in(&world, ACME).await);
    }
    assert_eq!(world.count("SELECT count(*) FROM provisioner.open_sessions").await, 0);
}

#[tokio::test]
async fn open_sockets_and_streams_end_within_two_seconds() {
    let world = World::new().await;
    for (what, lose) in losses(&world) {
        let (browser, ctx) = (Browser::default(), world.member(Role::Developer));
        browser.open(&world, ACME, &ctx).await;
        let mut socket = push(&world, &browser).await.unwrap();
        socket.send(Message::text("hello")).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("hello"));
        let events = browser.get(&world, ACME, "/rest/events").await;
        assert_eq!(events.status(), 200);
        let mut events = events.bytes_stream();
        // They outlive the first looks.
        tokio::time::sleep(Duration::from_millis(1500)).await;
        socket.send(Message::text("still")).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("still"));
        assert!(events.next().await.unwrap().is_ok());
        lose(&ctx);
        let begun = Instant::now();
        let end = tokio::time::timeout(SOON, socket.next()).await.expect(what);
        assert!(matches!(end, None | Some(Err(_))), "{what}: {end:?}");
        let drained = async { while let Some(Ok(_)) = events.next().await {} };
        tokio::time::timeout(SOON, drained).await.expect(what);
        println!("{what}: both ended after {} ms", begun.elapsed().as_millis());
    }
}

#[tokio::test]
async fn nobody_gets_a_socket_without_a_session() {
    let world = World::new().await;
    let Err(Error::Http(answer)) = push(&world, &Browser::default()).await else { panic!("upgraded") };
    assert_eq!(answer.status(), 401);
}

#[tokio::test]
async fn a_session_ends_after_a_week() {
    let world = World::new().await;
    let browser = Browser::default();
    browser.open(&world, ACME, &world.ada).await;
    world.clock.advance(TimeDelta::days(7) - TimeDelta::seconds(1));
    assert!(browser.is_in(&world, ACME).await);
    world.clock.advance(TimeDelta::seconds(1));
    out_soon(&world, &browser).await;
    assert_eq!(world.opening.purge_expired().await.unwrap(), 1);
}

#[tokio::test]
async fn n8ns_own_sign_out_ends_this_browsers_session_and_no_other() {
    let world = World::new().await;
    let (browser, other) = (Browser::default(), Browser::default());
    browser.open(&world, ACME, &world.ada).await;
    other.open(&world, ACME, &world.ada).await;
    let copy = Browser::default();
    copy.set_cookies(ACME, browser.cookies(ACME));
    assert!(browser.is_in(&world, ACME).await && other.is_in(&world, ACME).await);
    let answer = browser.send(&world, (Method::POST, ACME, "/rest/logout"), &[]).await;
    assert_eq!(answer.status(), 200);
    let body: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(body, serde_json::json!({ "data": { "loggedOut": true } }), "as n8n answers");
    assert!(!browser.cookies(ACME).contains_key("tenantry_open"));
    assert!(!copy.is_in(&world, ACME).await, "at once, for a copy of the cookie too");
    assert!(other.is_in(&world, ACME).await);
    assert!(
        world.acme.seen().iter().all(|(_, target, _)| !target.contains("logout")),
        "n8n's log-in is shared"
    );
    // Its next page does not let it in again by itself.
    let page = browser.look(&world, ACME, "/signin").await;
    assert_eq!(page.status(), 200);
    let text = page.text().await.unwrap();
    assert!(
        text.contains("You have left")
            && text.contains("/.tenantry/open")
            && text.contains("http://portal.test/home")
    );
    // Doing so again, and without a session, is fine.
    for browser in [&browser, &Browser::default()] {
        assert_eq!(browser.send(&world, (Method::POST, ACME, "/rest/logout"), &[]).await.status(), 200);
    }
    browser.open(&world, ACME, &world.ada).await;
    assert!(browser.is_in(&world, ACME).await);
    assert!(!browser.cookies(ACME).contains_key("tenantry_left"));
    // The editor does it by itself when its session has ended: nobody has left then, and the portal is asked.
    world.sessions.log_out(&world.ada);
    out_soon(&world, &browser).await;
    browser.send(&world, (Method::POST, ACME, "/rest/logout"), &[]).await;
    assert_eq!(browser.look(&world, ACME, "/signin").await.status(), 302);
}

#[tokio::test]
async fn a_neighbour_cannot_sign_anybody_out() {
    let world = World::new().await;
    let browser = Browser::default();
    browser.open(&world, ACME, &world.ada).await;
    let origin = world.origin(SHOP);
    for headers in [vec![("origin", origin.as_str())], vec![("sec-fetch-site", "same-site")]] {
        let answer = browser.send(&world, (Method::POST, ACME, "/rest/logout"), &headers).await;
        assert_eq!(answer.status(), 403);
    }
    assert!(browser.is_in(&world, ACME).await);
}

#[tokio::test]
async fn a_page_without_a_session_leads_to_the_portal_and_back() {
    let world = World::new().await;
    let browser = Browser::default();
    for (page, to) in [
        ("/", "to=%2F"),
        ("/signin", "to=%2F"),
        ("/signin?redirect=%252Fworkflow%252F1", "to=%2Fworkflow%2F1"),
        ("/signin?redirect=https%3A%2F%2Fevil.example", "to=%2F"),
        ("/workflow/1?a=b", "to=%2Fworkflow%2F1%3Fa%3Db"),
    ] {
        let answer = browser.look(&world, ACME, page).await;
        assert_eq!(
            (answer.status().as_u16(), location(&answer)),
            (302, format!("/.tenantry/open?{to}").as_str()),
            "{page}"
        );
    }
    // Files, programs and what is public pass.
    for path in ["/assets/index.js", "/webhook/x", "/form/x", "/signup"] {
        assert_eq!(browser.look(&world, ACME, path).await.status(), 200, "{path}");
    }
    assert_eq!(browser.get(&world, ACME, "/").await.status(), 200);
    browser.open(&world, ACME, &world.ada).await;
    assert_eq!(browser.look(&world, ACME, "/signin").await.status(), 200, "n8n leads on by itself");
    world.sessions.log_out(&world.ada);
    out_soon(&world, &browser).await;
    assert_eq!(browser.look(&world, ACME, "/workflow/1").await.status(), 302);
}
