-- The schema that the migrations make. Generated; do not edit.
CREATE SCHEMA billing;

ALTER SCHEMA billing OWNER TO tenantry_migrator;

CREATE SCHEMA identity;

ALTER SCHEMA identity OWNER TO tenantry_migrator;

CREATE SCHEMA platform;

ALTER SCHEMA platform OWNER TO tenantry_migrator;

CREATE SCHEMA provisioner;

ALTER SCHEMA provisioner OWNER TO tenantry_migrator;

CREATE SCHEMA tenancy;

ALTER SCHEMA tenancy OWNER TO tenantry_migrator;

CREATE SCHEMA webhooks;

ALTER SCHEMA webhooks OWNER TO tenantry_migrator;

CREATE FUNCTION billing.announce_usage() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  PERFORM pg_notify('tenantry_tenant', 'usage ' || a.tenant_id)
  FROM (SELECT DISTINCT tenant_id FROM added) a;
  RETURN NULL;
END $$;

ALTER FUNCTION billing.announce_usage() OWNER TO tenantry_migrator;

CREATE FUNCTION identity.announce_session_end() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  PERFORM pg_notify('tenantry_tenant', 'credentials ' || m.tenant_id)
  FROM identity.memberships m WHERE m.user_id = OLD.user_id;
  RETURN NULL;
END $$;

ALTER FUNCTION identity.announce_session_end() OWNER TO tenantry_migrator;

CREATE FUNCTION identity.connection_gone() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
  DELETE FROM identity.sessions WHERE connection_id = OLD.id;
  DELETE FROM identity.sso_flows WHERE connection_id = OLD.id;
  DELETE FROM identity.pending_links WHERE connection_id = OLD.id;
  DELETE FROM identity.provider_identities WHERE connection_id = OLD.id;
  RETURN NULL;
END $$;

ALTER FUNCTION identity.connection_gone() OWNER TO tenantry_migrator;

CREATE FUNCTION identity.policy_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

ALTER FUNCTION identity.policy_changed() OWNER TO tenantry_migrator;

CREATE FUNCTION identity.scim_joined() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  UPDATE identity.scim_users SET user_id = NEW.user_id
  WHERE tenant_id = NEW.tenant_id AND email = NEW.email AND user_id IS NULL AND active;
  RETURN NULL;
END $$;

ALTER FUNCTION identity.scim_joined() OWNER TO tenantry_migrator;

CREATE FUNCTION identity.scim_left() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  UPDATE identity.scim_users SET user_id = NULL, active = false, version = version + 1
  WHERE tenant_id = OLD.tenant_id AND user_id = OLD.user_id AND active;
  RETURN NULL;
END $$;

ALTER FUNCTION identity.scim_left() OWNER TO tenantry_migrator;

CREATE FUNCTION platform.announce_outbox() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  PERFORM pg_notify('tenantry_outbox', NEW.topic || ' ' || NEW.subject);
  RETURN NULL;
END $$;

ALTER FUNCTION platform.announce_outbox() OWNER TO tenantry_migrator;

CREATE FUNCTION platform.announce_tenant() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    PERFORM pg_notify('tenantry_tenant', TG_ARGV[0] || ' ' || OLD.tenant_id);
  ELSE
    PERFORM pg_notify('tenantry_tenant', TG_ARGV[0] || ' ' || NEW.tenant_id);
  END IF;
  RETURN NULL;
END $$;

ALTER FUNCTION platform.announce_tenant() OWNER TO tenantry_migrator;

CREATE FUNCTION platform.audit_head(tenant uuid, OUT seq bigint, OUT hash text) RETURNS SETOF record
    LANGUAGE plpgsql
    AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('audit ' || tenant, 0));
  RETURN QUERY SELECT a.seq, a.hash FROM platform.audit a WHERE a.tenant_id = tenant ORDER BY a.seq DESC LIMIT 1;
END $$;

ALTER FUNCTION platform.audit_head(tenant uuid, OUT seq bigint, OUT hash text) OWNER TO tenantry_migrator;

CREATE FUNCTION platform.enqueue(task text, payload json, job_key text, run_at timestamp with time zone) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  SELECT graphile_worker.add_job(
    identifier => task, payload => payload, job_key => job_key, run_at => run_at, max_attempts => 12);
$$;

ALTER FUNCTION platform.enqueue(task text, payload json, job_key text, run_at timestamp with time zone) OWNER TO tenantry_migrator;

CREATE FUNCTION platform.mark_unsealed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  INSERT INTO platform.audit_unsealed (tenant_id, since) VALUES (NEW.tenant_id, NEW.at)
    ON CONFLICT (tenant_id) DO NOTHING;
  RETURN NULL;
END $$;

ALTER FUNCTION platform.mark_unsealed() OWNER TO tenantry_migrator;

CREATE FUNCTION platform.protect(target regclass, tenant_column name DEFAULT 'tenant_id'::name) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
  EXECUTE format(
    'CREATE POLICY tenant_rows ON %s TO tenantry_app USING (%I = (SELECT nullif(current_setting(''app.tenant_id'', true), '''')::uuid))',
    target, tenant_column);
  EXECUTE format('CREATE POLICY system_rows ON %s TO tenantry_system USING (true)', target);
  EXECUTE format('CREATE POLICY owner_rows ON %s TO tenantry_migrator USING (true)', target);
END $$;

ALTER FUNCTION platform.protect(target regclass, tenant_column name) OWNER TO tenantry_migrator;

CREATE FUNCTION platform.prune_audit(tenant uuid, at timestamp with time zone, OUT pruned bigint, OUT first_seq bigint, OUT anchor_seq bigint, OUT anchor_hash text) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
  cutoff timestamptz;
  stays  bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('audit ' || tenant, 0));
  cutoff := least(at, now()) - make_interval(days => coalesce(
    (SELECT s.retention_days FROM platform.audit_settings s WHERE s.tenant_id = tenant), 400));
  pruned := 0;
  SELECT coalesce(
    (SELECT min(a.seq) FROM platform.audit a WHERE a.tenant_id = tenant AND a.at >= cutoff),
    (SELECT max(a.seq) FROM platform.audit a WHERE a.tenant_id = tenant)) INTO stays;
  SELECT c.seq, c.hash INTO anchor_seq, anchor_hash
    FROM platform.audit_checkpoints c JOIN platform.audit a ON a.tenant_id = tenant AND a.seq = c.seq AND a.hash = c.hash
    WHERE c.tenant_id = tenant AND c.seq < stays ORDER BY c.seq DESC LIMIT 1;
  IF anchor_seq IS NULL THEN
    RETURN;
  END IF;
  SELECT min(a.seq) INTO first_seq FROM platform.audit a WHERE a.tenant_id = tenant;
  DELETE FROM platform.audit a WHERE a.tenant_id = tenant AND a.seq <= anchor_seq;
  GET DIAGNOSTICS pruned = ROW_COUNT;
  DELETE FROM platform.audit_checkpoints c WHERE c.tenant_id = tenant AND c.seq < anchor_seq;
END $$;

ALTER FUNCTION platform.prune_audit(tenant uuid, at timestamp with time zone, OUT pruned bigint, OUT first_seq bigint, OUT anchor_seq bigint, OUT anchor_hash text) OWNER TO tenantry_migrator;

CREATE FUNCTION provisioner.announce_instance() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION provisioner.announce_instance() OWNER TO tenantry_migrator;

CREATE FUNCTION provisioner.guard_address() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

ALTER FUNCTION provisioner.guard_address() OWNER TO tenantry_migrator;

CREATE FUNCTION provisioner.holds_address(deleted_at timestamp with time zone, at timestamp with time zone) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
  SELECT deleted_at IS NULL OR deleted_at > at - interval '90 days'
$$;

ALTER FUNCTION provisioner.holds_address(deleted_at timestamp with time zone, at timestamp with time zone) OWNER TO tenantry_migrator;

CREATE TABLE billing.plans (
    code text NOT NULL,
    version integer NOT NULL,
    name text NOT NULL,
    rank integer NOT NULL,
    currency text NOT NULL,
    base_price_minor bigint NOT NULL,
    included_executions bigint NOT NULL,
    extra_execution_price numeric(18,6),
    max_instances integer NOT NULL,
    max_members integer NOT NULL,
    concurrent_executions integer NOT NULL,
    cpu_millis integer NOT NULL,
    memory_mib integer NOT NULL,
    storage_mib integer NOT NULL,
    available boolean DEFAULT true NOT NULL,
    requests_per_minute integer DEFAULT 6000 NOT NULL,
    CONSTRAINT plans_base_price_minor_check CHECK ((base_price_minor >= 0)),
    CONSTRAINT plans_concurrent_executions_check CHECK ((concurrent_executions > 0)),
    CONSTRAINT plans_cpu_millis_check CHECK ((cpu_millis > 0)),
    CONSTRAINT plans_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT plans_extra_execution_price_check CHECK ((extra_execution_price >= (0)::numeric)),
    CONSTRAINT plans_included_executions_check CHECK ((included_executions >= 0)),
    CONSTRAINT plans_max_instances_check CHECK ((max_instances > 0)),
    CONSTRAINT plans_max_members_check CHECK ((max_members > 0)),
    CONSTRAINT plans_memory_mib_check CHECK ((memory_mib > 0)),
    CONSTRAINT plans_requests_per_minute_check CHECK ((requests_per_minute > 0)),
    CONSTRAINT plans_storage_mib_check CHECK ((storage_mib > 0))
);

ALTER TABLE billing.plans OWNER TO tenantry_migrator;

CREATE TABLE billing.subscriptions (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    plan_code text NOT NULL,
    plan_version integer NOT NULL,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT subscriptions_check CHECK ((ended_at > started_at))
);

ALTER TABLE ONLY billing.subscriptions FORCE ROW LEVEL SECURITY;

ALTER TABLE billing.subscriptions OWNER TO tenantry_migrator;

CREATE TABLE billing.usage_events (
    tenant_id uuid NOT NULL,
    instance_id uuid NOT NULL,
    epoch integer NOT NULL,
    execution_id bigint NOT NULL,
    workflow_id text NOT NULL,
    mode text NOT NULL,
    status text NOT NULL,
    billable boolean NOT NULL,
    started_at timestamp with time zone NOT NULL,
    stopped_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    CONSTRAINT usage_events_check CHECK (((epoch >= 1) AND (execution_id >= 1))),
    CONSTRAINT usage_events_check1 CHECK ((((length(workflow_id) >= 1) AND (length(workflow_id) <= 64)) AND ((length(mode) >= 1) AND (length(mode) <= 32)) AND ((length(status) >= 1) AND (length(status) <= 32)))),
    CONSTRAINT usage_events_check2 CHECK (((started_at <= stopped_at) AND (stopped_at <= recorded_at)))
);

ALTER TABLE ONLY billing.usage_events FORCE ROW LEVEL SECURITY;

ALTER TABLE billing.usage_events OWNER TO tenantry_migrator;

CREATE TABLE billing.usage_hourly (
    tenant_id uuid NOT NULL,
    instance_id uuid NOT NULL,
    workflow_id text NOT NULL,
    hour timestamp with time zone NOT NULL,
    executions bigint NOT NULL,
    billable bigint NOT NULL,
    failed bigint NOT NULL
);

ALTER TABLE ONLY billing.usage_hourly FORCE ROW LEVEL SECURITY;

ALTER TABLE billing.usage_hourly OWNER TO tenantry_migrator;

CREATE TABLE identity.access_tokens (
    token_hash text NOT NULL,
    tenant_id uuid NOT NULL,
    account_id uuid NOT NULL,
    credential_id uuid NOT NULL,
    scopes text[],
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY identity.access_tokens FORCE ROW LEVEL SECURITY;

ALTER TABLE identity.access_tokens OWNER TO tenantry_migrator;

CREATE TABLE identity.api_key_secrets (
    secret_hash text NOT NULL,
    tenant_id uuid NOT NULL,
    key_id uuid NOT NULL,
    valid_until timestamp with time zone
);

ALTER TABLE ONLY identity.api_key_secrets FORCE ROW LEVEL SECURITY;

ALTER TABLE identity.api_key_secrets OWNER TO tenantry_migrator;

CREATE TABLE identity.api_keys (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    prefix text NOT NULL,
    scopes text[] NOT NULL,
    allowed_addresses text[] NOT NULL,
    maker uuid NOT NULL,
    maker_name text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone,
    last_used_from text,
    revoked_at timestamp with time zone,
    CONSTRAINT api_keys_allowed_addresses_check CHECK ((cardinality(allowed_addresses) <= 50)),
    CONSTRAINT api_keys_check CHECK (((expires_at > issued_at) AND (expires_at <= (issued_at + '366 days'::interval)))),
    CONSTRAINT api_keys_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100))),
    CONSTRAINT api_keys_prefix_check CHECK ((length(prefix) <= 20)),
    CONSTRAINT api_keys_scopes_check CHECK (((cardinality(scopes) >= 1) AND (cardinality(scopes) <= 100)))
);

ALTER TABLE ONLY identity.api_keys FORCE ROW LEVEL SECURITY;

ALTER TABLE identity.api_keys OWNER TO tenantry_migrator;

CREATE TABLE identity.captured_mail (
    id bigint NOT NULL,
    recipient text NOT NULL,
    subject text NOT NULL,
    body text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    html text
);

ALTER TABLE identity.captured_mail OWNER TO tenantry_migrator;

ALTER TABLE identity.captured_mail ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME identity.captured_mail_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE identity.certificate_alarms (
    connection_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    fingerprint text NOT NULL,
    days integer NOT NULL,
    raised_at timestamp with time zone NOT NULL,
    CONSTRAINT certificate_alarms_days_check CHECK ((days = ANY (ARRAY[60, 30, 7, 0])))
);

ALTER TABLE ONLY identity.certificate_alarms FORCE ROW LEVEL SECURITY;

ALTER TABLE identity.certificate_alarms OWNER TO tenantry_migrator;

CREATE TABLE identity.client_assertions (
    account_id uuid NOT NULL,
    jti_hash text NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

ALTER TABLE identity.client_assertions OWNER TO tenantry_migrator;

CREATE TABLE identity.connection_exempt (
    tenant_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    user_id uuid NOT NULL
);

ALTER TABLE ONLY identity.connection_exempt FORCE ROW LEVEL SECURITY;

ALTER TABLE identity.connection_exempt OWNER TO tenantry_migrator;

CREATE TABLE identity.connection_roles (
    tenant_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    "position" integer NOT NULL,
    group_name text NOT NULL,
    role text NOT NULL,
    custom_role_id uuid,
    CONSTRAINT connection_roles_check CHECK (((role = 'custom'::text) = (custom_role_id IS NOT NULL))),
    CONSTRAINT connection_roles_group_name_check CHECK (((length(group_name) >= 1) AND (length(group_name) <= 200))),
    CONSTRAINT connection_roles_role_check CHECK ((role = ANY (ARRAY['admin'::text, 'developer'::text, 'billing'::text, 'viewer'::text, 'custom'::text])))
);

ALTER TABLE ONLY identity.connection_roles FORCE ROW LEVEL SECURITY;

ALTER TABLE identity.connection_roles OWNER TO tenantry_migrator;

CREATE TABLE identity.connection_setups (
    connection_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    token_hash text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY identity.connection_setups FORCE ROW LEVEL SECURITY;

ALTER TABLE identity.connection_setups OWNER TO tenantry_migrator;

CREATE TABLE identity.connection_tickets (
    token_hash text NOT NULL,
    tenant_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    return_to text NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY identity.connection_tickets FORCE ROW LEVEL SECURITY;

ALTER TABLE identity.connection_tickets OWNER TO tenantry_migrator;

CREATE TABLE identity.connections (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    settings jsonb NOT NULL,
    secret text,
    jit boolean NOT NULL,
    default_role text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    settings_changed_at timestamp with time zone NOT NULL,
    tested_at timestamp with time zone,
    last_test jsonb,
    enforced_at timestamp with time zone,
    guests_too boolean DEFAULT false NOT NULL,
    metadata_fetched_at timestamp with time zone,
    metadata_looked_at timestamp with time zone,
    metadata_problem text,
    CONSTRAINT connections_default_role_check CHECK ((default_role = ANY (ARRAY['admin'::text, 'developer'::text, 'billing'::text, 'viewer'::text]))),
    CONSTRAINT connections_enforced_tested CHECK (((enforced_at IS NULL) OR ((tested_at IS NOT NULL) AND (tested_at >= settings_changed_at)))),
    CONSTRAINT connections_kind_check CHECK ((kind = ANY (ARRAY['oidc'::text, 'saml'::text]))),
    CONSTRAINT connections_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100)))
);

ALTER TABLE ONLY identity.connections FORCE ROW LEVEL SECURITY;

ALTER TABLE identity.connections OWNER TO tenantry_migrator;

CREATE TABLE identity.domains (
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    record text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    checked_at timestamp with time zone,
    verified_at timestamp with time zone,
    CONSTRAINT domains_name_check CHECK (((name = lower(name)) AND ((length(name) >= 3) AND (length(name) <= 253))))
);

ALTER TABLE ONLY identity.domains FORCE ROW LEVEL SECURITY;

ALTER TABLE identity.domains OWNER TO tenantry_migrator;

CREATE TABLE identity.email_tokens (
    token_hash text NOT NULL,
    user_id uuid NOT NULL,
    purpose text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT email_tokens_purpose_check CHECK ((purpose = ANY (ARRAY['verify'::text, 'reset'::text, 'operator_setup'::text])))
);

ALTER TABLE identity.email_tokens OWNER TO tenantry_migrator;

CREATE TABLE identity.factor_tries (
    user_id uuid NOT NULL,
    failures integer DEFAULT 0 NOT NULL,
    locked_until timestamp with time zone
);

ALTER TABLE identity.factor_tries OWNER TO tenantry_migrator;

CREATE TABLE identity.invitations (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    email text NOT NULL,
    role text NOT NULL,
    invited_by uuid NOT NULL,
    inviter_name text NOT NULL,
    inviter_email text NOT NULL,
    token_hash text,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    accepted_at timestamp with time zone,
    accepted_by uuid,
    revoked_at timestamp with time zone,
    custom_role_id uuid,
    CONSTRAINT invitations_check CHECK (((accepted_at IS NULL) OR (revoked_at IS NULL))),
    CONSTRAINT invitations_check1 CHECK (((accepted_at IS NULL) = (accepted_by IS NULL))),
    CONSTRAINT invitations_custom CHECK (
CASE
    WHEN (role = 'custom'::text) THEN ((custom_role_id IS NOT NULL) OR (accepted_at IS NOT NULL) OR (revoked_at IS NOT NULL))
    ELSE (custom_role_id IS NULL)
END),
    CONSTRAINT invitations_email_check CHECK (((email = lower(email)) AND (length(email) <= 254))),
    CONSTRAINT invitations_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'developer'::text, 'billing'::text, 'viewer'::text, 'custom'::text])))
);

ALTER TABLE ONLY identity.invitations FORCE ROW LEVEL SECURITY;

ALTER TABLE identity.invitations OWNER TO tenantry_migrator;

CREATE TABLE identity.known_devices (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    fingerprint text NOT NULL,
    name text NOT NULL,
    address text,
    first_seen_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone NOT NULL,
    CONSTRAINT known_devices_fingerprint_check CHECK ((length(fingerprint) = 64)),
    CONSTRAINT known_devices_name_check CHECK ((length(name) <= 120))
);

ALTER TABLE identity.known_devices OWNER TO tenantry_migrator;

CREATE TABLE identity.log_in_attempts (
    account_hash text NOT NULL,
    failures integer NOT NULL,
    last_at timestamp with time zone NOT NULL,
    free_at timestamp with time zone NOT NULL,
    CONSTRAINT log_in_attempts_account_hash_check CHECK ((length(account_hash) = 64)),
    CONSTRAINT log_in_attempts_failures_check CHECK ((failures > 0))
);

ALTER TABLE identity.log_in_attempts OWNER TO tenantry_migrator;

CREATE TABLE identity.log_in_policies (
    tenant_id uuid NOT NULL,
    mfa_required boolean NOT NULL,
    updated_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY identity.log_in_policies FORCE ROW LEVEL SECURITY;

ALTER TABLE identity.log_in_policies OWNER TO tenantry_migrator;

CREATE TABLE identity.logout_tokens (
    connection_id uuid NOT NULL,
    jti_hash text NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

ALTER TABLE identity.logout_tokens OWNER TO tenantry_migrator;

CREATE TABLE identity.memberships (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    role text NOT NULL,
    email text NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    custom_role_id uuid,
    sessions_valid_from timestamp with time zone,
    CONSTRAINT memberships_custom CHECK (((role = 'custom'::text) = (custom_role_id IS NOT NULL))),
    CONSTRAINT memberships_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'developer'::text, 'billing'::text, 'viewer'::text, 'custom'::text])))
);

ALTER TABLE ONLY identity.memberships FORCE ROW LEVEL SECURITY;

ALTER TABLE identity.memberships OWNER TO tenantry_migrator;

CREATE TABLE identity.passkey_challenges (
    token_hash text NOT NULL,
    purpose text NOT NULL,
    user_id uuid,
    state jsonb NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT passkey_challenges_purpose_check CHECK ((purpose = ANY (ARRAY['register'::text, 'log_in'::text, 'assert'::text]))),
    CONSTRAINT passkey_challenges_user CHECK (((purpose = 'log_in'::text) = (user_id IS NULL)))
);

ALTER TABLE identity.passkey_challenges OWNER TO tenantry_migrator;

CREATE TABLE identity.passkeys (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    credential_id text NOT NULL,
    name text NOT NULL,
    credential jsonb NOT NULL,
    counter bigint DEFAULT 0 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone,
    CONSTRAINT passkeys_credential_id_check CHECK ((length(credential_id) <= 1400)),
    CONSTRAINT passkeys_name_check CHECK (((length(name) >= 1) AND (length(name) <= 60)))
);

ALTER TABLE identity.passkeys OWNER TO tenantry_migrator;

CREATE TABLE identity.pending_links (
    token_hash text NOT NULL,
    connection_id uuid NOT NULL,
    subject text NOT NULL,
    user_id uuid NOT NULL,
    return_to text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

ALTER TABLE identity.pending_links OWNER TO tenantry_migrator;

CREATE TABLE identity.pending_log_ins (
    token_hash text NOT NULL,
    user_id uuid NOT NULL,
    methods text[] NOT NULL,
    tries smallint DEFAULT 0 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

ALTER TABLE identity.pending_log_ins OWNER TO tenantry_migrator;

CREATE TABLE identity.policy_versions (
    tenant_id uuid NOT NULL,
    version bigint NOT NULL
);

ALTER TABLE ONLY identity.policy_versions FORCE ROW LEVEL SECURITY;

ALTER TABLE identity.policy_versions OWNER TO tenantry_migrator;

CREATE TABLE identity.provider_identities (
    connection_id uuid NOT NULL,
    subject text NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_at timestamp with time zone NOT NULL,
    CONSTRAINT provider_identities_subject_check CHECK (((length(subject) >= 1) AND (length(subject) <= 1024)))
);

ALTER TABLE identity.provider_identities OWNER TO tenantry_migrator;

CREATE TABLE identity.recovery_codes (
    user_id uuid NOT NULL,
    code_mac text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone
);

ALTER TABLE identity.recovery_codes OWNER TO tenantry_migrator;

CREATE TABLE identity.roles (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    description text NOT NULL,
    rights text[] NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT roles_description_check CHECK ((length(description) <= 500)),
    CONSTRAINT roles_name_check CHECK (((length(name) >= 1) AND (length(name) <= 60))),
    CONSTRAINT roles_rights_check CHECK ((cardinality(rights) <= 100))
);

ALTER TABLE ONLY identity.roles FORCE ROW LEVEL SECURITY;

ALTER TABLE identity.roles OWNER TO tenantry_migrator;

CREATE TABLE identity.saml_keys (
    connection_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    fingerprint text NOT NULL,
    state text NOT NULL,
    certificate text NOT NULL,
    private_key text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT saml_keys_fingerprint_check CHECK ((length(fingerprint) = 64)),
    CONSTRAINT saml_keys_state_check CHECK ((state = ANY (ARRAY['next'::text, 'current'::text, 'previous'::text])))
);

ALTER TABLE ONLY identity.saml_keys FORCE ROW LEVEL SECURITY;

ALTER TABLE identity.saml_keys OWNER TO tenantry_migrator;

CREATE TABLE identity.scim_connections (
    tenant_id uuid NOT NULL,
    enabled boolean NOT NULL,
    role text NOT NULL,
    custom_role_id uuid,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT scim_connections_check CHECK (((role = 'custom'::text) OR (custom_role_id IS NULL))),
    CONSTRAINT scim_connections_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'developer'::text, 'billing'::text, 'viewer'::text, 'custom'::text])))
);

ALTER TABLE ONLY identity.scim_connections FORCE ROW LEVEL SECURITY;

ALTER TABLE identity.scim_connections OWNER TO tenantry_migrator;

CREATE TABLE identity.scim_group_members (
    tenant_id uuid NOT NULL,
    group_id uuid NOT NULL,
    user_id uuid NOT NULL
);

ALTER TABLE ONLY identity.scim_group_members FORCE ROW LEVEL SECURITY;

ALTER TABLE identity.scim_group_members OWNER TO tenantry_migrator;

CREATE TABLE identity.scim_groups (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    display_name text NOT NULL,
    external_id text,
    role text,
    custom_role_id uuid,
    version bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT scim_groups_check CHECK (((custom_role_id IS NULL) OR (NOT (role IS DISTINCT FROM 'custom'::text)))),
    CONSTRAINT scim_groups_display_name_check CHECK (((length(display_name) >= 1) AND (length(display_name) <= 256))),
    CONSTRAINT scim_groups_external_id_check CHECK ((length(external_id) <= 1024)),
    CONSTRAINT scim_groups_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'developer'::text, 'billing'::text, 'viewer'::text, 'custom'::text])))
);

ALTER TABLE ONLY identity.scim_groups FORCE ROW LEVEL SECURITY;

ALTER TABLE identity.scim_groups OWNER TO tenantry_migrator;

CREATE TABLE identity.scim_tokens (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    prefix text NOT NULL,
    secret_hash text,
    maker uuid NOT NULL,
    maker_name text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone,
    last_used_from text,
    revoked_at timestamp with time zone,
    CONSTRAINT scim_tokens_check CHECK (((expires_at > created_at) AND (expires_at <= (created_at + '366 days'::interval)))),
    CONSTRAINT scim_tokens_check1 CHECK (((secret_hash IS NULL) = (revoked_at IS NOT NULL))),
    CONSTRAINT scim_tokens_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100))),
    CONSTRAINT scim_tokens_prefix_check CHECK ((length(prefix) <= 20))
);

ALTER TABLE ONLY identity.scim_tokens FORCE ROW LEVEL SECURITY;

ALTER TABLE identity.scim_tokens OWNER TO tenantry_migrator;

CREATE TABLE identity.scim_users (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    user_name text NOT NULL,
    external_id text,
    email text NOT NULL,
    active boolean NOT NULL,
    user_id uuid,
    member_email text,
    member_name text,
    role_given boolean NOT NULL,
    attributes jsonb NOT NULL,
    version bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT scim_users_email_check CHECK (((email = lower(email)) AND (length(email) <= 254))),
    CONSTRAINT scim_users_external_id_check CHECK ((length(external_id) <= 1024)),
    CONSTRAINT scim_users_user_name_check CHECK (((length(user_name) >= 1) AND (length(user_name) <= 256)))
);

ALTER TABLE ONLY identity.scim_users FORCE ROW LEVEL SECURITY;

ALTER TABLE identity.scim_users OWNER TO tenantry_migrator;

CREATE TABLE identity.service_account_credentials (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    account_id uuid NOT NULL,
    kind text NOT NULL,
    hint text NOT NULL,
    secret_hash text,
    public_key text,
    creator uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    last_used_at timestamp with time zone,
    CONSTRAINT service_account_credentials_check CHECK (((kind = 'secret'::text) = (secret_hash IS NOT NULL))),
    CONSTRAINT service_account_credentials_check1 CHECK (((kind = 'public_key'::text) = (public_key IS NOT NULL))),
    CONSTRAINT service_account_credentials_check2 CHECK (((kind <> 'secret'::text) OR (expires_at <= (created_at + '366 days'::interval)))),
    CONSTRAINT service_account_credentials_hint_check CHECK ((length(hint) <= 100)),
    CONSTRAINT service_account_credentials_kind_check CHECK ((kind = ANY (ARRAY['secret'::text, 'public_key'::text]))),
    CONSTRAINT service_account_credentials_public_key_check CHECK ((length(public_key) <= 4096))
);

ALTER TABLE ONLY identity.service_account_credentials FORCE ROW LEVEL SECURITY;

ALTER TABLE identity.service_account_credentials OWNER TO tenantry_migrator;

CREATE TABLE identity.service_accounts (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    custom_role_id uuid,
    creator uuid NOT NULL,
    creator_name text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    disabled_at timestamp with time zone,
    last_used_at timestamp with time zone,
    CONSTRAINT service_accounts_check CHECK ((((role = 'custom'::text) AND (disabled_at IS NULL)) = (custom_role_id IS NOT NULL))),
    CONSTRAINT service_accounts_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100))),
    CONSTRAINT service_accounts_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'developer'::text, 'billing'::text, 'viewer'::text, 'custom'::text])))
);

ALTER TABLE ONLY identity.service_accounts FORCE ROW LEVEL SECURITY;

ALTER TABLE identity.service_accounts OWNER TO tenantry_migrator;

CREATE TABLE identity.session_policies (
    tenant_id uuid NOT NULL,
    idle_minutes integer,
    absolute_minutes integer,
    CONSTRAINT session_policies_absolute_minutes_check CHECK (((absolute_minutes >= 15) AND (absolute_minutes <= 43200))),
    CONSTRAINT session_policies_idle_minutes_check CHECK (((idle_minutes >= 5) AND (idle_minutes <= 20160)))
);

ALTER TABLE ONLY identity.session_policies FORCE ROW LEVEL SECURITY;

ALTER TABLE identity.session_policies OWNER TO tenantry_migrator;

CREATE TABLE identity.sessions (
    id uuid NOT NULL,
    token_hash text NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    address text,
    user_agent text,
    methods text[] DEFAULT '{password}'::text[] NOT NULL,
    proved_at timestamp with time zone,
    longest_idle interval DEFAULT '00:00:00'::interval NOT NULL,
    connection_id uuid,
    reach uuid,
    provider_subject text,
    provider_session text,
    id_token text,
    CONSTRAINT sessions_methods_check CHECK (((methods <@ '{password,otp,recovery,passkey,sso}'::text[]) AND (cardinality(methods) > 0))),
    CONSTRAINT sessions_provider CHECK (((connection_id IS NULL) = (provider_subject IS NULL))),
    CONSTRAINT sessions_reach CHECK (((reach IS NULL) OR (connection_id IS NOT NULL)))
);

ALTER TABLE identity.sessions OWNER TO tenantry_migrator;

CREATE TABLE identity.sso_flows (
    state_hash text NOT NULL,
    browser_hash text NOT NULL,
    connection_id uuid NOT NULL,
    purpose text NOT NULL,
    user_id uuid,
    return_to text NOT NULL,
    nonce text NOT NULL,
    verifier text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    assertion jsonb,
    CONSTRAINT sso_flows_purpose_check CHECK ((purpose = ANY (ARRAY['log_in'::text, 'test'::text, 'link'::text])))
);

ALTER TABLE identity.sso_flows OWNER TO tenantry_migrator;

CREATE TABLE identity.support_access (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    kind text DEFAULT 'consent'::text NOT NULL,
    level text DEFAULT 'read'::text NOT NULL,
    reason text NOT NULL,
    granted_by uuid NOT NULL,
    granted_by_name text NOT NULL,
    holder uuid,
    tenant_slug text,
    created_at timestamp with time zone NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    CONSTRAINT support_access_check CHECK ((starts_at < expires_at)),
    CONSTRAINT support_access_check1 CHECK ((((kind = 'consent'::text) AND (expires_at <= (starts_at + '168:00:00'::interval))) OR ((kind = 'break-glass'::text) AND (level = 'read'::text) AND (expires_at <= (starts_at + '01:00:00'::interval))))),
    CONSTRAINT support_access_check2 CHECK (((kind = 'break-glass'::text) = ((holder IS NOT NULL) AND (tenant_slug IS NOT NULL)))),
    CONSTRAINT support_access_kind_check CHECK ((kind = ANY (ARRAY['consent'::text, 'break-glass'::text]))),
    CONSTRAINT support_access_level_check CHECK ((level = ANY (ARRAY['read'::text, 'write'::text]))),
    CONSTRAINT support_access_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 500)))
);

ALTER TABLE ONLY identity.support_access FORCE ROW LEVEL SECURITY;

ALTER TABLE identity.support_access OWNER TO tenantry_migrator;

CREATE TABLE identity.totp (
    user_id uuid NOT NULL,
    seed text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    confirmed_at timestamp with time zone,
    last_step bigint DEFAULT 0 NOT NULL
);

ALTER TABLE identity.totp OWNER TO tenantry_migrator;

CREATE TABLE identity.used_assertions (
    connection_id uuid NOT NULL,
    assertion_key text NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

ALTER TABLE identity.used_assertions OWNER TO tenantry_migrator;

CREATE TABLE identity.users (
    id uuid NOT NULL,
    email text NOT NULL,
    name text NOT NULL,
    password_hash text,
    platform_role text,
    email_verified_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT users_email_check CHECK (((email = lower(email)) AND (length(email) <= 254))),
    CONSTRAINT users_name_check CHECK (((length(name) >= 1) AND (length(name) <= 120)))
);

ALTER TABLE identity.users OWNER TO tenantry_migrator;

CREATE TABLE platform.audit (
    tenant_id uuid NOT NULL,
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    action text NOT NULL COLLATE pg_catalog."C",
    resource text NOT NULL,
    result text NOT NULL,
    origin text,
    request_id text NOT NULL,
    details jsonb NOT NULL,
    prev_hash text NOT NULL,
    hash text NOT NULL,
    version smallint DEFAULT 1 NOT NULL,
    user_agent text,
    before jsonb,
    after jsonb,
    CONSTRAINT audit_version_check CHECK ((version = ANY (ARRAY[1, 2])))
);

ALTER TABLE ONLY platform.audit FORCE ROW LEVEL SECURITY;

ALTER TABLE platform.audit OWNER TO tenantry_migrator;

CREATE TABLE platform.audit_checkpoints (
    tenant_id uuid NOT NULL,
    seq bigint NOT NULL,
    hash text NOT NULL,
    at timestamp with time zone NOT NULL,
    key_id text NOT NULL,
    signature text NOT NULL,
    CONSTRAINT audit_checkpoints_hash_check CHECK ((hash ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT audit_checkpoints_seq_check CHECK ((seq > 0))
);

ALTER TABLE ONLY platform.audit_checkpoints FORCE ROW LEVEL SECURITY;

ALTER TABLE platform.audit_checkpoints OWNER TO tenantry_migrator;

CREATE TABLE platform.audit_keys (
    key_id text NOT NULL,
    public_key text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT audit_keys_key_id_check CHECK ((length(key_id) = 43)),
    CONSTRAINT audit_keys_public_key_check CHECK ((length(public_key) = 43))
);

ALTER TABLE platform.audit_keys OWNER TO tenantry_migrator;

CREATE TABLE platform.audit_settings (
    tenant_id uuid NOT NULL,
    retention_days integer NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT audit_settings_retention_days_check CHECK (((retention_days >= 30) AND (retention_days <= 3650)))
);

ALTER TABLE ONLY platform.audit_settings FORCE ROW LEVEL SECURITY;

ALTER TABLE platform.audit_settings OWNER TO tenantry_migrator;

CREATE TABLE platform.audit_streams (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    kind text NOT NULL,
    target text NOT NULL,
    secret text,
    last_seq bigint NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    next_attempt_at timestamp with time zone NOT NULL,
    last_error text,
    last_delivered_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    paused_at timestamp with time zone,
    CONSTRAINT audit_streams_kind_check CHECK ((kind = ANY (ARRAY['webhook'::text, 'syslog'::text, 'file'::text]))),
    CONSTRAINT audit_streams_target_check CHECK ((length(target) <= 2048))
);

ALTER TABLE ONLY platform.audit_streams FORCE ROW LEVEL SECURITY;

ALTER TABLE platform.audit_streams OWNER TO tenantry_migrator;

CREATE TABLE platform.audit_unsealed (
    tenant_id uuid NOT NULL,
    since timestamp with time zone NOT NULL
);

ALTER TABLE ONLY platform.audit_unsealed FORCE ROW LEVEL SECURITY;

ALTER TABLE platform.audit_unsealed OWNER TO tenantry_migrator;

CREATE TABLE platform.idempotency_keys (
    tenant_id uuid NOT NULL,
    actor text NOT NULL,
    key text NOT NULL,
    operation text NOT NULL,
    fingerprint text NOT NULL,
    answer jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT idempotency_keys_key_check CHECK (((length(key) >= 1) AND (length(key) <= 255)))
);

ALTER TABLE ONLY platform.idempotency_keys FORCE ROW LEVEL SECURITY;

ALTER TABLE platform.idempotency_keys OWNER TO tenantry_migrator;

CREATE TABLE platform.installation_keys (
    name text NOT NULL,
    provider text NOT NULL,
    wrapped_key text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT installation_keys_name_check CHECK ((name ~ '^[a-z-]{1,40}$'::text))
);

ALTER TABLE platform.installation_keys OWNER TO tenantry_migrator;

CREATE TABLE platform.leases (
    name text NOT NULL,
    holder text NOT NULL,
    epoch bigint NOT NULL,
    until timestamp with time zone NOT NULL
);

ALTER TABLE platform.leases OWNER TO tenantry_migrator;

CREATE TABLE platform.outbox (
    id bigint NOT NULL,
    tenant_id uuid NOT NULL,
    topic text NOT NULL,
    subject text NOT NULL,
    payload jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    dispatched_at timestamp with time zone,
    set_aside text
);

ALTER TABLE ONLY platform.outbox FORCE ROW LEVEL SECURITY;

ALTER TABLE platform.outbox OWNER TO tenantry_migrator;

ALTER TABLE platform.outbox ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME platform.outbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE UNLOGGED TABLE platform.rate_windows (
    bucket text NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    allowed integer NOT NULL,
    taken integer NOT NULL,
    portion integer NOT NULL,
    CONSTRAINT rate_windows_allowed_check CHECK ((allowed > 0)),
    CONSTRAINT rate_windows_bucket_check CHECK (((length(bucket) >= 1) AND (length(bucket) <= 100))),
    CONSTRAINT rate_windows_check CHECK (((taken >= 0) AND (taken <= allowed)))
)
WITH (fillfactor='50');

ALTER TABLE platform.rate_windows OWNER TO tenantry_migrator;

CREATE TABLE platform.request_keys (
    id text NOT NULL,
    fingerprint text NOT NULL,
    state text NOT NULL,
    answer text,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT request_keys_check CHECK (((answer IS NOT NULL) = (state = 'kept'::text))),
    CONSTRAINT request_keys_fingerprint_check CHECK ((fingerprint ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT request_keys_id_check CHECK ((id ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT request_keys_state_check CHECK ((state = ANY (ARRAY['running'::text, 'unknown'::text, 'kept'::text])))
);

ALTER TABLE platform.request_keys OWNER TO tenantry_migrator;

CREATE TABLE platform.support_uses (
    tenant_id uuid NOT NULL,
    access_id uuid NOT NULL,
    user_id uuid NOT NULL,
    kind text NOT NULL,
    hour timestamp with time zone NOT NULL,
    last_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY platform.support_uses FORCE ROW LEVEL SECURITY;

ALTER TABLE platform.support_uses OWNER TO tenantry_migrator;

CREATE TABLE platform.tenant_keys (
    tenant_id uuid NOT NULL,
    version integer NOT NULL,
    provider text NOT NULL,
    wrapped_key text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    retired_at timestamp with time zone
);

ALTER TABLE ONLY platform.tenant_keys FORCE ROW LEVEL SECURITY;

ALTER TABLE platform.tenant_keys OWNER TO tenantry_migrator;

CREATE TABLE provisioner.instance_events (
    id bigint NOT NULL,
    instance_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    phase text NOT NULL,
    message text NOT NULL
);

ALTER TABLE ONLY provisioner.instance_events FORCE ROW LEVEL SECURITY;

ALTER TABLE provisioner.instance_events OWNER TO tenantry_migrator;

ALTER TABLE provisioner.instance_events ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME provisioner.instance_events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE provisioner.instance_samples (
    instance_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    answer text NOT NULL,
    answered_at timestamp with time zone NOT NULL,
    memory_mib integer,
    cpu_millis integer,
    storage_mib integer,
    measured_at timestamp with time zone,
    CONSTRAINT instance_samples_answer_check CHECK ((answer = ANY (ARRAY['ready'::text, 'listening'::text, 'none'::text]))),
    CONSTRAINT instance_samples_cpu_millis_check CHECK ((cpu_millis >= 0)),
    CONSTRAINT instance_samples_memory_mib_check CHECK ((memory_mib >= 0)),
    CONSTRAINT instance_samples_storage_mib_check CHECK ((storage_mib >= 0))
);

ALTER TABLE ONLY provisioner.instance_samples FORCE ROW LEVEL SECURITY;

ALTER TABLE provisioner.instance_samples OWNER TO tenantry_migrator;

CREATE TABLE provisioner.instance_secrets (
    instance_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    sealed text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT instance_secrets_name_check CHECK ((name = ANY (ARRAY['encryption_key'::text, 'database_password'::text, 'owner_password'::text, 'owner_password_hash'::text, 'api_key'::text])))
);

ALTER TABLE ONLY provisioner.instance_secrets FORCE ROW LEVEL SECURITY;

ALTER TABLE provisioner.instance_secrets OWNER TO tenantry_migrator;

CREATE TABLE provisioner.instances (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    region text NOT NULL,
    slug text NOT NULL,
    name text NOT NULL,
    n8n_version text NOT NULL,
    owner_email text NOT NULL,
    owner_name text NOT NULL,
    cpu_millis integer NOT NULL,
    memory_mib integer NOT NULL,
    storage_mib integer NOT NULL,
    concurrency integer NOT NULL,
    desired text NOT NULL,
    generation bigint DEFAULT 1 NOT NULL,
    epoch integer DEFAULT 1 NOT NULL,
    slot integer,
    port integer,
    broker_port integer,
    phase text NOT NULL,
    observed_generation bigint DEFAULT 0 NOT NULL,
    failure_code text,
    failure_message text,
    failure_remedy text,
    attempts integer DEFAULT 0 NOT NULL,
    next_attempt_at timestamp with time zone NOT NULL,
    lease_holder text,
    lease_epoch bigint DEFAULT 0 NOT NULL,
    lease_until timestamp with time zone,
    reconciled_to bigint DEFAULT 0 NOT NULL,
    boot_started_at timestamp with time zone,
    ready_at timestamp with time zone,
    boot_millis integer,
    created_at timestamp with time zone NOT NULL,
    deleted_at timestamp with time zone,
    delete_at timestamp with time zone,
    removal_began_at timestamp with time zone,
    first_ready_at timestamp with time zone,
    CONSTRAINT instances_deletion CHECK (((desired = 'deleted'::text) = (delete_at IS NOT NULL))),
    CONSTRAINT instances_desired_check CHECK ((desired = ANY (ARRAY['running'::text, 'stopped'::text, 'deleted'::text]))),
    CONSTRAINT instances_name_check CHECK (((length(name) >= 1) AND (length(name) <= 120))),
    CONSTRAINT instances_phase_check CHECK ((phase = ANY (ARRAY['queued'::text, 'database'::text, 'starting'::text, 'migrating'::text, 'owner'::text, 'ready'::text, 'stopping'::text, 'stopped'::text, 'failed'::text, 'deleting'::text, 'deleted'::text]))),
    CONSTRAINT instances_removal CHECK (((removal_began_at IS NULL) OR ((desired = 'deleted'::text) AND (removal_began_at >= delete_at)))),
    CONSTRAINT instances_slug_check CHECK ((slug ~ '^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$'::text))
);

ALTER TABLE ONLY provisioner.instances FORCE ROW LEVEL SECURITY;

ALTER TABLE provisioner.instances OWNER TO tenantry_migrator;

CREATE TABLE provisioner.open_codes (
    code_hash text NOT NULL,
    tenant_id uuid NOT NULL,
    instance_id uuid NOT NULL,
    user_id uuid NOT NULL,
    session_id uuid NOT NULL,
    browser_hash text NOT NULL,
    target text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT open_codes_browser_hash_check CHECK ((browser_hash ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT open_codes_code_hash_check CHECK ((code_hash ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT open_codes_target_check CHECK (((target ~~ '/%'::text) AND (length(target) <= 2048)))
);

ALTER TABLE ONLY provisioner.open_codes FORCE ROW LEVEL SECURITY;

ALTER TABLE provisioner.open_codes OWNER TO tenantry_migrator;

CREATE TABLE provisioner.open_sessions (
    token_hash text NOT NULL,
    tenant_id uuid NOT NULL,
    instance_id uuid NOT NULL,
    user_id uuid NOT NULL,
    session_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT open_sessions_token_hash_check CHECK ((token_hash ~ '^[0-9a-f]{64}$'::text))
);

ALTER TABLE ONLY provisioner.open_sessions FORCE ROW LEVEL SECURITY;

ALTER TABLE provisioner.open_sessions OWNER TO tenantry_migrator;

CREATE TABLE provisioner.regions (
    code text NOT NULL,
    name text NOT NULL,
    residency text NOT NULL,
    driver text NOT NULL,
    capacity integer NOT NULL,
    enabled boolean DEFAULT true NOT NULL,
    CONSTRAINT regions_capacity_check CHECK ((capacity >= 0)),
    CONSTRAINT regions_driver_check CHECK ((driver = ANY (ARRAY['process'::text, 'kubernetes'::text])))
);

ALTER TABLE provisioner.regions OWNER TO tenantry_migrator;

CREATE TABLE public.seaql_migrations (
    version character varying NOT NULL,
    applied_at bigint NOT NULL
);

ALTER TABLE public.seaql_migrations OWNER TO tenantry_migrator;

CREATE TABLE tenancy.tenants (
    id uuid NOT NULL,
    slug text NOT NULL,
    name text NOT NULL,
    status text DEFAULT 'active'::text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT tenants_name_check CHECK (((length(name) >= 1) AND (length(name) <= 120))),
    CONSTRAINT tenants_slug_check CHECK ((slug ~ '^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$'::text)),
    CONSTRAINT tenants_status_check CHECK ((status = ANY (ARRAY['active'::text, 'suspended'::text, 'closed'::text])))
);

ALTER TABLE ONLY tenancy.tenants FORCE ROW LEVEL SECURITY;

ALTER TABLE tenancy.tenants OWNER TO tenantry_migrator;

CREATE TABLE webhooks.deliveries (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    message_id uuid NOT NULL,
    state text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    next_attempt_at timestamp with time zone,
    give_up_at timestamp with time zone NOT NULL,
    lease_until timestamp with time zone,
    fence bigint DEFAULT 0 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    delivered_at timestamp with time zone,
    last_status integer,
    last_error text,
    log jsonb DEFAULT '[]'::jsonb NOT NULL,
    CONSTRAINT deliveries_check CHECK (((state = 'pending'::text) = (next_attempt_at IS NOT NULL))),
    CONSTRAINT deliveries_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'delivered'::text, 'dead'::text])))
);

ALTER TABLE ONLY webhooks.deliveries FORCE ROW LEVEL SECURITY;

ALTER TABLE webhooks.deliveries OWNER TO tenantry_migrator;

CREATE TABLE webhooks.endpoints (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    url text NOT NULL,
    description text NOT NULL,
    event_types text[] NOT NULL,
    secret text NOT NULL,
    previous_secret text,
    previous_until timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    failing_since timestamp with time zone,
    disabled_at timestamp with time zone,
    disabled_why text,
    epoch bigint DEFAULT 0 NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT endpoints_check CHECK (((previous_secret IS NULL) = (previous_until IS NULL))),
    CONSTRAINT endpoints_check1 CHECK (((disabled_at IS NULL) = (disabled_why IS NULL))),
    CONSTRAINT endpoints_deleted_is_disabled CHECK (((deleted_at IS NULL) OR (disabled_at IS NOT NULL))),
    CONSTRAINT endpoints_description_check CHECK ((length(description) <= 200)),
    CONSTRAINT endpoints_disabled_why_check CHECK ((disabled_why = ANY (ARRAY['owner'::text, 'gone'::text, 'failing'::text]))),
    CONSTRAINT endpoints_url_check CHECK (((length(url) >= 1) AND (length(url) <= 2048)))
);

ALTER TABLE ONLY webhooks.endpoints FORCE ROW LEVEL SECURITY;

ALTER TABLE webhooks.endpoints OWNER TO tenantry_migrator;

CREATE TABLE webhooks.feeds (
    tenant_id uuid NOT NULL,
    last_position bigint NOT NULL,
    purged_position bigint DEFAULT 0 NOT NULL
);

ALTER TABLE ONLY webhooks.feeds FORCE ROW LEVEL SECURITY;

ALTER TABLE webhooks.feeds OWNER TO tenantry_migrator;

CREATE TABLE webhooks.messages (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    "position" bigint,
    fact_id bigint,
    type text NOT NULL,
    body text NOT NULL,
    created_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY webhooks.messages FORCE ROW LEVEL SECURITY;

ALTER TABLE webhooks.messages OWNER TO tenantry_migrator;

ALTER TABLE ONLY billing.plans
    ADD CONSTRAINT plans_pkey PRIMARY KEY (code, version);

ALTER TABLE ONLY billing.subscriptions
    ADD CONSTRAINT subscriptions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY billing.usage_events
    ADD CONSTRAINT usage_events_pkey PRIMARY KEY (instance_id, epoch, execution_id);

ALTER TABLE ONLY billing.usage_hourly
    ADD CONSTRAINT usage_hourly_pkey PRIMARY KEY (tenant_id, instance_id, workflow_id, hour);

ALTER TABLE ONLY identity.access_tokens
    ADD CONSTRAINT access_tokens_pkey PRIMARY KEY (token_hash);

ALTER TABLE ONLY identity.api_key_secrets
    ADD CONSTRAINT api_key_secrets_pkey PRIMARY KEY (secret_hash);

ALTER TABLE ONLY identity.api_keys
    ADD CONSTRAINT api_keys_id_tenant_id_key UNIQUE (id, tenant_id);

ALTER TABLE ONLY identity.api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (id);

ALTER TABLE ONLY identity.captured_mail
    ADD CONSTRAINT captured_mail_pkey PRIMARY KEY (id);

ALTER TABLE ONLY identity.certificate_alarms
    ADD CONSTRAINT certificate_alarms_pkey PRIMARY KEY (connection_id, fingerprint, days);

ALTER TABLE ONLY identity.client_assertions
    ADD CONSTRAINT client_assertions_pkey PRIMARY KEY (account_id, jti_hash);

ALTER TABLE ONLY identity.connection_exempt
    ADD CONSTRAINT connection_exempt_pkey PRIMARY KEY (connection_id, user_id);

ALTER TABLE ONLY identity.connection_roles
    ADD CONSTRAINT connection_roles_pkey PRIMARY KEY (connection_id, "position");

ALTER TABLE ONLY identity.connection_setups
    ADD CONSTRAINT connection_setups_pkey PRIMARY KEY (connection_id);

ALTER TABLE ONLY identity.connection_setups
    ADD CONSTRAINT connection_setups_token_hash_key UNIQUE (token_hash);

ALTER TABLE ONLY identity.connection_tickets
    ADD CONSTRAINT connection_tickets_pkey PRIMARY KEY (token_hash);

ALTER TABLE ONLY identity.connections
    ADD CONSTRAINT connections_pkey PRIMARY KEY (id);

ALTER TABLE ONLY identity.connections
    ADD CONSTRAINT connections_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY identity.domains
    ADD CONSTRAINT domains_pkey PRIMARY KEY (tenant_id, name);

ALTER TABLE ONLY identity.email_tokens
    ADD CONSTRAINT email_tokens_pkey PRIMARY KEY (token_hash);

ALTER TABLE ONLY identity.factor_tries
    ADD CONSTRAINT factor_tries_pkey PRIMARY KEY (user_id);

ALTER TABLE ONLY identity.invitations
    ADD CONSTRAINT invitations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY identity.invitations
    ADD CONSTRAINT invitations_token_hash_key UNIQUE (token_hash);

ALTER TABLE ONLY identity.known_devices
    ADD CONSTRAINT known_devices_pkey PRIMARY KEY (id);

ALTER TABLE ONLY identity.known_devices
    ADD CONSTRAINT known_devices_user_id_fingerprint_key UNIQUE (user_id, fingerprint);

ALTER TABLE ONLY identity.log_in_attempts
    ADD CONSTRAINT log_in_attempts_pkey PRIMARY KEY (account_hash);

ALTER TABLE ONLY identity.log_in_policies
    ADD CONSTRAINT log_in_policies_pkey PRIMARY KEY (tenant_id);

ALTER TABLE ONLY identity.logout_tokens
    ADD CONSTRAINT logout_tokens_pkey PRIMARY KEY (connection_id, jti_hash);

ALTER TABLE ONLY identity.memberships
    ADD CONSTRAINT memberships_pkey PRIMARY KEY (tenant_id, user_id);

ALTER TABLE ONLY identity.passkey_challenges
    ADD CONSTRAINT passkey_challenges_pkey PRIMARY KEY (token_hash);

ALTER TABLE ONLY identity.passkeys
    ADD CONSTRAINT passkeys_credential_id_key UNIQUE (credential_id);

ALTER TABLE ONLY identity.passkeys
    ADD CONSTRAINT passkeys_pkey PRIMARY KEY (id);

ALTER TABLE ONLY identity.pending_links
    ADD CONSTRAINT pending_links_pkey PRIMARY KEY (token_hash);

ALTER TABLE ONLY identity.pending_log_ins
    ADD CONSTRAINT pending_log_ins_pkey PRIMARY KEY (token_hash);

ALTER TABLE ONLY identity.policy_versions
    ADD CONSTRAINT policy_versions_pkey PRIMARY KEY (tenant_id);

ALTER TABLE ONLY identity.provider_identities
    ADD CONSTRAINT provider_identities_pkey PRIMARY KEY (connection_id, subject);

ALTER TABLE ONLY identity.recovery_codes
    ADD CONSTRAINT recovery_codes_pkey PRIMARY KEY (user_id, code_mac);

ALTER TABLE ONLY identity.roles
    ADD CONSTRAINT roles_pkey PRIMARY KEY (id);

ALTER TABLE ONLY identity.roles
    ADD CONSTRAINT roles_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY identity.saml_keys
    ADD CONSTRAINT saml_keys_pkey PRIMARY KEY (connection_id, fingerprint);

ALTER TABLE ONLY identity.saml_keys
    ADD CONSTRAINT saml_keys_state UNIQUE (connection_id, state) DEFERRABLE;

ALTER TABLE ONLY identity.scim_connections
    ADD CONSTRAINT scim_connections_pkey PRIMARY KEY (tenant_id);

ALTER TABLE ONLY identity.scim_group_members
    ADD CONSTRAINT scim_group_members_pkey PRIMARY KEY (group_id, user_id);

ALTER TABLE ONLY identity.scim_groups
    ADD CONSTRAINT scim_groups_pkey PRIMARY KEY (id);

ALTER TABLE ONLY identity.scim_groups
    ADD CONSTRAINT scim_groups_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY identity.scim_tokens
    ADD CONSTRAINT scim_tokens_pkey PRIMARY KEY (id);

ALTER TABLE ONLY identity.scim_tokens
    ADD CONSTRAINT scim_tokens_secret_hash_key UNIQUE (secret_hash);

ALTER TABLE ONLY identity.scim_users
    ADD CONSTRAINT scim_users_pkey PRIMARY KEY (id);

ALTER TABLE ONLY identity.scim_users
    ADD CONSTRAINT scim_users_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY identity.service_account_credentials
    ADD CONSTRAINT service_account_credentials_pkey PRIMARY KEY (id);

ALTER TABLE ONLY identity.service_account_credentials
    ADD CONSTRAINT service_account_credentials_secret_hash_key UNIQUE (secret_hash);

ALTER TABLE ONLY identity.service_accounts
    ADD CONSTRAINT service_accounts_id_tenant_id_key UNIQUE (id, tenant_id);

ALTER TABLE ONLY identity.service_accounts
    ADD CONSTRAINT service_accounts_pkey PRIMARY KEY (id);

ALTER TABLE ONLY identity.session_policies
    ADD CONSTRAINT session_policies_pkey PRIMARY KEY (tenant_id);

ALTER TABLE ONLY identity.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY identity.sessions
    ADD CONSTRAINT sessions_token_hash_key UNIQUE (token_hash);

ALTER TABLE ONLY identity.sso_flows
    ADD CONSTRAINT sso_flows_pkey PRIMARY KEY (state_hash);

ALTER TABLE ONLY identity.support_access
    ADD CONSTRAINT support_access_pkey PRIMARY KEY (id);

ALTER TABLE ONLY identity.totp
    ADD CONSTRAINT totp_pkey PRIMARY KEY (user_id);

ALTER TABLE ONLY identity.used_assertions
    ADD CONSTRAINT used_assertions_pkey PRIMARY KEY (connection_id, assertion_key);

ALTER TABLE ONLY identity.users
    ADD CONSTRAINT users_email_key UNIQUE (email);

ALTER TABLE ONLY identity.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);

ALTER TABLE ONLY platform.audit_checkpoints
    ADD CONSTRAINT audit_checkpoints_pkey PRIMARY KEY (tenant_id, seq);

ALTER TABLE ONLY platform.audit_keys
    ADD CONSTRAINT audit_keys_pkey PRIMARY KEY (key_id);

ALTER TABLE ONLY platform.audit_keys
    ADD CONSTRAINT audit_keys_public_key_key UNIQUE (public_key);

ALTER TABLE ONLY platform.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (tenant_id, seq);

ALTER TABLE ONLY platform.audit_settings
    ADD CONSTRAINT audit_settings_pkey PRIMARY KEY (tenant_id);

ALTER TABLE ONLY platform.audit_streams
    ADD CONSTRAINT audit_streams_pkey PRIMARY KEY (id);

ALTER TABLE ONLY platform.audit_streams
    ADD CONSTRAINT audit_streams_tenant_id_kind_target_key UNIQUE (tenant_id, kind, target);

ALTER TABLE ONLY platform.audit_unsealed
    ADD CONSTRAINT audit_unsealed_pkey PRIMARY KEY (tenant_id);

ALTER TABLE ONLY platform.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (tenant_id, actor, key);

ALTER TABLE ONLY platform.installation_keys
    ADD CONSTRAINT installation_keys_pkey PRIMARY KEY (name);

ALTER TABLE ONLY platform.leases
    ADD CONSTRAINT leases_pkey PRIMARY KEY (name);

ALTER TABLE ONLY platform.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);

ALTER TABLE ONLY platform.rate_windows
    ADD CONSTRAINT rate_windows_pkey PRIMARY KEY (bucket);

ALTER TABLE ONLY platform.request_keys
    ADD CONSTRAINT request_keys_pkey PRIMARY KEY (id);

ALTER TABLE ONLY platform.support_uses
    ADD CONSTRAINT support_uses_pkey PRIMARY KEY (tenant_id, access_id, user_id, kind, hour);

ALTER TABLE ONLY platform.tenant_keys
    ADD CONSTRAINT tenant_keys_pkey PRIMARY KEY (tenant_id, version);

ALTER TABLE ONLY provisioner.instance_events
    ADD CONSTRAINT instance_events_pkey PRIMARY KEY (id);

ALTER TABLE ONLY provisioner.instance_samples
    ADD CONSTRAINT instance_samples_pkey PRIMARY KEY (instance_id);

ALTER TABLE ONLY provisioner.instance_secrets
    ADD CONSTRAINT instance_secrets_pkey PRIMARY KEY (instance_id, name);

ALTER TABLE ONLY provisioner.instances
    ADD CONSTRAINT instances_id_tenant_id_key UNIQUE (id, tenant_id);

ALTER TABLE ONLY provisioner.instances
    ADD CONSTRAINT instances_pkey PRIMARY KEY (id);

ALTER TABLE ONLY provisioner.instances
    ADD CONSTRAINT instances_slot_key UNIQUE (slot);

ALTER TABLE ONLY provisioner.open_codes
    ADD CONSTRAINT open_codes_pkey PRIMARY KEY (code_hash);

ALTER TABLE ONLY provisioner.open_sessions
    ADD CONSTRAINT open_sessions_pkey PRIMARY KEY (token_hash);

ALTER TABLE ONLY provisioner.regions
    ADD CONSTRAINT regions_pkey PRIMARY KEY (code);

ALTER TABLE ONLY public.seaql_migrations
    ADD CONSTRAINT seaql_migrations_pkey PRIMARY KEY (version);

ALTER TABLE ONLY tenancy.tenants
    ADD CONSTRAINT tenants_pkey PRIMARY KEY (id);

ALTER TABLE ONLY tenancy.tenants
    ADD CONSTRAINT tenants_slug_key UNIQUE (slug);

ALTER TABLE ONLY webhooks.deliveries
    ADD CONSTRAINT deliveries_once UNIQUE (endpoint_id, message_id);

ALTER TABLE ONLY webhooks.deliveries
    ADD CONSTRAINT deliveries_pkey PRIMARY KEY (id);

ALTER TABLE ONLY webhooks.endpoints
    ADD CONSTRAINT endpoints_of_tenant UNIQUE (tenant_id, id);

ALTER TABLE ONLY webhooks.endpoints
    ADD CONSTRAINT endpoints_pkey PRIMARY KEY (id);

ALTER TABLE ONLY webhooks.feeds
    ADD CONSTRAINT feeds_pkey PRIMARY KEY (tenant_id);

ALTER TABLE ONLY webhooks.messages
    ADD CONSTRAINT messages_fact UNIQUE (fact_id);

ALTER TABLE ONLY webhooks.messages
    ADD CONSTRAINT messages_feed UNIQUE (tenant_id, "position");

ALTER TABLE ONLY webhooks.messages
    ADD CONSTRAINT messages_of_tenant UNIQUE (tenant_id, id);

ALTER TABLE ONLY webhooks.messages
    ADD CONSTRAINT messages_pkey PRIMARY KEY (id);

CREATE INDEX subscriptions_of_tenant ON billing.subscriptions USING btree (tenant_id, started_at);

CREATE UNIQUE INDEX subscriptions_running ON billing.subscriptions USING btree (tenant_id) WHERE (ended_at IS NULL);

CREATE INDEX usage_events_newest ON billing.usage_events USING btree (tenant_id, instance_id, stopped_at DESC, epoch DESC, execution_id DESC);

CREATE INDEX usage_events_of_tenant ON billing.usage_events USING btree (tenant_id, stopped_at);

CREATE INDEX usage_hourly_of_tenant ON billing.usage_hourly USING btree (tenant_id, hour);

CREATE INDEX access_tokens_expiry ON identity.access_tokens USING btree (expires_at);

CREATE INDEX access_tokens_of_account ON identity.access_tokens USING btree (account_id);

CREATE INDEX access_tokens_of_credential ON identity.access_tokens USING btree (credential_id);

CREATE UNIQUE INDEX api_key_secrets_before ON identity.api_key_secrets USING btree (key_id) WHERE (valid_until IS NOT NULL);

CREATE UNIQUE INDEX api_key_secrets_newest ON identity.api_key_secrets USING btree (key_id) WHERE (valid_until IS NULL);

CREATE INDEX api_keys_of_maker ON identity.api_keys USING btree (maker);

CREATE INDEX api_keys_of_tenant ON identity.api_keys USING btree (tenant_id, id);

CREATE INDEX captured_mail_of_recipient ON identity.captured_mail USING btree (recipient, id);

CREATE INDEX client_assertions_expiry ON identity.client_assertions USING btree (expires_at);

CREATE INDEX connection_exempt_of_member ON identity.connection_exempt USING btree (tenant_id, user_id);

CREATE INDEX connection_roles_of_role ON identity.connection_roles USING btree (tenant_id, custom_role_id) WHERE (custom_role_id IS NOT NULL);

CREATE INDEX connection_tickets_expiry ON identity.connection_tickets USING btree (expires_at);

CREATE UNIQUE INDEX connections_enforced ON identity.connections USING btree (tenant_id) WHERE (enforced_at IS NOT NULL);

CREATE INDEX connections_metadata ON identity.connections USING btree (metadata_looked_at) WHERE ((kind = 'saml'::text) AND ((settings ->> 'metadata_url'::text) IS NOT NULL));

CREATE UNIQUE INDEX domains_verified ON identity.domains USING btree (name) WHERE (verified_at IS NOT NULL);

CREATE INDEX email_tokens_of_user ON identity.email_tokens USING btree (user_id, purpose);

CREATE INDEX invitations_expiry ON identity.invitations USING btree (expires_at);

CREATE INDEX invitations_of_role ON identity.invitations USING btree (tenant_id, custom_role_id) WHERE (custom_role_id IS NOT NULL);

CREATE INDEX invitations_of_tenant ON identity.invitations USING btree (tenant_id, id) WHERE ((accepted_at IS NULL) AND (revoked_at IS NULL));

CREATE UNIQUE INDEX invitations_open ON identity.invitations USING btree (tenant_id, email) WHERE ((accepted_at IS NULL) AND (revoked_at IS NULL));

CREATE INDEX known_devices_last_seen ON identity.known_devices USING btree (last_seen_at);

CREATE INDEX log_in_attempts_last ON identity.log_in_attempts USING btree (last_at);

CREATE INDEX logout_tokens_expiry ON identity.logout_tokens USING btree (expires_at);

CREATE INDEX memberships_of_role ON identity.memberships USING btree (tenant_id, custom_role_id) WHERE (custom_role_id IS NOT NULL);

CREATE INDEX memberships_of_user ON identity.memberships USING btree (user_id);

CREATE INDEX passkey_challenges_expiry ON identity.passkey_challenges USING btree (expires_at);

CREATE INDEX passkey_challenges_of_user ON identity.passkey_challenges USING btree (user_id);

CREATE INDEX passkeys_of_user ON identity.passkeys USING btree (user_id);

CREATE INDEX pending_links_expiry ON identity.pending_links USING btree (expires_at);

CREATE INDEX pending_links_of_connection ON identity.pending_links USING btree (connection_id);

CREATE INDEX pending_links_of_user ON identity.pending_links USING btree (user_id);

CREATE INDEX pending_log_ins_expiry ON identity.pending_log_ins USING btree (expires_at);

CREATE INDEX pending_log_ins_of_user ON identity.pending_log_ins USING btree (user_id);

CREATE INDEX provider_identities_of_user ON identity.provider_identities USING btree (user_id);

CREATE UNIQUE INDEX roles_name ON identity.roles USING btree (tenant_id, lower(name));

CREATE INDEX scim_group_members_of_group ON identity.scim_group_members USING btree (tenant_id, group_id);

CREATE INDEX scim_group_members_of_user ON identity.scim_group_members USING btree (tenant_id, user_id);

CREATE INDEX scim_groups_name ON identity.scim_groups USING btree (tenant_id, lower(display_name));

CREATE INDEX scim_groups_role ON identity.scim_groups USING btree (tenant_id, custom_role_id) WHERE (custom_role_id IS NOT NULL);

CREATE INDEX scim_tokens_of_maker ON identity.scim_tokens USING btree (maker);

CREATE INDEX scim_tokens_of_tenant ON identity.scim_tokens USING btree (tenant_id, id);

CREATE UNIQUE INDEX scim_users_email ON identity.scim_users USING btree (tenant_id, email);

CREATE INDEX scim_users_external ON identity.scim_users USING btree (tenant_id, external_id) WHERE (external_id IS NOT NULL);

CREATE UNIQUE INDEX scim_users_name ON identity.scim_users USING btree (tenant_id, lower(user_name));

CREATE INDEX scim_users_of_user ON identity.scim_users USING btree (user_id) WHERE (user_id IS NOT NULL);

CREATE UNIQUE INDEX scim_users_person ON identity.scim_users USING btree (tenant_id, user_id) WHERE (user_id IS NOT NULL);

CREATE INDEX service_account_credentials_of_account ON identity.service_account_credentials USING btree (account_id, id);

CREATE INDEX service_accounts_of_role ON identity.service_accounts USING btree (tenant_id, custom_role_id) WHERE (custom_role_id IS NOT NULL);

CREATE INDEX service_accounts_of_tenant ON identity.service_accounts USING btree (tenant_id, id);

CREATE INDEX sessions_expiry ON identity.sessions USING btree (expires_at);

CREATE INDEX sessions_of_connection ON identity.sessions USING btree (connection_id, provider_subject) WHERE (connection_id IS NOT NULL);

CREATE INDEX sessions_of_user ON identity.sessions USING btree (user_id);

CREATE INDEX sso_flows_expiry ON identity.sso_flows USING btree (expires_at);

CREATE INDEX sso_flows_of_connection ON identity.sso_flows USING btree (connection_id);

CREATE INDEX support_access_of_tenant ON identity.support_access USING btree (tenant_id, id);

CREATE INDEX support_access_open ON identity.support_access USING btree (expires_at) WHERE (revoked_at IS NULL);

CREATE INDEX used_assertions_expiry ON identity.used_assertions USING btree (expires_at);

CREATE INDEX audit_action ON platform.audit USING btree (tenant_id, action, seq);

CREATE INDEX audit_actor ON platform.audit USING btree (tenant_id, actor, seq);

CREATE INDEX audit_at ON platform.audit USING btree (tenant_id, at, seq);

CREATE INDEX audit_not_ok ON platform.audit USING btree (tenant_id, result, seq) WHERE (result <> 'ok'::text);

CREATE INDEX audit_resource ON platform.audit USING btree (tenant_id, resource, seq);

CREATE INDEX audit_streams_due ON platform.audit_streams USING btree (next_attempt_at) WHERE (paused_at IS NULL);

CREATE INDEX audit_unsealed_since ON platform.audit_unsealed USING btree (since);

CREATE INDEX idempotency_keys_age ON platform.idempotency_keys USING btree (created_at);

CREATE INDEX outbox_dispatched ON platform.outbox USING btree (dispatched_at) WHERE (dispatched_at IS NOT NULL);

CREATE INDEX outbox_pending ON platform.outbox USING btree (id) WHERE (dispatched_at IS NULL);

CREATE INDEX request_keys_created ON platform.request_keys USING btree (created_at);

CREATE INDEX instance_events_of_instance ON provisioner.instance_events USING btree (instance_id, id);

CREATE UNIQUE INDEX instances_address ON provisioner.instances USING btree (region, slug) WHERE (deleted_at IS NULL);

CREATE INDEX instances_addresses ON provisioner.instances USING btree (region, slug);

CREATE INDEX instances_due ON provisioner.instances USING btree (region, next_attempt_at) WHERE (phase <> 'deleted'::text);

CREATE INDEX instances_first_boots ON provisioner.instances USING btree (region, first_ready_at DESC) WHERE (first_ready_at IS NOT NULL);

CREATE INDEX instances_fleet ON provisioner.instances USING btree (created_at, id) WHERE (deleted_at IS NULL);

CREATE INDEX instances_of_tenant ON provisioner.instances USING btree (tenant_id, id);

CREATE INDEX open_codes_expiry ON provisioner.open_codes USING btree (expires_at);

CREATE INDEX open_codes_of_instance ON provisioner.open_codes USING btree (instance_id);

CREATE INDEX open_codes_of_tenant ON provisioner.open_codes USING btree (tenant_id, expires_at);

CREATE INDEX open_sessions_expiry ON provisioner.open_sessions USING btree (expires_at);

CREATE INDEX open_sessions_of_instance ON provisioner.open_sessions USING btree (instance_id);

CREATE INDEX open_sessions_of_tenant ON provisioner.open_sessions USING btree (tenant_id);

CREATE INDEX deliveries_due ON webhooks.deliveries USING btree (endpoint_id, next_attempt_at) WHERE (state = 'pending'::text);

CREATE INDEX deliveries_leased ON webhooks.deliveries USING btree (lease_until) WHERE (lease_until IS NOT NULL);

CREATE INDEX deliveries_list ON webhooks.deliveries USING btree (tenant_id, endpoint_id, id);

CREATE INDEX deliveries_message ON webhooks.deliveries USING btree (tenant_id, message_id);

CREATE INDEX deliveries_state ON webhooks.deliveries USING btree (tenant_id, endpoint_id, state, id);

CREATE INDEX deliveries_taken ON webhooks.deliveries USING btree (endpoint_id, delivered_at) WHERE (delivered_at IS NOT NULL);

CREATE INDEX endpoints_deleted ON webhooks.endpoints USING btree (deleted_at) WHERE (deleted_at IS NOT NULL);

CREATE UNIQUE INDEX endpoints_url ON webhooks.endpoints USING btree (tenant_id, url) WHERE (deleted_at IS NULL);

CREATE INDEX messages_age ON webhooks.messages USING btree (created_at);

CREATE TRIGGER usage_added AFTER INSERT ON billing.usage_events REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION billing.announce_usage();

CREATE TRIGGER api_keys_announce AFTER UPDATE OF revoked_at ON identity.api_keys FOR EACH ROW EXECUTE FUNCTION platform.announce_tenant('credentials');

CREATE TRIGGER connections_announce AFTER UPDATE OF enforced_at ON identity.connections FOR EACH ROW EXECUTE FUNCTION platform.announce_tenant('members');

CREATE TRIGGER connections_gone AFTER DELETE ON identity.connections FOR EACH ROW EXECUTE FUNCTION identity.connection_gone();

CREATE TRIGGER connections_moved AFTER UPDATE OF settings ON identity.connections FOR EACH ROW WHEN (((old.settings ->> 'issuer'::text) IS DISTINCT FROM (new.settings ->> 'issuer'::text))) EXECUTE FUNCTION identity.connection_gone();

CREATE TRIGGER invitations_announce AFTER INSERT OR DELETE OR UPDATE ON identity.invitations FOR EACH ROW EXECUTE FUNCTION platform.announce_tenant('members');

CREATE TRIGGER log_in_policies_announce AFTER INSERT OR UPDATE ON identity.log_in_policies FOR EACH ROW EXECUTE FUNCTION platform.announce_tenant('members');

CREATE TRIGGER memberships_announce AFTER INSERT OR DELETE OR UPDATE ON identity.memberships FOR EACH ROW EXECUTE FUNCTION platform.announce_tenant('members');

CREATE TRIGGER memberships_scim_joined AFTER INSERT ON identity.memberships FOR EACH ROW EXECUTE FUNCTION identity.scim_joined();

CREATE TRIGGER memberships_scim_left AFTER DELETE ON identity.memberships FOR EACH ROW EXECUTE FUNCTION identity.scim_left();

CREATE TRIGGER roles_announce AFTER INSERT OR DELETE OR UPDATE ON identity.roles FOR EACH ROW EXECUTE FUNCTION platform.announce_tenant('members');

CREATE TRIGGER roles_policy AFTER INSERT OR DELETE OR UPDATE ON identity.roles FOR EACH ROW EXECUTE FUNCTION identity.policy_changed();

CREATE TRIGGER scim_users_announce AFTER INSERT OR DELETE OR UPDATE ON identity.scim_users FOR EACH ROW EXECUTE FUNCTION platform.announce_tenant('members');

CREATE TRIGGER service_account_credentials_announce AFTER DELETE ON identity.service_account_credentials FOR EACH ROW EXECUTE FUNCTION platform.announce_tenant('credentials');

CREATE TRIGGER session_policies_announce AFTER INSERT OR UPDATE ON identity.session_policies FOR EACH ROW EXECUTE FUNCTION platform.announce_tenant('credentials');

CREATE TRIGGER sessions_ended AFTER DELETE ON identity.sessions FOR EACH ROW EXECUTE FUNCTION identity.announce_session_end();

CREATE TRIGGER sessions_rotated AFTER UPDATE OF token_hash ON identity.sessions FOR EACH ROW EXECUTE FUNCTION identity.announce_session_end();

CREATE TRIGGER support_access_announce AFTER INSERT OR UPDATE ON identity.support_access FOR EACH ROW EXECUTE FUNCTION platform.announce_tenant('support');

CREATE TRIGGER audit_mark_unsealed AFTER INSERT ON platform.audit FOR EACH ROW EXECUTE FUNCTION platform.mark_unsealed();

CREATE TRIGGER outbox_announce AFTER INSERT ON platform.outbox FOR EACH ROW EXECUTE FUNCTION platform.announce_outbox();

CREATE TRIGGER instances_announce AFTER INSERT OR UPDATE ON provisioner.instances FOR EACH ROW EXECUTE FUNCTION provisioner.announce_instance();

CREATE TRIGGER instances_changed AFTER UPDATE ON provisioner.instances FOR EACH ROW WHEN (((new.phase IS DISTINCT FROM old.phase) OR (new.desired IS DISTINCT FROM old.desired) OR (new.name IS DISTINCT FROM old.name) OR (new.failure_code IS DISTINCT FROM old.failure_code) OR (new.deleted_at IS DISTINCT FROM old.deleted_at) OR (new.delete_at IS DISTINCT FROM old.delete_at) OR (new.ready_at IS DISTINCT FROM old.ready_at))) EXECUTE FUNCTION platform.announce_tenant('instances');

CREATE TRIGGER instances_guard_address AFTER INSERT ON provisioner.instances FOR EACH ROW EXECUTE FUNCTION provisioner.guard_address();

CREATE TRIGGER instances_made AFTER INSERT ON provisioner.instances FOR EACH ROW EXECUTE FUNCTION platform.announce_tenant('instances');

CREATE TRIGGER samples_changed AFTER UPDATE ON provisioner.instance_samples FOR EACH ROW WHEN ((new.answer IS DISTINCT FROM old.answer)) EXECUTE FUNCTION platform.announce_tenant('instances');

CREATE TRIGGER samples_made AFTER INSERT ON provisioner.instance_samples FOR EACH ROW EXECUTE FUNCTION platform.announce_tenant('instances');

ALTER TABLE ONLY billing.subscriptions
    ADD CONSTRAINT subscriptions_plan_code_plan_version_fkey FOREIGN KEY (plan_code, plan_version) REFERENCES billing.plans(code, version);

ALTER TABLE ONLY identity.access_tokens
    ADD CONSTRAINT access_tokens_account_id_tenant_id_fkey FOREIGN KEY (account_id, tenant_id) REFERENCES identity.service_accounts(id, tenant_id) ON DELETE CASCADE;

ALTER TABLE ONLY identity.access_tokens
    ADD CONSTRAINT access_tokens_credential_id_fkey FOREIGN KEY (credential_id) REFERENCES identity.service_account_credentials(id) ON DELETE CASCADE;

ALTER TABLE ONLY identity.api_key_secrets
    ADD CONSTRAINT api_key_secrets_key_id_tenant_id_fkey FOREIGN KEY (key_id, tenant_id) REFERENCES identity.api_keys(id, tenant_id) ON DELETE CASCADE;

ALTER TABLE ONLY identity.api_keys
    ADD CONSTRAINT api_keys_maker_fkey FOREIGN KEY (maker) REFERENCES identity.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY identity.certificate_alarms
    ADD CONSTRAINT certificate_alarms_tenant_id_connection_id_fkey FOREIGN KEY (tenant_id, connection_id) REFERENCES identity.connections(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY identity.client_assertions
    ADD CONSTRAINT client_assertions_account_id_fkey FOREIGN KEY (account_id) REFERENCES identity.service_accounts(id) ON DELETE CASCADE;

ALTER TABLE ONLY identity.connection_exempt
    ADD CONSTRAINT connection_exempt_tenant_id_connection_id_fkey FOREIGN KEY (tenant_id, connection_id) REFERENCES identity.connections(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY identity.connection_exempt
    ADD CONSTRAINT connection_exempt_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES identity.memberships(tenant_id, user_id);

ALTER TABLE ONLY identity.connection_roles
    ADD CONSTRAINT connection_roles_tenant_id_connection_id_fkey FOREIGN KEY (tenant_id, connection_id) REFERENCES identity.connections(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY identity.connection_roles
    ADD CONSTRAINT connection_roles_tenant_id_custom_role_id_fkey FOREIGN KEY (tenant_id, custom_role_id) REFERENCES identity.roles(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY identity.connection_setups
    ADD CONSTRAINT connection_setups_tenant_id_connection_id_fkey FOREIGN KEY (tenant_id, connection_id) REFERENCES identity.connections(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY identity.connection_tickets
    ADD CONSTRAINT connection_tickets_tenant_id_connection_id_fkey FOREIGN KEY (tenant_id, connection_id) REFERENCES identity.connections(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY identity.email_tokens
    ADD CONSTRAINT email_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY identity.factor_tries
    ADD CONSTRAINT factor_tries_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY identity.invitations
    ADD CONSTRAINT invitations_custom_role FOREIGN KEY (tenant_id, custom_role_id) REFERENCES identity.roles(tenant_id, id) ON DELETE SET NULL (custom_role_id);

ALTER TABLE ONLY identity.known_devices
    ADD CONSTRAINT known_devices_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY identity.memberships
    ADD CONSTRAINT memberships_custom_role FOREIGN KEY (tenant_id, custom_role_id) REFERENCES identity.roles(tenant_id, id);

ALTER TABLE ONLY identity.memberships
    ADD CONSTRAINT memberships_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY identity.passkey_challenges
    ADD CONSTRAINT passkey_challenges_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY identity.passkeys
    ADD CONSTRAINT passkeys_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY identity.pending_links
    ADD CONSTRAINT pending_links_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY identity.pending_log_ins
    ADD CONSTRAINT pending_log_ins_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY identity.provider_identities
    ADD CONSTRAINT provider_identities_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY identity.recovery_codes
    ADD CONSTRAINT recovery_codes_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY identity.saml_keys
    ADD CONSTRAINT saml_keys_tenant_id_connection_id_fkey FOREIGN KEY (tenant_id, connection_id) REFERENCES identity.connections(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY identity.scim_connections
    ADD CONSTRAINT scim_connections_tenant_id_custom_role_id_fkey FOREIGN KEY (tenant_id, custom_role_id) REFERENCES identity.roles(tenant_id, id) ON DELETE SET NULL (custom_role_id);

ALTER TABLE ONLY identity.scim_group_members
    ADD CONSTRAINT scim_group_members_tenant_id_group_id_fkey FOREIGN KEY (tenant_id, group_id) REFERENCES identity.scim_groups(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY identity.scim_group_members
    ADD CONSTRAINT scim_group_members_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES identity.scim_users(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY identity.scim_groups
    ADD CONSTRAINT scim_groups_tenant_id_custom_role_id_fkey FOREIGN KEY (tenant_id, custom_role_id) REFERENCES identity.roles(tenant_id, id) ON DELETE SET NULL (custom_role_id);

ALTER TABLE ONLY identity.scim_tokens
    ADD CONSTRAINT scim_tokens_maker_fkey FOREIGN KEY (maker) REFERENCES identity.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY identity.scim_users
    ADD CONSTRAINT scim_users_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY identity.service_account_credentials
    ADD CONSTRAINT service_account_credentials_account_id_tenant_id_fkey FOREIGN KEY (account_id, tenant_id) REFERENCES identity.service_accounts(id, tenant_id) ON DELETE CASCADE;

ALTER TABLE ONLY identity.service_accounts
    ADD CONSTRAINT service_accounts_tenant_id_custom_role_id_fkey FOREIGN KEY (tenant_id, custom_role_id) REFERENCES identity.roles(tenant_id, id);

ALTER TABLE ONLY identity.sessions
    ADD CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY identity.sso_flows
    ADD CONSTRAINT sso_flows_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY identity.support_access
    ADD CONSTRAINT support_access_holder_fkey FOREIGN KEY (holder) REFERENCES identity.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY identity.totp
    ADD CONSTRAINT totp_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY platform.audit_checkpoints
    ADD CONSTRAINT audit_checkpoints_key_id_fkey FOREIGN KEY (key_id) REFERENCES platform.audit_keys(key_id);

ALTER TABLE ONLY provisioner.instance_events
    ADD CONSTRAINT instance_events_instance_id_tenant_id_fkey FOREIGN KEY (instance_id, tenant_id) REFERENCES provisioner.instances(id, tenant_id) ON DELETE CASCADE;

ALTER TABLE ONLY provisioner.instance_samples
    ADD CONSTRAINT instance_samples_instance_id_tenant_id_fkey FOREIGN KEY (instance_id, tenant_id) REFERENCES provisioner.instances(id, tenant_id) ON DELETE CASCADE;

ALTER TABLE ONLY provisioner.instance_secrets
    ADD CONSTRAINT instance_secrets_instance_id_tenant_id_fkey FOREIGN KEY (instance_id, tenant_id) REFERENCES provisioner.instances(id, tenant_id) ON DELETE CASCADE;

ALTER TABLE ONLY provisioner.instances
    ADD CONSTRAINT instances_region_fkey FOREIGN KEY (region) REFERENCES provisioner.regions(code);

ALTER TABLE ONLY provisioner.open_codes
    ADD CONSTRAINT open_codes_instance_id_tenant_id_fkey FOREIGN KEY (instance_id, tenant_id) REFERENCES provisioner.instances(id, tenant_id) ON DELETE CASCADE;

ALTER TABLE ONLY provisioner.open_sessions
    ADD CONSTRAINT open_sessions_instance_id_tenant_id_fkey FOREIGN KEY (instance_id, tenant_id) REFERENCES provisioner.instances(id, tenant_id) ON DELETE CASCADE;

ALTER TABLE ONLY webhooks.deliveries
    ADD CONSTRAINT deliveries_tenant_id_endpoint_id_fkey FOREIGN KEY (tenant_id, endpoint_id) REFERENCES webhooks.endpoints(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY webhooks.deliveries
    ADD CONSTRAINT deliveries_tenant_id_message_id_fkey FOREIGN KEY (tenant_id, message_id) REFERENCES webhooks.messages(tenant_id, id) ON DELETE CASCADE;

CREATE POLICY owner_rows ON billing.subscriptions TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON billing.usage_events TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON billing.usage_hourly TO tenantry_migrator USING (true);

ALTER TABLE billing.subscriptions ENABLE ROW LEVEL SECURITY;

CREATE POLICY system_rows ON billing.subscriptions TO tenantry_system USING (true);

CREATE POLICY system_rows ON billing.usage_events TO tenantry_system USING (true);

CREATE POLICY system_rows ON billing.usage_hourly TO tenantry_system USING (true);

CREATE POLICY tenant_rows ON billing.subscriptions TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON billing.usage_events TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON billing.usage_hourly TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

ALTER TABLE billing.usage_events ENABLE ROW LEVEL SECURITY;

ALTER TABLE billing.usage_hourly ENABLE ROW LEVEL SECURITY;

ALTER TABLE identity.access_tokens ENABLE ROW LEVEL SECURITY;

ALTER TABLE identity.api_key_secrets ENABLE ROW LEVEL SECURITY;

ALTER TABLE identity.api_keys ENABLE ROW LEVEL SECURITY;

ALTER TABLE identity.certificate_alarms ENABLE ROW LEVEL SECURITY;

ALTER TABLE identity.connection_exempt ENABLE ROW LEVEL SECURITY;

ALTER TABLE identity.connection_roles ENABLE ROW LEVEL SECURITY;

ALTER TABLE identity.connection_setups ENABLE ROW LEVEL SECURITY;

ALTER TABLE identity.connection_tickets ENABLE ROW LEVEL SECURITY;

ALTER TABLE identity.connections ENABLE ROW LEVEL SECURITY;

ALTER TABLE identity.domains ENABLE ROW LEVEL SECURITY;

ALTER TABLE identity.invitations ENABLE ROW LEVEL SECURITY;

ALTER TABLE identity.log_in_policies ENABLE ROW LEVEL SECURITY;

ALTER TABLE identity.memberships ENABLE ROW LEVEL SECURITY;

CREATE POLICY owner_rows ON identity.access_tokens TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON identity.api_key_secrets TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON identity.api_keys TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON identity.certificate_alarms TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON identity.connection_exempt TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON identity.connection_roles TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON identity.connection_setups TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON identity.connection_tickets TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON identity.connections TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON identity.domains TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON identity.invitations TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON identity.log_in_policies TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON identity.memberships TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON identity.policy_versions TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON identity.roles TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON identity.saml_keys TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON identity.scim_connections TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON identity.scim_group_members TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON identity.scim_groups TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON identity.scim_tokens TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON identity.scim_users TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON identity.service_account_credentials TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON identity.service_accounts TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON identity.session_policies TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON identity.support_access TO tenantry_migrator USING (true);

ALTER TABLE identity.policy_versions ENABLE ROW LEVEL SECURITY;

ALTER TABLE identity.roles ENABLE ROW LEVEL SECURITY;

ALTER TABLE identity.saml_keys ENABLE ROW LEVEL SECURITY;

ALTER TABLE identity.scim_connections ENABLE ROW LEVEL SECURITY;

ALTER TABLE identity.scim_group_members ENABLE ROW LEVEL SECURITY;

ALTER TABLE identity.scim_groups ENABLE ROW LEVEL SECURITY;

ALTER TABLE identity.scim_tokens ENABLE ROW LEVEL SECURITY;

ALTER TABLE identity.scim_users ENABLE ROW LEVEL SECURITY;

ALTER TABLE identity.service_account_credentials ENABLE ROW LEVEL SECURITY;

ALTER TABLE identity.service_accounts ENABLE ROW LEVEL SECURITY;

ALTER TABLE identity.session_policies ENABLE ROW LEVEL SECURITY;

ALTER TABLE identity.support_access ENABLE ROW LEVEL SECURITY;

CREATE POLICY system_rows ON identity.access_tokens TO tenantry_system USING (true);

CREATE POLICY system_rows ON identity.api_key_secrets TO tenantry_system USING (true);

CREATE POLICY system_rows ON identity.api_keys TO tenantry_system USING (true);

CREATE POLICY system_rows ON identity.certificate_alarms TO tenantry_system USING (true);

CREATE POLICY system_rows ON identity.connection_exempt TO tenantry_system USING (true);

CREATE POLICY system_rows ON identity.connection_roles TO tenantry_system USING (true);

CREATE POLICY system_rows ON identity.connection_setups TO tenantry_system USING (true);

CREATE POLICY system_rows ON identity.connection_tickets TO tenantry_system USING (true);

CREATE POLICY system_rows ON identity.connections TO tenantry_system USING (true);

CREATE POLICY system_rows ON identity.domains TO tenantry_system USING (true);

CREATE POLICY system_rows ON identity.invitations TO tenantry_system USING (true);

CREATE POLICY system_rows ON identity.log_in_policies TO tenantry_system USING (true);

CREATE POLICY system_rows ON identity.memberships TO tenantry_system USING (true);

CREATE POLICY system_rows ON identity.policy_versions TO tenantry_system USING (true);

CREATE POLICY system_rows ON identity.roles TO tenantry_system USING (true);

CREATE POLICY system_rows ON identity.saml_keys TO tenantry_system USING (true);

CREATE POLICY system_rows ON identity.scim_connections TO tenantry_system USING (true);

CREATE POLICY system_rows ON identity.scim_group_members TO tenantry_system USING (true);

CREATE POLICY system_rows ON identity.scim_groups TO tenantry_system USING (true);

CREATE POLICY system_rows ON identity.scim_tokens TO tenantry_system USING (true);

CREATE POLICY system_rows ON identity.scim_users TO tenantry_system USING (true);

CREATE POLICY system_rows ON identity.service_account_credentials TO tenantry_system USING (true);

CREATE POLICY system_rows ON identity.service_accounts TO tenantry_system USING (true);

CREATE POLICY system_rows ON identity.session_policies TO tenantry_system USING (true);

CREATE POLICY system_rows ON identity.support_access TO tenantry_system USING (true);

CREATE POLICY tenant_rows ON identity.access_tokens TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON identity.api_key_secrets TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON identity.api_keys TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON identity.certificate_alarms TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON identity.connection_exempt TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON identity.connection_roles TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON identity.connection_setups TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON identity.connection_tickets TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON identity.connections TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON identity.domains TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON identity.invitations TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON identity.log_in_policies TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON identity.memberships TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON identity.policy_versions TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON identity.roles TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON identity.saml_keys TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON identity.scim_connections TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON identity.scim_group_members TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON identity.scim_groups TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON identity.scim_tokens TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON identity.scim_users TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON identity.service_account_credentials TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON identity.service_accounts TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON identity.session_policies TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON identity.support_access TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

ALTER TABLE platform.audit ENABLE ROW LEVEL SECURITY;

ALTER TABLE platform.audit_checkpoints ENABLE ROW LEVEL SECURITY;

ALTER TABLE platform.audit_settings ENABLE ROW LEVEL SECURITY;

ALTER TABLE platform.audit_streams ENABLE ROW LEVEL SECURITY;

ALTER TABLE platform.audit_unsealed ENABLE ROW LEVEL SECURITY;

ALTER TABLE platform.idempotency_keys ENABLE ROW LEVEL SECURITY;

ALTER TABLE platform.outbox ENABLE ROW LEVEL SECURITY;

CREATE POLICY owner_rows ON platform.audit TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON platform.audit_checkpoints TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON platform.audit_settings TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON platform.audit_streams TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON platform.audit_unsealed TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON platform.idempotency_keys TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON platform.outbox TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON platform.support_uses TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON platform.tenant_keys TO tenantry_migrator USING (true);

ALTER TABLE platform.support_uses ENABLE ROW LEVEL SECURITY;

CREATE POLICY system_rows ON platform.audit TO tenantry_system USING (true);

CREATE POLICY system_rows ON platform.audit_checkpoints TO tenantry_system USING (true);

CREATE POLICY system_rows ON platform.audit_settings TO tenantry_system USING (true);

CREATE POLICY system_rows ON platform.audit_streams TO tenantry_system USING (true);

CREATE POLICY system_rows ON platform.audit_unsealed TO tenantry_system USING (true);

CREATE POLICY system_rows ON platform.idempotency_keys TO tenantry_system USING (true);

CREATE POLICY system_rows ON platform.outbox TO tenantry_system USING (true);

CREATE POLICY system_rows ON platform.support_uses TO tenantry_system USING (true);

CREATE POLICY system_rows ON platform.tenant_keys TO tenantry_system USING (true);

ALTER TABLE platform.tenant_keys ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant_rows ON platform.audit TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON platform.audit_checkpoints TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON platform.audit_settings TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON platform.audit_streams TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON platform.audit_unsealed TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON platform.idempotency_keys TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON platform.outbox TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON platform.support_uses TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON platform.tenant_keys TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

ALTER TABLE provisioner.instance_events ENABLE ROW LEVEL SECURITY;

ALTER TABLE provisioner.instance_samples ENABLE ROW LEVEL SECURITY;

ALTER TABLE provisioner.instance_secrets ENABLE ROW LEVEL SECURITY;

ALTER TABLE provisioner.instances ENABLE ROW LEVEL SECURITY;

ALTER TABLE provisioner.open_codes ENABLE ROW LEVEL SECURITY;

ALTER TABLE provisioner.open_sessions ENABLE ROW LEVEL SECURITY;

CREATE POLICY owner_rows ON provisioner.instance_events TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON provisioner.instance_samples TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON provisioner.instance_secrets TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON provisioner.instances TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON provisioner.open_codes TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON provisioner.open_sessions TO tenantry_migrator USING (true);

CREATE POLICY system_rows ON provisioner.instance_events TO tenantry_system USING (true);

CREATE POLICY system_rows ON provisioner.instance_samples TO tenantry_system USING (true);

CREATE POLICY system_rows ON provisioner.instance_secrets TO tenantry_system USING (true);

CREATE POLICY system_rows ON provisioner.instances TO tenantry_system USING (true);

CREATE POLICY system_rows ON provisioner.open_codes TO tenantry_system USING (true);

CREATE POLICY system_rows ON provisioner.open_sessions TO tenantry_system USING (true);

CREATE POLICY tenant_rows ON provisioner.instance_events TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON provisioner.instance_samples TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON provisioner.instance_secrets TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON provisioner.instances TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON provisioner.open_codes TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON provisioner.open_sessions TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY owner_rows ON tenancy.tenants TO tenantry_migrator USING (true);

CREATE POLICY system_rows ON tenancy.tenants TO tenantry_system USING (true);

CREATE POLICY tenant_rows ON tenancy.tenants TO tenantry_app USING ((id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

ALTER TABLE tenancy.tenants ENABLE ROW LEVEL SECURITY;

ALTER TABLE webhooks.deliveries ENABLE ROW LEVEL SECURITY;

ALTER TABLE webhooks.endpoints ENABLE ROW LEVEL SECURITY;

ALTER TABLE webhooks.feeds ENABLE ROW LEVEL SECURITY;

ALTER TABLE webhooks.messages ENABLE ROW LEVEL SECURITY;

CREATE POLICY owner_rows ON webhooks.deliveries TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON webhooks.endpoints TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON webhooks.feeds TO tenantry_migrator USING (true);

CREATE POLICY owner_rows ON webhooks.messages TO tenantry_migrator USING (true);

CREATE POLICY system_rows ON webhooks.deliveries TO tenantry_system USING (true);

CREATE POLICY system_rows ON webhooks.endpoints TO tenantry_system USING (true);

CREATE POLICY system_rows ON webhooks.feeds TO tenantry_system USING (true);

CREATE POLICY system_rows ON webhooks.messages TO tenantry_system USING (true);

CREATE POLICY tenant_rows ON webhooks.deliveries TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON webhooks.endpoints TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON webhooks.feeds TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant_rows ON webhooks.messages TO tenantry_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));

GRANT USAGE ON SCHEMA billing TO tenantry_app;
GRANT USAGE ON SCHEMA billing TO tenantry_system;

GRANT USAGE ON SCHEMA identity TO tenantry_app;
GRANT USAGE ON SCHEMA identity TO tenantry_system;

GRANT USAGE ON SCHEMA platform TO tenantry_app;
GRANT USAGE ON SCHEMA platform TO tenantry_system;

GRANT USAGE ON SCHEMA provisioner TO tenantry_app;
GRANT USAGE ON SCHEMA provisioner TO tenantry_system;

GRANT USAGE ON SCHEMA tenancy TO tenantry_app;
GRANT USAGE ON SCHEMA tenancy TO tenantry_system;

GRANT USAGE ON SCHEMA webhooks TO tenantry_app;
GRANT USAGE ON SCHEMA webhooks TO tenantry_system;

REVOKE ALL ON FUNCTION identity.connection_gone() FROM PUBLIC;

REVOKE ALL ON FUNCTION identity.policy_changed() FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.audit_head(tenant uuid, OUT seq bigint, OUT hash text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.audit_head(tenant uuid, OUT seq bigint, OUT hash text) TO tenantry_app;
GRANT ALL ON FUNCTION platform.audit_head(tenant uuid, OUT seq bigint, OUT hash text) TO tenantry_system;

REVOKE ALL ON FUNCTION platform.enqueue(task text, payload json, job_key text, run_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.enqueue(task text, payload json, job_key text, run_at timestamp with time zone) TO tenantry_app;
GRANT ALL ON FUNCTION platform.enqueue(task text, payload json, job_key text, run_at timestamp with time zone) TO tenantry_system;

REVOKE ALL ON FUNCTION platform.protect(target regclass, tenant_column name) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.prune_audit(tenant uuid, at timestamp with time zone, OUT pruned bigint, OUT first_seq bigint, OUT anchor_seq bigint, OUT anchor_hash text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.prune_audit(tenant uuid, at timestamp with time zone, OUT pruned bigint, OUT first_seq bigint, OUT anchor_seq bigint, OUT anchor_hash text) TO tenantry_system;

REVOKE ALL ON FUNCTION provisioner.holds_address(deleted_at timestamp with time zone, at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION provisioner.holds_address(deleted_at timestamp with time zone, at timestamp with time zone) TO tenantry_app;
GRANT ALL ON FUNCTION provisioner.holds_address(deleted_at timestamp with time zone, at timestamp with time zone) TO tenantry_system;

GRANT SELECT ON TABLE billing.plans TO tenantry_app;
GRANT SELECT,INSERT,UPDATE ON TABLE billing.plans TO tenantry_system;

GRANT SELECT,INSERT,UPDATE ON TABLE billing.subscriptions TO tenantry_app;
GRANT SELECT,INSERT,UPDATE ON TABLE billing.subscriptions TO tenantry_system;

GRANT SELECT ON TABLE billing.usage_events TO tenantry_app;
GRANT SELECT,INSERT ON TABLE billing.usage_events TO tenantry_system;

GRANT SELECT ON TABLE billing.usage_hourly TO tenantry_app;
GRANT SELECT,INSERT,UPDATE ON TABLE billing.usage_hourly TO tenantry_system;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.access_tokens TO tenantry_system;

GRANT INSERT,DELETE ON TABLE identity.api_key_secrets TO tenantry_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.api_key_secrets TO tenantry_system;

GRANT SELECT(tenant_id) ON TABLE identity.api_key_secrets TO tenantry_app;

GRANT SELECT(key_id) ON TABLE identity.api_key_secrets TO tenantry_app;

GRANT SELECT(valid_until),UPDATE(valid_until) ON TABLE identity.api_key_secrets TO tenantry_app;

GRANT SELECT,INSERT ON TABLE identity.api_keys TO tenantry_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.api_keys TO tenantry_system;

GRANT UPDATE(prefix) ON TABLE identity.api_keys TO tenantry_app;

GRANT UPDATE(issued_at) ON TABLE identity.api_keys TO tenantry_app;

GRANT UPDATE(expires_at) ON TABLE identity.api_keys TO tenantry_app;

GRANT UPDATE(revoked_at) ON TABLE identity.api_keys TO tenantry_app;

GRANT SELECT,INSERT,DELETE ON TABLE identity.captured_mail TO tenantry_system;

GRANT SELECT,INSERT ON TABLE identity.certificate_alarms TO tenantry_system;

GRANT SELECT,INSERT,DELETE ON TABLE identity.client_assertions TO tenantry_system;

GRANT SELECT,INSERT,DELETE ON TABLE identity.connection_exempt TO tenantry_app;
GRANT SELECT ON TABLE identity.connection_exempt TO tenantry_system;

GRANT SELECT,INSERT,DELETE ON TABLE identity.connection_roles TO tenantry_app;
GRANT SELECT,INSERT,DELETE ON TABLE identity.connection_roles TO tenantry_system;

GRANT INSERT,DELETE ON TABLE identity.connection_setups TO tenantry_app;
GRANT SELECT,DELETE ON TABLE identity.connection_setups TO tenantry_system;

GRANT SELECT(connection_id) ON TABLE identity.connection_setups TO tenantry_app;

GRANT SELECT(tenant_id) ON TABLE identity.connection_setups TO tenantry_app;

GRANT SELECT(created_at) ON TABLE identity.connection_setups TO tenantry_app;

GRANT SELECT(expires_at) ON TABLE identity.connection_setups TO tenantry_app;

GRANT INSERT ON TABLE identity.connection_tickets TO tenantry_app;
GRANT SELECT,INSERT,DELETE ON TABLE identity.connection_tickets TO tenantry_system;

GRANT SELECT(tenant_id) ON TABLE identity.connection_tickets TO tenantry_app;

GRANT SELECT(connection_id) ON TABLE identity.connection_tickets TO tenantry_app;

GRANT SELECT(expires_at) ON TABLE identity.connection_tickets TO tenantry_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.connections TO tenantry_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.connections TO tenantry_system;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.domains TO tenantry_app;
GRANT SELECT ON TABLE identity.domains TO tenantry_system;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.email_tokens TO tenantry_system;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.factor_tries TO tenantry_system;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.invitations TO tenantry_system;

GRANT SELECT(id),INSERT(id) ON TABLE identity.invitations TO tenantry_app;

GRANT SELECT(tenant_id),INSERT(tenant_id) ON TABLE identity.invitations TO tenantry_app;

GRANT SELECT(email),INSERT(email) ON TABLE identity.invitations TO tenantry_app;

GRANT SELECT(role),INSERT(role),UPDATE(role) ON TABLE identity.invitations TO tenantry_app;

GRANT SELECT(invited_by),INSERT(invited_by) ON TABLE identity.invitations TO tenantry_app;

GRANT SELECT(inviter_name),INSERT(inviter_name) ON TABLE identity.invitations TO tenantry_app;

GRANT INSERT(inviter_email) ON TABLE identity.invitations TO tenantry_app;

GRANT UPDATE(token_hash) ON TABLE identity.invitations TO tenantry_app;

GRANT SELECT(created_at),INSERT(created_at) ON TABLE identity.invitations TO tenantry_app;

GRANT SELECT(expires_at),INSERT(expires_at),UPDATE(expires_at) ON TABLE identity.invitations TO tenantry_app;

GRANT SELECT(accepted_at) ON TABLE identity.invitations TO tenantry_app;

GRANT SELECT(revoked_at),UPDATE(revoked_at) ON TABLE identity.invitations TO tenantry_app;

GRANT SELECT(custom_role_id),INSERT(custom_role_id),UPDATE(custom_role_id) ON TABLE identity.invitations TO tenantry_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.known_devices TO tenantry_system;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.log_in_attempts TO tenantry_system;

GRANT SELECT,INSERT,UPDATE ON TABLE identity.log_in_policies TO tenantry_app;
GRANT SELECT ON TABLE identity.log_in_policies TO tenantry_system;

GRANT SELECT,INSERT,DELETE ON TABLE identity.logout_tokens TO tenantry_system;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.memberships TO tenantry_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.memberships TO tenantry_system;

GRANT SELECT,INSERT,DELETE ON TABLE identity.passkey_challenges TO tenantry_system;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.passkeys TO tenantry_system;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.pending_links TO tenantry_system;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.pending_log_ins TO tenantry_system;

GRANT SELECT ON TABLE identity.policy_versions TO tenantry_app;
GRANT SELECT ON TABLE identity.policy_versions TO tenantry_system;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.provider_identities TO tenantry_system;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.recovery_codes TO tenantry_system;

GRANT SELECT,INSERT,DELETE ON TABLE identity.roles TO tenantry_app;
GRANT SELECT ON TABLE identity.roles TO tenantry_system;

GRANT UPDATE(name) ON TABLE identity.roles TO tenantry_app;

GRANT UPDATE(description) ON TABLE identity.roles TO tenantry_app;

GRANT UPDATE(rights) ON TABLE identity.roles TO tenantry_app;

GRANT UPDATE(updated_at) ON TABLE identity.roles TO tenantry_app;

GRANT INSERT,DELETE ON TABLE identity.saml_keys TO tenantry_app;
GRANT SELECT ON TABLE identity.saml_keys TO tenantry_system;

GRANT SELECT(connection_id) ON TABLE identity.saml_keys TO tenantry_app;

GRANT SELECT(tenant_id) ON TABLE identity.saml_keys TO tenantry_app;

GRANT SELECT(fingerprint) ON TABLE identity.saml_keys TO tenantry_app;

GRANT SELECT(state),UPDATE(state) ON TABLE identity.saml_keys TO tenantry_app;

GRANT SELECT(certificate) ON TABLE identity.saml_keys TO tenantry_app;

GRANT SELECT(created_at) ON TABLE identity.saml_keys TO tenantry_app;

GRANT SELECT,INSERT ON TABLE identity.scim_connections TO tenantry_app;
GRANT SELECT ON TABLE identity.scim_connections TO tenantry_system;

GRANT UPDATE(enabled) ON TABLE identity.scim_connections TO tenantry_app;

GRANT UPDATE(role) ON TABLE identity.scim_connections TO tenantry_app;

GRANT UPDATE(custom_role_id) ON TABLE identity.scim_connections TO tenantry_app;

GRANT UPDATE(updated_at) ON TABLE identity.scim_connections TO tenantry_app;

GRANT SELECT,INSERT,DELETE ON TABLE identity.scim_group_members TO tenantry_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.scim_groups TO tenantry_app;

GRANT INSERT ON TABLE identity.scim_tokens TO tenantry_app;
GRANT SELECT,DELETE,UPDATE ON TABLE identity.scim_tokens TO tenantry_system;

GRANT SELECT(id) ON TABLE identity.scim_tokens TO tenantry_app;

GRANT SELECT(tenant_id) ON TABLE identity.scim_tokens TO tenantry_app;

GRANT SELECT(name) ON TABLE identity.scim_tokens TO tenantry_app;

GRANT SELECT(prefix) ON TABLE identity.scim_tokens TO tenantry_app;

GRANT UPDATE(secret_hash) ON TABLE identity.scim_tokens TO tenantry_app;

GRANT SELECT(maker) ON TABLE identity.scim_tokens TO tenantry_app;

GRANT SELECT(maker_name) ON TABLE identity.scim_tokens TO tenantry_app;

GRANT SELECT(created_at) ON TABLE identity.scim_tokens TO tenantry_app;

GRANT SELECT(expires_at) ON TABLE identity.scim_tokens TO tenantry_app;

GRANT SELECT(last_used_at) ON TABLE identity.scim_tokens TO tenantry_app;

GRANT SELECT(last_used_from) ON TABLE identity.scim_tokens TO tenantry_app;

GRANT SELECT(revoked_at),UPDATE(revoked_at) ON TABLE identity.scim_tokens TO tenantry_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.scim_users TO tenantry_app;
GRANT SELECT,UPDATE ON TABLE identity.scim_users TO tenantry_system;

GRANT INSERT,DELETE ON TABLE identity.service_account_credentials TO tenantry_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.service_account_credentials TO tenantry_system;

GRANT SELECT(id) ON TABLE identity.service_account_credentials TO tenantry_app;

GRANT SELECT(tenant_id) ON TABLE identity.service_account_credentials TO tenantry_app;

GRANT SELECT(account_id) ON TABLE identity.service_account_credentials TO tenantry_app;

GRANT SELECT(kind) ON TABLE identity.service_account_credentials TO tenantry_app;

GRANT SELECT(hint) ON TABLE identity.service_account_credentials TO tenantry_app;

GRANT SELECT(creator) ON TABLE identity.service_account_credentials TO tenantry_app;

GRANT SELECT(created_at) ON TABLE identity.service_account_credentials TO tenantry_app;

GRANT SELECT(expires_at) ON TABLE identity.service_account_credentials TO tenantry_app;

GRANT SELECT(last_used_at) ON TABLE identity.service_account_credentials TO tenantry_app;

GRANT SELECT,INSERT ON TABLE identity.service_accounts TO tenantry_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.service_accounts TO tenantry_system;

GRANT UPDATE(custom_role_id) ON TABLE identity.service_accounts TO tenantry_app;

GRANT UPDATE(disabled_at) ON TABLE identity.service_accounts TO tenantry_app;

GRANT SELECT,INSERT,UPDATE ON TABLE identity.session_policies TO tenantry_app;
GRANT SELECT ON TABLE identity.session_policies TO tenantry_system;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.sessions TO tenantry_system;

GRANT SELECT,INSERT,DELETE ON TABLE identity.sso_flows TO tenantry_system;

GRANT UPDATE(assertion) ON TABLE identity.sso_flows TO tenantry_system;

GRANT SELECT,INSERT ON TABLE identity.support_access TO tenantry_system;

GRANT SELECT(id),INSERT(id) ON TABLE identity.support_access TO tenantry_app;

GRANT SELECT(tenant_id),INSERT(tenant_id) ON TABLE identity.support_access TO tenantry_app;

GRANT SELECT(kind) ON TABLE identity.support_access TO tenantry_app;

GRANT SELECT(level),INSERT(level) ON TABLE identity.support_access TO tenantry_app;

GRANT SELECT(reason),INSERT(reason) ON TABLE identity.support_access TO tenantry_app;

GRANT SELECT(granted_by),INSERT(granted_by) ON TABLE identity.support_access TO tenantry_app;

GRANT SELECT(granted_by_name),INSERT(granted_by_name) ON TABLE identity.support_access TO tenantry_app;

GRANT SELECT(created_at),INSERT(created_at) ON TABLE identity.support_access TO tenantry_app;

GRANT SELECT(starts_at),INSERT(starts_at) ON TABLE identity.support_access TO tenantry_app;

GRANT SELECT(expires_at),INSERT(expires_at) ON TABLE identity.support_access TO tenantry_app;

GRANT SELECT(revoked_at),UPDATE(revoked_at) ON TABLE identity.support_access TO tenantry_app;
GRANT UPDATE(revoked_at) ON TABLE identity.support_access TO tenantry_system;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.totp TO tenantry_system;

GRANT SELECT,INSERT,DELETE ON TABLE identity.used_assertions TO tenantry_system;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.users TO tenantry_system;

GRANT SELECT,INSERT ON TABLE platform.audit TO tenantry_app;
GRANT SELECT,INSERT ON TABLE platform.audit TO tenantry_system;

GRANT SELECT ON TABLE platform.audit_checkpoints TO tenantry_app;
GRANT SELECT,INSERT ON TABLE platform.audit_checkpoints TO tenantry_system;

GRANT SELECT ON TABLE platform.audit_keys TO tenantry_app;
GRANT SELECT,INSERT ON TABLE platform.audit_keys TO tenantry_system;

GRANT SELECT,INSERT,UPDATE ON TABLE platform.audit_settings TO tenantry_app;
GRANT SELECT ON TABLE platform.audit_settings TO tenantry_system;

GRANT SELECT,INSERT,DELETE ON TABLE platform.audit_streams TO tenantry_app;
GRANT SELECT,UPDATE ON TABLE platform.audit_streams TO tenantry_system;

GRANT SELECT,INSERT ON TABLE platform.audit_unsealed TO tenantry_app;
GRANT SELECT,INSERT,DELETE ON TABLE platform.audit_unsealed TO tenantry_system;

GRANT SELECT,INSERT ON TABLE platform.idempotency_keys TO tenantry_app;
GRANT SELECT,INSERT,DELETE ON TABLE platform.idempotency_keys TO tenantry_system;

GRANT SELECT,INSERT ON TABLE platform.installation_keys TO tenantry_system;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE platform.leases TO tenantry_system;

GRANT SELECT,INSERT ON TABLE platform.outbox TO tenantry_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE platform.outbox TO tenantry_system;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE platform.rate_windows TO tenantry_system;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE platform.request_keys TO tenantry_system;

GRANT SELECT,INSERT,UPDATE ON TABLE platform.support_uses TO tenantry_app;
GRANT SELECT ON TABLE platform.support_uses TO tenantry_system;

GRANT SELECT,INSERT ON TABLE platform.tenant_keys TO tenantry_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE platform.tenant_keys TO tenantry_system;

GRANT SELECT,INSERT ON TABLE provisioner.instance_events TO tenantry_app;
GRANT SELECT,INSERT ON TABLE provisioner.instance_events TO tenantry_system;

GRANT SELECT ON TABLE provisioner.instance_samples TO tenantry_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE provisioner.instance_samples TO tenantry_system;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE provisioner.instance_secrets TO tenantry_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE provisioner.instance_secrets TO tenantry_system;

GRANT SELECT,INSERT,UPDATE ON TABLE provisioner.instances TO tenantry_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE provisioner.instances TO tenantry_system;

GRANT SELECT,INSERT,DELETE ON TABLE provisioner.open_codes TO tenantry_app;
GRANT SELECT,INSERT,DELETE ON TABLE provisioner.open_codes TO tenantry_system;

GRANT SELECT,INSERT,DELETE ON TABLE provisioner.open_sessions TO tenantry_app;
GRANT SELECT,INSERT,DELETE ON TABLE provisioner.open_sessions TO tenantry_system;

GRANT SELECT ON TABLE provisioner.regions TO tenantry_app;
GRANT SELECT,INSERT,UPDATE ON TABLE provisioner.regions TO tenantry_system;

GRANT SELECT,UPDATE ON TABLE tenancy.tenants TO tenantry_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE tenancy.tenants TO tenantry_system;

GRANT SELECT,INSERT,UPDATE ON TABLE webhooks.deliveries TO tenantry_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE webhooks.deliveries TO tenantry_system;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE webhooks.endpoints TO tenantry_app;
GRANT SELECT,DELETE,UPDATE ON TABLE webhooks.endpoints TO tenantry_system;

GRANT SELECT ON TABLE webhooks.feeds TO tenantry_app;
GRANT SELECT,INSERT,UPDATE ON TABLE webhooks.feeds TO tenantry_system;

GRANT SELECT,INSERT ON TABLE webhooks.messages TO tenantry_app;
GRANT SELECT,INSERT,DELETE ON TABLE webhooks.messages TO tenantry_system;
