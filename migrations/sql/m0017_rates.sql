-- Rate limits: how many requests a plan allows a tenant's programs, and what the nodes have taken of each budget.

ALTER TABLE billing.plans ADD COLUMN requests_per_minute integer NOT NULL DEFAULT 6000 CHECK (requests_per_minute > 0);
UPDATE billing.plans SET requests_per_minute = 1200 WHERE code = 'free';
UPDATE billing.plans SET requests_per_minute = 12000 WHERE code = 'pro';
UPDATE billing.plans SET requests_per_minute = 60000 WHERE code = 'enterprise';

-- One row a budget (of a tenant, a credential, an address): its running window and how much of it the nodes have
-- taken. A node takes portions and hands them out by itself, so most requests cost no statement. A row whose window
-- has ended means nothing: the next taking begins a window anew. Unlogged: after a crash of the database the windows
-- begin anew too, which is all that is lost. A bucket may be an address, before anybody is known, so this belongs to
-- no tenant, and the application's role has no right here.
CREATE UNLOGGED TABLE platform.rate_windows (
  bucket  text PRIMARY KEY CHECK (length(bucket) BETWEEN 1 AND 100),
  ends_at timestamptz NOT NULL,
  -- Fixed when the window begins: nodes that were told different limits agree on this one.
  allowed integer NOT NULL CHECK (allowed > 0),
  taken   integer NOT NULL CHECK (taken BETWEEN 0 AND allowed),
  -- What the last taking got.
  portion integer NOT NULL
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE, DELETE ON platform.rate_windows TO tenantry_system;
