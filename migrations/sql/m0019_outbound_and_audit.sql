-- Webhooks: endpoints are deleted in two steps, and are judged by what they are now.

ALTER TABLE webhooks.endpoints
  -- Raised when the address changes and when it is enabled: what was sent before says nothing of it any more.
  ADD COLUMN epoch bigint NOT NULL DEFAULT 0,
  -- Nobody sees it from then on. The row goes when its deliveries are gone, some thousands in a transaction.
  ADD COLUMN deleted_at timestamptz,
  ADD CONSTRAINT endpoints_deleted_is_disabled CHECK (deleted_at IS NULL OR disabled_at IS NOT NULL),
  DROP CONSTRAINT endpoints_url;
CREATE UNIQUE INDEX endpoints_url ON webhooks.endpoints (tenant_id, url) WHERE deleted_at IS NULL;
CREATE INDEX endpoints_deleted ON webhooks.endpoints (deleted_at) WHERE deleted_at IS NOT NULL;
GRANT DELETE ON webhooks.endpoints TO tenantry_system;

-- Whether an endpoint has taken something since a moment.
CREATE INDEX deliveries_taken ON webhooks.deliveries (endpoint_id, delivered_at) WHERE delivered_at IS NOT NULL;
