-- People, what they are in each tenant, their sessions and one-time links.
CREATE SCHEMA identity;
GRANT USAGE ON SCHEMA identity TO tenantry_app, tenantry_system;

-- A person is in no tenant by itself: only the system role (authentication) reads this table.
CREATE TABLE identity.users (
  id                uuid PRIMARY KEY,
  email             text NOT NULL UNIQUE CHECK (email = lower(email) AND length(email) <= 254),
  name              text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
  password_hash     text,
  platform_role     text,
  email_verified_at timestamptz,
  created_at        timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON identity.users TO tenantry_system;

CREATE TABLE identity.memberships (
  tenant_id  uuid NOT NULL,
  user_id    uuid NOT NULL REFERENCES identity.users (id) ON DELETE CASCADE,
  role       text NOT NULL CHECK (role IN ('owner', 'admin', 'developer', 'billing', 'viewer')),
  -- Copied at joining and on change, so that a tenant can list its members without reading other people.
  email      text NOT NULL,
  name       text NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, user_id)
);
CREATE INDEX memberships_of_user ON identity.memberships (user_id);
SELECT platform.protect('identity.memberships');
GRANT SELECT, INSERT, UPDATE, DELETE ON identity.memberships TO tenantry_app, tenantry_system;

CREATE TABLE identity.sessions (
  id           uuid PRIMARY KEY,
  token_hash   text NOT NULL UNIQUE,
  user_id      uuid NOT NULL REFERENCES identity.users (id) ON DELETE CASCADE,
  created_at   timestamptz NOT NULL,
  last_seen_at timestamptz NOT NULL,
  expires_at   timestamptz NOT NULL,
  address      text,
  user_agent   text
);
CREATE INDEX sessions_of_user ON identity.sessions (user_id);
CREATE INDEX sessions_expiry ON identity.sessions (expires_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON identity.sessions TO tenantry_system;

CREATE TABLE identity.email_tokens (
  token_hash text PRIMARY KEY,
  user_id    uuid NOT NULL REFERENCES identity.users (id) ON DELETE CASCADE,
  purpose    text NOT NULL CHECK (purpose IN ('verify', 'reset', 'operator_setup')),
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at    timestamptz
);
CREATE INDEX email_tokens_of_user ON identity.email_tokens (user_id, purpose);
GRANT SELECT, INSERT, UPDATE, DELETE ON identity.email_tokens TO tenantry_system;

-- The embedded default of the mail port: mail is kept here, for tests and the development mailbox.
CREATE TABLE identity.captured_mail (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  recipient  text NOT NULL,
  subject    text NOT NULL,
  body       text NOT NULL,
  created_at timestamptz NOT NULL
);
CREATE INDEX captured_mail_of_recipient ON identity.captured_mail (recipient, id);
GRANT SELECT, INSERT, DELETE ON identity.captured_mail TO tenantry_system;
