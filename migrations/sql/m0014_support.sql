-- Access of platform staff to tenants: with their consent, or by breaking the glass.
CREATE TABLE identity.support_access (
  id              uuid PRIMARY KEY,
  tenant_id       uuid NOT NULL,
  kind            text NOT NULL DEFAULT 'consent' CHECK (kind IN ('consent', 'break-glass')),
  level           text NOT NULL DEFAULT 'read' CHECK (level IN ('read', 'write')),
  reason          text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
  granted_by      uuid NOT NULL,
  -- Copied: people cannot be read from inside a tenant, and whoever gave it may have left.
  granted_by_name text NOT NULL,
  -- Broken glass lets in the one who broke it. NULL: all of the platform's support staff.
  holder          uuid REFERENCES identity.users (id) ON DELETE CASCADE,
  -- What was typed to break the glass: the tenant's slug.
  tenant_slug     text,
  created_at      timestamptz NOT NULL,
  starts_at       timestamptz NOT NULL,
  expires_at      timestamptz NOT NULL,
  revoked_at      timestamptz,
  CHECK (starts_at < expires_at),
  CHECK ((kind = 'consent' AND expires_at <= starts_at + interval '168 hours')
         OR (kind = 'break-glass' AND level = 'read' AND expires_at <= starts_at + interval '60 minutes')),
  CHECK ((kind = 'break-glass') = (holder IS NOT NULL AND tenant_slug IS NOT NULL))
);
CREATE INDEX support_access_of_tenant ON identity.support_access (tenant_id, id);
-- What each request of a member of staff looks up.
CREATE INDEX support_access_open ON identity.support_access (expires_at) WHERE revoked_at IS NULL;
SELECT platform.protect('identity.support_access');
-- Who broke the glass is the platform's business; the tenant is told by name.
GRANT SELECT (id, tenant_id, kind, level, reason, granted_by, granted_by_name, created_at, starts_at, expires_at,
              revoked_at)
  ON identity.support_access TO tenantry_app;
-- A tenant gives consent; it breaks no glass.
GRANT INSERT (id, tenant_id, level, reason, granted_by, granted_by_name, created_at, starts_at, expires_at)
  ON identity.support_access TO tenantry_app;
GRANT UPDATE (revoked_at) ON identity.support_access TO tenantry_app;
GRANT SELECT, INSERT, UPDATE (revoked_at) ON identity.support_access TO tenantry_system;

-- Whoever watches a tenant by an access that has ended is sent away.
CREATE TRIGGER support_access_announce AFTER INSERT OR UPDATE ON identity.support_access
  FOR EACH ROW EXECUTE FUNCTION platform.announce_tenant('support');

-- Which member of staff has used which access for what kind of thing, by the hour: what the tenant is told of viewing.
CREATE TABLE platform.support_uses (
  tenant_id uuid NOT NULL,
  access_id uuid NOT NULL,
  user_id   uuid NOT NULL,
  kind      text NOT NULL,
  hour      timestamptz NOT NULL,
  last_at   timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, access_id, user_id, kind, hour)
);
SELECT platform.protect('platform.support_uses');
GRANT SELECT, INSERT, UPDATE ON platform.support_uses TO tenantry_app;
GRANT SELECT ON platform.support_uses TO tenantry_system;
