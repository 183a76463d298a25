//! From the first start to the last trace.

use std::fs;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tenantry_kernel::Secret;
use tenantry_provisioner::driver::{Driver, InstanceSpec, Observed, usage};
use tenantry_provisioner::n8n::ApiKeyRequest;

use crate::world::{PASSWORD, World};

const GRACE: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_outlives_its_worker_and_leaves_nothing_behind() {
    let world = World::with_postgres(0).await;
    println!("{}", world.driver.report());
    let spec = world.spec_with_database("life").await;
    let instance = spec.reference();
    assert_eq!(world.driver.observe(&instance).await, Observed::Absent);

    // Two workers that do not know of each other.
    let other = world.another_driver();
    let begun = Instant::now();
    let (first, second) = tokio::join!(world.driver.start(&spec), other.start(&spec));
    first.unwrap();
    second.unwrap();
    println!("two starts at once returned after {:?}", begun.elapsed());
    assert_eq!(mains(&spec), 1, "two starts give one process");
    println!("ready after {:?}", world.ready(&spec).await);
    let pid = running(&world.driver.observe(&instance).await, "first");

    // A worker that comes later finds it, and starts nothing.
    let adopter = world.another_driver();
    assert_eq!(running(&adopter.observe(&instance).await, "first"), pid);
    adopter.start(&InstanceSpec { revision: "second".to_owned(), ..spec.clone() }).await.unwrap();
    assert_eq!(running(&adopter.observe(&instance).await, "first"), pid, "a start changes nothing that runs");

    one_execution_is_one_line(&world, &spec).await;
    what_it_uses_is_measured(&world, &spec).await;

    // Killed as the kernel would: seen at once, and started again without n8n's ten seconds of penance.
    kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
    let exited = until(&world, &spec, |o| matches!(o, Observed::Exited { .. })).await;
    println!("after a kill: {exited:?}");
    assert_eq!(mains(&spec), 0, "n8n's children die with it");
    world.driver.start(&spec).await.unwrap();
    println!("ready again after {:?}", world.ready(&spec).await);

    world.driver.stop(&instance, GRACE).await.unwrap();
    world.driver.stop(&instance, GRACE).await.unwrap();
    assert_eq!(world.driver.consumed(&instance).await, None, "nothing runs");
    assert_eq!(
        world.driver.observe(&instance).await,
        Observed::Exited { detail: "stopped on request".to_owned() }
    );

    world.driver.destroy(&instance).await.unwrap();
    world.driver.destroy(&instance).await.unwrap();
    assert_eq!(world.driver.observe(&instance).await, Observed::Absent);
    nothing_is_left(&world, &spec);
}

/// A running n8n takes some hundred megabytes, and its directory some dozens.
async fn what_it_uses_is_measured(world: &World, spec: &InstanceSpec) {
    let instance = spec.reference();
    let begun = Instant::now();
    let first = world.driver.consumed(&instance).await.unwrap();
    let took = begun.elapsed();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let second = world.driver.consumed(&instance).await.unwrap();
    let begun = Instant::now();
    let stored = world.driver.stored(&instance).await.unwrap();
    println!("uses {first:?} (asked for {took:?}), {} MiB stored ({:?})", stored >> 20, begun.elapsed());
    assert!((150 << 20..spec.limits.memory_bytes).contains(&first.memory_bytes), "{first:?}");
    assert!(first.cpu_micros > 1_000_000, "its boot alone takes seconds: {first:?}");
    assert!(second.life == first.life && second.cpu_micros >= first.cpu_micros, "{first:?} {second:?}");
    assert!((10 << 20..400 << 20).contains(&stored), "{stored}");
}

async fn one_execution_is_one_line(world: &World, spec: &InstanceSpec) {
    let client = world.client(spec);
    let session = client.login(&spec.owner.email, &Secret::new(PASSWORD)).await.unwrap();
    let refused = client.login("nobody@example.com", &Secret::new(PASSWORD)).await;
    assert!(refused.is_err(), "{refused:?}");
    let key = client.create_api_key(&session, ApiKeyRequest::CONTROL_PLANE).await.unwrap();
    let base = format!("http://127.0.0.1:{}", spec.port);
    let call = |path: &str, body: Value| {
        let request =
            world.http.post(format!("{base}{path}")).header("X-N8N-API-KEY", key.expose()).json(&body);
        async move {
            let answer = request.send().await.unwrap();
            let status = answer.status();
            (status, answer.json::<Value>().await.unwrap_or_default())
        }
    };
    let workflow = json!({
        "name": "count me",
        "nodes": [
            {"id": "a", "name": "Webhook", "type": "n8n-nodes-base.webhook", "typeVersion": 2, "position": [0, 0],
             "webhookId": "count-me",
             "parameters": {"path": "count-me", "httpMethod": "POST", "responseMode": "lastNode", "options": {}}},
            {"id": "b", "name": "Code", "type": "n8n-nodes-base.code", "typeVersion": 2, "position": [200, 0],
             "parameters": {"jsCode": "return [{json: {answer: 6 * 7}}];"}},
        ],
        "connections": {"Webhook": {"main": [[{"node": "Code", "type": "main", "index": 0}]]}},
        "settings": {},
    });
    let (status, made) = call("/api/v1/workflows", workflow).await;
    assert!(status.is_success(), "{status} {made}");
    let id = made["id"].as_str().unwrap();
    let (status, text) = call(&format!("/api/v1/workflows/{id}/activate"), json!({})).await;
    assert!(status.is_success(), "{status} {text}");
    let mut answer = call("/webhook/count-me", json!({})).await;
    for _ in 0..50 {
        if answer.0.is_success() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        answer = call("/webhook/count-me", json!({})).await;
    }
    assert_eq!(answer.1["answer"], 42, "{answer:?}");

    let directory = world.driver.usage_files(&spec.reference());
    let mut text = String::new();
    for _ in 0..50 {
        text = fs::read_to_string(directory.join(usage::ACTIVE)).unwrap();
        if !text.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let line: Value = serde_json::from_str(text.trim()).unwrap_or_else(|e| panic!("{e}: {text:?}"));
    assert_eq!(line["wf"], id);
    assert_eq!(
        (&line["status"], &line["mode"], &line["billable"]),
        (&json!("success"), &json!("webhook"), &json!(true))
    );

    // After a rotation the next line is in the new file.
    let closed = usage::rotate(&directory).unwrap().unwrap();
    assert_eq!(fs::read_to_string(closed).unwrap(), text);
    assert!(call("/webhook/count-me", json!({})).await.0.is_success());
    for _ in 0..50 {
        text = fs::read_to_string(directory.join(usage::ACTIVE)).unwrap();
        if !text.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(text.lines().count(), 1, "{text}");
}

fn running(observed: &Observed, expected: &str) -> i32 {
    match observed {
        Observed::Running { pid, revision, .. } => {
            assert_eq!(revision, expected);
            *pid
        }
        other => panic!("not running: {other:?}"),
    }
}

async fn until(world: &World, spec: &InstanceSpec, wanted: impl Fn(&Observed) -> bool) -> Observed {
    for _ in 0..100 {
        let observed = world.driver.observe(&spec.reference()).await;
        if wanted(&observed) {
            return observed;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never came: {:?}", world.driver.observe(&spec.reference()).await)
}

/// Living n8n processes of an instance, counted by its broker port in their environment.
pub(crate) fn mains(spec: &InstanceSpec) -> usize {
    let needle = format!("N8N_RUNNERS_BROKER_PORT={}", spec.broker_port);
    procfs::process::all_processes()
        .unwrap()
        .filter_map(Result::ok)
        .filter(|process| process.stat().is_ok_and(|stat| stat.state != 'Z'))
        .filter_map(|process| fs::read(format!("/proc/{}/environ", process.pid())).ok())
        .filter(|environ| environ.split(|byte| *byte == 0).any(|variable| variable == needle.as_bytes()))
        .count()
}

fn nothing_is_left(world: &World, spec: &InstanceSpec) {
    assert_eq!(mains(spec), 0);
    assert!(!world.config.state_dir.join("instances").join(&spec.id).exists());
    let group = format!("tenantry-{}", world.config.installation);
    for hierarchy in ["memory", "cpu", "pids", ""] {
        let directory = format!("/sys/fs/cgroup/{hierarchy}/{group}/{}", spec.id);
        assert!(!fs::exists(&directory).unwrap(), "{directory}");
    }
    if world.driver.report().strict {
        let table = format!("tenantry_{}", world.config.installation);
        let listing =
            std::process::Command::new("nft").args(["-n", "list", "table", "inet", &table]).output().unwrap();
        let text = String::from_utf8_lossy(&listing.stdout);
        assert!(text.contains("own_ports") && !text.contains(&spec.host_uid.to_string()), "{text}");
    }
}
