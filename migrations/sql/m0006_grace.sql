-- A deleted instance keeps its data for its days of grace; and how long first boots take is remembered.
ALTER TABLE provisioner.instances
  -- when a deleted instance's data may go; until then it can be restored
  ADD COLUMN delete_at        timestamptz,
  -- the point of no return, written under the fence before the first step that loses data
  ADD COLUMN removal_began_at timestamptz,
  -- unlike `ready_at`, kept when it is started again
  ADD COLUMN first_ready_at   timestamptz;

UPDATE provisioner.instances
   SET delete_at = coalesce(deleted_at, created_at), removal_began_at = coalesce(deleted_at, created_at)
 WHERE desired = 'deleted';

ALTER TABLE provisioner.instances
  ADD CONSTRAINT instances_deletion CHECK ((desired = 'deleted') = (delete_at IS NOT NULL)),
  -- Whose data has begun to go is not wanted again, and no data goes before its time: whatever the code believes.
  ADD CONSTRAINT instances_removal CHECK (removal_began_at IS NULL
                                          OR (desired = 'deleted' AND removal_began_at >= delete_at));

CREATE INDEX instances_first_boots ON provisioner.instances (region, first_ready_at DESC)
  WHERE first_ready_at IS NOT NULL;

-- As before, and a deletion that is hastened or taken back is a change that watchers see.
CREATE OR REPLACE FUNCTION provisioner.announce_instance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' OR NEW.generation IS DISTINCT FROM OLD.generation
     OR NEW.next_attempt_at < OLD.next_attempt_at THEN
    PERFORM pg_notify('tenantry_due', NEW.region);
  END IF;
  IF TG_OP = 'INSERT' OR NEW.phase IS DISTINCT FROM OLD.phase OR NEW.desired IS DISTINCT FROM OLD.desired
     OR NEW.failure_code IS DISTINCT FROM OLD.failure_code OR NEW.delete_at IS DISTINCT FROM OLD.delete_at THEN
    PERFORM pg_notify('tenantry_instance', NEW.id::text);
  END IF;
  RETURN NULL;
END $$;
