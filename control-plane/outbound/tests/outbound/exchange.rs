use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tenantry_outbound::OutboundError;
use tokio::io::AsyncWriteExt;

use crate::receiver::{Names, Receiver, outbound, post};

#[tokio::test]
async fn an_exchange_says_who_we_are_and_nothing_else() {
    let receiver =
        Receiver::answering("HTTP/1.1 202 Accepted\r\nset-cookie: a=b\r\ncontent-length: 5\r\n\r\nhello")
            .await;
    let out = outbound(true, &Names::default().into());
    for _ in 0..2 {
        let answer = out.send(post(&receiver.url("/path?query=1#fragment"), 100)).await.unwrap();
        assert_eq!((answer.status.as_u16(), &answer.body[..], answer.truncated), (202, &b"hello"[..], false));
    }
    let heads = receiver.heads();
    assert!(heads[0].starts_with("POST /path?query=1 HTTP/1.1\r\n"), "{heads:?}");
    for line in
        ["user-agent: Tenantry/", "connection: close", "accept-encoding: identity", "content-length: 2"]
    {
        assert!(heads[0].contains(line), "{line}: {heads:?}");
    }
    assert!(!heads[1].contains("cookie"), "no cookie is kept: {heads:?}");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_nobody_goes_there() {
    let inside = Receiver::answering("HTTP/1.1 200 OK\r\n\r\nsecret").await;
    for status in [301, 302, 303, 307, 308] {
        let redirect =
            format!("HTTP/1.1 {status} X\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n", inside.url("/"));
        let receiver = Receiver::answering(redirect).await;
        let out = outbound(true, &Names::default().into());
        let answer = out.send(post(&receiver.url("/"), 100)).await.unwrap();
        assert_eq!(answer.status.as_u16(), status);
    }
    assert!(inside.heads().is_empty());
}

/// An endless body: what is wanted is read, and the connection is closed on the rest.
#[tokio::test]
async fn a_huge_body_costs_what_was_asked_for() {
    let sent = Arc::new(AtomicUsize::new(0));
    let counter = sent.clone();
    let receiver = Receiver::at("127.0.0.1:0", move |mut stream| {
        let counter = counter.clone();
        async move {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n").await;
            while stream.write_all(&[b'x'; 65536]).await.is_ok() {
                counter.fetch_add(65536, Ordering::SeqCst);
            }
            stream
        }
    })
    .await;
    let out = outbound(true, &Names::default().into());
    let answer = out.send(post(&receiver.url("/"), 2048)).await.unwrap();
    assert_eq!((answer.body.len(), answer.truncated), (2048, true));
    tokio::time::sleep(Duration::from_millis(300)).await;
    let after = sent.load(Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(sent.load(Ordering::SeqCst), after, "the receiver's connection was closed");
    assert!(after < 32 << 20, "{after} bytes were taken");
}

#[tokio::test]
async fn a_drip_ends_with_the_time() {
    let receiver = Receiver::at("127.0.0.1:0", |mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n").await;
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        stream
    })
    .await;
    let started = Instant::now();
    let out = outbound(true, &Names::default().into());
    let error = out.send(post(&receiver.url("/"), 2048)).await.unwrap_err();
    assert_eq!(error, OutboundError::TimedOut(15));
    let took = started.elapsed();
    assert!((Duration::from_secs(14)..Duration::from_secs(17)).contains(&took), "{took:?}");
}

/// Bytes that would be a gigabyte if anybody unpacked them.
#[tokio::test]
async fn what_is_compressed_stays_compressed() {
    let gzip = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 0xff, 0x4b, 0x04, 0, 0x43, 0xbe, 0xb7, 0xe8, 1, 0, 0, 0];
    let mut answer =
        format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", gzip.len())
            .into_bytes();
    answer.extend_from_slice(&gzip);
    let receiver = Receiver::answering(answer).await;
    let out = outbound(true, &Names::default().into());
    let answer = out.send(post(&receiver.url("/"), 2048)).await.unwrap();
    assert_eq!(&answer.body[..], &gzip);
}

#[tokio::test]
async fn answers_that_are_none_are_values() {
    let endless = format!("HTTP/1.1 200 OK\r\n{}", "a: b\r\n".repeat(20_000));
    let huge = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(200_000));
    for nonsense in [
        "",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        &endless,
        &huge,
    ] {
        let receiver = Receiver::answering(nonsense).await;
        let out = outbound(true, &Names::default().into());
        let error = out.send(post(&receiver.url("/"), 2048)).await.unwrap_err();
        assert_eq!(error, OutboundError::Protocol, "{:?}", nonsense.get(..40));
    }
    let out = outbound(true, &Names::default().into());
    let error = out.send(post("http://127.0.0.1:1/", 10)).await.unwrap_err();
    assert_eq!(error, OutboundError::Connect("the host refused it"));
}
