//! Bodies stream both ways, in bounded memory, and end when either end goes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::StreamExt;
use reqwest::Body;

use crate::world::{HOST, MAX_BODY, World, chunks, eventually};

const SIZE: u64 = 200 << 20;
/// What sockets may hold on a loopback: two connections, a send and a receive buffer each.
const IN_FLIGHT: u64 = 48 << 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_upload_waits_for_a_slow_instance() {
    let world = World::new().await;
    let made = Arc::new(AtomicU64::new(0));
    let counter = made.clone();
    let body = Body::wrap_stream(chunks(SIZE, move |bytes| counter.store(bytes, Ordering::SeqCst)));
    let sending = tokio::spawn(world.http.post(world.url("/slow-upload")).body(body).send());
    // The instance does not read yet: the client must come to a halt long before the end.
    assert!(eventually(|| made.load(Ordering::SeqCst) > 0).await);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let held = made.load(Ordering::SeqCst);
    assert!(held < IN_FLIGHT, "{held} bytes taken in while nobody reads");
    world.gate.add_permits(1);
    let answer = sending.await.unwrap().unwrap();
    assert_eq!(answer.text().await.unwrap(), SIZE.to_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_download_waits_for_a_slow_client() {
    let world = World::new().await;
    let mut body = world.http.get(world.url("/download")).send().await.unwrap().bytes_stream();
    let mut received = body.next().await.unwrap().unwrap().len() as u64;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let made = world.seen.bytes_made.load(Ordering::SeqCst);
    assert!(made < IN_FLIGHT, "{made} bytes made while the client reads none");
    while let Some(chunk) = body.next().await {
        received += chunk.unwrap().len() as u64;
    }
    assert_eq!(received, SIZE);
}

#[tokio::test]
async fn events_arrive_one_by_one() {
    let world = World::new().await;
    world.gate.add_permits(1);
    let answer = world.http.get(world.url("/events")).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let mut body = answer.bytes_stream();
    for index in 0..5 {
        let event =
            tokio::time::timeout(Duration::from_secs(2), body.next()).await.unwrap().unwrap().unwrap();
        assert_eq!(event, format!("data: {index}\n\n"));
        // The next one is made only now, so it cannot have been waited for.
        world.gate.add_permits(1);
    }
}

#[tokio::test]
async fn a_client_that_leaves_takes_its_request_along() {
    for path in ["/endless", "/never"] {
        let world = World::new().await;
        let request = world.http.get(world.url(path)).send();
        let held = tokio::time::timeout(Duration::from_millis(200), request).await;
        assert!(eventually(|| world.hits() == 1).await);
        drop(held);
        let seen = world.seen.clone();
        assert!(eventually(|| seen.dropped.load(Ordering::SeqCst)).await, "{path} went on");
    }
}

#[tokio::test]
async fn bodies_over_the_limit_are_refused() {
    let world = World::new().await;
    let declared = world
        .raw(format!(
            "POST /upload HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            MAX_BODY + 1
        ))
        .await;
    assert!(declared.starts_with("HTTP/1.1 413"), "{declared}");
    assert_eq!(world.hits(), 0);

    // Undeclared: cut off at the limit, and the instance sees a broken request, never a short one.
    let body = Body::wrap_stream(chunks(MAX_BODY + (64 << 20), |_| {}));
    let answer = world.http.post(world.url("/upload")).body(body).send().await;
    assert!(answer.is_err() || answer.unwrap().status() == 413);
    let seen = world.seen.clone();
    assert!(eventually(|| seen.dropped.load(Ordering::SeqCst)).await);
    assert!(world.seen.bytes_read.load(Ordering::SeqCst) <= MAX_BODY);
}
