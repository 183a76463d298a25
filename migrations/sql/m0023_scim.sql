-- A tenant's directory provisions its people (SCIM 2.0, RFC 7643 and RFC 7644).

-- One a tenant. Without the row, or with enabled = false, no token is good.
CREATE TABLE identity.scim_connections (
  tenant_id      uuid PRIMARY KEY,
  enabled        boolean NOT NULL,
  -- What somebody becomes who is in no group with a role. `custom` without an id: that role is gone, viewer counts.
  role           text NOT NULL CHECK (role IN ('owner', 'admin', 'developer', 'billing', 'viewer', 'custom')),
  custom_role_id uuid,
  created_at     timestamptz NOT NULL,
  updated_at     timestamptz NOT NULL,
  CHECK (role = 'custom' OR custom_role_id IS NULL),
  FOREIGN KEY (tenant_id, custom_role_id) REFERENCES identity.roles (tenant_id, id)
    ON DELETE SET NULL (custom_role_id)
);
SELECT platform.protect('identity.scim_connections');
GRANT SELECT, INSERT ON identity.scim_connections TO tenantry_app;
GRANT UPDATE (enabled, role, custom_role_id, updated_at) ON identity.scim_connections TO tenantry_app;
GRANT SELECT ON identity.scim_connections TO tenantry_system;

-- Bearer tokens of the directory. Each acts with the authority of the member who made it, as it is at the request.
CREATE TABLE identity.scim_tokens (
  id             uuid PRIMARY KEY,
  tenant_id      uuid NOT NULL,
  name           text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  -- The beginning of the secret, to know it by.
  prefix         text NOT NULL CHECK (length(prefix) <= 20),
  -- NULL: revoked.
  secret_hash    text UNIQUE,
  maker          uuid NOT NULL REFERENCES identity.users (id) ON DELETE CASCADE,
  -- Copied, as people cannot be read from inside a tenant and the maker may have left.
  maker_name     text NOT NULL,
  created_at     timestamptz NOT NULL,
  expires_at     timestamptz NOT NULL,
  last_used_at   timestamptz,
  last_used_from text,
  revoked_at     timestamptz,
  CHECK (expires_at > created_at AND expires_at <= created_at + interval '366 days'),
  CHECK ((secret_hash IS NULL) = (revoked_at IS NOT NULL))
);
CREATE INDEX scim_tokens_of_tenant ON identity.scim_tokens (tenant_id, id);
CREATE INDEX scim_tokens_of_maker ON identity.scim_tokens (maker);
SELECT platform.protect('identity.scim_tokens');
-- No request reads what tokens are known by.
GRANT SELECT (id, tenant_id, name, prefix, maker, maker_name, created_at, expires_at, last_used_at, last_used_from,
              revoked_at) ON identity.scim_tokens TO tenantry_app;
GRANT INSERT ON identity.scim_tokens TO tenantry_app;
GRANT UPDATE (secret_hash, revoked_at) ON identity.scim_tokens TO tenantry_app;
GRANT SELECT, UPDATE, DELETE ON identity.scim_tokens TO tenantry_system;

-- People as the directory describes them. The membership is what lets somebody in; this is what it follows.
CREATE TABLE identity.scim_users (
  id          uuid PRIMARY KEY,
  tenant_id   uuid NOT NULL,
  user_name   text NOT NULL CHECK (length(user_name) BETWEEN 1 AND 256),
  external_id text CHECK (length(external_id) <= 1024),
  -- The address that the person is invited by and known by: the primary one of the directory's.
  email       text NOT NULL CHECK (email = lower(email) AND length(email) <= 254),
  active      boolean NOT NULL,
  -- The person, once they are a member. It stays while the directory has them deactivated, and only then.
  user_id     uuid REFERENCES identity.users (id) ON DELETE SET NULL,
  -- Their account's address and name as a member, for when they come back.
  member_email text,
  member_name text,
  -- Whether the member's role comes from the directory's groups.
  role_given  boolean NOT NULL,
  attributes  jsonb NOT NULL,
  version     bigint NOT NULL,
  created_at  timestamptz NOT NULL,
  updated_at  timestamptz NOT NULL,
  UNIQUE (tenant_id, id)
);
CREATE UNIQUE INDEX scim_users_name ON identity.scim_users (tenant_id, lower(user_name));
CREATE UNIQUE INDEX scim_users_email ON identity.scim_users (tenant_id, email);
CREATE UNIQUE INDEX scim_users_person ON identity.scim_users (tenant_id, user_id) WHERE user_id IS NOT NULL;
CREATE INDEX scim_users_external ON identity.scim_users (tenant_id, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX scim_users_of_user ON identity.scim_users (user_id) WHERE user_id IS NOT NULL;
SELECT platform.protect('identity.scim_users');
GRANT SELECT, INSERT, UPDATE, DELETE ON identity.scim_users TO tenantry_app;
GRANT SELECT, UPDATE ON identity.scim_users TO tenantry_system;

CREATE TABLE identity.scim_groups (
  id             uuid PRIMARY KEY,
  tenant_id      uuid NOT NULL,
  display_name   text NOT NULL CHECK (length(display_name) BETWEEN 1 AND 256),
  external_id    text CHECK (length(external_id) <= 1024),
  -- What its members become. NULL, or `custom` without an id: nothing.
  role           text CHECK (role IN ('owner', 'admin', 'developer', 'billing', 'viewer', 'custom')),
  custom_role_id uuid,
  version        bigint NOT NULL,
  created_at     timestamptz NOT NULL,
  updated_at     timestamptz NOT NULL,
  UNIQUE (tenant_id, id),
  CHECK (custom_role_id IS NULL OR role IS NOT DISTINCT FROM 'custom'),
  FOREIGN KEY (tenant_id, custom_role_id) REFERENCES identity.roles (tenant_id, id)
    ON DELETE SET NULL (custom_role_id)
);
CREATE INDEX scim_groups_name ON identity.scim_groups (tenant_id, lower(display_name));
CREATE INDEX scim_groups_role ON identity.scim_groups (tenant_id, custom_role_id) WHERE custom_role_id IS NOT NULL;
SELECT platform.protect('identity.scim_groups');
GRANT SELECT, INSERT, UPDATE, DELETE ON identity.scim_groups TO tenantry_app;

CREATE TABLE identity.scim_group_members (
  tenant_id uuid NOT NULL,
  group_id  uuid NOT NULL,
  user_id   uuid NOT NULL,
  PRIMARY KEY (group_id, user_id),
  FOREIGN KEY (tenant_id, group_id) REFERENCES identity.scim_groups (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, user_id) REFERENCES identity.scim_users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX scim_group_members_of_group ON identity.scim_group_members (tenant_id, group_id);
CREATE INDEX scim_group_members_of_user ON identity.scim_group_members (tenant_id, user_id);
SELECT platform.protect('identity.scim_group_members');
GRANT SELECT, INSERT, DELETE ON identity.scim_group_members TO tenantry_app;

-- Whoever becomes a member, by whatever way, is the directory's person of that address.
CREATE FUNCTION identity.scim_joined() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE identity.scim_users SET user_id = NEW.user_id
  WHERE tenant_id = NEW.tenant_id AND email = NEW.email AND user_id IS NULL AND active;
  RETURN NULL;
END $$;
CREATE TRIGGER memberships_scim_joined AFTER INSERT ON identity.memberships
  FOR EACH ROW EXECUTE FUNCTION identity.scim_joined();

-- Whoever leaves, or is removed by hand, is not active any more, and comes back by an invitation only. Whom the directory
-- deactivated is not active before this runs, and stays known.
CREATE FUNCTION identity.scim_left() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE identity.scim_users SET user_id = NULL, active = false, version = version + 1
  WHERE tenant_id = OLD.tenant_id AND user_id = OLD.user_id AND active;
  RETURN NULL;
END $$;
CREATE TRIGGER memberships_scim_left AFTER DELETE ON identity.memberships
  FOR EACH ROW EXECUTE FUNCTION identity.scim_left();

-- The role of an open invitation follows the groups.
GRANT UPDATE (role, custom_role_id) ON identity.invitations TO tenantry_app;

CREATE TRIGGER scim_users_announce AFTER INSERT OR UPDATE OR DELETE ON identity.scim_users
  FOR EACH ROW EXECUTE FUNCTION platform.announce_tenant('members');
