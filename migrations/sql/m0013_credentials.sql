-- What programs come in with: API keys, service accounts with their credentials, and the tokens these are given.

-- A key acts for the member who made it. It dies with the membership: authentication joins the two.
CREATE TABLE identity.api_keys (
  id                uuid PRIMARY KEY,
  tenant_id         uuid NOT NULL,
  name              text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  -- The beginning of the newest secret, to know it by.
  prefix            text NOT NULL CHECK (length(prefix) <= 20),
  scopes            text[] NOT NULL CHECK (cardinality(scopes) BETWEEN 1 AND 100),
  -- Networks in CIDR notation; empty: from anywhere.
  allowed_addresses text[] NOT NULL CHECK (cardinality(allowed_addresses) <= 50),
  maker             uuid NOT NULL REFERENCES identity.users (id) ON DELETE CASCADE,
  -- Copied, as people cannot be read from inside a tenant and the maker may have left.
  maker_name        text NOT NULL,
  created_at        timestamptz NOT NULL,
  -- Of the newest secret: a rotation gives the key as much time again as it was made with.
  issued_at         timestamptz NOT NULL,
  expires_at        timestamptz NOT NULL,
  last_used_at      timestamptz,
  last_used_from    text,
  revoked_at        timestamptz,
  UNIQUE (id, tenant_id),
  CHECK (expires_at > issued_at AND expires_at <= issued_at + interval '366 days')
);
CREATE INDEX api_keys_of_tenant ON identity.api_keys (tenant_id, id);
CREATE INDEX api_keys_of_maker ON identity.api_keys (maker);
SELECT platform.protect('identity.api_keys');
GRANT SELECT, INSERT ON identity.api_keys TO tenantry_app;
GRANT UPDATE (prefix, issued_at, expires_at, revoked_at) ON identity.api_keys TO tenantry_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON identity.api_keys TO tenantry_system;

-- A key's secrets: the newest, and for a while the one before it.
CREATE TABLE identity.api_key_secrets (
  secret_hash text PRIMARY KEY,
  tenant_id   uuid NOT NULL,
  key_id      uuid NOT NULL,
  -- NULL: the newest, good as long as the key.
  valid_until timestamptz,
  FOREIGN KEY (key_id, tenant_id) REFERENCES identity.api_keys (id, tenant_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX api_key_secrets_newest ON identity.api_key_secrets (key_id) WHERE valid_until IS NULL;
CREATE UNIQUE INDEX api_key_secrets_before ON identity.api_key_secrets (key_id) WHERE valid_until IS NOT NULL;
SELECT platform.protect('identity.api_key_secrets');
-- No request reads what keys are known by.
GRANT SELECT (tenant_id, key_id, valid_until) ON identity.api_key_secrets TO tenantry_app;
GRANT INSERT, DELETE ON identity.api_key_secrets TO tenantry_app;
GRANT UPDATE (valid_until) ON identity.api_key_secrets TO tenantry_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON identity.api_key_secrets TO tenantry_system;

-- A program that acts in its own name, with a role of its own.
CREATE TABLE identity.service_accounts (
  id           uuid PRIMARY KEY,
  tenant_id    uuid NOT NULL,
  name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  role         text NOT NULL CHECK (role IN ('owner', 'admin', 'developer', 'billing', 'viewer', 'custom')),
  -- The tenant's own role, where `role` says custom.
  custom_role_id uuid,
  creator      uuid NOT NULL,
  creator_name text NOT NULL,
  created_at   timestamptz NOT NULL,
  -- A deleted account keeps its row, so that the audit trail can name it, and nothing else.
  disabled_at  timestamptz,
  last_used_at timestamptz,
  UNIQUE (id, tenant_id),
  CHECK ((role = 'custom' AND disabled_at IS NULL) = (custom_role_id IS NOT NULL)),
  FOREIGN KEY (tenant_id, custom_role_id) REFERENCES identity.roles (tenant_id, id)
);
CREATE INDEX service_accounts_of_tenant ON identity.service_accounts (tenant_id, id);
CREATE INDEX service_accounts_of_role ON identity.service_accounts (tenant_id, custom_role_id)
  WHERE custom_role_id IS NOT NULL;
SELECT platform.protect('identity.service_accounts');
GRANT SELECT, INSERT ON identity.service_accounts TO tenantry_app;
GRANT UPDATE (custom_role_id, disabled_at) ON identity.service_accounts TO tenantry_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON identity.service_accounts TO tenantry_system;

-- How an account proves that it is itself: secrets, and public keys for signed assertions (RFC 7523).
CREATE TABLE identity.service_account_credentials (
  id           uuid PRIMARY KEY,
  tenant_id    uuid NOT NULL,
  account_id   uuid NOT NULL,
  kind         text NOT NULL CHECK (kind IN ('secret', 'public_key')),
  hint         text NOT NULL CHECK (length(hint) <= 100),
  secret_hash  text UNIQUE,
  public_key   text CHECK (length(public_key) <= 4096),
  -- Who added it, and so knows it: it goes when they go.
  creator      uuid NOT NULL,
  created_at   timestamptz NOT NULL,
  expires_at   timestamptz,
  last_used_at timestamptz,
  FOREIGN KEY (account_id, tenant_id) REFERENCES identity.service_accounts (id, tenant_id) ON DELETE CASCADE,
  CHECK ((kind = 'secret') = (secret_hash IS NOT NULL)),
  CHECK ((kind = 'public_key') = (public_key IS NOT NULL)),
  CHECK (kind <> 'secret' OR expires_at <= created_at + interval '366 days')
);
CREATE INDEX service_account_credentials_of_account ON identity.service_account_credentials (account_id, id);
SELECT platform.protect('identity.service_account_credentials');
GRANT SELECT (id, tenant_id, account_id, kind, hint, creator, created_at, expires_at, last_used_at)
  ON identity.service_account_credentials TO tenantry_app;
GRANT INSERT, DELETE ON identity.service_account_credentials TO tenantry_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON identity.service_account_credentials TO tenantry_system;

-- Access tokens. They go with the credential that they were got with.
CREATE TABLE identity.access_tokens (
  token_hash    text PRIMARY KEY,
  tenant_id     uuid NOT NULL,
  account_id    uuid NOT NULL,
  credential_id uuid NOT NULL REFERENCES identity.service_account_credentials (id) ON DELETE CASCADE,
  -- What was asked for; NULL: all that the account's role allows.
  scopes        text[],
  created_at    timestamptz NOT NULL,
  expires_at    timestamptz NOT NULL,
  FOREIGN KEY (account_id, tenant_id) REFERENCES identity.service_accounts (id, tenant_id) ON DELETE CASCADE
);
CREATE INDEX access_tokens_of_credential ON identity.access_tokens (credential_id);
CREATE INDEX access_tokens_of_account ON identity.access_tokens (account_id);
CREATE INDEX access_tokens_expiry ON identity.access_tokens (expires_at);
SELECT platform.protect('identity.access_tokens');
GRANT SELECT, INSERT, UPDATE, DELETE ON identity.access_tokens TO tenantry_system;

-- Assertions that were used (RFC 7523, section 3, "jti"): each works once, on whichever node.
CREATE TABLE identity.client_assertions (
  account_id uuid NOT NULL REFERENCES identity.service_accounts (id) ON DELETE CASCADE,
  jti_hash   text NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, jti_hash)
);
CREATE INDEX client_assertions_expiry ON identity.client_assertions (expires_at);
GRANT SELECT, INSERT, DELETE ON identity.client_assertions TO tenantry_system;

-- Whoever watches a tenant with a credential looks at once whether it is still good.
CREATE TRIGGER api_keys_announce AFTER UPDATE OF revoked_at ON identity.api_keys
  FOR EACH ROW EXECUTE FUNCTION platform.announce_tenant('credentials');
CREATE TRIGGER service_account_credentials_announce AFTER DELETE ON identity.service_account_credentials
  FOR EACH ROW EXECUTE FUNCTION platform.announce_tenant('credentials');
