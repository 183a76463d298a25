//! Service accounts and their credentials.

use std::collections::{BTreeMap, HashMap};

use async_graphql::dataloader::{DataLoader, Loader};
use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use tenantry_authz::Ctx;
use tenantry_identity as identity;
use tenantry_identity::{AddCredential, AddPublicKey, CreateServiceAccount};
use tenantry_kernel::{ServiceAccountId, TenantId};
use tenantry_store::PageRequest;

use super::condition::{ConditionLoader, Fresh};
use super::connection::{List, connection};
use super::error::{Answer, Problem, parse_id, request_of, to_graphql};
use super::mutation::{PlainPayload, plain};
use super::roles::{CustomRole, Held, assigned};
use super::types::MemberRole;
use crate::app::App;

/// A program that acts for the organisation in its own name. It gets access tokens from /oauth/token.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct ServiceAccount {
    /// Also the OAuth client id.
    id: ID,
    name: String,
    role: MemberRole,
    created_at: DateTime<Utc>,
    /// The name of the member who made it.
    created_by: String,
    disabled_at: Option<DateTime<Utc>>,
    /// When it last got a token.
    last_used_at: Option<DateTime<Utc>>,
    #[graphql(skip)]
    key: ServiceAccountId,
    #[graphql(skip)]
    held: Held,
}

#[ComplexObject]
impl ServiceAccount {
    /// The organisation's own role that the account has. Null unless `role` is CUSTOM.
    async fn custom_role(&self, ctx: &Context<'_>) -> Result<Option<CustomRole>> {
        self.held.custom(ctx).await
    }

    /// By what it can prove that it is itself: at most ten.
    async fn credentials(&self, ctx: &Context<'_>) -> Result<Vec<ServiceAccountCredential>> {
        let loader = match &self.held.fresh {
            Some(fresh) => fresh.loader(),
            None => ctx.data::<DataLoader<ConditionLoader>>()?,
        };
        let found = loader.load_one((self.held.tenant, self.key)).await?.unwrap_or_default();
        Ok(found.into_iter().map(Into::into).collect())
    }
}

impl ServiceAccount {
    fn of(tenant: TenantId, account: identity::ServiceAccount) -> Self {
        Self {
            id: account.id.to_string().into(),
            name: account.name,
            role: account.role.into(),
            created_at: account.created_at,
            created_by: account.creator_name,
            disabled_at: account.disabled_at,
            last_used_at: account.last_used_at,
            key: account.id,
            held: Held::new(tenant, account.role),
        }
    }
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "identity::CredentialKind")]
pub(crate) enum CredentialKind {
    /// A client secret.
    Secret,
    /// The public half of a pair whose private half signs assertions (`private_key_jwt`, RFC 7523).
    PublicKey,
}

/// A secret or public key of a service account. The secret itself is shown once, when it is made.
#[derive(SimpleObject)]
pub(crate) struct ServiceAccountCredential {
    /// For a public key also the `kid` that an assertion may name.
    id: ID,
    kind: CredentialKind,
    /// The beginning of a secret; the algorithm and fingerprint of a public key.
    hint: String,
    created_at: DateTime<Utc>,
    /// Null: a public key, which works until it is removed.
    expires_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
}

impl From<identity::Credential> for ServiceAccountCredential {
    fn from(c: identity::Credential) -> Self {
        Self {
            id: c.id.to_string().into(),
            kind: c.kind.into(),
            hint: c.hint,
            created_at: c.created_at,
            expires_at: c.expires_at,
            last_used_at: c.last_used_at,
        }
    }
}

/// The service accounts of a tenant.
pub(super) async fn of_tenant(
    ctx: &Context<'_>,
    (request, fresh, tenant): (&Ctx, Option<&Ctx>, TenantId),
    page: PageRequest,
) -> Result<List<ServiceAccount>> {
    let app = ctx.data::<App>()?;
    let rows = app.identity.service_accounts(request, tenant, &page).await.answer(ctx)?;
    let fresh = fresh.map(|request| Fresh::new(app, request.clone()));
    Ok(connection(rows, &page, |account| {
        let mut account = ServiceAccount::of(tenant, account);
        account.held.fresh = fresh.clone();
        (account.key.to_string(), account)
    }))
}

#[async_trait::async_trait]
impl Loader<(TenantId, ServiceAccountId)> for ConditionLoader {
    type Value = Vec<identity::Credential>;
    type Error = async_graphql::Error;

    async fn load(
        &self,
        keys: &[(TenantId, ServiceAccountId)],
    ) -> std::result::Result<HashMap<(TenantId, ServiceAccountId), Self::Value>, Self::Error> {
        self.counted();
        let mut tenants: BTreeMap<TenantId, Vec<ServiceAccountId>> = BTreeMap::new();
        for (tenant, account) in keys {
            tenants.entry(*tenant).or_default().push(*account);
        }
        let mut found: HashMap<_, Self::Value> = HashMap::with_capacity(keys.len());
        for (tenant, accounts) in tenants {
            let read = self.identity.service_account_credentials(&self.ctx, tenant, &accounts).await;
            for credential in read.map_err(|e| to_graphql(e, self.ctx.request()))? {
                found.entry((tenant, credential.account)).or_default().push(credential);
            }
        }
        Ok(found)
    }
}

#[derive(InputObject)]
struct CreateServiceAccountInput {
    tenant_id: ID,
    name: String,
    /// None with a right that one lacks.
    role: MemberRole,
    /// With the role CUSTOM: which.
    custom_role_id: Option<ID>,
}

#[derive(InputObject)]
struct ServiceAccountInput {
    tenant_id: ID,
    id: ID,
}

#[derive(InputObject)]
struct AddServiceAccountSecretInput {
    tenant_id: ID,
    id: ID,
    /// At most 366 days ahead. Left out: 90 days from now.
    expires_at: Option<DateTime<Utc>>,
}

#[derive(InputObject)]
struct AddServiceAccountKeyInput {
    tenant_id: ID,
    id: ID,
    /// A P-256, Ed25519 or RSA (2048 bits and more) public key: -----BEGIN PUBLIC KEY-----
    public_key_pem: String,
}

#[derive(InputObject)]
struct RemoveServiceAccountCredentialInput {
    tenant_id: ID,
    id: ID,
    credential_id: ID,
}

#[derive(SimpleObject)]
struct ServiceAccountPayload {
    service_account: Option<ServiceAccount>,
    problem: Option<Problem>,
}

#[derive(SimpleObject)]
struct ServiceAccountSecretPayload {
    service_account: Option<ServiceAccount>,
    client_id: Option<String>,
    /// Shown here and never again.
    client_secret: Option<String>,
    problem: Option<Problem>,
}

fn payload(
    tenant: TenantId,
    outcome: std::result::Result<identity::ServiceAccount, Problem>,
) -> ServiceAccountPayload {
    match outcome {
        Ok(account) => ServiceAccountPayload {
            service_account: Some(ServiceAccount::of(tenant, account)),
            problem: None,
        },
        Err(problem) => ServiceAccountPayload { service_account: None, problem: Some(problem) },
    }
}

#[derive(Default)]
pub(super) struct ServiceAccountMutation;

#[Object]
impl ServiceAccountMutation {
    /// Makes a service account. Give it a secret or a public key next. Only a person can.
    async fn create_service_account(
        &self,
        ctx: &Context<'_>,
        input: CreateServiceAccountInput,
    ) -> Result<ServiceAccountPayload> {
        let tenant = parse_id(&input.tenant_id, "tenant").answer(ctx)?;
        let create = assigned(input.role, input.custom_role_id.as_ref()).map(|role| CreateServiceAccount {
            tenant,
            name: input.name,
            role,
        });
        let made = match create {
            Ok(create) => ctx.data::<App>()?.identity.create_service_account(request_of(ctx), create).await,
            Err(error) => Err(error),
        };
        Ok(payload(tenant, made.outcome(ctx)?))
    }

    /// Deletes a service account: its credentials and tokens are dead at once.
    async fn delete_service_account(
        &self,
        ctx: &Context<'_>,
        input: ServiceAccountInput,
    ) -> Result<PlainPayload> {
        let tenant = parse_id(&input.tenant_id, "tenant").answer(ctx)?;
        let id = parse_id(&input.id, "service account").answer(ctx)?;
        let deleted = ctx.data::<App>()?.identity.delete_service_account(request_of(ctx), tenant, id).await;
        Ok(plain(deleted.outcome(ctx)?))
    }

    /// Makes another client secret. The others go on working: to rotate, add one, change the program, remove the old.
    async fn add_service_account_secret(
        &self,
        ctx: &Context<'_>,
        input: AddServiceAccountSecretInput,
    ) -> Result<ServiceAccountSecretPayload> {
        let tenant = parse_id(&input.tenant_id, "tenant").answer(ctx)?;
        let account = parse_id(&input.id, "service account").answer(ctx)?;
        let add = AddCredential { tenant, account, expires_at: input.expires_at };
        let added = ctx.data::<App>()?.identity.add_service_account_secret(request_of(ctx), add).await;
        Ok(match added.outcome(ctx)? {
            Ok(new) => ServiceAccountSecretPayload {
                client_id: Some(new.account.id.to_string()),
                client_secret: Some(new.secret.expose().to_owned()),
                service_account: Some(ServiceAccount::of(tenant, new.account)),
                problem: None,
            },
            Err(problem) => ServiceAccountSecretPayload {
                service_account: None,
                client_id: None,
                client_secret: None,
                problem: Some(problem),
            },
        })
    }

    /// Registers a public key. The program signs assertions with the private half (`private_key_jwt`, RFC 7523).
    async fn add_service_account_key(
        &self,
        ctx: &Context<'_>,
        input: AddServiceAccountKeyInput,
    ) -> Result<ServiceAccountPayload> {
        let tenant = parse_id(&input.tenant_id, "tenant").answer(ctx)?;
        let account = parse_id(&input.id, "service account").answer(ctx)?;
        let add = AddPublicKey { tenant, account, pem: input.public_key_pem };
        let added = ctx.data::<App>()?.identity.add_service_account_key(request_of(ctx), add).await;
        Ok(payload(tenant, added.outcome(ctx)?))
    }

    /// Takes a credential away. Tokens that were got with it are dead at once.
    async fn remove_service_account_credential(
        &self,
        ctx: &Context<'_>,
        input: RemoveServiceAccountCredentialInput,
    ) -> Result<ServiceAccountPayload> {
        let tenant = parse_id(&input.tenant_id, "tenant").answer(ctx)?;
        let account = parse_id(&input.id, "service account").answer(ctx)?;
        let id = parse_id(&input.credential_id, "credential").answer(ctx)?;
        let identity = &ctx.data::<App>()?.identity;
        let removed =
            identity.remove_service_account_credential(request_of(ctx), (tenant, account), id).await;
        Ok(payload(tenant, removed.outcome(ctx)?))
    }
}
