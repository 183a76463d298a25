-- Second factors: what people prove themselves with beside a password. They are the person's, in every tenant, so only
-- the system role (authentication) reaches them.

ALTER TABLE identity.sessions
  -- What was shown to open it, and to prove it since.
  ADD COLUMN methods text[] NOT NULL DEFAULT '{password}'
    CHECK (methods <@ '{password,otp,recovery,passkey,sso}'::text[] AND cardinality(methods) > 0),
  -- When the person last proved who they are. Sessions from before have proven nothing.
  ADD COLUMN proved_at timestamptz;

-- An authenticator of codes (RFC 6238). The seed is sealed under a key of the installation.
CREATE TABLE identity.totp (
  user_id      uuid PRIMARY KEY REFERENCES identity.users (id) ON DELETE CASCADE,
  seed         text NOT NULL,
  created_at   timestamptz NOT NULL,
  -- Null: it waits for its first code, and is no factor yet.
  confirmed_at timestamptz,
  -- The last step of which a code was taken. Codes of this step and earlier ones are not taken again.
  last_step    bigint NOT NULL DEFAULT 0
);
GRANT SELECT, INSERT, UPDATE, DELETE ON identity.totp TO tenantry_system;

-- MACs of the codes for whoever lost their factors.
CREATE TABLE identity.recovery_codes (
  user_id    uuid NOT NULL REFERENCES identity.users (id) ON DELETE CASCADE,
  code_mac   text NOT NULL,
  created_at timestamptz NOT NULL,
  used_at    timestamptz,
  PRIMARY KEY (user_id, code_mac)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON identity.recovery_codes TO tenantry_system;

CREATE TABLE identity.passkeys (
  id            uuid PRIMARY KEY,
  user_id       uuid NOT NULL REFERENCES identity.users (id) ON DELETE CASCADE,
  -- As the authenticator calls it, in base64url.
  credential_id text NOT NULL UNIQUE CHECK (length(credential_id) <= 1400),
  name          text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
  -- The public key with its flags and counter.
  credential    jsonb NOT NULL,
  -- The signature counter of the last use; 0 before the first, and for authenticators that keep none.
  counter       bigint NOT NULL DEFAULT 0,
  created_at    timestamptz NOT NULL,
  last_used_at  timestamptz
);
CREATE INDEX passkeys_of_user ON identity.passkeys (user_id);
GRANT SELECT, INSERT, UPDATE, DELETE ON identity.passkeys TO tenantry_system;

-- Challenges that were given out. Taking one is deleting it: each is used once.
CREATE TABLE identity.passkey_challenges (
  token_hash text PRIMARY KEY,
  purpose    text NOT NULL CHECK (purpose IN ('register', 'log_in', 'assert')),
  -- Null: whoever logs in by a passkey alone is not known before.
  user_id    uuid REFERENCES identity.users (id) ON DELETE CASCADE,
  state      jsonb NOT NULL,
  expires_at timestamptz NOT NULL,
  CONSTRAINT passkey_challenges_user CHECK ((purpose = 'log_in') = (user_id IS NULL))
);
CREATE INDEX passkey_challenges_expiry ON identity.passkey_challenges (expires_at);
CREATE INDEX passkey_challenges_of_user ON identity.passkey_challenges (user_id);
GRANT SELECT, INSERT, DELETE ON identity.passkey_challenges TO tenantry_system;

-- Log-ins that have shown a password and wait for the second factor.
CREATE TABLE identity.pending_log_ins (
  token_hash text PRIMARY KEY,
  user_id    uuid NOT NULL REFERENCES identity.users (id) ON DELETE CASCADE,
  methods    text[] NOT NULL,
  tries      smallint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX pending_log_ins_expiry ON identity.pending_log_ins (expires_at);
CREATE INDEX pending_log_ins_of_user ON identity.pending_log_ins (user_id);
GRANT SELECT, INSERT, UPDATE, DELETE ON identity.pending_log_ins TO tenantry_system;

-- Wrong codes of a person in a row, on all nodes together.
CREATE TABLE identity.factor_tries (
  user_id      uuid PRIMARY KEY REFERENCES identity.users (id) ON DELETE CASCADE,
  failures     integer NOT NULL DEFAULT 0,
  locked_until timestamptz
);
GRANT SELECT, INSERT, UPDATE, DELETE ON identity.factor_tries TO tenantry_system;

-- What a tenant demands of its members' log-ins. Without a row: nothing.
CREATE TABLE identity.log_in_policies (
  tenant_id    uuid PRIMARY KEY,
  mfa_required boolean NOT NULL,
  updated_at   timestamptz NOT NULL
);
SELECT platform.protect('identity.log_in_policies');
GRANT SELECT, INSERT, UPDATE ON identity.log_in_policies TO tenantry_app;
GRANT SELECT ON identity.log_in_policies TO tenantry_system;
CREATE TRIGGER log_in_policies_announce AFTER INSERT OR UPDATE ON identity.log_in_policies
  FOR EACH ROW EXECUTE FUNCTION platform.announce_tenant('members');
