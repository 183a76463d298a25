-- Answers kept for requests with an Idempotency-Key.

-- Keys of the installation, which belong to no tenant, wrapped by the key provider: without it this table says nothing.
CREATE TABLE platform.installation_keys (
  name        text PRIMARY KEY CHECK (name ~ '^[a-z-]{1,40}$'),
  provider    text NOT NULL,
  wrapped_key text NOT NULL,
  created_at  timestamptz NOT NULL
);
GRANT SELECT, INSERT ON platform.installation_keys TO tenantry_system;

-- One row a keyed request. `id` is a MAC of the actor and their key, `fingerprint` one of what they asked for, and
-- `answer` is sealed: who reads this table learns neither keys, nor requests, nor answers (one may hold a secret that is
-- shown once). A request may be of nobody (a sign-up), so this belongs to no tenant; the application's role has no
-- right here.
CREATE TABLE platform.request_keys (
  id          text PRIMARY KEY CHECK (id ~ '^[0-9a-f]{64}$'),
  fingerprint text NOT NULL CHECK (fingerprint ~ '^[0-9a-f]{64}$'),
  -- running: it runs, or whoever ran it died. unknown: it ended, and nobody knows how. kept: `answer` is the answer.
  state       text NOT NULL CHECK (state IN ('running', 'unknown', 'kept')),
  answer      text CHECK ((answer IS NOT NULL) = (state = 'kept')),
  created_at  timestamptz NOT NULL
);
CREATE INDEX request_keys_created ON platform.request_keys (created_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON platform.request_keys TO tenantry_system;
