-- Webhooks: endpoints, the tenants' feeds of messages, and deliveries of messages to endpoints.
CREATE SCHEMA webhooks;
GRANT USAGE ON SCHEMA webhooks TO tenantry_app, tenantry_system;

-- Where a tenant wants its events sent. Both secrets are sealed under the tenant's key.
CREATE TABLE webhooks.endpoints (
  id              uuid PRIMARY KEY,
  tenant_id       uuid NOT NULL,
  url             text NOT NULL CHECK (length(url) BETWEEN 1 AND 2048),
  description     text NOT NULL CHECK (length(description) <= 200),
  event_types     text[] NOT NULL,              -- none: all
  secret          text NOT NULL,
  previous_secret text,                         -- signs too until previous_until
  previous_until  timestamptz,
  created_at      timestamptz NOT NULL,
  failing_since   timestamptz,                  -- the first failure after which nothing has succeeded
  disabled_at     timestamptz,
  disabled_why    text CHECK (disabled_why IN ('owner', 'gone', 'failing')),
  CHECK ((previous_secret IS NULL) = (previous_until IS NULL)),
  CHECK ((disabled_at IS NULL) = (disabled_why IS NULL)),
  CONSTRAINT endpoints_of_tenant UNIQUE (tenant_id, id),
  CONSTRAINT endpoints_url UNIQUE (tenant_id, url)
);
SELECT platform.protect('webhooks.endpoints');
GRANT SELECT, INSERT, UPDATE, DELETE ON webhooks.endpoints TO tenantry_app;
GRANT SELECT, UPDATE ON webhooks.endpoints TO tenantry_system;

-- How far each tenant's feed goes, and how much of its beginning has been thrown away.
CREATE TABLE webhooks.feeds (
  tenant_id       uuid PRIMARY KEY,
  last_position   bigint NOT NULL,
  purged_position bigint NOT NULL DEFAULT 0
);
SELECT platform.protect('webhooks.feeds');
GRANT SELECT ON webhooks.feeds TO tenantry_app;
GRANT SELECT, INSERT, UPDATE ON webhooks.feeds TO tenantry_system;

-- What is told to a tenant: the very text that is signed and sent. Positions are 1, 2, 3, … in each tenant, given by one
-- dispatcher at a time, so they become visible in their order. A message without a position is a test.
CREATE TABLE webhooks.messages (
  id         uuid PRIMARY KEY,
  tenant_id  uuid NOT NULL,
  position   bigint,
  fact_id    bigint,
  type       text NOT NULL,
  body       text NOT NULL,
  created_at timestamptz NOT NULL,
  CONSTRAINT messages_of_tenant UNIQUE (tenant_id, id),
  CONSTRAINT messages_feed UNIQUE (tenant_id, position),
  CONSTRAINT messages_fact UNIQUE (fact_id)
);
CREATE INDEX messages_age ON webhooks.messages (created_at);
SELECT platform.protect('webhooks.messages');
GRANT SELECT, INSERT ON webhooks.messages TO tenantry_app;
GRANT SELECT, INSERT, DELETE ON webhooks.messages TO tenantry_system;

-- A message on its way to an endpoint. While a sender has it, `lease_until` is set and `next_attempt_at` is the same
-- moment: a sender that dies leaves a row that becomes due by itself. `fence` makes a late sender's write harmless.
CREATE TABLE webhooks.deliveries (
  id              uuid PRIMARY KEY,
  tenant_id       uuid NOT NULL,
  endpoint_id     uuid NOT NULL,
  message_id      uuid NOT NULL,
  state           text NOT NULL CHECK (state IN ('pending', 'delivered', 'dead')),
  attempts        integer NOT NULL DEFAULT 0,   -- in all
  tries           integer NOT NULL DEFAULT 0,   -- since it was made or replayed
  next_attempt_at timestamptz,
  give_up_at      timestamptz NOT NULL,
  lease_until     timestamptz,
  fence           bigint NOT NULL DEFAULT 0,
  created_at      timestamptz NOT NULL,
  delivered_at    timestamptz,
  last_status     integer,
  last_error      text,
  log             jsonb NOT NULL DEFAULT '[]',  -- the last ten attempts, oldest first
  CHECK ((state = 'pending') = (next_attempt_at IS NOT NULL)),
  CONSTRAINT deliveries_once UNIQUE (endpoint_id, message_id),
  FOREIGN KEY (tenant_id, endpoint_id) REFERENCES webhooks.endpoints (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, message_id) REFERENCES webhooks.messages (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX deliveries_due ON webhooks.deliveries (endpoint_id, next_attempt_at) WHERE state = 'pending';
CREATE INDEX deliveries_leased ON webhooks.deliveries (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX deliveries_list ON webhooks.deliveries (tenant_id, endpoint_id, id);
CREATE INDEX deliveries_state ON webhooks.deliveries (tenant_id, endpoint_id, state, id);
CREATE INDEX deliveries_message ON webhooks.deliveries (tenant_id, message_id);
SELECT platform.protect('webhooks.deliveries');
GRANT SELECT, INSERT, UPDATE ON webhooks.deliveries TO tenantry_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON webhooks.deliveries TO tenantry_system;

-- A fact that could not be turned into messages is set aside with the reason, and holds up no other.
ALTER TABLE platform.outbox ADD COLUMN set_aside text;
CREATE INDEX outbox_dispatched ON platform.outbox (dispatched_at) WHERE dispatched_at IS NOT NULL;
