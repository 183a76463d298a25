//! Two instances of one tenant and one of another, an edge, and people who are logged in at the portal.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::TimeDelta;
use tempfile::TempDir;
use tenantry_authz::{Actor, Ctx, Role};
use tenantry_kernel::{Clock, InstanceId, ManualClock, OsEntropy, Result, SessionId, SystemClock, TenantId};
use tenantry_keys::{Keys, LocalKeyring};
use tenantry_provisioner::edge::{Door, Edge, EdgeConfig, Route, RouteTable};
use tenantry_provisioner::instances::{CreateInstance, Instances, InstancesConfig};
use tenantry_provisioner::open::{Opening, OpeningConfig};
use tenantry_provisioner::ports::{Entitlements, InstanceEntitlement, PortalSessions};
use tenantry_store::{Db, PoolSizes, SystemRole, SystemTx, TenantTx};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::n8n::N8n;

/// Acme's.
pub(crate) const ACME: &str = "acme.us-east.localhost";
pub(crate) const SHOP: &str = "shop.us-east.localhost";
/// Somebody else's.
pub(crate) const BOLT: &str = "bolt.us-east.localhost";

struct Plan;

#[async_trait]
impl Entitlements for Plan {
    async fn instances(&self, _tx: &TenantTx) -> Result<InstanceEntitlement> {
        Ok(InstanceEntitlement {
            plan: "Test".to_owned(),
            max_instances: 100,
            concurrency: 2,
            cpu_millis: 500,
            memory_mib: 512,
            storage_mib: 1024,
        })
    }
}

/// The portal's sessions, as the test has them.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<HashMap<SessionId, Ctx>>);

impl Sessions {
    pub(crate) fn log_in(&self, ctx: &Ctx) {
        self.0.lock().unwrap().insert(session(ctx), ctx.clone());
    }

    pub(crate) fn log_out(&self, ctx: &Ctx) {
        self.0.lock().unwrap().remove(&session(ctx));
    }

    /// The same session, with other rights.
    pub(crate) fn change(&self, ctx: &Ctx, now: &Ctx) {
        let changed =
            Ctx::new(ctx.runtime().clone(), ctx.actor().clone(), now.grants().to_vec(), ctx.origin().clone())
                .with_assurance(now.assurance().clone());
        self.0.lock().unwrap().insert(session(ctx), changed);
    }
}

fn session(ctx: &Ctx) -> SessionId {
    match ctx.actor() {
        Actor::User { session, .. } => *session,
        _ => panic!("only people have a session"),
    }
}

#[async_trait]
impl PortalSessions for Sessions {
    async fn context(&self, session: SessionId) -> Result<Option<Ctx>> {
        Ok(self.0.lock().unwrap().get(&session).cloned())
    }
}

pub(crate) struct World {
    pub(crate) base: tenantry_testkit::World,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) opening: Opening,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) routes: Arc<RouteTable>,
    pub(crate) http: reqwest::Client,
    pub(crate) edge: SocketAddr,
    pub(crate) tenant: TenantId,
    /// Acme's owner.
    pub(crate) ada: Ctx,
    /// Bolt's.
    pub(crate) bob: Ctx,
    pub(crate) acme: Arc<N8n>,
    pub(crate) acme_id: InstanceId,
    instances: Instances,
    _directory: TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with_scheme("http").await
    }

    pub(crate) async fn with_scheme(scheme: &str) -> Self {
        let clock = Arc::new(ManualClock::new(SystemClock.now()));
        let base = tenantry_testkit::World::at(clock.clone()).await;
        let cluster = &base.test_db.cluster;
        let db = Db::connect(&cluster.app, &cluster.system, PoolSizes { app: 8, system: 12 });
        let directory = tempfile::tempdir().unwrap();
        let keyring = LocalKeyring::open(&directory.path().join("keyring"), true, &OsEntropy).unwrap();
        let keys = Keys::new(Arc::new(keyring), Arc::new(OsEntropy));
        let (tenant, other) = (base.tenant_id(), base.tenant_id());
        let tx = SystemTx::begin(&db, SystemRole::Onboarding).await.unwrap();
        for tenant in [tenant, other] {
            keys.create(&tx, tenant, clock.now()).await.unwrap();
        }
        tx.commit().await.unwrap();
        let instances = Instances::new(InstancesConfig {
            db: db.clone(),
            keys: keys.clone(),
            entitlements: Arc::new(Plan),
            n8n_version: "2.0.0".to_owned(),
            deletion_grace: TimeDelta::days(7),
        });
        let sessions = Arc::new(Sessions::default());
        let opening = Opening::new(OpeningConfig {
            db,
            keys,
            clock: clock.clone(),
            entropy: Arc::new(OsEntropy),
            sessions: sessions.clone(),
        });
        let (ada, bob) = (base.member(tenant, Role::Owner), base.member(other, Role::Owner));
        sessions.log_in(&ada);
        sessions.log_in(&bob);
        let routes = Arc::new(RouteTable::new());
        let http = || reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        let config = EdgeConfig {
            base_domain: "localhost".into(),
            public_scheme: scheme.into(),
            public_port: 8080,
            max_body: 1 << 20,
        };
        let door = Door {
            portal: "http://portal.test".to_owned(),
            opening: opening.clone(),
            http: http().build().unwrap(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let edge = listener.local_addr().unwrap();
        let router = Edge::with_door(config, routes.clone(), CancellationToken::new(), door).router();
        tokio::spawn(async move {
            axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await.unwrap();
        });
        let mut client = http();
        for host in [ACME, SHOP, BOLT] {
            client = client.resolve(host, edge);
        }
        let (acme, port) = N8n::start().await;
        let mut world = Self {
            acme_id: InstanceId::generate(&*clock, &OsEntropy),
            http: client.build().unwrap(),
            base,
            clock,
            opening,
            sessions,
            routes,
            edge,
            tenant,
            ada,
            bob,
            acme,
            instances,
            _directory: directory,
        };
        let (ada, bob) = (world.ada.clone(), world.bob.clone());
        world.acme_id = world.instance("acme", (tenant, &ada), port).await;
        world.instance("shop", (tenant, &ada), N8n::start().await.1).await;
        world.instance("bolt", (other, &bob), N8n::start().await.1).await;
        world
    }

    async fn instance(&self, slug: &str, (tenant, owner): (TenantId, &Ctx), port: u16) -> InstanceId {
        let new = CreateInstance {
            name: slug.to_owned(),
            slug: slug.to_owned(),
            region: "us-east".to_owned(),
            owner_email: "ada@example.com".to_owned(),
            owner_name: "Ada Lovelace".to_owned(),
        };
        let made = self.instances.create(owner, tenant, new, None).await.unwrap();
        self.phase(made.id, "ready").await;
        self.routes.set(slug, "us-east", Route::Ready { port, instance: made.id });
        made.id
    }

    pub(crate) async fn phase(&self, id: InstanceId, phase: &str) {
        sqlx::query("UPDATE provisioner.instances SET phase = $2 WHERE id = $1")
            .bind(id.uuid())
            .bind(phase)
            .execute(&mut self.base.superuser().await)
            .await
            .unwrap();
    }

    /// Somebody of Acme's who is logged in.
    pub(crate) fn member(&self, role: Role) -> Ctx {
        let ctx = self.base.member(self.tenant, role);
        self.sessions.log_in(&ctx);
        ctx
    }

    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&mut self.base.superuser().await).await.unwrap()
    }

    pub(crate) fn url(&self, host: &str, path: &str) -> String {
        format!("http://{host}:{}{path}", self.edge.port())
    }

    /// The name and port that browsers see.
    pub(crate) fn origin(&self, host: &str) -> String {
        format!("http://{host}:{}", self.edge.port())
    }
}
