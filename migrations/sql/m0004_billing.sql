-- Plans, subscriptions, the usage ledger and its hourly roll-up.
CREATE SCHEMA billing;
GRANT USAGE ON SCHEMA billing TO tenantry_app, tenantry_system;

-- A plan never changes: a new version is added. Subscriptions name the version they were made under.
CREATE TABLE billing.plans (
  code                  text NOT NULL,
  version               integer NOT NULL,
  name                  text NOT NULL,
  rank                  integer NOT NULL,
  currency              text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  base_price_minor      bigint NOT NULL CHECK (base_price_minor >= 0),
  included_executions   bigint NOT NULL CHECK (included_executions >= 0),
  -- In minor units, with decimals: rounding happens once, at the invoice line. NULL: executions beyond are not sold.
  extra_execution_price numeric(18, 6) CHECK (extra_execution_price >= 0),
  max_instances         integer NOT NULL CHECK (max_instances > 0),
  max_members           integer NOT NULL CHECK (max_members > 0),
  concurrent_executions integer NOT NULL CHECK (concurrent_executions > 0),
  cpu_millis            integer NOT NULL CHECK (cpu_millis > 0),
  memory_mib            integer NOT NULL CHECK (memory_mib > 0),
  storage_mib           integer NOT NULL CHECK (storage_mib > 0),
  available             boolean NOT NULL DEFAULT true,
  PRIMARY KEY (code, version)
);
GRANT SELECT ON billing.plans TO tenantry_app;
GRANT SELECT, INSERT, UPDATE ON billing.plans TO tenantry_system;

INSERT INTO billing.plans
  (code, version, name, rank, currency, base_price_minor, included_executions, extra_execution_price,
   max_instances, max_members, concurrent_executions, cpu_millis, memory_mib, storage_mib)
VALUES
  ('free',       1, 'Free',       1, 'EUR',     0,    500, NULL,  1,   2,   2,  500, 1024,  1024),
  ('starter',    1, 'Starter',    2, 'EUR',  2000,   2500, 0.8,   1,   5,   5, 1000, 1280,  5120),
  ('pro',        1, 'Pro',        3, 'EUR',  6000,  20000, 0.4,   5,  25,  20, 2000, 2048, 20480),
  ('enterprise', 1, 'Enterprise', 4, 'EUR', 50000, 250000, 0.2,  50, 500, 100, 4000, 4096, 102400);

CREATE TABLE billing.subscriptions (
  id           uuid PRIMARY KEY,
  tenant_id    uuid NOT NULL,
  plan_code    text NOT NULL,
  plan_version integer NOT NULL,
  started_at   timestamptz NOT NULL,
  ended_at     timestamptz,
  CHECK (ended_at > started_at),
  FOREIGN KEY (plan_code, plan_version) REFERENCES billing.plans (code, version)
);
-- One running subscription a tenant.
CREATE UNIQUE INDEX subscriptions_running ON billing.subscriptions (tenant_id) WHERE ended_at IS NULL;
CREATE INDEX subscriptions_of_tenant ON billing.subscriptions (tenant_id, started_at);
SELECT platform.protect('billing.subscriptions');
GRANT SELECT, INSERT, UPDATE ON billing.subscriptions TO tenantry_app, tenantry_system;

-- One row an execution, however often and by whichever way it is reported. The epoch grows when an instance's
-- database is restored, because n8n's execution ids then start again from an older value.
CREATE TABLE billing.usage_events (
  tenant_id     uuid NOT NULL,
  instance_id   uuid NOT NULL,
  epoch         integer NOT NULL,
  execution_id  bigint NOT NULL,
  workflow_id   text NOT NULL,
  mode          text NOT NULL,
  status        text NOT NULL,
  billable      boolean NOT NULL,
  started_at    timestamptz NOT NULL,
  stopped_at    timestamptz NOT NULL,
  recorded_at   timestamptz NOT NULL,
  PRIMARY KEY (instance_id, epoch, execution_id),
  -- What an instance reports is hostile input: whoever writes it must have bounded it.
  CHECK (epoch >= 1 AND execution_id >= 1),
  CHECK (length(workflow_id) BETWEEN 1 AND 64 AND length(mode) BETWEEN 1 AND 32 AND length(status) BETWEEN 1 AND 32),
  CHECK (started_at <= stopped_at AND stopped_at <= recorded_at)
);
CREATE INDEX usage_events_of_tenant ON billing.usage_events (tenant_id, stopped_at);
SELECT platform.protect('billing.usage_events');
GRANT SELECT ON billing.usage_events TO tenantry_app;
GRANT SELECT, INSERT ON billing.usage_events TO tenantry_system;

CREATE TABLE billing.usage_hourly (
  tenant_id   uuid NOT NULL,
  instance_id uuid NOT NULL,
  workflow_id text NOT NULL,
  hour        timestamptz NOT NULL,
  executions  bigint NOT NULL,
  billable    bigint NOT NULL,
  failed      bigint NOT NULL,
  PRIMARY KEY (tenant_id, instance_id, workflow_id, hour)
);
CREATE INDEX usage_hourly_of_tenant ON billing.usage_hourly (tenant_id, hour);
SELECT platform.protect('billing.usage_hourly');
GRANT SELECT ON billing.usage_hourly TO tenantry_app;
GRANT SELECT, INSERT, UPDATE ON billing.usage_hourly TO tenantry_system;
