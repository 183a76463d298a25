//! Streams to real receivers: an HTTP server, a syslog server, a file.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use parking_lot::Mutex;
use ring::hmac;
use tenantry_authz::Role;
use tenantry_kernel::{Kind as ErrorKind, ManualClock, Secret, TenantId};
use tenantry_store::audit::{self, Record};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::model::Kind;
use super::{deliver_all, webhook};
use crate::audit::background::send_streams;
use crate::audit::tests::{append, now};
use crate::test_world::TestApp;

/// What a receiver has got: each request's headers and body; and what it answers.
#[derive(Clone, Default)]
struct Receiver {
    got: Arc<Mutex<Vec<(HeaderMap, String)>>>,
    down: Arc<Mutex<bool>>,
}

async fn take(State(receiver): State<Receiver>, headers: HeaderMap, body: String) -> StatusCode {
    if *receiver.down.lock() {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    receiver.got.lock().push((headers, body));
    StatusCode::NO_CONTENT
}

impl Receiver {
    async fn start() -> (Self, SocketAddr) {
        let receiver = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/audit", post(take)).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (receiver, address)
    }

    fn records(&self) -> Vec<Record> {
        let bodies: Vec<String> = self.got.lock().iter().map(|(_, body)| body.clone()).collect();
        let batch = |body: &String| {
            let value: serde_json::Value = serde_json::from_str(body).unwrap();
            serde_json::from_value::<Vec<Record>>(value["data"]["records"].clone()).unwrap()
        };
        bodies.iter().flat_map(batch).collect()
    }
}

async fn world() -> (Arc<ManualClock>, TestApp, TenantId) {
    let clock = Arc::new(ManualClock::new(now()));
    let test = TestApp::at(clock.clone()).await;
    let tenant = test.world.tenant("acme").await;
    let tx = test.app.audit.system().await.unwrap();
    test.app.keys.create(&tx, tenant, test.now()).await.unwrap();
    tx.commit().await.unwrap();
    (clock, test, tenant)
}

/// All that is due, until nobody has anything.
async fn deliver(test: &TestApp) {
    deliver_all(&test.app.audit).await;
}

fn is_signed(secret: &Secret, headers: &HeaderMap, body: &str) -> bool {
    let header = |name: &str| headers[name].to_str().unwrap();
    let key = STANDARD.decode(secret.expose().strip_prefix("whsec_").unwrap()).unwrap();
    let text = format!("{}.{}.{body}", header("webhook-id"), header("webhook-timestamp"));
    let signature = STANDARD.decode(header("webhook-signature").strip_prefix("v1,").unwrap()).unwrap();
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, &key), text.as_bytes(), &signature).is_ok()
}

#[tokio::test]
async fn a_receiver_that_was_down_for_a_day_gets_all_of_it_in_order() {
    let (clock, test, tenant) = world().await;
    let (receiver, address) = Receiver::start().await;
    let owner = test.ctx(tenant, Role::Owner);
    let target = format!("http://{address}/audit?token=secret");
    let audit = &test.app.audit;
    let (stream, secret) = audit.add_stream(&owner, tenant, (Kind::Webhook, &target)).await.unwrap();
    assert_eq!((stream.last_seq, stream.pending), (1, 0), "from the next record on");
    *receiver.down.lock() = true;
    let mut number = 0;
    for _ in 0..96 {
        for _ in 0..3 {
            number += 1;
            append(&test, tenant, number).await;
        }
        deliver(&test).await;
        clock.advance(TimeDelta::minutes(15));
    }
    let waiting = audit.streams(&owner, tenant).await.unwrap().remove(0);
    assert_eq!((waiting.pending, waiting.last_seq), (number, 1));
    assert_eq!(waiting.last_error.as_deref(), Some("The receiver answered 503."));
    *receiver.down.lock() = false;
    clock.advance(TimeDelta::minutes(15));
    deliver(&test).await;
    let got = receiver.records();
    assert_eq!(got.iter().map(|r| r.seq).collect::<Vec<_>>(), (2..=number + 1).collect::<Vec<_>>());
    let before = audit::span(&audit.system().await.unwrap(), tenant, (0, 1), 1).await.unwrap();
    assert_eq!(
        audit::break_after((1, &before[0].hash), &got).unwrap(),
        None,
        "the receiver can check the chain"
    );
    let secret = secret.unwrap();
    assert!(receiver.got.lock().iter().all(|(headers, body)| is_signed(&secret, headers, body)));
    let done = audit.streams(&owner, tenant).await.unwrap().remove(0);
    assert_eq!((done.pending, done.last_error), (0, None));
    assert!(done.last_delivered_at.is_some());
    // Neither its secret nor its address's query is in the trail or plain in the database.
    let mut superuser = test.world.superuser().await;
    let rows: Vec<String> = sqlx::query_scalar(
        "SELECT a::text FROM platform.audit a UNION ALL SELECT s.secret FROM platform.audit_streams s",
    )
    .fetch_all(&mut superuser)
    .await
    .unwrap();
    let rows = rows.concat();
    assert!(!rows.contains("token=secret") && !rows.contains(secret.expose()));
}

#[tokio::test]
async fn killed_between_sending_and_the_cursor_it_comes_twice_and_none_is_left_out() {
    let (_clock, test, tenant) = world().await;
    let (receiver, address) = Receiver::start().await;
    let owner = test.ctx(tenant, Role::Owner);
    let target = format!("http://{address}/audit");
    let made = test.app.audit.add_stream(&owner, tenant, (Kind::Webhook, &target)).await.unwrap();
    for number in 0..250 {
        append(&test, tenant, number).await;
    }
    // What a process had sent that was killed then.
    let tx = test.app.audit.system().await.unwrap();
    let records = audit::span(&tx, tenant, (1, i64::MAX), 100).await.unwrap();
    drop(tx);
    let batch = webhook::Batch { stream: made.0.id, tenant, records: &records, at: test.now() };
    webhook::send(&test.app.outbound, (&target, &made.1.unwrap()), &batch).await.unwrap();
    deliver(&test).await;
    let numbers: Vec<i64> = receiver.records().iter().map(|r| r.seq).collect();
    let wanted: Vec<i64> = (2..=101).chain(2..=251).collect();
    assert_eq!(numbers, wanted, "the first batch twice, with the same id, and then the rest");
    let id = |n: usize| receiver.got.lock()[n].0["webhook-id"].clone();
    assert_eq!(id(0), id(1));
    assert_ne!(id(1), id(2));
}

#[tokio::test]
async fn a_syslog_receiver_gets_counted_messages_and_one_that_is_away_is_tried_again() {
    let (clock, test, tenant) = world().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let owner = test.ctx(tenant, Role::Owner);
    let target = format!("syslog+tcp://127.0.0.1:{}", address.port());
    test.app.audit.add_stream(&owner, tenant, (Kind::Syslog, &target)).await.unwrap();
    append(&test, tenant, 1).await;
    append(&test, tenant, 2).await;
    deliver(&test).await;
    let stream = test.app.audit.streams(&owner, tenant).await.unwrap().remove(0);
    assert_eq!((stream.last_seq, stream.pending), (1, 2));
    assert!(stream.last_error.unwrap().contains("refused"));
    let listener = TcpListener::bind(address).await.unwrap();
    let reading = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut text = String::new();
        socket.read_to_string(&mut text).await.unwrap();
        text
    });
    deliver(&test).await;
    assert_eq!(test.app.audit.streams(&owner, tenant).await.unwrap()[0].pending, 2, "it waits for its time");
    clock.advance(TimeDelta::seconds(5));
    deliver(&test).await;
    let mut text = reading.await.unwrap();
    for number in 1..=2 {
        let (count, rest) = text.split_once(' ').unwrap();
        let count: usize = count.parse().unwrap();
        let message = &rest[..count];
        assert!(
            message.starts_with("<110>1 20") && message.contains(" localhost tenantry - test.did - {"),
            "{message}"
        );
        let record: Record = serde_json::from_str(&message[message.find('{').unwrap()..]).unwrap();
        assert_eq!((record.seq, record.details["number"].clone()), (number + 1, number.into()));
        text = rest[count..].to_owned();
    }
    assert!(text.is_empty());
    assert_eq!(test.app.audit.streams(&owner, tenant).await.unwrap()[0].pending, 0);
}

#[tokio::test]
async fn a_file_gets_whole_lines_after_a_crash_too() {
    let (_clock, test, tenant) = world().await;
    let owner = test.ctx(tenant, Role::Owner);
    let made = test.app.audit.add_stream(&owner, tenant, (Kind::File, "../../etc/passwd")).await.unwrap();
    assert_eq!(made.0.target, "", "a tenant names no path");
    append(&test, tenant, 1).await;
    deliver(&test).await;
    let path = test.directory.path().join(format!("{tenant}.jsonl"));
    let mut text = std::fs::read_to_string(&path).unwrap();
    text.push_str("{\"version\":2,\"ten");
    std::fs::write(&path, text).unwrap();
    append(&test, tenant, 2).await;
    deliver(&test).await;
    let text = std::fs::read_to_string(&path).unwrap();
    let numbers: Vec<i64> = text.lines().map(|l| serde_json::from_str::<Record>(l).unwrap().seq).collect();
    assert_eq!(numbers, [2, 3]);
}

#[tokio::test]
async fn one_receiver_that_is_away_holds_up_no_other() {
    let (_clock, test, tenant) = world().await;
    let (receiver, address) = Receiver::start().await;
    let owner = test.ctx(tenant, Role::Owner);
    let dead = "http://127.0.0.1:1/audit";
    test.app.audit.add_stream(&owner, tenant, (Kind::Webhook, dead)).await.unwrap();
    let target = format!("http://{address}/audit");
    test.app.audit.add_stream(&owner, tenant, (Kind::Webhook, &target)).await.unwrap();
    append(&test, tenant, 1).await;
    deliver(&test).await;
    assert_eq!(receiver.records().len(), 1);
    let streams = test.app.audit.streams(&owner, tenant).await.unwrap();
    let (away, there): (Vec<_>, Vec<_>) = streams.iter().partition(|s| s.target.contains("127.0.0.1:1/"));
    assert_eq!((away[0].pending, there[0].pending), (2, 0));
}

/// Receivers of others that take a connection and never answer hold up nobody's batches: there is no round to wait for.
#[tokio::test]
async fn receivers_that_hang_do_not_delay_other_tenants() {
    let (_clock, test, tenant) = world().await;
    let hanging = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = hanging.local_addr().unwrap();
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((socket, _)) = hanging.accept().await {
            held.push(socket);
        }
    });
    let audit = &test.app.audit;
    for slug in ["b", "c", "d"] {
        let other = test.world.tenant(slug).await;
        let tx = audit.system().await.unwrap();
        test.app.keys.create(&tx, other, test.now()).await.unwrap();
        tx.commit().await.unwrap();
        for n in 0..5 {
            let target = format!("http://{place}/{n}");
            let owner = test.ctx(other, Role::Owner);
            audit.add_stream(&owner, other, (Kind::Webhook, &target)).await.unwrap();
        }
        append(&test, other, 1).await;
    }
    let (receiver, address) = Receiver::start().await;
    let target = format!("http://{address}/audit");
    audit.add_stream(&test.ctx(tenant, Role::Owner), tenant, (Kind::Webhook, &target)).await.unwrap();
    for number in 0..250 {
        append(&test, tenant, number).await;
    }
    let stop = CancellationToken::new();
    let sending = tokio::spawn({
        let (audit, stop) = (audit.clone(), stop.clone());
        async move { send_streams(&audit, "this node", &stop).await }
    });
    let started = Instant::now();
    while receiver.records().len() < 250 {
        assert!(started.elapsed() < Duration::from_secs(10), "{} came", receiver.records().len());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stop.cancel();
    sending.await.unwrap();
}

#[tokio::test]
async fn streams_are_the_tenants_own_and_go_nowhere_they_must_not() {
    let (_clock, test, tenant) = world().await;
    let owner = test.ctx(tenant, Role::Owner);
    let audit = &test.app.audit;
    for (kind, target, field) in [
        (Kind::Webhook, "http://169.254.169.254/latest/", "target"),
        (Kind::Webhook, "https://10.0.0.1/", "target"),
        (Kind::Webhook, "file:///etc/passwd", "target"),
        (Kind::Syslog, "syslog+tcp://10.0.0.1:514", "target"),
        (Kind::Syslog, "syslog+tcp://[fd00::1]:601", "target"),
        (Kind::Syslog, "syslog+tcp://mail.example.com:25", "target"),
        (Kind::Syslog, "tcp://logs.example.com", "target"),
    ] {
        let refused = audit.add_stream(&owner, tenant, (kind, target)).await.unwrap_err();
        assert_eq!(refused.field(), Some(field), "{target}: {refused:?}");
    }
    let none = test.audit_with_another_key().await;
    let refused = none.add_stream(&owner, tenant, (Kind::File, "")).await.unwrap_err();
    assert_eq!(refused.field(), Some("kind"), "no directory, no files");

    for number in 0..5 {
        let target = format!("syslog+tcp://127.0.0.1:{}", 20_000 + number);
        audit.add_stream(&owner, tenant, (Kind::Syslog, &target)).await.unwrap();
    }
    let many = audit.add_stream(&owner, tenant, (Kind::File, "")).await.unwrap_err();
    assert_eq!(many.kind(), ErrorKind::QuotaExceeded);
    let streams = audit.streams(&owner, tenant).await.unwrap();
    let other = test.world.tenant("bolt").await;
    let foreign = test.ctx(other, Role::Owner);
    assert!(audit.streams(&foreign, other).await.unwrap().is_empty());
    let id = streams[0].id;
    for (ctx, tenant) in [(&foreign, tenant), (&foreign, other)] {
        assert_eq!(audit.delete_stream(ctx, tenant, id).await.unwrap_err().kind(), ErrorKind::NotFound);
    }
    let developer = test.ctx(tenant, Role::Developer);
    assert_eq!(audit.delete_stream(&developer, tenant, id).await.unwrap_err().kind(), ErrorKind::NotFound);
    audit.delete_stream(&owner, tenant, id).await.unwrap();
    assert_eq!(audit.delete_stream(&owner, tenant, id).await.unwrap_err().kind(), ErrorKind::NotFound);
    let tx = audit.system().await.unwrap();
    let last = audit::span(&tx, tenant, (5, 100), 10).await.unwrap().pop().unwrap();
    drop(tx);
    let was = serde_json::json!({ "kind": "syslog", "target": streams[0].target });
    assert_eq!((last.action.as_str(), last.before, last.after), ("audit.stream.delete", Some(was), None));
}
