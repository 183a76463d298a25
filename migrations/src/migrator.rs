use anyhow::{Context, Result};
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::SqlxPostgresConnector;
use sqlx::postgres::PgConnectOptions;

use crate::bootstrap;

macro_rules! sql_migration {
    ($type:ident, $name:literal) => {
        struct $type;

        impl $type {
            const SQL: &'static str = include_str!(concat!("../sql/", $name, ".sql"));
        }

        impl MigrationName for $type {
            fn name(&self) -> &str {
                $name
            }
        }

        #[async_trait::async_trait]
        impl MigrationTrait for $type {
            async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
                manager.get_connection().execute_unprepared(Self::SQL).await.map(|_| ())
            }
        }
    };
}

sql_migration!(Platform, "m0001_platform");
sql_migration!(Identity, "m0002_identity");
sql_migration!(Tenancy, "m0003_tenancy");
sql_migration!(Billing, "m0004_billing");
sql_migration!(Provisioner, "m0005_provisioner");
sql_migration!(Grace, "m0006_grace");
sql_migration!(Activity, "m0007_activity");
sql_migration!(Invitations, "m0008_invitations");
sql_migration!(Open, "m0009_open");
sql_migration!(Fleet, "m0010_fleet");
sql_migration!(Bounds, "m0011_bounds");
sql_migration!(Roles, "m0012_roles");
sql_migration!(Credentials, "m0013_credentials");
sql_migration!(Support, "m0014_support");
sql_migration!(AuditTrail, "m0015_audit");
sql_migration!(RequestKeys, "m0016_request_keys");
sql_migration!(Rates, "m0017_rates");
sql_migration!(Webhooks, "m0018_webhooks");
sql_migration!(OutboundAndAudit, "m0019_outbound_and_audit");
sql_migration!(Factors, "m0020_factors");
sql_migration!(People, "m0021_people");
sql_migration!(Connections, "m0022_connections");
sql_migration!(Scim, "m0023_scim");
sql_migration!(Saml, "m0024_saml");

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(Platform),
            Box::new(Identity),
            Box::new(Tenancy),
            Box::new(Billing),
            Box::new(Provisioner),
            Box::new(Grace),
            Box::new(Activity),
            Box::new(Invitations),
            Box::new(Open),
            Box::new(Fleet),
            Box::new(Bounds),
            Box::new(Roles),
            Box::new(Credentials),
            Box::new(Support),
            Box::new(AuditTrail),
            Box::new(RequestKeys),
            Box::new(Rates),
            Box::new(Webhooks),
            Box::new(OutboundAndAudit),
            Box::new(Factors),
            Box::new(People),
            Box::new(Connections),
            Box::new(Scim),
            Box::new(Saml),
        ]
    }
}

/// All of the schema's SQL, in order: what a database template is keyed by.
pub fn sources() -> [&'static str; 25] {
    [
        Platform::SQL,
        Identity::SQL,
        Tenancy::SQL,
        Billing::SQL,
        Provisioner::SQL,
        Invitations::SQL,
        Activity::SQL,
        Open::SQL,
        Grace::SQL,
        Fleet::SQL,
        Bounds::SQL,
        Roles::SQL,
        Credentials::SQL,
        Support::SQL,
        AuditTrail::SQL,
        RequestKeys::SQL,
        Rates::SQL,
        Webhooks::SQL,
        OutboundAndAudit::SQL,
        Factors::SQL,
        People::SQL,
        Connections::SQL,
        Scim::SQL,
        Saml::SQL,
        QUEUE_GRANTS,
    ]
}

/// Lets the system role run the queue. The queue's tables have row-level security without a policy.
const QUEUE_GRANTS: &str = "
GRANT USAGE ON SCHEMA graphile_worker TO tenantry_system;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA graphile_worker TO tenantry_system;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA graphile_worker TO tenantry_system;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA graphile_worker TO tenantry_system;
DO $$
DECLARE t regclass;
BEGIN
  FOR t IN SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE n.nspname = 'graphile_worker' AND c.relkind = 'r' AND c.relrowsecurity
             AND NOT EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'system_rows')
  LOOP
    EXECUTE format('CREATE POLICY system_rows ON %s TO tenantry_system USING (true)', t);
  END LOOP;
END $$;";

/// Brings the schema up to date. Idempotent; concurrent callers take turns.
///
/// # Errors
/// When a migration fails: the schema stays as it was before that migration.
pub async fn migrate(migrator: &PgConnectOptions) -> Result<()> {
    let pool = bootstrap::pool(migrator).await.context("PostgreSQL does not answer as tenantry_migrator")?;
    let mut guard = pool.acquire().await?;
    sqlx::query("SELECT pg_advisory_lock(7358002)").execute(&mut *guard).await?;
    let utils = graphile_worker::worker_utils::WorkerUtils::new(pool.clone(), "graphile_worker");
    utils.migrate().await.context("the job queue's migrations")?;
    sqlx::raw_sql(QUEUE_GRANTS).execute(&pool).await?;
    Migrator::up(&SqlxPostgresConnector::from_sqlx_postgres_pool(pool.clone()), None)
        .await
        .context("the product's migrations")?;
    drop(guard);
    pool.close().await;
    Ok(())
}
