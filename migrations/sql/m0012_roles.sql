-- The roles that tenants make for themselves.

CREATE TABLE identity.roles (
  id          uuid PRIMARY KEY,
  tenant_id   uuid NOT NULL,
  name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
  description text NOT NULL CHECK (length(description) <= 500),
  -- As resource:action, without tenant:view, which every role includes.
  rights      text[] NOT NULL CHECK (cardinality(rights) <= 100),
  created_at  timestamptz NOT NULL,
  updated_at  timestamptz NOT NULL,
  -- What holds a role refers to both: a role of another tenant cannot be held.
  UNIQUE (tenant_id, id)
);
CREATE UNIQUE INDEX roles_name ON identity.roles (tenant_id, lower(name));
SELECT platform.protect('identity.roles');
GRANT SELECT, INSERT, DELETE ON identity.roles TO tenantry_app;
GRANT UPDATE (name, description, rights, updated_at) ON identity.roles TO tenantry_app;
GRANT SELECT ON identity.roles TO tenantry_system;

-- How often a tenant's roles were changed. Whoever has the rules of a version in memory knows by it whether they
-- are those of now.
CREATE TABLE identity.policy_versions (
  tenant_id uuid PRIMARY KEY,
  version   bigint NOT NULL
);
SELECT platform.protect('identity.policy_versions');
GRANT SELECT ON identity.policy_versions TO tenantry_app, tenantry_system;

-- In the transaction of the change, whoever makes it and however: nobody but this function writes a version.
CREATE FUNCTION identity.policy_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  tenant uuid := coalesce(NEW.tenant_id, OLD.tenant_id);
  now_at bigint;
BEGIN
  INSERT INTO identity.policy_versions AS v (tenant_id, version) VALUES (tenant, 1)
  ON CONFLICT (tenant_id) DO UPDATE SET version = v.version + 1
  RETURNING v.version INTO now_at;
  PERFORM pg_notify('tenantry_policy', now_at || ' ' || tenant);
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION identity.policy_changed FROM PUBLIC;
CREATE TRIGGER roles_policy AFTER INSERT OR UPDATE OR DELETE ON identity.roles
  FOR EACH ROW EXECUTE FUNCTION identity.policy_changed();
CREATE TRIGGER roles_announce AFTER INSERT OR UPDATE OR DELETE ON identity.roles
  FOR EACH ROW EXECUTE FUNCTION platform.announce_tenant('members');

ALTER TABLE identity.memberships
  ADD COLUMN custom_role_id uuid,
  DROP CONSTRAINT memberships_role_check,
  ADD CONSTRAINT memberships_role_check
    CHECK (role IN ('owner', 'admin', 'developer', 'billing', 'viewer', 'custom')),
  ADD CONSTRAINT memberships_custom CHECK ((role = 'custom') = (custom_role_id IS NOT NULL)),
  ADD CONSTRAINT memberships_custom_role
    FOREIGN KEY (tenant_id, custom_role_id) REFERENCES identity.roles (tenant_id, id);
CREATE INDEX memberships_of_role ON identity.memberships (tenant_id, custom_role_id)
  WHERE custom_role_id IS NOT NULL;

-- An invitation that is over does not keep its role from being deleted.
ALTER TABLE identity.invitations
  ADD COLUMN custom_role_id uuid,
  DROP CONSTRAINT invitations_role_check,
  ADD CONSTRAINT invitations_role_check
    CHECK (role IN ('owner', 'admin', 'developer', 'billing', 'viewer', 'custom')),
  ADD CONSTRAINT invitations_custom CHECK (
    CASE WHEN role = 'custom'
      THEN custom_role_id IS NOT NULL OR accepted_at IS NOT NULL OR revoked_at IS NOT NULL
      ELSE custom_role_id IS NULL
    END),
  ADD CONSTRAINT invitations_custom_role
    FOREIGN KEY (tenant_id, custom_role_id) REFERENCES identity.roles (tenant_id, id)
    ON DELETE SET NULL (custom_role_id);
CREATE INDEX invitations_of_role ON identity.invitations (tenant_id, custom_role_id)
  WHERE custom_role_id IS NOT NULL;
GRANT SELECT (custom_role_id), INSERT (custom_role_id) ON identity.invitations TO tenantry_app;
