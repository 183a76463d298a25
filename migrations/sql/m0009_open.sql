-- How people get from the portal into their n8n: one-time codes, and the sessions that the edge keeps for browsers.
-- Of every secret there is only its SHA-256. A session is worth nothing by itself: each use asks whether the portal's
-- session lives and the person still has the right.
CREATE TABLE provisioner.open_codes (
  code_hash    text PRIMARY KEY CHECK (code_hash ~ '^[0-9a-f]{64}$'),
  tenant_id    uuid NOT NULL,
  instance_id  uuid NOT NULL,
  user_id      uuid NOT NULL,
  session_id   uuid NOT NULL,
  -- Of the cookie that the browser must show beside the code.
  browser_hash text NOT NULL CHECK (browser_hash ~ '^[0-9a-f]{64}$'),
  -- Where on the instance's own host the browser goes then.
  target       text NOT NULL CHECK (target LIKE '/%' AND length(target) <= 2048),
  created_at   timestamptz NOT NULL,
  expires_at   timestamptz NOT NULL,
  FOREIGN KEY (instance_id, tenant_id) REFERENCES provisioner.instances (id, tenant_id) ON DELETE CASCADE
);
CREATE INDEX open_codes_of_tenant ON provisioner.open_codes (tenant_id, expires_at);
CREATE INDEX open_codes_of_instance ON provisioner.open_codes (instance_id);
CREATE INDEX open_codes_expiry ON provisioner.open_codes (expires_at);
SELECT platform.protect('provisioner.open_codes');
GRANT SELECT, INSERT, DELETE ON provisioner.open_codes TO tenantry_app, tenantry_system;

CREATE TABLE provisioner.open_sessions (
  token_hash   text PRIMARY KEY CHECK (token_hash ~ '^[0-9a-f]{64}$'),
  tenant_id    uuid NOT NULL,
  instance_id  uuid NOT NULL,
  user_id      uuid NOT NULL,
  session_id   uuid NOT NULL,
  created_at   timestamptz NOT NULL,
  expires_at   timestamptz NOT NULL,
  FOREIGN KEY (instance_id, tenant_id) REFERENCES provisioner.instances (id, tenant_id) ON DELETE CASCADE
);
CREATE INDEX open_sessions_of_tenant ON provisioner.open_sessions (tenant_id);
CREATE INDEX open_sessions_of_instance ON provisioner.open_sessions (instance_id);
CREATE INDEX open_sessions_expiry ON provisioner.open_sessions (expires_at);
SELECT platform.protect('provisioner.open_sessions');
GRANT SELECT, INSERT ON provisioner.open_sessions TO tenantry_app;
GRANT SELECT, INSERT, DELETE ON provisioner.open_sessions TO tenantry_system;
