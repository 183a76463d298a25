-- Regions, instances as desired and observed, their secrets and history.
CREATE SCHEMA provisioner;
GRANT USAGE ON SCHEMA provisioner TO tenantry_app, tenantry_system;

CREATE TABLE provisioner.regions (
  code      text PRIMARY KEY,
  name      text NOT NULL,
  residency text NOT NULL,
  driver    text NOT NULL CHECK (driver IN ('process', 'kubernetes')),
  capacity  integer NOT NULL CHECK (capacity >= 0),
  enabled   boolean NOT NULL DEFAULT true
);
GRANT SELECT ON provisioner.regions TO tenantry_app;
GRANT SELECT, INSERT, UPDATE ON provisioner.regions TO tenantry_system;
INSERT INTO provisioner.regions (code, name, residency, driver, capacity) VALUES
  ('us-east',      'US East',              'US', 'process', 20),
  ('us-west',      'US West',              'US', 'process', 20),
  ('eu-central',   'EU Central',           'EU', 'process', 20),
  ('ap-southeast', 'Asia Pacific (SE)',    'SG', 'process', 20),
  ('ca-central',   'Canada Central',       'CA', 'process', 20);

-- `slot` is the number behind an instance's operating-system user: reused only after the instance is gone.
CREATE TABLE provisioner.instances (
  id                  uuid PRIMARY KEY,
  tenant_id           uuid NOT NULL,
  region              text NOT NULL REFERENCES provisioner.regions (code),
  slug                text NOT NULL CHECK (slug ~ '^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$'),
  name                text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
  n8n_version         text NOT NULL,
  owner_email         text NOT NULL,
  owner_name          text NOT NULL,
  -- limits, copied from the entitlement when desired state is written
  cpu_millis          integer NOT NULL,
  memory_mib          integer NOT NULL,
  storage_mib         integer NOT NULL,
  concurrency         integer NOT NULL,
  -- desired
  desired             text NOT NULL CHECK (desired IN ('running', 'stopped', 'deleted')),
  generation          bigint NOT NULL DEFAULT 1,
  epoch               integer NOT NULL DEFAULT 1,
  -- placement, chosen by the region's worker
  slot                integer UNIQUE,
  port                integer,
  broker_port         integer,
  -- observed
  phase               text NOT NULL CHECK (phase IN
                        ('queued', 'database', 'starting', 'migrating', 'owner', 'ready',
                         'stopping', 'stopped', 'failed', 'deleting', 'deleted')),
  observed_generation bigint NOT NULL DEFAULT 0,
  failure_code        text,
  failure_message     text,
  failure_remedy      text,
  attempts            integer NOT NULL DEFAULT 0,
  next_attempt_at     timestamptz NOT NULL,
  -- lease and fence
  lease_holder        text,
  lease_epoch         bigint NOT NULL DEFAULT 0,
  lease_until         timestamptz,
  -- every n8n execution up to this id is in the ledger
  reconciled_to       bigint NOT NULL DEFAULT 0,
  boot_started_at     timestamptz,
  ready_at            timestamptz,
  boot_millis         integer,
  created_at          timestamptz NOT NULL,
  deleted_at          timestamptz,
  -- What hangs on an instance names it with its tenant, so that nothing can hang on another tenant's instance:
  -- a foreign key is checked beneath row-level security.
  UNIQUE (id, tenant_id)
);
CREATE UNIQUE INDEX instances_address ON provisioner.instances (region, slug) WHERE deleted_at IS NULL;
CREATE INDEX instances_of_tenant ON provisioner.instances (tenant_id, id);
CREATE INDEX instances_due ON provisioner.instances (region, next_attempt_at) WHERE phase <> 'deleted';
SELECT platform.protect('provisioner.instances');
GRANT SELECT, INSERT, UPDATE ON provisioner.instances TO tenantry_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON provisioner.instances TO tenantry_system;

-- Desired state changed or a step was taken: wake the region's worker and whoever watches.
CREATE FUNCTION provisioner.announce_instance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' OR NEW.generation IS DISTINCT FROM OLD.generation
     OR NEW.next_attempt_at < OLD.next_attempt_at THEN
    PERFORM pg_notify('tenantry_due', NEW.region);
  END IF;
  IF TG_OP = 'INSERT' OR NEW.phase IS DISTINCT FROM OLD.phase OR NEW.desired IS DISTINCT FROM OLD.desired
     OR NEW.failure_code IS DISTINCT FROM OLD.failure_code THEN
    PERFORM pg_notify('tenantry_instance', NEW.id::text);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER instances_announce AFTER INSERT OR UPDATE ON provisioner.instances
  FOR EACH ROW EXECUTE FUNCTION provisioner.announce_instance();

-- Each value is sealed under the tenant's key.
CREATE TABLE provisioner.instance_secrets (
  instance_id uuid NOT NULL,
  tenant_id   uuid NOT NULL,
  name        text NOT NULL CHECK (name IN ('encryption_key', 'database_password', 'owner_password',
                'owner_password_hash', 'api_key')),
  sealed      text NOT NULL,
  created_at  timestamptz NOT NULL,
  PRIMARY KEY (instance_id, name),
  FOREIGN KEY (instance_id, tenant_id) REFERENCES provisioner.instances (id, tenant_id) ON DELETE CASCADE
);
SELECT platform.protect('provisioner.instance_secrets');
GRANT SELECT, INSERT, UPDATE, DELETE ON provisioner.instance_secrets TO tenantry_app, tenantry_system;

CREATE TABLE provisioner.instance_events (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  instance_id uuid NOT NULL,
  tenant_id   uuid NOT NULL,
  at          timestamptz NOT NULL,
  phase       text NOT NULL,
  message     text NOT NULL,
  FOREIGN KEY (instance_id, tenant_id) REFERENCES provisioner.instances (id, tenant_id) ON DELETE CASCADE
);
CREATE INDEX instance_events_of_instance ON provisioner.instance_events (instance_id, id);
SELECT platform.protect('provisioner.instance_events');
GRANT SELECT, INSERT ON provisioner.instance_events TO tenantry_app, tenantry_system;
