-- Who may take an address that has gone, and what the application may throw away of the edge's sessions.

-- Whether an instance holds its address: while it is there, and for a while after. Third parties may still call the
-- webhooks of one that has gone, and what they send is not for whoever comes next.
CREATE FUNCTION provisioner.holds_address(deleted_at timestamptz, at timestamptz) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT deleted_at IS NULL OR deleted_at > at - interval '90 days'
$$;
REVOKE ALL ON FUNCTION provisioner.holds_address FROM PUBLIC;
GRANT EXECUTE ON FUNCTION provisioner.holds_address TO tenantry_app, tenantry_system;
CREATE INDEX instances_addresses ON provisioner.instances (region, slug);

-- An address that another tenant holds is refused as the unique index refuses it. After the insert: by then the index
-- has made those who want this address take turns, so whoever had it is there to be seen. With the owner's rights:
-- the application cannot see other tenants' instances.
CREATE FUNCTION provisioner.guard_address() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM provisioner.instances i
             WHERE i.region = NEW.region AND i.slug = NEW.slug AND i.tenant_id <> NEW.tenant_id
               AND provisioner.holds_address(i.deleted_at, NEW.created_at)) THEN
    RAISE unique_violation USING
      MESSAGE = 'duplicate key value violates unique constraint "instances_address"',
      SCHEMA = 'provisioner', TABLE = 'instances', CONSTRAINT = 'instances_address';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER instances_guard_address AFTER INSERT ON provisioner.instances
  FOR EACH ROW EXECUTE FUNCTION provisioner.guard_address();

-- A person's oldest sessions go when there are too many.
GRANT DELETE ON provisioner.open_sessions TO tenantry_app;
