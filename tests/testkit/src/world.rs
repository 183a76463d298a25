use std::sync::Arc;

use sqlx::{Connection, PgConnection};
use tenantry_authz::{Actor, Assurance, Ctx, Gate, Grant, Origin, PlatformRole, Role, Runtime};
use tenantry_kernel::{Clock, OsEntropy, SessionId, SystemClock, TenantId, UserId};

use crate::TestDb;

/// A database with the real gate before it, and people who come to it.
pub struct World {
    pub test_db: TestDb,
    pub runtime: Runtime,
}

#[expect(clippy::expect_used, reason = "a test without its world has failed")]
impl World {
    /// With the machine's clock.
    pub async fn new() -> Self {
        Self::at(Arc::new(SystemClock)).await
    }

    pub async fn at(clock: Arc<dyn Clock>) -> Self {
        let gate = Arc::new(Gate::built_in().await.expect("the built-in policy parses"));
        let runtime = Runtime { gate, clock, entropy: Arc::new(OsEntropy), denials: None };
        Self { test_db: TestDb::new().await, runtime }
    }

    /// A tenant's id; nothing is written.
    pub fn tenant_id(&self) -> TenantId {
        TenantId::generate(&*self.runtime.clock, &*self.runtime.entropy)
    }

    /// A tenant with its row, written behind the product's back.
    pub async fn tenant(&self, slug: &str) -> TenantId {
        let id = self.tenant_id();
        let mut connection = self.superuser().await;
        sqlx::query("INSERT INTO tenancy.tenants (id, slug, name, created_at) VALUES ($1, $2, $2, $3)")
            .bind(id.uuid())
            .bind(slug)
            .bind(self.runtime.clock.now())
            .execute(&mut connection)
            .await
            .expect("the tenant's row");
        id
    }

    /// A request of a member of one tenant.
    pub fn member(&self, tenant: TenantId, role: Role) -> Ctx {
        self.person(vec![Grant::new(tenant, role)], None)
    }

    /// A request of somebody who is logged in and in no tenant.
    pub fn stranger(&self) -> Ctx {
        self.person(vec![], None)
    }

    /// A request of a member of the platform's staff.
    pub fn staff(&self, role: PlatformRole) -> Ctx {
        self.person(vec![], Some(role))
    }

    fn person(&self, grants: Vec<Grant>, platform_role: Option<PlatformRole>) -> Ctx {
        let (clock, entropy) = (&*self.runtime.clock, &*self.runtime.entropy);
        let actor = Actor::User {
            id: UserId::generate(clock, entropy),
            session: SessionId::generate(clock, entropy),
            platform_role,
        };
        Ctx::new(self.runtime.clone(), actor, grants, Origin::default())
            .with_assurance(Assurance::proved(clock.now()))
    }

    /// For looking behind the product's back.
    pub async fn superuser(&self) -> PgConnection {
        PgConnection::connect_with(&self.test_db.superuser).await.expect("a superuser's connection")
    }

    /// The bare application role: no tenant is set.
    pub async fn app(&self) -> PgConnection {
        PgConnection::connect_with(&self.test_db.cluster.app)
            .await
            .expect("the application role's connection")
    }
}
