-- Single sign-on: tenants' connections to their identity providers, their domains, and the ways between.

-- What is of one protocol alone stands in `settings`. The client's secret is sealed under the tenant's key.
CREATE TABLE identity.connections (
  id                  uuid PRIMARY KEY,
  tenant_id           uuid NOT NULL,
  kind                text NOT NULL CHECK (kind IN ('oidc', 'saml')),
  name                text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  settings            jsonb NOT NULL,
  secret              text,
  -- Whether people come in who are no members yet, and as what. Nobody comes in as an owner.
  jit                 boolean NOT NULL,
  default_role        text NOT NULL CHECK (default_role IN ('admin', 'developer', 'billing', 'viewer')),
  created_at          timestamptz NOT NULL,
  settings_changed_at timestamptz NOT NULL,
  -- Of the newest test that passed.
  tested_at           timestamptz,
  -- What the newest test said, passed or not.
  last_test           jsonb,
  enforced_at         timestamptz,
  -- Whether members with addresses elsewhere must come by it too, once it is enforced.
  guests_too          boolean NOT NULL DEFAULT false,
  UNIQUE (tenant_id, id),
  -- What is enforced has been tested as it is: its settings cannot change under it.
  CONSTRAINT connections_enforced_tested
    CHECK (enforced_at IS NULL OR (tested_at IS NOT NULL AND tested_at >= settings_changed_at))
);
-- One at a time.
CREATE UNIQUE INDEX connections_enforced ON identity.connections (tenant_id) WHERE enforced_at IS NOT NULL;
SELECT platform.protect('identity.connections');
GRANT SELECT, INSERT, UPDATE, DELETE ON identity.connections TO tenantry_app, tenantry_system;

-- Which role a group of the provider's means. The first that fits counts.
CREATE TABLE identity.connection_roles (
  tenant_id      uuid NOT NULL,
  connection_id  uuid NOT NULL,
  position       integer NOT NULL,
  group_name     text NOT NULL CHECK (length(group_name) BETWEEN 1 AND 200),
  role           text NOT NULL CHECK (role IN ('admin', 'developer', 'billing', 'viewer', 'custom')),
  custom_role_id uuid,
  PRIMARY KEY (connection_id, position),
  CHECK ((role = 'custom') = (custom_role_id IS NOT NULL)),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES identity.connections (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, custom_role_id) REFERENCES identity.roles (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX connection_roles_of_role ON identity.connection_roles (tenant_id, custom_role_id)
  WHERE custom_role_id IS NOT NULL;
SELECT platform.protect('identity.connection_roles');
GRANT SELECT, INSERT, DELETE ON identity.connection_roles TO tenantry_app, tenantry_system;

-- Owners who come in without the enforced connection, for when it is broken.
CREATE TABLE identity.connection_exempt (
  tenant_id     uuid NOT NULL,
  connection_id uuid NOT NULL,
  user_id       uuid NOT NULL,
  PRIMARY KEY (connection_id, user_id),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES identity.connections (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, user_id) REFERENCES identity.memberships (tenant_id, user_id)
);
CREATE INDEX connection_exempt_of_member ON identity.connection_exempt (tenant_id, user_id);
SELECT platform.protect('identity.connection_exempt');
GRANT SELECT, INSERT, DELETE ON identity.connection_exempt TO tenantry_app;
GRANT SELECT ON identity.connection_exempt TO tenantry_system;

-- Domains of which a tenant says that they are its own. The record's text is no secret: who can publish it is the proof.
CREATE TABLE identity.domains (
  tenant_id   uuid NOT NULL,
  name        text NOT NULL CHECK (name = lower(name) AND length(name) BETWEEN 3 AND 253),
  record      text NOT NULL,
  created_at  timestamptz NOT NULL,
  checked_at  timestamptz,
  verified_at timestamptz,
  PRIMARY KEY (tenant_id, name)
);
-- Of several tenants that ask, one has it.
CREATE UNIQUE INDEX domains_verified ON identity.domains (name) WHERE verified_at IS NOT NULL;
SELECT platform.protect('identity.domains');
GRANT SELECT, INSERT, UPDATE, DELETE ON identity.domains TO tenantry_app;
GRANT SELECT ON identity.domains TO tenantry_system;

-- A link by which somebody without an account sets one connection up. A new one takes the place of the old.
CREATE TABLE identity.connection_setups (
  connection_id uuid PRIMARY KEY,
  tenant_id     uuid NOT NULL,
  token_hash    text NOT NULL UNIQUE,
  created_at    timestamptz NOT NULL,
  expires_at    timestamptz NOT NULL,
  FOREIGN KEY (tenant_id, connection_id) REFERENCES identity.connections (tenant_id, id) ON DELETE CASCADE
);
SELECT platform.protect('identity.connection_setups');
-- No request reads what links are known by.
GRANT SELECT (connection_id, tenant_id, created_at, expires_at) ON identity.connection_setups TO tenantry_app;
GRANT INSERT, DELETE ON identity.connection_setups TO tenantry_app;
GRANT SELECT, DELETE ON identity.connection_setups TO tenantry_system;

-- That somebody may set out on a test, once.
CREATE TABLE identity.connection_tickets (
  token_hash    text PRIMARY KEY,
  tenant_id     uuid NOT NULL,
  connection_id uuid NOT NULL,
  return_to     text NOT NULL,
  expires_at    timestamptz NOT NULL,
  FOREIGN KEY (tenant_id, connection_id) REFERENCES identity.connections (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX connection_tickets_expiry ON identity.connection_tickets (expires_at);
SELECT platform.protect('identity.connection_tickets');
-- No request reads what tickets are known by.
GRANT SELECT (tenant_id, connection_id, expires_at) ON identity.connection_tickets TO tenantry_app;
GRANT INSERT ON identity.connection_tickets TO tenantry_app;
GRANT SELECT, INSERT, DELETE ON identity.connection_tickets TO tenantry_system;

-- Browsers on their way back from a provider. A connection may be one of the installation's own, which have no row.
CREATE TABLE identity.sso_flows (
  state_hash    text PRIMARY KEY,
  browser_hash  text NOT NULL,
  connection_id uuid NOT NULL,
  purpose       text NOT NULL CHECK (purpose IN ('log_in', 'test', 'link')),
  user_id       uuid REFERENCES identity.users (id) ON DELETE CASCADE,
  return_to     text NOT NULL,
  nonce         text NOT NULL,
  verifier      text NOT NULL,
  created_at    timestamptz NOT NULL,
  expires_at    timestamptz NOT NULL
);
CREATE INDEX sso_flows_expiry ON identity.sso_flows (expires_at);
CREATE INDEX sso_flows_of_connection ON identity.sso_flows (connection_id);
GRANT SELECT, INSERT, DELETE ON identity.sso_flows TO tenantry_system;

-- Which person somebody of a provider's is.
CREATE TABLE identity.provider_identities (
  connection_id uuid NOT NULL,
  subject       text NOT NULL CHECK (length(subject) BETWEEN 1 AND 1024),
  user_id       uuid NOT NULL REFERENCES identity.users (id) ON DELETE CASCADE,
  created_at    timestamptz NOT NULL,
  last_at       timestamptz NOT NULL,
  PRIMARY KEY (connection_id, subject)
);
CREATE INDEX provider_identities_of_user ON identity.provider_identities (user_id);
GRANT SELECT, INSERT, UPDATE, DELETE ON identity.provider_identities TO tenantry_system;

-- Somebody whom a provider has sent, with the address of an account that is not tied to it yet.
CREATE TABLE identity.pending_links (
  token_hash    text PRIMARY KEY,
  connection_id uuid NOT NULL,
  subject       text NOT NULL,
  user_id       uuid NOT NULL REFERENCES identity.users (id) ON DELETE CASCADE,
  return_to     text NOT NULL,
  created_at    timestamptz NOT NULL,
  expires_at    timestamptz NOT NULL
);
CREATE INDEX pending_links_expiry ON identity.pending_links (expires_at);
CREATE INDEX pending_links_of_user ON identity.pending_links (user_id);
CREATE INDEX pending_links_of_connection ON identity.pending_links (connection_id);
GRANT SELECT, INSERT, UPDATE, DELETE ON identity.pending_links TO tenantry_system;

-- Logout tokens that were used: each works once (OpenID Connect Back-Channel Logout 1.0, section 2.6).
CREATE TABLE identity.logout_tokens (
  connection_id uuid NOT NULL,
  jti_hash      text NOT NULL,
  expires_at    timestamptz NOT NULL,
  PRIMARY KEY (connection_id, jti_hash)
);
CREATE INDEX logout_tokens_expiry ON identity.logout_tokens (expires_at);
GRANT SELECT, INSERT, DELETE ON identity.logout_tokens TO tenantry_system;

ALTER TABLE identity.sessions
  ADD COLUMN connection_id    uuid,
  -- The only tenant that the session acts in: a tenant's connection speaks for that tenant.
  ADD COLUMN reach            uuid,
  ADD COLUMN provider_subject text,
  ADD COLUMN provider_session text,
  -- For logging out at the provider; sealed.
  ADD COLUMN id_token         text,
  ADD CONSTRAINT sessions_provider CHECK ((connection_id IS NULL) = (provider_subject IS NULL)),
  ADD CONSTRAINT sessions_reach CHECK (reach IS NULL OR connection_id IS NOT NULL);
CREATE INDEX sessions_of_connection ON identity.sessions (connection_id, provider_subject)
  WHERE connection_id IS NOT NULL;

-- With a connection goes what stood on it, whoever deletes it: its sessions would be nobody's to end.
CREATE FUNCTION identity.connection_gone() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  DELETE FROM identity.sessions WHERE connection_id = OLD.id;
  DELETE FROM identity.sso_flows WHERE connection_id = OLD.id;
  DELETE FROM identity.pending_links WHERE connection_id = OLD.id;
  DELETE FROM identity.provider_identities WHERE connection_id = OLD.id;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION identity.connection_gone FROM PUBLIC;
CREATE TRIGGER connections_gone AFTER DELETE ON identity.connections
  FOR EACH ROW EXECUTE FUNCTION identity.connection_gone();
-- Another provider means other people by the same names.
CREATE TRIGGER connections_moved AFTER UPDATE OF settings ON identity.connections
  FOR EACH ROW WHEN (OLD.settings ->> 'issuer' IS DISTINCT FROM NEW.settings ->> 'issuer')
  EXECUTE FUNCTION identity.connection_gone();
-- Who is let in changes with it: whoever watches the tenant looks again.
CREATE TRIGGER connections_announce AFTER UPDATE OF enforced_at ON identity.connections
  FOR EACH ROW EXECUTE FUNCTION platform.announce_tenant('members');
