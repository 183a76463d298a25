use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::json;
use tenantry_authz::Role;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use super::*;
use crate::test_world::{Person, TestApp};

fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .pool_max_idle_per_host(0)
        .timeout(Duration::from_secs(20))
        .build()
        .unwrap()
}

async fn socket(
    address: SocketAddr,
    person: &Person,
    query: &str,
) -> tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>> {
    let mut request = format!("ws://{address}/graphql").into_client_request().unwrap();
    let headers = request.headers_mut();
    headers.insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
    headers.insert("cookie", person.cookie().parse().unwrap());
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    let say = |message: serde_json::Value| Message::text(message.to_string());
    socket.send(say(json!({ "type": "connection_init" }))).await.unwrap();
    socket.next().await.unwrap().unwrap();
    let begin = json!({ "type": "subscribe", "id": "1", "payload": { "query": query } });
    socket.send(say(begin)).await.unwrap();
    let first = socket.next().await.unwrap().unwrap().into_text().unwrap().to_string();
    assert!(first.contains("\"next\""), "{first}");
    socket
}

#[tokio::test]
async fn what_runs_ends_and_nothing_new_begins() {
    let test = TestApp::new().await;
    let tenant = test.tenant("acme", "pro").await;
    let ada = test.member("ada", tenant, Role::Owner).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let serving = tokio::spawn(serve(listener, test.router(), stop.clone()));
    let url = |path: &str| format!("http://{address}{path}");
    assert_eq!(client().get(url("/readyz")).send().await.unwrap().status(), 200);

    let query = format!("subscription {{ tenantActivity(tenantId: \"{tenant}\") {{ __typename }} }}");
    let mut socket = socket(address, &ada, &query).await;
    let encoded = url::form_urlencoded::Serializer::new(String::new()).append_pair("query", &query).finish();
    let events = client()
        .get(url(&format!("/graphql?{encoded}")))
        .header("accept", "text/event-stream")
        .header("cookie", ada.cookie())
        .send()
        .await
        .unwrap();
    // A request that waits in the database until it is let go.
    let mut superuser = test.world.superuser().await;
    sqlx::raw_sql("BEGIN; LOCK TABLE billing.plans").execute(&mut superuser).await.unwrap();
    let slow = client().post(url("/graphql")).json(&json!({ "query": "{ plans { code } }" })).send();
    let slow = tokio::spawn(slow);
    tokio::time::sleep(Duration::from_millis(300)).await;

    let app = test.app.clone();
    let draining = tokio::spawn(async move { drain(&app, Duration::from_millis(400)).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    // In the lead it is not ready, and still does what comes.
    assert_eq!(client().get(url("/readyz")).send().await.unwrap().status(), 503);
    assert_eq!(client().get(url("/healthz")).send().await.unwrap().status(), 200);
    draining.await.unwrap();
    stop.cancel();

    let close = loop {
        if let Message::Close(frame) = socket.next().await.unwrap().unwrap() {
            break frame.unwrap();
        }
    };
    assert_eq!(u16::from(close.code), 1001);
    let events = events.text().await.unwrap();
    assert!(
        events.contains("event: next") && !events.contains("event: complete"),
        "it is not complete: {events}"
    );
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(client().get(url("/healthz")).send().await.is_err(), "no connection is accepted");
    assert!(!serving.is_finished(), "it waits for the request that runs");

    sqlx::raw_sql("ROLLBACK").execute(&mut superuser).await.unwrap();
    let answer = slow.await.unwrap().unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.text().await.unwrap().contains("\"plans\":[{"));
    tokio::time::timeout(Duration::from_secs(5), serving).await.unwrap().unwrap();
}
