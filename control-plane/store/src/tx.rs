use sea_orm::{DbBackend, Statement, Value};
use tenantry_authz::{Permit, PlatformPermit};
use tenantry_kernel::{Result, TenantId};

use crate::{Conn, Db, DbResultExt};

/// A PostgreSQL statement with its values.
pub fn stmt(sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

/// What a repository or a store module needs: a running transaction, whoever's it is.
pub trait Transaction: Send + Sync {
    fn conn(&self) -> &Conn;
}

/// A transaction in one tenant, bounded by row-level security.
#[must_use = "a transaction that is dropped is rolled back"]
pub struct TenantTx {
    inner: Conn,
    tenant: TenantId,
}

impl TenantTx {
    /// Begins a transaction in the permit's tenant. That platform staff does so is told to the tenant first.
    ///
    /// # Errors
    /// `Unavailable` when the database does not answer.
    pub async fn begin(db: &Db, permit: &Permit) -> Result<Self> {
        if let Some(using) = permit.support() {
            crate::support::note(Self::open(db, permit.tenant()).await?, permit, using).await?;
        }
        Self::open(db, permit.tenant()).await
    }

    async fn open(db: &Db, tenant: TenantId) -> Result<Self> {
        // One message, one round trip. A uuid is written with hexadecimal digits and hyphens alone.
        let statements = format!("BEGIN; SET LOCAL app.tenant_id = '{}'", tenant.uuid());
        let inner = Conn::begin_with(&db.app, statements).await.db()?;
        Ok(Self { inner, tenant })
    }

    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    pub async fn commit(self) -> Result<()> {
        self.inner.commit().await.db()
    }
}

impl Transaction for TenantTx {
    fn conn(&self) -> &Conn {
        &self.inner
    }
}

/// The reasons for which a transaction may see more than one tenant. Each names its only users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SystemRole {
    /// Log-in, sign-up, sessions, one-time links: people exist above tenants (`tenantry-identity`).
    Authentication,
    /// Making a tenant with its first owner, key and subscription (`control-plane/src/tenants`).
    Onboarding,
    /// The region workers and the edge's routing table (`tenantry-provisioner`).
    Provisioner,
    /// Recording what region workers metered (`tenantry-billing`).
    Metering,
    /// Reading the plan catalogue, which belongs to no tenant and is open to anyone (`tenantry-billing`).
    Catalogue,
    /// Dispatching outbox rows and running jobs (`control-plane`).
    Jobs,
    /// Sending webhooks of all tenants and throwing old ones away (`control-plane/src/webhooks`).
    Webhooks,
    /// What a tenant's plan allows its programs, before anything of the tenant is touched (`control-plane/src/rates`).
    RateLimits,
    /// Answers kept for keyed requests, which may be anybody's (`control-plane/src/http/graphql/keyed.rs`).
    Requests,
    /// People on their way into their n8n: which tenant an instance is of, codes and the edge's sessions
    /// (`provisioner/src/open`); and whoever asks for an instance by its id alone (`Instances::find`), before the gate.
    Opening,
    /// The audit trail's checkpoints, retention, streams and refused attempts (`control-plane/src/audit`).
    Audit,
}

/// A transaction that row-level security does not bound to a tenant.
#[must_use = "a transaction that is dropped is rolled back"]
pub struct SystemTx {
    inner: Conn,
}

impl SystemTx {
    /// Begins a transaction for a named system role.
    ///
    /// # Errors
    /// `Unavailable` when the database does not answer.
    pub async fn begin(db: &Db, role: SystemRole) -> Result<Self> {
        tracing::trace!(db.purpose = ?role, "system transaction");
        Ok(Self { inner: Conn::begin(db.system_pool()).await.db()? })
    }

    /// For a named system role that runs one statement, or several that do not belong together: each is a transaction
    /// of its own, which saves the two round trips around it. `commit` has nothing to do.
    ///
    /// # Errors
    /// `Unavailable` when the database does not answer.
    pub async fn without_transaction(db: &Db, role: SystemRole) -> Result<Self> {
        tracing::trace!(db.purpose = ?role, "system statements");
        Ok(Self { inner: Conn::single(db.system_pool()).await.db()? })
    }

    /// Begins a transaction for a member of the platform's staff.
    ///
    /// # Errors
    /// `Unavailable` when the database does not answer.
    pub async fn begin_platform(db: &Db, permit: &PlatformPermit) -> Result<Self> {
        tracing::trace!(db.resource = %permit.resource(), db.action = %permit.action(), "platform transaction");
        Ok(Self { inner: Conn::begin(db.system_pool()).await.db()? })
    }

    pub async fn commit(self) -> Result<()> {
        self.inner.commit().await.db()
    }
}

impl Transaction for SystemTx {
    fn conn(&self) -> &Conn {
        &self.inner
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::ConnectionTrait;
    use tenantry_authz::{Action, Resource, ResourceKind, Role};
    use tenantry_testkit::World;

    use super::*;
    use crate::PoolSizes;

    /// Beneath the types: what the next user of the very connection would see without setting a tenant.
    #[tokio::test]
    async fn a_pooled_connection_forgets_its_tenant_however_the_transaction_ends() {
        let world = World::new().await;
        let cluster = &world.test_db.cluster;
        let db = Db::connect(&cluster.app, &cluster.system, PoolSizes { app: 1, system: 1 });
        let tenant = world.tenant("acme").await;
        let resource = Resource::new(ResourceKind::Tenant, tenant);
        let permit = world.member(tenant, Role::Owner).permit(Action::View, &resource).unwrap();
        let look = || stmt("SELECT count(*) AS n, pg_backend_pid() AS pid FROM tenancy.tenants", []);
        for commit in [true, false] {
            let tx = TenantTx::begin(&db, &permit).await.unwrap();
            let inside = tx.conn().query_one_raw(look()).await.unwrap().unwrap();
            assert_eq!(inside.try_get::<i64>("", "n").unwrap(), 1);
            if commit {
                tx.commit().await.unwrap();
            } else {
                drop(tx);
            }
            let bare = Conn::single(&db.app).await.unwrap();
            let after = bare.query_one_raw(look()).await.unwrap().unwrap();
            drop(bare);
            let pid = |row: &sea_orm::QueryResult| row.try_get::<i32>("", "pid").unwrap();
            assert_eq!(pid(&after), pid(&inside), "the same connection");
            assert_eq!(after.try_get::<i64>("", "n").unwrap(), 0, "committed: {commit}");
        }
    }
}
