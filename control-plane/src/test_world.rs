//! The product's services on a test's own database, with people who are logged in.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tenantry_authz::{Ctx, Origin, Role};
use tenantry_billing::{Billing, UsageEvent};
use tenantry_identity::{CapturingMailer, Identity, IdentityConfig, TxtRecords};
use tenantry_kernel::{Clock, InstanceId, OsEntropy, Secret, SystemClock, TenantId, UserId};
use tenantry_keys::{Keys, LocalKeyring};
use tenantry_provisioner::instances::{Instances, InstancesConfig};
use tenantry_provisioner::open::{Opening, OpeningConfig};
use tenantry_store::notify::Signals;
use tenantry_store::{Db, PoolSizes, SystemRole, SystemTx};
use tenantry_testkit::World;
use tokio::sync::Semaphore;
use tower::ServiceExt;

use crate::app::{App, Credential, PublicUrls, Services};
use crate::audit::{Audit, AuditConfig, DenialLog};
use crate::embedded::signing_key;
use crate::http::client_address::Proxies;
use crate::http::session::Session;
use crate::rates::{Allowed, Rates};
use crate::recent::Recent;
use crate::tenants::Tenants;
use crate::webhooks::{Webhooks, WebhooksConfig};
use crate::wiring::{BillingPort, SessionPort};

/// A domain name system without a record in it.
struct Unpublished;

#[async_trait::async_trait]
impl TxtRecords for Unpublished {
    async fn txt(&self, _: &str) -> tenantry_kernel::Result<Vec<String>> {
        Ok(Vec::new())
    }
}

pub(crate) struct TestApp {
    pub(crate) world: World,
    pub(crate) app: App,
    pub(crate) directory: TempDir,
}

impl TestApp {
    pub(crate) async fn new() -> Self {
        Self::at(Arc::new(SystemClock)).await
    }

    /// With another clock.
    pub(crate) async fn at(clock: Arc<dyn Clock>) -> Self {
        let mut world = World::at(clock).await;
        let denials = DenialLog::new();
        world.runtime.denials = Some(denials.clone());
        let cluster = &world.test_db.cluster;
        let db = Db::connect(&cluster.app, &cluster.system, PoolSizes { app: 6, system: 8 });
        let directory = tempfile::tempdir().unwrap();
        let keyring = LocalKeyring::open(&directory.path().join("keyring"), true, &OsEntropy).unwrap();
        let keys = Keys::new(Arc::new(keyring), Arc::new(OsEntropy));
        let runtime = world.runtime.clone();
        let billing = Billing::new(db.clone(), runtime.clock.clone(), runtime.entropy.clone());
        let mailer = Arc::new(CapturingMailer::new(db.clone(), runtime.clock.clone()));
        let portal = "http://localhost:8080".to_owned();
        let mut identity = IdentityConfig::new(db.clone(), runtime.clone(), mailer, portal.clone());
        identity.seats = Arc::new(BillingPort(billing.clone()));
        identity.keys = Some(keys.clone());
        identity.txt = Arc::new(Unpublished);
        let loopback = tenantry_outbound::Config {
            allow_loopback: true,
            ..tenantry_outbound::Config::public().unwrap()
        };
        let outbound = tenantry_outbound::Outbound::new(loopback);
        identity.outbound = Some(outbound.clone());
        let identity = Identity::new(identity).unwrap();
        let instances = Instances::new(InstancesConfig {
            db: db.clone(),
            keys: keys.clone(),
            entitlements: Arc::new(BillingPort(billing.clone())),
            n8n_version: "2.0.0".to_owned(),
            deletion_grace: TimeDelta::days(7),
        });
        let opening = Opening::new(OpeningConfig {
            db: db.clone(),
            keys: keys.clone(),
            clock: runtime.clock.clone(),
            entropy: runtime.entropy.clone(),
            sessions: Arc::new(SessionPort { identity: identity.clone(), runtime: runtime.clone() }),
        });
        let tenants = Tenants::new(db.clone(), keys.clone(), identity.clone(), billing.clone());
        let signals = Signals::listen(db.system_pool().clone());
        let public = PublicUrls { portal, instance: "http://{slug}.{region}.localhost:8081".to_owned() };
        let rates = Rates::new(db.clone(), billing.clone(), Allowed::default());
        let webhooks = Webhooks::new(WebhooksConfig {
            db: db.clone(),
            keys: keys.clone(),
            runtime: runtime.clone(),
            outbound: outbound.clone(),
        });
        let audit = Audit::open(AuditConfig {
            db: db.clone(),
            keys: keys.clone(),
            identity: identity.clone(),
            clock: runtime.clock.clone(),
            signer: signing_key(&directory.path().join("audit-signing-key"), &OsEntropy).unwrap(),
            outbound: outbound.clone(),
            directory: Some(directory.path().to_owned()),
            host: "localhost".to_owned(),
            denials,
        });
        let oidc = public.oidc(outbound.clone(), &runtime);
        let services = Services {
            // What is taken away is gone at once: tests look right after.
            recent: Recent::new(Duration::ZERO),
            runtime,
            audit: audit.await.unwrap(),
            webhooks,
            outbound,
            oidc,
            db,
            keys,
            identity,
            billing,
            instances,
            opening,
            tenants,
            signals,
            rates,
            proxies: Proxies::default(),
            api: Arc::default(),
            public,
        };
        Self { world, app: services.into(), directory }
    }

    /// A request of a member, without a row behind it; what it is refused is noted.
    pub(crate) fn ctx(&self, tenant: TenantId, role: Role) -> Ctx {
        self.world.member(tenant, role)
    }

    /// A request of somebody who is in no tenant.
    pub(crate) fn stranger(&self) -> Ctx {
        self.world.stranger()
    }

    /// The audit trail as of another start, on which there was no signing key.
    pub(crate) async fn audit_with_another_key(&self) -> Audit {
        self.audit_with_key("another-key").await.unwrap()
    }

    /// The audit trail as of another start, with the same signing key.
    pub(crate) async fn audit_of_another_start(&self) -> tenantry_kernel::Result<Audit> {
        self.audit_with_key("audit-signing-key").await
    }

    async fn audit_with_key(&self, file: &str) -> tenantry_kernel::Result<Audit> {
        let app = &self.app;
        let config = AuditConfig {
            db: app.db.clone(),
            keys: app.keys.clone(),
            identity: app.identity.clone(),
            clock: app.runtime.clock.clone(),
            signer: signing_key(&self.directory.path().join(file), &OsEntropy).unwrap(),
            outbound: app.outbound.clone(),
            directory: None,
            host: "localhost".to_owned(),
            denials: DenialLog::new(),
        };
        Audit::open(config).await
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.app.runtime.clock.now()
    }

    /// A tenant with a plan since two years ago.
    pub(crate) async fn tenant(&self, slug: &str, plan: &str) -> TenantId {
        let tenant = self.world.tenant(slug).await;
        let tx = SystemTx::begin(&self.app.db, SystemRole::Onboarding).await.unwrap();
        self.app.billing.subscribe(&tx, tenant, plan, self.now() - TimeDelta::days(700)).await.unwrap();
        tx.commit().await.unwrap();
        tenant
    }

    /// Somebody with a session.
    pub(crate) async fn person(&self, name: &str) -> Person {
        let id = UserId::generate(&*self.app.runtime.clock, &OsEntropy);
        sqlx::query("INSERT INTO identity.users (id, email, name, created_at) VALUES ($1, $2, $3, now())")
            .bind(id.uuid())
            .bind(format!("{name}@example.com"))
            .bind(name)
            .execute(&mut self.world.superuser().await)
            .await
            .unwrap();
        self.logged_in(id, format!("token-of-{name}")).await
    }

    /// Another session of a person, with a token that nobody else has.
    pub(crate) async fn logged_in(&self, id: UserId, token: String) -> Person {
        sqlx::query(
            "INSERT INTO identity.sessions (id, token_hash, user_id, created_at, last_seen_at, proved_at, expires_at)
             VALUES (gen_random_uuid(), $1, $2, now(), now(), $3, now() + interval '1 day')",
        )
        .bind(hex::encode(Sha256::digest(token.as_bytes())))
        .bind(id.uuid())
        .bind(self.app.runtime.clock.now())
        .execute(&mut self.world.superuser().await)
        .await
        .unwrap();
        Person { id, token }
    }

    /// Somebody with a session and a role.
    pub(crate) async fn member(&self, name: &str, tenant: TenantId, role: Role) -> Person {
        let person = self.person(name).await;
        sqlx::query(
            "INSERT INTO identity.memberships (tenant_id, user_id, role, email, name, created_at)
             VALUES ($1, $2, $3, $4, $4, now())",
        )
        .bind(tenant.uuid())
        .bind(person.id.uuid())
        .bind(role.as_str())
        .bind(name)
        .execute(&mut self.world.superuser().await)
        .await
        .unwrap();
        person
    }

    /// A ready instance of no region's worker.
    pub(crate) async fn instance(&self, tenant: TenantId, slug: &str) -> InstanceId {
        let id = InstanceId::generate(&*self.app.runtime.clock, &OsEntropy);
        sqlx::query(
            "INSERT INTO provisioner.instances (id, tenant_id, region, slug, name, n8n_version, owner_email, owner_name,
                    cpu_millis, memory_mib, storage_mib, concurrency, desired, phase, next_attempt_at, created_at,
                    ready_at)
             VALUES ($1, $2, 'us-east', $3, $3, '1', 'a@b', 'A', 1000, 1280, 5120, 5, 'running', 'ready', now(), now(),
                     now() - interval '1 hour')",
        )
        .bind(id.uuid())
        .bind(tenant.uuid())
        .bind(slug)
        .execute(&mut self.world.superuser().await)
        .await
        .unwrap();
        id
    }

    /// Billable executions `ids` of a workflow.
    pub(crate) async fn executed(
        &self,
        (tenant, instance): (TenantId, InstanceId),
        workflow: &str,
        (ids, stopped_at): (std::ops::Range<i64>, DateTime<Utc>),
    ) {
        let events: Vec<UsageEvent> = ids
            .map(|execution_id| UsageEvent {
                tenant,
                instance,
                epoch: 1,
                execution_id,
                workflow_id: workflow.to_owned(),
                mode: "webhook".to_owned(),
                status: "success".to_owned(),
                billable: true,
                started_at: stopped_at,
                stopped_at,
            })
            .collect();
        self.app.billing.record(&events).await.unwrap();
    }

    pub(crate) fn router(&self) -> Router {
        crate::http::router(self.app.clone(), None)
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Response {
        self.router().oneshot(request).await.unwrap()
    }

    /// A query of somebody's, over HTTP; its data.
    pub(crate) async fn ask(&self, person: &Person, query: &str) -> serde_json::Value {
        let body = serde_json::json!({ "query": query }).to_string();
        let request = Request::post("/graphql")
            .header("content-type", "application/json")
            .header("cookie", person.cookie())
            .body(Body::from(body))
            .unwrap();
        let response = self.send(request).await;
        assert_eq!(response.status(), StatusCode::OK);
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }
}

pub(crate) struct Person {
    pub(crate) id: UserId,
    token: String,
}

impl Person {
    pub(crate) fn cookie(&self) -> String {
        format!("tenantry_session={}", self.token)
    }

    pub(crate) fn session(&self) -> Session {
        Session {
            token: Credential::Session(Secret::new(&self.token)),
            origin: Origin::default(),
            streams: Arc::new(Semaphore::new(1)),
        }
    }
}
