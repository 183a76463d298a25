//! API keys.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, TimeDelta, Utc};
use tenantry_authz::{Ctx, Right};
use tenantry_identity as identity;
use tenantry_identity::{CreateApiKey, RotateApiKey};
use tenantry_kernel::TenantId;
use tenantry_store::PageRequest;

use super::connection::{List, connection};
use super::error::{Answer, Problem, parse_id, request_of};
use crate::app::App;

/// A secret by which a program acts for the member who made it: with its scopes, and never more than that member may
/// do at that moment.
#[derive(SimpleObject)]
pub(crate) struct ApiKey {
    id: ID,
    name: String,
    /// The beginning of the secret, to know it by.
    prefix: String,
    /// Rights, as `instance:view`.
    scopes: Vec<String>,
    /// Networks that it may be used from, as 203.0.113.0/24. None: from anywhere.
    allowed_addresses: Vec<String>,
    created_at: DateTime<Utc>,
    /// The name of the member who made it.
    created_by: String,
    expires_at: Option<DateTime<Utc>>,
    /// Exact to a minute.
    last_used_at: Option<DateTime<Utc>>,
    last_used_from: Option<String>,
    revoked_at: Option<DateTime<Utc>>,
    /// Until when the secret before the newest works too.
    rotated_until: Option<DateTime<Utc>>,
}

impl From<identity::ApiKey> for ApiKey {
    fn from(key: identity::ApiKey) -> Self {
        Self {
            id: key.id.to_string().into(),
            name: key.name,
            prefix: key.prefix,
            scopes: key.scopes.iter().map(Right::to_string).collect(),
            allowed_addresses: key.allowed_addresses.iter().map(ToString::to_string).collect(),
            created_at: key.created_at,
            created_by: key.maker_name,
            expires_at: Some(key.expires_at),
            last_used_at: key.last_used_at,
            last_used_from: key.last_used_from,
            revoked_at: key.revoked_at,
            rotated_until: key.rotated_until,
        }
    }
}

/// The keys of a tenant.
pub(super) async fn api_keys(
    ctx: &Context<'_>,
    (request, tenant): (&Ctx, TenantId),
    page: PageRequest,
) -> Result<List<ApiKey>> {
    let rows = ctx.data::<App>()?.identity.api_keys(request, tenant, &page).await.answer(ctx)?;
    Ok(connection(rows, &page, |key| (key.id.to_string(), key.into())))
}

#[derive(InputObject)]
struct CreateApiKeyInput {
    tenant_id: ID,
    name: String,
    /// Rights that the key is limited to, all of them the viewer's own: see `Tenant.viewerRights`.
    scopes: Vec<String>,
    /// At most 366 days ahead. Left out: 90 days from now.
    expires_at: Option<DateTime<Utc>>,
    /// Addresses and networks that it may be used from, as 203.0.113.7 or 203.0.113.0/24. Left out: from anywhere.
    allowed_addresses: Option<Vec<String>>,
}

#[derive(InputObject)]
struct RotateApiKeyInput {
    tenant_id: ID,
    id: ID,
    /// How long the present secret goes on working: at most 604800 (seven days). Left out: a day.
    overlap_seconds: Option<i32>,
}

#[derive(InputObject)]
struct ApiKeyInput {
    tenant_id: ID,
    id: ID,
}

#[derive(SimpleObject)]
struct ApiKeyPayload {
    key: Option<ApiKey>,
    /// Shown here and never again.
    secret: Option<String>,
    problem: Option<Problem>,
}

fn new_secret(outcome: std::result::Result<identity::NewSecret, Problem>) -> ApiKeyPayload {
    match outcome {
        Ok(new) => ApiKeyPayload {
            key: Some(new.key.into()),
            secret: Some(new.secret.expose().to_owned()),
            problem: None,
        },
        Err(problem) => ApiKeyPayload { key: None, secret: None, problem: Some(problem) },
    }
}

#[derive(Default)]
pub(super) struct CredentialMutation;

#[Object]
impl CredentialMutation {
    /// Makes an API key for programs that act for the viewer. Only a person can.
    async fn create_api_key(&self, ctx: &Context<'_>, input: CreateApiKeyInput) -> Result<ApiKeyPayload> {
        let create = CreateApiKey {
            tenant: parse_id(&input.tenant_id, "tenant").answer(ctx)?,
            name: input.name,
            scopes: input.scopes,
            expires_at: input.expires_at,
            allowed_addresses: input.allowed_addresses.unwrap_or_default(),
        };
        let made = ctx.data::<App>()?.identity.create_api_key(request_of(ctx), create).await;
        Ok(new_secret(made.outcome(ctx)?))
    }

    /// Gives an API key another secret and as much time again. The present secret works on for a while; one that is in
    /// such a while already is dead at once. Only its maker can.
    async fn rotate_api_key(&self, ctx: &Context<'_>, input: RotateApiKeyInput) -> Result<ApiKeyPayload> {
        let rotate = RotateApiKey {
            tenant: parse_id(&input.tenant_id, "tenant").answer(ctx)?,
            id: parse_id(&input.id, "API key").answer(ctx)?,
            overlap: input.overlap_seconds.map(|seconds| TimeDelta::seconds(seconds.into())),
        };
        let rotated = ctx.data::<App>()?.identity.rotate_api_key(request_of(ctx), rotate).await;
        Ok(new_secret(rotated.outcome(ctx)?))
    }

    /// Takes an API key's power, at once and for good. One's own; anybody's for who may manage members.
    async fn revoke_api_key(&self, ctx: &Context<'_>, input: ApiKeyInput) -> Result<ApiKeyPayload> {
        let tenant = parse_id(&input.tenant_id, "tenant").answer(ctx)?;
        let id = parse_id(&input.id, "API key").answer(ctx)?;
        let revoked = ctx.data::<App>()?.identity.revoke_api_key(request_of(ctx), tenant, id).await;
        Ok(match revoked.outcome(ctx)? {
            Ok(key) => ApiKeyPayload { key: Some(key.into()), secret: None, problem: None },
            Err(problem) => ApiKeyPayload { key: None, secret: None, problem: Some(problem) },
        })
    }
}
