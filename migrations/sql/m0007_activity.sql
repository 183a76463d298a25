-- How instances do, and word of what changes in a tenant, for the people who watch.

-- The newest sample of each instance, written by its region's worker. No history is kept.
CREATE TABLE provisioner.instance_samples (
  instance_id uuid PRIMARY KEY,
  tenant_id   uuid NOT NULL,
  -- What n8n's readiness said: 'ready', 'listening' (it answers and is not ready) or 'none' (no answer).
  answer      text NOT NULL CHECK (answer IN ('ready', 'listening', 'none')),
  answered_at timestamptz NOT NULL,
  -- NULL: not measured.
  memory_mib  integer CHECK (memory_mib >= 0),
  cpu_millis  integer CHECK (cpu_millis >= 0),
  storage_mib integer CHECK (storage_mib >= 0),
  measured_at timestamptz,
  FOREIGN KEY (instance_id, tenant_id) REFERENCES provisioner.instances (id, tenant_id) ON DELETE CASCADE
);
SELECT platform.protect('provisioner.instance_samples');
GRANT SELECT ON provisioner.instance_samples TO tenantry_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON provisioner.instance_samples TO tenantry_system;

-- One instance's executions, newest first.
CREATE INDEX usage_events_newest
  ON billing.usage_events (tenant_id, instance_id, stopped_at DESC, epoch DESC, execution_id DESC);

CREATE TRIGGER instances_made AFTER INSERT ON provisioner.instances
  FOR EACH ROW EXECUTE FUNCTION platform.announce_tenant('instances');
-- What nobody sees (leases, attempts that settle) is not told.
CREATE TRIGGER instances_changed AFTER UPDATE ON provisioner.instances
  FOR EACH ROW
  WHEN (NEW.phase IS DISTINCT FROM OLD.phase OR NEW.desired IS DISTINCT FROM OLD.desired
        OR NEW.name IS DISTINCT FROM OLD.name OR NEW.failure_code IS DISTINCT FROM OLD.failure_code
        OR NEW.deleted_at IS DISTINCT FROM OLD.deleted_at OR NEW.delete_at IS DISTINCT FROM OLD.delete_at
        OR NEW.ready_at IS DISTINCT FROM OLD.ready_at)
  EXECUTE FUNCTION platform.announce_tenant('instances');

CREATE TRIGGER samples_made AFTER INSERT ON provisioner.instance_samples
  FOR EACH ROW EXECUTE FUNCTION platform.announce_tenant('instances');
CREATE TRIGGER samples_changed AFTER UPDATE ON provisioner.instance_samples
  FOR EACH ROW WHEN (NEW.answer IS DISTINCT FROM OLD.answer)
  EXECUTE FUNCTION platform.announce_tenant('instances');

-- Once a statement and tenant: a batch of a thousand executions is one word.
CREATE FUNCTION billing.announce_usage() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('tenantry_tenant', 'usage ' || a.tenant_id)
  FROM (SELECT DISTINCT tenant_id FROM added) a;
  RETURN NULL;
END $$;
CREATE TRIGGER usage_added AFTER INSERT ON billing.usage_events
  REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION billing.announce_usage();
