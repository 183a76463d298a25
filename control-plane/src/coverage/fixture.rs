//! A tenant with one of everything, and somebody in each role.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_graphql::{Request, Response};
use futures::StreamExt;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use tenantry_authz::{
    Actor, Assurance, Ctx, CustomPolicy, CustomRole, Grant, HeldRole, Origin, PlatformRole, ResellerRole,
    Right, Role, SupportRole,
};
use tenantry_kernel::{
    ApiKeyId, AuditStreamId, ConnectionId, CredentialId, DeliveryId, InstanceId, InvitationId, MessageId,
    OsEntropy, RoleId, ScimGroupId, ScimTokenId, ScimUserId, ServiceAccountId, SessionId, SupportAccessId,
    SystemClock, TenantId, UserId, WebhookEndpointId,
};
use tenantry_store::{SystemRole, SystemTx};
use uuid::Uuid;

use super::selection::Types;
use crate::graphql::{AdminSchema, CustomerSchema, admin_schema, condition_loader, customer_schema};
use crate::test_world::{Person, TestApp};

/// The things of a tenant, by the name that operations call them.
#[derive(Clone)]
pub(super) struct Ids {
    pub(super) tenant: TenantId,
    pub(super) things: Vec<(&'static str, String, Uuid)>,
}

impl Ids {
    /// Ids of the right form that name nothing, in this tenant or in one that is not.
    pub(super) fn made_up(tenant: TenantId) -> Self {
        let mut things = Vec::new();
        macro_rules! thing {
            ($($name:literal: $id:ty),+ $(,)?) => {$({
                let id = <$id>::generate(&SystemClock, &OsEntropy);
                things.push(($name, id.to_string(), id.uuid()));
            })+};
        }
        thing!(
            "$instance": InstanceId, "$invitation": InvitationId, "$member": UserId, "$role": RoleId,
            "$key": ApiKeyId, "$account": ServiceAccountId, "$access": SupportAccessId, "$glass": SupportAccessId,
            "$endpoint": WebhookEndpointId, "$delivery": DeliveryId,
            "$credential": CredentialId, "$stream": AuditStreamId, "$message": MessageId,
            "$connection": ConnectionId, "$samlConnection": ConnectionId,
            "$scimToken": ScimTokenId, "$scimUser": ScimUserId, "$scimGroup": ScimGroupId,
        );
        Self { tenant, things }
    }

    /// A document with these ids in it.
    pub(super) fn fill(&self, document: &str) -> String {
        let mut text = document.replace("$tenant", &json!(self.tenant.to_string()).to_string());
        for (name, id, _) in &self.things {
            text = text.replace(name, &json!(id).to_string());
        }
        text.replace("$from", "\"2026-10-01T00:00:00Z\"").replace("$to", "\"2026-10-02T00:00:00Z\"")
    }

    /// An answer in which these ids, and what differs with each request, are masked.
    pub(super) fn mask(&self, answer: &Value) -> String {
        let mut text = answer.to_string().replace(&self.tenant.to_string(), "TENANT");
        for (name, id, _) in &self.things {
            text = text.replace(id.as_str(), name);
        }
        let mut masked = String::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once("req_") {
            masked.push_str(before);
            masked.push_str("REQUEST");
            rest = after.get(26..).unwrap_or_default();
        }
        masked + rest
    }
}

/// Somebody, as a request of theirs.
pub(super) struct Somebody {
    pub(super) name: &'static str,
    pub(super) ctx: Ctx,
    pub(super) person: Person,
}

pub(super) struct Fixture {
    pub(super) test: TestApp,
    pub(super) customer: CustomerSchema,
    pub(super) admin: AdminSchema,
    pub(super) ids: Ids,
}

impl Fixture {
    /// A tenant `target` with one of everything.
    pub(super) async fn new() -> Self {
        let test = TestApp::new().await;
        let tenant = test.tenant("target", "enterprise").await;
        let tx = SystemTx::begin(&test.app.db, SystemRole::Onboarding).await.unwrap();
        test.app.keys.create(&tx, tenant, test.now()).await.unwrap();
        tx.commit().await.unwrap();
        let ids = Ids::made_up(tenant);
        let (customer, admin) = (customer_schema(test.app.clone()), admin_schema(test.app.clone()));
        let fixture = Self { test, customer, admin, ids };
        fixture.reset().await;
        fixture
    }

    /// Puts the tenant's things back as they were.
    pub(super) async fn reset(&self) {
        let mut sql = RESET.replace("$tenant", &quoted(self.ids.tenant.uuid()));
        for (name, _, id) in &self.ids.things {
            sql = sql.replace(name, &quoted(*id));
        }
        let mut superuser = self.test.world.superuser().await;
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut superuser).await.unwrap();
    }

    /// Makes the tenant's API key somebody's own: only its maker may rotate it.
    pub(super) async fn give_key_to(&self, who: &Somebody) {
        sqlx::query("UPDATE identity.api_keys SET maker = $1 WHERE tenant_id = $2")
            .bind(who.person.id.uuid())
            .bind(self.ids.tenant.uuid())
            .execute(&mut self.test.world.superuser().await)
            .await
            .unwrap();
    }

    /// Somebody in each role of a tenant, named after it: people, and programs that may do all their maker may.
    pub(super) async fn everybody(&self, tenant: TenantId, whose: &str) -> Vec<Somebody> {
        let mut all = Vec::new();
        for role in Role::ALL {
            let person = self.test.member(&format!("{role}-{whose}"), tenant, *role).await;
            all.push(self.somebody(role.as_str(), person, vec![Grant::new(tenant, *role)]));
        }
        let id = RoleId::generate(&SystemClock, &OsEntropy);
        let rights: Vec<Right> =
            ["instance:view", "instance:operate", "webhook:view"].map(|r| r.parse().unwrap()).to_vec();
        let role = CustomRole { id, name: "Night shift".to_owned(), rights };
        let policy = Arc::new(CustomPolicy::new(tenant, 1, vec![role]));
        let person = self.test.member(&format!("custom-{whose}"), tenant, Role::Viewer).await;
        all.push(self.somebody(
            "custom",
            person,
            vec![Grant { tenant, role: HeldRole::Custom { id, policy }, by: None }],
        ));
        for role in [ResellerRole::Admin, ResellerRole::Support] {
            let person = self.test.person(&format!("{role}-{whose}")).await;
            all.push(self.somebody(
                role.as_str(),
                person,
                vec![Grant { tenant, role: HeldRole::Reseller(role), by: None }],
            ));
        }
        for role in [SupportRole::Read, SupportRole::Write] {
            let person = self.test.person(&format!("{role}-{whose}")).await;
            let access = SupportAccessId::generate(&SystemClock, &OsEntropy);
            all.push(self.somebody(role.as_str(), person, vec![Grant::support(tenant, role, access)]));
        }
        all.extend(self.programs(tenant, whose).await);
        all
    }

    async fn programs(&self, tenant: TenantId, whose: &str) -> Vec<Somebody> {
        let scopes: Arc<[Right]> = Right::all().collect();
        let maker = self.test.member(&format!("maker-{whose}"), tenant, Role::Owner).await;
        let id = ApiKeyId::generate(&SystemClock, &OsEntropy);
        let key = Actor::ApiKey { id, tenant, maker: maker.id, scopes };
        let id = ServiceAccountId::generate(&SystemClock, &OsEntropy);
        let account = Actor::ServiceAccount { id, tenant, scopes: None };
        let nobody = self.test.person(&format!("nobody-{whose}")).await;
        let of = |name, person, actor, role: Role| Somebody {
            name,
            person,
            ctx: self.ctx(actor, vec![Grant::new(tenant, role)]),
        };
        vec![of("api-key", maker, key, Role::Owner), of("service-acct", nobody, account, Role::Admin)]
    }

    /// Somebody of the platform's staff.
    pub(super) async fn staff(&self, role: PlatformRole) -> Ctx {
        let person = self.test.person(&format!("{role}-staff")).await;
        let session = SessionId::generate(&SystemClock, &OsEntropy);
        self.ctx(Actor::User { id: person.id, session, platform_role: Some(role) }, Vec::new())
    }

    fn somebody(&self, name: &'static str, person: Person, grants: Vec<Grant>) -> Somebody {
        let session = SessionId::generate(&SystemClock, &OsEntropy);
        let actor = Actor::User { id: person.id, session, platform_role: None };
        Somebody { name, ctx: self.ctx(actor, grants), person }
    }

    fn ctx(&self, actor: Actor, grants: Vec<Grant>) -> Ctx {
        Ctx::new(self.test.app.runtime.clone(), actor, grants, Origin::default())
            .with_assurance(Assurance::proved(self.test.now()))
    }

    /// The answer to somebody's operation; of a subscription the first.
    pub(super) async fn ask(&self, who: &Somebody, document: &str) -> Value {
        let request = Request::new(document)
            .data(condition_loader(&self.test.app, &who.ctx))
            .data(who.ctx.clone())
            .data(who.person.session());
        let answer = if document.starts_with("subscription") {
            let mut stream = Box::pin(self.customer.execute_stream(request));
            let first = tokio::time::timeout(std::time::Duration::from_secs(20), stream.next()).await;
            first.expect("an answer").unwrap_or_default()
        } else {
            self.customer.execute(request).await
        };
        shown(answer)
    }

    /// The answer of the operators' API.
    pub(super) async fn ask_admin(&self, ctx: &Ctx, document: &str) -> Value {
        shown(self.admin.execute(Request::new(document).data(ctx.clone())).await)
    }

    pub(super) async fn types(&self) -> Types {
        Types::of(&shown(self.customer.execute(Types::QUERY).await)["data"])
    }

    pub(super) async fn admin_types(&self) -> Types {
        Types::of(&shown(self.admin.execute(Types::QUERY).await)["data"])
    }
}

fn shown(answer: Response) -> Value {
    serde_json::to_value(answer).unwrap()
}

/// The code of an answer's first error: `OK` without one. Of an operation on several things, what came of the first.
pub(super) fn code(answer: &Value) -> &str {
    match &answer["errors"] {
        Value::Null => of_first(&answer["data"]).unwrap_or("OK"),
        errors => errors[0]["extensions"]["code"].as_str().unwrap_or("without a code"),
    }
}

fn of_first(data: &Value) -> Option<&str> {
    let payload = data.as_object()?.values().next()?;
    payload["outcomes"][0]["problem"]["code"].as_str()
}

/// The names of the table's operations.
pub(super) fn own() -> BTreeSet<String> {
    super::table::OPERATIONS.iter().map(super::table::Operation::name).collect()
}

fn quoted(id: Uuid) -> String {
    format!("'{id}'")
}

const RESET: &str = "
DELETE FROM webhooks.endpoints WHERE tenant_id = $tenant;
DELETE FROM webhooks.messages WHERE tenant_id = $tenant;
DELETE FROM platform.audit_streams WHERE tenant_id = $tenant;
DELETE FROM platform.idempotency_keys WHERE tenant_id = $tenant;
DELETE FROM identity.support_access WHERE tenant_id = $tenant;
DELETE FROM identity.scim_groups WHERE tenant_id = $tenant;
DELETE FROM identity.scim_users WHERE tenant_id = $tenant;
DELETE FROM identity.scim_tokens WHERE tenant_id = $tenant;
DELETE FROM identity.scim_connections WHERE tenant_id = $tenant;
DELETE FROM identity.service_accounts WHERE tenant_id = $tenant;
DELETE FROM identity.api_keys WHERE tenant_id = $tenant;
DELETE FROM identity.invitations WHERE tenant_id = $tenant;
DELETE FROM identity.session_policies WHERE tenant_id = $tenant;
DELETE FROM identity.connections WHERE tenant_id = $tenant;
DELETE FROM identity.domains WHERE tenant_id = $tenant;
DELETE FROM identity.memberships WHERE tenant_id = $tenant AND user_id = $member;
DELETE FROM identity.users WHERE id = $member;
DELETE FROM identity.roles WHERE tenant_id = $tenant;
DELETE FROM provisioner.instances WHERE tenant_id = $tenant;
INSERT INTO identity.users (id, email, name, created_at) VALUES ($member, 'target@example.com', 'Target', now());
INSERT INTO identity.memberships (tenant_id, user_id, role, email, name, created_at)
  VALUES ($tenant, $member, 'viewer', 'target@example.com', 'Target', now());
INSERT INTO identity.roles (id, tenant_id, name, description, rights, created_at, updated_at)
  VALUES ($role, $tenant, 'Role', '', '{instance:view}', now(), now());
INSERT INTO identity.invitations (id, tenant_id, email, role, invited_by, inviter_name, inviter_email, created_at, expires_at)
  VALUES ($invitation, $tenant, 'invited@example.com', 'viewer', $member, 'A', 'a@b', now(), now() + interval '1 day');
INSERT INTO identity.api_keys (id, tenant_id, name, prefix, scopes, allowed_addresses, maker, maker_name, created_at,
    issued_at, expires_at)
  VALUES ($key, $tenant, 'Key', 'p', '{tenant:view}', '{}', $member, 'T', now(), now(), now() + interval '1 day');
INSERT INTO identity.api_key_secrets (secret_hash, tenant_id, key_id) VALUES ('hash of target', $tenant, $key);
INSERT INTO identity.service_accounts (id, tenant_id, name, role, creator, creator_name, created_at)
  VALUES ($account, $tenant, 'Account', 'viewer', $member, 'T', now());
INSERT INTO identity.service_account_credentials (id, tenant_id, account_id, kind, hint, secret_hash, creator,
    created_at, expires_at)
  VALUES ($credential, $tenant, $account, 'secret', 'h', 'hash of target', $member, now(), now() + interval '1 day');
INSERT INTO identity.support_access (id, tenant_id, reason, granted_by, granted_by_name, created_at, starts_at, expires_at)
  VALUES ($access, $tenant, 'Look', $member, 'T', now(), now(), now() + interval '1 hour');
INSERT INTO identity.support_access (id, tenant_id, kind, reason, granted_by, granted_by_name, holder, tenant_slug,
    created_at, starts_at, expires_at)
  VALUES ($glass, $tenant, 'break-glass', 'Look', $member, 'T', $member, 'target', now(), now(), now() + interval '1 hour');
INSERT INTO identity.scim_connections (tenant_id, enabled, role, created_at, updated_at)
  VALUES ($tenant, true, 'viewer', now(), now());
INSERT INTO identity.scim_tokens (id, tenant_id, name, prefix, secret_hash, maker, maker_name, created_at, expires_at)
  VALUES ($scimToken, $tenant, 'Token', 'p', 'hash of target', $member, 'T', now(), now() + interval '1 day');
INSERT INTO identity.scim_users (id, tenant_id, user_name, email, active, role_given, attributes, version, created_at,
    updated_at)
  VALUES ($scimUser, $tenant, 'described', 'described@example.com', true, false, '{}', 1, now(), now());
INSERT INTO identity.scim_groups (id, tenant_id, display_name, version, created_at, updated_at)
  VALUES ($scimGroup, $tenant, 'Group', 1, now(), now());
INSERT INTO platform.audit_streams (id, tenant_id, kind, target, last_seq, next_attempt_at, created_at)
  VALUES ($stream, $tenant, 'syslog', 'old.example.com:6514', 0, now() + interval '1 day', now());
INSERT INTO identity.connections (id, tenant_id, kind, name, settings, jit, default_role, created_at, settings_changed_at)
  VALUES ($connection, $tenant, 'oidc', 'Target', '{\"issuer\": \"https://login.example.com\", \"client_id\": \"target\",
      \"scopes\": [\"openid\"], \"claims\": {\"email\": \"email\", \"name\": \"name\", \"groups\": \"groups\"}}',
    true, 'viewer', now(), now());
INSERT INTO identity.connections (id, tenant_id, kind, name, settings, jit, default_role, created_at, settings_changed_at)
  VALUES ($samlConnection, $tenant, 'saml', 'Target by SAML', '{\"issuer\": \"\", \"sign_on\": [], \"certificates\": [],
      \"attributes\": {}, \"allows_idp_initiated\": false}', true, 'viewer', now(), now());
INSERT INTO identity.connection_roles (tenant_id, connection_id, position, group_name, role)
  VALUES ($tenant, $connection, 0, 'target', 'viewer');
INSERT INTO identity.domains (tenant_id, name, record, created_at)
  VALUES ($tenant, 'target.example.com', 'tenantry-verify=target', now());
INSERT INTO webhooks.endpoints (id, tenant_id, url, description, event_types, secret, created_at)
  VALUES ($endpoint, $tenant, 'https://hooks.example.com/old', '', '{}', 's', now());
INSERT INTO webhooks.messages (id, tenant_id, type, body, created_at)
  VALUES ($message, $tenant, 'test', '{}', now());
INSERT INTO webhooks.deliveries (id, tenant_id, endpoint_id, message_id, state, give_up_at, created_at)
  VALUES ($delivery, $tenant, $endpoint, $message, 'dead', now(), now());
INSERT INTO provisioner.instances (id, tenant_id, region, slug, name, n8n_version, owner_email, owner_name, cpu_millis,
    memory_mib, storage_mib, concurrency, desired, phase, next_attempt_at, created_at, ready_at)
  VALUES ($instance, $tenant, 'us-east', 'target', 'Target', '1', 'a@b', 'A', 1000, 1280, 5120, 5, 'running', 'ready',
          now() + interval '1 day', now(), now());
";
