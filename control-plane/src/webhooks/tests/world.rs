use std::sync::atomic::{AtomicU16, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::AssertSqlSafe;
use standardwebhooks::Webhook;
use tenantry_authz::{Ctx, Role};
use tenantry_kernel::{Clock, ManualClock, Secret, SystemClock, TenantId, WebhookEndpointId};
use tenantry_store::outbox::{self, Fact};
use tenantry_store::{PageRequest, SystemRole, SystemTx};
use tokio::net::TcpListener;

use crate::test_world::TestApp;
use crate::webhooks::{Delivery, Endpoint, NewEndpoint, Webhooks, WebhooksConfig};

/// A tenant with webhooks and a clock that stands still.
pub(super) struct Shop {
    pub(super) test: TestApp,
    pub(super) clock: Arc<ManualClock>,
    pub(super) hooks: Webhooks,
    pub(super) tenant: TenantId,
}

impl Shop {
    pub(super) async fn new() -> Self {
        let clock = Arc::new(ManualClock::new(SystemClock.now()));
        let test = TestApp::at(clock.clone()).await;
        let hooks = test.app.webhooks.clone();
        let tenant = tenant(&test, "acme").await;
        Self { test, clock, hooks, tenant }
    }

    pub(super) async fn another_tenant(&self, slug: &str) -> TenantId {
        tenant(&self.test, slug).await
    }

    /// The same webhooks with another way out.
    pub(super) fn with_outbound(&self, outbound: tenantry_outbound::Outbound) -> Webhooks {
        let app = &self.test.app;
        Webhooks::new(WebhooksConfig {
            db: app.db.clone(),
            keys: app.keys.clone(),
            runtime: app.runtime.clone(),
            outbound,
        })
    }

    pub(super) fn owner(&self) -> Ctx {
        self.owner_of(self.tenant)
    }

    pub(super) fn owner_of(&self, tenant: TenantId) -> Ctx {
        self.test.world.member(tenant, Role::Owner)
    }

    pub(super) async fn endpoint(&self, url: &str) -> (Endpoint, Secret) {
        self.endpoint_of(self.tenant, url, &[]).await
    }

    pub(super) async fn endpoint_of(
        &self,
        tenant: TenantId,
        url: &str,
        types: &[&str],
    ) -> (Endpoint, Secret) {
        let event_types = types.iter().map(|t| (*t).to_owned()).collect();
        let new = NewEndpoint { url: url.to_owned(), description: String::new(), event_types };
        self.hooks.create(&self.owner_of(tenant), tenant, new).await.unwrap()
    }

    pub(super) async fn look(&self, id: WebhookEndpointId) -> Endpoint {
        self.hooks.endpoint(&self.owner(), self.tenant, id).await.unwrap()
    }

    pub(super) async fn deliveries(&self, id: WebhookEndpointId) -> Vec<Delivery> {
        let page = PageRequest::new(Some(100), None);
        let pages = self.hooks.deliveries(&self.owner(), (self.tenant, &[id]), (None, &page)).await.unwrap();
        pages.into_values().flat_map(|page| page.rows).collect()
    }

    /// An instance was started, so many times.
    pub(super) async fn happens(&self, subjects: &[&str]) {
        self.happens_at(self.tenant, subjects).await;
    }

    pub(super) async fn happens_at(&self, tenant: TenantId, subjects: &[&str]) {
        let tx = SystemTx::begin(&self.test.app.db, SystemRole::Jobs).await.unwrap();
        for subject in subjects {
            let payload =
                serde_json::json!({ "slug": "shop", "region": "us-east", "email": "ada@example.com" });
            let fact = Fact { tenant, topic: "instance.start", subject: (*subject).to_owned(), payload };
            outbox::publish(&tx, self.clock.now(), &fact).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    pub(super) async fn dispatch(&self) -> usize {
        let mut all = 0;
        loop {
            match self.hooks.dispatch().await.unwrap() {
                0 => return all,
                n => all += n,
            }
        }
    }

    /// Everything that is due now.
    pub(super) async fn work(&self) -> usize {
        self.dispatch().await;
        self.hooks.send_due().await
    }

    /// Lets time pass up to a moment, with each attempt at its time.
    pub(super) async fn work_until(&self, end: DateTime<Utc>) {
        loop {
            self.work().await;
            let next: Option<DateTime<Utc>> = self
                .value(
                    "SELECT min(next_attempt_at) FROM webhooks.deliveries d JOIN webhooks.endpoints e
                        ON e.id = d.endpoint_id AND e.disabled_at IS NULL WHERE state = 'pending'",
                )
                .await;
            match next.filter(|next| *next <= end) {
                Some(next) => self.clock.advance((next - self.clock.now()).max(TimeDelta::zero())),
                None => {
                    self.clock.advance(end - self.clock.now());
                    return;
                }
            }
        }
    }

    pub(super) async fn value<T>(&self, sql: &str) -> T
    where
        T: Send + Unpin + for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
    {
        let mut superuser = self.test.world.superuser().await;
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut superuser).await.unwrap()
    }

    pub(super) async fn count(&self, what: &str) -> i64 {
        self.value(&format!("SELECT count(*) FROM webhooks.{what}")).await
    }

    pub(super) async fn run(&self, sql: &str) {
        let mut superuser = self.test.world.superuser().await;
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut superuser).await.unwrap();
    }
}

async fn tenant(test: &TestApp, slug: &str) -> TenantId {
    let tenant = test.world.tenant(slug).await;
    let tx = SystemTx::begin(&test.app.db, SystemRole::Onboarding).await.unwrap();
    test.app.keys.create(&tx, tenant, test.now()).await.unwrap();
    tx.commit().await.unwrap();
    tenant
}

/// What a receiver got.
#[derive(Clone)]
pub(super) struct Got {
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Got {
    pub(super) fn id(&self) -> String {
        self.headers["webhook-id"].to_str().unwrap().to_owned()
    }

    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(super) fn subject(&self) -> String {
        self.json()["data"]["instanceId"].as_str().unwrap_or_default().to_owned()
    }

    /// Whether the official library, given this secret, would have signed it like that; at whatever time.
    pub(super) fn is_signed_with(&self, secret: &Secret) -> bool {
        let timestamp: i64 = self.headers["webhook-timestamp"].to_str().unwrap().parse().unwrap();
        let expected =
            Webhook::new(secret.expose()).unwrap().sign(&self.id(), timestamp, &self.body).unwrap();
        self.headers["webhook-signature"].to_str().unwrap().split(' ').any(|s| s == expected)
    }
}

#[derive(Clone)]
struct Behaviour {
    got: Arc<Mutex<Vec<Got>>>,
    status: Arc<AtomicU16>,
    delay: Arc<AtomicU64>,
    retry_after: Arc<AtomicU64>,
    now: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

/// A receiver on loopback that does as it is told.
pub(super) struct Receiver {
    pub(super) url: String,
    behaviour: Behaviour,
}

impl Receiver {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook?token=of-the-path", listener.local_addr().unwrap());
        let behaviour = Behaviour {
            got: Arc::default(),
            status: Arc::new(AtomicU16::new(200)),
            delay: Arc::default(),
            retry_after: Arc::default(),
            now: Arc::default(),
            most: Arc::default(),
        };
        let router = Router::new().fallback(receive).with_state(behaviour.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, behaviour }
    }

    pub(super) fn answers(&self, status: u16) {
        self.behaviour.status.store(status, Ordering::SeqCst);
    }

    pub(super) fn takes(&self, time: Duration) {
        self.behaviour.delay.store(u64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }

    pub(super) fn asks_to_wait(&self, seconds: u64) {
        self.behaviour.retry_after.store(seconds, Ordering::SeqCst);
    }

    pub(super) fn got(&self) -> Vec<Got> {
        self.behaviour.got.lock().unwrap().clone()
    }

    /// How many requests were in it at the same time, at the most.
    pub(super) fn most_at_once(&self) -> usize {
        self.behaviour.most.load(Ordering::SeqCst)
    }
}

async fn receive(State(behaviour): State<Behaviour>, headers: HeaderMap, body: Bytes) -> Response {
    let now = behaviour.now.fetch_add(1, Ordering::SeqCst) + 1;
    behaviour.most.fetch_max(now, Ordering::SeqCst);
    behaviour.got.lock().unwrap().push(Got { headers, body });
    tokio::time::sleep(Duration::from_millis(behaviour.delay.load(Ordering::SeqCst))).await;
    behaviour.now.fetch_sub(1, Ordering::SeqCst);
    let status = StatusCode::from_u16(behaviour.status.load(Ordering::SeqCst)).unwrap();
    let mut response = (status, format!("this is {status}\0{}", "x".repeat(5_000))).into_response();
    let asked = behaviour.retry_after.load(Ordering::SeqCst);
    if asked > 0 {
        response.headers_mut().insert("retry-after", asked.into());
    }
    response
}
