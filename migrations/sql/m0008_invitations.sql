-- Invitations into a tenant, and word to whoever shows its people.
CREATE TABLE identity.invitations (
  id            uuid PRIMARY KEY,
  tenant_id     uuid NOT NULL,
  email         text NOT NULL CHECK (email = lower(email) AND length(email) <= 254),
  role          text NOT NULL CHECK (role IN ('owner', 'admin', 'developer', 'billing', 'viewer')),
  invited_by    uuid NOT NULL,
  -- Copied, as people cannot be read from inside a tenant and the inviter may have left.
  inviter_name  text NOT NULL,
  inviter_email text NOT NULL,
  -- Of the newest mail's link. NULL until that mail is written.
  token_hash    text UNIQUE,
  created_at    timestamptz NOT NULL,
  expires_at    timestamptz NOT NULL,
  accepted_at   timestamptz,
  accepted_by   uuid,
  revoked_at    timestamptz,
  CHECK (accepted_at IS NULL OR revoked_at IS NULL),
  CHECK ((accepted_at IS NULL) = (accepted_by IS NULL))
);
-- One open invitation a tenant and address.
CREATE UNIQUE INDEX invitations_open ON identity.invitations (tenant_id, email)
  WHERE accepted_at IS NULL AND revoked_at IS NULL;
CREATE INDEX invitations_of_tenant ON identity.invitations (tenant_id, id)
  WHERE accepted_at IS NULL AND revoked_at IS NULL;
CREATE INDEX invitations_expiry ON identity.invitations (expires_at);
SELECT platform.protect('identity.invitations');
-- No request reads what links are known by, nor says that somebody accepted.
GRANT SELECT (id, tenant_id, email, role, invited_by, inviter_name, created_at, expires_at, accepted_at, revoked_at)
  ON identity.invitations TO tenantry_app;
GRANT INSERT (id, tenant_id, email, role, invited_by, inviter_name, inviter_email, created_at, expires_at)
  ON identity.invitations TO tenantry_app;
GRANT UPDATE (token_hash, expires_at, revoked_at) ON identity.invitations TO tenantry_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON identity.invitations TO tenantry_system;

CREATE TRIGGER memberships_announce AFTER INSERT OR UPDATE OR DELETE ON identity.memberships
  FOR EACH ROW EXECUTE FUNCTION platform.announce_tenant('members');
CREATE TRIGGER invitations_announce AFTER INSERT OR UPDATE OR DELETE ON identity.invitations
  FOR EACH ROW EXECUTE FUNCTION platform.announce_tenant('members');
