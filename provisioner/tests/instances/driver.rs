//! A driver whose processes are tasks of the test: each answers on its port as n8n does.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::DateTime;
use serde_json::json;
use tenantry_provisioner::driver::{
    Consumed, Driver, DriverError, InstanceRef, InstanceSpec, IsolationReport, Observed,
};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// What happens at the next starts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Well,
    NoDiskSpace,
    PortTaken,
    /// The process lives and never becomes ready.
    NeverReady,
    /// `start` hangs until `FakeDriver::release`.
    Hanging,
}

enum Process {
    Running { revision: String, server: JoinHandle<()>, readiness: Arc<AtomicBool> },
    Exited { detail: &'static str },
}

#[derive(Default, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Calls {
    pub(crate) start: u32,
    pub(crate) stop: u32,
    pub(crate) destroy: u32,
    /// Processes that came to life.
    pub(crate) born: u32,
}

pub(crate) struct FakeDriver {
    processes: Mutex<HashMap<String, Process>>,
    calls: Mutex<HashMap<String, Calls>>,
    mood: Mutex<Mood>,
    hanging: Semaphore,
    report: IsolationReport,
    begun: Instant,
}

impl FakeDriver {
    pub(crate) fn new() -> Self {
        Self {
            processes: Mutex::default(),
            calls: Mutex::default(),
            mood: Mutex::new(Mood::Well),
            hanging: Semaphore::new(0),
            report: IsolationReport { strict: false, layers: vec![] },
            begun: Instant::now(),
        }
    }

    pub(crate) fn set(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    pub(crate) fn release(&self) {
        self.hanging.add_permits(1);
    }

    pub(crate) fn calls(&self, id: &str) -> Calls {
        self.calls.lock().unwrap().get(id).copied().unwrap_or_default()
    }

    /// n8n goes on answering, and is not ready any more.
    pub(crate) fn unready(&self, id: &str) {
        if let Some(Process::Running { readiness, .. }) = self.processes.lock().unwrap().get(id) {
            readiness.store(false, Ordering::SeqCst);
        }
    }

    /// The process dies by itself; its directory stays.
    pub(crate) fn kill(&self, id: &str) {
        self.end(id, Some("killed by the test"));
    }

    pub(crate) fn is_running(&self, id: &str) -> bool {
        matches!(self.processes.lock().unwrap().get(id), Some(Process::Running { .. }))
    }

    pub(crate) fn exists(&self, id: &str) -> bool {
        self.processes.lock().unwrap().contains_key(id)
    }

    fn count(&self, id: &str, what: impl FnOnce(&mut Calls)) {
        what(self.calls.lock().unwrap().entry(id.to_owned()).or_default());
    }

    fn end(&self, id: &str, detail: Option<&'static str>) {
        let mut processes = self.processes.lock().unwrap();
        if let Some(Process::Running { server, .. }) = processes.remove(id) {
            server.abort();
        }
        if let Some(detail) = detail {
            processes.insert(id.to_owned(), Process::Exited { detail });
        }
    }
}

#[async_trait]
impl Driver for FakeDriver {
    async fn observe(&self, instance: &InstanceRef) -> Observed {
        match self.processes.lock().unwrap().get(&instance.id) {
            None => Observed::Absent,
            Some(Process::Exited { detail }) => Observed::Exited { detail: (*detail).to_owned() },
            Some(Process::Running { revision, .. }) => {
                Observed::Running { pid: 1, started_at: DateTime::UNIX_EPOCH, revision: revision.clone() }
            }
        }
    }

    async fn start(&self, spec: &InstanceSpec) -> Result<(), DriverError> {
        self.count(&spec.id, |c| c.start += 1);
        let mood = *self.mood.lock().unwrap();
        match mood {
            Mood::NoDiskSpace => {
                return Err(DriverError::NoDiskSpace { path: "/state".into(), free_mib: 3, needed_mib: 256 });
            }
            Mood::PortTaken => return Err(DriverError::PortTaken(spec.port)),
            Mood::Hanging => self.hanging.acquire().await.unwrap().forget(),
            Mood::Well | Mood::NeverReady => {}
        }
        if self.is_running(&spec.id) {
            return Ok(());
        }
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", spec.port))
            .await
            .map_err(|_| DriverError::PortTaken(spec.port))?;
        let readiness = Arc::new(AtomicBool::new(mood != Mood::NeverReady));
        let app = n8n(readiness.clone(), spec.id.clone());
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        let running = Process::Running { revision: spec.revision.clone(), server, readiness };
        self.processes.lock().unwrap().insert(spec.id.clone(), running);
        self.count(&spec.id, |c| c.born += 1);
        Ok(())
    }

    async fn stop(&self, instance: &InstanceRef, _grace: Duration) -> Result<(), DriverError> {
        self.count(&instance.id, |c| c.stop += 1);
        if self.is_running(&instance.id) {
            self.end(&instance.id, Some("stopped on request"));
        }
        Ok(())
    }

    async fn destroy(&self, instance: &InstanceRef) -> Result<(), DriverError> {
        self.count(&instance.id, |c| c.destroy += 1);
        self.end(&instance.id, None);
        Ok(())
    }

    fn report(&self) -> &IsolationReport {
        &self.report
    }

    async fn consumed(&self, instance: &InstanceRef) -> Option<Consumed> {
        // A quarter of a processor, since the test began.
        let cpu_micros = u64::try_from(self.begun.elapsed().as_micros()).unwrap() / 4;
        let consumed = Consumed { memory_bytes: (300 << 20) - 1, cpu_micros, life: 1 };
        self.is_running(&instance.id).then_some(consumed)
    }

    async fn stored(&self, instance: &InstanceRef) -> Option<u64> {
        self.exists(&instance.id).then_some(60 << 20)
    }

    fn usage_files(&self, instance: &InstanceRef) -> PathBuf {
        PathBuf::from("/nonexistent").join(&instance.id)
    }
}

/// As much of n8n as the worker talks to.
fn n8n(readiness: Arc<AtomicBool>, id: String) -> Router {
    let readiness = move || match readiness.load(Ordering::SeqCst) {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    let key = json!({ "data": { "rawApiKey": format!("key-of-{id}") } });
    Router::new()
        .route("/healthz", get(|| async { StatusCode::OK }))
        .route("/healthz/readiness", get(move || async move { readiness() }))
        .route("/rest/login", post(|| async { [("set-cookie", "n8n-auth=session; HttpOnly")] }))
        .route("/rest/api-keys/scopes", get(|| async { Json(json!({ "data": ["workflow:read"] })) }))
        .route(
            "/rest/api-keys",
            get(|| async { Json(json!({ "data": { "items": [] } })) }).post(move || async move { Json(key) }),
        )
}
