//! n8n pushes to its editor over a WebSocket.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::world::{HOST, World, eventually};

async fn open(world: &World, path: &str) -> Result<(WebSocketStream<TcpStream>, http::HeaderMap), Error> {
    let mut request = world.url(path).replace("http:", "ws:").into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "n8n".parse().unwrap());
    let socket = TcpStream::connect(world.edge).await.unwrap();
    client_async(request, socket).await.map(|(stream, answer)| (stream, answer.headers().clone()))
}

#[tokio::test]
async fn messages_go_both_ways_and_the_close_arrives() {
    let world = World::new().await;
    let (mut socket, headers) = open(&world, "/socket").await.unwrap();
    assert_eq!(headers["sec-websocket-protocol"], "n8n");
    for message in [Message::text("hello"), Message::binary(vec![9u8; 1 << 20]), Message::text("")] {
        socket.send(message.clone()).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), message);
    }
    socket.close(None).await.unwrap();
    while let Some(Ok(message)) = socket.next().await {
        assert!(message.is_close());
    }
}

#[tokio::test]
async fn hidden_paths_and_absent_instances_do_not_upgrade() {
    let world = World::new().await;
    let Err(Error::Http(answer)) = open(&world, "/metrics").await else { panic!("upgraded") };
    assert_eq!(answer.status(), 404);
    // An instance that answers with a page keeps its answer.
    let Err(Error::Http(answer)) = open(&world, "/rest/settings").await else { panic!("upgraded") };
    assert_eq!(answer.status(), 200);
    world.routes.remove("acme", "eu-central");
    let Err(Error::Http(answer)) = open(&world, "/socket").await else { panic!("upgraded") };
    assert_eq!(answer.status(), 404);
    assert!(world.get("/", HOST).await.starts_with("HTTP/1.1 404"));
}

#[tokio::test]
async fn shutdown_ends_open_sockets() {
    let world = World::new().await;
    let (mut socket, _) = open(&world, "/socket").await.unwrap();
    socket.send(Message::text("hello")).await.unwrap();
    socket.next().await.unwrap().unwrap();
    assert!(eventually(|| world.hits() == 1).await);
    world.shutdown.cancel();
    let end = tokio::time::timeout(Duration::from_secs(2), socket.next()).await.unwrap();
    assert!(matches!(end, None | Some(Err(_))), "{end:?}");
}
