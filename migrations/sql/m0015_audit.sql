-- The audit trail: what was before and after, checkpoints, retention, streams.

-- `version` says by which rules the row's hash is made: rows from before are 1. An older program that still writes
-- leaves it out, and its rows are 1.
ALTER TABLE platform.audit
  ADD COLUMN version    smallint NOT NULL DEFAULT 1 CHECK (version IN (1, 2)),
  ADD COLUMN user_agent text,
  ADD COLUMN before     jsonb,
  ADD COLUMN after      jsonb,
  -- Actions are found by how they begin, which only the order of code points allows; and the planner's statistics are of
  -- the column's own order.
  ALTER COLUMN action TYPE text COLLATE "C";

-- What people filter by, in the order in which the trail is read.
CREATE INDEX audit_actor ON platform.audit (tenant_id, actor, seq);
CREATE INDEX audit_action ON platform.audit (tenant_id, action, seq);
CREATE INDEX audit_resource ON platform.audit (tenant_id, resource, seq);
CREATE INDEX audit_at ON platform.audit (tenant_id, at, seq);
CREATE INDEX audit_not_ok ON platform.audit (tenant_id, result, seq) WHERE result <> 'ok';

-- The public halves of the keys that signed or sign checkpoints. A key that is no longer used stays: what it signed is
-- still to be checked.
CREATE TABLE platform.audit_keys (
  key_id     text PRIMARY KEY CHECK (length(key_id) = 43),
  -- 32 bytes of Ed25519 (RFC 8032), base64url without padding.
  public_key text NOT NULL UNIQUE CHECK (length(public_key) = 43),
  created_at timestamptz NOT NULL
);
GRANT SELECT ON platform.audit_keys TO tenantry_app;
GRANT SELECT, INSERT ON platform.audit_keys TO tenantry_system;

-- Signed statements of what a chain's newest record was.
CREATE TABLE platform.audit_checkpoints (
  tenant_id uuid NOT NULL,
  seq       bigint NOT NULL CHECK (seq > 0),
  hash      text NOT NULL CHECK (hash ~ '^[0-9a-f]{64}$'),
  at        timestamptz NOT NULL,
  key_id    text NOT NULL REFERENCES platform.audit_keys,
  signature text NOT NULL,
  PRIMARY KEY (tenant_id, seq)
);
SELECT platform.protect('platform.audit_checkpoints');
GRANT SELECT ON platform.audit_checkpoints TO tenantry_app;
GRANT SELECT, INSERT ON platform.audit_checkpoints TO tenantry_system;

-- Tenants whose chain has grown since its last checkpoint, and since when.
CREATE TABLE platform.audit_unsealed (
  tenant_id uuid PRIMARY KEY,
  since     timestamptz NOT NULL
);
CREATE INDEX audit_unsealed_since ON platform.audit_unsealed (since);
SELECT platform.protect('platform.audit_unsealed');
GRANT SELECT, INSERT ON platform.audit_unsealed TO tenantry_app;
GRANT SELECT, INSERT, DELETE ON platform.audit_unsealed TO tenantry_system;

CREATE FUNCTION platform.mark_unsealed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO platform.audit_unsealed (tenant_id, since) VALUES (NEW.tenant_id, NEW.at)
    ON CONFLICT (tenant_id) DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER audit_mark_unsealed AFTER INSERT ON platform.audit
  FOR EACH ROW EXECUTE FUNCTION platform.mark_unsealed();
INSERT INTO platform.audit_unsealed (tenant_id, since)
  SELECT tenant_id, min(at) FROM platform.audit GROUP BY tenant_id;

-- Takes the turn to append to a chain until the transaction ends, and says what its newest record is. Its two statements
-- see the database at two moments: the second what others committed while the first waited.
CREATE FUNCTION platform.audit_head(tenant uuid, OUT seq bigint, OUT hash text) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('audit ' || tenant, 0));
  RETURN QUERY SELECT a.seq, a.hash FROM platform.audit a WHERE a.tenant_id = tenant ORDER BY a.seq DESC LIMIT 1;
END $$;
REVOKE ALL ON FUNCTION platform.audit_head FROM PUBLIC;
GRANT EXECUTE ON FUNCTION platform.audit_head TO tenantry_app, tenantry_system;

CREATE TABLE platform.audit_settings (
  tenant_id      uuid PRIMARY KEY,
  retention_days integer NOT NULL CHECK (retention_days BETWEEN 30 AND 3650),
  updated_at     timestamptz NOT NULL
);
SELECT platform.protect('platform.audit_settings');
GRANT SELECT, INSERT, UPDATE ON platform.audit_settings TO tenantry_app;
GRANT SELECT ON platform.audit_settings TO tenantry_system;

-- The only way in which records go: those older than the tenant keeps them, up to the newest checkpoint before what
-- stays. That checkpoint stays too, as the anchor of the rest. Whoever calls it chooses neither what goes nor how much:
-- the days are the tenant's own, and the moment is at most now. The newest record always stays.
CREATE FUNCTION platform.prune_audit(tenant uuid, at timestamptz, OUT pruned bigint, OUT first_seq bigint,
                                     OUT anchor_seq bigint, OUT anchor_hash text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  cutoff timestamptz;
  stays  bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('audit ' || tenant, 0));
  cutoff := least(at, now()) - make_interval(days => coalesce(
    (SELECT s.retention_days FROM platform.audit_settings s WHERE s.tenant_id = tenant), 400));
  pruned := 0;
  SELECT coalesce(
    (SELECT min(a.seq) FROM platform.audit a WHERE a.tenant_id = tenant AND a.at >= cutoff),
    (SELECT max(a.seq) FROM platform.audit a WHERE a.tenant_id = tenant)) INTO stays;
  SELECT c.seq, c.hash INTO anchor_seq, anchor_hash
    FROM platform.audit_checkpoints c JOIN platform.audit a ON a.tenant_id = tenant AND a.seq = c.seq AND a.hash = c.hash
    WHERE c.tenant_id = tenant AND c.seq < stays ORDER BY c.seq DESC LIMIT 1;
  IF anchor_seq IS NULL THEN
    RETURN;
  END IF;
  SELECT min(a.seq) INTO first_seq FROM platform.audit a WHERE a.tenant_id = tenant;
  DELETE FROM platform.audit a WHERE a.tenant_id = tenant AND a.seq <= anchor_seq;
  GET DIAGNOSTICS pruned = ROW_COUNT;
  DELETE FROM platform.audit_checkpoints c WHERE c.tenant_id = tenant AND c.seq < anchor_seq;
END $$;
REVOKE ALL ON FUNCTION platform.prune_audit FROM PUBLIC;
GRANT EXECUTE ON FUNCTION platform.prune_audit TO tenantry_system;

-- Where tenants have their trail sent. `last_seq` is what the receiver has taken.
CREATE TABLE platform.audit_streams (
  id                uuid PRIMARY KEY,
  tenant_id         uuid NOT NULL,
  kind              text NOT NULL CHECK (kind IN ('webhook', 'syslog', 'file')),
  target            text NOT NULL CHECK (length(target) <= 2048),
  -- Sealed under the tenant's key.
  secret            text,
  last_seq          bigint NOT NULL,
  attempts          integer NOT NULL DEFAULT 0,
  next_attempt_at   timestamptz NOT NULL,
  last_error        text,
  last_delivered_at timestamptz,
  created_at        timestamptz NOT NULL,
  paused_at         timestamptz,
  UNIQUE (tenant_id, kind, target)
);
CREATE INDEX audit_streams_due ON platform.audit_streams (next_attempt_at) WHERE paused_at IS NULL;
SELECT platform.protect('platform.audit_streams');
GRANT SELECT, INSERT, DELETE ON platform.audit_streams TO tenantry_app;
GRANT SELECT, UPDATE ON platform.audit_streams TO tenantry_system;
