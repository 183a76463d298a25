-- The fleet as operators open it: the newest instances of all tenants, page by page. The other orders and the search
-- read the table, which costs some milliseconds at ten thousand rows: less than their indexes would cost each write.
CREATE INDEX instances_fleet ON provisioner.instances (created_at, id) WHERE deleted_at IS NULL;
