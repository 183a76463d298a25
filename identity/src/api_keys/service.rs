use chrono::{DateTime, Utc};
use serde_json::json;
use tenantry_authz::{Action, Actor, Ctx, Resource, ResourceKind, Right};
use tenantry_kernel::{ApiKeyId, Error, Result, TenantId};
use tenantry_store::{Page, PageRequest, TenantTx};

use super::model::{check_expiry, check_name, check_overlap, check_scopes};
use super::{ApiKey, CreateApiKey, NewSecret, RotateApiKey, networks, repo};
use crate::Identity;
use crate::members::record::{What, record};
use crate::members::{self, seats};
use crate::recognisable::{self, Form};

/// Keys of one tenant that could be used at once.
const MOST_LIVE: i64 = 200;

impl Identity {
    /// Makes a key for programs that act for the asking person. Its secret is in the answer and nowhere else.
    ///
    /// # Errors
    /// `Forbidden` for programs, for who may not manage keys, and for scopes that the person does not have;
    /// `Invalid` for a wrong name, scope, network or expiry; `Conflict` when the tenant has 200 live keys.
    pub async fn create_api_key(&self, ctx: &Ctx, input: CreateApiKey) -> Result<NewSecret> {
        let permit = ctx.permit(Action::Manage, &keys_of(input.tenant))?;
        let user = ctx.user()?;
        let name = check_name(&input.name)?;
        let scopes = check_scopes(&input.scopes, &ctx.rights_in(input.tenant))?;
        let allowed_addresses = networks::parse(&input.allowed_addresses)?;
        let expires_at = check_expiry(input.expires_at, ctx.now())?;
        let tx = TenantTx::begin(self.db(), &permit).await?;
        seats::lock(&tx, input.tenant).await?;
        // The request's roles are as old as the request: who was removed while it waited is nobody here.
        let me = members::repo::find(&tx, user).await?.ok_or_else(|| Error::not_found("tenant"))?;
        if repo::live(&tx, ctx.now()).await? >= MOST_LIVE {
            return Err(Error::conflict(format!("The organisation has {MOST_LIVE} API keys.")).with_remedy(
                "Revoke those that no program uses any more: the list says when each was used.",
            ));
        }
        let secret = Form::ApiKey.generate(ctx.entropy());
        let key = ApiKey {
            id: ApiKeyId::generate(ctx.clock(), ctx.entropy()),
            name,
            prefix: recognisable::shown(&secret),
            scopes,
            allowed_addresses,
            maker: user,
            maker_name: me.name,
            created_at: ctx.now(),
            issued_at: ctx.now(),
            expires_at,
            last_used_at: None,
            last_used_from: None,
            revoked_at: None,
            rotated_until: None,
        };
        repo::insert(&tx, &key, &secret).await?;
        let key = recorded(tx, ctx, ("api_key.created", key)).await?;
        Ok(NewSecret { key, secret })
    }

    /// Gives a key another secret, and as much time again as it was made with. The present secret works on for the
    /// overlap; one that is in its overlap now is dead at once.
    ///
    /// # Errors
    /// `NotFound` for a key of somebody else's tenant; `Forbidden` for anybody but its maker; `Conflict` for one that
    /// is revoked or has expired; `Invalid` for an overlap of more than seven days.
    pub async fn rotate_api_key(&self, ctx: &Ctx, input: RotateApiKey) -> Result<NewSecret> {
        let permit = ctx.permit(Action::Manage, &keys_of(input.tenant))?;
        let user = ctx.user()?;
        let overlap = check_overlap(input.overlap)?;
        let tx = TenantTx::begin(self.db(), &permit).await?;
        let old = repo::find(&tx, input.id).await?.ok_or_else(|| Error::not_found("API key"))?;
        if old.maker != user {
            return Err(Error::forbidden("Only its maker can rotate a key: it acts with their rights.")
                .with_remedy("Make a key of your own and revoke this one."));
        }
        let now = ctx.now();
        if old.revoked_at.is_some() || old.expires_at <= now {
            return Err(Error::conflict("This key is no longer good.").with_remedy("Make a new one."));
        }
        let secret = Form::ApiKey.generate(ctx.entropy());
        let until = (now + overlap).min(old.expires_at);
        let key = ApiKey {
            prefix: recognisable::shown(&secret),
            issued_at: now,
            expires_at: now + (old.expires_at - old.issued_at),
            rotated_until: (until > now).then_some(until),
            ..old
        };
        repo::rotate(&tx, &key, &secret).await?;
        let key = recorded(tx, ctx, ("api_key.rotated", key)).await?;
        Ok(NewSecret { key, secret })
    }

    /// Takes a key's power at once and for good. Repeating it changes nothing.
    ///
    /// # Errors
    /// `NotFound` for a key of somebody else's tenant; `Forbidden` for a key of another member, unless the actor may
    /// manage members.
    pub async fn revoke_api_key(&self, ctx: &Ctx, tenant: TenantId, id: ApiKeyId) -> Result<ApiKey> {
        let permit = ctx.permit(Action::Manage, &keys_of(tenant))?;
        let tx = TenantTx::begin(self.db(), &permit).await?;
        let key = repo::find(&tx, id).await?.ok_or_else(|| Error::not_found("API key"))?;
        if !may_revoke(ctx, (tenant, &key)) {
            return Err(Error::forbidden("This key was made by another member.")
                .with_remedy("Ask its maker, or somebody who may manage members, to revoke it."));
        }
        if key.revoked_at.is_some() {
            return Ok(key);
        }
        repo::revoke(&tx, id, ctx.now()).await?;
        let key = ApiKey { revoked_at: Some(ctx.now()), rotated_until: None, ..key };
        recorded(tx, ctx, ("api_key.revoked", key)).await
    }

    /// The tenant's keys, newest first. Those that are revoked or have expired stay for ninety days.
    ///
    /// # Errors
    /// `NotFound` where the actor is no member, `Forbidden` where its role may not see keys.
    pub async fn api_keys(&self, ctx: &Ctx, tenant: TenantId, page: &PageRequest) -> Result<Page<ApiKey>> {
        let permit = ctx.permit(Action::View, &keys_of(tenant))?;
        let tx = TenantTx::begin(self.db(), &permit).await?;
        let mut keys = repo::list(&tx, page).await?;
        tx.commit().await?;
        let now: DateTime<Utc> = ctx.now();
        for key in &mut keys.rows {
            key.rotated_until = key.rotated_until.filter(|until| *until > now);
        }
        Ok(keys)
    }
}

fn keys_of(tenant: TenantId) -> Resource {
    Resource::new(ResourceKind::ApiKey, tenant)
}

/// One's own (a program's: its maker's), or anybody's for who may manage members.
fn may_revoke(ctx: &Ctx, (tenant, key): (TenantId, &ApiKey)) -> bool {
    let own = match ctx.actor() {
        Actor::User { id, .. } => *id == key.maker,
        Actor::ApiKey { maker, .. } => *maker == key.maker,
        Actor::Anonymous | Actor::ServiceAccount { .. } | Actor::Scim { .. } => false,
    };
    let manage_members = Right { kind: ResourceKind::Member, action: Action::Manage };
    own || ctx.rights_in(tenant).contains(&manage_members.to_string())
}

async fn recorded(tx: TenantTx, ctx: &Ctx, (action, key): (&'static str, ApiKey)) -> Result<ApiKey> {
    let what = What {
        tenant: tx.tenant(),
        action,
        subject: key.id.to_string(),
        details: json!({
            "name": key.name,
            "prefix": key.prefix,
            "maker": key.maker.to_string(),
            "scopes": key.scopes.iter().map(Right::to_string).collect::<Vec<_>>(),
            "allowedAddresses": key.allowed_addresses.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "expiresAt": key.expires_at,
            "rotatedUntil": key.rotated_until,
        }),
    };
    record(&tx, ctx, what).await?;
    tx.commit().await?;
    Ok(key)
}
