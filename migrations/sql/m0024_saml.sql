-- SAML 2.0: our keys for each connection, what is known of the provider's metadata, and which assertions were used.

ALTER TABLE identity.connections
  -- When the document at the connection's metadata address was last taken over, when somebody last asked for it, and why
  -- the newest one was not.
  ADD COLUMN metadata_fetched_at timestamptz,
  ADD COLUMN metadata_looked_at  timestamptz,
  ADD COLUMN metadata_problem    text;
CREATE INDEX connections_metadata ON identity.connections (metadata_looked_at)
  WHERE kind = 'saml' AND settings ->> 'metadata_url' IS NOT NULL;

-- A pair of ours. The private key is sealed under the tenant's key; no request of a tenant reads it.
CREATE TABLE identity.saml_keys (
  connection_id uuid NOT NULL,
  tenant_id     uuid NOT NULL,
  -- SHA-256 of the certificate, in hexadecimal.
  fingerprint   text NOT NULL CHECK (length(fingerprint) = 64),
  state         text NOT NULL CHECK (state IN ('next', 'current', 'previous')),
  -- DER in base64.
  certificate   text NOT NULL,
  private_key   text NOT NULL,
  created_at    timestamptz NOT NULL,
  PRIMARY KEY (connection_id, fingerprint),
  -- Deferrable, so that one statement moves two of them on: it is judged when the statement ends.
  CONSTRAINT saml_keys_state UNIQUE (connection_id, state) DEFERRABLE INITIALLY IMMEDIATE,
  FOREIGN KEY (tenant_id, connection_id) REFERENCES identity.connections (tenant_id, id) ON DELETE CASCADE
);
SELECT platform.protect('identity.saml_keys');
GRANT SELECT (connection_id, tenant_id, fingerprint, state, certificate, created_at) ON identity.saml_keys
  TO tenantry_app;
GRANT INSERT, DELETE ON identity.saml_keys TO tenantry_app;
GRANT UPDATE (state) ON identity.saml_keys TO tenantry_app;
GRANT SELECT ON identity.saml_keys TO tenantry_system;

-- Of which end of which certificate the owners were told.
CREATE TABLE identity.certificate_alarms (
  connection_id uuid NOT NULL,
  tenant_id     uuid NOT NULL,
  fingerprint   text NOT NULL,
  -- Before the end: 60, 30 or 7; 0 when it has ended.
  days          integer NOT NULL CHECK (days IN (60, 30, 7, 0)),
  raised_at     timestamptz NOT NULL,
  PRIMARY KEY (connection_id, fingerprint, days),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES identity.connections (tenant_id, id) ON DELETE CASCADE
);
SELECT platform.protect('identity.certificate_alarms');
GRANT SELECT, INSERT ON identity.certificate_alarms TO tenantry_system;

-- Assertions that were used: each works once (SAML profiles, section 4.1.4.5). Kept until they would have expired.
CREATE TABLE identity.used_assertions (
  connection_id uuid NOT NULL,
  -- SHA-256 of issuer and ID.
  assertion_key text NOT NULL,
  expires_at    timestamptz NOT NULL,
  PRIMARY KEY (connection_id, assertion_key)
);
CREATE INDEX used_assertions_expiry ON identity.used_assertions (expires_at);
GRANT SELECT, INSERT, DELETE ON identity.used_assertions TO tenantry_system;

-- A provider's answer comes from its site, where the browser's cookie is not: what it said waits here, checked, for the
-- browser to come with it.
ALTER TABLE identity.sso_flows ADD COLUMN assertion jsonb;
GRANT UPDATE (assertion) ON identity.sso_flows TO tenantry_system;
