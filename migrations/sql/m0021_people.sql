-- Limits of sessions in a tenant, the devices that people log in from, failed log-ins, and mail as HTML.

-- How long a session may be used in a tenant. NULL: as long as the platform lets it.
CREATE TABLE identity.session_policies (
  tenant_id        uuid PRIMARY KEY,
  idle_minutes     integer CHECK (idle_minutes BETWEEN 5 AND 20160),
  absolute_minutes integer CHECK (absolute_minutes BETWEEN 15 AND 43200)
);
SELECT platform.protect('identity.session_policies');
GRANT SELECT, INSERT, UPDATE ON identity.session_policies TO tenantry_app;
GRANT SELECT ON identity.session_policies TO tenantry_system;
-- Whoever watches the tenant in a session that is too old now is sent away.
CREATE TRIGGER session_policies_announce AFTER INSERT OR UPDATE ON identity.session_policies
  FOR EACH ROW EXECUTE FUNCTION platform.announce_tenant('credentials');

-- Sessions from before this moment, and of it, are refused in this tenant, and in no other.
ALTER TABLE identity.memberships ADD COLUMN sessions_valid_from timestamptz;

-- The longest time for which the session was not used. It only grows: who comes back after a break does not make the
-- break undone.
ALTER TABLE identity.sessions ADD COLUMN longest_idle interval NOT NULL DEFAULT '0';

-- Whoever watches a tenant by a session that has ended, or whose token was replaced, is sent away.
CREATE FUNCTION identity.announce_session_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('tenantry_tenant', 'credentials ' || m.tenant_id)
  FROM identity.memberships m WHERE m.user_id = OLD.user_id;
  RETURN NULL;
END $$;
CREATE TRIGGER sessions_ended AFTER DELETE ON identity.sessions
  FOR EACH ROW EXECUTE FUNCTION identity.announce_session_end();
CREATE TRIGGER sessions_rotated AFTER UPDATE OF token_hash ON identity.sessions
  FOR EACH ROW EXECUTE FUNCTION identity.announce_session_end();

-- What a person has logged in from: a log-in from elsewhere is told by mail. The fingerprint is a hash of the person, the
-- browser, the system and the network.
CREATE TABLE identity.known_devices (
  id            uuid PRIMARY KEY,
  user_id       uuid NOT NULL REFERENCES identity.users (id) ON DELETE CASCADE,
  fingerprint   text NOT NULL CHECK (length(fingerprint) = 64),
  name          text NOT NULL CHECK (length(name) <= 120),
  address       text,
  first_seen_at timestamptz NOT NULL,
  last_seen_at  timestamptz NOT NULL,
  UNIQUE (user_id, fingerprint)
);
CREATE INDEX known_devices_last_seen ON identity.known_devices (last_seen_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON identity.known_devices TO tenantry_system;

-- Log-ins that were tried since the last one that succeeded, by the hash of the address: whether there is such an account
-- is not known here.
CREATE TABLE identity.log_in_attempts (
  account_hash text PRIMARY KEY CHECK (length(account_hash) = 64),
  failures     integer NOT NULL CHECK (failures > 0),
  last_at      timestamptz NOT NULL,
  -- Until then nothing is tried.
  free_at      timestamptz NOT NULL
);
CREATE INDEX log_in_attempts_last ON identity.log_in_attempts (last_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON identity.log_in_attempts TO tenantry_system;

-- The same mail for programs that show HTML. NULL: kept before there was any.
ALTER TABLE identity.captured_mail ADD COLUMN html text;
