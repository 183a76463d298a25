-- What every context stands on: row-level security, outbox, jobs, leases, idempotency keys, audit, keys.
CREATE SCHEMA platform;
GRANT USAGE ON SCHEMA platform TO tenantry_app, tenantry_system;

-- Tells whoever watches a tenant that something of it changed: the trigger's argument says what (`instances`, `usage`,
-- `members`). Repeated words of one transaction are one notification.
CREATE FUNCTION platform.announce_tenant() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    PERFORM pg_notify('tenantry_tenant', TG_ARGV[0] || ' ' || OLD.tenant_id);
  ELSE
    PERFORM pg_notify('tenantry_tenant', TG_ARGV[0] || ' ' || NEW.tenant_id);
  END IF;
  RETURN NULL;
END $$;

-- Puts a table that has a tenant_id behind row-level security. The application's role sees the tenant named by
-- `app.tenant_id` and nothing else; without that setting it sees nothing. The sub-select makes PostgreSQL read
-- the setting once a statement instead of once a row.
CREATE FUNCTION platform.protect(target regclass, tenant_column name DEFAULT 'tenant_id') RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
  EXECUTE format(
    'CREATE POLICY tenant_rows ON %s TO tenantry_app USING (%I = (SELECT nullif(current_setting(''app.tenant_id'', true), '''')::uuid))',
    target, tenant_column);
  EXECUTE format('CREATE POLICY system_rows ON %s TO tenantry_system USING (true)', target);
  EXECUTE format('CREATE POLICY owner_rows ON %s TO tenantry_migrator USING (true)', target);
END $$;
REVOKE ALL ON FUNCTION platform.protect FROM PUBLIC;

-- Facts for other contexts, written in the transaction that makes them true.
CREATE TABLE platform.outbox (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id     uuid NOT NULL,
  topic         text NOT NULL,
  subject       text NOT NULL,
  payload       jsonb NOT NULL,
  created_at    timestamptz NOT NULL,
  dispatched_at timestamptz
);
CREATE INDEX outbox_pending ON platform.outbox (id) WHERE dispatched_at IS NULL;
SELECT platform.protect('platform.outbox');
GRANT SELECT, INSERT ON platform.outbox TO tenantry_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON platform.outbox TO tenantry_system;

CREATE FUNCTION platform.announce_outbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('tenantry_outbox', NEW.topic || ' ' || NEW.subject);
  RETURN NULL;
END $$;
CREATE TRIGGER outbox_announce AFTER INSERT ON platform.outbox
  FOR EACH ROW EXECUTE FUNCTION platform.announce_outbox();

-- The one way for the application to add a job, inside its own transaction. The queue's tables belong to the
-- queue; the application's role has no right on them.
CREATE FUNCTION platform.enqueue(task text, payload json, job_key text, run_at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT graphile_worker.add_job(
    identifier => task, payload => payload, job_key => job_key, run_at => run_at, max_attempts => 12);
$$;
REVOKE ALL ON FUNCTION platform.enqueue FROM PUBLIC;
GRANT EXECUTE ON FUNCTION platform.enqueue TO tenantry_app, tenantry_system;

-- A lease with a fencing epoch: the epoch grows by one each time the holder changes.
CREATE TABLE platform.leases (
  name   text PRIMARY KEY,
  holder text NOT NULL,
  epoch  bigint NOT NULL,
  until  timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON platform.leases TO tenantry_system;

-- The first answer to a keyed write, kept so that a repeat gets the same answer.
CREATE TABLE platform.idempotency_keys (
  tenant_id   uuid NOT NULL,
  actor       text NOT NULL,
  key         text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
  operation   text NOT NULL,
  fingerprint text NOT NULL,
  answer      jsonb NOT NULL,
  created_at  timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, actor, key)
);
CREATE INDEX idempotency_keys_age ON platform.idempotency_keys (created_at);
SELECT platform.protect('platform.idempotency_keys');
GRANT SELECT, INSERT ON platform.idempotency_keys TO tenantry_app;
GRANT SELECT, INSERT, DELETE ON platform.idempotency_keys TO tenantry_system;

-- Append-only, hash-chained per tenant. No role but the owner may change or delete a row.
CREATE TABLE platform.audit (
  tenant_id   uuid NOT NULL,
  seq         bigint NOT NULL,
  at          timestamptz NOT NULL,
  actor       text NOT NULL,
  action      text NOT NULL,
  resource    text NOT NULL,
  result      text NOT NULL,
  origin      text,
  request_id  text NOT NULL,
  details     jsonb NOT NULL,
  prev_hash   text NOT NULL,
  hash        text NOT NULL,
  PRIMARY KEY (tenant_id, seq)
);
SELECT platform.protect('platform.audit');
GRANT SELECT, INSERT ON platform.audit TO tenantry_app, tenantry_system;

-- The tenant's data key, wrapped by the key-encryption key of the keyring or KMS.
CREATE TABLE platform.tenant_keys (
  tenant_id   uuid NOT NULL,
  version     integer NOT NULL,
  provider    text NOT NULL,
  wrapped_key text NOT NULL,
  created_at  timestamptz NOT NULL,
  retired_at  timestamptz,
  PRIMARY KEY (tenant_id, version)
);
SELECT platform.protect('platform.tenant_keys');
GRANT SELECT, INSERT ON platform.tenant_keys TO tenantry_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON platform.tenant_keys TO tenantry_system;
