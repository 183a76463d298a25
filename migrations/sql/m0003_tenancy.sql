-- Tenants: owned by the control plane, above the three contexts.
CREATE SCHEMA tenancy;
GRANT USAGE ON SCHEMA tenancy TO tenantry_app, tenantry_system;

CREATE TABLE tenancy.tenants (
  id         uuid PRIMARY KEY,
  slug       text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$'),
  name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
  status     text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended', 'closed')),
  created_at timestamptz NOT NULL
);
SELECT platform.protect('tenancy.tenants', 'id');
GRANT SELECT, UPDATE ON tenancy.tenants TO tenantry_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON tenancy.tenants TO tenantry_system;
