use async_graphql::{Request, Variables};
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection};
use tempfile::TempDir;
use tenantry_authz::{Ctx, PlatformRole};
use tenantry_testkit::World;

use crate::app::App;
use crate::graphql::{AdminSchema, admin_schema};
use crate::test_world::TestApp;

/// The product's services over a database of the test's own, without a worker.
pub(crate) struct Platform {
    pub(crate) world: World,
    pub(crate) app: App,
    pub(crate) admin: AdminSchema,
    _keys: TempDir,
}

impl Platform {
    pub(crate) async fn new() -> Self {
        let TestApp { world, app, directory, .. } = TestApp::new().await;
        let admin = admin_schema(app.clone());
        Self { world, app, admin, _keys: directory }
    }

    /// The answer to an operation of a member of staff who may do everything.
    pub(crate) async fn ask(&self, query: &str, variables: Value) -> Value {
        let answer = self.ask_as(self.world.staff(PlatformRole::Admin), query, variables).await;
        assert!(answer["errors"].is_null(), "{query}: {answer}");
        answer["data"].clone()
    }

    /// The answer with its errors.
    pub(crate) async fn ask_as(&self, ctx: Ctx, query: &str, variables: Value) -> Value {
        let request = Request::new(query).variables(Variables::from_json(variables)).data(ctx);
        serde_json::to_value(self.admin.execute(request).await).unwrap()
    }

    /// Behind the product's back.
    pub(crate) async fn sql(&self, sql: &str) {
        let mut connection: PgConnection = self.world.superuser().await;
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
    }

    /// One column of text, behind the product's back.
    pub(crate) async fn texts(&self, sql: &str) -> Vec<String> {
        let mut connection = self.world.superuser().await;
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_all(&mut connection).await.unwrap()
    }

    /// Ten thousand instances of five hundred tenants, each with two members, a plan and some history. Every value
    /// that the fleet is sorted by is shared by many.
    pub(crate) async fn with_a_fleet(self) -> Self {
        self.sql(FLEET).await;
        self
    }
}

const FLEET: &str = "
INSERT INTO tenancy.tenants (id, slug, name, created_at)
  SELECT gen_random_uuid(), format('t-%s', n), format('Tenant %s', n), '2026-01-01'::timestamptz + n * interval '1 hour'
  FROM generate_series(1, 500) AS n;
INSERT INTO billing.subscriptions (id, tenant_id, plan_code, plan_version, started_at)
  SELECT gen_random_uuid(), id, (ARRAY['free', 'starter', 'pro'])[1 + right(slug, 1)::int % 3], 1, created_at
  FROM tenancy.tenants;
INSERT INTO identity.users (id, email, name, created_at)
  SELECT gen_random_uuid(), format('u%s@example.com', n), 'U', now() FROM generate_series(1, 1000) AS n;
INSERT INTO identity.memberships (tenant_id, user_id, role, email, name, created_at)
  SELECT t.id, u.id, 'viewer', u.email, u.name, now()
  FROM (SELECT *, row_number() OVER (ORDER BY id) AS n FROM tenancy.tenants) t
  JOIN (SELECT *, row_number() OVER (ORDER BY id) AS n FROM identity.users) u ON u.n % 500 = t.n % 500;
INSERT INTO provisioner.instances (id, tenant_id, region, slug, name, n8n_version, owner_email, owner_name, cpu_millis,
       memory_mib, storage_mib, concurrency, desired, phase, attempts, failure_code, failure_message, failure_remedy,
       next_attempt_at, created_at)
  SELECT gen_random_uuid(), t.id, (ARRAY['us-east', 'us-west', 'eu-central', 'ap-southeast', 'ca-central'])[1 + i % 5],
         format('i-%s-%s', right(t.slug, -2), i), (ARRAY['Orders', 'orders', 'Mail', 'mail 2', 'Äpfel', 'Zoo'])[1 + i % 6],
         '1', 'a@b', 'A', 1, 1, 1, 1, 'running', (ARRAY['ready', 'ready', 'failed', 'queued'])[1 + i % 4], i % 5,
         CASE WHEN i % 4 = 2 THEN 'boot' END, CASE WHEN i % 4 = 2 THEN 'No.' END, CASE WHEN i % 4 = 2 THEN 'Wait.' END,
         now() + interval '1 hour', '2026-02-01'::timestamptz + (i % 7) * interval '1 microsecond'
  FROM tenancy.tenants t, generate_series(1, 20) AS i;
INSERT INTO provisioner.instance_events (instance_id, tenant_id, at, phase, message)
  SELECT id, tenant_id, now(), 'queued', 'Waiting.' FROM provisioner.instances, generate_series(1, 3);
ANALYZE tenancy.tenants, provisioner.instances, provisioner.instance_events, identity.memberships, billing.subscriptions;
";
